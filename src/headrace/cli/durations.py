"""Durations as people read them; `plan/durations.py` has how they type them."""

from math import isfinite


def show_duration(seconds: float) -> str:
    """`0:00:20`: hours, minutes and seconds; what is no time as it is."""
    if not isfinite(seconds):
        return f"{seconds:g} seconds"
    whole = max(0, round(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
