"""An engine process, seen from the agent that owns it."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process

import msgspec

from headrace.plan.model import Plan
from headrace.plan.segment import Segment
from headrace.rig.pool import AgentError
from headrace.ticks.frames import Failed, Order, Prepare, Ready, Report, Start, Stop, pack, read_report

# Seconds. An engine reports once a second and takes up to 5 s for its last report, while requests under way are answered.
_SILENCE = 10.0
_TO_GET_READY = 60.0
_TO_EXIT = 2.0
_KEPT_OUTPUT = 4096


class EngineProcess:
    """Make one with `spawn`. Its input is its lease: when the agent dies, the input ends and the engine stops by itself."""

    def __init__(self, process: Process, name: str) -> None:
        self.name = name
        self._process = process
        self._output = b""
        self._listening = asyncio.create_task(self._keep_output())
        self._started = False

    @classmethod
    async def spawn(cls, name: str) -> "EngineProcess":
        """Raises AgentError where the operating system starts no further process."""
        # A group of its own, so that Ctrl-C in a terminal reaches the service only, which then ends the load in good order.
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "headrace.engine"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")},  # no secrets
            )
        except OSError as error:
            raise AgentError(f"{name} could not be started: {error.strerror or error}") from error
        return cls(process, name)

    async def prepare(self, plan: Plan, segment: Segment, processes: int = 1) -> None:
        """Returns when the engine is ready; `processes` share this machine. Raises AgentError where it is not."""
        self._order(Prepare(plan, segment, processes))
        report = await self._next(_TO_GET_READY)
        if isinstance(report, Failed):
            raise AgentError(report.reason)
        if not isinstance(report, Ready):
            raise AgentError(f"{self.name} {await self._why_silent()}")

    def start(self, at: float) -> None:
        self._order(Start(at))

    def stop(self, grace: float) -> None:
        self._order(Stop(grace))

    async def next(self, wait: float = 0.0) -> Report:
        """The next report; allows `wait` seconds more than usual. Raises AgentError where none comes: the engine is lost."""
        report = await self._next(_SILENCE + wait)
        if report is None:
            reason = await self._why_silent()
            self._kill()  # or it might wake up and generate load that nobody measures
            raise AgentError(reason)
        if isinstance(report, Failed):
            raise AgentError(report.reason)
        return report

    async def close(self) -> None:
        """Ends the process, however it is; returns when it is gone."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_TO_EXIT):
                await self._process.wait()
        except TimeoutError:
            self._kill()
            await self._process.wait()
        await self._listening

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def _order(self, order: Order) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(pack(order))

    async def _next(self, timeout: float) -> Report | None:
        stdout = self._process.stdout
        if stdout is None:
            return None
        try:
            async with asyncio.timeout(timeout):
                return await read_report(stdout)
        except (OSError, msgspec.MsgspecError):
            return None

    async def _why_silent(self) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._process.wait()
        code = self._process.returncode
        if code is None:
            return f"has not reported for {_SILENCE:g} s"
        if code < 0:
            return f"was killed by signal {-code}"
        lines = self._output.decode(errors="replace").strip().splitlines()
        return f"ended by itself with exit code {code}" + (f": {lines[-1]}" if lines else "")

    async def _keep_output(self) -> None:
        """Keeps the end of what the process writes to its error output, to tell why it died."""
        stderr = self._process.stderr
        while stderr is not None and (data := await stderr.read(_KEPT_OUTPUT)):
            self._output = (self._output + data)[-_KEPT_OUTPUT:]
