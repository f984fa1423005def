"""A scenario under load in one process: its users come, begin iterations, and go, as its load shape says."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from time import perf_counter_ns
from zlib import crc32

from headrace.engine.connections import Connections
from headrace.engine.connector import Connector
from headrace.engine.examples import Examples
from headrace.engine.goal_values import goal_value
from headrace.engine.line import Line
from headrace.engine.measures import Measures
from headrace.engine.pace import Pace
from headrace.engine.personas import Persona, deal
from headrace.engine.prepared import Origin
from headrace.engine.program import Program
from headrace.engine.timetable import Timetable
from headrace.engine.user import VirtualUser, ends_user
from headrace.plan.arrivals import arrivals
from headrace.plan.cursors import Cursor
from headrace.plan.goals import adjust, reached, share
from headrace.plan.load import Arrivals, Goal, RateStage
from headrace.plan.mix import RunningMix, StartedMix
from headrace.plan.model import Connections as ConnectionModel
from headrace.plan.model import Mix, Plan, Scenario
from headrace.plan.segment import Segment
from headrace.plan.shapes import changes, most_users
from headrace.plan.steps import Ending
from headrace.plan.thinking import compile_pause, is_none
from headrace.ticks.tick import Load, Tick

SECOND = 1_000_000_000
# So many users come at once, then those who are here are served.
_AT_ONCE = 200
# The time-outs of so many users are looked at in one go.
_LOOKED_AT_ONCE = 300
# So many users leave at once.
_AT_ONE_GO = 10


class Common:
    """What all scenarios of a process share. `end_test` ends the whole load."""

    def __init__(
        self,
        plan: Plan,
        segment: Segment,
        connector: Connector,
        measures: Measures,
        examples: Examples,
        timetable: Timetable,
        end_test: Callable[[], None],
    ) -> None:
        self.plan = plan
        self.segment = segment
        self.connector = connector
        self.measures = measures
        self.examples = examples
        self.timetable = timetable
        self.end_test = end_test
        self.lags: list[int] = []  # µs
        self.open_to: Counter[Origin] = Counter()  # connections
        self.cursors = {source.name: Cursor(source, segment, plan.seed) for source in plan.data if not source.per_user}
        self.sources = {source.name: source for source in plan.data}


class ScenarioLoad:
    """The users of a scenario in this process. Times are ns of the performance counter, but for `at` of the load shape.

    `target` is how many users the load shape wants. `stopping`: nothing more is sent. `ending`: no iteration begins any
    more, those under way go on. `over` is set when the scenario has come to its end by itself.
    """

    def __init__(self, scenario: Scenario, common: Common, personas: list[tuple[Persona, float]]) -> None:
        plan, segment = common.plan, common.segment
        self.name = scenario.name
        self.seed = plan.seed
        self.loop = asyncio.get_running_loop()
        self.connector = common.connector
        self.measures = common.measures
        self.examples = common.examples
        self.timetable = common.timetable
        self.open_to = common.open_to
        self.request_timeout = plan.request_timeout
        self.max_redirects = plan.max_redirects
        self.measured_from = 0
        self.stopping = False
        self.ending = False
        self.users: dict[VirtualUser, None] = {}
        self.empty = asyncio.Event()
        self.over = asyncio.Event()
        self._scenario = scenario
        self._common = common
        self._segment = segment
        self._open = isinstance(scenario.load, Arrivals)
        self._most = len(segment.users(most_users(scenario.load)))
        self._personas = islice(deal(personas), segment.index, None, segment.count)
        self._next_number = segment.index
        self._active: list[VirtualUser] = []  # those whom the load shape wants, in the order they came
        self._idle: list[VirtualUser] = []  # of an open shape: those who wait for an arrival
        self.target = 0
        self._no_more_changes = False
        self._events: Iterator[tuple[int, int]] = iter(())
        self._left = None if scenario.iterations is None else len(segment.users(scenario.iterations))
        self._due = self._dropped = 0
        self._think = None if is_none(scenario.think_time) else compile_pause(scenario.think_time)
        weights = [part.share for part in scenario.mix]
        self._started = StartedMix(weights) if scenario.mix_by in (Mix.TESTS_STARTED, Mix.PACING) else None
        self._by_users = RunningMix(weights, segment) if scenario.mix_by is Mix.USERS_RUNNING else None
        self._goal = share(scenario.load, segment) if isinstance(scenario.load, Goal) else None
        self._seen: list[Tick] = []
        pooled = plan.connections is ConnectionModel.POOLED
        self._pool = Connections(self, plan.pool_size, plan.pool_size) if pooled else None
        self.plain = self._decides_nothing()

    def _decides_nothing(self) -> bool:
        """Whether an iteration is followed by the same again at once, whatever happened."""
        scenario = self._scenario
        return (
            not self._open
            and len(scenario.mix) == 1
            and self._think is None
            and scenario.pacing is None
            and scenario.mix_by is not Mix.PACING
            and scenario.iterations is None
            and scenario.iterations_per_user is None
            and not scenario.new_users
            and not scenario.first
            and self._common.plan.connections is not ConnectionModel.PER_ITERATION
        )

    # What a user has of its scenario

    def connections_for(self, persona: Persona) -> Connections:
        return self._pool if self._pool is not None else Connections(self, persona.browser.connections_per_host)

    def line_for(self, persona: Persona) -> Line | None:
        return Line(persona.network, self.loop) if persona.network is not None else None

    def take_row(self, source: str, user: VirtualUser) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        common = self._common
        cursor = common.cursors.get(source)
        if cursor is None:
            if user.cursors is None:
                user.cursors = {}
            cursor = user.cursors.get(source)
            if cursor is None:
                cursor = user.cursors[source] = Cursor.for_user(common.sources[source], user.number, self.seed)
        return common.sources[source].columns, cursor.take()

    def lag(self, ns: int) -> None:
        """The generator itself was so late with something that it was to do at a certain time."""
        self._common.lags.append(ns // 1000)

    # The load shape

    def begin(self, begin: int, measured_from: int, end: int) -> None:
        """Sets the scenario going: at `begin` the load begins, warm-up included."""
        scenario = self._scenario
        self.measured_from = measured_from
        start = (measured_from if scenario.idle_in_warm_up else begin) + int(scenario.delay * SECOND)
        zero = max(start, measured_from)
        if isinstance(scenario.load, Arrivals):
            self._begin_arrivals(scenario.load, start, zero, end)
            return
        if isinstance(scenario.load, Goal):
            wanted: Iterator[tuple[float, int]] = iter([(0.0, self._goal.initial if self._goal else 0)])
        else:
            wanted = changes(scenario.load, self._segment, (end - zero) / SECOND)
        events = ((zero + int(at * SECOND), users) for at, users in wanted)
        self._events = self._before_zero(events, start, zero) if zero > start else events
        self._schedule_change()

    def _before_zero(self, events: Iterator[tuple[int, int]], start: int, zero: int) -> Iterator[tuple[int, int]]:
        """The warm-up: the shape's first number of users, at once or one after the other."""
        first = next(events, None)
        if first is None:
            return
        users = first[1]
        if self._common.plan.ramp_in_warm_up:
            for number in range(users):
                yield start + (zero - start) * number // users, number + 1
        else:
            yield start, users
        yield from events

    def _schedule_change(self) -> None:
        change = next(self._events, None)
        if change is None:
            self._events = iter(())
            self._no_more_changes = True
            self._check_over()
            return
        at, users = change
        self.timetable.at(at, lambda due: self._change(users))

    def _change(self, users: int) -> None:
        self.target = users
        self._follow()
        self._schedule_change()

    def _follow(self) -> None:
        """Brings the number of users to what it should be."""
        if self.stopping or self.ending:
            return
        while len(self._active) > self.target:
            self._active.pop().ask_to_leave()
        for _ in range(min(self.target - len(self._active), _AT_ONCE)):
            self._active.append(self._add_user())
            self._arrive(self._active[-1])
        if len(self._active) < self.target:
            self.loop.call_soon(self._follow)

    def _add_user(self) -> VirtualUser:
        user = VirtualUser(self, self._next_number, next(self._personas))
        user.now = user.wanted_at = perf_counter_ns()
        user.pace = Pace.make(self._scenario, user)
        self._next_number += self._segment.count
        self.users[user] = None
        self.empty.clear()
        return user

    def _arrive(self, user: VirtualUser) -> None:
        """A user of a closed shape has come."""
        if user.persona.first is not None:
            user.begin(user.persona.first, user.now)
        else:
            self._begin_next(user, None)

    def _begin_arrivals(self, load: Arrivals, start: int, zero: int, end: int) -> None:
        if zero > start:  # the warm-up has the rate that the load begins with
            load = Arrivals(
                load.rate, load.users, (RateStage((zero - start) / SECOND, load.rate), *load.stages), load.spacing
            )
        seed = self.seed ^ crc32(self.name.encode())  # scenarios must not have their arrivals at the same instants
        instants = arrivals(load, self._segment, (end - start) / SECOND, seed)
        self._instants = (start + int(at * SECOND) for at in instants)
        self._await_arrival(next(self._instants, None))

    def _await_arrival(self, due: int | None) -> None:
        if due is not None and not self.ending and not self.stopping:
            self.timetable.at(due, self._take_arrivals)

    def _take_arrivals(self, due: int) -> None:
        next_due: int | None = due
        while next_due is not None and next_due <= perf_counter_ns():
            if self.ending or self.stopping:
                return
            self._take_arrival(next_due)
            next_due = next(self._instants, None)
        self._await_arrival(next_due)

    def _take_arrival(self, due: int) -> None:
        if due >= self.measured_from:
            self._due += 1
        if self._left == 0:
            return
        if self._idle:
            user = self._idle.pop()
        elif len(self.users) < self._most:
            user = self._add_user()
        else:
            if due >= self.measured_from:
                self._dropped += 1
            return
        self.lag(perf_counter_ns() - due)
        program = user.persona.first if user.iteration == 0 else None
        if program is None:
            index = self._choose(user)
            if index is None:
                return
            self._renew(user)
            program = user.persona.programs[index]
        user.begin(program, due)

    # Iterations

    def next_iteration(self, user: VirtualUser, program: Program, ending: Ending | None, breath: int = 0) -> bool:
        """What follows a user's iteration; True: the same program again, at once, from `user.wanted_at` on."""
        if self._by_users is not None and program in user.persona.programs:
            self._by_users.ended(user.persona.programs.index(program))
        if ending is Ending.TEST:
            self._common.end_test()
        if self.stopping or program is user.persona.last:
            self.leave(user)
        elif user.leaving or self.ending or ends_user(ending):
            self.depart(user, inside=True)
        elif self._open:
            if user.iteration == 1 and program is user.persona.first:
                return self._begin_next(user, program, breath)
            if self._has_made_all(user):
                self.depart(user, inside=True)  # the next arrival is somebody else
            else:
                self._idle.append(user)
                self._check_over()
        else:
            return self._begin_next(user, program, breath)
        return False

    def _begin_next(self, user: VirtualUser, program: Program | None, breath: int = 0) -> bool:
        """Has the user's next iteration begin, now or later; True: the same program, now."""
        index = self._choose(user)
        if index is None:
            self.depart(user, inside=program is not None)
            return False
        chosen = user.persona.programs[index]
        self._renew(user)
        now = user.now
        due = now + breath
        intended = None if user.pace is None else user.pace.due
        if intended is not None:
            due = max(due, intended)
        elif self._think is not None and program is not None:
            due = max(due, now + int(self._think(user.random) * SECOND))
        if due > perf_counter_ns():
            user.wait_until(due, chosen, exactly=intended is not None)
            return False
        user.wanted_at = now if intended is None else min(intended, now)
        if chosen is program:
            return True
        if program is None:
            user.begin(chosen, user.wanted_at)
        else:
            user.go_on(chosen)
        return False

    def _choose(self, user: VirtualUser) -> int | None:
        """The number of the next test in the mix; None where the user, or the scenario, has made all its iterations."""
        if self._has_made_all(user):
            return None
        if self._left is not None:
            if not self._left:
                return None
            self._left -= 1
        if user.pace is not None:
            chosen = user.pace.next()
            if chosen is not None:
                return chosen
        if self._by_users is not None:
            return self._by_users.next()
        return self._started.next() if self._started is not None else 0

    def _has_made_all(self, user: VirtualUser) -> bool:
        """Whether a user has made as many iterations as one may."""
        most = self._scenario.iterations_per_user
        return most is not None and user.iteration - (user.persona.first is not None) >= most

    def give_back(self, user: VirtualUser, program: Program) -> None:
        """A user leaves who waited to begin this program: the iteration that was to be is another's."""
        if self._left is not None:
            self._left += 1
        if self._by_users is not None:
            self._by_users.ended(user.persona.programs.index(program))

    def _renew(self, user: VirtualUser) -> None:
        """What a user begins anew with an iteration."""
        scenario = self._scenario
        renewed = bool(scenario.new_users) and user.random.random() * 100 < scenario.new_users
        if renewed:
            user.client.forget()
            user.variables.kept.clear()
        # Those of a pool are not the user's own.
        if self._pool is None and (renewed or self._common.plan.connections is ConnectionModel.PER_ITERATION):
            user.client.connections.close_idle()

    def depart(self, user: VirtualUser, inside: bool) -> None:
        """A user has made its last iteration; what it does last of all is left. `inside`: its program is just ending."""
        last = user.persona.last
        if last is None or self.stopping or self.ending or not user.iteration:
            self.leave(user)
        elif inside:
            user.go_on(last)
        else:
            user.begin(last, perf_counter_ns())

    def leave(self, user: VirtualUser) -> None:
        """A user is gone."""
        if user not in self.users:
            return
        del self.users[user]
        if self._pool is None:
            self.measures.abandoned += user.client.connections.disconnect()
        if not self.users:
            self.empty.set()
        self._check_over()

    def _check_over(self) -> None:
        if self._open:
            over = self._left == 0 and not any(user.running for user in self.users)
        else:
            # A goal may want users again when it has none.
            finished = (self._no_more_changes and (self._goal is None or self.target > 0)) or self._left == 0
            over = finished and not self.users and len(self._active) >= self.target
        if over:
            self.over.set()

    # The end

    def end(self) -> None:
        """No iteration begins any more; those under way go on."""
        self.ending = True
        self.plain = False
        for user in list(self.users):
            if not user.running:
                user.stop()

    def stop(self) -> None:
        """Nothing more is sent."""
        self.stopping = self.ending = True
        self.plain = False

    async def dismiss(self) -> None:
        """After `stop`: has the users leave who wait for no answer. A few at a time, because meanwhile others get theirs:
        all at once (10 µs each, most of it to close the connection) would show as a slow server in the last second."""
        for number, user in enumerate(list(self.users)):
            if number % _AT_ONE_GO == 0:
                await asyncio.sleep(0)
            user.stop()
        for connections in self.connections():
            connections.cut_waiting()

    def give_up(self) -> int:
        """Drops what is under way: what was sent has failed. Returns how many requests were never sent."""
        return sum(connections.disconnect() for connections in self.connections())

    def connections(self) -> list[Connections]:
        if self._pool is not None:
            return [self._pool]
        return [user.client.connections for user in self.users]

    # Once a second

    @property
    def running(self) -> int:
        """How many users are inside an iteration."""
        return sum(user.running for user in self.users)

    def load(self) -> Load:
        """The users now, and the arrivals since the last call."""
        due, dropped = self._due, self._dropped
        self._due = self._dropped = 0
        return Load(len(self.users) - len(self._idle), self.running, due, dropped)

    def observe(self, tick: Tick) -> None:
        """Follows a goal by what a measured second says."""
        goal = self._goal
        if goal is None or tick.second < 0 or self.ending:
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

    def check_timeouts(self, now: int, timeout: int, turn: int | None) -> Iterator[None]:
        """Fails what was wanted too long ago, in pieces. `turn`: only of the users whose turn it is, a tenth of them."""
        if self._pool is not None:
            self._pool.check_timeouts(now, timeout)
            return
        for number, user in enumerate(list(self.users)):
            if turn is None or number % 10 == turn % 10:
                user.client.connections.check_timeouts(now, timeout)
            if number % _LOOKED_AT_ONCE == 0:
                yield
