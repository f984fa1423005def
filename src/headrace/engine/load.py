"""The load of one process: its users from the start to the end of the run, and the Tick of every second."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine
from time import perf_counter_ns, process_time_ns, time
from typing import Any

from headrace.engine.client import surface
from headrace.engine.connector import Connector
from headrace.engine.measures import Measures
from headrace.engine.prepared import browser_of, prepare_plan
from headrace.engine.resolver import Resolver
from headrace.engine.tls import client_context
from headrace.engine.user import VirtualUser
from headrace.plan.model import Plan, Scenario
from headrace.plan.segment import Segment
from headrace.ticks.tick import Health, Load, Tick

SECOND = 1_000_000_000
# At the natural end, requests under way may still be answered for so long (seconds); then they are given up.
GRACE = 5.0
# How often time-outs are looked for, values folded, and the loop's own delay is measured, in seconds.
_WATCH = 0.1


class ScenarioLoad:
    """What the users of a scenario share. `measured_from` is in ns of the performance counter."""

    def __init__(self, scenario: Scenario, plan: Plan, connector: Connector, measures: Measures) -> None:
        self.name = scenario.name
        self.loop = asyncio.get_running_loop()
        self.connector = connector
        self.measures = measures
        self.think_time = scenario.think_time
        self.request_timeout = plan.request_timeout
        self.max_redirects = plan.max_redirects
        self.measured_from = 0
        self.stopping = False
        self.users: list[VirtualUser] = []
        self.present = 0
        self.running = 0
        self.empty = asyncio.Event()

    def leave(self, user: VirtualUser) -> None:
        """A user has come to its end."""
        user.client.disconnect()
        self.present -= 1
        if not self.present:
            self.empty.set()


class SegmentLoad:
    """Executes a segment of a plan and hands every Tick to `report`. Make it inside the running event loop."""

    def __init__(self, plan: Plan, segment: Segment, report: Callable[[Tick], None]) -> None:
        self._plan = plan
        self._report = report
        self._measures = Measures()
        self._stop = asyncio.Event()
        self._grace = 0.0
        self._error: Exception | None = None
        self._lag_us = 0
        self._cpu_ns = 0
        tests = prepare_plan(plan, self._measures)
        connector = Connector(Resolver(plan.targets), client_context(plan.verify_certificates))
        self._scenarios = []
        for scenario in plan.scenarios:
            load = ScenarioLoad(scenario, plan, connector, self._measures)
            for number in segment.users(scenario.users):
                load.users.append(VirtualUser(load, tests[scenario.name, browser_of(scenario, number).name]))
            self._scenarios.append(load)

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
        for load in self._scenarios:
            load.measured_from = measured_from
        await self._sleep_until(begin)
        if self._stop.is_set():
            return  # nothing has begun, so there is nothing to tell
        self._cpu_ns = process_time_ns()  # what the preparation took is not the load's
        loop = asyncio.get_running_loop()
        handler = loop.get_exception_handler()
        loop.set_exception_handler(self._note_fault)
        arriving, watching = self._begin(self._arrive()), self._begin(self._watch())
        try:
            await self._measure(begin, measured_from, end, arriving)
        finally:
            arriving.cancel()
            watching.cancel()
            loop.set_exception_handler(handler)
        if self._error is not None:
            raise self._error

    async def _measure(self, begin: int, measured_from: int, end: int, arriving: asyncio.Task[None]) -> None:
        second = math.floor((begin - measured_from) / SECOND)
        while not self._stop.is_set() and (over := measured_from + (second + 1) * SECOND) < end:
            await self._sleep_until(over)
            if not self._stop.is_set():
                self._emit(second, over - measured_from, self._load())
                second += 1
        await self._sleep_until(end)
        arriving.cancel()
        await self._finish(second, measured_from, end)

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

    async def _arrive(self) -> None:
        for load in self._scenarios:
            for number, user in enumerate(load.users):
                load.present += 1
                user.begin()
                if number % 200 == 199:
                    await asyncio.sleep(0)  # let those who are here be served

    async def _finish(self, second: int, measured_from: int, end: int) -> None:
        """The last Tick: what was under way when the load ended still belongs to it, so it ends when that has ended."""
        load = self._load()
        stopped = self._stop.is_set()
        for scenario in self._scenarios:
            scenario.stopping = True
            for user in scenario.users[: scenario.present]:
                user.stop()
        await self._drain()
        over = perf_counter_ns() if stopped else max(end, perf_counter_ns())
        for scenario in self._scenarios:
            for user in scenario.users:
                self._measures.abandoned += user.client.give_up()
        self._emit(second, over - measured_from, load)

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
        for scenario in self._scenarios:
            if scenario.present:
                await scenario.empty.wait()

    async def _sleep_until(self, instant: int) -> None:
        """Returns at that instant, not before, or when the load is stopped."""
        # uvloop's timers count in whole milliseconds and may be early; a request sent early would not be measured.
        while (left := (instant - perf_counter_ns()) / SECOND) > 0 and not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._stop.wait()

    async def _watch(self) -> None:
        timeout = int(self._plan.request_timeout * SECOND)
        while True:
            asleep = perf_counter_ns()
            await asyncio.sleep(_WATCH)
            now = perf_counter_ns()
            self._lag_us = max(self._lag_us, (now - asleep) // 1000 - int(_WATCH * 1_000_000))
            self._measures.fold()
            for load in self._scenarios:
                for user in load.users:
                    user.client.check_timeouts(now, timeout)

    def _load(self) -> dict[str, Load]:
        return {load.name: Load(load.present, load.running) for load in self._scenarios}

    def _emit(self, second: int, elapsed_ns: int, load: dict[str, Load]) -> None:
        cpu = process_time_ns()
        elapsed = elapsed_ns / SECOND
        # The end of the warm-up is noticed a moment late; what was measured in that moment belongs to the next second.
        tick = self._measures.take(second, elapsed) if second >= 0 else Tick(second, elapsed)
        tick.load = load
        tick.health = Health(self._lag_us, (cpu - self._cpu_ns) // 1000, 1)
        self._lag_us = 0
        self._cpu_ns = cpu
        self._report(tick)
