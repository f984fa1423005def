"""Durations as people type them."""

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def parse_duration(text: str) -> float:
    """Seconds from `90`, `30s`, `500ms`, `1h30m`. Raises ValueError with examples."""
    text = text.strip().lower()
    if _NUMBER.fullmatch(text):
        return float(text)
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"'{text}' is no duration; write it like 30s, 5m, 1h30m or 500ms")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
