"""A row of the table of benchmarks: a ratio, how far its rounds lie apart, and what was asked of it."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from headrace import __version__


@dataclass(frozen=True, slots=True)
class Goal:
    """What a value should be, as issue 3 asks. `more`: more is better."""

    at_least: float | None = None
    aim: float | None = None
    more: bool = False

    def verdict(self, value: float) -> str:
        for bound, reached in ((self.aim, "aim"), (self.at_least, "at least")):
            if bound is not None and (value >= bound if self.more else value <= bound):
                return reached
        return "missed" if self.at_least is not None else "below the aim"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure; `values` are its rounds, in `unit`. Without values, `note` says why it could not be measured."""

    measure: str
    values: Sequence[float]
    unit: str
    command: str
    goal: Goal | None = None
    note: str = ""

    @property
    def value(self) -> float:
        return median(self.values)

    def cells(self) -> list[str]:
        """Measure, value, rounds, at least, aim, verdict, note."""
        goal = self.goal or Goal()
        bounds = ["" if bound is None else written(bound) for bound in (goal.at_least, goal.aim)]
        if not self.values:
            return [self.measure, "not measured", "", *bounds, "", self.note]
        rounds = f"{written(min(self.values))} to {written(max(self.values))}" if len(self.values) > 1 else ""
        verdict = self.goal.verdict(self.value) if self.goal else ""
        return [self.measure, f"{written(self.value)} {self.unit}", rounds, *bounds, verdict, self.note]


HEAD = ["measure", "measured", "rounds", "at least", "aim", "reached", ""]


def written(value: float) -> str:
    """Three digits that count, and all before the point; shares near 100 % keep what makes them differ from it."""
    if 99 < value < 100:
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 10 else f"{value:.2f}"


def print_rows(rows: Iterable[Row]) -> None:
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(), flush=True)


def markdown(rows: Iterable[Row]) -> str:
    head = [*HEAD[:-1], "command"]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        *cells, note = row.cells()
        cells[1] = f"**{cells[1]}**" + (f" ({note})" if note else "")
        lines.append([*cells, f"`python benchmarks/{row.command}`"])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """What the figures were measured on: processors, memory, system, and the versions of what took part."""
    processor = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return (
        f"{os.cpu_count()} processors ({processor}), {memory / 2**20:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, Headrace {__version__}, {_version('wrk', '-v')}, {_version('nginx', '-v')}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _version(program: str, option: str) -> str:
    found = shutil.which(program)
    if found is None:
        return f"no {program}"
    done = subprocess.run([found, option], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).partition("\n")[0]
    number = next((word for word in said.replace("/", " ").split() if word[:1].isdigit()), "?")
    return f"{program} {number}"
