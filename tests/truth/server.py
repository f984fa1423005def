"""A server that knows what it did: for every request when it came and when it was answered, by its own clock.

Run as a process: `python -m tests.truth.server` prints its port, and ends with its standard input. What a path does:

    /delay/MS                answers after so many milliseconds
    /mix/MS/MS/N             after the first delay; every Nth request after the second
    /stall/STALL/PERIOD      answers nothing for the first STALL ms of every PERIOD ms of the monotonic clock, else at once
    /redirect/N              N redirects, then /
    /status/CODE             that status
    /silent                  never
    /reset                   resets the connection
    /_record                 what was seen, as JSON: a list of [target, arrived, answered], the instants in ns of the
                             monotonic clock, `answered` 0 where it was not
    /_forget                 forgets it

All else is answered at once. Requests have no bodies.
"""

import asyncio
import socket
import struct
import sys
from time import perf_counter_ns
from typing import cast

import msgspec
import uvloop

from headrace.engine.timetable import Timetable

MILLISECOND = 1_000_000
_RESPONSE = b"HTTP/1.1 %d Whatever\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%b\r\n%b"
OK = _RESPONSE % (200, 3, b"", b"ok\n")

Record = list[tuple[str, int, int]]


class Seen:
    """A request; instants are ns of the monotonic clock."""

    __slots__ = ("answered", "arrived", "target")

    def __init__(self, target: bytes, arrived: int) -> None:
        self.target = target
        self.arrived = arrived
        self.answered = 0


class Site:
    """What all connections share."""

    def __init__(self) -> None:
        self.timetable = Timetable()
        self.record: list[Seen] = []
        self.mixed = 0


class Visitor(asyncio.Protocol):
    """One connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        now = perf_counter_ns()
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            target = self._buffer[: self._buffer.index(b"\r\n")].split(b" ")[1]
            self._buffer = self._buffer[end + 4 :]
            self._serve(target, now)

    def _serve(self, target: bytes, now: int) -> None:
        site = self._site
        first, *parts = target.partition(b"?")[0].strip(b"/").split(b"/")
        if first == b"_record":
            self._tell([(seen.target.decode(), seen.arrived, seen.answered) for seen in site.record])
            return
        if first == b"_forget":
            site.record.clear()
            self._tell([])
            return
        seen = Seen(target, now)
        site.record.append(seen)
        if first == b"delay":
            self._answer_at(seen, now + _ns(parts[0]))
        elif first == b"mix":
            site.mixed += 1
            self._answer_at(seen, now + _ns(parts[1] if site.mixed % int(parts[2]) == 0 else parts[0]))
        elif first == b"stall":
            stall, phase = _ns(parts[0]), now % _ns(parts[1])
            self._answer_at(seen, now - phase + stall if phase < stall else now)
        elif first == b"redirect":
            left = int(parts[0]) - 1
            self._answer(seen, _RESPONSE % (302, 0, b"Location: /%b\r\n" % (b"redirect/%d" % left if left else b""), b""))
        elif first == b"status":
            self._answer(seen, _RESPONSE % (int(parts[0]), 0, b"", b""))
        elif first == b"reset":
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        elif first != b"silent":
            self._answer(seen, OK)

    def _answer_at(self, seen: Seen, due: int) -> None:
        if due <= perf_counter_ns():
            self._answer(seen, OK)
        else:
            self._site.timetable.at(due, lambda due: self._answer(seen, OK))

    def _answer(self, seen: Seen, response: bytes) -> None:
        if not self._transport.is_closing():
            seen.answered = perf_counter_ns()
            self._transport.write(response)

    def _tell(self, record: Record) -> None:
        body = msgspec.json.encode(record)
        self._transport.write(_RESPONSE % (200, len(body), b"", body))


def _ns(milliseconds: bytes) -> int:
    return int(float(milliseconds) * MILLISECOND)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    site = Site()
    server = await loop.create_server(lambda: Visitor(site), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - whoever started it reads this
    over = asyncio.Event()
    loop.add_reader(sys.stdin, over.set)
    await over.wait()


if __name__ == "__main__":
    uvloop.run(_main())
