"""How long a run takes to start, and how soon a sample can be read: each as a share of what is promised.

    python benchmarks/latency.py [--runs 5]

Starts a service and a site on this machine, and measures through the REST API as a client would: from sending `queued` to
the first request that the site sees (promised: 1 s), and from the end of a sampling interval to the answer that has its
sample (promised: 2 s). Both clocks are this machine's.
"""

import argparse
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    site.daemon_threads = True
    Thread(target=site.serve_forever, daemon=True).start()
    token = secrets.token_urlsafe()
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("headrace")), "serve", "--port", "0", "--data", folder]
        environment = {**os.environ, "HEADRACE_ADMIN_TOKEN": token}
        service = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            address = re.search(r"serves at (\S+)", service.stdout.readline() if service.stdout else "")
            if address is None:
                sys.exit("the service did not start")
            with httpx2.Client(
                base_url=f"{address[1]}/_apis/clt/", auth=("", token), params={"api-version": "1.0"}, timeout=30
            ) as client:
                measured = [measure(client, f"http://127.0.0.1:{site.server_address[1]}/") for _ in range(runs)]
        finally:
            service.terminate()
            service.wait()
    starts = [start for start, _ in measured]
    samples = [sample for _, some in measured for sample in some]
    for what, values, promise in (
        ("queued to first request", starts, START_PROMISE),
        ("end of interval to sample", samples, SAMPLE_PROMISE),
    ):
        worst, middle = max(values), statistics.median(values)
        print(f"{what:26} median {middle / promise:5.2f}, worst {worst / promise:5.2f} of the {promise:g} s promised")


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


if __name__ == "__main__":
    main()
