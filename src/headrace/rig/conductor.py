"""The conductor takes up queued runs, has each performed, and sees to it that every one comes to an end.

It shares nothing with the API but the store. The API changes a run's state and rings; the conductor looks at the store when
it is rung, and once a second in case a ring was lost.
"""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

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
        """Ends what an earlier service left under way, then conducts runs."""
        await asyncio.to_thread(self._recover)
        try:
            while True:
                self._bell.clear()
                try:
                    await self._look()
                except SQLAlchemyError:
                    log.exception("the database does not answer; trying again")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN):
                        await self._bell.wait()
        finally:
            await self._end()

    async def _end(self) -> None:
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
        due = await asyncio.to_thread(self._context.runs.in_states, State.QUEUED, State.STOPPING)
        for run in due:
            performance = self._performances.get(run.id)
            if run.life.state is State.STOPPING and performance is not None:
                await performance.stop()
            elif run.life.state is State.STOPPING:
                await asyncio.to_thread(self._end_stopped, run)
            elif performance is None and len(self._performances) < self._context.settings.max_concurrent_runs:
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

    def _recover(self) -> None:
        for run in self._context.runs.in_states(State.QUEUED, State.IN_PROGRESS, State.STOPPING):
            if run.life.state is State.QUEUED and run.life.substate is Substate.NONE:
                continue  # not begun yet: it is taken up as if nothing had happened
            self._context.results.recover(run.id, run.details.sampling_interval)
            if run.life.state is State.STOPPING:
                self._end_stopped(run)
            else:
                self._end_with_fault(run, _STOPPED_SERVICE)

    def _end_stopped(self, run: Run) -> None:
        """Carries out a user's stop where no load is left that could be stopped."""

        def end(current: Life) -> Life:
            return current if current.state.terminal else life.end_stopping(current, self._context.now())

        self._context.runs.change(run.id, lambda current: replace(current, life=end(current.life)))

    def _end_with_fault(self, run: Run, cause: str) -> None:
        def end(current: Life) -> Life:
            return current if current.state.terminal else life.fault(current, cause, self._context.now())

        self._context.runs.log(run.id, Severity.CRITICAL, Source.OTHER, cause, at=self._context.now())
        self._context.runs.change(run.id, lambda current: replace(current, life=end(current.life)))
