"""How the CPU of a request is measured: the same for every tool.

A server has one processor, each tool in turn the other. The CPU is what the operating system charged the tool and all
its processes, the kernel's work for them included. Each tool runs twice, for a short and for a long time, and only the
difference counts: start-up is in neither numerator nor denominator. A round measures every tool, and ratios are taken
within a round, so that a machine whose speed drifts is as slow for one as for the other.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rows import Row, machine, print_rows

SERVER_PROCESSOR = "0"
TOOL_PROCESSOR = "1"
QUIET = 0.05
LONGEST = 120
"""Seconds that one run of a tool may take; the longest should take half a minute."""
PEERS = Path(os.environ.get("BENCH_PEERS", "/opt/peers"))
"""Where scripts/install-bench-peers puts what Debian does not have."""


class UnavailableError(Exception):
    """Something that a measure needs is not on this machine; says what, and how to get it."""


class BenchmarkError(Exception):
    """A tool did not do what was to be measured; says what it did."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long everything is measured, in seconds, and how often."""

    rounds: int = 3
    short: int = 4
    long: int = 12
    warm_up: bool = True
    arrivals: int = 60
    users: tuple[int, ...] = (1_000, 20_000, 50_000)
    flat: int = 600
    histogram_values: int = 1_000_000


FULL = Effort()
QUICK = Effort(rounds=1, short=1, long=3, warm_up=False, arrivals=5, users=(500, 2_000), flat=20, histogram_values=100_000)


@dataclass(frozen=True, slots=True)
class Tool:
    """A load generator that can be run for so many seconds and returns how many requests it counted.

    `warm_up`: seconds that its virtual machine needs until it is at its fastest, left out of both runs.
    """

    name: str
    run: Callable[[int], int]
    warm_up: int = 0


def parser(doc: str | None) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="short runs and one round: does it work, not how fast")
    options.add_argument("--rounds", type=int, help=f"rounds of every comparison ({FULL.rounds})")
    return options


def effort_of(arguments: argparse.Namespace) -> Effort:
    """The effort that the command line asks for; prints what it is measured on."""
    print(f"measured on {machine()}", flush=True)
    others = _busy_share()
    if others > QUIET:
        print(
            f"others use {others:.0%} of this machine now: the figures will be noisy, those of wall-clock time wrong",
            flush=True,
        )
    effort = QUICK if arguments.quick else FULL
    return effort if arguments.rounds is None else replace(effort, rounds=arguments.rounds)


def _busy_share(seconds: float = 1.0) -> float:
    """How much of all processors is in use while this program sleeps."""

    def times() -> tuple[int, int]:
        numbers = [int(number) for number in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]  # all, and idle or waiting for a disk

    all_before, idle_before = times()
    time.sleep(seconds)
    all_after, idle_after = times()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)


def show(rows: Callable[[], list[Row]]) -> None:
    """Measures and prints one benchmark; ends the program with a sentence where that fails."""
    try:
        print_rows(rows())
    except UnavailableError as missing:
        print(f"skipped: {missing}")
    except BenchmarkError as error:
        sys.exit(f"failed: {error}")


def program(name: str) -> str:
    """The path of a program. Raises UnavailableError."""
    folders = [PEERS / "bin", PEERS / "locust/bin", *(PEERS / name / "node_modules/.bin" for name in ("npm", "artillery"))]
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, folders)))
    if found is None:
        raise UnavailableError(f"{name} is not installed; scripts/install-bench-peers gets it")
    return found


def need_processors(count: int) -> None:
    """Raises UnavailableError where this machine, or this shell's share of it, has fewer."""
    there = len(os.sched_getaffinity(0))
    if there < count:
        raise UnavailableError(f"needs {count} processors, there are {there}")


def output_of(
    command: Sequence[str],
    processors: str = TOOL_PROCESSOR,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """What a command on these processors printed. Raises BenchmarkError where it fails or does not end."""
    try:
        done = subprocess.run(
            ["taskset", "-c", processors, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"{Path(command[0]).name} did not end within {LONGEST} s") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-500:]
        raise BenchmarkError(f"{Path(command[0]).name} ended with exit code {done.returncode}: {said}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Cost:
    """What the seconds between the short and the long run took and gave."""

    requests: int
    cpu: float
    seconds: int

    @property
    def us_a_request(self) -> float:
        return self.cpu / self.requests * 1e6

    @property
    def requests_a_second(self) -> float:
        return self.requests / self.seconds


def cost_of(tool: Tool, effort: Effort) -> Cost:
    """Raises BenchmarkError."""
    warm_up = tool.warm_up if effort.warm_up else 0
    short_cpu, short = _run(tool, warm_up + effort.short)
    long_cpu, long = _run(tool, warm_up + effort.long)
    if long <= short:
        raise BenchmarkError(f"{tool.name} made {short} requests in {effort.short} s and {long} in {effort.long} s")
    return Cost(long - short, long_cpu - short_cpu, effort.long - effort.short)


def _run(tool: Tool, seconds: int) -> tuple[float, int]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    requests = tool.run(seconds)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, requests


def costs_of(tools: Sequence[Tool], effort: Effort) -> dict[str, list[Cost]]:
    """The cost of each tool, by its name, round by round. Raises BenchmarkError."""
    costs: dict[str, list[Cost]] = {tool.name: [] for tool in tools}
    for _ in range(effort.rounds):
        for tool in tools:
            costs[tool.name].append(cost_of(tool, effort))
    for name, rounds in costs.items():
        each = " ".join(f"{cost.us_a_request:.2f}" for cost in rounds)
        print(f"  {name:24} µs of CPU a request, round by round: {each}", flush=True)
    return costs


def ratios(costs: Mapping[str, Sequence[Cost]], tool: str, peer: str) -> list[float]:
    """How many times the peer's CPU a request of `tool` costs, round by round."""
    return [own.us_a_request / other.us_a_request for own, other in zip(costs[tool], costs[peer], strict=True)]
