"""What comes before HTTP on a connection, each thing a protocol of its own: a proxy's CONNECT, the TLS handshake."""

import asyncio
from typing import cast


class Layer(asyncio.Protocol):
    """Has a connection until `done`, which fails with what went wrong. Then `hand_over` gives it to the next protocol."""

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done.add_done_callback(_read)
        self._unused = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        # Also after `done`: whoever waits for it hears of it only in the next turn of the event loop.
        self._unused += data

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("closed before it was ready"))

    def hand_over(self, protocol: asyncio.Protocol) -> None:
        """Gives the connection to its next protocol, with the bytes that are not for this one.

        Raises ConnectionResetError where the connection has ended meanwhile.
        """
        if self._transport.is_closing():
            raise ConnectionResetError("closed as soon as it was ready")
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if self._unused:
            protocol.data_received(self._unused)

    def abort(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()


def _read(done: asyncio.Future[None]) -> None:
    """An error that nobody waits for any more is nobody's fault."""
    if not done.cancelled():
        done.exception()
