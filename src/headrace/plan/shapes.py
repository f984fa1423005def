"""What closed load shapes mean: how many users there are at every instant, and when a segment's number changes.

A shape is a chain of straight lines. On a line from `first` to `last` users, a user comes, or leaves, at the instant at
which the line reaches the new number: a ramp from 0 to 10 in 10 s has its first user after 1 s and its last at 10 s, and
down again the first leaves after 1 s. User `n` of the test (from 0) is there while there are more than `n` users, so whose
user comes or leaves follows from `Segment.users`.

Instants are computed from the start of the line, one multiplication and one division each. `users_at` searches the very
instants that `changes` gives, so rounding cannot make the two disagree.
"""

from bisect import bisect_right
from collections.abc import Iterator
from heapq import merge
from itertools import count
from math import inf
from typing import NamedTuple, assert_never

from headrace.plan.limits import (
    MOST_ITERATIONS_PER_SECOND,
    MOST_USERS,
    judge_number,
    judge_order,
    judge_seconds,
    judge_users,
)
from headrace.plan.load import Arrivals, ClosedLoad, Constant, Goal, Load, Sequence, Stages, Steps, Sum
from headrace.plan.segment import Segment

# How long and how deep a description may be: who reads it must come to an end.
MOST_STAGES = 10_000
DEEPEST = 8

_WHOLE = Segment(0, 1)


def users_at(load: ClosedLoad, at: float) -> int:
    """The users of the whole test at so many seconds (0 or later) from the start of the scenario."""
    return _users(load, 0.0, at)


def most_users(load: Load) -> int:
    """So many users are never exceeded. What a Sum's shapes reach at different times counts together."""
    match load:
        case Constant():
            return load.users
        case Steps():
            return load.maximum if load.step > 0 else min(load.initial, load.maximum)
        case Stages():
            return max(load.start, *(stage.users for stage in load.stages), 0)
        case Sequence():
            return max((most_users(part.load) for part in load.parts), default=0)
        case Sum():
            return sum(map(most_users, load.loads))
        case Goal():
            return load.maximum
        case Arrivals():
            return load.users
        case _:
            assert_never(load)


def changes(load: ClosedLoad, segment: Segment, until: float) -> Iterator[tuple[float, int]]:
    """The instants, rising, from which this segment has so many users, as long as they are before `until`.

    The first is 0.0, the others are only those at which the number is another. Seconds from the start of the scenario.
    """
    now, users, told = 0.0, 0, -1
    for instant, number in _settings(load, segment, 0.0):
        if instant >= until:
            break
        if instant > now:
            if users != told:
                yield now, users
                told = users
            now = instant
        users = number
    if users != told and until > 0:
        yield now, users


def judge_load(load: Load, what: str = "load") -> Iterator[str]:
    """What is wrong with a shape, a sentence each; `what` names it. The other functions here rely on a shape that passes."""
    yield from _judge(load, what, DEEPEST)


class _Line(NamedTuple):
    """A straight line from `first` users at `begin` to `last` at `end`, which is not on it."""

    begin: float
    end: float
    first: int
    last: int

    def instant(self, progress: int) -> float:
        """When so many users have come or left on the way; 1 <= progress <= the difference. Rounding keeps the order."""
        return min(self.end, self.begin + (self.end - self.begin) * progress / abs(self.last - self.first))

    def users(self, at: float) -> int:
        progress = bisect_right(range(1, abs(self.last - self.first) + 1), at, key=self.instant)
        return self.first + progress if self.last > self.first else self.first - progress


def _lines(load: Constant | Steps | Stages, begin: float) -> Iterator[_Line]:
    """The lines of a shape that begins at `begin`, without gaps; the last has no end."""
    match load:
        case Constant():
            yield _Line(begin, inf, load.users, load.users)
        case Steps():
            yield from _steps(load, begin)
        case Stages():
            users = load.start
            for stage in load.stages:
                end = begin + stage.duration
                if end > begin:
                    yield _Line(begin, end, users, stage.users)
                begin, users = end, stage.users
            yield _Line(begin, inf, users, users)


def _steps(load: Steps, begin: float) -> Iterator[_Line]:
    users = min(load.initial, load.maximum)
    start = begin
    for number in count(1):
        if load.step <= 0 or users == load.maximum:
            break
        # multiplied, not added up: the thousandth step is as exact as the first
        next_start = begin + number * load.every
        yield _Line(start, next_start, users, users)
        higher = min(users + load.step, load.maximum)
        start = min(next_start + load.ramp, begin + (number + 1) * load.every)
        if start > next_start:
            yield _Line(next_start, start, users, higher)
        users = higher
    yield _Line(start, inf, users, users)


def _users(load: ClosedLoad, begin: float, at: float) -> int:
    match load:
        case Sum():
            return sum(_users(each, begin, at) for each in load.loads)
        case Sequence():
            for part in load.parts[:-1]:
                if at < begin + part.duration:
                    return _users(part.load, begin, at)
                begin += part.duration
            return _users(load.parts[-1].load, begin, at) if load.parts else 0
        case _:
            return next(line.users(at) for line in _lines(load, begin) if at < line.end)


def _settings(load: ClosedLoad, segment: Segment, begin: float) -> Iterator[tuple[float, int]]:
    """As `changes`, but some settings change nothing, and of several at one instant the last one holds."""
    match load:
        case Sum():
            # The users of a segment are told from the total. To add up the segment's share of every shape would be quicker,
            # but of ten shapes with one user each the first segment would have all ten.
            users = [0] * len(load.loads)
            total = 0
            for instant, index, number in merge(*(_numbered(each, index, begin) for index, each in enumerate(load.loads))):
                total += number - users[index]
                users[index] = number
                yield instant, len(segment.users(total))
        case Sequence():
            for index, part in enumerate(load.parts, 1):
                end = begin + part.duration if index < len(load.parts) else inf
                for instant, number in _settings(part.load, segment, begin):
                    if instant >= end:
                        break
                    yield instant, number
                begin = end
        case _:
            for line in _lines(load, begin):
                yield from _on_line(line, segment)


def _numbered(load: ClosedLoad, index: int, begin: float) -> Iterator[tuple[float, int, int]]:
    return ((instant, index, number) for instant, number in _settings(load, _WHOLE, begin))


def _on_line(line: _Line, segment: Segment) -> Iterator[tuple[float, int]]:
    """Steps from one of the segment's users to the next: the users of other segments cost nothing."""
    first, last = segment.users(line.first), segment.users(line.last)
    yield line.begin, len(first)
    for present, user in enumerate(last[len(first) :], len(first) + 1):
        yield line.instant(user + 1 - line.first), present
    for present, user in zip(range(len(first) - 1, -1, -1), reversed(first[len(last) :]), strict=False):
        yield line.instant(line.first - user), present


def _judge(load: Load, what: str, depth: int) -> Iterator[str]:
    match load:
        case Constant():
            yield from judge_users(f"{what}.users", load.users)
        case Steps():
            yield from _judge_steps(load, what)
        case Stages():
            yield from judge_users(f"{what}.start", load.start)
            yield from _judge_length(f"{what}.stages", len(load.stages), least=0)
            for index, stage in enumerate(load.stages[:MOST_STAGES]):
                yield from judge_seconds(f"{what}.stages[{index}].duration", stage.duration)
                yield from judge_users(f"{what}.stages[{index}].users", stage.users)
        case Sequence() | Sum():
            yield from _judge_composition(load, what, depth)
        case Goal():
            yield from _judge_goal(load, what)
        case Arrivals():
            yield from _judge_arrivals(load, what)
        case _:
            assert_never(load)


def _judge_length(what: str, length: int, least: int) -> Iterator[str]:
    if not least <= length <= MOST_STAGES:
        yield f"{what} has {length} entries: give {least} to {MOST_STAGES}"


def _judge_steps(load: Steps, what: str) -> Iterator[str]:
    yield from judge_users(f"{what}.initial", load.initial)
    yield from judge_users(f"{what}.step", load.step)
    yield from judge_users(f"{what}.maximum", load.maximum)
    yield from judge_order(f"{what}.initial", load.initial, f"{what}.maximum", load.maximum)
    yield from judge_seconds(f"{what}.every", load.every, 0.001)
    yield from judge_seconds(f"{what}.ramp", load.ramp)
    yield from judge_order(f"{what}.ramp", load.ramp, f"{what}.every", load.every)


def _judge_composition(load: Sequence | Sum, what: str, depth: int) -> Iterator[str]:
    if not depth:
        yield f"{what} is inside {DEEPEST} other shapes: compose at most {DEEPEST} levels"
        return
    if isinstance(load, Sequence):
        yield from _judge_length(f"{what}.parts", len(load.parts), least=1)
        for index, part in enumerate(load.parts[:MOST_STAGES]):
            yield from judge_seconds(f"{what}.parts[{index}].duration", part.duration)
            yield from _judge(part.load, f"{what}.parts[{index}].load", depth - 1)
        return
    yield from _judge_length(f"{what}.loads", len(load.loads), least=1)
    wrong = False
    for index, each in enumerate(load.loads[:MOST_STAGES]):
        for sentence in _judge(each, f"{what}.loads[{index}]", depth - 1):
            wrong = True
            yield sentence
    if not wrong and most_users(load) > MOST_USERS:
        yield f"{what} adds up to {most_users(load)} users: give shapes with at most {MOST_USERS} users together"


def _judge_goal(load: Goal, what: str) -> Iterator[str]:
    yield from judge_number(f"{what}.low", load.low, 0, 1e12, "a value of the counter")
    yield from judge_number(f"{what}.high", load.high, 0, 1e12, "a value of the counter")
    yield from judge_order(f"{what}.low", load.low, f"{what}.high", load.high)
    for name in ("minimum", "initial", "maximum", "most_added", "most_removed"):
        yield from judge_users(f"{what}.{name}", getattr(load, name))
    yield from judge_order(f"{what}.minimum", load.minimum, f"{what}.initial", load.initial)
    yield from judge_order(f"{what}.initial", load.initial, f"{what}.maximum", load.maximum)
    # measured once a second
    yield from judge_seconds(f"{what}.interval", load.interval, 1.0)


def _judge_arrivals(load: Arrivals, what: str) -> Iterator[str]:
    unit = "iterations a second"
    yield from judge_number(f"{what}.rate", load.rate, 0, MOST_ITERATIONS_PER_SECOND, unit)
    yield from judge_number(f"{what}.users", load.users, 1, MOST_USERS, "a number of users")
    yield from _judge_length(f"{what}.stages", len(load.stages), least=0)
    for index, stage in enumerate(load.stages[:MOST_STAGES]):
        yield from judge_seconds(f"{what}.stages[{index}].duration", stage.duration)
        yield from judge_number(f"{what}.stages[{index}].rate", stage.rate, 0, MOST_ITERATIONS_PER_SECOND, unit)
