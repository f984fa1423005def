"""Making connections: resolve, check, connect, secure."""

import asyncio
import ssl
from time import perf_counter_ns
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from headrace.engine.http.connection import Connection, Owner
from headrace.engine.http.failures import Failure, behind_proxy, not_connected
from headrace.engine.http.fields import Translations
from headrace.engine.http.http2 import Http2Session
from headrace.engine.http.line import Line
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.prepared import Origin
from headrace.engine.http.proxy import RefusedError, Tunnel, parse_proxy
from headrace.engine.http.resolver import Resolver, UnresolvedError
from headrace.engine.http.tls import Channel, Handshake, TlsConnection, client_context
from headrace.plan.model import Tls

# Connections being made to one origin at once by one process. More would overflow the accept queue of an ordinary server
# (128 to 4096), and a dropped SYN is repeated only after a second. An origin that does not answer delays no other one.
_AT_ONCE = 256


class UnconnectedError(Exception):
    """No connection could be made; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Connector:
    """Opens the connections of all users of a process. `proxy` is None, or the one that all of them go through.

    Raises ValueError, naming the field, for a proxy or TLS settings that cannot be used.
    """

    def __init__(self, resolver: Resolver, tls: Tls, proxy: str = "", http2: bool = False) -> None:
        self.proxy = parse_proxy(proxy) if proxy else None
        self._resolver = resolver
        self._tls = tls
        self._http2 = http2
        # Settings that can be wrong are tried now. Without any, the 20 ms are for those who use TLS.
        plain = Tls(verify=tls.verify, resume=tls.resume)
        self._context = client_context(tls, http2) if tls != plain else None
        self._heads = HeadMemory()
        self._translations = Translations()
        self._turns: WeakKeyDictionary[Origin, asyncio.Semaphore] = WeakKeyDictionary()
        # Of HTTP/2: the session of each user with each origin, who is just opening one, and who does not speak it.
        self._sessions: dict[tuple[Owner, Origin], Http2Session] = {}
        self._opening: WeakValueDictionary[tuple[Owner, Origin], asyncio.Lock] = WeakValueDictionary()
        self._without_http2: WeakSet[Origin] = WeakSet()

    async def connect(self, origin: Origin, owner: Owner) -> Connection:
        """A connection ready to send on, to the first address that takes it; with HTTP/2 a stream of the owner's session.

        Raises UnresolvedError or UnconnectedError. May take long: the caller sets the time-out.
        """
        if not self._http2 or not origin.secure or origin in self._without_http2:
            return await self._open(origin, owner)
        key = (owner, origin)
        lock = self._opening.get(key)
        if lock is None:
            lock = self._opening[key] = asyncio.Lock()
        async with lock:  # one session, however many requests want it at once
            session = self._sessions.get(key)
            if session is not None and session.has_room:
                return session.stream(owner)
            if origin not in self._without_http2:
                return await self._open(origin, owner)
        return await self._open(origin, owner)

    async def _open(self, origin: Origin, owner: Owner) -> Connection:
        asked_at = perf_counter_ns()
        if self.proxy is None:
            host, port = origin.host, origin.port
            addresses = await self._resolver.resolve(host, port)
        else:
            self._resolver.check_unresolved(origin.host)
            addresses = await self._resolve_proxy()
            host, port = self.proxy.host, self.proxy.port
        dns_us = (perf_counter_ns() - asked_at) // 1000
        turn = self._turns.get(origin)
        if turn is None:
            turn = self._turns[origin] = asyncio.Semaphore(_AT_ONCE)
        async with turn:
            for address in addresses:
                try:
                    connection = await self._connect_to(address, port, origin, owner)
                except RefusedError as error:
                    raise UnconnectedError(error.failure) from None
                except ssl.SSLError as error:
                    where = address if self.proxy is None else origin.host
                    failure = not_connected(error, origin.host, where, origin.port)
                except OSError as error:
                    failure = not_connected(error, host, address, port)
                    if self.proxy is not None:
                        failure = behind_proxy(str(self.proxy), failure)
                else:
                    connection.dns_us = dns_us
                    return connection
        raise UnconnectedError(failure)

    async def _resolve_proxy(self) -> tuple[str, ...]:
        assert self.proxy is not None  # noqa: S101
        try:
            return await self._resolver.resolve(self.proxy.host, self.proxy.port)
        except UnresolvedError as error:
            raise UnconnectedError(behind_proxy(str(self.proxy), error.failure)) from None

    async def _connect_to(self, address: str, port: int, origin: Origin, owner: Owner) -> Connection:
        begun_at = perf_counter_ns()
        if not origin.secure:
            connection = Connection(owner, origin, self._heads)
            await _connect(connection, address, port, owner.line)
            connection.connect_us = (perf_counter_ns() - begun_at) // 1000
            return connection
        handshake = Handshake(self._channel(origin, owner))
        tunnel = Tunnel(self.proxy, origin) if self.proxy is not None else None
        first = tunnel or handshake
        await _connect(first, address, port, owner.line)
        try:
            if tunnel is not None:
                await tunnel.done
                tunnel.hand_over(handshake)
            connected_at = perf_counter_ns()
            await handshake.done
            connection = self._speak(handshake, origin, owner)
        except BaseException:
            first.abort()
            raise
        connection.connect_us = (connected_at - begun_at) // 1000
        connection.tls_us = (perf_counter_ns() - connected_at) // 1000
        return connection

    def _channel(self, origin: Origin, owner: Owner) -> Channel:
        if self._context is None:
            self._context = client_context(self._tls, self._http2)
        session = None
        if self._tls.resume:
            if owner.tls_sessions is None:
                owner.tls_sessions = {}
            session = owner.tls_sessions.get(origin)
        return Channel(self._context, origin.host, session)

    def _speak(self, handshake: Handshake, origin: Origin, owner: Owner) -> Connection:
        """The connection in the protocol that the server chose."""
        channel = handshake.channel
        if self._http2 and channel.application == "h2":
            key = (owner, origin)
            session = Http2Session(owner, origin, channel, self._translations, lambda session: self._forget(key, session))
            self._sessions[key] = session
            handshake.hand_over(session)
            return session.stream(owner)
        if self._http2:
            self._without_http2.add(origin)
        connection = TlsConnection(owner, origin, self._heads, channel)
        handshake.hand_over(connection)
        return connection

    def _forget(self, key: tuple[Owner, Origin], session: Http2Session) -> None:
        if self._sessions.get(key) is session:
            del self._sessions[key]


async def _connect(protocol: asyncio.Protocol, address: str, port: int, line: Line | None) -> None:
    if line is None:
        await asyncio.get_running_loop().create_connection(lambda: protocol, address, port)
    else:
        await line.connect(protocol, address, port)
