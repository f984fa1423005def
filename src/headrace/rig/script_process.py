"""A script, seen from the agent that runs it."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import msgspec

from headrace.rig.script_runner import Job, Over, Wrote

_TO_EXIT = 6.0  # seconds; a runner takes up to 5 to kill what does not want to go
_LONGEST_NEWS = 1024 * 1024  # bytes of JSON: what is kept of a stream may come at once
_NEWS = msgspec.json.Decoder(Wrote | Over)


class ScriptProcess:
    """Read `news` to its end, then `close` when nothing of the script shall be left."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._process: Process | None = None
        self._stopped = False

    async def news(self) -> AsyncIterator[Wrote | Over]:
        """Runs the script: what it writes, and in the end how it ended."""
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "headrace.rig.script_runner"),
                stdin=PIPE,
                stdout=PIPE,
                limit=_LONGEST_NEWS,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")},  # no secrets
            )
        except OSError as error:
            yield Over(None, reason=f"the agent cannot start a process: {error.strerror or error}")
            return
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both are pipes")
        if self._stopped:
            process.stdin.close()
        else:
            process.stdin.write(msgspec.json.encode(self._job) + b"\n")
        while line := await process.stdout.readline():
            news = _NEWS.decode(line)
            yield news
            if isinstance(news, Over):
                return
        yield Over(None, reason="it was stopped" if self._stopped else "whatever ran it was killed")

    def stop(self) -> None:
        """Kills the script and all that it has started; `news` then comes to its end."""
        self._stopped = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def close(self) -> None:
        """Returns when nothing is left of it."""
        self.stop()
        if self._process is None:
            return
        try:
            async with asyncio.timeout(_TO_EXIT):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
