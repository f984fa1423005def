"""What a second engine process gives: the throughput of two against that of one.

    python benchmarks/two_processes.py [--users 50] [--rounds 3] [--quick]

On a machine with two processors the server needs its share of both, so the whole system is doubled: one engine and one
nginx worker together on one processor, against two engines and two workers on two, with twice the users. wrk with one
thread and with two goes the same way and tells what the machine itself gives.
"""

import tempfile
from pathlib import Path
from statistics import median

from measuring import Cost, Effort, cost_of, effort_of, need_processors, parser, show
from rows import Goal, Row
from servers import nginx
from tools import headrace, wrk

ONE, TWO = "1", "0,1"


def rows(effort: Effort, users: int = 50) -> list[Row]:
    """Raises UnavailableError, BenchmarkError. `users`: of each engine."""
    need_processors(2)
    costs: dict[tuple[str, int], list[Cost]] = {}
    for _ in range(effort.rounds):
        for processes, processors in ((1, ONE), (2, TWO)):
            with tempfile.TemporaryDirectory() as name, nginx("small", processors=processors, workers=processes) as site:
                url, together = f"{site}/", users * processes
                for tool in (wrk(url, together, processors, processes), headrace(url, together, Path(name), processors)):
                    cost = cost_of(tool, effort)
                    costs.setdefault((tool.name, processes), []).append(cost)
                    rate = f"{cost.requests_a_second:9,.0f} requests/s, {cost.us_a_request:5.2f} µs of CPU each"
                    print(f"  {tool.name:9} {processes} x {users} users: {rate}", flush=True)
    more = {
        name: [
            two.requests_a_second / one.requests_a_second for one, two in zip(costs[name, 1], costs[name, 2], strict=True)
        ]
        for name in ("headrace", "wrk")
    }
    price = [
        two.us_a_request / one.us_a_request for one, two in zip(costs["headrace", 1], costs["headrace", 2], strict=True)
    ]
    by_machine = [value / median(more["wrk"]) for value in more["headrace"]]
    command = "two_processes.py"
    return [
        Row("two processes against one, requests a second", more["headrace"], "x", command, Goal(at_least=1.9, more=True)),
        Row("wrk, two threads against one, requests a second", more["wrk"], "x", command),
        Row("two processes against one, by what wrk gains here", by_machine, "x", command),
        Row("two processes against one, CPU a request", price, "x", command),
    ]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--users", type=int, default=50)
    arguments = options.parse_args()
    show(lambda: rows(effort_of(arguments), arguments.users))


if __name__ == "__main__":
    main()
