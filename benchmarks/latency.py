"""How long a run takes to start, and how soon a sample can be read: each as a share of what is promised.

    python benchmarks/latency.py [--rounds 3]

Starts a service and a site on this machine, and measures through the REST API as a client would: from sending `queued` to
the first request that the site sees (promised: 1 s), and from the end of a sampling interval to the answer that has its
sample (promised: 2 s). Both clocks are this machine's.
"""

import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import httpx2

from measuring import BenchmarkError, Effort, effort_of, parser, show
from rows import Goal, Row
from tools import headrace_command

START_PROMISE, SAMPLE_PROMISE = 1.0, 2.0
SECONDS = 4


class Site(BaseHTTPRequestHandler):
    first = Event()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        Site.first.set()
        time.sleep(0.02)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def rows(effort: Effort) -> list[Row]:
    """Raises BenchmarkError."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    site.daemon_threads = True
    Thread(target=site.serve_forever, daemon=True).start()
    try:
        with service() as (address, token):
            base = f"{address}/_apis/clt/"
            with httpx2.Client(base_url=base, auth=("", token), params={"api-version": "1.0"}, timeout=30) as client:
                url = f"http://127.0.0.1:{site.server_address[1]}/"
                measured = [measure(client, url) for _ in range(effort.rounds)]
    finally:
        site.shutdown()
        site.server_close()
    starts = [start / START_PROMISE for start, _ in measured]
    samples = [sample / SAMPLE_PROMISE for _, some in measured for sample in some]
    goal = Goal(at_least=1.0)
    return [
        Row("from `queued` to the first request", starts, f"of the {START_PROMISE:g} s promised", "latency.py", goal),
        Row("from an interval's end to its sample", samples, f"of the {SAMPLE_PROMISE:g} s promised", "latency.py", goal),
    ]


@contextmanager
def service() -> Iterator[tuple[str, str]]:
    """The address of a service of its own, and its token."""
    token = secrets.token_urlsafe()
    with tempfile.TemporaryDirectory() as folder:
        command = [headrace_command(), "serve", "--port", "0", "--data", folder]
        environment = {**os.environ, "HEADRACE_ADMIN_TOKEN": token}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            found = re.search(r"serves at (\S+)", process.stdout.readline() if process.stdout else "")
            if found is None:
                raise BenchmarkError("the service did not start")
            yield found[1], token
        finally:
            process.terminate()
            process.wait()


def measure(client: httpx2.Client, url: str) -> tuple[float, list[float]]:
    """Seconds to the first request of a run, and from the end of each interval to its sample."""
    definition = {"urls": [url], "maxVusers": 5, "runDuration": SECONDS, "samplingRate": 1}
    drop = call(client, "POST", "testdrops", {"dropType": "InPlaceDrop", "loadTestDefinition": definition})
    run = call(client, "POST", "testruns", {"name": "latency", "testDrop": {"id": drop["id"]}})
    Site.first.clear()
    queued = time.time()
    call(client, "PATCH", f"testruns/{run['id']}", {"state": "queued"})
    Site.first.wait(30)
    start = time.time() - queued
    query = {"value": [{"counterInstanceId": "Els~-1828439162", "fromInterval": 1}]}
    delays: list[float] = []
    while len(delays) < SECONDS - 1:
        values = call(client, "POST", f"testruns/{run['id']}/countersamples", query)["values"][0]["values"]
        now = time.time()
        for value in values[len(delays) :]:
            delays.append(now - datetime.fromisoformat(value["intervalEndDate"]).timestamp())
        time.sleep(0.02)
    while call(client, "GET", f"testruns/{run['id']}")["state"] == "inProgress":
        time.sleep(0.1)
    return start, delays


def call(client: httpx2.Client, method: str, path: str, body: Any = None) -> Any:
    response = client.request(method, path, json=body)
    response.raise_for_status()
    return response.json() if response.content else None


def main() -> None:
    show(lambda: rows(effort_of(parser(__doc__).parse_args())))


if __name__ == "__main__":
    main()
