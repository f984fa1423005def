"""Durations as people read them; `plan/durations.py` has how they type them."""


def show_duration(seconds: float) -> str:
    """`0:00:20`: hours, minutes and seconds."""
    whole = max(0, round(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
