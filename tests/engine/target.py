"""A small real HTTP server that does to its clients whatever a test asks for, and keeps what it saw.

A route is a coroutine function that gets the Exchange; the functions below make the usual ones. An unknown path is answered
with 200 and a short body.
"""

import asyncio
import os
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Self, cast

BODY = b"Hello from the target."


@dataclass
class Seen:
    """A request as it came. `connection` is the number of its connection, from 0; `size` its bytes; `at` is when it was all
    here (monotonic, in seconds)."""

    connection: int
    method: str
    path: str
    headers: list[tuple[str, str]]
    size: int
    body: bytes = b""
    at: float = 0.0

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class Exchange:
    """A request to answer, and the means to do it well or badly."""

    seen: Seen
    target: "Target"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    keep_alive: bool = True

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_slowly(self, data: bytes, pause: float) -> None:
        for byte in data:
            await self.send(bytes((byte,)))
            await asyncio.sleep(pause)

    async def gone(self) -> None:
        """Returns when the client has closed the connection."""
        while await self.reader.read(65536):
            pass
        self.keep_alive = False

    def close(self) -> None:
        self.keep_alive = False

    def reset(self) -> None:
        """Ends the connection with a RST."""
        self.keep_alive = False
        with socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno())) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Route = Callable[[Exchange], Awaitable[None]]


@dataclass
class Target:
    """The server, from `async with` on. `pause` delays every answer, in seconds."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    pause: float = 0.0
    greeting: bytes = b""
    host: str = "127.0.0.1"
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    under_way: int = 0
    most_under_way: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, self.host, 0, ssl=self.tls, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str = "/", host: str = "") -> str:
        return f"{'https' if self.tls else 'http'}://{host or self.host}:{self.port}{path}"

    def count(self, path: str) -> int:
        """How often this path was asked for."""
        return self.by_path()[path]

    def by_path(self) -> Counter[str]:
        return Counter(seen.path for seen in self.seen)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(task := cast("asyncio.Task[None]", asyncio.current_task()))
        number = self.connections
        self.connections += 1
        self.open += 1
        try:
            writer.write(self.greeting)
            while (exchange := await self._read(number, reader, writer)) is not None:
                await self._answer(exchange)
                if not exchange.keep_alive:
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client may go whenever it likes; the server stops only with the test
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    async def _read(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            request, *lines = head.decode("latin-1").split("\r\n")[:-2]
            method, path, _ = request.split(" ")
            headers = [cast(tuple[str, str], tuple(line.split(": ", 1))) for line in lines]
            seen = Seen(number, method, path, headers, len(head))
            seen.body = await reader.readexactly(int(seen.header("Content-Length") or 0))
        except asyncio.IncompleteReadError:
            return None
        seen.size += len(seen.body)
        seen.at = monotonic()
        self.seen.append(seen)
        return Exchange(seen, self, reader, writer)

    async def _answer(self, exchange: Exchange) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.pause:
                await asyncio.sleep(self.pause)
            await self.routes.get(exchange.seen.path, answer())(exchange)
        finally:
            self.under_way -= 1


def response(status: int = 200, *headers: str, body: bytes = BODY, version: str = "HTTP/1.1") -> bytes:
    """A whole response with the right length."""
    lines = [f"{version} {status} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def answer(status: int = 200, *headers: str, body: bytes = BODY, delay: float = 0.0) -> Route:
    """The well-behaved route."""
    data = response(status, *headers, body=body)

    async def route(exchange: Exchange) -> None:
        if delay:
            await asyncio.sleep(delay)
        await exchange.send(data)

    return route


def redirect(location: str, status: int = 302, *headers: str) -> Route:
    return answer(status, f"Location: {location}", *headers, body=b"")


def send(*parts: bytes, then: str = "keep", pause: float = 0.01) -> Route:
    """Sends exactly this, part by part; then keeps the connection, closes or resets it, or is silent for ever."""

    async def route(exchange: Exchange) -> None:
        for number, part in enumerate(parts):
            if number:
                await asyncio.sleep(pause)
            await exchange.send(part)
        if then == "silence":
            await exchange.gone()
        elif then == "close":
            exchange.close()
        elif then == "reset":
            await asyncio.sleep(pause)  # or what was sent before would be thrown away
            exchange.reset()

    return route


def slowly(data: bytes, pause: float) -> Route:
    """Sends a byte at a time."""

    async def route(exchange: Exchange) -> None:
        await exchange.send_slowly(data, pause)

    return route


def endlessly(head: bytes, part: bytes) -> Route:
    """Sends `head`, then `part` again and again for as long as somebody takes it."""

    async def route(exchange: Exchange) -> None:
        await exchange.send(head)
        while True:
            await exchange.send(part)
            await asyncio.sleep(0)

    return route


def after(first: Route, *others: Route) -> Route:
    """The first route once, then the next, the last one for ever."""
    left = [first, *others]

    async def route(exchange: Exchange) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return route
