"""plan/diagnostics.py: what a reader has to say."""

import pytest

from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running, in_order


@pytest.mark.parametrize(
    ("severities", "forbidden"),
    [
        ([], False),
        ([Severity.INFO, Severity.WARNING], False),
        ([Severity.ERROR], True),
        ([Severity.WARNING, Severity.ERROR, Severity.INFO], True),
    ],
)
def test_only_an_error_keeps_a_test_from_running(severities: list[Severity], forbidden: bool) -> None:
    assert forbid_running(Diagnostic(severity, "") for severity in severities) is forbidden


def test_they_are_told_the_gravest_first_then_by_their_places() -> None:
    told = in_order(
        [
            Diagnostic(Severity.INFO, "5", "a.webtest", 1),
            Diagnostic(Severity.WARNING, "3"),
            Diagnostic(Severity.WARNING, "4"),
            Diagnostic(Severity.WARNING, "2", "b.webtest", 10),
            Diagnostic(Severity.WARNING, "1", "b.webtest", 9),
            Diagnostic(Severity.ERROR, "0", "z.webtest", 99),
        ]
    )
    assert [each.message for each in told] == ["0", "1", "2", "3", "4", "5"]
