from typing import Any

import pytest

from headrace.cli.criteria import Criteria, parse_share


def summary(passed: int = 90, failed: int = 10, p95: float = 0.2, rounds: int = 5) -> dict[str, Any]:
    return {
        "overallTestSummary": {"totalTests": rounds},
        "overallRequestSummary": {
            "totalRequests": passed + failed,
            "passedRequests": passed,
            "failedRequests": failed,
            "percentileData": [{"percentile": 50, "percentileValue": 0.1}, {"percentile": 95, "percentileValue": p95}],
        },
    }


def test_without_criteria_one_passed_request_is_enough() -> None:
    assert Criteria().violations(summary(passed=1, failed=99)) == []


def test_a_run_in_which_nothing_passed_has_failed() -> None:
    assert Criteria().violations(summary(passed=0, failed=9)) == ["No request passed."]
    assert Criteria().violations(summary(passed=0, failed=0)) == ["No request passed."]


def test_a_run_in_which_no_user_got_through_a_round_has_failed() -> None:
    """A target that hangs answers nothing that could fail."""
    assert Criteria().violations(summary(rounds=0)) == [
        "No user came to the end of a round: the targets did not answer in time."
    ]


@pytest.mark.parametrize(("share", "holds"), [(0.1, True), (0.099, False), (1.0, True), (0.0, False)])
def test_the_share_of_failed_requests_may_be_reached_but_not_passed(share: float, holds: bool) -> None:
    assert (Criteria(max_failed=share).violations(summary()) == []) is holds


@pytest.mark.parametrize(("seconds", "holds"), [(0.2, True), (0.199, False)])
def test_the_p95_may_be_reached_but_not_passed(seconds: float, holds: bool) -> None:
    assert (Criteria(max_p95=seconds).violations(summary()) == []) is holds


def test_every_violation_is_told() -> None:
    assert Criteria(max_failed=0.05, max_p95=0.1).violations(summary()) == [
        "10.00% of the requests failed, more than 5.00%.",
        "The p95 of the response time is 200 ms, more than 100 ms.",
    ]


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.01", 0.01), ("0", 0), ("100%", 1)])
def test_shares_are_read_as_percent_or_fraction(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "101%", "-1%", "2", "nan", "one"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 1%"):
        parse_share(text)
