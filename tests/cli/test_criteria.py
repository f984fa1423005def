from typing import Any

import pytest

from headrace.cli.criteria import Criteria, parse_share, parse_verdict


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


@pytest.mark.parametrize(
    ("verdict", "mildest", "fails"),
    [
        ("valid", "suspect", False),
        ("suspect", "suspect", True),
        ("invalid", "suspect", True),
        ("valid", "invalid", False),
        ("suspect", "invalid", False),
        ("invalid", "invalid", True),
    ],
)
def test_numbers_that_cannot_be_trusted_fail_a_run_that_asks_for_it(verdict: str, mildest: str, fails: bool) -> None:
    reasons = [{"name": "send_lag", "verdict": kind, "message": f"It is {kind}."} for kind in ("invalid", "suspect")]
    judged = {**summary(), "headrace": {"verdict": verdict, "reasons": reasons}}
    told = [f"The numbers are {verdict}: It is {verdict}."] if fails else []
    assert Criteria(fail_on_verdict=mildest).violations(judged) == told
    assert Criteria().violations(judged) == []


@pytest.mark.parametrize("extension", [{}, {"headrace": {"verdict": None, "reasons": []}}])
def test_a_run_that_nobody_judged_does_not_pass_for_valid(extension: dict[str, Any]) -> None:
    (told,) = Criteria(fail_on_verdict="invalid").violations({**summary(), **extension})
    assert told.startswith("There is no verdict on the numbers")


@pytest.mark.parametrize("text", ["suspect", "invalid"])
def test_verdicts_that_can_fail_a_run_are_read(text: str) -> None:
    assert parse_verdict(text) == text


@pytest.mark.parametrize("text", ["", "valid", "INVALID", "bad"])
def test_what_is_no_verdict_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write suspect or invalid"):
        parse_verdict(text)


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


def violations(kind: str, *times: int) -> dict[str, Any]:
    several = [
        {"subType": kind, "occurrences": count, "latestMessage": f'["Agent0","c","{number}",""] : The value 1 exceeds it.'}
        for number, count in enumerate(times)
    ]
    return {**summary(), "headrace": {"violatedThresholds": several}}


def test_a_critical_threshold_that_was_violated_fails_the_run_and_a_warning_does_not() -> None:
    assert Criteria().violations(violations("Warning", 5)) == []
    assert Criteria().violations(violations("Critical", 1, 1200)) == [
        'A critical threshold was violated once, at last: ["Agent0","c","0",""] : The value 1 exceeds it.',
        'A critical threshold was violated 1,200 times, at last: ["Agent0","c","1",""] : The value 1 exceeds it.',
    ]


def test_what_is_told_of_many_violated_thresholds_is_bounded() -> None:
    told = Criteria().violations(violations("Critical", *[1] * 8))
    assert (len(told), told[-1]) == (6, "So were those of 3 more counters.")
