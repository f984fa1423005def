"""Goal-based load: the next number of users, so that a counter stays within bounds.

The rule is Visual Studio's (reference: visual-studio-formats, 5.2). What it leaves open: the new number is rounded away from
the present one, so that a counter out of bounds always moves the load where the limits allow it.
"""

from math import ceil, floor, isnan

from msgspec.structs import replace

from headrace.plan.limits import MOST_USERS
from headrace.plan.load import Goal, GoalCounter
from headrace.plan.segment import Segment

# These are sums over the engines, the others averages or percentages.
_ADDS_UP = {GoalCounter.REQUESTS_PER_SECOND, GoalCounter.TESTS_PER_SECOND, GoalCounter.ERRORS_PER_SECOND}


def reached(goal: Goal, value: float | None) -> bool:
    """Whether the counter is within its bounds. With `stop_at_goal` the load is not adjusted again after that."""
    return value is not None and goal.low <= value <= goal.high


def adjust(goal: Goal, users: int, value: float | None) -> int:
    """The number of users after `users`, when the counter stands at `value`; None where it could not be read: no change."""
    if value is None or isnan(value) or reached(goal, value):
        return users
    middle = (goal.low + goal.high) / 2
    factor = _ratio(value, middle) if goal.more_is_less else _ratio(middle, value)
    if (value < goal.low) is not goal.more_is_less:
        wanted = min(users + goal.most_added, max(users + 1, ceil(users * factor)))
    else:
        wanted = max(users - goal.most_removed, floor(users * factor))
    return min(max(wanted, goal.minimum), goal.maximum)


def share(goal: Goal, segment: Segment) -> Goal:
    """The goal of one segment, which it follows by what it measures itself: nobody re-plans while the test runs.

    Users are divided exactly. A counter that adds up over the engines has bounds in proportion to the segment's share of the
    most users; averages and percentages have the same bounds everywhere.
    """
    maximum = len(segment.users(goal.maximum))
    part = maximum / goal.maximum if goal.counter in _ADDS_UP and goal.maximum else 1.0
    return replace(
        goal,
        low=goal.low * part,
        high=goal.high * part,
        initial=len(segment.users(goal.initial)),
        minimum=len(segment.users(goal.minimum)),
        maximum=maximum,
        most_added=len(segment.users(goal.most_added)),
        most_removed=len(segment.users(goal.most_removed)),
    )


def _ratio(part: float, whole: float) -> float:
    # a counter at 0 asks for more than any limit allows
    return min(max(part / whole, 0.0), MOST_USERS) if whole > 0 else MOST_USERS
