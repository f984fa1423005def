"""A run, from queued to its end, with agents that do what a test tells them: what can go wrong is not left to chance."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from headrace.plan.browsers import DEFAULT
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.requests import Request
from headrace.plan.scripts import Script as PlanScript
from headrace.plan.thresholds import CounterName, Threshold
from headrace.plan.writers.plan_yaml import write_plan
from headrace.results.reader import Results
from headrace.results.recorder import Recorder
from headrace.rig.conductor import Conductor
from headrace.rig.performance import RigContext
from headrace.rig.pool import (
    Agent,
    AgentError,
    Ended,
    Frame,
    Lost,
    Reservation,
    ScriptEnded,
    ScriptNews,
    Second,
)
from headrace.runs.definition import definition_of, details_of
from headrace.runs.drops import Drops
from headrace.runs.model import DropKind, Identity, Life, Run, RunDetails, State, Substate
from headrace.runs.operations import abort_run, queue_run
from headrace.runs.store import NewRun, Runs
from headrace.settings import Settings
from headrace.store.database import open_database, writing
from headrace.store.schema import ticks
from headrace.ticks.histogram import Histogram
from headrace.ticks.machine import Machine, Processor
from headrace.ticks.tick import Load, Name, RequestStats, Tick
from tests.rig.kept_files import KeptFiles

pytestmark = pytest.mark.anyio

ADA = Identity("1", "Ada")
ONE, TWO = Agent("1", "one", 2), Agent("2", "two", 2)


def now() -> datetime:
    return datetime.now(UTC)


def tick(second: int, requests: int = 1, abandoned: int = 0, elapsed: float | None = None) -> Tick:
    times = Histogram()
    times.record(1000, requests)
    stats = RequestStats(passed=requests, response=times, service=times)
    made = Tick(second, second + 1.0 if elapsed is None else elapsed, load={"Scenario1": Load(1, 1)}, abandoned=abandoned)
    if second >= 0:
        made.requests[Name("Scenario1", "t", "http://site.test/")] = stats
    return made


class Script:
    """A pool whose reservation yields these frames; a pause waits until the user's stop has reached it.

    `scripts`: what the scripts of a plan do, by their command; those that are missing succeed without a word. `steps` are
    what was asked for, in order.
    """

    def __init__(
        self,
        *frames: Frame | str,
        agents: tuple[Agent, ...] = (ONE,),
        fails: str = "",
        scripts: Mapping[str, Sequence[ScriptNews | str]] | None = None,
    ) -> None:
        self._frames = frames
        self._scripts = scripts or {}
        self.steps: list[str] = []
        self._fails = fails
        self._stopped = asyncio.Event()
        self.agents = agents
        self.plan: Plan | None = None
        self.started_at = 0.0
        self.released = False
        self.preparing = asyncio.Event()

    async def list(self) -> "list[Agent]":
        return [*self.agents]

    async def reserve(self, run_id: str, agents: int) -> Reservation:
        if self._fails == "reserve":
            raise AgentError("all agents are busy")
        return self

    async def equip(self, plan: Plan) -> None:
        self.steps.append("equip")
        if self._fails == "equip":
            raise AgentError("'pwsh' is not installed on the agent")

    async def run_script(self, script: PlanScript) -> AsyncIterator[ScriptNews]:
        self.steps.append(script.command)
        for news in self._scripts.get(script.command, tuple(ScriptEnded(agent, "") for agent in self.agents)):
            if isinstance(news, str):
                await self._stopped.wait()
            else:
                yield news

    async def prepare(self, plan: Plan) -> None:
        self.steps.append("prepare")
        self.plan = plan
        self.preparing.set()
        if self._fails == "prepare":
            raise AgentError("the disk is full")
        if self._fails == "slow":
            await self._stopped.wait()

    async def start(self, at: float) -> None:
        self.steps.append("start")
        self.started_at = at
        if self._fails == "bug":
            raise ZeroDivisionError

    async def frames(self) -> AsyncIterator[Frame]:
        for frame in self._frames:
            if isinstance(frame, str):
                await self._stopped.wait()
            else:
                yield frame

    async def stop(self, grace: float) -> None:
        self._stopped.set()

    async def release(self) -> None:
        self.steps.append("release")
        self.released = True


async def until(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds; the store has no event that could be waited for."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Desk:
    """A conductor on a real store, with a scripted pool."""

    def __init__(
        self,
        database: Engine,
        pool: Script,
        duration: int = 2,
        warm_up: int | None = None,
        queued: bool = True,
        plan: str | None = None,
    ) -> None:
        self.runs, self.drops, self.results = Runs(database), Drops(database), Results(database)
        self.pool = pool
        self.context = RigContext(
            Settings(scripts="as-service"), database, self.runs, self.drops, self.results, pool, KeptFiles(), now
        )
        definition = {"urls": ["http://site.test/"]}
        drop = self.drops.create("acme", DropKind.IN_PLACE, definition, now(), plan)
        details = RunDetails(users=1, duration=duration, warm_up=warm_up, sampling_interval=1)
        self.run = self.runs.create(NewRun("acme", "t", drop.id, details=details), ADA, now())
        if queued:
            self.queue()

    def watch(self, *thresholds: Threshold) -> None:
        """Gives the run a plan with these thresholds and an interval of 15 s, in place of its URL test."""
        browser = BrowserShare(DEFAULT, 1.0)
        scenario = Scenario("Scenario1", (TestShare("t"),), Constant(1), (browser,))
        plan = Plan("t", (Test("t", (Request("http://site.test/"),)),), (scenario,), 60.0, thresholds=thresholds)
        drop = self.drops.create("acme", DropKind.IN_PLACE, definition_of(plan), now(), plan=write_plan(plan))
        self.run = self.runs.create(NewRun("acme", "t", drop.id, details=details_of(definition_of(plan))), ADA, now())
        self.queue()

    def queue(self) -> None:
        queue_run(self.runs, "acme", self.run.id, ADA, now())

    async def play(self, meanwhile: Callable[[Conductor], Awaitable[None]] | None = None) -> Run:
        """Conducts until the run is over."""
        conductor = Conductor(self.context)
        serving = asyncio.create_task(conductor.serve())
        if meanwhile is not None:
            await meanwhile(conductor)
        await until(lambda: self.current().life.state.terminal)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return self.current()

    def current(self) -> Run:
        run = self.runs.get("acme", self.run.id)
        assert run is not None
        return run

    def stop(self) -> None:
        abort_run(self.runs, "acme", self.run.id, ADA, now())

    @property
    def said(self) -> str:
        return " | ".join(message.text for message in self.runs.messages(self.run.id))

    @property
    def requests(self) -> int:
        return self.results.summary(self.run.id).request.total


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'headrace.db'}")


async def test_a_run_that_goes_well_is_complete_with_all_its_dates(store: Engine) -> None:
    desk = Desk(store, Script(Second(ONE, tick(0)), Second(ONE, tick(1, elapsed=2.25)), Ended(ONE)))
    life = (await desk.play()).life
    assert (life.state, life.substate) == (State.COMPLETED, Substate.SUCCESS)
    assert life.execution_started_at is not None
    assert life.execution_finished_at is not None
    assert life.execution_started_at.timestamp() == pytest.approx(desk.pool.started_at, abs=1e-3)
    assert (life.execution_finished_at - life.execution_started_at).total_seconds() == pytest.approx(2.25)
    assert (life.warm_up_started_at, life.abort) == (None, None)
    assert desk.requests == 2
    assert desk.pool.released


async def test_the_load_proper_begins_after_the_warm_up(store: Engine) -> None:
    desk = Desk(store, Script(*(Second(ONE, tick(second)) for second in (-2, -1, 0, 1)), Ended(ONE)), warm_up=2)
    life = (await desk.play()).life
    assert life.state is State.COMPLETED
    assert life.warm_up_started_at is not None
    assert life.execution_started_at is not None
    assert (life.execution_started_at - life.warm_up_started_at).total_seconds() == pytest.approx(2, abs=1e-3)
    assert desk.requests == 2


async def test_seconds_of_two_agents_are_added_up(store: Engine) -> None:
    frames: list[Frame] = [Second(ONE, tick(0, 3)), Second(ONE, tick(1, 3)), Ended(ONE), Second(TWO, tick(0, 5)), Ended(TWO)]
    desk = Desk(store, Script(*frames, agents=(ONE, TWO)))
    assert (await desk.play()).life.substate is Substate.SUCCESS
    assert desk.requests == 11


async def test_the_loss_of_a_part_makes_the_success_partial_and_names_its_share(store: Engine) -> None:
    lost = Lost(TWO, "engine 1 of 2", "was killed by signal 9", 0.5)
    frames: list[Frame] = [lost, Second(TWO, tick(0)), Ended(TWO), Second(ONE, tick(0)), Ended(ONE)]
    desk = Desk(store, Script(*frames, agents=(ONE, TWO)))
    assert (await desk.play()).life.substate is Substate.PARTIAL_SUCCESS
    assert "engine 1 of 2 on agent 'two' was lost, with 25% of the planned load: it was killed by signal 9." in desk.said


async def test_the_loss_of_all_aborts_the_run_and_keeps_what_was_measured(store: Engine) -> None:
    frames: list[Frame] = [Second(ONE, tick(0, 7)), Lost(ONE, "engine 1 of 1", "was killed by signal 9", 1.0), Ended(ONE)]
    desk = Desk(store, Script(*frames))
    life = (await desk.play()).life
    assert life.state is State.ABORTED
    assert life.abort is not None
    assert life.abort.source == "Agent"
    assert desk.requests == 7
    assert desk.pool.released


async def test_requests_that_were_given_up_are_told(store: Engine) -> None:
    desk = Desk(store, Script(Second(ONE, tick(0, abandoned=4)), Ended(ONE)), duration=1)
    assert (await desk.play()).life.state is State.COMPLETED
    assert "4 requests were not sent before the load ended" in desk.said


@pytest.mark.parametrize(
    ("fails", "said"), [("reserve", "all agents are busy"), ("prepare", "the disk is full")], ids=["reserve", "prepare"]
)
async def test_agents_that_cannot_be_had_abort_the_run_with_their_reason(store: Engine, fails: str, said: str) -> None:
    desk = Desk(store, Script(fails=fails))
    life = (await desk.play()).life
    assert (life.state, life.execution_started_at) == (State.ABORTED, None)
    assert life.abort is not None
    assert said in life.abort.cause
    assert said in desk.said
    assert desk.pool.released is (fails == "prepare")


async def test_a_fault_of_the_service_ends_the_run_as_error_and_the_service_goes_on(store: Engine) -> None:
    desk = Desk(store, Script(fails="bug"))
    life = (await desk.play()).life
    assert life.state is State.ERROR
    assert life.abort is not None
    assert (life.abort.source, "ZeroDivisionError" in life.abort.cause) == ("Service", True)
    assert desk.pool.released


async def test_a_stop_while_agents_prepare_ends_the_run_without_load(store: Engine) -> None:
    desk = Desk(store, Script(fails="slow"))

    async def stop(conductor: Conductor) -> None:
        await desk.pool.preparing.wait()
        await asyncio.to_thread(desk.stop)
        conductor.ring()

    life = (await desk.play(stop)).life
    assert (life.state, life.stopped_by, life.abort) == (State.ABORTED, ADA, None)
    assert desk.pool.started_at == 0
    assert desk.pool.released


async def test_a_stop_during_the_load_keeps_what_was_measured(store: Engine) -> None:
    desk = Desk(store, Script(Second(ONE, tick(0)), "until the stop", Second(ONE, tick(1, elapsed=1.5)), Ended(ONE)))

    async def stop(conductor: Conductor) -> None:
        await until(lambda: desk.results.history(desk.run.id) != [])
        await asyncio.to_thread(desk.stop)
        conductor.ring()

    life = (await desk.play(stop)).life
    assert (life.state, life.stopped_by) == (State.ABORTED, ADA)
    assert life.execution_finished_at is not None
    assert desk.requests == 2


async def test_a_run_is_taken_up_even_if_nobody_rings(store: Engine) -> None:
    desk = Desk(store, Script(Second(ONE, tick(0)), Ended(ONE)), duration=1, queued=False)

    async def queue_silently(conductor: Conductor) -> None:
        await asyncio.to_thread(desk.queue)

    assert (await desk.play(queue_silently)).life.state is State.COMPLETED


async def test_a_run_that_was_stopped_before_it_was_taken_up_ends_without_agents(store: Engine) -> None:
    desk = Desk(store, Script(fails="reserve"))
    desk.stop()
    life = (await desk.play()).life
    assert (life.state, life.abort) == (State.ABORTED, None)
    assert desk.pool.plan is None


async def test_the_end_of_the_service_ends_its_runs_as_error_with_what_was_measured(store: Engine) -> None:
    desk = Desk(store, Script(Second(ONE, tick(0)), "until the stop", Second(ONE, tick(1, elapsed=1.5)), Ended(ONE)))
    serving = asyncio.create_task(Conductor(desk.context).serve())
    await until(lambda: desk.results.history(desk.run.id) != [])
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    life = desk.current().life
    assert life.state is State.ERROR
    assert life.abort is not None
    assert "The service was stopped" in life.abort.cause
    assert desk.requests == 2
    assert desk.pool.released


async def test_a_run_left_under_way_is_ended_even_if_what_it_recorded_cannot_be_read(store: Engine) -> None:
    desk = Desk(store, Script(), queued=False)
    left = replace(Life(now()), state=State.IN_PROGRESS, substate=Substate.RUNNING, execution_started_at=now())
    desk.runs.change(desk.run.id, lambda run: replace(run, life=left))
    with writing(store) as connection:
        connection.execute(ticks.insert().values(run_id=desk.run.id, second=0, data=b"spoilt"))
    life = (await desk.play()).life
    assert life.state is State.ERROR
    assert "The service was stopped" in desk.said


async def test_the_load_of_a_run_left_under_way_ended_with_its_last_second(store: Engine) -> None:
    desk = Desk(store, Script(), queued=False)
    begun = now() - timedelta(hours=12)
    left = replace(Life(begun), state=State.IN_PROGRESS, substate=Substate.RUNNING, execution_started_at=begun)
    desk.runs.change(desk.run.id, lambda run: replace(run, life=left))
    Recorder(store, desk.run.id, 15).add(tick(0, elapsed=1.0))
    life = (await desk.play()).life
    assert (life.state, life.execution_finished_at) == (State.ERROR, begun + timedelta(seconds=1))


async def test_the_machines_of_agents_are_recorded_by_the_numbers_of_the_agents(store: Engine) -> None:
    def second(agent: Agent, cores: int) -> Second:
        return Second(agent, tick(0), Machine({str(core): Processor(100, 50, 50) for core in range(cores)}))

    desk = Desk(store, Script(second(TWO, 3), second(ONE, 2), Ended(ONE), Ended(TWO), agents=(ONE, TWO)))
    await desk.play()
    cores = [at.machine for at in desk.results.counters(desk.run.id) if at.name == "% Processor Time"]
    assert sorted(cores) == ["Agent0"] * 2 + ["Agent1"] * 3


async def test_thresholds_are_judged_at_the_end_of_the_last_interval_and_those_on_nothing_are_named(store: Engine) -> None:
    rate, nowhere = (CounterName("LoadTest:Request", "Requests/Sec", name) for name in ("", "/nowhere"))
    desk = Desk(store, Script(Second(ONE, tick(0, 7)), Ended(ONE)), queued=False)
    desk.watch(Threshold(rate, critical=3), Threshold(nowhere, critical=3))
    life = (await desk.play()).life
    (kind,) = desk.results.errors(desk.run.id).types
    (detail,) = kind.subtypes[0].details
    assert (kind.name, kind.subtypes[0].name, detail.occurrences) == ("ThresholdMessage", "Critical", 1)
    assert life.execution_started_at is not None
    assert detail.last == pytest.approx(life.execution_started_at.timestamp() + 1, abs=1e-3)
    assert "never judged" in desk.said
    assert "sampling interval: LoadTest:Request, Requests/Sec, /nowhere. Nothing" in desk.said


async def test_nothing_is_said_of_thresholds_where_nothing_was_measured(store: Engine) -> None:
    desk = Desk(store, Script(Ended(ONE)), queued=False)
    desk.watch(Threshold(CounterName("LoadTest:Request", "Requests/Sec"), critical=3))
    await desk.play()
    assert "never judged" not in desk.said
