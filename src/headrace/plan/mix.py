"""Test mixes: which test a virtual user runs next (reference: visual-studio-formats, 5.4). Tests are numbers from 0.

Nothing is drawn by lot, so that the shares hold for short runs too, and a run can be repeated. Weights need not add up to
anything; a test with the weight 0 is never chosen.
"""

from collections.abc import Sequence
from fractions import Fraction
from heapq import heapify, heapreplace
from math import inf, isfinite, lcm, sqrt
from random import Random

from headrace.plan.segment import Segment

_GOLDEN = (sqrt(5) - 1) / 2


class StartedMix:
    """Shares of the tests started: after n starts, each has been started n times its share, give or take less than one.

    The largest deficit first is not enough for that: with many small weights they all become due at once. So, of the tests
    that are due, the one goes first that would be too late soonest (R. Tijdeman, The chairman assignment problem, Discrete
    Mathematics 32, 1980); no count is then further off than 1 - 1/(2m - 2) for m tests, which is the best there is.

    Raises ValueError for weights that are negative, not finite, or all 0.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = [(index, weight) for index, weight in enumerate(_whole_numbers(weights)) if weight]
        self._one = sum(weight for _, weight in self._weights)
        # What each test is owed, in parts of `_one` start: whole numbers, so that nothing drifts.
        self._due = [0] * len(weights)
        self._slack = max(2 * len(self._weights) - 2, 1)

    def next(self) -> int:
        """The test to start now."""
        due, one, slack = self._due, self._one, self._slack
        latest = (slack - 1) * one
        chosen, soonest = -1, inf
        for index, weight in self._weights:
            owed = due[index] = due[index] + weight
            if owed * slack >= one:
                left = (latest - owed * slack) / weight
                if left < soonest:
                    chosen, soonest = index, left
        due[chosen] -= one
        return chosen


class RunningMix:
    """Shares of the users who run each test, at any moment.

    The users of the whole test are dealt out to the tests as by StartedMix, and a segment keeps the shares of its own users:
    so the shares hold over all segments, also where each has few users.

    Raises ValueError for weights that are negative, not finite, or all 0.
    """

    def __init__(self, weights: Sequence[float], segment: Segment = Segment(0, 1)) -> None:  # noqa: B008 - a frozen value
        self._deal = StartedMix(weights)
        self._first = self._skip = segment.index
        self._count = segment.count
        self._dealt: list[int] = []  # the test of each of the segment's users
        self._active = 0
        self._missing = [0] * len(weights)  # how many users each test should have more than it has

    def next(self) -> int:
        """The test that lacks users most, now that one more user runs."""
        if self._active == len(self._dealt):
            self._dealt.append(self._deal_next())
        self._missing[self._dealt[self._active]] += 1
        self._active += 1
        chosen = max(range(len(self._missing)), key=self._missing.__getitem__)
        self._missing[chosen] -= 1
        return chosen

    def ended(self, index: int) -> None:
        """A user has come to the end of this test, and runs none until it asks for the next."""
        self._active -= 1
        self._missing[self._dealt[self._active]] -= 1
        self._missing[index] += 1

    def change(self, weights: Sequence[float]) -> None:
        """Other shares of the same tests hold from now on, for the next users; those who run a test go on."""
        for index in self._dealt[: self._active]:
            self._missing[index] -= 1  # what is left is how many run each test, below 0
        self._deal = StartedMix(weights)
        self._skip = self._first
        self._dealt = [self._deal_next() for _ in range(self._active)]
        for index in self._dealt:
            self._missing[index] += 1

    def _deal_next(self) -> int:
        for _ in range(self._skip):
            self._deal.next()
        self._skip = self._count - 1
        return self._deal.next()


class SequentialMix:
    """The mix of one user: all tests in order, again and again."""

    __slots__ = ("_next", "_tests")

    def __init__(self, count: int) -> None:
        self._tests: Sequence[int] = range(count)
        self._next = 0

    def next(self) -> int:
        """The test to start now."""
        chosen = self._tests[self._next]
        self._next = (self._next + 1) % len(self._tests)
        return chosen

    def leave_out(self, test: int) -> None:
        """Starts this test no more; one has to be left."""
        before = sum(each != test for each in self._tests[: self._next])
        self._tests = [each for each in self._tests if each != test]
        self._next = before % len(self._tests)


class PacedMix:
    """The mix of one user: each test so many times an hour.

    A test's starts are 3600 / rate seconds apart, the first after `offset` (0 to 1) of that. With a `deviation` (a share of
    the interval) each start deviates from that schedule and not from the start before, so the rate holds for ever; intervals
    are normally distributed with this standard deviation, from 0 to twice the interval.

    Raises ValueError for rates that are negative, not finite, or all 0.
    """

    __slots__ = ("_deviation", "_heap", "_intervals", "_offset", "_random")

    def __init__(self, rates_per_hour: Sequence[float], offset: float, deviation: float, random: Random) -> None:
        _check_weights(rates_per_hour)
        self._intervals = [3600 / rate if rate else inf for rate in rates_per_hour]
        self._offset = offset
        # An interval has the deviations of both its ends in it.
        self._deviation = deviation / sqrt(2)
        self._random = random
        self._heap = [(self._start(test, 0), test, 0) for test, rate in enumerate(rates_per_hour) if rate]
        heapify(self._heap)

    @property
    def due(self) -> float:
        """When the next start is, in seconds from the user's own."""
        return self._heap[0][0]

    def next(self) -> tuple[int, float]:
        """The test to start next, and when: seconds from the user's own start, never falling."""
        instant, test, number = self._heap[0]
        heapreplace(self._heap, (self._start(test, number + 1), test, number + 1))
        return test, instant

    def leave_out(self, test: int) -> None:
        """Starts this test no more; one has to be left."""
        self._heap = [entry for entry in self._heap if entry[1] != test]
        heapify(self._heap)

    def _start(self, test: int, number: int) -> float:
        place = number + self._offset
        if self._deviation:
            # less than half an interval to either side: starts never change places
            place += min(max(self._random.gauss(0.0, self._deviation), -0.4999), 0.4999)
        return max(0.0, place) * self._intervals[test]


def stagger(user: int) -> float:
    """An offset from 0 to 1 for a user, by its number in the whole test: any number of users is spread evenly."""
    return user * _GOLDEN % 1.0


def _check_weights(weights: Sequence[float]) -> None:
    for weight in weights:
        if not isfinite(weight) or weight < 0:
            raise ValueError(f"the share {weight} of a test is not possible: give 0 or more")
    if not any(weights):
        raise ValueError("no test has a share of more than 0: give at least one test a share")


def _whole_numbers(weights: Sequence[float]) -> list[int]:
    """Whole numbers in the same proportions, exactly as the weights are written: 33.3 is 333/10."""
    _check_weights(weights)
    fractions = [Fraction(str(weight)) for weight in weights]
    denominator = lcm(*(fraction.denominator for fraction in fractions))
    return [int(fraction * denominator) for fraction in fractions]
