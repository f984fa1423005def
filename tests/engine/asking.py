"""Asking over connections without a client: an owner that waits for its answers, and requests for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic, perf_counter_ns

from headrace.engine.http.connection import Connection
from headrace.engine.http.connector import Connector
from headrace.engine.http.failures import Failure
from headrace.engine.http.heads import Head
from headrace.engine.http.line import Line
from headrace.engine.http.prepared import Origin, Prepared, Terms
from headrace.engine.http.resolver import Resolver
from headrace.engine.measuring.measures import RequestMeasure
from headrace.plan.model import Tls
from headrace.plan.targets import TargetRule
from headrace.ticks.tick import Name


class FailedError(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(eq=False)
class Asker:
    """An owner of connections. `unasked` has what it was told of requests that nobody waits for."""

    tls_sessions: dict[Origin, ssl.SSLSession] | None = None
    line: Line | None = None
    closings: int = 0
    unasked: list[object] = field(default_factory=list)
    _waiting: dict[Connection, asyncio.Future[Head]] = field(default_factory=dict)

    async def ask(self, connection: Connection, request: Prepared) -> Head:
        """Raises FailedError."""
        now = perf_counter_ns()
        future: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self._waiting[connection] = future
        connection.send(request, request.data, now, now, 0)
        async with asyncio.timeout(20):
            return await future

    def answered(self, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        future = self._waiting.pop(connection, None)
        if future is None:
            self.unasked.append(head)
        elif not future.done():
            future.set_result(head)

    def broken(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        future = self._waiting.pop(connection, None)
        if future is None:
            self.unasked.append(failure)
        elif not future.done():
            future.set_exception(FailedError(failure))

    def abandon(self, connection: Connection, request: Prepared, now: int) -> None:
        raise AssertionError("only a pool of connections does that")

    def closed(self, connection: Connection) -> None:
        self.closings += 1


def a_request(origin: Origin, path: str = "/", method: str = "GET", body: bytes = b"", keep: int = 0) -> Prepared:
    """A request with an ordinary browser's header fields."""

    def nowhere(request: Prepared, status: int, location: str) -> Prepared:
        raise AssertionError

    content = f"Content-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: {origin.host}:{origin.port}\r\nUser-Agent: test\r\nAccept: */*\r\n{content}"
    url = f"{'https' if origin.secure else 'http'}://{origin.host}:{origin.port}{path}"
    measure = RequestMeasure(Name("Scenario", "Test", path))
    return Prepared(
        method, url, path, path, origin, head.encode(), body, b"", content.encode(), measure, Terms(nowhere, keep=keep)
    )


def a_connector(tls: Tls | None = None, rule: TargetRule | None = None, proxy: str = "", http2: bool = False) -> Connector:
    """One that trusts every certificate, unless told otherwise."""
    return Connector(Resolver(rule or TargetRule()), tls or Tls(verify=False), proxy, http2)


Serving = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serving, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A server for the time of the block; gives its port. Its connections end with it."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side may go whenever it likes
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(accept, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Returns when it holds; fails when it does not in this time."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.005)
