"""Connections over TLS: trust, versions, sessions, and that nothing else is different."""

import asyncio
import contextlib
import datetime
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from headrace.engine.http.connector import Connector, UnconnectedError
from headrace.engine.http.failures import Failure
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.prepared import Origin
from headrace.engine.http.tls import Channel, TlsConnection, client_context
from headrace.plan.model import Tls
from tests.engine.asking import Asker, FailedError, Serving, a_connector, a_request, listening
from tests.engine.target import BODY, Target, answer, response, send, slowly

pytestmark = pytest.mark.anyio

CA = trustme.CA()
AUTHORITIES = CA.cert_pem.bytes().decode()
TRUSTING = Tls(authorities=AUTHORITIES)
CLIENT = CA.issue_cert("client@example.com")
CERTIFICATE = CLIENT.cert_chain_pems[0].bytes().decode()
KEY = CLIENT.private_key_pem.bytes().decode()
ENCRYPTED = (
    serialization.load_pem_private_key(KEY.encode(), None)
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pass")
    )
    .decode()
)


def longer_ago(days: int) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)


def certified(*names: str, ca: trustme.CA = CA, version: str = "", days_ago: tuple[int, int] = (1, -1)) -> ssl.SSLContext:
    """A server's settings; `version` is the only one it speaks, its certificate began and ends so many days ago."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    begun, over = map(longer_ago, days_ago)
    ca.issue_cert(*names, not_before=begun, not_after=over).configure_cert(context)
    if version:
        only = getattr(ssl.TLSVersion, f"TLSv{version.replace('.', '_')}")
        context.minimum_version = context.maximum_version = only
    return context


def demanding_a_certificate() -> ssl.SSLContext:
    context = certified("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    CA.configure_trust(context)
    return context


@contextlib.asynccontextmanager
async def explaining(context: ssl.SSLContext) -> AsyncIterator[int]:
    """A server that says why it refuses a handshake, as asyncio's does not; else it answers. Gives its port."""

    def serve(client: socket.socket) -> None:
        client.settimeout(5.0)
        secure = context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        with secure, contextlib.suppress(OSError):
            try:
                secure.do_handshake()
            except ssl.SSLError:
                while socket.socket.recv(secure, 65536):  # closed with bytes unread, its alert would not be read
                    pass
                return
            while secure.recv(65536):
                secure.sendall(response())

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                pool.submit(serve, server.accept()[0])

    pool = ThreadPoolExecutor()
    with socket.create_server(("127.0.0.1", 0)) as server:
        pool.submit(accept)
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            await asyncio.to_thread(pool.shutdown)


async def failure_of(connector: Connector, origin: Origin) -> Failure:
    with pytest.raises(UnconnectedError) as caught:
        async with asyncio.timeout(5):
            await connector.connect(origin, Asker())
    return caught.value.failure


async def ask_once(port: int, tls: Tls, host: str = "127.0.0.1") -> int:
    """The status of one answer."""
    origin, asker = Origin(True, host, port), Asker()
    connection = await a_connector(tls).connect(origin, asker)
    try:
        return (await asker.ask(connection, a_request(origin))).status
    finally:
        connection.abort()


# Trust


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_certificate_is_checked_by_name_and_by_address(host: str) -> None:
    async with Target(tls=certified("localhost", "127.0.0.1")) as target:
        assert await ask_once(target.port, TRUSTING, host) == 200


async def test_an_address_of_ip_version_6_is_checked_too() -> None:
    async with Target(tls=certified("::1"), host="::1") as target:
        assert await ask_once(target.port, TRUSTING, "::1") == 200
    async with Target(tls=certified("::2"), host="::1") as target:
        failure = await failure_of(a_connector(TRUSTING), Origin(True, "::1", target.port))
        assert "IP address mismatch" in failure.message


async def test_the_authorities_of_the_system_are_trusted_beside_the_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = trustme.CA()
    system.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with Target(tls=certified("127.0.0.1", ca=system)) as target:
        assert await ask_once(target.port, TRUSTING) == 200
        assert await ask_once(target.port, Tls()) == 200


async def test_without_verification_every_certificate_will_do() -> None:
    async with Target(tls=certified("elsewhere.example", ca=trustme.CA())) as target:
        assert await ask_once(target.port, Tls(verify=False)) == 200


async def test_a_server_may_ask_for_the_clients_certificate() -> None:
    async with explaining(demanding_a_certificate()) as port:
        assert await ask_once(port, Tls(authorities=AUTHORITIES, certificate=CERTIFICATE, key=KEY)) == 200
        assert await ask_once(port, Tls(authorities=AUTHORITIES, certificate=KEY + CERTIFICATE)) == 200
        encrypted = Tls(authorities=AUTHORITIES, certificate=CERTIFICATE, key=ENCRYPTED, key_password="pass")
        assert await ask_once(port, encrypted) == 200
        with pytest.raises(FailedError, match=r"The server ended the secure connection: certificate required\."):
            await ask_once(port, TRUSTING)


# Failures


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(response(400))
    await reader.read(-1)


async def speak_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"\x16\x03\x03\x40\x00" + bytes(range(256)) * 64)
    await reader.read(-1)


NOT_VALID = r"The secure connection could not be made: the certificate of 127\.0\.0\.1:\d+ is not valid: "


@pytest.mark.parametrize(
    ("context", "tls", "message"),
    [
        (lambda: certified("elsewhere.example"), TRUSTING, NOT_VALID + ".*mismatch.*"),
        (
            lambda: certified("127.0.0.1", days_ago=(20, 10)),
            TRUSTING,
            NOT_VALID + "certificate has expired.*",
        ),
        (lambda: certified("127.0.0.1", ca=trustme.CA()), TRUSTING, NOT_VALID + ".*local issuer.*"),
        (
            lambda: certified("127.0.0.1", version="1.2"),
            Tls(authorities=AUTHORITIES, lowest="1.3"),
            r"The TLS handshake with 127\.0\.0\.1:\d+ failed: .*protocol version.*",
        ),
        (
            lambda: certified("127.0.0.1", version="1.3"),
            Tls(authorities=AUTHORITIES, highest="1.2"),
            r"The TLS handshake with .* failed: .*(protocol version|handshake failure).*",
        ),
    ],
)
async def test_a_server_that_is_not_trusted_or_too_old_or_too_new_is_told(
    context: Callable[[], ssl.SSLContext], tls: Tls, message: str
) -> None:
    async with explaining(context()) as port:
        failure = await failure_of(a_connector(tls), Origin(True, "127.0.0.1", port))
    assert re.fullmatch(message, failure.message), failure.message
    assert failure.subkind == "AuthenticationException"


def vouching_for_itself() -> tuple[ssl.SSLContext, str]:
    """A server whose certificate nobody else has signed, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), longer_ago(1), longer_ago(-1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with NamedTemporaryFile() as file:
        file.write(certificate + private)
        file.flush()
        context.load_cert_chain(file.name)
    return context, certificate.decode()


async def test_a_certificate_that_vouches_for_itself_is_not_trusted_unless_it_is_among_the_authorities() -> None:
    context, certificate = vouching_for_itself()
    async with Target(tls=context) as target:
        failure = await failure_of(a_connector(TRUSTING), Origin(True, "127.0.0.1", target.port))
        assert "is not valid: self-signed certificate" in failure.message
        assert await ask_once(target.port, Tls(authorities=certificate)) == 200


@pytest.mark.parametrize(
    ("serve", "message"),
    [
        (speak_http, r"The TLS handshake with 127\.0\.0\.1:\d+ failed: .*(wrong version number|record layer failure).*"),
        (speak_nonsense, r"The TLS handshake with 127\.0\.0\.1:\d+ failed: .*"),
        (close, r"The target machine 127\.0\.0\.1:\d+ closed the connection while it was being made\."),
    ],
)
async def test_a_server_that_does_not_speak_tls_is_told(serve: Serving, message: str) -> None:
    async with listening(serve) as port:
        failure = await failure_of(a_connector(TRUSTING), Origin(True, "127.0.0.1", port))
    assert re.fullmatch(message, failure.message), failure.message


async def test_a_handshake_that_hangs_is_left_to_the_time_out_and_leaves_nothing_behind() -> None:
    hanging, gone = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            hanging.set()
        gone.set()

    async with listening(wait) as port, asyncio.timeout(30):
        connecting = asyncio.create_task(a_connector(TRUSTING).connect(Origin(True, "127.0.0.1", port), Asker()))
        await hanging.wait()
        connecting.cancel()  # which is what a time-out does
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await gone.wait()


async def test_bytes_that_are_no_tls_in_the_middle_fail_the_request() -> None:
    context = certified("127.0.0.1")

    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Makes a proper handshake and answers nonsense."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        shaken = False
        while not shaken:
            incoming.write(await reader.read(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.do_handshake()
                shaken = True
            writer.write(outgoing.read())
        if not incoming.pending:
            await reader.read(65536)
        writer.write(b"\x17\x03\x03\x00\x08nonsense")

    async with listening(garble) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        connection = await a_connector(TRUSTING).connect(origin, asker)
        with pytest.raises(FailedError, match="protocol violation: TLS: "):
            await asker.ask(connection, a_request(origin))
    assert connection.lost


# Answers


@pytest.mark.parametrize("version", ["1.2", "1.3"])
async def test_answers_of_every_kind_come_over_tls(version: str) -> None:
    bodies = {
        "/big": (answer(body=bytes(2_000_000)), 2_000_000),
        "/slow": (slowly(response(), 0.0), len(BODY)),
        "/chunked": (send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"0\r\n\r\n"), 3),
        "/closed": (send(b"HTTP/1.1 200 OK\r\n\r\nabc", b"def", then="close"), 6),
    }
    routes = {path: route for path, (route, _) in bodies.items()}
    async with Target(routes, tls=certified("127.0.0.1", version=version)) as target:
        origin, asker = Origin(True, "127.0.0.1", target.port), Asker()
        connection = await a_connector(TRUSTING).connect(origin, asker)
        for path, (_, size) in bodies.items():
            await asker.ask(connection, a_request(origin, path))
            assert connection.content == size
    assert target.connections == 1
    assert asker.unasked == []


async def test_what_making_a_connection_took_is_known() -> None:
    async with Target(tls=certified("localhost")) as target:
        connection = await a_connector(TRUSTING).connect(Origin(True, "localhost", target.port), Asker())
        connection.abort()
    assert connection.dns_us > 0
    assert connection.connect_us > 0
    assert connection.tls_us > 0


# Sessions


@pytest.mark.parametrize("version", ["1.2", "1.3"])
async def test_a_users_next_connection_resumes_its_session_and_nobody_elses(version: str) -> None:
    async with Target(tls=certified("127.0.0.1", version=version)) as target:
        origin, connector = Origin(True, "127.0.0.1", target.port), a_connector(TRUSTING)
        one, other = Asker(), Asker()

        async def resumed(asker: Asker) -> bool:
            connection = await connector.connect(origin, asker)
            assert isinstance(connection, TlsConnection)
            await asker.ask(connection, a_request(origin))
            connection.abort()
            return connection._channel.resumed

        assert [await resumed(one) for _ in range(3)] == [False, True, True]
        assert await resumed(other) is False
        one.tls_sessions = None  # a new user in the same place
        assert await resumed(one) is False


async def test_no_session_is_resumed_where_the_plan_says_so() -> None:
    async with Target(tls=certified("127.0.0.1")) as target:
        origin, asker = Origin(True, "127.0.0.1", target.port), Asker()
        connector = a_connector(Tls(authorities=AUTHORITIES, resume=False))
        for _ in range(2):
            connection = await connector.connect(origin, asker)
            assert isinstance(connection, TlsConnection)
            await asker.ask(connection, a_request(origin))
            assert not connection._channel.resumed
            connection.abort()
    assert asker.tls_sessions is None


# Settings


def test_certificates_are_verified_and_http_2_is_not_spoken_unless_asked_for() -> None:
    strict, lax = client_context(Tls()), client_context(Tls(verify=False))
    assert strict.check_hostname
    assert strict.verify_mode is ssl.CERT_REQUIRED
    assert lax.verify_mode is ssl.CERT_NONE
    assert strict.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("tls", "lowest", "highest"),
    [
        (Tls(lowest="1.3"), ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.MAXIMUM_SUPPORTED),
        (Tls(highest="1.2"), ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
        (Tls(lowest="1.0"), ssl.TLSVersion.TLSv1, ssl.TLSVersion.MAXIMUM_SUPPORTED),
        (Tls(highest="1.1"), ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1),
        (Tls(lowest="1.2", highest="1.3"), ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
    ],
)
def test_versions_are_limited(tls: Tls, lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> None:
    context = client_context(tls)
    assert (context.minimum_version, context.maximum_version) == (lowest, highest)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_an_old_server_is_reached_when_the_plan_says_so() -> None:
    context = certified("127.0.0.1", version="1.1")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    async with explaining(context) as port:
        assert await ask_once(port, Tls(authorities=AUTHORITIES, lowest="1.0")) == 200
        failure = await failure_of(a_connector(TRUSTING), Origin(True, "127.0.0.1", port))
        assert "protocol" in failure.message


OTHER_KEY = CA.issue_cert("other@example.com").private_key_pem.bytes().decode()


@pytest.mark.parametrize(
    ("tls", "message"),
    [
        (Tls(lowest="1.4"), "tls.lowest is '1.4'; give one of 1.0, 1.1, 1.2, 1.3"),
        (Tls(highest="TLSv1.2"), "tls.highest is 'TLSv1.2'; give one of 1.0, 1.1, 1.2, 1.3"),
        (Tls(lowest="1.3", highest="1.2"), "tls.lowest is 1.3, above tls.highest 1.2; exchange them"),
        (Tls(authorities="nonsense"), "tls.authorities is no list of certificates; give them in PEM"),
        (Tls(authorities="schön"), "tls.authorities is no list of certificates; give them in PEM"),
        (Tls(authorities=AUTHORITIES.replace("M", "!")), "tls.authorities is no list of certificates; give them in PEM"),
        (Tls(key=KEY), "tls.key is given without tls.certificate; give the certificate that it belongs to"),
        (Tls(certificate="nonsense", key=KEY), "tls.certificate is no certificate in PEM"),
        (Tls(certificate=CERTIFICATE), "tls.key is no private key in PEM"),
        (Tls(certificate=CERTIFICATE, key="nonsense"), "tls.key is no private key in PEM"),
        (Tls(certificate=CERTIFICATE, key=OTHER_KEY), "tls.key does not belong to tls.certificate; give the key"),
        (Tls(certificate=CERTIFICATE, key=ENCRYPTED), "tls.key is encrypted; give its password in tls.key_password"),
        (
            Tls(certificate=CERTIFICATE, key=ENCRYPTED, key_password="wrong"),
            "tls.key cannot be decrypted with tls.key_password; give the right password",
        ),
        (
            Tls(certificate=CERTIFICATE, key=KEY.replace("\n", "\n!!", 3)),
            "tls.certificate and tls.key cannot be used",
        ),
    ],
)
async def test_settings_that_cannot_be_used_are_told_before_the_load_starts(tls: Tls, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        a_connector(tls)
    assert type(caught.value) is ValueError


# One connection, driven by hand: where the bytes are cut


class Wire(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "nothing may be written to a closed connection"
        self.written += bytes(data)

    def abort(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class ByHand:
    """A connection that has sent a request, and the server's side of it."""

    def __init__(self, host: str = "site.test.") -> None:
        self.origin, self.owner, self.wire = Origin(True, host, 443), Again(), Wire()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = certified("site.test")
        self.names: list[str] = []
        context.sni_callback = lambda tls, name, context: self.names.append(name)
        self.tls = context.wrap_bio(self._in, self._out, server_side=True)
        channel = Channel(client_context(Tls(verify=False)), host)
        while not channel.shake_hands(self._out.read()):
            self._step(channel.replies())
        self._step(channel.replies())
        self.connection = TlsConnection(self.owner, self.origin, HeadMemory(), channel)
        self.connection.connection_made(self.wire)
        self.request = a_request(self.origin)
        self.connection.send(self.request, self.request.data, 0, 0, 0)
        self._in.write(self.wire.written)
        assert self.tls.read(1000) == self.request.data

    def _step(self, data: bytes) -> None:
        self._in.write(data)
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()

    def give(self) -> None:
        self.connection.data_received(self._out.read())


class Again(Asker):
    """Sends the request again as soon as it is answered, if it may."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[int, int]] = []

    def answered(self, connection, request, head, now) -> None:  # type: ignore[no-untyped-def]
        self.answers.append((head.status, connection.content))
        if not connection.lost:
            connection.send(request, request.data, now, now, 0)


@pytest.mark.parametrize("extra", [b"x", response()])
def test_what_follows_an_answer_in_a_tls_record_of_its_own_is_not_the_next_answer(extra: bytes) -> None:
    hand = ByHand()
    hand.tls.write(response())
    hand.tls.write(extra)
    hand.give()
    assert hand.owner.answers == []
    (failure,) = hand.owner.unasked
    assert isinstance(failure, Failure)
    assert "unasked" in failure.message or "more bytes" in failure.message
    assert hand.connection.lost
    assert hand.wire.closed


def test_no_request_is_sent_into_a_tls_connection_that_ended_with_the_answer() -> None:
    hand = ByHand()
    hand.tls.write(response())
    with contextlib.suppress(ssl.SSLWantReadError):
        hand.tls.unwrap()
    hand.give()
    hand.connection.connection_lost(None)
    assert hand.owner.answers == [(200, len(BODY))]
    assert hand.owner.unasked == []
    assert hand.owner.closings == 1
    assert hand.wire.closed


def test_an_answer_in_many_tls_records_is_one_answer() -> None:
    hand = ByHand()
    for byte in response():
        hand.tls.write(bytes((byte,)))
    hand.give()
    assert hand.owner.answers == [(200, len(BODY))]


def test_a_server_gets_the_name_without_the_dot_at_its_end_and_no_address() -> None:
    assert ByHand("site.test.").names == ["site.test"]
    assert ByHand("192.0.2.1").names == [None]
    assert ByHand("2001:db8::1").names == [None]
