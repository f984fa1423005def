"""Every way in which a request can fail: what happens at the target, and how it is told."""

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
import trustme
import uvloop

from headrace.engine.http.failures import (
    Failure,
    bad_header,
    bad_url,
    bad_value,
    closed_early,
    http_error,
    not_authenticated,
    not_connected,
    rule_failed,
    status_name,
    unanswered,
    unbound,
    undecodable,
    unexpected_status,
)
from headrace.plan.targets import TargetRule
from tests.engine.running import ONCE, Outcome, plan, run_once
from tests.engine.target import BODY, Route, Target, answer, endlessly, redirect, response, send, slowly

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TIMEOUT = 0.25
TIMED_OUT = "The request was not answered within 0.25 seconds."
CLOSED = "The underlying connection was closed: the server "
VIOLATION = "The server committed a protocol violation: "
REFUSED = "No connection could be made because the target machine actively refused it 127.0.0.1:{port}"


@dataclass
class Case:
    """One request to `path` at the target, and the one failure that it must come to.

    `message` is a regular expression; {port} and {url} in it are the target's. `requests` are reported, redirects included,
    of which `failed` failed; `sent`: whether the failed request reached a server.
    """

    kind: str
    subkind: str
    message: str
    route: Route = field(default_factory=answer)
    path: str = "/"
    host: str = ""
    tls: str = ""
    requests: int = 1
    failed: int = 1
    sent: bool = True
    plan: dict[str, Any] = field(default_factory=dict)


def web(message: str, route: Route, **more: Any) -> Case:
    return Case("Exception", "WebException", message, route, **more)


def timeout(route: Route) -> Case:
    return Case("Timeout", "RequestTimeout", re.escape(TIMED_OUT), route, plan={"request_timeout": TIMEOUT})


def violation(message: str, *parts: bytes, then: str = "keep") -> Case:
    return web(re.escape(VIOLATION) + message, send(*parts, then=then))


def bad_redirect(location: str, reason: str, sent_as: str | None = None) -> Case:
    message = re.escape(f"The server redirected to {location!r}: ") + reason
    return Case("Exception", "UriFormatException", message, redirect(sent_as or location))


def denied(reason: str, rule: TargetRule, **more: Any) -> Case:
    message = re.escape("The request was not sent: ") + reason + r"\."
    return Case("Exception", "TargetNotAllowedException", message, sent=False, plan={"targets": rule}, **more)


def tls(message: str, certificate: str, **more: Any) -> Case:
    return Case("Exception", "AuthenticationException", message, tls=certificate, sent=False, **more)


def refused() -> Case:
    """The route is never reached: `target_of` closes the target first."""
    return Case(
        "Exception", "SocketException", re.escape(REFUSED).replace(r"\{port\}", "{port}"), path="refused", sent=False
    )


CASES = {
    "400": Case("HttpError", "400 - BadRequest", "400 - BadRequest", answer(400)),
    "404": Case("HttpError", "404 - NotFound", "404 - NotFound", answer(404)),
    "407 with a location": Case("HttpError", "407 - .*", "407 - .*", answer(407, "Location: /elsewhere")),
    "500": Case("HttpError", "500 - InternalServerError", "500 - InternalServerError", answer(500)),
    "503 and the connection closed": Case(
        "HttpError", "503 - ServiceUnavailable", ".*", send(response(503, "Connection: close"), then="close")
    ),
    "599": Case("HttpError", "599 - 599", "599 - 599", answer(599)),
    "a name that does not resolve": Case(
        "Exception",
        "WebException",
        re.escape("The remote name could not be resolved: '-nowhere.invalid'"),
        host="-nowhere.invalid",
        sent=False,
    ),
    "refused": refused(),
    "closed before the answer": web(CLOSED + "closed it before it answered.", send(then="close")),
    "closed in the head": web(CLOSED + "closed it before the response was complete.", send(response()[:20], then="close")),
    "closed in the body": web(CLOSED + "closed it before the response was complete.", send(response()[:-5], then="close")),
    "closed in a chunk": web(CLOSED + "closed it .* complete.", send(CHUNKED + b"5\r\nab", then="close")),
    "closed between chunks": web(CLOSED + "closed it .* complete.", send(CHUNKED + b"2\r\nab\r\n", then="close")),
    "reset before the answer": web(CLOSED + "reset it before it answered.", send(then="reset")),
    "reset in the body": web(CLOSED + "reset it before .* complete.", send(response()[:-5], then="reset")),
    "reset in a body without a length": web(
        CLOSED + "reset it before .* complete.", send(b"HTTP/1.1 200 OK\r\n\r\nabc", then="reset")
    ),
    "no answer": timeout(send(then="silence")),
    "half an answer": timeout(send(response()[:-5], then="silence")),
    "a slow head": timeout(slowly(response(), 0.1)),
    "a slow body": timeout(send(response()[: -len(BODY)], *(bytes((byte,)) for byte in BODY), pause=0.1)),
    "slow chunks": timeout(send(CHUNKED, *([b"1\r\na\r\n"] * 20), pause=0.1)),
    "an endless body": timeout(endlessly(b"HTTP/1.1 200 OK\r\n\r\n", bytes(1000))),
    "an endless chunked body": timeout(endlessly(CHUNKED, b"3e8\r\n" + bytes(1000) + b"\r\n")),
    "no HTTP": violation(r"expected http/.*\.", b"SSH-2.0-OpenSSH_9.2\r\n"),
    "binary": violation(r".*\.", b"\x00\x01\x02\xff\xfe"),
    "a blank line": violation(r".*\.", b"HTTP\r\n\r\n"),
    "more bytes than the length says": violation(
        "more bytes follow the end of the response.|.*unasked.", response() + b"extra"
    ),
    "two answers at once": violation("more bytes follow the end of the response.", response() + response()),
    "a body for 204": violation(r".*\.", b"HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nabc"),
    "two lengths": violation(
        r"duplicate content-length\.", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"
    ),
    "a negative length": violation(r".*content-length\.", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    "an enormous length": violation(
        r"content-length overflow\.", b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n"
    ),
    "a bad chunk": violation(r".*chunk size\.", CHUNKED + b"zz\r\n"),
    "an unasked upgrade": violation(
        "it switched to another protocol unasked.", b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    ),
    "a huge head": violation(
        "its head is longer than 262144 bytes.", b"HTTP/1.1 200 OK\r\nX: ", *([b"x" * 100_000] * 4), then="silence"
    ),
    "a bomb of headers": web(
        VIOLATION + "its head has more than 2000 headers.", endlessly(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 1000)
    ),
    "endless early hints": web(
        VIOLATION + "its head is longer than 262144 bytes.",
        endlessly(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 100),
    ),
    "endless trailers": web(
        VIOLATION + "its chunk extensions or trailers are longer than 262144 bytes.",
        endlessly(CHUNKED + b"1\r\na\r\n0\r\n", b"Set-Cookie: a=b\r\n" * 1000),
    ),
    "endless redirects": web(
        r"Too many automatic redirections were attempted \(more than 50\)\.", redirect("/"), requests=51
    ),
    "a redirect to another scheme": bad_redirect("ftp://127.0.0.1/", "is neither an http:// nor an https:// address."),
    "a redirect to a script": bad_redirect("javascript:alert(1)", "is neither .*"),
    "a redirect to a file": bad_redirect("file:///etc/passwd", "is neither .*"),
    "a redirect to a bad port": bad_redirect("http://127.0.0.1:99999/", "has the port 99999; ports are 1 to 65535."),
    "a redirect to a bad address": bad_redirect("http://[::1/", ".*"),
    "a redirect with a password": bad_redirect(
        "http://…@127.0.0.1/", "contains a user name or password.*", sent_as="http://a:b@127.0.0.1/"
    ),
    "a redirect with a control character": bad_redirect("/a\x85", "contains .*"),
    "a redirect to a very long URL": bad_redirect("/" + "a" * 199, "is .* characters long.*", sent_as="/" + "a" * 9000),
    "a redirect into nothing": Case(
        "Exception", "SocketException", ".*refused.*127.0.0.1:1", redirect("http://127.0.0.1:1/"), requests=2, sent=False
    ),
    "a name that is denied": denied(
        "the host 'localhost' is denied by .* 'localhost'", TargetRule(deny=("localhost",)), host="localhost"
    ),
    "a name that resolves to a denied address": denied(
        r"the host 'localhost' is at \S+, which is denied by the target rule '(127\.0\.0\.0/8|::1)'",
        TargetRule(deny=("127.0.0.0/8", "::1")),
        host="localhost",
    ),
    "an address that is denied": denied(".* '127.0.0.0/8'", TargetRule(deny=("127.0.0.0/8",))),
    "an address that is not among the allowed": denied(
        "the host '127.0.0.1' at 127.0.0.1 is not among the allowed targets", TargetRule(allow=("example.com",))
    ),
    "a redirect to a denied address": denied(
        ".* '169.254.0.0/16'", TargetRule(), route=redirect("http://169.254.169.254/latest/meta-data/"), requests=2
    ),
    "a redirect to a denied name": denied(
        ".* 'metadata.google.internal'", TargetRule(), route=redirect("//metadata.google.internal/"), requests=2
    ),
    "a certificate of nobody known": tls(
        r"The secure connection could not be made: the certificate of 127\.0\.0\.1:{port} is not valid: .*", "untrusted"
    ),
    "a certificate of somebody else": tls(r".* is not valid: .*mismatch.*", "of somebody else"),
    "no TLS": tls(r"The TLS handshake with 127\.0\.0\.1:{port} failed: .*wrong version number.*", "none"),
    "TLS where it is not expected": web(VIOLATION + ".*|" + CLOSED + ".*", answer(), tls="not expected"),
    "a TLS handshake that takes too long": Case(
        "Timeout", "RequestTimeout", re.escape(TIMED_OUT), tls="silent", sent=False, plan={"request_timeout": TIMEOUT}
    ),
    "a server that closes in the TLS handshake": Case(
        "Exception",
        "SocketException",
        r"The target machine .* closed the connection while it was being made\.",
        tls="closing",
        sent=False,
    ),
    "a connection that nobody takes": Case(
        "Timeout", "RequestTimeout", re.escape(TIMED_OUT), path="full", sent=False, plan={"request_timeout": TIMEOUT}
    ),
}


@asynccontextmanager
async def url_of(case: Case, ca: trustme.CA) -> AsyncIterator[tuple[str, Target | None, int]]:
    """The URL, the target where it is one of ours, and the port."""
    async with AsyncExitStack() as stack:
        if case.path == "full":
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            fill = [stack.enter_context(socket.socket()) for _ in range(4)]
            for client in fill:
                client.setblocking(False)
                client.connect_ex(server.getsockname())
            port = server.getsockname()[1]
            yield f"http://127.0.0.1:{port}/", None, port
        elif case.tls in ("silent", "closing"):

            async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                if case.tls == "silent":
                    while await reader.read(1000):
                        pass
                writer.close()

            other = await asyncio.start_server(ignore, "127.0.0.1", 0)
            stack.callback(other.close)
            port = other.sockets[0].getsockname()[1]
            yield f"https://127.0.0.1:{port}/", None, port
        else:
            context = None
            if case.tls in ("untrusted", "of somebody else", "not expected"):
                context = server_context(trustme.CA() if case.tls == "untrusted" else ca, "elsewhere.example")
            target = await stack.enter_async_context(
                Target({"/": case.route}, tls=context, greeting=response(400) if case.tls == "none" else b"")
            )
            if case.path == "refused":
                await target.__aexit__(None, None, None)
            url = target.url("/", case.host)
            if case.tls in ("none", "not expected"):
                url = url.replace("http:", "https:") if case.tls == "none" else url.replace("https:", "http:")
            yield url, target, target.port


def server_context(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*names).configure_cert(context)
    return context


async def run_case(case: Case, ca: trustme.CA) -> tuple[Outcome, Target | None, str, int]:
    async with url_of(case, ca) as (url, target, port):
        outcome = await run_once(plan(url, duration=60.0, think_time=ONCE, **case.plan))
        return outcome, target, url, port


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Outcome, Target | None, str, int]]:
    """All cases are run at once: each takes a second, most of it waiting."""
    ca = trustme.CA()
    trusted = tmp_path_factory.mktemp("tls") / "ca.pem"
    ca.cert_pem.write_to_path(str(trusted))

    async def run_all() -> list[tuple[Outcome, Target | None, str, int]]:
        return await asyncio.gather(*(run_case(case, ca) for case in CASES.values()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(trusted))
        return dict(zip(CASES, uvloop.run(run_all()), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_failure_is_told_with_its_kind_and_reason(
    name: str, outcomes: dict[str, tuple[Outcome, Target | None, str, int]]
) -> None:
    case = CASES[name]
    outcome, _, _, port = outcomes[name]
    error = outcome.error
    assert (error.kind, error.scenario, error.test, error.method) == (case.kind, "Scenario", "Test", "GET")
    assert re.fullmatch(case.subkind, error.subkind)
    assert re.fullmatch(case.message.replace("{port}", str(port)), error.message), error.message
    assert outcome.errors[error] == 1
    assert outcome.whole.abandoned == 0


@pytest.mark.parametrize("name", CASES)
def test_a_failure_fails_its_request_its_page_and_its_iteration_once(
    name: str, outcomes: dict[str, tuple[Outcome, Target | None, str, int]]
) -> None:
    case = CASES[name]
    outcome, target, _, _ = outcomes[name]
    assert (outcome.requests.total, outcome.requests.failed) == (case.requests, case.failed)
    assert (outcome.pages.total, outcome.pages.failed) == (1, 1)
    assert (outcome.tests.total, outcome.tests.failed, outcome.tests.requests) == (1, 1, case.requests)
    assert outcome.requests.service.count == case.requests - (0 if case.sent else 1) * case.failed
    if target is not None and case.tls != "not expected":
        assert len(target.seen) == outcome.requests.service.count


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.kind == "Timeout"])
def test_a_time_out_comes_in_time(name: str, outcomes: dict[str, tuple[Outcome, Target | None, str, int]]) -> None:
    outcome, *_ = outcomes[name]
    assert TIMEOUT * 1e6 - 2000 <= outcome.requests.response.low < (TIMEOUT + 0.4) * 1e6  # timers may be 1 ms early


@pytest.mark.parametrize("status", [status for status in HTTPStatus if status >= 400])
def test_every_failed_status_has_the_name_that_dotnet_has_for_it_or_is_its_number(status: HTTPStatus) -> None:
    without_name = {418, 421, 422, 423, 424, 425, 428, 429, 431, 451, 506, 507, 508, 510, 511}
    name = str(status.value) if status in without_name else "[A-Z][A-Za-z]+"
    assert re.fullmatch(rf"{status.value} - {name}", status_name(status))
    assert http_error(status).subkind == status_name(status)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (302, "Found"),
        (402, "PaymentRequired"),
        (407, "ProxyAuthenticationRequired"),
        (413, "RequestEntityTooLarge"),
        (414, "RequestUriTooLong"),
        (416, "RequestedRangeNotSatisfiable"),
        (426, "UpgradeRequired"),
        (505, "HttpVersionNotSupported"),
        (520, "520"),
    ],
)
def test_a_status_is_spelled_as_dotnet_does(status: int, name: str) -> None:
    assert status_name(status) == f"{status} - {name}"


def not_connected_because(error: OSError) -> Failure:
    return not_connected(error, "shop.test", "192.0.2.1", 8080)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.EADDRNOTAVAIL, "x"), "This load generator has no free port left .* use more agents or think time."),
        (OSError(errno.EMFILE, "x"), r"This load generator may not open more files: .*; raise its limit \(ulimit -n\)."),
        (OSError(errno.ENFILE, "x"), "This load generator may not open more files: .*"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "No connection could be made to .*: No route to host."),
        (TimeoutError(errno.ETIMEDOUT, "x"), "A connection attempt to .* did not respond in time."),
        (ConnectionResetError(), "The target machine .* closed the connection while it was being made."),
    ],
)
def test_a_connection_that_cannot_be_made_says_where_and_why(error: OSError, message: str) -> None:
    failure = not_connected_because(error)
    assert (failure.kind, failure.subkind) == ("Exception", "SocketException")
    assert re.fullmatch(message, failure.message), failure.message
    assert "shop.test (192.0.2.1):8080" in failure.message


@pytest.mark.parametrize("make", [closed_early])
def test_a_broken_connection_says_who_broke_it_and_when(make: Callable[[bool, bool], Failure]) -> None:
    assert make(False, False).message.endswith("the server closed it before it answered.")
    assert make(True, True).message.endswith("the server reset it before the response was complete.")


EXPECTED = frozenset((302, 200))


@pytest.mark.parametrize(
    ("failure", "kind", "subkind", "message"),
    [
        (
            unexpected_status(404, EXPECTED),
            "HttpError",
            "404 - NotFound",
            "404 - NotFound was received, expected was 200 - OK, 302 - Found",
        ),
        (
            not_authenticated(401, "the server asks for 'ntlm', not for digest"),
            "HttpError",
            "401 - Unauthorized",
            "401 - Unauthorized: the server asks for 'ntlm', not for digest.",
        ),
        (unbound("$HIDDEN1.a"), "TestError", "WebTestException", "Context parameter '$HIDDEN1.a' not found in test context"),
        (
            rule_failed("ExtractionRuleError", "ExtractText", "nothing found"),
            "ExtractionRuleError",
            "ExtractText",
            "nothing found",
        ),
        (
            bad_url("no url", "is not a URL"),
            "Exception",
            "UriFormatException",
            "The request was not sent: its URL 'no url' is not a URL.",
        ),
        (
            bad_header("X-A", "b\r\nc"),
            "Exception",
            "ArgumentException",
            "The request was not sent: the header 'X-A' has a line break or a null character in its value, 'b\\r\\nc'.",
        ),
        (bad_value("'é' is bad"), "Exception", "EncoderFallbackException", "The request was not sent: 'é' is bad."),
        (
            undecodable("It is not gzip"),
            "Exception",
            "InvalidDataException",
            "Found invalid data while decoding. It is not gzip.",
        ),
        (unanswered(), "Timeout", "RequestTimeout", "The load ended before the request was answered."),
    ],
)
def test_what_is_not_the_network_s_fault_is_told_too(failure: Failure, kind: str, subkind: str, message: str) -> None:
    assert (failure.kind, failure.subkind, failure.message) == (kind, subkind, message)


@pytest.mark.parametrize(
    "make",
    [
        lambda text: rule_failed("ValidationRuleError", "ValidationRuleFindText", text),
        lambda text: bad_url(text, "is too long"),
        lambda text: bad_header(text, text),
    ],
)
def test_what_a_server_sent_does_not_make_a_message_long(make: Callable[[str], Failure]) -> None:
    assert len(make("x" * 100_000).message) < 1100
    assert make("\ud800").message.encode()  # half a pair could not be reported
