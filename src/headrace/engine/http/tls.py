"""TLS inside the connection, by `ssl.MemoryBIO`: a third of the CPU of the event loop's own TLS (docs/engine.md)."""

import asyncio
import ssl
import tempfile
import warnings
from time import perf_counter_ns

from headrace.engine.http.connection import Connection, Owner
from headrace.engine.http.failures import broken_tls
from headrace.engine.http.layer import Layer
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.prepared import Origin
from headrace.plan.model import Tls

# A record's plain text is 16 KiB at most. More costs: `read` allocates what it is asked for, and a buffer of 256 KiB is
# mapped and unmapped by the kernel for every response (measured: 40 µs).
_READ = 16 * 1024
# Sessions that a user keeps. A server can redirect to ever new hosts.
_MOST_SESSIONS = 256

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def client_context(tls: Tls, http2: bool = False) -> ssl.SSLContext:
    """The settings of all TLS connections of a run; with `http2` that protocol is offered before HTTP/1.1.

    Takes about 20 ms where certificates are verified. Raises ValueError, naming the field, for what cannot be used.
    """
    if tls.verify:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without reading all the authorities of the system
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _set_versions(context, tls)
    if tls.authorities:
        _trust(context, tls.authorities)
    if tls.certificate:
        _identify(context, tls)
    elif tls.key:
        raise ValueError("tls.key is given without tls.certificate; give the certificate that it belongs to")
    context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
    return context


def _set_versions(context: ssl.SSLContext, tls: Tls) -> None:
    lowest, highest = _version("lowest", tls.lowest), _version("highest", tls.highest)
    if lowest is None:
        lowest = context.minimum_version if highest is None else min(context.minimum_version, highest)
    if highest is None:
        highest = ssl.TLSVersion.MAXIMUM_SUPPORTED
    elif lowest > highest:
        raise ValueError(f"tls.lowest is {tls.lowest}, above tls.highest {tls.highest}; exchange them")
    if lowest < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 has no cipher for these versions at its usual level
    with warnings.catch_warnings():  # that the old versions are old is known: a test may be aimed at an old server
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = lowest
        context.maximum_version = highest


def _version(field: str, text: str) -> ssl.TLSVersion | None:
    if not text:
        return None
    if text not in _VERSIONS:
        raise ValueError(f"tls.{field} is '{text[:100]}'; give one of {', '.join(_VERSIONS)}")
    return _VERSIONS[text]


def _trust(context: ssl.SSLContext, authorities: str) -> None:
    try:
        context.load_verify_locations(cadata=authorities)
    except (ssl.SSLError, ValueError, TypeError):
        raise ValueError(
            "tls.authorities is no list of certificates; give them in PEM, each between -----BEGIN CERTIFICATE----- and "
            "-----END CERTIFICATE-----"
        ) from None


def _identify(context: ssl.SSLContext, tls: Tls) -> None:
    """Loads the client's certificate and key. OpenSSL reads them from a file only: it is private, and gone at once."""
    asked = []

    def password() -> str:  # without it OpenSSL would ask on the terminal
        asked.append(True)
        return tls.key_password

    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="headrace-") as file:
        file.write(f"{tls.certificate}\n{tls.key}\n")
        file.flush()
        try:
            context.load_cert_chain(file.name, password=password)
        except (ssl.SSLError, ValueError, OSError) as error:
            raise ValueError(_unusable(tls, error, bool(asked))) from None


def _unusable(tls: Tls, error: Exception, encrypted: bool) -> str:
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return "tls.key does not belong to tls.certificate; give the key that the certificate was made for"
    if encrypted and not tls.key_password:
        return "tls.key is encrypted; give its password in tls.key_password"
    if encrypted:
        return "tls.key cannot be decrypted with tls.key_password; give the right password"
    if "-----BEGIN CERTIFICATE-----" not in tls.certificate:
        return "tls.certificate is no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----"
    if "PRIVATE KEY-----" not in tls.certificate + tls.key:
        return "tls.key is no private key in PEM; it begins with -----BEGIN PRIVATE KEY-----"
    reason = getattr(error, "reason", None) or str(error)
    return f"tls.certificate and tls.key cannot be used: {reason}; give both in PEM, whole and unchanged"


class Channel:
    """The TLS of one connection: encrypts what is sent, decrypts what comes, and touches no socket."""

    __slots__ = ("incoming", "outgoing", "tls")

    def __init__(self, context: ssl.SSLContext, host: str, session: ssl.SSLSession | None = None) -> None:
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        # An address is checked against the certificate and not sent as a server name: Python sees to both.
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host.rstrip("."), session=session)

    def shake_hands(self, data: bytes) -> bool:
        """Takes bytes; True when the handshake is complete. Raises ssl.SSLError."""
        self.incoming.write(data)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def read(self, data: bytes) -> tuple[bytes, ssl.SSLError | None]:
        """Takes bytes; returns all that they say, and the error that follows, SSLZeroReturnError for an orderly end."""
        self.incoming.write(data)
        plain = b""
        try:
            # Asked only while something is there: the exception for "nothing yet" costs as much as the decryption.
            while self.incoming.pending or self.tls.pending():
                more = self.tls.read(_READ)
                if not more:
                    return plain, ssl.SSLZeroReturnError()
                plain = plain + more if plain else more
        except ssl.SSLWantReadError:
            pass  # part of a record: the rest follows
        except ssl.SSLError as error:
            return plain, error
        return plain, None

    def write(self, data: bytes) -> bytes:
        """The bytes to send."""
        self.tls.write(data)
        return self.outgoing.read()

    def replies(self) -> bytes:
        """What TLS itself has to say."""
        return self.outgoing.read() if self.outgoing.pending else b""

    @property
    def unread(self) -> bool:
        return self.incoming.pending > 0

    @property
    def application(self) -> str | None:
        """What the server chose of the protocols that it was offered (ALPN)."""
        return self.tls.selected_alpn_protocol()

    @property
    def resumed(self) -> bool:
        return bool(self.tls.session_reused)

    def keep_session(self, sessions: dict[Origin, ssl.SSLSession] | None, origin: Origin) -> None:
        """Keeps what the next connection to this origin needs to resume the session. With TLS 1.3 the server sends it after
        the handshake, with or before its first answer."""
        session = self.tls.session
        if sessions is None or session is None or not (session.has_ticket or session.id):
            return
        if len(sessions) >= _MOST_SESSIONS:
            sessions.clear()
        sessions[origin] = session


class Handshake(Layer):
    """`done` fails with the ssl.SSLError or ConnectionError that ended the handshake."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.channel = channel

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._step(b"")

    def data_received(self, data: bytes) -> None:
        if self.done.done():
            super().data_received(data)
        else:
            self._step(data)

    def hand_over(self, protocol: asyncio.Protocol) -> None:
        super().hand_over(protocol)
        if self.channel.unread and not self._unused:
            protocol.data_received(b"")

    def _step(self, data: bytes) -> None:
        try:
            if self.channel.shake_hands(data):
                self.done.set_result(None)
        except ssl.SSLError as error:
            self.done.set_exception(error)
        replies = self.channel.replies()  # also the alert that tells the server why
        if replies and not self._transport.is_closing():
            self._transport.write(replies)


class TlsConnection(Connection):
    """A connection whose handshake is done."""

    __slots__ = ("_channel", "_outgoing", "_read_tls", "_session_kept", "_tls")

    def __init__(self, owner: Owner, origin: Origin, heads: HeadMemory, channel: Channel) -> None:
        super().__init__(owner, origin, heads)
        self._channel = channel
        self._read_tls = channel.read
        self._tls = channel.tls
        self._outgoing = channel.outgoing
        self._session_kept = False

    def data_received(self, data: bytes) -> None:
        # Handed on all at once: what is behind the end of a response must not pass for the answer to the next request.
        plain, error = self._read_tls(data)
        if error is not None:
            self._end(plain, error)
            return
        if plain:
            if not self._session_kept:
                self._session_kept = True
                self._channel.keep_session(self.owner.tls_sessions, self.origin)
            super().data_received(plain)
        if self._outgoing.pending and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())

    def _end(self, plain: bytes, error: ssl.SSLError) -> None:
        self._retire()  # before its last bytes are handed on, or the user would send the next request into it
        if plain:
            super().data_received(plain)
        if isinstance(error, ssl.SSLZeroReturnError):
            self._transport.close()  # close_notify: nothing more will come
        elif self.request is not None:
            self._break(broken_tls(error), perf_counter_ns())
        else:
            self.abort()

    def _write(self, data: bytes) -> None:
        self._tls.write(data)
        self._transport.write(self._outgoing.read())
