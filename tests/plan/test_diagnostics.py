"""plan/diagnostics.py: what a reader has to say."""

import pytest

from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running


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
