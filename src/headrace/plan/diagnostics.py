"""What a reader has to say about a test: what it did not understand, and what keeps the test from running."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """INFO and WARNING are shown and the test runs; an ERROR keeps it from running."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_GRAVEST = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding, in a sentence that names the place, the value and the remedy.

    `file` and `line` (from 1) are where it was found, for those who sort findings or put them beside what they are about;
    "" and 0 where it is about the whole.
    """

    severity: Severity
    message: str
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


def forbid_running(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether one of them keeps the test from running."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The gravest first, then by their places; those without one in the order in which they were found."""
    return sorted(diagnostics, key=lambda each: (_GRAVEST.index(each.severity), not each.file, each.file, each.line))
