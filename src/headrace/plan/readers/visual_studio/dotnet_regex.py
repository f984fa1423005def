"""Regular expressions of .NET."""

from dataclasses import dataclass


class UnusableRegexError(ValueError):
    """What cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Regex:
    pattern: str
    first_group: int | None = None


def translate_regex(text: str) -> Regex:
    return Regex(text, 1 if "(" in text else None)
