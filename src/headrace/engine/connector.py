"""Making connections: resolve, check, connect, secure."""

import asyncio
import ssl
from weakref import WeakKeyDictionary

from headrace.engine.connection import Connection, Owner
from headrace.engine.failures import Failure, not_connected
from headrace.engine.heads import HeadMemory
from headrace.engine.prepared import Origin
from headrace.engine.resolver import Resolver
from headrace.engine.tls import TlsConnection

# Connections being made to one origin at once by one process. More would overflow the accept queue of an ordinary server
# (128 to 4096), and a dropped SYN is repeated only after a second. An origin that does not answer delays no other one.
_AT_ONCE = 256


class UnconnectedError(Exception):
    """No connection could be made; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Connector:
    """Opens the connections of all users of a process."""

    def __init__(self, resolver: Resolver, context: ssl.SSLContext) -> None:
        self._resolver = resolver
        self._context = context
        self._heads = HeadMemory()
        self._turns: WeakKeyDictionary[Origin, asyncio.Semaphore] = WeakKeyDictionary()

    async def connect(self, origin: Origin, owner: Owner) -> Connection:
        """A connection ready to send on, to the first address that takes it.

        Raises UnresolvedError or UnconnectedError. May take long: the caller sets the time-out.
        """
        addresses = await self._resolver.resolve(origin.host, origin.port)
        turn = self._turns.get(origin)
        if turn is None:
            turn = self._turns[origin] = asyncio.Semaphore(_AT_ONCE)
        async with turn:
            for address in addresses:
                try:
                    return await self._connect_to(address, origin, owner)
                except OSError as error:
                    failure = not_connected(error, origin.host, address, origin.port)
        raise UnconnectedError(failure)

    async def _connect_to(self, address: str, origin: Origin, owner: Owner) -> Connection:
        loop = asyncio.get_running_loop()
        if not origin.secure:
            _, plain = await loop.create_connection(lambda: Connection(owner, origin, self._heads), address, origin.port)
            return plain
        transport, secure = await loop.create_connection(
            lambda: TlsConnection(owner, origin, self._heads, self._context), address, origin.port
        )
        try:
            await secure.secured
        except BaseException:
            transport.abort()
            raise
        return secure
