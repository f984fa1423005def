"""What a reader has to say about a test: what it did not understand, and what keeps the test from running."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """INFO and WARNING are shown and the test runs; an ERROR keeps it from running."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding, in a sentence that names the place, the value and the remedy."""

    severity: Severity
    message: str


def forbid_running(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether one of them keeps the test from running."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
