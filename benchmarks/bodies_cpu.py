"""CPU a request where each answer has a body of 64 KiB that nobody looks at, as a ratio to wrk's on the same nginx.

python benchmarks/bodies_cpu.py [--users 50] [--rounds 3] [--quick]
"""

import tempfile
from pathlib import Path

from measuring import Effort, costs_of, effort_of, need_processors, parser, ratios, show
from rows import Goal, Row
from servers import LARGE, nginx
from tools import headrace, wrk


def rows(effort: Effort, users: int = 50) -> list[Row]:
    """Raises UnavailableError, BenchmarkError."""
    need_processors(2)
    with tempfile.TemporaryDirectory() as folder, nginx("large") as site:
        costs = costs_of([wrk(f"{site}/", users), headrace(f"{site}/", users, Path(folder))], effort)
    measure = f"CPU a request, bodies of {LARGE // 1024} KiB that nobody looks at"
    goal = Goal(at_least=1.3, aim=1.0)
    return [Row(measure, ratios(costs, "headrace", "wrk"), "x wrk", "bodies_cpu.py", goal)]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--users", type=int, default=50)
    arguments = options.parse_args()
    show(lambda: rows(effort_of(arguments), arguments.users))


if __name__ == "__main__":
    main()
