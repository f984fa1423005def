"""The HTTP client of a virtual user: its connections, its cookies, its redirects, and what each request of it measured."""

import asyncio
from collections import deque
from enum import Enum
from time import perf_counter_ns, time
from typing import TYPE_CHECKING, Protocol, cast

from headrace.engine.connection import Connection
from headrace.engine.connector import UnconnectedError
from headrace.engine.cookies import CookieJar
from headrace.engine.failures import Failure, bad_redirect, closed_early, http_error, timed_out, too_many_redirects
from headrace.engine.heads import Head
from headrace.engine.prepared import Origin, Prepared, PreparedTest
from headrace.engine.resolver import UnresolvedError

if TYPE_CHECKING:
    from headrace.engine.load import ScenarioLoad

# As in Chrome. A server can redirect to ever new hosts and ports; the connections to the earlier ones must not pile up.
_MOST_CONNECTIONS = 256
_MOST_COOKIE_HEADERS = 256


class End(Enum):
    """How a request came to its end, its redirects included."""

    PASSED = "passed"
    FAILED = "failed"
    UNSENT = "unsent"  # failed before anything could be sent
    CUT = "cut"  # wanted before the load ended, and not sent any more


PASSED, FAILED, UNSENT, CUT = End.PASSED, End.FAILED, End.UNSENT, End.CUT  # an attribute of an Enum is slow to look up


class Wanting(Protocol):
    """Who hears of the end of every request that it fetches."""

    def ended(self, end: End, now: int) -> None: ...


def surface(task: asyncio.Task[None]) -> None:
    """Lets the event loop know of an error that nobody waits for."""
    if not task.cancelled():
        task.result()


class Client:
    """`requests` counts those that ended; whoever wants to know sets it to 0. Times are ns of the performance counter."""

    __slots__ = (
        "_connecting",
        "_connections",
        "_cookie_headers",
        "_idle",
        "_jar",
        "_load",
        "_test",
        "_waiting",
        "_wanting",
        "requests",
    )

    def __init__(self, load: "ScenarioLoad", test: PreparedTest, wanting: Wanting) -> None:
        self.requests = 0
        self._load = load
        self._test = test
        self._wanting = wanting
        self._connections: list[Connection] = []
        self._idle: dict[Origin, list[Connection]] = {}
        self._connecting: dict[asyncio.Task[None], tuple[Origin, int]] = {}
        self._waiting: deque[tuple[Prepared, int, int]] = deque()
        self._jar: CookieJar | None = None
        self._cookie_headers: dict[Prepared, tuple[int, float | None, bytes]] = {}

    def fetch(self, request: Prepared, wanted_at: int, now: int, hops: int = 0) -> None:
        """Sends a request, as soon as there is a connection for it. `hops` counts the redirects that led to it."""
        origin = request.origin
        idle = self._idle.get(origin)
        if idle:
            self._send(idle.pop(), request, wanted_at, now, hops)
        elif self._count(origin) < self._test.connections_per_host:
            if len(self._connections) >= _MOST_CONNECTIONS:
                self._close_an_idle_one()
            task = self._load.loop.create_task(self._connect(request, wanted_at, hops))
            task.add_done_callback(surface)
            self._connecting[task] = (origin, wanted_at)
        else:
            self._waiting.append((request, wanted_at, hops))

    def check_timeouts(self, now: int, timeout: int) -> None:
        """Fails what was wanted more than `timeout` ns before `now` and is still unanswered."""
        for connection in list(self._connections):
            request = connection.request
            if request is not None and now - connection.wanted_at > timeout:
                connection.abort()
                self.broken(connection, request, timed_out(timeout / 1e9), perf_counter_ns())

    def cut_waiting(self) -> None:
        """Gives up what still waits for a connection: the load has ended."""
        for _ in range(len(self._waiting)):
            self._waiting.popleft()
            self._wanting.ended(CUT, perf_counter_ns())

    def give_up(self) -> int:
        """Drops what is under way; returns how many requests were sent and never answered, or never got a connection."""
        wanted = [connection.wanted_at for connection in self._connections if connection.request is not None]
        wanted += [wanted_at for _, wanted_at in self._connecting.values()]
        self._waiting.clear()
        self.disconnect()
        return sum(wanted_at >= self._load.measured_from for wanted_at in wanted)

    def disconnect(self) -> None:
        """Closes all connections; nobody hears of requests under way."""
        for task in self._connecting:
            task.cancel()
        self._connecting.clear()
        for connection in list(self._connections):
            connection.abort()

    # Connections

    def _count(self, origin: Origin) -> int:
        return sum(connection.origin is origin for connection in self._connections) + sum(
            connecting is origin for connecting, _ in self._connecting.values()
        )

    async def _connect(self, request: Prepared, wanted_at: int, hops: int) -> None:
        origin = request.origin
        connection = await self._open(origin, wanted_at)
        del self._connecting[cast(asyncio.Task[None], asyncio.current_task())]
        if isinstance(connection, Failure):
            self._fail_unsent(request, wanted_at, connection)
            self._fetch_waiting(origin)
        elif self._load.stopping:
            connection.abort()
            self._wanting.ended(CUT, perf_counter_ns())
        else:
            self._connections.append(connection)
            self._send(connection, request, wanted_at, perf_counter_ns(), hops)

    async def _open(self, origin: Origin, wanted_at: int) -> Connection | Failure:
        load = self._load
        left = load.request_timeout - (perf_counter_ns() - wanted_at) / 1e9
        try:
            async with asyncio.timeout(max(left, 0)):
                connection = await load.connector.connect(origin, self)
        except TimeoutError:
            return timed_out(load.request_timeout)
        except (UnresolvedError, UnconnectedError) as error:
            return error.failure
        return closed_early(received_any=False, reset=False) if connection.lost else connection

    def _close_an_idle_one(self) -> None:
        for connection in self._connections:  # the oldest first
            if connection.request is None:
                connection.abort()
                return

    def _fetch_waiting(self, origin: Origin) -> None:
        for waiting in self._waiting:
            if waiting[0].origin is origin:
                self._waiting.remove(waiting)
                request, wanted_at, hops = waiting
                self.fetch(request, wanted_at, perf_counter_ns(), hops)
                return

    # Cookies

    def _send(self, connection: Connection, request: Prepared, wanted_at: int, now: int, hops: int) -> None:
        data = request.data if self._jar is None else self._with_cookies(self._jar, request)
        connection.send(request, data, wanted_at, now, hops)

    def _with_cookies(self, jar: CookieJar, request: Prepared) -> bytes:
        cached = self._cookie_headers.get(request)
        if cached is not None:
            version, until, data = cached
            if version == jar.version and (until is None or time() < until):
                return data
        origin = request.origin
        cookies = jar.header(origin.host, request.path, origin.secure)
        data = request.data[:-2] + f"Cookie: {cookies}\r\n\r\n".encode("latin-1") if cookies else request.data
        if len(self._cookie_headers) >= _MOST_COOKIE_HEADERS:
            self._cookie_headers.clear()
        self._cookie_headers[request] = (jar.version, jar.expire_next(), data)
        return data

    def _take_cookies(self, request: Prepared, head: Head) -> None:
        if self._jar is None:
            self._jar = CookieJar()
        origin = request.origin
        for header in head.cookies:
            self._jar.set(header, origin.host, request.path, origin.secure)

    # What a connection reports

    def answered(self, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        load = self._load
        status = head.status
        wanted_at = connection.wanted_at
        hops = connection.hops  # the connection may carry another request before this one's redirect is followed
        self.requests += 1
        if wanted_at >= load.measured_from:
            measure = request.measure
            sent_at = connection.sent_at
            if connection.first_at == now and wanted_at == sent_at:
                measure.quick.append((now - sent_at) // 1000)
            else:
                measure.slow.append(
                    ((now - wanted_at) // 1000, (now - sent_at) // 1000, (connection.first_at - sent_at) // 1000)
                )
            measure.sent += connection.sent
            measure.received += connection.received
            measure.content += connection.content
            if status >= 400:
                measure.failed += 1
                load.measures.error(http_error(status), measure.name, request.url, request.method)
        if head.cookies:
            self._take_cookies(request, head)
        if head.reusable and not connection.lost:
            self._release(connection)
        else:
            connection.abort()
        if 300 <= status < 400 and head.location is not None and status != 304:
            self._redirect(request, head.location, hops + 1, wanted_at, now)
        else:
            self._wanting.ended(PASSED if status < 400 else FAILED, now)

    def broken(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        self.requests += 1
        if connection.wanted_at >= self._load.measured_from:
            measure = request.measure
            service = (now - connection.sent_at) // 1000
            first_byte = (connection.first_at - connection.sent_at) // 1000 if connection.received else -1
            measure.slow.append(((now - connection.wanted_at) // 1000, service, first_byte))
            measure.sent += connection.sent
            measure.received += connection.received
            measure.failed += 1
            self._load.measures.error(failure, measure.name, request.url, request.method)
        self._wanting.ended(FAILED, now)

    def closed(self, connection: Connection) -> None:
        if connection not in self._connections:
            return  # it was lost before it was ready
        self._connections.remove(connection)
        idle = self._idle.get(connection.origin)
        if idle is not None:
            if connection in idle:
                idle.remove(connection)
            if not idle:
                del self._idle[connection.origin]
        if self._waiting:
            self._fetch_waiting(connection.origin)

    def _release(self, connection: Connection) -> None:
        idle = self._idle.get(connection.origin)
        if idle is None:
            idle = self._idle[connection.origin] = []
        idle.append(connection)
        if self._waiting:
            self._fetch_waiting(connection.origin)

    def _redirect(self, request: Prepared, location: str, hops: int, wanted_at: int, now: int) -> None:
        load = self._load
        if load.stopping:
            self._wanting.ended(CUT, now)
            return
        if hops > load.max_redirects:
            self._fail_redirect(request, too_many_redirects(load.max_redirects), wanted_at, now)
            return
        try:
            target = self._test.redirect(request, location)
        except ValueError as error:
            self._fail_redirect(request, bad_redirect(location, str(error)), wanted_at, now)
            return
        self.fetch(target, now, now, hops)

    def _fail_redirect(self, request: Prepared, failure: Failure, wanted_at: int, now: int) -> None:
        # The answer was counted as passed a moment ago, before anybody knew that it leads nowhere.
        if wanted_at >= self._load.measured_from:
            request.measure.failed += 1
            self._load.measures.error(failure, request.measure.name, request.url, request.method)
        self._wanting.ended(FAILED, now)

    def _fail_unsent(self, request: Prepared, wanted_at: int, failure: Failure) -> None:
        now = perf_counter_ns()
        self.requests += 1
        if wanted_at >= self._load.measured_from:
            measure = request.measure
            measure.unsent.append((now - wanted_at) // 1000)
            measure.failed += 1
            self._load.measures.error(failure, measure.name, request.url, request.method)
        self._wanting.ended(UNSENT, now)
