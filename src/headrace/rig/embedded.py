"""The embedded agent: this machine, one engine process a core, supervised by the service itself."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from time import time

from msgspec.structs import replace

from headrace.plan.model import Plan
from headrace.plan.scripts import Script
from headrace.plan.segment import Segment
from headrace.rig.agent_scripts import AgentScripts, failure_of
from headrace.rig.alignment import Alignment
from headrace.rig.engine_process import EngineProcess
from headrace.rig.machine_meter import MachineMeter
from headrace.rig.pool import (
    Agent,
    AgentError,
    Ended,
    Frame,
    Lost,
    Reservation,
    ScriptEnded,
    ScriptLines,
    ScriptNews,
    Second,
)
from headrace.rig.script_runner import Wrote
from headrace.settings import OFF
from headrace.ticks.frames import Done, EndTest, Measured

# Seconds of frames of all engines that may wait for a slow service before the engines have to wait.
_MOST_WAITING = 600
# Seconds that requests under way may take when a step of the test ends the whole load.
_END_GRACE = 0.5


class EmbeddedPool:
    """A pool of one agent, which several runs may share. `scripts` is the setting of that name."""

    def __init__(self, cores: int | None = None, scripts: str = OFF) -> None:
        available = len(os.sched_getaffinity(0))
        self._agent = Agent("embedded", socket.gethostname() or "localhost", cores or available)
        self._scripts = scripts

    async def list(self) -> list[Agent]:
        return [self._agent]

    async def reserve(self, run_id: str, agents: int) -> Reservation:
        if agents > 1:
            raise AgentError(f"{agents} agents were asked for, but this service has one: the machine it runs on")
        return EmbeddedReservation(self._agent, run_id, self._scripts)


class EmbeddedReservation:
    """The engine processes of one run on this machine, and its scripts."""

    def __init__(self, agent: Agent, run_id: str, scripts: str) -> None:
        self.agents = (agent,)
        self._agent = agent
        self._scripts = AgentScripts(run_id, scripts)
        self._engines: list[EngineProcess] = []
        self._start_at = 0.0

    async def equip(self, plan: Plan) -> None:
        await self._scripts.equip(plan)

    async def run_script(self, script: Script) -> AsyncIterator[ScriptNews]:
        async for news in self._scripts.run(script):
            if isinstance(news, Wrote):
                yield ScriptLines(self._agent, news.lines, news.error)
            else:
                yield ScriptEnded(self._agent, failure_of(news, script), news.last)

    async def prepare(self, plan: Plan) -> None:
        plan = replace(plan, setup=None, cleanup=None, files=())  # the engines have no use for them
        count = max(1, min(self._agent.cores, plan.users))
        for number in range(count):
            self._engines.append(await EngineProcess.spawn(f"engine {number + 1} of {count}"))
        segments = Segment(0, 1).split(count)
        await asyncio.gather(
            *(engine.prepare(plan, segment, count) for engine, segment in zip(self._engines, segments, strict=True))
        )

    async def start(self, at: float) -> None:
        self._start_at = at
        for engine in self._engines:
            engine.start(at)

    async def frames(self) -> AsyncIterator[Frame]:
        alignment = Alignment(engine.name for engine in self._engines)
        meter = MachineMeter()
        waiting: asyncio.Queue[tuple[EngineProcess, Measured | EndTest | Done | AgentError]] = asyncio.Queue(_MOST_WAITING)
        readers = [asyncio.create_task(self._read(engine, waiting)) for engine in self._engines]
        try:
            while not alignment.ended:
                engine, news = await waiting.get()
                if isinstance(news, EndTest):
                    await self.stop(_END_GRACE)
                    continue
                if isinstance(news, Measured):
                    complete = alignment.add(engine.name, news.tick)
                else:
                    if isinstance(news, AgentError):
                        yield Lost(self._agent, engine.name, str(news), 1 / len(self._engines))
                    complete = alignment.end(engine.name)
                for tick in complete:
                    yield Second(self._agent, tick, meter.read())
            yield Ended(self._agent)
        finally:
            for reader in readers:
                reader.cancel()

    async def _read(
        self, engine: EngineProcess, waiting: asyncio.Queue[tuple[EngineProcess, Measured | EndTest | Done | AgentError]]
    ) -> None:
        while True:
            try:
                report = await engine.next(wait=max(0.0, self._start_at - time()))
            except AgentError as error:
                await waiting.put((engine, error))
                return
            if isinstance(report, Measured | EndTest | Done):
                await waiting.put((engine, report))
            if isinstance(report, Done):
                return

    async def stop(self, grace: float) -> None:
        self._scripts.stop()
        for engine in self._engines:
            engine.stop(grace)

    async def release(self) -> None:
        engines, self._engines = self._engines, []
        await asyncio.gather(*(engine.close() for engine in engines))
        await self._scripts.clear()
