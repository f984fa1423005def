"""The conductor takes up queued runs, has each performed, and sees to it that every one comes to an end.

It shares nothing with the API but the store. The API changes a run's state and rings; the conductor looks at the store when
it is rung, and once a second in case a ring was lost.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from headrace.rig.performance import Performance, RigContext, ServiceStoppedError
from headrace.runs import life
from headrace.runs.model import Life, Run, Severity, Source, State, Substate

# Seconds: between two looks nobody rang for, and for the runs to end when the service does.
_LOOK_AGAIN = 1.0
_TO_END = 8.0
_STOPPED_SERVICE = "The service was stopped while this run was under way. What was measured until then is kept."

log: Any = structlog.get_logger()


class Conductor:
    """One a service. Make it inside the event loop; `serve` runs until it is cancelled, and leaves no load behind then."""

    def __init__(self, context: RigContext) -> None:
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._bell = asyncio.Event()
        self._performances: dict[str, Performance] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ring(self) -> None:
        """Has the conductor look at the store now. May be called from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to look
            self._loop.call_soon_threadsafe(self._bell.set)

    async def serve(self) -> None:
        """Conducts runs, and ends those that an earlier service left under way."""
        try:
            while True:
                self._bell.clear()
                try:
                    await self._look()
                except Exception:
                    # The database does not answer, say. The next look is a second away, and runs wait for it.
                    log.exception("the conductor could not do its work; it tries again")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN):
                        await self._bell.wait()
        finally:
            await self._end_all()

    async def _end_all(self) -> None:
        """Stops all runs; what they have measured by then is recorded."""
        tasks = set(self._tasks)
        for performance in self._performances.values():
            await performance.stop_with_service()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_TO_END)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _look(self) -> None:
        states = (State.QUEUED, State.IN_PROGRESS, State.STOPPING)
        for run in await asyncio.to_thread(self._context.runs.in_states, *states):
            performance = self._performances.get(run.id)
            if performance is not None:
                if run.life.state is State.STOPPING:
                    await performance.stop()
            elif run.life.state is not State.QUEUED or run.life.substate is not Substate.NONE:
                await asyncio.to_thread(self._end_left_over, run)
            elif len(self._performances) < self._context.settings.max_concurrent_runs:
                self._begin(run)  # the oldest first; the others stay queued

    def _begin(self, run: Run) -> None:
        performance = self._performances[run.id] = Performance(run, self._context)
        task = asyncio.create_task(self._perform(run, performance))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, run: Run, performance: Performance) -> None:
        try:
            await performance.perform()
        except ServiceStoppedError:
            await asyncio.to_thread(self._end_with_fault, run, _STOPPED_SERVICE)
        except asyncio.CancelledError:
            await asyncio.to_thread(self._end_with_fault, run, _STOPPED_SERVICE)
            raise
        except Exception as error:
            # Whatever it was, this run is over and says so; the other runs and the service go on.
            log.exception("a run failed", run=run.id)
            cause = f"The service failed this run ({type(error).__name__}); its log has the details."
            await asyncio.to_thread(self._end_with_fault, run, cause)
        finally:
            del self._performances[run.id]
            self._bell.set()  # a place is free

    def _end_left_over(self, run: Run) -> None:
        """Ends a run that is under way and that nobody performs: an earlier service, or a full disk, left it so."""
        current = self._context.runs.get(run.organization, run.id)
        if current is None or current.life.state.terminal:
            return  # it has ended since it was looked for
        ended = None
        try:
            began = current.life.execution_started_at
            self._context.results.recover(run.id, run.details.sampling_interval, began)
            if began is not None:
                recorded = self._context.results.total(run.id).elapsed
                ended = began + timedelta(seconds=recorded)
        except Exception:
            log.exception("what this run had measured could not be recovered; it is ended without", run=run.id)
        if current.life.state is State.STOPPING:
            self._end(run, lambda before: life.end_stopping(before, self._context.now()), ended)
        else:
            self._end_with_fault(run, _STOPPED_SERVICE, ended)

    def _end_with_fault(self, run: Run, cause: str, ended: datetime | None = None) -> None:
        if self._end(run, lambda before: life.fault(before, cause, self._context.now()), ended):
            self._context.runs.log(run.id, Severity.CRITICAL, Source.OTHER, cause, at=self._context.now())

    def _end(self, run: Run, step: Callable[[Life], Life], ended: datetime | None) -> bool:
        """Whether the step was taken: False where the run is over already. `ended` is when its load did, where known."""
        taken = False

        def change(current: Run) -> Run:
            nonlocal taken
            taken = not current.life.state.terminal
            if not taken:
                return current
            before = current.life if ended is None else replace(current.life, execution_finished_at=ended)
            return replace(current, life=step(before))

        self._context.runs.change(run.id, change)
        return taken
