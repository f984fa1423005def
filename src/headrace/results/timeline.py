"""What the ticks of a run add up to, and how they are cut into sampling intervals. No I/O: `recorder.py` keeps it.

Interval n covers the seconds (n - 1) * N to n * N - 1. It ends with its last second; where that is missing, with the first
second of a later interval or with the run. An interval in which no engine reported anything has no samples: the rates of the
next one are over all the time since the last. Thresholds are judged whenever an interval ends, the last one too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from headrace.plan.thresholds import Threshold
from headrace.results.bounds import Bounds
from headrace.results.counters import TICKS_PER_US, Reading, computed, counted
from headrace.results.errors import Errors, error_tree
from headrace.results.instances import CounterInstance, Register, Value
from headrace.results.strain import Strain
from headrace.results.summary import Summary, summarize
from headrace.results.thresholds import Watch
from headrace.ticks.tick import ErrorStats, Example, Tick


@dataclass(frozen=True, slots=True)
class Measurement:
    """A counter at the end of an interval, and its value over that interval: 0 where nothing was `counted`."""

    counter_id: int
    raw: int
    base: int
    value: float
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Interval:
    """A sampling interval that is over: its seconds added up, the counters it brought, and every counter at its end.

    `elapsed_us` is when it ended. Interval 0 is the start: it has no tick, and everything is zero. `tick` has no examples;
    `examples` are those of the run so far, None where they are the same as at the end of the interval before.
    """

    number: int
    last_second: int
    elapsed_us: int
    tick: Tick | None
    new_counters: list[CounterInstance]
    measurements: list[Measurement]
    strain: Strain | None = None
    examples: list[Example] | None = None


class Timeline:
    """A run's ticks, added up as they come. `total` is all of them; its load is that of the last.

    `begins` is when second 0 does, in seconds since the epoch; `watch` judges the thresholds.
    """

    def __init__(self, sampling_interval: int, bounds: Bounds | None = None, thresholds: Sequence[Threshold] = ()) -> None:
        if sampling_interval < 1:
            raise ValueError(f"sampling_interval is {sampling_interval} seconds; it must be at least 1")
        self.total = Tick(0, 0.0)
        self.begins = 0.0
        self.watch = Watch(thresholds)
        self._sampling_interval = sampling_interval
        self._bounds = bounds or Bounds()
        self._register = Register()
        self._strain = Strain()
        self._lost = 0.0
        self._current: Tick | None = None
        self._current_strain = Strain()
        self._kept_examples: list[Example] = []
        self._last_second = -1
        self._users: list[int] = []  # the least and the most at the ends of intervals
        self._before: dict[int, tuple[int, int]] = {}  # raw and base of every counter at the end of the last interval,
        self._timestamp = 0  # and when that was

    @property
    def interval_open(self) -> bool:
        """Whether there are seconds that are in no interval yet."""
        return self._current is not None

    def start(self) -> Interval:
        """Interval 0. Must come before everything else, and only once."""
        totals = self._register.totals()
        self.watch.meet(totals)
        return Interval(0, -1, 0, None, totals, [Measurement(counter.id, 0, 0, 0.0) for counter in totals])

    def restore(self, number: int, tick: Tick, strain: Strain) -> None:
        """Takes in an interval that was recorded before."""
        tick = self._bounds.fold(tick)
        self.total.add_later(tick)
        self._strain.add(strain)
        self.watch.meet(self._register.meet(tick))
        self._users = self._extent()
        self._last_second = number * self._sampling_interval - 1

    def restored(self, elapsed_us: int, examples: list[Example]) -> None:
        """Ends restoring; the last interval ended at `elapsed_us`, and these are the examples that the run had then."""
        self.total.examples = self._kept_examples = examples
        self._timestamp = elapsed_us * TICKS_PER_US
        self._before = {value.id: (value.raw, value.base) for value in self._register.read(self.total)}

    def add(self, tick: Tick) -> tuple[Tick, list[Interval]]:
        """Adds a second: the tick as it was counted (within the bounds), and the intervals that it ended.

        Raises ValueError where it is not later than the second before.
        """
        if tick.second <= self._last_second:
            raise ValueError(f"the tick of second {tick.second} came after second {self._last_second} was over")
        tick = self._bounds.fold(tick)
        number = self._interval_of(tick)
        ended = []
        if self._current is not None and self._interval_of(self._current) < number:
            nominal = self._interval_of(self._current) * self._sampling_interval
            ended.append(self._end(self._current, max(nominal, self._current.elapsed)))
        if self._current is None:
            self._current = Tick(tick.second, tick.elapsed)
        self._current.add_later(replace(tick, examples=[]))
        self._current_strain.note(tick)
        self._strain.note(tick)
        self.total.add_later(tick)
        self._last_second = tick.second
        if tick.second + 1 == number * self._sampling_interval:
            ended.append(self._end(self._current, self._current.elapsed))
        return tick, ended

    def finish(self) -> list[Interval]:
        """Ends the interval under way, at the end of its last tick."""
        return [self._end(self._current, self._current.elapsed)] if self._current is not None else []

    def lose(self, share: float) -> None:
        """A load generator was lost, with this share of the planned load (0 to 1)."""
        self._lost += share

    def summary(self) -> Summary:
        users = self._extent() if self.interval_open else self._users
        return summarize(self.total, min(users, default=0), max(users, default=0), self._strain, self._lost)

    def errors(self) -> Errors:
        return error_tree(self.total.errors)

    def _interval_of(self, tick: Tick) -> int:
        return tick.second // self._sampling_interval + 1

    def _end(self, current: Tick, elapsed: float) -> Interval:
        self._current = None
        strain, self._current_strain = self._current_strain, Strain()
        examples = None if self.total.examples == self._kept_examples else self.total.examples
        self._kept_examples = self.total.examples
        self._users = self._extent()
        new = self._register.meet(current)
        self.watch.meet(new)
        elapsed_us = round(elapsed * 1_000_000)
        timestamp = elapsed_us * TICKS_PER_US
        measurements = self._measure_all(timestamp)
        if self._judge(measurements, current, elapsed):
            measurements = self._measure_all(timestamp)  # violations are counted in the interval that they are of
        self._before = {at.counter_id: (at.raw, at.base) for at in measurements}
        self._timestamp = timestamp
        number = self._interval_of(current)
        return Interval(number, self._last_second, elapsed_us, current, new, measurements, strain, examples)

    def _judge(self, measurements: list[Measurement], current: Tick, elapsed: float) -> bool:
        """Adds the violations of thresholds in this interval to it, and to all; whether there are any."""
        values = {at.counter_id: at.value for at in measurements if at.counted}
        violations = self.watch.judge(values, current.machines)
        at = self.begins + elapsed
        found = Tick(current.second, current.elapsed)
        for violation in violations:
            found.errors.setdefault(violation.error, ErrorStats()).add(ErrorStats(1, at))
        for error, stats in self._bounds.fold(found).errors.items():
            for tick in (current, self.total):
                tick.errors.setdefault(error, ErrorStats()).add(stats)
        return bool(violations)

    def _measure_all(self, timestamp: int) -> list[Measurement]:
        return [self._measure(value, timestamp) for value in self._register.read(self.total)]

    def _measure(self, value: Value, timestamp: int) -> Measurement:
        before = Reading(*self._before.get(value.id, (0, 0)), self._timestamp)
        now = Reading(value.raw, value.base, timestamp)
        value_over = computed(value.kind, before, now)
        return Measurement(value.id, value.raw, value.base, value_over, counted(value.kind, before, now))

    def _extent(self) -> list[int]:
        users = sum(load.users for load in self.total.load.values())
        return [min(*self._users, users), max(*self._users, users)] if self._users else [users, users]
