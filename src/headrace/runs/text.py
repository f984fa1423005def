"""What texts from outside may be kept. Each check raises Invalid, naming the field."""

import unicodedata

from headrace.runs.errors import Invalid


def check_line(field: str, value: str, longest: int) -> None:
    """One line of 1 to `longest` characters without control characters."""
    if not value.strip():
        raise Invalid(field, f"is empty; give 1 to {longest} characters")
    check_text(field, value, longest, allowed="")


def check_text(field: str, value: str, longest: int, allowed: str = "\t\r\n") -> None:
    """At most `longest` characters, and no control characters but the `allowed` ones. May be empty."""
    if len(value) > longest:
        raise Invalid(field, f"is {len(value)} characters long, {value[:40]!r}…; at most {longest} are allowed")
    for place, character in enumerate(value):
        if character not in allowed and unicodedata.category(character) in ("Cc", "Cs"):
            raise Invalid(field, f"contains the control character U+{ord(character):04X} at position {place}; leave it out")
