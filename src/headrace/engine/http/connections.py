"""The open connections of one user, or a pool that all users of a scenario share, and who waits for one."""

import asyncio
from collections import deque
from time import perf_counter_ns
from typing import TYPE_CHECKING, cast

from headrace.engine.http.connection import Connection
from headrace.engine.http.connector import UnconnectedError
from headrace.engine.http.failures import Failure, closed_early, timed_out
from headrace.engine.http.prepared import Origin, Prepared
from headrace.engine.http.resolver import UnresolvedError

if TYPE_CHECKING:
    from headrace.engine.http.client import Client
    from headrace.engine.users.scenario import ScenarioLoad

# As in Chrome. A server can redirect to ever new hosts and ports; the connections to the earlier ones must not pile up.
_MOST_CONNECTIONS = 256

# A request that wants a connection: who wants it, the request, since when (ns), and after how many redirects.
_Wish = tuple["Client", Prepared, int, int]


def surface(task: asyncio.Task[None]) -> None:
    """Lets the event loop know of an error that nobody waits for."""
    if not task.cancelled():
        task.result()


class Connections:
    """At most `per_host` connections to one origin; `most` in all. `idle` has those that can send at once.

    Times are ns of the performance counter.
    """

    __slots__ = ("_all", "_connecting", "_load", "_most", "_per_host", "_waiting", "idle")

    def __init__(self, load: "ScenarioLoad", per_host: int, most: int = _MOST_CONNECTIONS) -> None:
        self._load = load
        self._per_host = per_host
        self._most = most
        self._all: list[Connection] = []
        self.idle: dict[Origin, list[Connection]] = {}
        # Made when they are first needed: there may be tens of thousands of users, most of whom never wait.
        self._connecting: dict[asyncio.Task[None], tuple[Client, Origin, int]] | None = None
        self._waiting: deque[_Wish] | None = None

    def __len__(self) -> int:
        return len(self._all)

    def fetch(self, client: "Client", request: Prepared, wanted_at: int, now: int, hops: int) -> None:
        """Has the client send the request as soon as there is a connection for it."""
        origin = request.origin
        idle = self.idle.get(origin)
        if idle:
            client.send(idle.pop(), request, wanted_at, now, hops)
        elif self._count(origin) < self._per_host:
            if len(self._all) >= self._most:
                self._close_an_idle_one()
            task = self._load.loop.create_task(self._connect(client, request, wanted_at, hops))
            task.add_done_callback(surface)
            if self._connecting is None:
                self._connecting = {}
            self._connecting[task] = (client, origin, wanted_at)
        else:
            if self._waiting is None:
                self._waiting = deque()
            self._waiting.append((client, request, wanted_at, hops))

    def release(self, connection: Connection) -> None:
        """The connection has done its work and can do more."""
        idle = self.idle.get(connection.origin)
        if idle is None:
            idle = self.idle[connection.origin] = []
        idle.append(connection)
        if self._waiting:
            self._fetch_waiting(connection.origin)

    def closed(self, connection: Connection) -> None:
        if connection not in self._all:
            return  # it was lost before it was ready
        self._all.remove(connection)
        self._load.open_to[connection.origin] -= 1
        idle = self.idle.get(connection.origin)
        if idle is not None:
            if connection in idle:
                idle.remove(connection)
            if not idle:
                del self.idle[connection.origin]
        if self._waiting:
            self._fetch_waiting(connection.origin)

    def under_way(self) -> list[Connection]:
        """Those that carry a request."""
        return [connection for connection in self._all if connection.request is not None]

    def check_timeouts(self, now: int, timeout: int) -> None:
        """Fails what was begun too long before `now` and has no answer; `timeout` (ns) holds where a request has none."""
        for connection in self.under_way():
            request, owner = connection.request, cast("Client", connection.owner)
            if request is None:
                continue
            if now - owner.began_at(connection.wanted_at) > (most := request.terms.timeout or timeout):
                connection.abort()
                owner.broken(connection, request, timed_out(most / 1e9), perf_counter_ns())

    def cut_waiting(self) -> None:
        """Gives up what still waits for a connection: the load has ended."""
        waiting, self._waiting = self._waiting, None
        for client, _, _, _ in waiting or ():
            client.cut()

    def close_idle(self) -> None:
        """Closes what carries no request."""
        for connection in [connection for connection in self._all if connection.request is None]:
            connection.abort()

    def disconnect(self) -> int:
        """Closes everything. What was sent and not answered has failed; returns how many requests were never sent."""
        connecting, self._connecting = self._connecting or {}, None
        for task in connecting:
            task.cancel()
        unsent = [wanted_at for _, _, wanted_at in connecting.values()]
        unsent += [wanted_at for _, _, wanted_at, _ in self._waiting or ()]
        self._waiting = None
        now = perf_counter_ns()
        for connection in list(self._all):
            request = connection.request
            connection.abort()
            if request is not None:
                connection.owner.abandon(connection, request, now)
        return sum(wanted_at >= self._load.measured_from for wanted_at in unsent)

    def _count(self, origin: Origin) -> int:
        count = 0
        for connection in self._all:
            if connection.origin is origin:
                count += 1
        if self._connecting:
            count += sum(connecting is origin for _, connecting, _ in self._connecting.values())
        return count

    async def _connect(self, client: "Client", request: Prepared, wanted_at: int, hops: int) -> None:
        origin = request.origin
        connection = await self._open(client, request, client.began_at(wanted_at))
        if self._connecting is not None:
            self._connecting.pop(cast(asyncio.Task[None], asyncio.current_task()), None)
        if isinstance(connection, Failure):
            client.unconnected(request, wanted_at, connection)
            self._fetch_waiting(origin)
        elif self._load.stopping:
            connection.abort()
            client.cut()
        else:
            self._all.append(connection)
            self._load.open_to[origin] += 1
            client.send(connection, request, wanted_at, perf_counter_ns(), hops)

    async def _open(self, client: "Client", request: Prepared, began_at: int) -> Connection | Failure:
        load = self._load
        timeout = request.terms.timeout / 1e9 or load.request_timeout
        left = timeout - (perf_counter_ns() - began_at) / 1e9
        try:
            async with asyncio.timeout(max(left, 0)):
                connection = await load.connector.connect(request.origin, client)
        except TimeoutError:
            return timed_out(timeout)
        except (UnresolvedError, UnconnectedError) as error:
            return error.failure
        return closed_early(received_any=False, reset=False) if connection.lost else connection

    def _close_an_idle_one(self) -> None:
        for connection in self._all:  # the oldest first
            if connection.request is None:
                connection.abort()
                return

    def _fetch_waiting(self, origin: Origin) -> None:
        for wish in self._waiting or ():
            client, request, wanted_at, hops = wish
            if request.origin is origin:
                cast(deque[_Wish], self._waiting).remove(wish)
                self.fetch(client, request, wanted_at, perf_counter_ns(), hops)
                return
