"""Going through an HTTP proxy, good and bad ones."""

import asyncio
import base64
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import trustme

from headrace.engine.http.connector import UnconnectedError
from headrace.engine.http.failures import Failure
from headrace.engine.http.line import Line
from headrace.engine.http.prepared import Origin
from headrace.engine.http.proxy import Proxy, parse_proxy
from headrace.engine.http.resolver import UnresolvedError
from headrace.plan.model import Network, Tls
from headrace.plan.targets import TargetRule
from tests.engine.asking import Asker, a_connector, a_request, listening
from tests.engine.target import Target, response

pytestmark = pytest.mark.anyio

CA = trustme.CA()


def certified(*names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    CA.issue_cert(*names).configure_cert(context)
    return context


TRUSTING = Tls(authorities=CA.cert_pem.bytes().decode())


@dataclass
class RealProxy:
    """Connects whoever asks for it, wherever they say, to a port of this machine; keeps the heads it was sent."""

    port: int
    login: str = ""
    heads: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        expected = f"Proxy-Authorization: Basic {base64.b64encode(self.login.encode()).decode()}\r\n"
        if self.login and expected not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        if head.startswith("CONNECT "):
            writer.write(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
        else:
            back.write(head.encode())
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            back.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def test_a_secure_origin_is_reached_through_a_tunnel_and_its_certificate_is_its_own() -> None:
    async with Target(tls=certified("shop.test")) as target:
        proxy = RealProxy(target.port)
        async with listening(proxy.serve) as port:
            origin, asker = Origin(True, "shop.test", 443), Asker()
            connection = await a_connector(TRUSTING, proxy=f"http://127.0.0.1:{port}").connect(origin, asker)
            head = await asker.ask(connection, a_request(origin))
            connection.abort()
    assert head.status == 200
    assert proxy.heads == ["CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n"]
    assert target.seen[0].header("Host") == "shop.test:443"
    assert connection.tls_us > 0
    assert connection.connect_us > 0


async def test_the_login_goes_to_the_proxy_and_never_to_the_origin() -> None:
    async with Target(tls=certified("shop.test")) as target:
        proxy = RealProxy(target.port, login="anna:p@ss:word")
        async with listening(proxy.serve) as port:
            origin, asker = Origin(True, "shop.test", 443), Asker()
            connector = a_connector(TRUSTING, proxy=f"http://anna:p%40ss:word@127.0.0.1:{port}/")
            connection = await connector.connect(origin, asker)
            await asker.ask(connection, a_request(origin))
            connection.abort()
    assert target.seen[0].header("Proxy-Authorization") is None


async def test_a_plain_origin_is_asked_for_by_way_of_the_proxy() -> None:
    async with Target() as target:
        proxy = RealProxy(target.port)
        async with listening(proxy.serve) as port:
            origin, asker = Origin(False, "shop.test", 80), Asker()
            connection = await a_connector(proxy=f"http://127.0.0.1:{port}").connect(origin, asker)
            head = await asker.ask(connection, a_request(origin, "http://shop.test/"))
            connection.abort()
    assert head.status == 200
    assert proxy.heads[0].startswith("GET http://shop.test/ HTTP/1.1\r\nHost: ")


async def test_an_address_of_ip_version_6_is_written_in_brackets() -> None:
    async with Target(tls=certified("::1")) as target:
        proxy = RealProxy(target.port)
        async with listening(proxy.serve) as port:
            origin, asker = Origin(True, "::1", 8443), Asker()
            connection = await a_connector(TRUSTING, proxy=f"http://127.0.0.1:{port}").connect(origin, asker)
            connection.abort()
    assert proxy.heads[0].startswith("CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n")


async def test_a_tunnel_works_behind_a_slow_line() -> None:
    async with Target(tls=certified("shop.test")) as target:
        proxy = RealProxy(target.port)
        async with listening(proxy.serve) as port:
            origin = Origin(True, "shop.test", 443)
            asker = Asker(line=Line(Network("far", 500, 500, 0.02, 0.02), asyncio.get_running_loop()))
            connection = await a_connector(TRUSTING, proxy=f"http://127.0.0.1:{port}").connect(origin, asker)
            head = await asker.ask(connection, a_request(origin))
            connection.abort()
    assert head.status == 200
    assert connection.connect_us >= 80_000  # a round trip for TCP, one for CONNECT


def says(*parts: bytes, close: bool = False) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        if not close:
            await reader.read()

    return serve


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 65536 + b"\r\n")
        await writer.drain()


async def failure_of(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], login: str = ""
) -> tuple[Failure, int]:
    async with listening(serve) as port:
        connector = a_connector(proxy=f"http://{login}127.0.0.1:{port}")
        with pytest.raises(UnconnectedError) as caught:
            async with asyncio.timeout(5):
                await connector.connect(Origin(True, "shop.test", 443), Asker())
        return caught.value.failure, port


@pytest.mark.parametrize(
    ("serve", "login", "message"),
    [
        (says(response(403)), "", "The proxy {proxy} refused the connection to shop.test:443: 403 - Forbidden."),
        (says(response(407)), "", ".*: 407 - ProxyAuthenticationRequired; give it a user and a password."),
        (says(response(407)), "a:b@", ".*; it does not take this user and password."),
        (says(response(302)), "", ".*: 302 - Found."),
        (says(b"HTTP/1.1 101 X\r\n\r\n"), "", ".*: 101 - SwitchingProtocols."),
        (says(b"HTTP/1.1 999 X\r\n\r\n"), "", "The proxy {proxy} committed a .*: its answer to CONNECT is no HTTP."),
        (says(b"SSH-2.0-OpenSSH\r\n"), "", ".*: its answer to CONNECT is no HTTP."),
        (says(b"\x00\xff"), "", ".*: its answer to CONNECT is no HTTP."),
        (says(b"HTTP/1.1 abc\r\n\r\n"), "", ".*: its answer to CONNECT is no HTTP."),
        (flood, "", ".*: its head is longer than 65536 bytes."),
        (says(close=True), "", "The proxy {proxy} cannot be used: .* closed the connection while it was being made."),
        (says(b"HTTP/1.1 200", close=True), "", ".* closed the connection while it was being made."),
    ],
)
async def test_a_proxy_that_does_not_do_its_work_is_told_from_an_origin_that_does_not(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], login: str, message: str
) -> None:
    failure, port = await failure_of(serve, login)
    assert re.fullmatch(message.replace("{proxy}", f"127.0.0.1:{port}"), failure.message), failure.message
    assert failure.kind == "Exception"


async def test_an_answer_in_single_bytes_and_after_hints_is_an_answer() -> None:
    answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\n\r\n"
    parts = [answer[index : index + 1] for index in range(len(answer))]
    failure, _ = await failure_of(says(*parts, b"not TLS", close=True))
    assert failure.subkind == "AuthenticationException"  # so the tunnel was open, and the first bytes in it came through


async def test_a_proxy_that_never_answers_is_left_to_the_time_out() -> None:
    async with listening(says()) as port:
        connector = a_connector(proxy=f"http://127.0.0.1:{port}")
        connecting = asyncio.create_task(connector.connect(Origin(True, "shop.test", 443), Asker()))
        await asyncio.sleep(0.1)
        assert not connecting.done()
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        assert connecting.cancelled()


async def test_a_proxy_that_is_not_there_is_told() -> None:
    async with listening(says()) as port:
        pass
    with pytest.raises(UnconnectedError, match=f"The proxy 127.0.0.1:{port} cannot be used: .*refused"):
        await a_connector(proxy=f"http://127.0.0.1:{port}").connect(Origin(False, "shop.test", 80), Asker())


@pytest.mark.parametrize(
    ("rule", "host", "message"),
    [
        (TargetRule(), "metadata.google.internal", "denied by the target rule 'metadata.google.internal'"),
        (TargetRule(), "169.254.169.254", "denied by the target rule '169.254.0.0/16'"),
        (TargetRule(), "::ffff:169.254.169.254", "denied"),
        (
            TargetRule(allow=("*.example.com", "127.0.0.1"), deny=()),
            "shop.test",
            "not among the allowed targets by its name",
        ),
        (TargetRule(allow=("*.example.com", "127.0.0.1"), deny=()), "192.0.2.1", "not among the allowed targets"),
    ],
)
@pytest.mark.parametrize("secure", [False, True])
async def test_the_target_rule_holds_for_what_the_proxy_would_be_asked_for(
    rule: TargetRule, host: str, message: str, secure: bool
) -> None:
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))

    async with listening(hear) as port:
        connector = a_connector(rule=rule, proxy=f"http://127.0.0.1:{port}")
        with pytest.raises(UnresolvedError, match=re.escape(message)):
            await connector.connect(Origin(secure, host, 443), Asker())
    assert heard == []


async def test_the_target_rule_holds_for_the_proxy_itself() -> None:
    connector = a_connector(rule=TargetRule(deny=("127.0.0.0/8",)), proxy="http://127.0.0.1:3128")
    with pytest.raises(UnconnectedError, match=r"The proxy 127\.0\.0\.1:3128 cannot be used: .* denied"):
        await connector.connect(Origin(False, "shop.test", 80), Asker())


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.test:3128", Proxy("proxy.test", 3128)),
        ("HTTP://Proxy.Test/", Proxy("proxy.test", 80)),
        ("http://[2001:db8::1]:8080", Proxy("2001:db8::1", 8080)),
        ("http://a:b@proxy.test", Proxy("proxy.test", 80, "Basic YTpi")),
        ("http://a:b%40c@proxy.test", Proxy("proxy.test", 80, "Basic YTpiQGM=")),
        ("http://a:@proxy.test", Proxy("proxy.test", 80, "Basic YTo=")),
    ],
)
def test_a_proxy_is_read_from_its_address(text: str, proxy: Proxy) -> None:
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://proxy.test", "the proxy's scheme is 'https', not http; write it like http://host:port"),
        ("proxy.test:3128", "the proxy's scheme is '', not http"),
        ("http://", "the proxy '' names no host"),
        ("http://proxy.test:0", "the proxy 'proxy.test:0' has the port 0"),
        ("http://proxy.test/path", "the proxy 'proxy.test/path' has a path"),
        ("http://secret@proxy.test", "the proxy's login lacks a user name or a password"),
        ("http://:secret@proxy.test", "the proxy's login lacks a user name or a password"),
        ("http://user:secret@proxy test", "contains a blank"),
    ],
)
def test_a_proxy_that_is_none_is_told_without_its_password(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        parse_proxy(text)
    assert "secret" not in str(caught.value)
