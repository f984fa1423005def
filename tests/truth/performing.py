"""Running plans as a service does, in engine processes, against the server that knows what it did."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from time import time

import httpx2
import msgspec

from headrace.plan.load import Load
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.requests import Request
from headrace.plan.steps import Step
from headrace.rig.embedded import EmbeddedPool, EmbeddedReservation
from headrace.rig.pool import Second
from tests.engine.running import BROWSER, Outcome
from tests.truth.server import Record

# Other people's work on this machine falsifies a measurement to the tenth of a millisecond; one that holds is enough.
ATTEMPTS = 5


@dataclass
class Witness:
    """The server, and what it has to say."""

    url: str

    def record(self) -> Record:
        return msgspec.json.decode(httpx2.get(f"{self.url}/_record", timeout=30).content, type=Record)

    def forget(self) -> None:
        httpx2.get(f"{self.url}/_forget", timeout=30)


def give_priority(*pids: int) -> None:
    """Lets these processes run before all others, where the system permits it (to root): a test machine has other work, and
    what is measured here is the engine. They share the processors with one another as before."""
    for pid in pids:
        with contextlib.suppress(OSError, AttributeError):
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))


@contextmanager
def witnessing() -> Iterator[Witness]:
    """The server for the time of the block."""
    command = [sys.executable, "-m", "tests.truth.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        give_priority(process.pid)
        try:
            yield Witness(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.stdin.close()
            process.wait(10)


def scenario(name: str, load: Load, *steps: Step | str, **fields: object) -> tuple[Scenario, Test]:
    """A scenario and its only test."""
    test = Test(name, tuple(Request(step) if isinstance(step, str) else step for step in steps))
    return Scenario(name, (TestShare(name),), load, (BrowserShare(BROWSER, 1.0),), **fields), test  # type: ignore[arg-type]


def plan_of(*scenarios: tuple[Scenario, Test], duration: float, **fields: object) -> Plan:
    return Plan(
        "truth",
        tuple(test for _, test in scenarios),
        tuple(scenario for scenario, _ in scenarios),
        duration,
        **fields,  # type: ignore[arg-type]
    )


class Engines:
    """Engine processes that are ready to run a plan. `growth` is how many bytes more they had in memory while it ran than
    before, all together, at the most; measured once a second, while the last requests may be under way."""

    def __init__(self, reservation: EmbeddedReservation) -> None:
        self._reservation = reservation
        self.pids = [engine._process.pid for engine in reservation._engines]
        self._before = self._most_memory()
        self.growth = 0

    async def perform(self, at: float = 0.0) -> Outcome:
        """Runs the plan, from the instant `at` on (seconds since the epoch; 0: now)."""
        give_priority(*self.pids)
        await self._reservation.start(at or time())
        ticks = []
        async for frame in self._reservation.frames():
            if isinstance(frame, Second):
                ticks.append(frame.tick)
                self.growth = max(self.growth, self._most_memory() - self._before)
        return Outcome(ticks)

    async def stop(self, grace: float) -> None:
        await self._reservation.stop(grace)

    def _most_memory(self) -> int:
        return sum(map(_high_water, self.pids))


def _high_water(pid: int) -> int:
    """The most bytes that a process ever had in memory, 0 where it has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


@asynccontextmanager
async def engines_for(plan: Plan, cores: int = 1) -> AsyncIterator[Engines]:
    reservation = await EmbeddedPool(cores).reserve("run", 1)
    assert isinstance(reservation, EmbeddedReservation)
    try:
        await reservation.prepare(plan)
        yield Engines(reservation)
    finally:
        await reservation.release()


def perform(
    plan: Plan, cores: int = 1, at: float = 0.0, meanwhile: Callable[[Engines], Awaitable[object]] | None = None
) -> Outcome:
    """Runs a plan to its end."""

    async def run() -> Outcome:
        async with engines_for(plan, cores) as engines:
            if meanwhile is None:
                return await engines.perform(at)
            outcome, _ = await asyncio.gather(engines.perform(at), meanwhile(engines))
            return outcome

    return asyncio.run(run())


def percentile(values: list[float], percent: float) -> float:
    """The nearest rank, as in `ticks/histogram.py`."""
    return sorted(values)[max(1, ceil(percent * len(values) / 100)) - 1]
