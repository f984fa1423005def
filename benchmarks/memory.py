"""Memory of the engine: what an idle user takes, how many fit into one process, and whether a long run grows.

    python benchmarks/memory.py [--users 1000 --users 20000 --users 50000] [--quick]
    python benchmarks/memory.py --flat 3600

A user arrives, gets a form, keeps the cookie and, as variables, its token and its session, and then thinks; it is
measured when all have done so, against an engine with a single user. `connected`: each keeps its connection, as long as
this shell's limit of open files allows. `without`: the server closes what is idle, as servers do. The kernel's memory
for connections is not in it.

--flat runs the login scenario at full speed for so many seconds and looks how the memory grew in the last three
quarters.
"""

import resource
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import linear_regression

from measuring import BenchmarkError, Effort, effort_of, need_processors, parser, show
from plans import idle_plan, login_plan, running
from processes import resident, wait_for_engines
from rows import Goal, Row
from servers import nginx, requests_seen

ARRIVING = 1_500  # users a second
BESIDE_USERS = 200  # open files of an engine that are no user's connection
SETTLING = 4.0
PORTS = 25_000  # connections to one address that have a port of their own
SAMPLES = 120


def rows(effort: Effort) -> list[Row]:
    """Raises UnavailableError, BenchmarkError."""
    need_processors(2)
    return [*user_rows(effort), *flat_rows(effort)]


def user_rows(effort: Effort) -> list[Row]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - BESIDE_USERS
    single = engine_memory(1, connected=True)
    print(f"  an engine with one user: {single / 2**20:.1f} MiB", flush=True)
    found, largest = [], 0
    goal = Goal(at_least=16, aim=8)
    for users in effort.users:
        for connected in (True, False):
            together = min(users, most) if connected else users
            if connected and together < users * 0.9:
                print(
                    f"  {users:,} connected users need more open files than the {most + BESIDE_USERS:,} allowed", flush=True
                )
                continue
            memory = engine_memory(together, connected)
            each = (memory - single) / (together - 1) / 1024
            print(f"  an engine with {together:,} users: {memory / 2**20:.1f} MiB", flush=True)
            how = "connected" if connected else "without connection"
            found.append(Row(f"memory of an idle user, {together:,} users, {how}", [each], "KiB", "memory.py", goal))
            largest = max(largest, together)
    goal = Goal(at_least=20_000, aim=50_000, more=True)
    return [*found, Row("idle users in one process, tried", [largest], "users", "memory.py", goal)]


def engine_memory(users: int, connected: bool) -> int:
    """Bytes of an engine whose users have all got their form. Raises BenchmarkError."""
    arriving = users / ARRIVING
    seconds = int(arriving) + 120  # the end never comes: it is stopped when it has been measured
    with tempfile.TemporaryDirectory() as name, nginx("login", keep_alive=3600 if connected else 1, workers=2) as site:
        sites = [site.replace("127.0.0.1", f"127.0.0.{number + 1}") for number in range(users // PORTS + 1)]
        with running(idle_plan(sites, users, arriving, seconds), Path(name)) as (process, _):
            (engine,) = wait_for_engines(process.pid)
            _wait_for_requests(site, users, process, time.monotonic() + seconds)
            time.sleep(SETTLING)
            return resident(engine)


def _wait_for_requests(site: str, count: int, process: subprocess.Popen[str], deadline: float) -> None:
    questions = 1
    while requests_seen(site) - questions < count:
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError(f"{count} users did not get their form; headrace's exit code: {process.poll()}")
        time.sleep(0.5)
        questions += 1


def flat_rows(effort: Effort, users: int = 50) -> list[Row]:
    seconds = effort.flat
    with (
        tempfile.TemporaryDirectory() as name,
        nginx("login") as site,
        running(login_plan(site, users, seconds), Path(name)) as (process, _),
    ):
        samples = _watch(process, seconds)
    measure = f"memory after {seconds} s at full speed, by that after a quarter"
    return [
        Row(
            f"{measure}, engine", [_growth([(at, engine) for at, engine, _ in samples])], "x", "memory.py", Goal(1.05, 1.01)
        ),
        Row(f"{measure}, service", [_growth([(at, service) for at, _, service in samples])], "x", "memory.py"),
    ]


def _watch(process: subprocess.Popen[str], seconds: int) -> list[tuple[float, int, int]]:
    """Time, memory of the engine and memory of the service beside it, again and again until the run is about to end."""
    (engine,) = wait_for_engines(process.pid)
    started = time.monotonic()
    samples: list[tuple[float, int, int]] = []
    while (now := time.monotonic() - started) < seconds - 3:
        if process.poll() is not None:
            raise BenchmarkError(f"headrace ended after {now:.0f} s with exit code {process.returncode}")
        samples.append((now, resident(engine), resident(process.pid)))
        if len(samples) % (SAMPLES // 10) == 1:
            print(f"  after {now:5.0f} s: engine {_mib(samples[-1][1])}, service {_mib(samples[-1][2])}", flush=True)
        time.sleep(seconds / SAMPLES)
    return samples


def _growth(samples: list[tuple[float, int]]) -> float:
    """The end of the line through the last three quarters, by its beginning."""
    later = samples[len(samples) // 4 :]
    slope, first = linear_regression([at for at, _ in later], [float(size) for _, size in later])
    return (first + slope * later[-1][0]) / (first + slope * later[0][0])


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--users", type=int, action="append", help="how many idle users; can be given again")
    options.add_argument("--flat", type=int, metavar="SECONDS", help="only the run at full speed, for so long")
    arguments = options.parse_args()
    effort = effort_of(arguments)
    if arguments.flat is not None:
        show(lambda: flat_rows(replace(effort, flat=arguments.flat)))
    elif arguments.users:
        show(lambda: user_rows(replace(effort, users=tuple(arguments.users))))
    else:
        show(lambda: rows(effort))


if __name__ == "__main__":
    main()
