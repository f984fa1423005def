"""The real service as a process of its own, and a client that knows its REST API."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import structlog
from typer.testing import CliRunner

from headrace.cli.main import app

TOKEN = "the token of the administrator"
TERMINAL = ("completed", "aborted", "error")
HEADRACE = [sys.executable, "-m", "headrace"]


@dataclass
class Served:
    """A service under test. `output` is what it printed until it served."""

    process: subprocess.Popen[str]
    base: str
    output: list[str]

    def call(self, method: str, path: str, body: Any = None, token: str = TOKEN, organization: str = "acme") -> Any:
        """The answer's JSON; fails the test where the status is none of success."""
        url = httpx2.URL(f"{self.base}/{organization}/_apis/clt/{path}").copy_merge_params({"api-version": "1.0"})
        response = httpx2.request(method, url, json=body, auth=("", token), timeout=30)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def create_run(self, *urls: str, users: int = 3, seconds: int = 2, **definition: Any) -> str:
        asked = {
            "loadTestName": "check.loadtest",
            "urls": urls,
            "maxVusers": users,
            "runDuration": seconds,
            "samplingRate": 1,
            **definition,
        }
        drop = self.call("POST", "testdrops", {"dropType": "InPlaceDrop", "loadTestDefinition": asked})
        run = self.call("POST", "testruns", {"name": "check.loadtest", "testDrop": {"id": drop["id"]}})
        return str(run["id"])

    def create_plan_run(self, plan: str, **members: Any) -> str:
        """A run of a plan.yaml; `members` are those of the run."""
        drop = self.call("POST", "testdrops", {"dropType": "InPlaceDrop", "headracePlan": plan})
        run = self.call("POST", "testruns", {"name": "plan", "testDrop": {"id": drop["id"]}, **members})
        return str(run["id"])

    def queue(self, run_id: str) -> None:
        self.call("PATCH", f"testruns/{run_id}", {"state": "queued"})

    def start_run(self, *urls: str, **options: Any) -> str:
        run_id = self.create_run(*urls, **options)
        self.queue(run_id)
        return run_id

    def run(self, run_id: str) -> Any:
        return self.call("GET", f"testruns/{run_id}")

    def wait_for(self, run_id: str, *states: str) -> Any:
        """The run as soon as it is in one of these states, by default a terminal one."""

        def reached() -> Any:
            run = self.run(run_id)
            return run if run["state"] in (states or TERMINAL) else None

        return eventually(reached)

    def samples(self, run_id: str, *names: str) -> dict[str, list[Any]]:
        """The computed values of these counters, interval 0 first."""
        counters = self.call("GET", f"testruns/{run_id}/counterinstances?groupNames=Performance,Throughput")["value"]
        ids = {counter["counterInstanceId"]: counter["counterName"] for counter in counters}
        body = {"value": [{"counterInstanceId": counter} for counter, name in ids.items() if name in names]}
        answer = self.call("POST", f"testruns/{run_id}/countersamples", body)
        return {ids[entry["counterInstanceId"]]: entry["values"] for entry in answer["values"]}


@contextmanager
def serving(data: Path, *options: str, **variables: str) -> Iterator[Served]:
    """A service on a free port; it is told to end at the end of the block, if it has not ended yet."""
    environment = {**os.environ, "HEADRACE_ADMIN_TOKEN": TOKEN, **variables}
    environment = {name: value for name, value in environment.items() if value}
    process = subprocess.Popen(
        [*HEADRACE, "serve", "--port", "0", "--data", str(data), *options],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        cwd=data.parent,
    )
    try:
        assert process.stdout is not None
        output = []
        base = None
        for line in process.stdout:
            output.append(line.rstrip())
            if match := re.search(r"serves at (\S+)", line):
                base = match[1]
                break
        assert base is not None, f"the service did not start: {output}"
        yield Served(process, base, output)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()
            assert process.stdout is not None
            process.stdout.close()


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


def headrace(*arguments: str, folder: Path, **variables: str) -> Done:
    """Runs the command to its end, in this process: starting another costs more than most commands take."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", **variables})
    finally:
        os.chdir(before)
        structlog.reset_defaults()  # the command has set the log to an output that is closed now
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def eventually(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true value that the condition has; fails the test where it has none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {condition}")


def engines(parent: int) -> list[int]:
    """The engine processes that a service (its process id) has."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                parent_id = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if b"headrace.engine" in command and parent_id == parent:
                found.append(int(entry.name))
    return found


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())
