"""One HTTP/1.1 connection of a virtual user, plain or TLS, with one request under way at a time.

This is the hot path. `data_received` is called once for most responses; what it does there is counted in nanoseconds.
"""

import asyncio
from time import perf_counter_ns
from typing import Protocol, cast

from headrace.engine.failures import Failure, closed_early, violated_protocol
from headrace.engine.heads import Head, HeadMemory
from headrace.engine.prepared import Origin, Prepared
from headrace.engine.responses import ResponseReader, ViolationError


class Owner(Protocol):
    """Who a connection reports to: a virtual user. `now` is in ns of the performance counter."""

    def answered(self, connection: "Connection", request: Prepared, head: Head, now: int) -> None: ...

    def broken(self, connection: "Connection", request: Prepared, failure: Failure, now: int) -> None: ...

    def closed(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """`request` is the one under way, None while idle; the rest of the public state describes it, or the last one. `lost`:
    the connection is gone, or going, and must not be used.

    Times are ns of the performance counter: `wanted_at` when the user wanted to send, `sent_at` when it was sent, `first_at`
    when the first byte came. Sizes are bytes, head included but for `content`.
    """

    __slots__ = (
        "_heads",
        "_known",
        "_left",
        "_reader",
        "_reading",
        "_transport",
        "content",
        "first_at",
        "head",
        "hops",
        "lost",
        "origin",
        "owner",
        "received",
        "request",
        "sent",
        "sent_at",
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
        self._heads = heads
        self._known = heads.known
        self._left = 0
        self._reader: ResponseReader | None = None
        self._reading = False
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
        self._write(data)

    def data_received(self, data: bytes) -> None:
        now = perf_counter_ns()
        request = self.request
        if request is None:
            self.abort()  # nobody asked: whatever it is (a late 408, say), this connection is not to be trusted again
            return
        if self._left:
            self.received += len(data)
            self._left = left = self._left - len(data)
            head = cast(Head, self.head)
        elif self._reading:
            self._read(request, data, now)
            return
        else:
            end = data.find(b"\r\n\r\n") + 4
            known = self._known.get(data[:end])
            self.first_at = now
            if known is None:
                self._read(request, data, now)
                return
            head = known
            self.received = len(data)
            self.content = length = cast(int, head.length)
            left = end + length - len(data)
            if left > 0:
                self._left = left
                self.head = head
        if left > 0:
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
            if error is None and self._reading and reader is not None and reader.ends_with_connection():
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
            reader = self._reader = ResponseReader()
        if not self._reading:
            self._reading = True
            reader.reset()
        self.received += len(data)
        try:
            complete = reader.feed(data)
        except ViolationError as violation:
            self._break(violated_protocol(str(violation)), now)
            return
        if complete:
            head = cast(Head, reader.head)
            if self.received == len(data) and head.length == reader.content:
                self._heads.keep(data[: len(data) - reader.content], head)
            self._finish(request, reader, now)

    def _finish(self, request: Prepared, reader: ResponseReader, now: int) -> None:
        self.request = None
        self._reading = False
        self.content = reader.content
        self.owner.answered(self, request, cast(Head, reader.head), now)

    def _break(self, failure: Failure, now: int) -> None:
        request = cast(Prepared, self.request)
        self.request = None
        self.abort()
        self.owner.broken(self, request, failure, now)
