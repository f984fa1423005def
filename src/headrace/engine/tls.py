"""TLS inside the connection, by `ssl.MemoryBIO`: a third of the CPU of the event loop's own TLS (docs/engine.md)."""

import asyncio
import ssl
from time import perf_counter_ns

from headrace.engine.connection import Connection, Owner
from headrace.engine.failures import violated_protocol
from headrace.engine.heads import HeadMemory
from headrace.engine.prepared import Origin

# A record's plain text is 16 KiB at most. More costs: `read` allocates what it is asked for, and a buffer of 256 KiB is
# mapped and unmapped by the kernel for every response (measured: 40 µs).
_READ = 16 * 1024


def client_context(verify: bool) -> ssl.SSLContext:
    """The settings of all TLS connections of a run. `verify` checks the certificate's chain and name."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsConnection(Connection):
    """`secured` is done when the handshake is; it fails with the ssl.SSLError or ConnectionError that ended it."""

    __slots__ = ("_in", "_out", "_tls", "secured")

    def __init__(self, owner: Owner, origin: Origin, heads: HeadMemory, context: ssl.SSLContext) -> None:
        super().__init__(owner, origin, heads)
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=origin.host.rstrip("."))
        self.secured: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._shake_hands()

    def data_received(self, data: bytes) -> None:
        self._in.write(data)
        if not self.secured.done():
            self._shake_hands()
            return
        # Handed on all at once: what is behind the end of a response must not pass for the answer to the next request.
        plain = b""
        try:
            # Asked only while something is there: the exception for "nothing yet" costs as much as the decryption.
            while self._in.pending or self._tls.pending():
                more = self._tls.read(_READ)
                if not more:
                    raise ssl.SSLZeroReturnError
                plain = plain + more if plain else more
        except ssl.SSLWantReadError:
            pass  # part of a record: the rest follows
        except ssl.SSLError as error:
            self._end(plain, error)
            return
        if plain:
            super().data_received(plain)
        self._flush()

    def _end(self, plain: bytes, error: ssl.SSLError) -> None:
        self._retire()  # before its last bytes are handed on, or the user would send the next request into it
        if plain:
            super().data_received(plain)
        if isinstance(error, ssl.SSLZeroReturnError):
            self._transport.close()  # close_notify: nothing more will come
        elif self.request is not None:
            self._break(violated_protocol(f"TLS: {error.reason or error}"), perf_counter_ns())
        else:
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.secured.done():
            self.secured.set_exception(error or ConnectionResetError("closed during the TLS handshake"))
        super().connection_lost(error)

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._flush()  # the alert that tells the server why
            self.secured.set_exception(error)
            return
        else:
            if not self.secured.done():
                self.secured.set_result(None)
        self._flush()

    def _write(self, data: bytes) -> None:
        self._tls.write(data)
        self._transport.write(self._out.read())

    def _flush(self) -> None:
        if self._out.pending and not self._transport.is_closing():
            self._transport.write(self._out.read())
