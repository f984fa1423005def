"""Who brings the users of a scenario: a closed load shape says how many there are, an open one when iterations begin."""

from collections.abc import Iterator
from time import perf_counter_ns
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

from headrace.engine.users.goal_values import goal_value
from headrace.plan.arrivals import arrivals
from headrace.plan.goals import adjust, reached, share
from headrace.plan.load import Arrivals, ClosedLoad, Goal, RateStage
from headrace.plan.segment import Segment
from headrace.plan.shapes import changes, most_users
from headrace.ticks.tick import Tick

if TYPE_CHECKING:
    from headrace.engine.users.scenario import ScenarioLoad
    from headrace.engine.users.user import VirtualUser

SECOND = 1_000_000_000
# So many users come at once, then those who are here are served.
_AT_ONCE = 200


class Shape(Protocol):
    """Times are ns of the performance counter.

    `target` is how many users a closed shape wants, `idle` how many users of an open one wait for an arrival.
    """

    target: int

    @property
    def idle(self) -> int: ...

    @property
    def over(self) -> bool:
        """Whether no iteration will begin any more, since all users are gone or all iterations are made."""

    def begin(self, start: int, zero: int, end: int) -> None:
        """Sets the shape going at `start`; its own time begins at `zero`, when the warm-up is over."""

    def observe(self, tick: Tick) -> None:
        """Hears of a measured second."""


class ClosedShape:
    """Users come and go."""

    def __init__(self, load: "ScenarioLoad", shape: ClosedLoad | Goal, segment: Segment, ramp_in_warm_up: bool) -> None:
        self.target = 0
        self.idle = 0
        self._load = load
        self._shape = shape
        self._segment = segment
        self._ramp_in_warm_up = ramp_in_warm_up
        self._users: list[VirtualUser] = []  # those whom the shape wants, in the order they came
        self._changes: Iterator[tuple[int, int]] = iter(())
        self._no_more_changes = False
        self._goal = share(shape, segment) if isinstance(shape, Goal) else None
        self._seen: list[Tick] = []
        self._observed_from = 0  # the first second in which the whole load was there

    @property
    def over(self) -> bool:
        load = self._load
        # A goal may want users again when it has none.
        finished = self._no_more_changes and (self._goal is None or self.target > 0)
        finished = finished and len(self._users) >= self.target
        return (finished or load.succession.used_up) and not load.users

    def begin(self, start: int, zero: int, end: int) -> None:
        self._observed_from = -((self._load.measured_from - zero) // SECOND)
        if isinstance(self._shape, Goal):
            wanted: Iterator[tuple[float, int]] = iter([(0.0, self._goal.initial if self._goal else 0)])
        else:
            wanted = changes(self._shape, self._segment, (end - zero) / SECOND)
        events = ((zero + int(at * SECOND), users) for at, users in wanted)
        self._changes = self._before_zero(events, start, zero) if zero > start else events
        self._await_change()

    def _before_zero(self, events: Iterator[tuple[int, int]], start: int, zero: int) -> Iterator[tuple[int, int]]:
        """The warm-up: the shape's first number of users, at once or one after the other."""
        first = next(events, None)
        if first is None:
            return
        users = first[1]
        if self._ramp_in_warm_up:
            for number in range(users):
                yield start + (zero - start) * number // users, number + 1
        else:
            yield start, users
        yield from events

    def _await_change(self) -> None:
        change = next(self._changes, None)
        if change is None:
            self._no_more_changes = True
            self._load.check_over()
            return
        at, users = change
        self._load.timetable.at(at, lambda due: self._change(users))

    def _change(self, users: int) -> None:
        self.target = users
        self._follow()
        self._await_change()

    def _follow(self) -> None:
        """Brings the number of users to what it should be."""
        load = self._load
        if load.ending:
            return
        while len(self._users) > self.target:
            self._users.pop().ask_to_leave()
        if load.succession.used_up:
            load.check_over()  # nobody who came now would have anything to do
            return
        for _ in range(min(self.target - len(self._users), _AT_ONCE)):
            user = load.add_user()
            self._users.append(user)
            load.succession.begin_first(user)
        if len(self._users) < self.target:
            load.loop.call_soon(self._follow)

    def observe(self, tick: Tick) -> None:
        goal = self._goal
        if goal is None or tick.second < self._observed_from or self._load.ending:
            return
        self._seen.append(tick)
        if len(self._seen) < goal.interval:
            return
        seen, self._seen = self._seen, []
        value = goal_value(goal, seen)
        self.target = adjust(goal, self.target, value)
        if goal.stop_at_goal and reached(goal, value):
            self._goal = None
        self._follow()


class OpenShape:
    """Iterations begin whatever became of the earlier ones; a user that has ended one is free for another arrival."""

    def __init__(self, load: "ScenarioLoad", shape: Arrivals, segment: Segment) -> None:
        self.target = 0
        self._load = load
        self._shape = shape
        self._segment = segment
        self._most = len(segment.users(most_users(shape)))
        self._free: list[VirtualUser] = []
        self._instants: Iterator[int] = iter(())

    @property
    def idle(self) -> int:
        return len(self._free)

    @property
    def over(self) -> bool:
        return self._load.succession.used_up and not any(user.running for user in self._load.users)

    def begin(self, start: int, zero: int, end: int) -> None:
        shape = self._shape
        if zero > start:  # the warm-up has the rate that the load begins with
            stages = (RateStage((zero - start) / SECOND, shape.rate), *shape.stages)
            shape = Arrivals(shape.rate, shape.users, stages, shape.spacing)
        seed = self._load.seed ^ crc32(
            self._load.name.encode()
        )  # scenarios must not have their arrivals at the same instants
        share = self._segment.among(shape.users)
        if share is not None:
            instants = arrivals(shape, share, (end - start) / SECOND, seed)
            self._instants = (start + int(at * SECOND) for at in instants)
        self._await_arrival(next(self._instants, None))

    def observe(self, tick: Tick) -> None:
        pass  # an open shape follows nothing

    def free(self, user: "VirtualUser") -> None:
        """A user has ended its iteration."""
        self._free.append(user)
        self._load.check_over()

    def _await_arrival(self, due: int | None) -> None:
        if due is not None and not self._load.ending:
            self._load.timetable.at(due, self._take_arrivals)

    def _take_arrivals(self, due: int) -> None:
        next_due: int | None = due
        while next_due is not None and next_due <= perf_counter_ns():
            if self._load.ending:
                return
            self._take_arrival(next_due)
            next_due = next(self._instants, None)
        self._await_arrival(next_due)

    def _take_arrival(self, due: int) -> None:
        load = self._load
        if load.succession.used_up:
            return  # none is planned any more
        load.count_due(due)
        if self._free:
            user = self._free.pop()
        elif len(load.users) < self._most:
            user = load.add_user()
        else:
            load.count_dropped(due)
            return
        load.lag(perf_counter_ns() - due)
        load.succession.begin_arrival(user, due)
