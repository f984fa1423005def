"""The performance of one run, from the moment it is taken up to its end."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from headrace.blobs.drop_files import DropFiles
from headrace.plan.diagnostics import Severity as Finding
from headrace.plan.model import Plan
from headrace.results.reader import Results
from headrace.results.recorder import Recorder
from headrace.rig.alignment import Alignment
from headrace.rig.pool import AgentError, AgentPool, Ended, Lost, Reservation, Second
from headrace.rig.script_stages import CLEANUP, SETUP, SetupError, run_script
from headrace.rig.validation import plan_of
from headrace.runs import life
from headrace.runs.definition import as_planned
from headrace.runs.drops import Drops
from headrace.runs.life import IllegalTransition
from headrace.runs.model import Abort, DropKind, Life, Run, Severity, Source, State, Substate
from headrace.runs.store import Runs
from headrace.settings import Settings
from headrace.ticks.tick import Tick

# Seconds from "all are ready" to the start: enough for the order to reach engines on this machine.
LEAD = 0.05
# How long requests under way may still be answered after the user's stop, in seconds. No new one is sent meanwhile.
STOP_GRACE = 0.5

# Of the thresholds that were never judged.
_MOST_NAMED = 20

log: Any = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RigContext:
    """What a conductor works with."""

    settings: Settings
    database: Engine
    runs: Runs
    drops: Drops
    results: Results
    pool: AgentPool
    files: DropFiles
    now: Callable[[], datetime]


class ServiceStoppedError(Exception):
    """The service ends, and the run with it."""


class _StoppedError(Exception):
    """The user has stopped the run, which the store knows already; or the service ends."""


class Performance:
    """Make one for each run and call `perform` once.

    `stop` carries out the user's wish to end it; `stop_with_service` ends it because the service does.
    """

    def __init__(self, run: Run, context: RigContext) -> None:
        self._run = run
        self._context = context
        self._reservation: Reservation | None = None
        self._stopped = False
        self._service_stops = False
        self._lost = 0.0
        self._uncleaned = False

    async def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            if self._reservation is not None:
                await self._reservation.stop(STOP_GRACE)

    async def stop_with_service(self) -> None:
        self._service_stops = True
        await self.stop()

    async def perform(self) -> None:
        """Raises what is a fault of the service, and ServiceStoppedError. Whatever happens, the agents are given back."""
        try:
            plan = await self._validate()
            if plan is not None:
                await self._perform(plan)
        except _StoppedError:
            if self._service_stops:
                raise ServiceStoppedError from None
            await self._step(lambda current: life.end_stopping(current, self._context.now()))
        except SetupError as error:
            action = "Read what the script wrote in the messages of the run, put it right, and run the test again."
            await self._abort(str(error), action, "SetupScript")
        except AgentError as error:
            action = "Read the messages of the run, and run the test again."
            await self._abort(f"The load could not be generated: {error}.", action, "Agent")

    async def _validate(self) -> Plan | None:
        context, run = self._context, self._run
        await self._step(life.begin_validation)
        drop = await asyncio.to_thread(context.drops.get, run.organization, run.drop_id)
        plan, findings = await asyncio.to_thread(plan_of, run, drop, context.settings, context.files)
        for finding in findings:
            await self._log(Severity(finding.severity), finding.message, Source.VALIDATION)
        if plan is None:
            errors = [finding for finding in findings if finding.severity is Finding.ERROR]
            await self._step(lambda current: life.fail_validation(current, errors, context.now()))
        elif drop is not None and drop.kind is DropKind.BLOB:
            details = as_planned(run.details, plan)
            await asyncio.to_thread(context.runs.change, run.id, lambda current: replace(current, details=details))
        return plan

    async def _perform(self, plan: Plan) -> None:
        await self._step(life.acquire)
        await asyncio.to_thread(self._context.results.keep_plan, self._run.id, plan)
        self._reservation = reservation = await self._context.pool.reserve(self._run.id, self._run.details.agents or 1)
        try:
            cores = min(sum(agent.cores for agent in reservation.agents), plan.users)
            await self._log(Severity.INFO, f"This load test will run using {cores} agent cores.", Source.VALIDATION)
            await self._step(lambda current: life.configure(current, self._context.now()))
            if plan.setup is not None or plan.cleanup is not None:
                await reservation.equip(plan)
            try:
                await self._set_up(plan, reservation)
                await reservation.prepare(plan)
                if self._stopped:
                    raise _StoppedError
                await self._measure(plan, reservation)
            except Exception:
                await self._clean_up(plan, reservation)
                raise
            await self._clean_up(plan, reservation)
        finally:
            self._reservation = None
            await reservation.release()
        if self._stopped:
            raise _StoppedError
        if plan.cleanup is not None:
            await self._step(lambda current: life.collect(current, self._context.now()))
        partial = self._lost > 0 or self._uncleaned
        await self._step(lambda current: life.complete(current, self._context.now(), partial))

    async def _set_up(self, plan: Plan, reservation: Reservation) -> None:
        """Raises SetupError where the script fails."""
        if plan.setup is None:
            return
        await self._step(life.set_up)
        if self._stopped:
            raise _StoppedError
        failures = await run_script(plan.setup, SETUP, reservation, self._log_lines)
        if self._stopped:
            raise _StoppedError
        if failures:
            raise SetupError(" ".join(failures))

    async def _clean_up(self, plan: Plan, reservation: Reservation) -> None:
        """Runs the clean-up script, whatever came before: what a setup script has half done needs it most.

        Its failure is told and costs nothing that was measured.
        """
        if plan.cleanup is None:
            return

        def begin(current: Life) -> Life:
            return current if current.substate is Substate.CLEANUP_SCRIPT else life.clean_up(current, self._context.now())

        await self._step(begin, or_stopping=True)
        failures = await run_script(plan.cleanup, CLEANUP, reservation, self._log_lines)
        self._uncleaned = bool(failures)
        for failure in failures:
            await self._log(Severity.WARNING, failure, Source.CLEANUP_SCRIPT)

    async def _measure(self, plan: Plan, reservation: Reservation) -> None:
        """Runs the load. The results are complete when this returns, before the run's state is final."""
        keeping = (self._context.database, self._run.id, plan.sampling_interval, plan.thresholds)
        recorder = await asyncio.to_thread(Recorder, *keeping)
        self._context.results.attach(recorder)
        try:
            begun = time() + LEAD
            measured = _instant(begun + plan.warm_up)
            recorder.begin(measured)
            await reservation.start(begun)
            if plan.warm_up:
                await self._step(lambda current: life.warm_up(current, _instant(begun)))
            else:
                await self._begin_measuring(measured)
            ended = await self._gather(reservation, recorder, measured)
            if self._stopped and not self._service_stops:
                await self._step(lambda current: life.end_load(current, ended))
            elif not self._stopped and plan.cleanup is None:
                await self._step(lambda current: life.collect(current, ended))
            elif not self._stopped:
                await self._step(lambda current: life.clean_up(current, ended))
        finally:
            await asyncio.to_thread(recorder.close)
            self._context.results.detach(self._run.id)
        await self._note_unjudged(recorder)

    async def _gather(self, reservation: Reservation, recorder: Recorder, measured: datetime) -> datetime:
        """Records what the agents report until all have ended; returns when the load did."""
        alignment = Alignment(reservation.agents)
        # As the old service named them.
        machines = {agent: f"Agent{number}" for number, agent in enumerate(reservation.agents)}
        ended = measured
        async for frame in reservation.frames():
            complete: list[Tick] = []
            if isinstance(frame, Second):
                if frame.machine is not None:
                    frame.tick.machines[machines[frame.agent]] = frame.machine
                complete = alignment.add(frame.agent, frame.tick)
            elif isinstance(frame, Ended):
                complete = alignment.end(frame.agent)
            else:
                await self._note_loss(frame, len(reservation.agents), recorder)
            for tick in complete:
                if tick.second >= -1:  # the last second of the warm-up is over: the load proper has begun
                    await self._begin_measuring(measured)
                ended = max(ended, measured + timedelta(seconds=tick.elapsed))
                try:
                    await asyncio.to_thread(recorder.add, tick)
                except SQLAlchemyError:
                    log.exception("a second could not be written; it is written with the next", run=self._run.id)
                await self._note_abandoned(tick)
        verdict = await asyncio.to_thread(recorder.verdict)
        if verdict is not None and verdict.message:
            await self._log(Severity.WARNING, verdict.message)
        if self._lost > 0.999:
            raise AgentError("all load generators were lost, see the messages of the run")
        return ended

    async def _begin_measuring(self, at: datetime) -> None:
        def begin(current: Life) -> Life:
            return current if current.execution_started_at is not None else life.run(current, at)

        if not self._stopped:
            await self._step(begin, or_stopping=True)

    async def _note_loss(self, loss: Lost, agents: int, recorder: Recorder) -> None:
        share = loss.share / agents
        self._lost += share
        try:
            await asyncio.to_thread(recorder.note_loss, share)
        except SQLAlchemyError:
            log.exception("a loss could not be written; it is written with the next second", run=self._run.id)
        text = f"{loss.part} on agent '{loss.agent.name}' was lost, with {share:.0%} of the planned load: it {loss.reason}."
        await self._log(Severity.ERROR, text, agent=loss.agent.name)

    async def _note_abandoned(self, tick: Tick) -> None:
        if tick.abandoned:
            text = (
                f"{tick.abandoned} requests were not sent before the load ended: they still waited for a connection. "
                "They count neither as passed nor as failed."
            )
            await self._log(Severity.WARNING, text)

    async def _note_unjudged(self, recorder: Recorder) -> None:
        """Says which thresholds were on nothing; to be asked when the last interval is over."""
        names = recorder.unjudged()
        if names and recorder.verdict() is not None:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            text = (
                "Some thresholds were never judged, since their counters had no value in any sampling interval: "
                f"{'; '.join(names[:_MOST_NAMED])}{more}. Nothing was counted there, or nothing has that name."
            )
            await self._log(Severity.INFO, text)

    async def _abort(self, cause: str, action: str, source: str) -> None:
        now = self._context.now()
        await self._log(Severity.ERROR, cause, Source.SETUP_SCRIPT if source == "SetupScript" else Source.OTHER)
        await self._step(lambda current: life.abort_with(current, Abort(cause, action, source, now), now))

    async def _step(self, change: Callable[[Life], Life], or_stopping: bool = False) -> None:
        """Takes the run one step on. Raises _StoppedError where its user has stopped it, unless that is fine too."""
        runs = self._context.runs
        try:
            await asyncio.to_thread(runs.change, self._run.id, lambda run: replace(run, life=change(run.life)))
        except IllegalTransition:
            current = await asyncio.to_thread(runs.get, self._run.organization, self._run.id)
            if current is None or current.life.state is not State.STOPPING:
                raise
            if not or_stopping:
                raise _StoppedError from None

    async def _log(self, severity: Severity, text: str, source: Source = Source.OTHER, agent: str = "") -> None:
        now = self._context.now()
        await asyncio.to_thread(self._context.runs.log, self._run.id, severity, source, text, at=now, agent=agent)

    async def _log_lines(self, severity: Severity, lines: Sequence[str], source: Source, agent: str) -> None:
        now = self._context.now()
        await asyncio.to_thread(self._context.runs.log_lines, self._run.id, severity, source, lines, at=now, agent=agent)


def _instant(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
