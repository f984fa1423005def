"""CPU a request of a scenario with a login, against wrk's bare request and against Locust and k6 doing the same scenario.

    python benchmarks/scenario_cpu.py [--users 50] [--rounds 3] [--quick]

The scenario is in `scenario/`, once for each tool: a form with a hidden token and a cookie, the login with that token,
a JSON answer, two extractions and two validations, and two more pages. The server (`sites/login.conf`) refuses a login
whose token is not its cookie's, so a tool that does it wrong is not measured but fails.
"""

import tempfile
from functools import partial
from pathlib import Path

from measuring import Effort, costs_of, effort_of, need_processors, parser, ratios, show
from plans import headrace_login
from rows import Goal, Row
from servers import nginx
from tools import HERE, available, k6, locust, wrk

PEERS = {"Locust LoginUser": ("Locust FastHttpUser", Goal(8, 15, more=True)), "k6": ("k6", Goal(10, 30, more=True))}


def rows(effort: Effort, users: int = 50) -> list[Row]:
    """Raises UnavailableError, BenchmarkError."""
    need_processors(2)
    measure = "CPU a request, 5-request scenario"
    with tempfile.TemporaryDirectory() as name, nginx("login") as site:
        folder = Path(name)
        own = headrace_login(site, users, folder)
        peers = available(
            [
                partial(locust, site, users, "LoginUser", HERE / "scenario/locustfile.py"),
                partial(k6, site, users, folder, HERE / "scenario/script.js"),
            ]
        )
        costs = costs_of([wrk(f"{site}/", users), own, *peers], effort)
    found = [Row(measure, ratios(costs, own.name, "wrk"), "x wrk's bare request", "scenario_cpu.py", Goal(3.0, 2.0))]
    for tool, (title, goal) in PEERS.items():
        values = ratios(costs, tool, own.name) if tool in costs else []
        note = "" if values else "not installed; scripts/install-bench-peers gets it"
        found.append(Row(f"{measure}, {title}", values, "x Headrace", "scenario_cpu.py", goal, note))
    return found


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--users", type=int, default=50)
    arguments = options.parse_args()
    show(lambda: rows(effort_of(arguments), arguments.users))


if __name__ == "__main__":
    main()
