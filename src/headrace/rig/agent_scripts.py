"""The scripts of one run on one agent: their folder, the one that runs now, and what earlier ones left in the background."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog

from headrace.plan.model import Plan
from headrace.plan.scripts import Script
from headrace.rig.pool import AgentError
from headrace.rig.script_folder import ScriptFolder, user_of
from headrace.rig.script_process import ScriptProcess
from headrace.rig.script_runner import Over, Wrote
from headrace.settings import OFF

log: Any = structlog.get_logger()


class AgentScripts:
    """`equip` it, `run` one script after the other, and `clear` it in the end. `allowed` is the setting `scripts`."""

    def __init__(self, run_id: str, allowed: str, number: int = 1, agents: int = 1) -> None:
        self._run_id = run_id
        self._allowed = allowed
        self._number = number
        self._agents = agents
        self._folder: ScriptFolder | None = None
        self._processes: list[ScriptProcess] = []
        self._now: ScriptProcess | None = None

    async def equip(self, plan: Plan) -> None:
        """Raises AgentError where the scripts of the plan could not be run; they are tried on no account."""
        if self._allowed == OFF:
            raise AgentError("scripts are not allowed on this agent (its setting scripts is off)")
        try:
            await asyncio.to_thread(self._equip, plan)
        except KeyError:
            raise AgentError(f"there is no user '{self._allowed}' (setting scripts) on the agent any more") from None
        except ValueError as error:
            raise AgentError(str(error)) from error
        except OSError as error:
            raise AgentError(f"the files of its scripts could not be written: {error.strerror or error}") from error

    def _equip(self, plan: Plan) -> None:
        self._folder = ScriptFolder.make(plan, self._run_id, self._number, self._agents, user_of(self._allowed))
        for script in (plan.setup, plan.cleanup):
            if script is not None:
                self._folder.job(script)

    async def run(self, script: Script) -> AsyncIterator[Wrote | Over]:
        if self._folder is None:
            raise AssertionError("equip comes first")
        try:
            process = self._now = ScriptProcess(self._folder.job(script))
        except ValueError as error:  # what runs it was there before the load
            yield Over(None, reason=str(error))
            return
        self._processes.append(process)
        try:
            async for news in process.news():
                yield news
        finally:
            self._now = None

    def stop(self) -> None:
        """Kills the script that runs now, if one does."""
        if self._now is not None:
            self._now.stop()

    async def clear(self) -> None:
        """Kills whatever is left of all scripts, and removes their folder."""
        processes, self._processes = self._processes, []
        await asyncio.gather(*(process.close() for process in processes))
        folder, self._folder = self._folder, None
        if folder is not None:
            try:
                await asyncio.to_thread(folder.remove)
            except OSError:
                log.exception(
                    "the folder of a run's scripts could not be removed", run=self._run_id, folder=str(folder.path)
                )


def failure_of(over: Over, script: Script) -> str:
    """Why a script did not succeed; "" where it did."""
    if over.timed_out:
        return f"was killed after its time-out of {script.timeout:g} s"
    if over.status is None:
        return f"has no exit status: {over.reason}"
    if over.status < 0:
        return f"was killed by signal {-over.status}"
    return f"ended with exit status {over.status}" if over.status else ""
