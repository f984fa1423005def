"""A scenario under load in one process: what its users share, how they come, and how they go."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from time import perf_counter_ns

from headrace.engine.http.client import Client
from headrace.engine.http.connections import Connections
from headrace.engine.http.connector import Connector
from headrace.engine.http.line import Line
from headrace.engine.http.prepared import Origin
from headrace.engine.measuring.examples import Examples
from headrace.engine.measuring.measures import Measures
from headrace.engine.timetable import Timetable
from headrace.engine.users.personas import Persona, deal
from headrace.engine.users.shaping import ClosedShape, OpenShape, Shape
from headrace.engine.users.succession import Quota, Succession
from headrace.engine.users.user import VirtualUser
from headrace.plan.cursors import Cursor
from headrace.plan.load import Arrivals
from headrace.plan.model import Connections as ConnectionModel
from headrace.plan.model import Mix, Plan, Scenario
from headrace.plan.segment import Segment
from headrace.plan.shapes import most_users
from headrace.ticks.tick import Load

SECOND = 1_000_000_000
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
        most = max((most_users(scenario.load) for scenario in plan.scenarios), default=0)
        rows = segment.among(most) or segment  # of few users: rows must not be kept for engines that have none
        self.cursors = {source.name: Cursor(source, rows, plan.seed) for source in plan.data if not source.per_user}
        self.sources = {source.name: source for source in plan.data}
        self.quota = Quota(segment.share(plan.iterations, most)) if plan.iterations is not None else None


class ScenarioLoad:
    """The users of a scenario in this process. Times are ns of the performance counter.

    `stopping`: nothing more is sent. `ending`: no iteration begins any more, those under way go on. `over` is set when the
    scenario has come to its end by itself. `paced`: iterations have a time at which they should begin.
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
        self.end_test = common.end_test
        self.request_timeout = plan.request_timeout
        self.max_redirects = plan.max_redirects
        self.measured_from = 0
        self.stopping = False
        self.ending = False
        self.paced = scenario.pacing is not None or scenario.mix_by is Mix.PACING
        self.users: dict[VirtualUser, None] = {}
        self.empty = asyncio.Event()
        self.over = asyncio.Event()
        self._scenario = scenario
        self._common = common
        self._segment = segment
        self._until = 0  # what is paced and should have begun before may still begin while `ending`
        self._personas = islice(deal(personas), segment.index, None, segment.count)
        self._next_number = segment.index
        self._due = self._dropped = self._peak = 0
        pooled = plan.connections is ConnectionModel.POOLED
        self._pool = Connections(self, plan.pool_size, plan.pool_size) if pooled else None
        if isinstance(scenario.load, Arrivals):
            self.shape: Shape = OpenShape(self, scenario.load, segment)
        else:
            self.shape = ClosedShape(self, scenario.load, segment, plan.ramp_in_warm_up)
        self.succession = Succession(self, scenario, plan, segment, common.quota)
        self.plain = self.succession.plain

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

    # Users come and go

    def begin(self, begin: int, measured_from: int, end: int) -> None:
        """Sets the scenario going: at `begin` the load begins, warm-up included."""
        scenario = self._scenario
        self.measured_from = measured_from
        start = (measured_from if scenario.idle_in_warm_up else begin) + int(scenario.delay * SECOND)
        self.shape.begin(start, max(start, measured_from), end)

    def add_user(self) -> VirtualUser:
        """A new user, who has not begun anything."""
        user = VirtualUser(self, self._next_number, next(self._personas))
        user.now = user.wanted_at = perf_counter_ns()
        user.pace = self.succession.pace(user)
        self._next_number += self._segment.count
        self.users[user] = None
        self._peak = max(self._peak, len(self.users))
        self.empty.clear()
        return user

    def leave(self, user: VirtualUser) -> None:
        """A user is gone."""
        if user not in self.users:
            return
        del self.users[user]
        for client in user.clients:
            self.disconnect(client)
        if not self.users:
            self.empty.set()
        self.check_over()

    def disconnect(self, client: Client) -> None:
        """Closes a client's connections; those of a pool are not its own."""
        if self._pool is None:
            self.measures.abandoned += client.connections.disconnect()

    def check_over(self) -> None:
        """Whether the scenario has come to its end by itself."""
        if self.shape.over:
            self.over.set()

    def owes(self, user: VirtualUser) -> bool:
        """Whether a user should have begun another iteration before the end."""
        return user.pace is not None and user.pace.owes(self._until)

    def count_due(self, due: int) -> None:
        """An iteration was to begin at `due`."""
        if due >= self.measured_from:
            self._due += 1

    def count_dropped(self, due: int) -> None:
        """It does not."""
        if due >= self.measured_from:
            self._dropped += 1

    # The end

    def end(self, until: int) -> None:
        """No iteration begins any more, but for those that should have begun before `until`; those under way go on."""
        self.ending = True
        self._until = until
        self.plain = False
        for user in list(self.users):
            if not user.running:
                user.stop()

    @property
    def late(self) -> bool:
        """Whether a user has still to begin what should have begun long ago."""
        return any(user.running and self.owes(user) for user in self.users)

    def stop(self, until: int) -> None:
        """Nothing more is sent. What should have begun before `until` and did not is given up as dropped."""
        self.stopping = self.ending = True
        self.plain = False
        if self.paced:
            owed = sum(user.pace.owed(until) for user in self.users if user.pace is not None and user.running)
            self._due += owed
            self._dropped += owed

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
        return [client.connections for user in self.users for client in user.clients]

    # Once a second

    @property
    def target(self) -> int:
        """How many users a closed load shape wants now."""
        return self.shape.target

    @property
    def running(self) -> int:
        """How many users are inside an iteration."""
        return sum(user.running for user in self.users)

    def load(self) -> Load:
        """The users now, and the arrivals since the last call."""
        due, dropped = self._due, self._dropped
        users = len(self.users)
        # Of a scenario that came to its end within the second, all users are gone; there were some.
        shown = users - self.shape.idle if users else self._peak
        self._due = self._dropped = 0
        self._peak = users
        return Load(shown, self.running, due, dropped)

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
