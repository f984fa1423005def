"""The embedded agent with real engine processes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic, time

import pytest
from msgspec.structs import replace

from headrace.plan.conditions import Compare, Operator
from headrace.plan.model import Plan
from headrace.plan.requests import Request
from headrace.plan.scripts import AttachedFile, Script
from headrace.plan.steps import Ending, If, Stop, Think
from headrace.rig.embedded import EmbeddedPool, EmbeddedReservation
from headrace.rig.pool import AgentError, Ended, Frame, Lost, ScriptEnded, ScriptLines, Second
from headrace.ticks.machine import Machine
from headrace.ticks.tick import Tick
from tests.engine.running import ONCE, Outcome, plan, until
from tests.engine.target import Target, send
from tests.rig.test_engine_process import runs

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def reserved(plan: Plan, cores: int = 2) -> AsyncIterator[EmbeddedReservation]:
    """A reservation with its engines ready."""
    reservation = await EmbeddedPool(cores).reserve("run", 1)
    assert isinstance(reservation, EmbeddedReservation)
    try:
        await reservation.prepare(plan)
        yield reservation
    finally:
        pids = pids_of(reservation)
        await reservation.release()
        assert not any(map(runs, pids))


def pids_of(reservation: EmbeddedReservation) -> list[int]:
    return [engine._process.pid for engine in reservation._engines]


async def frames_of(reservation: EmbeddedReservation) -> list[Frame]:
    return [frame async for frame in reservation.frames()]


def outcome_of(frames: list[Frame]) -> Outcome:
    return Outcome([frame.tick for frame in frames if isinstance(frame, Second)])


def seconds(ticks: list[Tick]) -> list[int]:
    return [tick.second for tick in ticks]


async def test_the_engines_of_an_agent_add_up_to_the_plan() -> None:
    async with Target() as target, reserved(plan(target.url(), users=5, warm_up=0.5, duration=1.2), cores=3) as reservation:
        await reservation.start(time() + 0.05)
        frames = await frames_of(reservation)
    outcome = outcome_of(frames)
    assert frames[-1] == Ended(reservation.agents[0])
    assert len(frames) == 4
    assert seconds(outcome.ticks) == [-1, 0, 1]
    assert [tick.load["Scenario"].users for tick in outcome.ticks] == [5, 5, 5]
    assert [tick.health.processes for tick in outcome.ticks] == [3, 3, 3]
    assert target.connections == 5
    assert 0 < outcome.requests.total < len(target.seen)  # the others were made in the warm-up


async def test_every_second_of_an_agent_tells_of_its_machine() -> None:
    async with Target() as target, reserved(plan(target.url(), users=2, duration=2.2)) as reservation:
        await reservation.start(time())
        machines = [frame.machine for frame in await frames_of(reservation) if isinstance(frame, Second)]
    assert len(machines) == 3
    for machine in machines:
        assert machine is not None
        assert machine.memory.available > 0
    whole = Machine()
    for machine in machines:
        whole.add_later(machine or Machine())
    total = whole.processors["_Total"]
    assert 2.0 < total.total_us / 1e6 / (len(whole.processors) - 1) < 10.0
    assert total.idle_us < total.total_us


async def test_there_are_no_more_engines_than_users() -> None:
    async with Target() as target, reserved(plan(target.url(), users=2, duration=0.3, think_time=ONCE), 8) as reservation:
        assert len(pids_of(reservation)) == 2
        await reservation.start(time())
        assert outcome_of(await frames_of(reservation)).requests.total == len(target.seen) == 2


async def test_a_killed_engine_is_lost_with_its_share_and_the_others_go_on() -> None:
    async with Target() as target, reserved(plan(target.url(), users=4, duration=2.0, think_time=0.05)) as reservation:
        await reservation.start(time())
        frames: list[Frame] = []
        async for frame in reservation.frames():
            frames.append(frame)
            if len(frames) == 1:
                os.kill(pids_of(reservation)[0], signal.SIGKILL)
    (lost,) = [frame for frame in frames if isinstance(frame, Lost)]
    assert (lost.agent, lost.part, lost.reason) == (reservation.agents[0], "engine 1 of 2", "was killed by signal 9")
    assert lost.share == 0.5
    assert frames[-1] == Ended(reservation.agents[0])
    outcome = outcome_of(frames)
    assert seconds(outcome.ticks) == [0, 1]
    assert [tick.load["Scenario"].users for tick in outcome.ticks] == [4, 2]
    assert 0 < outcome.requests.total <= len(target.seen)


async def test_when_all_engines_are_killed_the_frames_end() -> None:
    async with Target() as target, reserved(plan(target.url(), users=2, duration=600.0)) as reservation:
        await reservation.start(time())
        await until(lambda: target.seen)
        for pid in pids_of(reservation):
            os.kill(pid, signal.SIGKILL)
        frames = await asyncio.wait_for(frames_of(reservation), 5.0)
    assert sum(frame.share for frame in frames if isinstance(frame, Lost)) == 1.0
    assert frames[-1] == Ended(reservation.agents[0])


async def test_a_stop_ends_the_frames_soon_whatever_the_target_does() -> None:
    async with Target({"/": send(then="silence")}) as target:
        async with reserved(plan(target.url(), users=6, duration=600.0)) as reservation:
            await reservation.start(time())
            await until(lambda: len(target.seen) == 6)
            begun = monotonic()
            await reservation.stop(0.5)
            frames = await frames_of(reservation)
            assert monotonic() - begun < 4.0
        assert monotonic() - begun < 4.0  # released as well
    assert outcome_of(frames).requests.failed == 6
    assert frames[-1] == Ended(reservation.agents[0])


async def test_a_stop_before_the_start_ends_the_frames_at_once() -> None:
    async with reserved(plan("http://127.0.0.1:1/", users=2, duration=600.0)) as reservation:
        await reservation.stop(0.5)
        await reservation.start(time())
        assert await asyncio.wait_for(frames_of(reservation), 5.0) == [Ended(reservation.agents[0])]


async def test_a_stop_while_the_start_is_awaited_ends_the_frames_at_once() -> None:
    async with reserved(plan("http://127.0.0.1:1/", users=2, duration=600.0)) as reservation:
        await reservation.start(time() + 600.0)
        await reservation.stop(0.5)
        assert await asyncio.wait_for(frames_of(reservation), 5.0) == [Ended(reservation.agents[0])]


async def test_two_reservations_run_at_once_and_apart() -> None:
    async with Target() as target:
        plans = [plan(target.url(f"/{number}"), users=2, duration=0.7) for number in range(2)]
        async with reserved(plans[0]) as first, reserved(plans[1]) as second:
            begun = time() + 0.05
            await asyncio.gather(first.start(begun), second.start(begun))
            outcomes = map(outcome_of, await asyncio.gather(frames_of(first), frames_of(second)))
        for number, outcome in enumerate(outcomes):
            assert outcome.by_name == {target.url(f"/{number}"): target.count(f"/{number}")}


async def test_releasing_in_the_middle_of_a_load_leaves_nothing_behind() -> None:
    async with Target({"/": send(then="silence")}) as target:
        async with reserved(plan(target.url(), users=4, duration=600.0)) as reservation:
            await reservation.start(time())
            listening = asyncio.create_task(frames_of(reservation))
            await until(lambda: len(target.seen) == 4)
        await until(lambda: target.open == 0)
        frames = await asyncio.wait_for(listening, 2.0)
        assert frames[-1] == Ended(reservation.agents[0])


def readers() -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if "EmbeddedReservation._read" in repr(task)]


async def test_nobody_listening_any_more_leaves_no_reader_behind() -> None:
    async with Target() as target, reserved(plan(target.url(), users=2, duration=600.0)) as reservation:
        await reservation.start(time())
        frames = reservation.frames()
        assert isinstance(await anext(frames), Second)
        assert readers()
        await frames.aclose()  # type: ignore[attr-defined]
        await until(lambda: not readers())


async def test_an_engine_that_cannot_be_prepared_is_an_error_and_leaves_nothing_behind() -> None:
    with pytest.raises(AgentError, match="the plan cannot be executed"):
        async with reserved(plan("ftp://x/", users=3), 3):
            pass


async def test_the_pool_is_this_machine() -> None:
    (agent,) = await EmbeddedPool().list()
    assert agent.cores == len(os.sched_getaffinity(0))
    assert agent.name
    with pytest.raises(AgentError, match="2 agents were asked for, but this service has one"):
        await EmbeddedPool().reserve("run", 2)


async def test_a_step_that_ends_the_test_ends_it_in_all_engines() -> None:
    async with Target() as target:
        only_the_first = If(Compare("{{$user}}", Operator.EQUAL, "1"), (Stop(Ending.TEST),))
        steps = (Request(target.url()), only_the_first, Think(600.0))
        async with reserved(plan(*steps, users=4, duration=600.0), cores=2) as reservation:
            await reservation.start(time())
            frames = await asyncio.wait_for(frames_of(reservation), 20.0)
    assert 1 <= len(target.seen) <= 4  # the first answer may come before the other engine has begun
    assert frames[-1] == Ended(reservation.agents[0])
    assert not any(isinstance(frame, Lost) for frame in frames)


WITH_SCRIPTS = replace(
    plan("http://127.0.0.1:1/", users=1, duration=0.2),
    setup=Script("in.sh"),
    cleanup=Script("tools/out.py"),
    files=(
        AttachedFile("in.sh", b"echo in; cat tools/word.txt; echo kept > kept.txt; sleep 600 &"),
        AttachedFile("tools/out.py", b"print(open('kept.txt').read())"),
        AttachedFile("tools/word.txt", b"word"),
    ),
)


async def news_of(reservation: EmbeddedReservation, script: Script | None) -> tuple[list[str], ScriptEnded]:
    assert script is not None
    *lines, ended = [news async for news in reservation.run_script(script)]
    assert isinstance(ended, ScriptEnded)
    assert ended.agent == reservation.agents[0]
    return [line for news in lines if isinstance(news, ScriptLines) for line in news.lines], ended


async def equipped(plan: Plan, scripts: str = "as-service") -> EmbeddedReservation:
    reservation = await EmbeddedPool(1, scripts).reserve("run", 1)
    assert isinstance(reservation, EmbeddedReservation)
    try:
        await reservation.equip(plan)
    except BaseException:
        await reservation.release()
        raise
    return reservation


async def test_scripts_run_in_one_folder_before_and_after_the_engines() -> None:
    reservation = await equipped(WITH_SCRIPTS)
    try:
        lines, ended = await news_of(reservation, WITH_SCRIPTS.setup)
        assert (lines, ended.failure) == (["in", "word"], "")
        await reservation.prepare(WITH_SCRIPTS)
        await reservation.start(time())
        assert (await frames_of(reservation))[-1] == Ended(reservation.agents[0])
        assert (await news_of(reservation, WITH_SCRIPTS.cleanup))[0] == ["kept"]
    finally:
        await reservation.release()


async def test_a_failure_says_how_the_script_ended_and_what_it_wrote_last() -> None:
    plan = replace(WITH_SCRIPTS, files=(AttachedFile("in.sh", b"echo no >&2; kill -KILL $$"),), cleanup=None)
    reservation = await equipped(plan)
    try:
        _, ended = await news_of(reservation, plan.setup)
        assert (ended.failure, ended.last) == ("was killed by signal 9", ("no",))
    finally:
        await reservation.release()


async def test_a_stop_kills_the_script_under_way_and_none_that_is_run_later() -> None:
    plan = replace(WITH_SCRIPTS, files=(AttachedFile("in.sh", b"sleep 600"), AttachedFile("tools/out.py", b"print('out')")))
    reservation = await equipped(plan)
    try:
        setting_up = asyncio.create_task(news_of(reservation, plan.setup))
        await until(lambda: reservation._scripts._now is not None)
        await reservation.stop(0.5)
        assert (await asyncio.wait_for(setting_up, 5))[1].failure == "has no exit status: it was stopped"
        assert (await news_of(reservation, plan.cleanup))[0] == ["out"]
    finally:
        await reservation.release()


async def test_an_agent_that_must_not_run_scripts_runs_none() -> None:
    with pytest.raises(AgentError, match="scripts are not allowed on this agent"):
        await equipped(WITH_SCRIPTS, "off")


async def test_a_script_for_which_the_agent_has_no_interpreter_is_told_before_any_runs() -> None:
    files = (*WITH_SCRIPTS.files, AttachedFile("out.rb", b"#!/opt/none/ruby"))
    with pytest.raises(AgentError, match=r"'out\.rb' needs '/opt/none/ruby', which is not installed on the agent"):
        await equipped(replace(WITH_SCRIPTS, files=files, cleanup=Script("out.rb")))
