"""CPU per request of `headrace run URL`, as a ratio to wrk's on the same nginx in the same run.

    python benchmarks/url_cpu.py [--users 50] [--rounds 3] [--seconds 8] [--tls]

Needs wrk and nginx (Debian: apt-get install wrk nginx-light), and openssl for --tls. nginx gets one processor, each tool the
other. The CPU is what the operating system charged the tool and all its processes. Each tool runs twice, once 3 s and once
3 s + --seconds, and only the difference counts: start-up is in neither numerator nor denominator.
"""

import argparse
import json
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SHORT = 3
NGINX = """
daemon off; worker_processes 1; worker_cpu_affinity 01; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
  server {{
    listen 127.0.0.1:{port} {ssl}; {certificate}
    location / {{ default_type text/plain; return 200 "sixty bytes of text that nobody reads, again and again....\n"; }}
  }}
}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--tls", action="store_true")
    arguments = parser.parse_args()
    missing = [tool for tool in ("wrk", "nginx", "taskset") if shutil.which(tool) is None]
    if missing:
        print(f"skipped: {' and '.join(missing)} not found; on Debian: apt-get install wrk nginx-light util-linux")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        url = f"http{'s' if arguments.tls else ''}://127.0.0.1:{port}/"
        nginx = start_nginx(folder, port, arguments.tls)
        try:
            tools = {"wrk": wrk(url, arguments.users), "headrace": headrace(url, arguments.users, folder)}
            rounds: dict[str, list[float]] = {tool: [] for tool in tools}
            for _ in range(arguments.rounds):
                for tool, run in tools.items():
                    rounds[tool].append(cpu_per_request(run, arguments.seconds))
        finally:
            nginx.terminate()
            nginx.wait()
    peer = statistics.median(rounds["wrk"])
    for tool, values in rounds.items():
        middle = statistics.median(values)
        each = " ".join(f"{value:.2f}" for value in values)
        print(f"{tool:9} {middle:7.2f} µs CPU a request  {middle / peer:5.2f} x wrk   (rounds: {each})")


Run = Callable[[int], int]
"""Runs a tool for so many seconds and returns how many requests it counted."""


def wrk(url: str, users: int) -> Run:
    def run(seconds: int) -> int:
        output = pinned(["wrk", "-t1", f"-c{users}", f"-d{seconds}s", url])
        counted = re.search(r"(\d+) requests in", output)
        if counted is None:
            sys.exit(f"wrk: {output}")
        return int(counted[1])

    return run


def headrace(url: str, users: int, folder: Path) -> Run:
    command = str(Path(sys.executable).with_name("headrace"))

    def run(seconds: int) -> int:
        result = folder / "run.json"
        options = ["--users", str(users), "--duration", f"{seconds}s", "--insecure", "--quiet", "--json", str(result)]
        pinned([command, "run", url, *options])
        requests = json.loads(result.read_text())["summary"]["overallRequestSummary"]
        if requests["failedRequests"]:
            sys.exit(f"headrace: {requests['failedRequests']} requests failed")
        return int(requests["totalRequests"])

    return run


def cpu_per_request(run: Run, seconds: int) -> float:
    """Microseconds of CPU that a request costs, start-up left out."""
    short_cpu, short = measured(run, SHORT)
    long_cpu, long = measured(run, SHORT + seconds)
    return (long_cpu - short_cpu) / (long - short) * 1e6


def measured(run: Run, seconds: int) -> tuple[float, int]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    requests = run(seconds)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, requests


def pinned(command: list[str]) -> str:
    done = subprocess.run(["taskset", "-c", "1", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr[-500:]}")
    return done.stdout


def start_nginx(folder: Path, port: int, tls: bool) -> subprocess.Popen[bytes]:
    certificate = ""
    if tls:
        subject = ["-subj", "/CN=localhost", "-days", "2", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject], check=True, capture_output=True
        )
        certificate = f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
    ssl = "ssl" if tls else ""
    configuration = NGINX.format(folder=folder, port=port, ssl=ssl, certificate=certificate)
    (folder / "nginx.conf").write_text(configuration)
    nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return nginx
    sys.exit("nginx did not start")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
