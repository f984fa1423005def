"""The bounds that every number of a Plan keeps to, and the sentence for one that does not."""

import reprlib
from collections.abc import Iterator

MOST_USERS = 1_000_000
MOST_ITERATIONS_PER_SECOND = 1_000_000.0
# No pause, stage or test lasts longer (seconds).
LONGEST = 7 * 86_400.0


def judge_number(what: str, value: float, low: float, high: float, unit: str) -> Iterator[str]:
    """A sentence where `value` is not from `low` to `high`; what is not a number never is."""
    if not low <= value <= high:
        yield f"{what} is {reprlib.repr(value)}: give {unit} from {low:.12g} to {high:.12g}"


def judge_users(what: str, value: int) -> Iterator[str]:
    return judge_number(what, value, 0, MOST_USERS, "a number of users")


def judge_seconds(what: str, value: float, low: float = 0.0) -> Iterator[str]:
    return judge_number(what, value, low, LONGEST, "seconds")


def judge_order(lower: str, low: float, higher: str, high: float) -> Iterator[str]:
    """A sentence where the field `lower` is more than the field `higher`."""
    if low > high:
        yield f"{lower} is {reprlib.repr(low)}, but {higher} is {reprlib.repr(high)}: lower the one or raise the other"
