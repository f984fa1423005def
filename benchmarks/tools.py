"""The load generators: how each is told to load a URL or the scenario, and where it says how many requests it made.

Each function raises UnavailableError where its tool is not on this machine, and what it returns raises BenchmarkError where
requests failed. All that a tool prints or stores beyond what it must is switched off, in its favour.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from measuring import PEERS, TOOL_PROCESSOR, BenchmarkError, Tool, UnavailableError, output_of, program

HERE = Path(__file__).parent


def available(makers: Iterable[Callable[[], Tool]]) -> list[Tool]:
    """The tools that are there; says which are not."""
    tools = []
    for make in makers:
        try:
            tools.append(make())
        except UnavailableError as missing:
            print(f"  skipped: {missing}", flush=True)
    return tools


def headrace_command() -> str:
    return str(Path(sys.executable).with_name("headrace"))


def headrace_requests(result: Path) -> int:
    """The requests in a result file of `headrace run`. Raises BenchmarkError where some failed."""
    requests = json.loads(result.read_text())["summary"]["overallRequestSummary"]
    if requests["failedRequests"]:
        raise BenchmarkError(f"headrace: {requests['failedRequests']} of {requests['totalRequests']} requests failed")
    return int(requests["totalRequests"])


def headrace(url: str, users: int, folder: Path, processors: str = TOOL_PROCESSOR) -> Tool:
    """The whole command: engine, service, store and command line."""
    result = folder / "headrace.json"
    options = ["--users", str(users), "--insecure", "--quiet", "--json", str(result)]

    def run(seconds: int) -> int:
        output_of([headrace_command(), "run", url, *options, "--duration", f"{seconds}s"], processors)
        return headrace_requests(result)

    return Tool("headrace", run)


def wrk(url: str, users: int, processors: str = TOOL_PROCESSOR, threads: int = 1) -> Tool:
    command = [program("wrk"), f"-t{threads}", f"-c{users}"]

    def run(seconds: int) -> int:
        output = output_of([*command, f"-d{seconds}s", url], processors)
        if "Non-2xx" in output or "Socket errors" in output:
            raise BenchmarkError(f"wrk: {output}")
        return _found(r"(\d+) requests in", output, "wrk")

    return Tool("wrk", run)


def ab(url: str, users: int) -> Tool:
    command = [program("ab"), "-k", "-q", "-c", str(users)]

    def run(seconds: int) -> int:
        output = output_of([*command, "-t", str(seconds), "-n", "5000000", url])
        if _found(r"Failed requests:\s+(\d+)", output, "ab"):
            raise BenchmarkError(f"ab: {output}")
        return _found(r"Complete requests:\s+(\d+)", output, "ab")

    return Tool("ab", run)


def hey(url: str, users: int) -> Tool:
    command = [program("hey"), "-c", str(users)]

    def run(seconds: int) -> int:
        # it counts a million answers at most
        return _found(r"\[200\]\s+(\d+) responses", output_of([*command, "-z", f"{seconds}s", url]), "hey")

    return Tool("hey", run)


def oha(url: str, users: int) -> Tool:
    command = [program("oha"), "--no-tui", "--output-format", "json", "-c", str(users)]

    def run(seconds: int) -> int:
        statuses = json.loads(output_of([*command, "-z", f"{seconds}s", url]))["statusCodeDistribution"]
        if set(statuses) != {"200"}:
            raise BenchmarkError(f"oha: {statuses}")
        return int(statuses["200"])

    return Tool("oha", run)


def autocannon(url: str, users: int) -> Tool:
    command = [program("autocannon"), "--json", "-c", str(users)]

    def run(seconds: int) -> int:
        result = json.loads(output_of([*command, "-d", str(seconds), url]))
        if result["errors"] or result["non2xx"]:
            raise BenchmarkError(f"autocannon: {result['errors']} errors, {result['non2xx']} wrong answers")
        return int(result["2xx"])

    return Tool("autocannon", run)


def k6(site: str, users: int, folder: Path, script: Path = HERE / "peers/url.js") -> Tool:
    summary = folder / "k6.json"
    command = [program("k6"), "run", "--quiet", "--summary-export", str(summary), "--vus", str(users), "-e", f"SITE={site}"]

    def run(seconds: int) -> int:
        environment = {"K6_NO_USAGE_REPORT": "true"}
        output_of([*command, "--duration", f"{seconds}s", str(script)], environment=environment, folder=folder)
        metrics = json.loads(summary.read_text())["metrics"]
        failed = metrics["http_req_failed"]["passes"] + metrics.get("checks", {"fails": 0})["fails"]
        if failed:
            raise BenchmarkError(f"k6: {failed} requests and checks failed")
        return int(metrics["http_reqs"]["count"])

    return Tool("k6", run)


def locust(site: str, users: int, kind: str, file: Path = HERE / "peers/url_locust.py") -> Tool:
    command = [program("locust"), "-f", str(file), "--headless", "--json", "--loglevel", "ERROR", "--host", site]
    crowd = ["-u", str(users), "-r", str(users)]

    def run(seconds: int) -> int:
        entries = json.loads(output_of([*command, *crowd, "-t", f"{seconds}s", kind]))
        failed = sum(entry["num_failures"] for entry in entries)
        if failed:
            raise BenchmarkError(f"Locust: {failed} requests failed")
        return int(sum(entry["num_requests"] for entry in entries))

    return Tool(f"Locust {kind}", run)


def jmeter(url: str, users: int, folder: Path) -> Tool:
    jar = PEERS / "jmeter/bin/ApacheJMeter.jar"
    if not jar.exists():
        raise UnavailableError("JMeter is not installed; scripts/install-bench-peers gets it")
    memory = ["-Xms1g", "-Xmx1g", "-Djava.awt.headless=true"]
    command = [
        program("java"),
        *memory,
        "-jar",
        str(jar),
        "-n",
        "-t",
        str(HERE / "peers/url.jmx"),
        "-j",
        f"{folder}/jmeter.log",
    ]
    port = url.rstrip("/").rpartition(":")[2]

    def run(seconds: int) -> int:
        output = output_of([*command, f"-Jusers={users}", f"-Jport={port}", f"-Jseconds={seconds}"], folder=folder)
        *_, (requests, errors) = re.findall(r"summary =\s+(\d+) in .* Err:\s+(\d+)", output) or [("0", output)]
        if errors != "0":
            raise BenchmarkError(f"JMeter: errors: {errors}")
        return int(requests)

    return Tool("JMeter", run, warm_up=8)


def gatling(url: str, users: int, folder: Path) -> Tool:
    jars = f"{PEERS}/gatling/lib/*"
    if not (PEERS / "gatling/lib").exists():
        raise UnavailableError("Gatling is not installed; scripts/install-bench-peers gets it")
    output_of([program("javac"), "-cp", jars, "-d", str(folder), str(HERE / "peers/Url.java")])
    # told of one processor only, it never ends
    options = ["-XX:ActiveProcessorCount=2", "--add-opens=java.base/java.lang=ALL-UNNAMED"]
    options.append(f"-Dlogback.configurationFile={HERE}/peers/logback.xml")
    command = [program("java"), *options, "-cp", f"{folder}:{jars}", f"-Dsite={url}", f"-Dusers={users}"]
    run_it = ["io.gatling.app.Gatling", "-s", "Url", "-rf", f"{folder}/gatling", "-nr"]

    def run(seconds: int) -> int:
        output = output_of([*command, f"-Dseconds={seconds}", *run_it], folder=folder)
        counts = re.findall(r"> Global\s+\|\s*([\d,]+)\s*\|\s*([\d,]+)\s*\|", output)
        if not counts:
            raise BenchmarkError(f"Gatling: {output[-500:]}")
        everything, passed = counts[-1]
        if everything != passed:
            raise BenchmarkError(f"Gatling: {passed} of {everything} requests passed")
        return int(everything.replace(",", ""))

    return Tool("Gatling", run, warm_up=8)


def artillery(url: str, users: int, folder: Path) -> Tool:
    """It has no users who go on until a time: each makes so many requests, by a guess at what it can do."""
    command = [program("artillery"), "run", "--quiet", "--output", f"{folder}/artillery.json", f"{folder}/artillery.yml"]
    guess = 4_000

    def run(seconds: int) -> int:
        phase = {"duration": 1, "arrivalCount": users}
        steps = [{"loop": [{"get": {"url": "/"}}], "count": guess * seconds // users}]
        config = {"target": url.rstrip("/"), "phases": [phase]}
        (folder / "artillery.yml").write_text(json.dumps({"config": config, "scenarios": [{"flow": steps}]}))
        output_of(command, environment={"ARTILLERY_DISABLE_TELEMETRY": "true"}, folder=folder)
        counters = json.loads((folder / "artillery.json").read_text())["aggregate"]["counters"]
        if counters["http.codes.200"] != counters["http.requests"]:
            raise BenchmarkError(f"Artillery: {counters}")
        return int(counters["http.requests"])

    return Tool("Artillery", run)


def _found(pattern: str, output: str, tool: str) -> int:
    found = re.search(pattern, output)
    if found is None:
        raise BenchmarkError(f"{tool}: {output[-500:]}")
    return int(found[1])
