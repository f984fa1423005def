"""What is shown while a run is under way: a bar on a terminal, a line now and then elsewhere, nothing when quiet."""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from headrace.cli.durations import show_duration

_LINE_EVERY = 5.0
_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Moment:
    """A run at a moment. Times are seconds, `elapsed` since the measured load began; `p95` is that of the response time."""

    phase: str
    elapsed: float
    duration: float
    users: int = 0
    rate: float = 0.0
    p95: float = 0.0
    errors: int = 0

    @property
    def text(self) -> str:
        return (
            f"{self.users:,} users  {self.rate:,.1f} requests/s  p95 {show_time(self.p95)}  "
            f"{self.errors:,} error{'' if self.errors == 1 else 's'}"
        )


class Display(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, moment: Moment) -> None: ...


class Bar:
    """A progress bar that is redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("[bold]{task.description:<12}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[elapsed]}", style="cyan"),
            TextColumn("{task.fields[text]}"),
            console=console,
            auto_refresh=False,  # drawn when there is news: a redraw costs CPU that the load may need
            transient=True,
            expand=True,
        )
        self._task: TaskID

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("starting", total=None, elapsed="", text="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def show(self, moment: Moment) -> None:
        elapsed = f"{show_duration(moment.elapsed)} / {show_duration(moment.duration)}"
        self._progress.update(
            self._task,
            description=moment.phase,
            total=moment.duration,
            completed=min(max(0.0, moment.elapsed), moment.duration),
            elapsed=elapsed,
            text=moment.text,
            refresh=True,
        )


class Lines:
    """A line every few seconds, for logs. One that says nothing where `every` is infinite."""

    def __init__(self, console: Console, every: float = _LINE_EVERY) -> None:
        self._console = console
        self._every = every
        self._due = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def show(self, moment: Moment) -> None:
        if moment.users and moment.elapsed >= self._due:
            self._due = moment.elapsed + self._every
            self._console.print(f"{show_duration(moment.elapsed)}  {moment.phase}  {moment.text}", highlight=False)


def display_for(console: Console, quiet: bool) -> Display:
    if quiet:
        return Lines(console, every=float("inf"))
    return Bar(console) if console.is_terminal else Lines(console)


def show_time(seconds: float) -> str:
    """`1.2 ms`, `340 ms`, `2.10 s`: three digits that matter."""
    ms = seconds * 1000
    if ms < 10:
        return f"{ms:.2f} ms"
    if ms < 1000:
        return f"{ms:.0f} ms" if ms >= 100 else f"{ms:.1f} ms"
    return f"{seconds:.2f} s"


def printable(text: str) -> str:
    """What a server sent must not command the terminal."""
    cut = text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
    return "".join(letter if letter.isprintable() else "·" for letter in cut)
