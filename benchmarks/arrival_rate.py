"""How punctual an open load is: the share of requests that reach the server within 1, 2 and 5 ms of the intended time.

    python benchmarks/arrival_rate.py [--rate 5000] [--users 5000] [--seconds 60] [--quick]

The server judges, not the generator: it notes when each request arrives, and which it is, for each carries its number.
That of the k-th is compared with k / rate; when the schedule began is taken from the request that was the earliest
against it, so none can seem more punctual than it was. What never arrived was not punctual. Generator and server have a
processor each.
"""

import subprocess
import sys
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from measuring import SERVER_PROCESSOR, BenchmarkError, Effort, effort_of, need_processors, parser, show
from plans import NUMBERS, arrival_plan, running
from rows import Goal, Row
from tools import headrace_requests

# Seconds for the command to start, and for its last answers and its report.
_BESIDE = 60


@dataclass(slots=True)
class Recording:
    """Where the server is; after it has ended, when each request arrived, in seconds on its clock, and its number."""

    url: str
    arrivals: Sequence[tuple[float, int]] = ()


def rows(effort: Effort, rate: int = 5_000, users: int = 5_000) -> list[Row]:
    """Raises UnavailableError, BenchmarkError."""
    need_processors(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with recorder(folder) as recording:
            plan = arrival_plan(recording.url, rate, users, effort.arrivals)
            with running(plan, folder) as (process, result):
                _, said = process.communicate(timeout=effort.arrivals + _BESIDE)
                if process.returncode:
                    raise BenchmarkError(f"headrace ended with exit code {process.returncode}: {said[-500:]}")
        reported = headrace_requests(result)
    intended = rate * effort.arrivals
    late = lags(recording.arrivals, rate)
    print(f"  {intended:,} intended, {len(late):,} arrived, {reported:,} reported", flush=True)
    if len(late) < intended:
        # a dropped arrival takes no number, so those after it seem to be later by its place
        print(
            f"  {intended - len(late):,} were dropped, and all after them count as late too: give more --users", flush=True
        )
    within = {ms: 100 * sum(lag <= ms / 1e3 for lag in late) / max(intended, len(late)) for ms in (1, 2, 5)}
    late.sort()
    ranks = " ".join(
        f"p{p:g} {late[min(len(late) - 1, int(len(late) * p / 100))] * 1e3:.2f} ms" for p in (50, 99, 99.9, 99.99)
    )
    print(f"  behind the schedule: {ranks}, most {late[-1] * 1e3:.2f} ms", flush=True)
    goals = {5: Goal(at_least=99.9, more=True), 2: Goal(aim=99.99, more=True), 1: None}
    measure = f"arrival rate {rate:,}/s for {effort.arrivals} s, sent within"
    return [Row(f"{measure} {ms} ms", [within[ms]], "%", "arrival_rate.py", goal) for ms, goal in goals.items()]


def lags(arrivals: Sequence[tuple[float, int]], rate: float) -> list[float]:
    """By how many seconds each arrival was later against the schedule than the most punctual one. Raises BenchmarkError."""
    if not arrivals:
        raise BenchmarkError("no request arrived at the server")
    behind = []
    for place, (at, number) in enumerate(sorted(arrivals)):
        whole = number + round((place - number) / NUMBERS) * NUMBERS  # numbers begin again, places do not
        behind.append(at - whole / rate)
    earliest = min(behind)
    return [lag - earliest for lag in behind]


@contextmanager
def recorder(folder: Path) -> Iterator[Recording]:
    file = folder / "arrivals"
    command = [sys.executable, str(Path(__file__).with_name("recorder.py")), str(file)]
    process = subprocess.Popen(["taskset", "-c", SERVER_PROCESSOR, *command], stdout=subprocess.PIPE, text=True)
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        recording = Recording(f"http://127.0.0.1:{port}")
        yield recording
    finally:
        process.terminate()
        process.wait()
    values = array("d", file.read_bytes())
    recording.arrivals = [(at, int(number)) for at, number in zip(values[::2], values[1::2], strict=True)]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--rate", type=int, default=5_000, help="requests a second")
    options.add_argument("--users", type=int, default=5_000, help="most at a time")
    options.add_argument("--seconds", type=int)
    arguments = options.parse_args()
    effort = effort_of(arguments)
    if arguments.seconds is not None:
        effort = replace(effort, arrivals=arguments.seconds)
    show(lambda: rows(effort, arguments.rate, arguments.users))


if __name__ == "__main__":
    main()
