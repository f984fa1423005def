"""Names for the plan: printable, not too long, and different from one another."""

from collections.abc import Collection
from itertools import count

LONGEST = 200


def unique_name(wanted: str, taken: Collection[str], otherwise: str) -> str:
    """`wanted`, or `otherwise` where nothing of it can be shown; with a number behind it where it is taken already."""
    shown = "".join(char if char.isprintable() else " " for char in wanted)
    name = " ".join(shown.split())[:LONGEST].strip() or otherwise
    if name not in taken:
        return name
    return next(numbered for number in count(2) if (numbered := f"{name} ({number})") not in taken)
