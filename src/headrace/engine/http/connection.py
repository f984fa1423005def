"""One HTTP/1.1 connection of a virtual user, plain or TLS, with one request under way at a time.

This is the hot path. `data_received` is called once for most responses; what it does there is counted in nanoseconds.
"""

import asyncio
from ssl import SSLSession
from time import perf_counter_ns
from typing import TYPE_CHECKING, Protocol, cast

from headrace.engine.http.failures import Failure, closed_early, violated_protocol
from headrace.engine.http.heads import Head
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.prepared import Origin, Prepared
from headrace.engine.http.responses import ResponseReader, ViolationError

if TYPE_CHECKING:
    from headrace.engine.http.line import Line


# Bytes that are kept of what came first: an idle connection must not hold on to a whole body.
_GLIMPSE = 4096
# A read as long as this has filled libuv's buffer (256000 bytes), and it would read up to 31 times more before it looks at
# any other connection: 8 MB of an endless body while all others wait.
_FULL = 200_000


class Owner(Protocol):
    """Who a connection reports to: a virtual user. `now` is in ns of the performance counter.

    `tls_sessions` are those that its next connections resume (None: none yet), `line` is the one it sits behind, if any.
    """

    tls_sessions: "dict[Origin, SSLSession] | None"
    line: "Line | None"

    def answered(self, connection: "Connection", request: Prepared, head: Head, now: int) -> None: ...

    def broken(self, connection: "Connection", request: Prepared, failure: Failure, now: int) -> None: ...

    def abandon(self, connection: "Connection", request: Prepared, now: int) -> None: ...

    def closed(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """`request` is the one under way, None while idle; the rest of the public state describes it, or the last one. `lost`:
    the connection is gone, or going, and must not be used.

    Times are ns of the performance counter: `wanted_at` when the user wanted to send, `sent_at` when it was sent, `first_at`
    when the first byte came. Sizes are bytes, head included but for `content`. `data` is what was sent, `glimpse` the first
    bytes that came back, `body` what was kept of the body: as much as the request asked for. What making the connection
    took, in µs, is in `dns_us`, `connect_us` and `tls_us`; `fresh`: that is not counted yet.
    """

    __slots__ = (
        "_heads",
        "_known",
        "_left",
        "_reader",
        "_transport",
        "body",
        "connect_us",
        "content",
        "data",
        "dns_us",
        "first_at",
        "fresh",
        "glimpse",
        "head",
        "hops",
        "lost",
        "origin",
        "owner",
        "received",
        "request",
        "sent",
        "sent_at",
        "tls_us",
        "wanted_at",
    )

    def __init__(self, owner: Owner, origin: Origin, heads: HeadMemory) -> None:
        self.owner = owner
        self.origin = origin
        self.request: Prepared | None = None
        self.head: Head | None = None
        self.hops = 0
        self.lost = False
        self.wanted_at = self.sent_at = self.first_at = 0
        self.sent = self.received = self.content = 0
        self.dns_us = self.connect_us = self.tls_us = 0
        self.fresh = True
        self.data = self.glimpse = self.body = b""
        self._heads = heads
        self._known = heads.known
        self._left = 0
        self._reader: ResponseReader | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, request: Prepared, data: bytes, wanted_at: int, now: int, hops: int) -> None:
        """Sends a request; its owner hears of the answer or the failure. `hops` counts the redirects that led to it."""
        self.request = request
        self.wanted_at = wanted_at
        self.sent_at = now
        self.hops = hops
        self.sent = len(data)
        self.received = 0
        self.data = data
        self._write(data)

    def data_received(self, data: bytes) -> None:
        now = perf_counter_ns()
        request = self.request
        if request is None:
            self.abort()  # nobody asked: whatever it is (a late 408, say), this connection is not to be trusted again
            return
        size = len(data)
        if self._left:
            self.received += size
            self._left = left = self._left - size
            head = cast(Head, self.head)
        elif self._reader is not None:
            self._read(request, data, now)
            return
        else:
            end = data.find(b"\r\n\r\n") + 4
            known = self._known.get(data[:end]) or self._heads.read(data[:end])
            self.first_at = now
            self.glimpse = data if size <= _GLIMPSE else data[:_GLIMPSE]
            if known is None:
                self._read(request, data, now)
                return
            length: int = known.length  # type: ignore[assignment]  # a head is known only with a length
            left = end + length - size
            if not request.plain:
                # Although its head is known: HEAD has no body, and one that is kept and came in parts is put together.
                if request.bodiless or (request.keep and (left or length > request.keep)):
                    self._read(request, data, now)
                    return
                if request.keep:
                    self.body = data[end:]
            head = known
            self.received = size
            self.content = length
            if left > 0:
                self._left = left
                self.head = head
        if left > 0:
            if size > _FULL:
                self._let_others_read()
            return
        if left < 0:
            self._break(violated_protocol("more bytes follow the end of the response"), now)
            return
        self.request = None
        self.owner.answered(self, request, head, now)

    def eof_received(self) -> None:
        if self.request is None:
            self._retire()  # else the user might send into a connection that the server has closed

    def connection_lost(self, error: Exception | None) -> None:
        request = self.request
        if request is not None:
            now = perf_counter_ns()
            reader = self._reader
            if error is None and reader is not None and reader.ends_with_connection():
                self._finish(request, reader, now)
            else:
                self._break(closed_early(self.received > 0, error is not None), now)
        self._retire()

    def abort(self) -> None:
        """Ends the connection at once; a request under way is forgotten without a word to its owner."""
        self.request = None
        self._transport.abort()
        self._retire()

    def _retire(self) -> None:
        if not self.lost:
            self.lost = True
            self.owner.closed(self)

    def _write(self, data: bytes) -> None:
        self._transport.write(data)

    def _read(self, request: Prepared, data: bytes, now: int) -> None:
        reader = self._reader
        if reader is None:
            reader = self._reader = self._heads.take_reader()
            reader.reset(request.keep, request.bodiless)
        self.received += len(data)
        try:
            complete = reader.feed(data)
        except ViolationError as violation:
            self._break(violated_protocol(str(violation)), now)
            return
        if complete:
            self._finish(request, reader, now)
        elif len(data) > _FULL:
            self._let_others_read()

    def _let_others_read(self) -> None:
        self._transport.pause_reading()
        asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _finish(self, request: Prepared, reader: ResponseReader, now: int) -> None:
        head = cast(Head, reader.head)
        self.request = None
        self.content = reader.content
        self.body = reader.take_body()
        self._reader = None
        if head.reusable and not request.bodiless:
            self._heads.give_back(reader)
        self.owner.answered(self, request, head, now)

    def _break(self, failure: Failure, now: int) -> None:
        request = cast(Prepared, self.request)
        self.request = self._reader = None
        self.abort()
        self.owner.broken(self, request, failure, now)
