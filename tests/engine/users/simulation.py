"""A load on a clock that stands still until the next thing is due: hours in a moment, and exact to the nanosecond.

The clock stands in for the timetable and for the turns of the event loop, and a function that says how long an answer takes
for the target. Users, their programs, mixes, paces and load shapes are the engine's own.
"""

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from types import ModuleType
from typing import Any, NamedTuple, cast

import pytest

from headrace.engine.http.client import PASSED, Client
from headrace.engine.http.connections import Connections
from headrace.engine.http.connector import Connector
from headrace.engine.http.prepared import Origin, Prepared
from headrace.engine.http.requests import Requests
from headrace.engine.measuring.examples import Examples
from headrace.engine.measuring.measures import Measures
from headrace.engine.timetable import Call, Entry, Timetable
from headrace.engine.users import loops, page, scenario, shaping, succession, user
from headrace.engine.users.personas import Persona, make_personas
from headrace.engine.users.program import Compiler
from headrace.engine.users.scenario import Common, ScenarioLoad
from headrace.engine.users.user import VirtualUser
from headrace.plan.load import Constant
from headrace.plan.model import Browser, BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.requests import Request
from headrace.plan.segment import Segment
from headrace.plan.steps import Step
from headrace.ticks.tick import Tick

SECOND = 1_000_000_000
_READ_THE_CLOCK: tuple[ModuleType, ...] = (loops, page, scenario, shaping, succession, user)
_BEGIN = 1_000 * SECOND
BROWSER = Browser("Test", ())

# Seconds until an answer to this path, when there are so many users.
Service = Callable[[str, int], float]


class Clock:
    """What the engine asks of its timetable and of its event loop."""

    def __init__(self) -> None:
        self.now = _BEGIN
        self._entries: list[tuple[int, int, Entry]] = []
        self._numbers = count()

    def at(self, due: int, call: Call) -> Entry:
        entry = Entry(due, call)
        heappush(self._entries, (max(due, self.now), next(self._numbers), entry))
        return entry

    soon_after = at

    def call_soon(self, call: Callable[..., None], *arguments: Any) -> None:
        self.at(self.now, lambda due: call(*arguments))

    def run_until(self, instant: int) -> None:
        """Does all that is due up to then, that instant included."""
        while self._entries and self._entries[0][0] <= instant:
            self.now, _, entry = heappop(self._entries)
            if entry.call is not None:
                entry.call(entry.due)
        self.now = instant


class Start(NamedTuple):
    """A request that a user, by its number from 0, sent so many seconds after the start."""

    at: float
    user: int
    path: str
    client: Client


class Simulation:
    """A plan under load; of the load of each second, the last thing is `users`: how many there are at its end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, plan: Plan, service: Service, segments: int = 1) -> None:
        self.clock = Clock()
        for module in _READ_THE_CLOCK:
            if hasattr(module, "perf_counter_ns"):
                monkeypatch.setattr(module, "perf_counter_ns", lambda: self.clock.now)
        monkeypatch.setattr("asyncio.get_running_loop", lambda: self.clock)
        self.starts: list[Start] = []
        self.users: list[int] = []
        self.service = service
        self._plan = plan
        self._seconds = 0
        self._engines = [_Engine(self, plan, segment) for segment in Segment(0, 1).split(segments)]
        begin = self.clock.now
        measured_from = begin + int(plan.warm_up * SECOND)
        for load in self.loads:
            load.begin(begin, measured_from, measured_from + int(plan.duration * SECOND))

    @property
    def loads(self) -> list[ScenarioLoad]:
        return [load for engine in self._engines for load in engine.loads]

    @property
    def over(self) -> bool:
        return all(load.over.is_set() for load in self.loads)

    @property
    def paths(self) -> str:
        """What was asked for, in order: `/a`, then `/b` is `a b`."""
        return " ".join(start.path for start in self.starts)

    @property
    def counts(self) -> Counter[str]:
        return Counter(start.path for start in self.starts)

    @property
    def errors(self) -> dict[str, int]:
        """Messages of all errors, and how often each."""
        return dict(sum((engine.errors for engine in self._engines), Counter[str]()))

    def of(self, user: int) -> list[tuple[float, str]]:
        """What one user asked for, and when."""
        return [(start.at, start.path) for start in self.starts if start.user == user]

    def run(self, seconds: int) -> "Simulation":
        """Goes on for so long."""
        for _ in range(seconds):
            self._seconds += 1
            self.clock.run_until(_BEGIN + self._seconds * SECOND)
            for engine in self._engines:
                engine.end_second(self._seconds - int(self._plan.warm_up))
            self.users.append(sum(len(load.users) for load in self.loads))
        return self

    def end(self) -> None:
        """The load's time is over: nothing begins any more."""
        for load in self.loads:
            load.end(self.clock.now)

    def answer(self, client: Client, user: VirtualUser, request: Prepared) -> None:
        """Has a request answered when it is time."""
        path = request.target.removeprefix("/")
        self.starts.append(Start((self.clock.now - _BEGIN) / SECOND, user.number, path, client))
        seconds = self.service(path, sum(len(load.users) for load in self.loads))

        def answered(due: int) -> None:
            client.requests += 1
            client.status = 200
            request.measure.quick.append(int(seconds * 1e6))
            user.ended(PASSED, due)

        self.clock.at(self.clock.now + int(seconds * SECOND), answered)


class _Engine:
    """What a process has: the scenarios of one segment, and what they measure."""

    def __init__(self, simulation: Simulation, plan: Plan, segment: Segment) -> None:
        self.measures = Measures()
        self.errors: Counter[str] = Counter()
        clock = cast(Timetable, simulation.clock)
        common = Common(plan, segment, cast(Connector, None), self.measures, Examples(), clock, lambda: None)
        compiler = Compiler(plan, Requests(self.measures), self.measures, (segment.index, segment.count))
        tests = {test.name: test for test in plan.tests}
        self.loads = [
            _Load(
                simulation,
                scenario,
                common,
                make_personas(
                    scenario,
                    lambda name, browser, scenario=scenario: compiler.program(scenario, tests[name], browser),  # type: ignore[misc]
                ),
            )
            for scenario in plan.scenarios
        ]

    def end_second(self, second: int) -> None:
        tick = self.measures.take(second - 1, float(second)) if second > 0 else Tick(second - 1, float(second))
        self.errors.update({error.message: stats.count for error, stats in tick.errors.items()})
        for load in self.loads:
            load.check_over()
            load.shape.observe(tick)


class _Load(ScenarioLoad):
    def __init__(
        self, simulation: Simulation, scenario: Scenario, common: Common, personas: list[tuple[Persona, float]]
    ) -> None:
        super().__init__(scenario, common, personas)
        self._simulation = simulation

    def connections_for(self, persona: Persona) -> Connections:
        return cast(Connections, _Answers(self._simulation))


class _Answers:
    """What a client has instead of connections."""

    def __init__(self, simulation: Simulation) -> None:
        self.idle: dict[Origin, list[Any]] = {}
        self._simulation = simulation

    def fetch(self, client: Client, request: Prepared, wanted_at: int, now: int, hops: int) -> None:
        self._simulation.answer(client, cast(VirtualUser, client._wanting), request)

    def close_idle(self) -> None:
        pass

    def disconnect(self) -> int:
        return 0


def asking(name: str, *before: Step, variables: tuple[tuple[str, str], ...] = (), **more: Any) -> Test:
    """A test whose one request has its name for a path, or `path` for one."""
    path = more.pop("path", name)
    return Test(name, (*before, Request(f"http://shop.test/{path}")), variables, **more)


def mixed(*tests: Test, mix: dict[str, float], duration: float = 36_000.0, **more: Any) -> Plan:
    """One scenario of tests with their shares; what is no field of a scenario is one of the plan."""
    own = {name: more.pop(name) for name in list(more) if name in Scenario.__struct_fields__ and name != "iterations"}
    shares = tuple(TestShare(name, share) for name, share in mix.items())
    scenario = Scenario("Scenario", shares, own.pop("load", Constant(1)), (BrowserShare(BROWSER, 1.0),), **own)
    known = tests or tuple(asking(name) for name in mix)
    return Plan("plan", known, (scenario,), duration, **more)
