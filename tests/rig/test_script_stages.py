"""Where scripts stand in the life of a run, with agents that do what a test tells them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from headrace.rig.conductor import Conductor
from headrace.rig.pool import Ended, Lost, ScriptEnded, ScriptLines, ScriptNews, Second
from headrace.runs.model import Severity, Source, State, Substate
from headrace.store.database import open_database
from tests.rig.test_performance import ADA, ONE, TWO, Desk, Script, tick, until

pytestmark = pytest.mark.anyio

PLAN = """\
name: Shop
duration: 2
tests:
- name: Buy
  steps: [{step: request, url: 'http://site.test/'}]
scenarios:
- name: Scenario1
  mix: [{test: Buy}]
  load: {shape: constant, users: 1}
files: [{name: in.sh}, {name: out.sh}]
"""
BOTH = PLAN + "setup: {command: in.sh --password secret}\ncleanup: {command: out.sh}\n"
SETUP, CLEANUP = "in.sh --password secret", "out.sh"
LOAD = (Second(ONE, tick(0)), Second(ONE, tick(1)), Ended(ONE))


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'headrace.db'}")


async def test_they_run_before_the_engines_and_after_the_load(store: Engine) -> None:
    desk = Desk(store, Script(*LOAD), plan=BOTH)
    life = (await desk.play()).life
    assert (life.state, life.substate) == (State.COMPLETED, Substate.SUCCESS)
    assert desk.pool.steps == ["equip", SETUP, "prepare", "start", CLEANUP, "release"]
    assert life.execution_started_at is not None
    assert life.execution_finished_at is not None
    assert (life.execution_finished_at - life.execution_started_at).total_seconds() == pytest.approx(2)
    assert desk.requests == 2


@pytest.mark.parametrize(
    ("stage", "expected"), [("setup", [SETUP, "prepare", "start"]), ("cleanup", ["prepare", "start", CLEANUP])]
)
async def test_one_of_them_is_enough(stage: str, expected: list[str], store: Engine) -> None:
    plan = PLAN + next(line for line in BOTH.splitlines() if line.startswith(stage))
    desk = Desk(store, Script(*LOAD), plan=plan)
    assert (await desk.play()).life.substate is Substate.SUCCESS
    assert desk.pool.steps == ["equip", *expected, "release"]


async def test_what_they_write_becomes_messages_of_their_agent(store: Engine) -> None:
    scripts: dict[str, tuple[ScriptNews | str, ...]] = {
        SETUP: (
            ScriptLines(TWO, ("in", "and on"), False),
            ScriptLines(ONE, ("oops",), True),
            ScriptEnded(TWO, ""),
            ScriptEnded(ONE, ""),
        ),
        CLEANUP: (ScriptLines(ONE, ("out",), False), ScriptEnded(ONE, ""), ScriptEnded(TWO, "")),
    }
    desk = Desk(store, Script(*LOAD, Ended(TWO), agents=(ONE, TWO), scripts=scripts), plan=BOTH)
    await desk.play()
    messages = [
        (message.severity, message.source, message.agent, message.text)
        for message in desk.runs.messages(desk.run.id)
        if message.source in (Source.SETUP_SCRIPT, Source.CLEANUP_SCRIPT)
    ]
    assert messages == [
        (Severity.OUTPUT, Source.SETUP_SCRIPT, "two", "in"),
        (Severity.OUTPUT, Source.SETUP_SCRIPT, "two", "and on"),
        (Severity.ERROR, Source.SETUP_SCRIPT, "one", "oops"),
        (Severity.INFO, Source.SETUP_SCRIPT, "two", "The setup script 'in.sh' has succeeded."),
        (Severity.INFO, Source.SETUP_SCRIPT, "one", "The setup script 'in.sh' has succeeded."),
        (Severity.OUTPUT, Source.CLEANUP_SCRIPT, "one", "out"),
        (Severity.INFO, Source.CLEANUP_SCRIPT, "one", "The cleanup script 'out.sh' has succeeded."),
        (Severity.INFO, Source.CLEANUP_SCRIPT, "two", "The cleanup script 'out.sh' has succeeded."),
    ]


async def test_a_setup_that_fails_on_one_agent_aborts_the_run_before_any_load_and_is_cleaned_up(store: Engine) -> None:
    failed = ScriptEnded(TWO, "ended with exit status 3", ("no such table", "giving up"))
    pool = Script(*LOAD, agents=(ONE, TWO), scripts={SETUP: (ScriptEnded(ONE, ""), failed)})
    desk = Desk(store, pool, plan=BOTH)
    life = (await desk.play()).life
    assert (life.state, life.execution_started_at, life.execution_finished_at) == (State.ABORTED, None, None)
    assert life.abort is not None
    assert (life.abort.source, life.abort.cause) == (
        "SetupScript",
        "The setup script 'in.sh' failed on agent 'two': it ended with exit status 3. "
        "The last it wrote: no such table | giving up",
    )
    assert "put it right, and run the test again" in life.abort.action
    assert pool.steps == ["equip", SETUP, CLEANUP, "release"]
    assert "secret" not in desk.said


async def test_agents_that_cannot_run_a_script_are_told_before_any_is_tried(store: Engine) -> None:
    desk = Desk(store, Script(*LOAD, fails="equip"), plan=BOTH)
    life = (await desk.play()).life
    assert life.state is State.ABORTED
    assert life.abort is not None
    assert "'pwsh' is not installed on the agent" in life.abort.cause
    assert desk.pool.steps == ["equip", "release"]


async def test_a_cleanup_that_fails_makes_the_success_partial_and_costs_no_result(store: Engine) -> None:
    desk = Desk(store, Script(*LOAD, scripts={CLEANUP: (ScriptEnded(ONE, "was killed by signal 9"),)}), plan=BOTH)
    life = (await desk.play()).life
    assert (life.state, life.substate, life.abort) == (State.COMPLETED, Substate.PARTIAL_SUCCESS, None)
    assert desk.requests == 2
    (warning,) = [each for each in desk.runs.messages(desk.run.id) if each.severity is Severity.WARNING]
    assert warning.source is Source.CLEANUP_SCRIPT
    assert warning.text == "The cleanup script 'out.sh' failed on agent 'one': it was killed by signal 9. It wrote nothing."


@pytest.mark.parametrize("fails", ["prepare", "bug"])
async def test_whatever_keeps_the_load_from_beginning_what_was_set_up_is_cleaned_up(fails: str, store: Engine) -> None:
    desk = Desk(store, Script(*LOAD, fails=fails), plan=BOTH)
    life = (await desk.play()).life
    assert life.state is (State.ABORTED if fails == "prepare" else State.ERROR)
    assert desk.pool.steps[-2:] == [CLEANUP, "release"]


async def test_after_the_loss_of_all_engines_it_is_cleaned_up_and_the_reason_stays(store: Engine) -> None:
    frames = (Second(ONE, tick(0)), Lost(ONE, "engine 1 of 1", "was killed by signal 9", 1.0), Ended(ONE))
    desk = Desk(store, Script(*frames), plan=BOTH)
    life = (await desk.play()).life
    assert life.state is State.ABORTED
    assert life.abort is not None
    assert life.abort.source == "Agent"
    assert desk.pool.steps[-2:] == [CLEANUP, "release"]
    assert desk.requests == 1


async def stop_when(desk: Desk, condition: Callable[[], bool]) -> State:
    async def stop(conductor: Conductor) -> None:
        await until(condition)
        await asyncio.to_thread(desk.stop)
        conductor.ring()

    life = (await desk.play(stop)).life
    assert (life.stopped_by, life.abort) == (ADA, None)
    return life.state


async def test_a_stop_during_the_setup_ends_the_run_without_load_but_not_without_cleanup(store: Engine) -> None:
    pool = Script(*LOAD, scripts={SETUP: ("until the stop", ScriptEnded(ONE, "has no exit status: it was stopped"))})
    desk = Desk(store, pool, plan=BOTH)
    assert await stop_when(desk, lambda: SETUP in pool.steps) is State.ABORTED
    assert pool.steps == ["equip", SETUP, CLEANUP, "release"]


async def test_a_stop_during_the_load_is_followed_by_the_cleanup_and_keeps_what_was_measured(store: Engine) -> None:
    pool = Script(Second(ONE, tick(0)), "until the stop", Ended(ONE))
    desk = Desk(store, pool, plan=BOTH)
    assert await stop_when(desk, lambda: desk.results.history(desk.run.id) != []) is State.ABORTED
    assert pool.steps[-2:] == [CLEANUP, "release"]
    assert desk.requests == 1


async def test_a_stop_during_the_cleanup_ends_it(store: Engine) -> None:
    pool = Script(*LOAD, scripts={CLEANUP: ("until the stop", ScriptEnded(ONE, "has no exit status: it was stopped"))})
    desk = Desk(store, pool, plan=BOTH)
    assert await stop_when(desk, lambda: CLEANUP in pool.steps) is State.ABORTED
    assert desk.requests == 2


async def test_the_state_tells_which_script_runs(store: Engine) -> None:
    waiting = {SETUP: ("wait",), CLEANUP: ("wait",)}
    for stage, substate in ((SETUP, Substate.SETUP_SCRIPT), (CLEANUP, Substate.CLEANUP_SCRIPT)):
        desk = Desk(store, Script(*LOAD, scripts={stage: waiting[stage]}), plan=BOTH)

        def reached(desk: Desk = desk, substate: Substate = substate) -> bool:
            return desk.current().life.substate is substate

        assert await stop_when(desk, reached) is State.ABORTED
