"""CPU a request of other load generators on one URL and one nginx, each as a ratio to wrk's, Headrace among them.

    python benchmarks/peers_cpu.py [--users 50] [--rounds 3] [--quick] [--only k6 --only JMeter]

`scripts/install-bench-peers` installs what this machine can get; the others are skipped.
"""

import tempfile
from functools import partial
from pathlib import Path

import tools
from measuring import BenchmarkError, Effort, Tool, costs_of, effort_of, need_processors, parser, ratios, show
from rows import Row
from servers import nginx
from tools import available


def rows(effort: Effort, users: int = 50, only: list[str] | None = None) -> list[Row]:
    """Raises UnavailableError where there is no wrk or nginx."""
    need_processors(2)
    found = []
    with tempfile.TemporaryDirectory() as name, nginx("small") as site:
        wrk = tools.wrk(f"{site}/", users)
        for tool in _peers(site, users, Path(name)):
            if only and tool.name not in only:
                continue
            measure = f"{tool.name}, CPU a request, one URL"
            try:
                values = ratios(costs_of([wrk, tool], effort), tool.name, "wrk")
            except BenchmarkError as error:
                found.append(Row(measure, [], "", "peers_cpu.py", note=str(error)))
            else:
                found.append(Row(measure, values, "x wrk", "peers_cpu.py"))
    return found


def _peers(site: str, users: int, folder: Path) -> list[Tool]:
    url = f"{site}/"
    return available(
        [
            partial(tools.headrace, url, users, folder),
            partial(tools.ab, url, users),
            partial(tools.oha, url, users),
            partial(tools.autocannon, url, users),
            partial(tools.hey, url, users),
            partial(tools.gatling, url, users, folder),
            partial(tools.locust, site, users, "Fast"),
            partial(tools.jmeter, url, users, folder),
            partial(tools.artillery, url, users, folder),
            partial(tools.k6, url, users, folder),
            partial(tools.locust, site, users, "Usual"),
        ]
    )


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--users", type=int, default=50)
    options.add_argument("--only", action="append", help="measure this tool only; can be given again")
    arguments = options.parse_args()
    show(lambda: rows(effort_of(arguments), arguments.users, arguments.only))


if __name__ == "__main__":
    main()
