"""A process that runs one script for an agent: `python -m headrace.rig.script_runner`.

It reads a Job from its standard input. To its standard output it writes, a line of JSON each, what the script writes and how
it ended. The input is its lease: when it ends, everything that the script has started is killed. What a script leaves behind
in the background lives until then, so that a setup script can start what the load needs.

It is a process of its own because it becomes the parent of all that loses its parent below it (a subreaper), so that nobody
gets away into another session; because it dams a flood of output; and because a service that is killed leaves no script.
"""

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from subprocess import DEVNULL, PIPE, Popen, SubprocessError
from time import monotonic, sleep

import msgspec

from headrace.rig.script_output import Lines

_SET_CHILD_SUBREAPER = 36  # prctl(2)
_LEASE, _NEWS = 0, 1  # file descriptors
_READ = 64 * 1024
_MOST_AFTER_END = 1024 * 1024  # bytes that are read of a script that has ended, should what it left behind write on
_TO_KILL = 5.0  # seconds; what multiplies for longer is left to the operating system


class Job(msgspec.Struct, frozen=True):
    """A script to run. `user`: uid, gid and further groups to run it as; None: those of this process."""

    command: tuple[str, ...]
    folder: str
    environment: dict[str, str]
    timeout: float
    user: tuple[int, int, tuple[int, ...]] | None = None


class Wrote(msgspec.Struct, frozen=True, tag=True):
    """The script has written these lines, to its error output where `error`."""

    lines: tuple[str, ...]
    error: bool


class Over(msgspec.Struct, frozen=True, tag=True):
    """The script has ended. `status`: its exit status, or minus the signal that killed it; None where it has none because of
    `reason`. `last`: the last lines of its error output, or else of its output."""

    status: int | None
    timed_out: bool = False
    reason: str = ""
    last: tuple[str, ...] = ()


class _Stream:
    def __init__(self, number: int, error: bool) -> None:
        self.number = number
        self.error = error
        self.lines = Lines()


class _Runner:
    def __init__(self, process: "Popen[bytes]", timeout: float) -> None:
        self._process = process
        self._deadline: float | None = monotonic() + timeout  # None: the script has ended
        self._timed_out = False
        self._alone = False  # no child is left
        self._unsent = bytearray()  # bounded as what is kept of the output is
        self._selector = DefaultSelector()
        pipes = ((process.stdout, False), (process.stderr, True))
        self._streams = [_Stream(pipe.fileno(), error) for pipe, error in pipes if pipe is not None]

    def run(self, woken: int) -> None:
        """Returns when the lease has ended, or nothing is left of the script. `woken` is readable when a child has ended."""
        for stream in self._streams:
            os.set_blocking(stream.number, False)
            self._selector.register(stream.number, EVENT_READ, stream)
        os.set_blocking(_NEWS, False)
        self._selector.register(_LEASE, EVENT_READ)
        self._selector.register(woken, EVENT_READ)
        while not self._alone or self._unsent:
            left = None if self._deadline is None else max(0.0, self._deadline - monotonic())
            for key, _ in self._selector.select(left):
                if key.fd == _LEASE and not os.read(_LEASE, _READ):
                    return
                if key.fd == woken:
                    os.read(woken, _READ)
                elif isinstance(key.data, _Stream):
                    self._hear(key.data, _READ)
            self._reap()
            if self._deadline is not None and monotonic() >= self._deadline:
                self._timed_out = True
                kill_children()
                self._reap()
            self._send()

    def _hear(self, stream: _Stream, most: int) -> None:
        """Reads what there is of a stream, `most` bytes or a little more."""
        while most > 0:
            try:
                data = os.read(stream.number, _READ)
            except BlockingIOError:
                return
            if not data:
                if stream.number in self._selector.get_map():
                    self._selector.unregister(stream.number)
                return
            most -= len(data)
            if self._deadline is not None:
                self._tell(stream, stream.lines.feed(data))

    def _tell(self, stream: _Stream, lines: list[str]) -> None:
        if lines:
            self._report(Wrote(tuple(lines), stream.error))

    def _report(self, news: Wrote | Over) -> None:
        self._unsent += msgspec.json.encode(news) + b"\n"

    def _send(self) -> None:
        with suppress(BlockingIOError):
            while self._unsent:
                del self._unsent[: os.write(_NEWS, self._unsent)]
        waits = _NEWS in self._selector.get_map()
        if self._unsent and not waits:
            self._selector.register(_NEWS, EVENT_WRITE)
        elif waits and not self._unsent:
            self._selector.unregister(_NEWS)

    def _reap(self) -> None:
        """Takes leave of all children that have ended."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self._process.pid:
                    self._end(os.waitstatus_to_exitcode(status))
        self._alone = True

    def _end(self, status: int) -> None:
        for stream in self._streams:
            self._hear(stream, _MOST_AFTER_END)
            self._tell(stream, stream.lines.end())
        self._deadline = None
        output, errors = (stream.lines.last for stream in self._streams)
        self._report(Over(status, self._timed_out, last=errors or output))


def kill_children() -> None:
    """Kills all that descends from this process: what is below a killed child becomes a child of this process."""
    deadline = monotonic() + _TO_KILL
    none_seen = 0
    while none_seen < 2 and monotonic() < deadline:  # twice, because processes move while one looks
        children = _children()
        none_seen = 0 if children else none_seen + 1
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        sleep(0.002)


def _children() -> list[int]:
    """The children of this process that have not ended."""
    own = str(os.getpid())
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, parent, *_ = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                if parent == own and state not in "ZX":
                    found.append(int(entry.name))
    return found


def _start(job: Job) -> "Popen[bytes]":
    uid, gid, groups = job.user or (None, None, None)
    return Popen(  # noqa: S603 - to run what the plan names is what this is for
        job.command,
        cwd=job.folder,
        env=job.environment,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        user=uid,
        group=gid,
        extra_groups=groups,
    )


def main() -> None:
    line = _read_line()
    if not line:
        return  # stopped before it began
    job = msgspec.json.decode(line, type=Job)
    ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # or there would be nothing that wakes
    signal.set_wakeup_fd(wake)
    try:
        process = _start(job)
    except (OSError, SubprocessError) as error:
        reason = f"'{job.command[0]}' cannot be started: {getattr(error, 'strerror', None) or error}"
        os.write(_NEWS, msgspec.json.encode(Over(None, reason=reason)) + b"\n")
        return
    try:
        _Runner(process, job.timeout).run(woken)
    except BrokenPipeError:
        pass  # nobody listens any more
    finally:
        kill_children()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # or they would be seen for a while yet
                pass


def _read_line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        data = os.read(_LEASE, _READ)
        if not data:
            break
        line += data
    return bytes(line)


if __name__ == "__main__":
    main()
