"""What open load shapes mean: the intended instants of iterations.

The rate is a chain of straight lines, and its integral says how many arrivals there have been. The arrival at position x
comes when the integral has reached x and grows: positions 0, 1, 2 ... for even spacing, so the first comes at once, or as
soon as the rate is more than 0; the sums of exponential steps with a mean of 1 for a Poisson process. No arrival falls
into a stretch without a rate. Arrival k of the whole test is segment k % count's.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import count
from math import ceil, inf, log, sqrt
from random import Random
from typing import NamedTuple

from headrace.plan.load import Arrivals, Spacing
from headrace.plan.segment import Segment


def arrivals(load: Arrivals, segment: Segment, until: float, seed: int) -> Iterator[float]:
    """The instants of this segment's arrivals, rising and before `until`, in seconds from the start of the scenario.

    `seed` matters to random spacing only, and must be the same for all segments.
    """
    positions = _even(segment) if load.spacing is Spacing.EVEN else _poisson(segment, Random(seed).random)  # noqa: S311
    position = next(positions)
    for stretch in _stretches(load):
        if stretch.begin >= until:
            return
        while position < stretch.after:
            instant = stretch.instant(position)
            if instant >= until:
                return
            yield instant
            position = next(positions)


def rate_at(load: Arrivals, at: float) -> float:
    """The arrivals per second that the whole test intends at so many seconds (0 or later)."""
    stretch = next(stretch for stretch in _stretches(load) if at < stretch.end)
    return stretch.rate + (stretch.last_rate - stretch.rate) * ((at - stretch.begin) / (stretch.end - stretch.begin))


def arrivals_until(load: Arrivals, at: float) -> int:
    """How many arrivals of the whole test come before `at` (finite, in seconds) with even spacing."""
    arrived = 0
    for stretch in _stretches(load):
        if stretch.begin >= at:
            break
        arrived = ceil(stretch.before)
        # the most there can be; searched by the same instants that `arrivals` gives, so that the two agree exactly
        fastest = max(stretch.rate, stretch.last_rate)
        most = ceil(min(stretch.after, stretch.before + fastest * (at - stretch.begin) + 1))
        arrived += bisect_left(range(arrived, most), at, key=stretch.instant)
    return arrived


class _Stretch(NamedTuple):
    """The rate from `begin` up to `end`, and the integral at both: `before` and `after`."""

    begin: float
    end: float
    rate: float
    last_rate: float
    before: float
    after: float

    def instant(self, position: float) -> float:
        """When the integral reaches `position`; before <= position < after.

        The square of the rate is linear in the integral, and the time is the distance over the mean of both rates. That is
        the quadratic's solution without a difference of like numbers, for rising, falling and constant rates alike.
        """
        distance = position - self.before
        square = self.rate * self.rate
        rate = sqrt(square + (self.last_rate * self.last_rate - square) * (distance / (self.after - self.before)))
        both = self.rate + rate
        return min(self.end, self.begin + 2.0 * distance / both) if both else self.begin


def _stretches(load: Arrivals) -> Iterator[_Stretch]:
    """Without gaps; the last has no end."""
    begin, rate, before = 0.0, load.rate, 0.0
    for stage in load.stages:
        end = begin + stage.duration
        if end > begin:
            # rounded, so that 0.07 a second for 100 s are seven arrivals, and not an eighth by a hair
            after = round(before + (rate + stage.rate) / 2 * stage.duration, 9)
            yield _Stretch(begin, end, rate, stage.rate, before, after)
            before = after
        begin, rate = end, stage.rate
    yield _Stretch(begin, inf, rate, rate, before, inf if rate > 0 else before)


def _even(segment: Segment) -> Iterator[float]:
    return count(segment.index, segment.count)


def _poisson(segment: Segment, random: Callable[[], float]) -> Iterator[float]:
    # Every segment draws the arrivals of all and keeps its own. That costs about 0.2 µs for each arrival of the whole test,
    # and the union over the segments is the whole sequence, bit for bit, however it is split.
    position = 0.0
    skipped = range(segment.count - 1)
    for _ in range(segment.index):
        position -= log(1.0 - random())
    while True:
        position -= log(1.0 - random())
        yield position
        for _ in skipped:
            position -= log(1.0 - random())
