"""CPU a request of `headrace run URL`, as a ratio to wrk's on the same nginx in the same run.

    python benchmarks/url_cpu.py [--tls] [--users 50] [--rounds 3] [--quick]

Headrace's figure is the whole command: engine, service, store and command line. Needs wrk and nginx, and openssl for --tls.
"""

import tempfile
from pathlib import Path

from measuring import Effort, costs_of, effort_of, need_processors, parser, ratios, show
from rows import Goal, Row
from servers import nginx
from tools import headrace, wrk


def rows(effort: Effort, tls: bool = False, users: int = 50) -> list[Row]:
    """Raises UnavailableError, BenchmarkError."""
    need_processors(2)
    with tempfile.TemporaryDirectory() as folder, nginx("small", tls=tls) as site:
        costs = costs_of([wrk(f"{site}/", users), headrace(f"{site}/", users, Path(folder))], effort)
    measure = f"CPU a request{' over TLS' if tls else ''}, URL test, {users} users"
    goal = Goal(at_least=2.0, aim=1.3) if tls else Goal(at_least=1.5, aim=1.0)
    return [Row(measure, ratios(costs, "headrace", "wrk"), "x wrk", f"url_cpu.py{' --tls' if tls else ''}", goal)]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--users", type=int, default=50)
    options.add_argument("--tls", action="store_true")
    arguments = options.parse_args()
    show(lambda: rows(effort_of(arguments), arguments.tls, arguments.users))


if __name__ == "__main__":
    main()
