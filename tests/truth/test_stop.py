"""A stop is carried out within two seconds on every engine process, whatever the servers do."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic

import pytest

from headrace.plan.load import Arrivals, Constant
from headrace.plan.model import Plan
from tests.engine.asking import listening
from tests.engine.running import until
from tests.engine.target import Target
from tests.rig.test_engine_process import runs
from tests.truth.hostility import SLOW, path_of, routes
from tests.truth.performing import engines_for, plan_of, scenario

pytestmark = pytest.mark.anyio

SOON = 2.0
CORES = 2
# As the service stops a run.
GRACE = 0.5

STUBBORN = (*SLOW, "an endless body", "an endless body of small chunks", "endless hints", "endless redirects")
Met = Callable[[], bool]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def refusing_to_shake_hands() -> AsyncIterator[tuple[str, Met]]:
    """Takes connections and never says a word of TLS."""
    met = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await reader.read(-1)

    async with listening(wait) as port:
        yield f"https://127.0.0.1:{port}/", met.is_set


@asynccontextmanager
async def accepting_nobody() -> AsyncIterator[tuple[str, Met]]:
    """Neither takes connections nor refuses them: its queue is full."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", lambda: True


def a_plan(url: str) -> Plan:
    """Users who are in the middle of something, users who think, and arrivals that never end."""
    return plan_of(
        scenario("users", Constant(6), url),
        scenario("thinking", Constant(6), url, think_time=0.3),
        scenario("open", Arrivals(50.0, 200), url),
        duration=600.0,
        request_timeout=60.0,
        max_redirects=10**6,
    )


async def stopped_within(plan: Plan, met: Met, grace: float) -> float:
    """Seconds from the stop to the end of the last process."""
    async with engines_for(plan, CORES) as engines:
        running = asyncio.create_task(engines.perform())
        await until(met, 10.0)
        await asyncio.sleep(0.2)  # so that more is under way than a first request
        begun = monotonic()
        await engines.stop(grace)
        outcome = await running
        await until(lambda: not any(map(runs, engines.pids)))
        took = monotonic() - begun
    assert outcome.whole.health.processes == CORES
    return took


@pytest.mark.parametrize("name", STUBBORN)
async def test_whatever_a_server_sends_or_does_not_send(name: str) -> None:
    async with Target(routes()) as target:
        plan = a_plan(target.url(path_of(name)))
        assert await stopped_within(plan, lambda: len(target.seen) > 0, GRACE) < SOON


@pytest.mark.parametrize("hanging", [refusing_to_shake_hands, accepting_nobody])
async def test_while_connections_are_being_made(
    hanging: Callable[[], "contextlib.AbstractAsyncContextManager[tuple[str, Met]]"],
) -> None:
    async with hanging() as (url, met):
        assert await stopped_within(a_plan(url), met, GRACE) < SOON


async def test_a_graceful_period_lets_answers_come_that_would_be_given_up_without() -> None:
    async def answer_late(path: str, grace: float) -> tuple[int, int]:
        async with Target(pause=0.8) as target:
            plan = plan_of(scenario("users", Constant(4), target.url(path)), duration=600.0)
            async with engines_for(plan, CORES) as engines:
                running = asyncio.create_task(engines.perform())
                await until(lambda: len(target.seen) == 4, 10.0)
                await engines.stop(grace)
                requests = (await running).requests
        return requests.passed, requests.failed

    results: list[Awaitable[tuple[int, int]]] = [answer_late("/waited-for", 5.0), answer_late("/given-up", 0.1)]
    assert await asyncio.gather(*results) == [(4, 0), (0, 4)]
