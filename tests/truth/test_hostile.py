"""Hostile servers: each is told by name, in words that a person understands; they cost bounded memory; and the load on a
good server beside them goes on."""

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import trustme
import uvloop

from headrace.plan.load import Constant
from headrace.plan.model import Plan, Scenario, Test, Tls
from headrace.plan.requests import Request
from headrace.plan.rules import CheckText
from headrace.plan.steps import Step
from headrace.ticks.tick import ErrorName
from tests.engine.asking import Serving, listening
from tests.engine.running import Outcome
from tests.engine.target import Target
from tests.truth.hostility import BOMB, BOMB_NAME, LOUD, QUIET, TIMEOUT, Hostility, path_of, routes
from tests.truth.performing import Witness, engines_for, plan_of, scenario, witnessing

MIB = 1024 * 1024
CA = trustme.CA()
TRUST = Tls(authorities=CA.cert_pem.bytes().decode())
SECONDS = 1.0

# What servers are told that do not speak TLS as they should.
TLS = {
    "a certificate of another name": ("AuthenticationException", "certificate is not valid for '127.0.0.1'"),
    "a certificate of nobody's": ("AuthenticationException", "unable to get local issuer certificate"),
    "a certificate that has expired": ("AuthenticationException", "certificate has expired"),
    "no TLS at all": ("AuthenticationException", "The TLS handshake with 127.0.0.1"),
    "a handshake that is cut": ("SocketException", "closed the connection while it was being made"),
    "a handshake that never ends": ("RequestTimeout", f"was not answered within {TIMEOUT:g} seconds"),
}


@dataclass(frozen=True)
class Trial:
    """What came of a load on a good server, and on hostile ones beside it."""

    outcome: Outcome
    growth: int

    @property
    def good(self) -> float:
        """Good requests a second."""
        (stats,) = [stats for name, stats in self.outcome.whole.requests.items() if name.scenario == "good"]
        assert stats.failed == 0
        return stats.passed / SECONDS

    def errors(self, scenario: str) -> list[ErrorName]:
        return [error for error in self.outcome.errors if error.scenario == scenario]


@pytest.fixture(scope="module")
def server() -> Iterator[Witness]:
    with witnessing() as server:
        yield server


def certified(name: str, ca: trustme.CA = CA, ended_days_ago: int = -1) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    now = datetime.datetime.now(datetime.UTC)
    ended = now - datetime.timedelta(days=ended_days_ago)
    ca.issue_cert(name, not_before=now - datetime.timedelta(days=90), not_after=ended).configure_cert(context)
    return context


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await reader.read(-1)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


@asynccontextmanager
async def broken_tls() -> AsyncIterator[dict[str, str]]:
    """A URL for each of TLS."""
    certificates = {
        "a certificate of another name": certified("elsewhere.example"),
        "a certificate of nobody's": certified("127.0.0.1", ca=trustme.CA()),
        "a certificate that has expired": certified("127.0.0.1", ended_days_ago=3),
    }
    servers: dict[str, Serving] = {
        "no TLS at all": speak_http,
        "a handshake that is cut": hang_up,
        "a handshake that never ends": say_nothing,
    }
    async with contextlib.AsyncExitStack() as stack:
        urls = {}
        for name, context in certificates.items():
            urls[name] = (await stack.enter_async_context(Target(tls=context))).url()
        for name, serve in servers.items():
            urls[name] = f"https://127.0.0.1:{await stack.enter_async_context(listening(serve))}/"
        assert list(urls) == list(TLS)
        yield urls


def beside(server: Witness, *hostile: tuple[Scenario, Test]) -> Plan:
    good = scenario("good", Constant(20), f"{server.url}/delay/5")
    return plan_of(good, *hostile, duration=SECONDS, request_timeout=TIMEOUT, max_redirects=20, tls=TRUST)


def against(name: str, step: Step | str) -> tuple[Scenario, Test]:
    # What happens between two requests must have happened before the second, on a busy machine too.
    return scenario(name, Constant(2), step, think_time=0.3 if "between" in name else 0.05)


async def attempt(plan: Plan) -> Trial:
    async with engines_for(plan) as engines:
        return Trial(await engines.perform(), engines.growth)


@pytest.fixture(scope="module")
def alone(server: Witness) -> Trial:
    """The good server with no other beside it."""
    return uvloop.run(attempt(beside(server)))


@pytest.fixture(scope="module")
def quiet(server: Witness) -> Trial:
    """All at once of those that cost little."""

    async def run() -> Trial:
        async with Target(routes()) as target, broken_tls() as urls:
            hostile = [against(name, target.url(path_of(name))) for name in QUIET]
            hostile += [against(name, url) for name, url in urls.items()]
            return await attempt(beside(server, *hostile))

    return uvloop.run(run())


@pytest.mark.parametrize("name", QUIET)
def test_a_hostile_server_is_told(quiet: Trial, name: str) -> None:
    assert_told(quiet, name, QUIET[name])


def assert_told(trial: Trial, name: str, hostility: Hostility) -> None:
    """There is one error, with the right words; or none where it is no failure."""
    if hostility.told is None:
        assert trial.errors(name) == []
        return
    kind, subkind, words = hostility.told
    (error,) = trial.errors(name)
    assert (error.kind, error.subkind) == (kind, subkind)
    assert words in error.message


@pytest.mark.parametrize("name", TLS)
def test_broken_tls_is_told(quiet: Trial, name: str) -> None:
    (error,) = quiet.errors(name)
    subkind, words = TLS[name]
    assert error.subkind == subkind
    assert words in error.message


def test_hostile_servers_that_are_quiet_cost_next_to_nothing(quiet: Trial, alone: Trial) -> None:
    assert quiet.good > 0.7 * alone.good
    assert quiet.growth < 32 * MIB


@pytest.mark.parametrize("name", LOUD)
def test_a_hostile_server_that_is_loud_is_told_and_does_not_drown_the_good_one(
    server: Witness, alone: Trial, name: str
) -> None:
    async def run() -> Trial:
        async with Target(routes()) as target:
            return await attempt(beside(server, against(name, target.url(path_of(name)))))

    trial = uvloop.run(run())
    assert_told(trial, name, LOUD[name])
    assert trial.growth < 48 * MIB
    # The loud one is served by this process too, and the slower it is the more of it that takes: a half to a sixth was seen.
    assert trial.good > 0.1 * alone.good


@pytest.mark.parametrize("looked_at", [False, True], ids=["nobody looks", "a rule looks"])
def test_a_bomb_goes_off_only_where_somebody_looks_and_does_bounded_harm(
    server: Witness, alone: Trial, looked_at: bool
) -> None:
    rules = (CheckText(text="needle"),) if looked_at else ()

    async def run() -> Trial:
        async with Target(routes()) as target:
            return await attempt(beside(server, against(BOMB_NAME, Request(target.url(path_of(BOMB_NAME)), validate=rules))))

    trial = uvloop.run(run())
    if looked_at:
        assert_told(trial, BOMB_NAME, BOMB)
    else:
        assert trial.outcome.requests.failed == 0
    assert trial.growth < 64 * MIB
    assert trial.good > (0.03 if looked_at else 0.7) * alone.good
