"""An engine process as its agent sees it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic, time

import pytest

from headrace.plan.data import DataSource
from headrace.plan.segment import Segment
from headrace.plan.steps import TakeRow
from headrace.rig import engine_process
from headrace.rig.engine_process import EngineProcess
from headrace.rig.pool import AgentError
from headrace.ticks.frames import Done, Measured, Report
from tests.engine.running import ONCE, plan, until
from tests.engine.target import Target, send

pytestmark = pytest.mark.anyio

WHOLE = Segment(0, 1)


@asynccontextmanager
async def an_engine() -> AsyncIterator[EngineProcess]:
    engine = await EngineProcess.spawn("engine 1 of 1")
    try:
        yield engine
    finally:
        await engine.close()


def pid_of(engine: EngineProcess) -> int:
    return engine._process.pid


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def rest(engine: EngineProcess) -> list[Report]:
    reports = [await engine.next()]
    while not isinstance(reports[-1], Done):
        reports.append(await engine.next())
    return reports


async def test_an_engine_is_prepared_started_and_heard_to_its_end() -> None:
    async with Target() as target, an_engine() as engine:
        await engine.prepare(plan(target.url(), users=2, duration=1.5), WHOLE)
        engine.start(time())
        reports = await rest(engine)
        assert [type(report) for report in reports] == [Measured, Measured, Done]
        measured = [report.tick for report in reports if isinstance(report, Measured)]
        assert sum(stats.total for tick in measured for stats in tick.requests.values()) == len(target.seen)


async def test_closing_leaves_no_process_and_no_load_at_any_point() -> None:
    async with Target({"/": send(then="silence")}) as target:
        new, ready, running, frozen = [await EngineProcess.spawn(f"engine {number}") for number in range(4)]
        pids = [pid_of(engine) for engine in (new, ready, running, frozen)]
        for engine in (ready, running, frozen):
            await engine.prepare(plan(target.url(), users=3, duration=600.0), WHOLE)
        for engine in (running, frozen):
            engine.start(time())
        await until(lambda: len(target.seen) == 6)
        os.kill(pid_of(frozen), signal.SIGSTOP)
        begun = monotonic()
        await asyncio.gather(*(engine.close() for engine in (new, ready, running, frozen)))
        assert monotonic() - begun < 6.0
        assert not any(map(runs, pids))
        await until(lambda: target.open == 0)


async def test_closing_twice_is_no_matter() -> None:
    engine = await EngineProcess.spawn("engine")
    await engine.close()
    await engine.close()


async def test_a_plan_that_cannot_be_executed_is_an_error_with_the_reason() -> None:
    async with an_engine() as engine:
        with pytest.raises(AgentError, match=r"the plan cannot be executed: .* is neither an http"):
            await engine.prepare(plan("ftp://x/"), WHOLE)


async def test_an_engine_that_dies_before_it_is_ready_is_an_error() -> None:
    async with an_engine() as engine:
        os.kill(pid_of(engine), signal.SIGKILL)
        with pytest.raises(AgentError, match="engine 1 of 1 was killed by signal 9"):
            await engine.prepare(plan("http://x/"), WHOLE)


async def test_an_engine_that_is_killed_is_lost() -> None:
    async with Target() as target, an_engine() as engine:
        await engine.prepare(plan(target.url(), duration=600.0), WHOLE)
        engine.start(time())
        await until(lambda: target.seen)
        os.kill(pid_of(engine), signal.SIGKILL)
        with pytest.raises(AgentError, match=r"^was killed by signal 9$"):
            await rest(engine)


async def test_an_engine_that_fails_says_why() -> None:
    async with an_engine() as engine:
        ragged = DataSource("rows", ("one", "two"), (("only one",),))  # which no reader makes
        await engine.prepare(plan(TakeRow("rows"), duration=600.0, data=(ragged,)), WHOLE)
        engine.start(time())
        with pytest.raises(AgentError, match=r"^ended by itself with exit code 1: ValueError: "):
            await rest(engine)


async def test_an_engine_that_is_silent_is_lost_and_cannot_go_on_unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_process, "_SILENCE", 1.2)
    async with Target() as target, an_engine() as engine:
        await engine.prepare(plan(target.url(), duration=600.0), WHOLE)
        engine.start(time())
        await until(lambda: target.seen)
        os.kill(pid_of(engine), signal.SIGSTOP)
        with pytest.raises(AgentError, match=r"^has not reported for 1\.2 s$"):
            await rest(engine)
        await until(lambda: target.open == 0)  # its connections are gone with it


async def test_an_engine_that_has_long_to_wait_for_its_start_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_process, "_SILENCE", 0.6)
    async with Target() as target, an_engine() as engine:
        await engine.prepare(plan(target.url(), duration=0.2, think_time=ONCE), WHOLE)
        engine.start(time() + 1.0)
        assert isinstance(await engine.next(wait=1.0), Measured)


async def test_an_engine_knows_no_secret_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_ADMIN_TOKEN", "hr_the_token")
    async with an_engine() as engine:
        await engine.prepare(plan("http://x/"), WHOLE)
        with open(f"/proc/{pid_of(engine)}/environ", "rb") as environment:  # noqa: ASYNC230 - a file in memory
            assert b"hr_the_token" not in environment.read()


async def test_an_engine_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(AgentError, match="engine 7 could not be started: No such file or directory"):
        await EngineProcess.spawn("engine 7")
