"""Connections over TLS: trust, and that nothing else is different."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest
import trustme

from headrace.engine.tls import client_context
from headrace.plan.model import Browser
from tests.engine.running import ONCE, page, plan, run, run_once
from tests.engine.target import BODY, Target, answer, endlessly, redirect, response, send, slowly

pytestmark = pytest.mark.anyio

CA = trustme.CA()


def server(*names: str, ca: trustme.CA = CA, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*names).configure_cert(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificates of CA are trusted, by the means an operator has."""
    CA.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_load_over_tls_reports_what_the_target_saw(version: ssl.TLSVersion) -> None:
    async with Target({"/gone": answer(404)}, tls=server("127.0.0.1", version=version)) as target:
        outcome = await run(plan(target.url("/"), target.url("/gone"), users=5, duration=0.7))
    assert outcome.requests.total == len(target.seen) > 10
    assert outcome.requests.failed == target.count("/gone")
    assert target.connections == 5
    assert outcome.requests.content_bytes == len(target.seen) * len(BODY)
    assert outcome.requests.sent_bytes == sum(seen.size for seen in target.seen)


async def test_a_certificate_is_checked_against_the_name_of_the_host() -> None:
    async with Target(tls=server("localhost")) as target:
        outcome = await run_once(plan(target.url("/", "localhost"), target.url("/"), duration=60.0, think_time=ONCE))
    assert outcome.requests.passed == len(target.seen) == 1
    assert "127.0.0.1" in outcome.error.message


async def test_without_verification_every_certificate_will_do() -> None:
    async with Target(tls=server("elsewhere.example", ca=trustme.CA())) as target:
        outcome = await run_once(plan(target.url(), duration=60.0, think_time=ONCE, verify_certificates=False))
    assert outcome.requests.passed == 1


async def test_redirects_lead_from_one_protocol_to_the_other_and_secure_cookies_stay_secure() -> None:
    async with Target(tls=server("127.0.0.1")) as secure, Target() as plain:
        secure.routes = {"/": redirect(plain.url("/plain"), 302, "Set-Cookie: a=1; Secure", "Set-Cookie: b=2")}
        plain.routes = {"/plain": redirect(secure.url("/end"))}
        outcome = await run_once(plan(secure.url(), duration=60.0, think_time=ONCE))
    assert outcome.requests.passed == 3
    assert plain.seen[0].header("Cookie") == "b=2"
    assert secure.seen[1].header("Cookie") == "a=1; b=2"


async def test_bodies_of_every_kind_come_over_tls() -> None:
    routes = {
        "/big": answer(body=bytes(2_000_000)),
        "/slow": slowly(response(), 0.0),
        "/chunked": send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"0\r\n\r\n"),
        "/closed": send(b"HTTP/1.1 200 OK\r\n\r\nabc", b"def", then="close"),
        "/close": send(response(200, "Connection: close"), then="close"),
    }
    async with Target(routes, tls=server("127.0.0.1")) as target:
        outcome = await run_once(plan(*(target.url(path) for path in routes), duration=60.0, think_time=ONCE))
    assert outcome.errors == {}
    assert outcome.tests.passed == 1
    assert outcome.requests.content_bytes == 2_000_000 + len(BODY) + 3 + 6 + len(BODY)


async def test_a_connection_that_the_server_closes_with_its_answer_is_replaced_without_a_word() -> None:
    """The end comes in the same read as the answer: the next request must not be sent into it."""
    async with Target({"/": send(response(), then="close")}, tls=server("127.0.0.1")) as target:
        outcome = await run(plan(target.url(), users=2, duration=0.5))
    assert outcome.errors == {}
    assert outcome.requests.passed == len(target.seen) > 4


async def test_a_server_that_breaks_off_fails_the_request() -> None:
    routes = {
        "/drop": send(then="close"),
        "/half": send(response()[:-3], then="close"),
        "/endless": endlessly(b"HTTP/1.1 200 OK\r\n\r\n", bytes(16384)),
    }
    async with Target(routes, tls=server("127.0.0.1")) as target:
        outcome = await run_once(
            plan(*(target.url(path) for path in routes), duration=60.0, think_time=ONCE, request_timeout=0.3)
        )
    assert outcome.requests.failed == len(target.seen) == 3
    assert sorted(error.kind for error in outcome.errors) == ["Exception", "Exception", "RequestTimeout"]


async def test_bytes_that_are_no_tls_in_the_middle_fail_the_request() -> None:
    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Makes a proper handshake and answers nonsense."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = server("127.0.0.1").wrap_bio(incoming, outgoing, server_side=True)
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
        writer.close()

    garbling = await asyncio.start_server(garble, "127.0.0.1", 0)
    port = garbling.sockets[0].getsockname()[1]
    outcome = await run_once(plan(f"https://127.0.0.1:{port}/", duration=60.0, think_time=ONCE))
    garbling.close()
    assert outcome.requests.failed == outcome.requests.service.count == 1
    assert "protocol violation: TLS: " in outcome.error.message


async def test_parallel_connections_over_tls_are_as_many_as_the_browser_opens() -> None:
    async with Target(pause=0.02, tls=server("127.0.0.1")) as target:
        dependents = [target.url(f"/{number}") for number in range(8)]
        browser = Browser("Narrow", (), connections_per_host=3)
        outcome = await run_once(plan(page(target.url(), *dependents), duration=60.0, think_time=ONCE, browsers=[browser]))
    assert outcome.requests.passed == 9
    assert target.connections == target.most_under_way == 3


def test_the_context_verifies_and_speaks_http_1() -> None:
    strict, lax = client_context(verify=True), client_context(verify=False)
    assert strict.check_hostname
    assert strict.verify_mode is ssl.CERT_REQUIRED
    assert lax.verify_mode is ssl.CERT_NONE
    assert strict.minimum_version >= ssl.TLSVersion.TLSv1_2
