"""Running a plan in this process, against a target in the same event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic, time
from typing import Any

import msgspec

from headrace.engine.load import SegmentLoad
from headrace.engine.users.scenario import ScenarioLoad
from headrace.plan.load import Constant
from headrace.plan.model import Browser, BrowserShare, Plan, Scenario, Test, TestShare, Tls
from headrace.plan.requests import Page, Request
from headrace.plan.segment import Segment
from headrace.plan.steps import Step
from headrace.ticks.tick import ErrorName, Name, PageStats, RequestStats, TestStats, Tick

BROWSER = Browser("Test", (("User-Agent", "headrace-test"), ("Accept", "*/*")))
# A pause that no test outlives: each user makes one iteration.
ONCE = 3600.0


@dataclass
class Outcome:
    """What a load reported."""

    ticks: list[Tick]

    @property
    def whole(self) -> Tick:
        whole = Tick(self.ticks[0].second, 0.0)
        for tick in self.ticks:
            whole.add_later(tick)
        return whole

    @property
    def requests(self) -> RequestStats:
        total = RequestStats()
        for stats in self.whole.requests.values():
            total.add(stats)
        return total

    @property
    def pages(self) -> PageStats:
        total = PageStats()
        for stats in self.whole.pages.values():
            total.add(stats)
        return total

    @property
    def tests(self) -> TestStats:
        total = TestStats()
        for stats in self.whole.tests.values():
            total.add(stats)
        return total

    @property
    def by_name(self) -> dict[str, int]:
        return {name.item: stats.total for name, stats in self.whole.requests.items()}

    @property
    def errors(self) -> dict[ErrorName, int]:
        return {error: stats.count for error, stats in self.whole.errors.items()}

    @property
    def error(self) -> ErrorName:
        """The only error there is."""
        (error,) = self.errors
        return error

    def request(self, name: str) -> RequestStats:
        return self.whole.requests[Name("Scenario", "Test", name)]


def page(url: str, *dependents: str) -> Page:
    return Page(Request(url), tuple(Request(dependent) for dependent in dependents))


def plan(
    *steps: str | Step, users: int = 1, duration: float = 0.5, browsers: Sequence[Browser] = (BROWSER,), **more: Any
) -> Plan:
    """One scenario of one test of steps; what is no field of a plan is one of its scenario or of its test."""
    test = Test("Test", tuple(page(step) if isinstance(step, str) else step for step in steps), **_fields(Test, more))
    shares = tuple(BrowserShare(browser, 1.0) for browser in browsers)
    load = more.pop("load", Constant(users))
    scenario = Scenario("Scenario", (TestShare("Test"),), load, shares, **_fields(Scenario, more))
    if "verify_certificates" in more:
        more["tls"] = Tls(verify=more.pop("verify_certificates"))
    return Plan("plan", (test,), (scenario,), duration, **more)


def _fields(kind: type[msgspec.Struct], more: dict[str, Any]) -> dict[str, Any]:
    own = set(kind.__struct_fields__) - (set(Plan.__struct_fields__) - {"iterations"})  # both have them
    return {name: more.pop(name) for name in list(more) if name in own}


async def run(plan: Plan, meanwhile: Callable[[SegmentLoad], Awaitable[None]] | None = None) -> Outcome:
    """Runs all of a plan. `meanwhile` runs beside it, from the start on."""
    ticks: list[Tick] = []
    load = SegmentLoad(plan, Segment(0, 1), ticks.append)
    running = asyncio.create_task(load.run(time()))
    if meanwhile is not None:
        await meanwhile(load)
    await running
    return Outcome(ticks)


def _done(load: ScenarioLoad) -> bool:
    return bool(load.target) and not load.running and all(user.iteration for user in load.users)


async def run_once(plan: Plan) -> Outcome:
    """Runs a plan until every user has made one iteration: give it a think time of ONCE."""

    async def stop(load: SegmentLoad) -> None:
        # the only way to tell at once; ticks come once a second
        await until(lambda: all(_done(one) for one in load.scenarios))
        load.stop(grace=0.0)

    return await run(plan, stop)


async def once(*pages: str | Step, **more: Any) -> Outcome:
    """Each user goes through the pages once."""
    return await run_once(plan(*pages, duration=60.0, think_time=ONCE, **more))


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Returns when it holds; fails when it does not in this time."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.005)
