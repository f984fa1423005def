"""What is to happen when, to some ten microseconds.

uvloop's own timers count in whole milliseconds: up to one late, which would be a part of every response time that counts
from an intended start. So one timer of the kernel (timerfd) is set to the next entry. It counts on the clock that
`perf_counter_ns` reads. Where the system has none (macOS), the loop's timers must do.
"""

import asyncio
import contextlib
import ctypes
import os
import struct
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from time import perf_counter_ns

_MILLISECOND = 1_000_000
# After so many ns of what was due, answers that have come meanwhile have their turn; the rest is a turn later.
_AT_ONE_GO = 100_000
_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_NONBLOCKING = os.O_NONBLOCK | os.O_CLOEXEC
_TIMES = struct.Struct("@qqqq")  # interval and due time, each in seconds and ns

Call = Callable[[int], None]


class Entry:
    """Something that is to happen. Its call gets the due time in ns."""

    __slots__ = ("call", "due")

    def __init__(self, due: int, call: Call) -> None:
        self.due = due
        self.call: Call | None = call

    def cancel(self) -> None:
        self.call = None


class Timetable:
    """Times are ns of the performance counter. Make it inside the event loop, and close it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._entries: list[tuple[int, int, Entry]] = []
        self._numbers = count()
        self._set_for = 0
        self._expiring = False
        self._timer = _Timerfd.make()
        if self._timer is not None:
            self._loop.add_reader(self._timer.descriptor, self._expire)

    def at(self, due: int, call: Call) -> Entry:
        """Has `call` called at `due`, never before."""
        entry = Entry(due, call)
        heappush(self._entries, (due, next(self._numbers), entry))
        if not self._set_for or due < self._set_for:
            self._set(due)
        return entry

    def soon_after(self, due: int, call: Call) -> Entry:
        """The same, up to a millisecond later: so thousands of pauses end together, and the loop wakes up once for them."""
        return self.at(-(-due // _MILLISECOND) * _MILLISECOND, call)

    def close(self) -> None:
        self._entries.clear()
        if self._timer is not None:
            self._loop.remove_reader(self._timer.descriptor)
            self._timer.close()
            self._timer = None

    def _set(self, due: int) -> None:
        if self._expiring:
            return  # it is set when all that is due has been called
        self._set_for = due
        if self._timer is not None:
            self._timer.set(due)
        else:
            self._loop.call_later(max(0, due - perf_counter_ns()) / 1e9, self._expire)

    def _expire(self) -> None:
        if self._timer is not None:
            self._timer.clear()
        entries = self._entries
        self._expiring = True
        try:
            until = perf_counter_ns() + _AT_ONE_GO
            while entries and entries[0][0] <= (now := perf_counter_ns()) and now < until:
                due, _, entry = heappop(entries)
                if entry.call is not None:
                    entry.call(due)
        finally:
            self._expiring = False
            while entries and entries[0][2].call is None:
                heappop(entries)
            self._set_for = 0
            if entries:
                self._set(entries[0][0])


class _Timerfd:
    """The kernel's timer, by way of ctypes: Python has `os.timerfd_create` from 3.13 on."""

    def __init__(self, library: ctypes.CDLL, descriptor: int) -> None:
        self.descriptor = descriptor
        self._settime = library.timerfd_settime
        self._times = ctypes.create_string_buffer(_TIMES.size)

    @classmethod
    def make(cls) -> "_Timerfd | None":
        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "timerfd_create"):
            return None
        descriptor = library.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCKING)
        return cls(library, descriptor) if descriptor >= 0 else None

    def set(self, due: int) -> None:
        seconds, ns = divmod(max(due, 1), 1_000_000_000)
        _TIMES.pack_into(self._times, 0, 0, 0, seconds, ns)
        self._settime(self.descriptor, _ABSOLUTE, self._times, None)

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it may have been set anew since
            os.read(self.descriptor, 8)

    def close(self) -> None:
        os.close(self.descriptor)
