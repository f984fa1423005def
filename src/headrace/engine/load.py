"""The load of one process: its scenarios from the start to the end of the run, and the Tick of every second."""

import asyncio
import contextlib
import gc
import math
from collections.abc import Callable, Coroutine
from time import perf_counter_ns, time
from typing import Any

from headrace.engine.http.connections import surface
from headrace.engine.http.connector import Connector
from headrace.engine.http.requests import Requests
from headrace.engine.http.resolver import Resolver
from headrace.engine.measuring.examples import Examples
from headrace.engine.measuring.health import Watch
from headrace.engine.measuring.measures import Measures
from headrace.engine.timetable import Timetable
from headrace.engine.users.personas import make_personas
from headrace.engine.users.program import Compiler, Program
from headrace.engine.users.scenario import SECOND, Common, ScenarioLoad
from headrace.plan.model import Browser, Plan, Scenario
from headrace.plan.segment import Segment
from headrace.ticks.tick import Load, Tick

# At the natural end, requests under way may still be answered for so long (seconds); then they are given up.
GRACE = 5.0
# How often time-outs are looked for, values folded, and the loop's own delay is measured, in seconds.
_WATCH = 0.1
# Time-outs of so many users are looked for at once; with more users, of a tenth of them each time.
_MOST_LOOKED_AT = 2000


class SegmentLoad:
    """Executes a segment of a plan and hands every Tick to `report`. Make it inside the running event loop.

    `processes` engines share this machine; `on_end_test` is called when a step ends the whole load. Raises ValueError where
    the plan cannot be executed.
    """

    def __init__(self, plan: Plan, segment: Segment, report: Callable[[Tick], None], processes: int = 1) -> None:
        self._plan = plan
        self._report = report
        self._measures = Measures()
        self._examples = Examples()
        self._stop = asyncio.Event()
        self._grace = 0.0
        self._error: Exception | None = None
        self._timetable = Timetable()
        connector = Connector(Resolver(plan.targets), plan.tls, plan.proxy, plan.http2)
        self._common = Common(plan, segment, connector, self._measures, self._examples, self._timetable, self._end_test)
        self._over = asyncio.Event()
        self._over_at = 0
        self.on_end_test: Callable[[], None] = lambda: None
        self._watched = Watch(self._common.lags, processes)
        agents = max(1, segment.count // processes)
        agent = segment.index % agents, agents
        compiler = Compiler(plan, Requests(self._measures, connector.proxy), self._measures, agent)
        self.scenarios = [self._scenario(scenario, compiler) for scenario in plan.scenarios]

    def _scenario(self, scenario: Scenario, compiler: Compiler) -> ScenarioLoad:
        tests = {test.name: test for test in self._plan.tests}

        def compile_test(name: str, browser: Browser) -> Program:
            return compiler.program(scenario, tests[name], browser)

        return ScenarioLoad(scenario, self._common, make_personas(scenario, compile_test))

    def _end_test(self) -> None:
        self._note_over()
        self.on_end_test()

    def _note_over(self) -> None:
        """The load has ended by itself."""
        self._over_at = self._over_at or perf_counter_ns()
        self._over.set()

    def stop(self, grace: float) -> None:
        """Ends the load now; what is still unanswered after `grace` seconds is given up."""
        self._grace = grace
        self._stop.set()

    async def run(self, start_at: float) -> None:
        """Runs the load, from `start_at` (seconds since the epoch) to its end or `stop`; returns after the last Tick.

        What nobody expected ends the load and is raised then: numbers of an engine that is at fault must not pass for true.
        """
        begin = perf_counter_ns() + int((start_at - time()) * SECOND)
        measured_from = begin + int(self._plan.warm_up * SECOND)
        end = measured_from + int(self._plan.duration * SECOND)
        await self._sleep_until(begin)
        if self._stop.is_set():
            self._timetable.close()
            return  # nothing has begun, so there is nothing to tell
        self._watched.start()
        loop = asyncio.get_running_loop()
        handler = loop.get_exception_handler()
        loop.set_exception_handler(self._note_fault)
        for scenario in self.scenarios:
            scenario.begin(begin, measured_from, end)
        tasks = [self._begin(self._watch()), self._begin(self._await_over())]
        try:
            await self._measure(begin, measured_from, end)
        finally:
            for task in tasks:
                task.cancel()
            self._watched.stop()
            self._timetable.close()
            loop.set_exception_handler(handler)
        if self._error is not None:
            raise self._error

    async def _measure(self, begin: int, measured_from: int, end: int) -> None:
        second = math.floor((begin - measured_from) / SECOND)
        while not self._done and (over := measured_from + (second + 1) * SECOND) < end:
            await self._sleep_until(over)
            if not self._done:
                self._emit(second, over - measured_from, self._load())
                second += 1
        await self._sleep_until(end)
        ended = min(end, self._over_at or perf_counter_ns()) if self._done else end
        if not self._done:
            await self._catch_up(end)
            second, ended = await self._cool_down(second, measured_from, end)
        await self._finish(second, measured_from, ended)

    @property
    def _done(self) -> bool:
        return self._stop.is_set() or self._over.is_set()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(surface)
        return task

    def _note_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):  # those are connections that break
            self._error = self._error or error
            self.stop(grace=0)

    async def _await_over(self) -> None:
        """The load is over when every scenario is, if that is before its time."""
        for scenario in self.scenarios:
            await scenario.over.wait()
        self._note_over()

    async def _catch_up(self, end: int) -> None:
        """Lets paced users begin what they should have begun before the end: a target that stood still then owes it.

        Without this, a stall just before the end would take requests out of the results, as coordinated omission does.
        """
        paced = [scenario for scenario in self.scenarios if scenario.paced]
        for scenario in self.scenarios:
            if scenario.paced or self._plan.cool_down:
                scenario.end(end)
            else:
                scenario.stop(end)
        until = perf_counter_ns() + int(GRACE * SECOND)
        await self._sleep_until(until, unless=lambda: not any(scenario.late for scenario in paced))

    async def _cool_down(self, second: int, measured_from: int, end: int) -> tuple[int, int]:
        """Lets the iterations under way go on for a while. Returns the second that is then under way, and when it ended."""
        if not self._plan.cool_down:
            return second, end
        until = end + int(self._plan.cool_down * SECOND)
        while not self._done and perf_counter_ns() < until and any(scenario.users for scenario in self.scenarios):
            over = measured_from + (second + 1) * SECOND
            await self._sleep_until(min(over, until), unless=lambda: not any(one.users for one in self.scenarios))
            if perf_counter_ns() >= over:
                self._emit(second, over - measured_from, self._load())
                second += 1
        return second, max(end, min(self._over_at or perf_counter_ns(), until))

    async def _finish(self, second: int, measured_from: int, ended: int) -> None:
        """The last Tick: what was under way when the load ended still belongs to it, so it comes when that has ended."""
        load = self._load()
        for scenario in self.scenarios:
            scenario.stop(ended)
        for scenario in self.scenarios:
            owed = scenario.load()
            load[scenario.name].due += owed.due
            load[scenario.name].dropped += owed.dropped
            await scenario.dismiss()
        await self._drain()
        for scenario in self.scenarios:
            self._measures.abandoned += scenario.give_up()
        self._emit(second, ended - measured_from, load)

    async def _drain(self) -> None:
        """Returns when all users have left, or when those whose servers do not answer have had their time."""
        empty = asyncio.create_task(self._all_gone())
        if not self._stop.is_set():
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait((empty, stop), timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
        if self._stop.is_set():
            await asyncio.wait((empty,), timeout=self._grace)
        empty.cancel()

    async def _all_gone(self) -> None:
        for scenario in self.scenarios:
            if scenario.users:
                await scenario.empty.wait()

    async def _sleep_until(self, instant: int, unless: Callable[[], bool] = lambda: False) -> None:
        """Returns at that instant, not before, or when the load is stopped or over."""
        while (left := (instant - perf_counter_ns()) / SECOND) > 0 and not self._done and not unless():
            # Short, so that it notices what nobody tells; a second has to end to the millisecond, no better.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, _WATCH)):
                    await self._stop.wait()

    async def _watch(self) -> None:
        timeout = int(self._plan.request_timeout * SECOND)
        round_number = 0
        users = 0
        while True:
            asleep = perf_counter_ns()
            await asyncio.sleep(_WATCH)
            now = perf_counter_ns()
            self._watched.late(now - asleep - int(_WATCH * SECOND))
            self._watched.fold()
            for _ in self._measures.fold():
                await asyncio.sleep(0)
            round_number += 1
            present = sum(len(scenario.users) for scenario in self.scenarios)
            for scenario in self.scenarios:
                scenario.check_over()  # others may have made the last of all iterations
                for _ in scenario.check_timeouts(now, timeout, round_number if present > _MOST_LOOKED_AT else None):
                    await asyncio.sleep(0)
            if present > users + 1000:
                users = present
                gc.freeze()  # they stay: the collector need not look at tens of thousands of users again and again

    def _load(self) -> dict[str, Load]:
        return {scenario.name: scenario.load() for scenario in self.scenarios}

    def _emit(self, second: int, elapsed_ns: int, load: dict[str, Load]) -> None:
        elapsed = elapsed_ns / SECOND
        # The end of the warm-up is noticed a moment late; what was measured in that moment belongs to the next second.
        tick = self._measures.take(second, elapsed) if second >= 0 else Tick(second, elapsed)
        tick.load = load
        open_to = self._common.open_to
        tick.health = self._watched.take(open_to.total(), max(open_to.values(), default=0))
        if second >= 0:
            tick.examples = self._examples.take()
        self._report(tick)
        for scenario in self.scenarios:
            scenario.shape.observe(tick)
