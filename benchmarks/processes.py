"""The engine processes of a run, as /proc shows them."""

import time
from collections.abc import Iterator
from pathlib import Path

from measuring import BenchmarkError

_TO_START = 60.0


def wait_for_engines(command: int, count: int = 1) -> list[int]:
    """The process ids of the engines below a `headrace run`, when there are so many. Raises BenchmarkError."""
    deadline = time.monotonic() + _TO_START
    while time.monotonic() < deadline and Path(f"/proc/{command}").exists():
        engines = [process for process in _descendants(command) if _is_engine(process)]
        if len(engines) >= count:
            return engines
        time.sleep(0.05)
    raise BenchmarkError(f"headrace started no {count} engines")


def resident(process: int) -> int:
    """Bytes of memory that a process has. Raises BenchmarkError where it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError as error:
        raise BenchmarkError(f"the process {process} has ended") from error
    sizes = [line for line in status.splitlines() if line.startswith("VmRSS")]
    if not sizes:
        raise BenchmarkError(f"the process {process} has ended")
    return int(sizes[0].split()[1]) * 1024


def _descendants(process: int) -> Iterator[int]:
    try:
        children = [
            int(child) for file in Path(f"/proc/{process}/task").glob("*/children") for child in file.read_text().split()
        ]
    except OSError:  # it has just ended
        return
    for child in children:
        yield child
        yield from _descendants(child)


def _is_engine(process: int) -> bool:
    try:
        return b"headrace.engine" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
