"""The whole table of speed and memory, as ratios; `make bench` is this.

    python benchmarks/table.py [--quick] [--rounds 3] [--only scenario_cpu.py] [--write benchmarks/RESULTS.md]

Takes about half an hour; nothing else should run meanwhile. --write puts the table into a Markdown file, between the
lines `<!-- table -->` and `<!-- end of table -->`. What this machine lacks is skipped with the reason; what fails is
told, and makes the exit code 1.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import arrival_rate
import bodies_cpu
import histogram
import latency
import memory
import peers_cpu
import scenario_cpu
import two_processes
import url_cpu
from measuring import BenchmarkError, Effort, UnavailableError, effort_of, parser
from rows import Row, machine, markdown, print_rows

BENCHMARKS: dict[str, Callable[[Effort], list[Row]]] = {
    "url_cpu.py": url_cpu.rows,
    "url_cpu.py --tls": partial(url_cpu.rows, tls=True),
    "scenario_cpu.py": scenario_cpu.rows,
    "bodies_cpu.py": bodies_cpu.rows,
    "arrival_rate.py": arrival_rate.rows,
    "memory.py": memory.rows,
    "two_processes.py": two_processes.rows,
    "latency.py": latency.rows,
    "histogram.py": histogram.rows,
    "peers_cpu.py": peers_cpu.rows,
}
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--only", action="append", choices=BENCHMARKS, help="this benchmark only; can be given again")
    options.add_argument("--write", type=Path, metavar="FILE", help="put the table into this Markdown file")
    arguments = options.parse_args()
    if arguments.write is not None:
        _cut(arguments.write)
    effort = effort_of(arguments)
    table: list[Row] = []
    failed = False
    for name in arguments.only or BENCHMARKS:
        print(f"\n{name}", flush=True)
        try:
            table += BENCHMARKS[name](effort)
        except UnavailableError as missing:
            table.append(Row(name, [], "", name, note=f"skipped: {missing}"))
        except BenchmarkError as error:
            failed = True
            table.append(Row(name, [], "", name, note=f"failed: {error}"))
    print()
    print_rows(table)
    if arguments.write is not None:
        before, after = _cut(arguments.write)
        measured = f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine()}; medians of {effort.rounds} rounds."
        arguments.write.write_text(f"{before}{BEGIN}\n{measured}\n\n{markdown(table)}\n{END}{after}")
    sys.exit(failed)


def _cut(file: Path) -> tuple[str, str]:
    """What is before and after the table in a file. Ends the program where it has no place for one."""
    text = file.read_text() if file.exists() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{file} has no lines '{BEGIN}' and '{END}' for the table to go between")
    return before, after


if __name__ == "__main__":
    main()
