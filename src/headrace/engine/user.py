"""A virtual user: it runs its test again and again, each time from where the last answer or failure left it.

There is no coroutine for a user. An answer calls `answered`, which records it and sends what comes next; that is a third
cheaper than waking a task for every request.
"""

import asyncio
from collections import deque
from time import perf_counter_ns, time
from typing import TYPE_CHECKING, cast

from headrace.engine.connection import Connection
from headrace.engine.connector import UnconnectedError
from headrace.engine.cookies import CookieJar
from headrace.engine.failures import Failure, bad_redirect, closed_early, http_error, timed_out, too_many_redirects
from headrace.engine.heads import Head
from headrace.engine.prepared import Origin, Prepared, PreparedPage, PreparedTest
from headrace.engine.resolver import UnresolvedError

if TYPE_CHECKING:
    from headrace.engine.load import ScenarioLoad

# A user whose request could not be sent at all does not ask again before this time, in seconds. Else a wrong host name makes
# every user a busy loop, and the count of errors says how fast this machine is, nothing else.
UNSENT_PAUSE = 0.05
# As in Chrome. A server can redirect to ever new hosts and ports; the connections to the earlier ones must not pile up.
_MOST_CONNECTIONS = 256


def surface(task: asyncio.Task[None]) -> None:
    """Lets the event loop know of an error that nobody waits for."""
    if not task.cancelled():
        task.result()


class VirtualUser:
    """`load` is the scenario's state that all its users share; times are ns of the performance counter."""

    __slots__ = (
        "_connecting",
        "_connections",
        "_cookie_headers",
        "_cut",
        "_dependents_due",
        "_idle",
        "_iteration_at",
        "_iteration_failed",
        "_jar",
        "_page",
        "_page_at",
        "_page_failed",
        "_page_unsent",
        "_pending",
        "_position",
        "_requests",
        "_running",
        "_timer",
        "_waiting",
        "load",
        "test",
    )

    def __init__(self, load: "ScenarioLoad", test: PreparedTest) -> None:
        self.load = load
        self.test = test
        self._connections: list[Connection] = []
        self._idle: dict[Origin, list[Connection]] = {}
        self._connecting: dict[asyncio.Task[None], tuple[Origin, int]] = {}
        self._waiting: deque[tuple[Prepared, int, int]] = deque()
        self._jar: CookieJar | None = None
        self._cookie_headers: dict[Prepared, tuple[int, float | None, bytes]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._running = False
        self._position = 0
        self._requests = 0
        self._pending = 0
        self._dependents_due = False
        self._cut = False
        self._iteration_at = 0
        self._iteration_failed = False
        self._page: PreparedPage
        self._page_at = 0
        self._page_failed = False
        self._page_unsent = False

    # The test

    def begin(self) -> None:
        """Starts an iteration."""
        self._timer = None
        self._begin_iteration(perf_counter_ns())

    def _begin_iteration(self, now: int) -> None:
        load = self.load
        if load.stopping:
            load.leave(self)
            return
        load.running += 1
        self._running = True
        self._iteration_at = now
        self._iteration_failed = False
        self._requests = 0
        self._position = 0
        self._begin_page(now)

    def _begin_page(self, now: int) -> None:
        self._page = page = self.test.pages[self._position]
        self._page_at = now
        self._page_failed = self._page_unsent = False
        self._dependents_due = bool(page.dependents)
        self._pending = 1
        self._fetch(page.request, now, now, 0)

    def _end_request(self, failed: bool, now: int) -> None:
        """One of the page's requests has come to its end, redirects included."""
        if failed:
            self._page_failed = True
        self._pending -= 1
        if self._pending:
            return
        page = self._page
        if self._dependents_due and not failed:
            if self.load.stopping:
                self._leave()
                return
            self._dependents_due = False
            self._pending = len(page.dependents)
            for dependent in page.dependents:
                self._fetch(dependent, now, now, 0)
            return
        if self._cut:
            self._leave()
        else:
            self._end_page(now)

    def _end_page(self, now: int) -> None:
        page = self._page
        failed = self._page_failed
        if self._page_at >= self.load.measured_from:
            page.measure.times.append((now - self._page_at) // 1000)
            if failed:
                page.measure.failed += 1
        if failed:
            self._iteration_failed = True
        self._position += 1
        if self._page_unsent:
            self._timer = self.load.loop.call_later(UNSENT_PAUSE, self._go_on)
        else:
            self._next(now)

    def _go_on(self) -> None:
        self._timer = None
        self._next(perf_counter_ns())

    def _next(self, now: int) -> None:
        test = self.test
        load = self.load
        if self._position < len(test.pages):
            if load.stopping:
                self._leave()
            else:
                self._begin_page(now)
            return
        load.running -= 1
        self._running = False
        if self._iteration_at >= load.measured_from:
            measure = test.measure
            measure.times.append((now - self._iteration_at) // 1000)
            measure.requests += self._requests
            if self._iteration_failed:
                measure.failed += 1
        if load.think_time and not load.stopping:
            self._timer = load.loop.call_later(load.think_time, self.begin)
        else:
            self._begin_iteration(now)

    # Stopping: what is under way may end, nothing new begins. A page or an iteration that is cut short is not counted.

    def stop(self) -> None:
        """The load has ended: leaves at once where nothing is under way, else with the end of what is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._leave()
        for _ in range(len(self._waiting)):
            self._waiting.popleft()
            self._cut_short()

    def _leave(self) -> None:
        if self._running:
            self._running = False
            self.load.running -= 1
        self.load.leave(self)

    def give_up(self) -> int:
        """Drops what is under way; returns how many requests were sent and never answered, or never got a connection."""
        wanted = [connection.wanted_at for connection in self._connections if connection.request is not None]
        wanted += [wanted_at for _, wanted_at in self._connecting.values()]
        unanswered = sum(wanted_at >= self.load.measured_from for wanted_at in wanted)
        self._waiting.clear()
        self.disconnect()
        return unanswered

    def disconnect(self) -> None:
        for task in self._connecting:
            task.cancel()
        self._connecting.clear()
        for connection in list(self._connections):
            connection.abort()

    # Requests

    def _fetch(self, request: Prepared, wanted_at: int, now: int, hops: int) -> None:
        origin = request.origin
        idle = self._idle.get(origin)
        if idle:
            self._send(idle.pop(), request, wanted_at, now, hops)
        elif self._count(origin) < self.test.connections_per_host:
            if len(self._connections) >= _MOST_CONNECTIONS:
                self._close_an_idle_one()
            task = self.load.loop.create_task(self._connect(request, wanted_at, hops))
            task.add_done_callback(surface)
            self._connecting[task] = (origin, wanted_at)
        else:
            self._waiting.append((request, wanted_at, hops))

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
        elif self.load.stopping:
            connection.abort()
            self._cut_short()
        else:
            self._connections.append(connection)
            self._send(connection, request, wanted_at, perf_counter_ns(), hops)

    async def _open(self, origin: Origin, wanted_at: int) -> Connection | Failure:
        load = self.load
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
        if len(self._cookie_headers) >= 256:
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
        load = self.load
        status = head.status
        wanted_at = connection.wanted_at
        hops = connection.hops  # the connection may carry another request before this one's redirect is followed
        self._requests += 1
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
            self._release(connection, now)
        else:
            connection.abort()
        if 300 <= status < 400 and head.location is not None and status != 304:
            self._redirect(request, head.location, hops + 1, now)
        else:
            self._end_request(status >= 400, now)

    def broken(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        self._requests += 1
        if connection.wanted_at >= self.load.measured_from:
            measure = request.measure
            service = (now - connection.sent_at) // 1000
            first_byte = (connection.first_at - connection.sent_at) // 1000 if connection.received else -1
            measure.slow.append(((now - connection.wanted_at) // 1000, service, first_byte))
            measure.sent += connection.sent
            measure.received += connection.received
            measure.failed += 1
            self.load.measures.error(failure, measure.name, request.url, request.method)
        self._end_request(True, now)

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

    def _release(self, connection: Connection, now: int) -> None:
        idle = self._idle.get(connection.origin)
        if idle is None:
            idle = self._idle[connection.origin] = []
        idle.append(connection)
        if self._waiting:
            self._fetch_waiting(connection.origin)

    def _fetch_waiting(self, origin: Origin) -> None:
        for waiting in self._waiting:
            if waiting[0].origin is origin:
                self._waiting.remove(waiting)
                request, wanted_at, hops = waiting
                self._fetch(request, wanted_at, perf_counter_ns(), hops)
                return

    def _cut_short(self) -> None:
        """The request was wanted before the load ended, but it is not sent any more."""
        self._cut = True
        self._end_request(False, perf_counter_ns())

    def _redirect(self, request: Prepared, location: str, hops: int, now: int) -> None:
        if self.load.stopping:
            self._cut_short()
            return
        if hops > self.load.max_redirects:
            self._fail_redirect(request, too_many_redirects(self.load.max_redirects), now)
            return
        try:
            target = self.test.redirect(request, location)
        except ValueError as error:
            self._fail_redirect(request, bad_redirect(location, str(error)), now)
            return
        self._fetch(target, now, now, hops)

    def _fail_redirect(self, request: Prepared, failure: Failure, now: int) -> None:
        # The answer itself was counted as passed: what failed is the page.
        if self._page_at >= self.load.measured_from:
            self.load.measures.error(failure, request.measure.name, request.url, request.method)
        self._end_request(True, now)

    def _fail_unsent(self, request: Prepared, wanted_at: int, failure: Failure) -> None:
        now = perf_counter_ns()
        self._requests += 1
        self._page_unsent = True
        if wanted_at >= self.load.measured_from:
            measure = request.measure
            measure.unsent.append((now - wanted_at) // 1000)
            measure.failed += 1
            self.load.measures.error(failure, measure.name, request.url, request.method)
        self._end_request(True, now)

    def check_timeouts(self, now: int, timeout: int) -> None:
        """Fails what was wanted more than `timeout` ns before `now` and is still unanswered."""
        for connection in list(self._connections):
            request = connection.request
            if request is not None and now - connection.wanted_at > timeout:
                connection.abort()
                self.broken(connection, request, timed_out(timeout / 1e9), perf_counter_ns())
