"""`headrace run`: a test from the command line, against this process's own service or one elsewhere."""

import asyncio
import contextlib
import json
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_urlsafe
from time import monotonic, time
from typing import Any

import httpx2
from pydantic import SecretStr
from rich.console import Console

from headrace.cli.client import Client, LoadTest
from headrace.cli.progress import Display, Moment, display_for
from headrace.cli.report import print_report
from headrace.cli.whole_file import write_whole
from headrace.plan.readers.yaml_tree import LARGEST
from headrace.service import running_service
from headrace.settings import Settings

# A terminal sends the first and the last, CI systems and `timeout` the second: all want the load to end in good order.
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TERMINAL = ("completed", "aborted", "error")
_PHASES = {
    "executingSetupScript": "setting up",
    "warmingUp": "warming up",
    "runningTest": "running",
    "executingCleanupScript": "cleaning up",
    "collectingResults": "collecting",
}
# Seconds. There is news once a second; that the run has ended is told sooner.
_LOOK = 1.0
_POLL = 0.25
# What `plan/` takes is taken, all of it: the operator's bound is for strangers. In JSON a text may need twice the bytes.
_LARGEST_BODY = 2 * LARGEST


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that has ended, and its summary, both as on the wire. `interrupted`: the user pressed Ctrl-C."""

    run: dict[str, Any]
    summary: dict[str, Any]
    interrupted: bool


@asynccontextmanager
async def own_service(scripts: str) -> AsyncIterator[Client]:
    """The whole service inside this process, with a store that is thrown away, reached without a network. `scripts` is the
    setting of that name."""
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
        token = token_urlsafe(32)
        settings = Settings(
            data=Path(folder),
            database=None,
            admin_token=SecretStr(token),
            public_url=None,
            blobs=None,
            max_plan=_LARGEST_BODY,
            scripts=scripts,
        )
        async with running_service(settings) as service:
            transport = httpx2.ASGITransport(service.app, raise_app_exceptions=False)
            async with Client("http://headrace.local", token, transport) as client:
                yield client


async def run_test(client: Client, test: LoadTest, console: Console, quiet: bool) -> Outcome:
    """Runs the test, shows it, and stops it on Ctrl-C. Raises ClientError."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        loop.add_signal_handler(number, interrupted.set)
    try:
        run = await client.create_run(test)
        await client.queue(run["id"])
        with display_for(console, quiet) as display:
            run = await _follow(client, run["id"], test, display, quiet, interrupted)
    finally:
        for number in _STOPPING:
            loop.remove_signal_handler(number)
    summary = await client.summary(run["id"], examples=True)
    if not quiet or run["state"] != "completed":
        print_report(console, run, summary, await client.errors(run["id"]), await client.messages(run["id"]))
    return Outcome(run, summary, interrupted.is_set())


async def _follow(
    client: Client, run_id: str, test: LoadTest, display: Display, quiet: bool, interrupted: asyncio.Event
) -> dict[str, Any]:
    """The run when it has ended."""
    watcher = _Watcher(client, run_id, test)
    stopped = False
    due = 0.0
    while (run := await client.run(run_id))["state"] not in _TERMINAL:
        if interrupted.is_set() and not stopped:
            stopped = True
            await client.abort(run_id)
        if not quiet and monotonic() >= due:
            due = monotonic() + _LOOK
            display.show(await watcher.look(run))
        if stopped:
            await asyncio.sleep(_POLL)
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(interrupted.wait(), _POLL)
    return run


class _Watcher:
    """Asks for what a live display shows."""

    def __init__(self, client: Client, run_id: str, test: LoadTest) -> None:
        self._client = client
        self._run_id = run_id
        self._test = test
        self._counters: list[str] = []
        self._next = 0
        self._users = 0
        self._rate = 0.0

    async def look(self, run: dict[str, Any]) -> Moment:
        phase = run["subState"] if run["subState"] != "none" else run["state"]
        shown = _PHASES.get(phase, "starting")
        begun = run.get("executionStartedDate")
        if begun is None:
            return Moment(shown, 0.0, self._test.duration)
        elapsed = min(time() - datetime.fromisoformat(begun).timestamp(), self._test.duration)
        await self._take_samples()
        summary = await self._client.summary(self._run_id)
        requests = summary["overallRequestSummary"]
        p95 = next((entry["percentileValue"] for entry in requests["percentileData"] if entry["percentile"] == 95), 0.0)
        return Moment(shown, elapsed, self._test.duration, self._users, self._rate, p95, requests["failedRequests"])

    async def _take_samples(self) -> None:
        if not self._counters:
            counters = await self._client.counters(self._run_id)
            self._counters = [counters[name] for name in ("User Load", "Requests/Sec") if name in counters]
        if len(self._counters) < 2:
            return
        load, rate = self._counters
        samples = await self._client.samples(self._run_id, self._counters, self._next)
        if samples[load] and samples[rate]:
            self._users = round(samples[load][-1]["computedValue"])
            self._rate = samples[rate][-1]["computedValue"]
            self._next = samples[load][-1]["intervalNumber"]


def write_json(path: Path, outcome: Outcome) -> None:
    """Writes run and summary. Raises OSError."""
    write_whole(path, json.dumps({"run": outcome.run, "summary": outcome.summary}, indent=2) + "\n")
