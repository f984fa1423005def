"""Making connections: to the first address that takes one, and not too many at once."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from headrace.engine import connector as module
from headrace.engine.connection import Connection
from headrace.engine.connector import Connector, UnconnectedError
from headrace.engine.failures import Failure
from headrace.engine.heads import Head
from headrace.engine.prepared import Origin, Prepared
from headrace.engine.resolver import Resolver
from headrace.engine.tls import client_context
from headrace.plan.targets import TargetRule
from tests.engine.running import until
from tests.engine.target import Target

pytestmark = pytest.mark.anyio


class Nobody:
    """An owner that is told nothing, since it asks for nothing."""

    def answered(self, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        raise AssertionError

    def broken(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        raise AssertionError

    def closed(self, connection: Connection) -> None:
        pass


def a_connector() -> Connector:
    return Connector(Resolver(TargetRule()), client_context(verify=False))


@pytest.fixture
def unreachable() -> Iterator[int]:
    """A port at which a connection is neither taken nor refused: the queue of its server is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        clients = [socket.socket() for _ in range(4)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for client in clients:
            client.close()


async def test_an_origin_that_does_not_answer_delays_no_other(unreachable: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    connector, nobody = a_connector(), Nobody()
    async with Target() as target:
        origin = Origin(False, "127.0.0.1", unreachable)
        stuck = [asyncio.create_task(connector.connect(origin, nobody)) for _ in range(3)]
        await asyncio.sleep(0.05)
        connection = await asyncio.wait_for(connector.connect(Origin(False, "127.0.0.1", target.port), nobody), 1.0)
        connection.abort()
        assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


async def test_no_more_connections_to_an_origin_are_made_at_once_than_its_queue_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    arrived: list[asyncio.StreamWriter] = []

    async def keep_waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(writer)  # no TLS handshake is answered

    server = await asyncio.start_server(keep_waiting, "127.0.0.1", 0)
    connector = a_connector()
    origin = Origin(True, "127.0.0.1", server.sockets[0].getsockname()[1])
    making = [asyncio.create_task(connector.connect(origin, Nobody())) for _ in range(10)]
    await until(lambda: len(arrived) == 3)
    await asyncio.sleep(0.05)
    assert len(arrived) == 3
    arrived[0].close()
    await until(lambda: len(arrived) == 4)
    for task in making:
        task.cancel()
    ends = await asyncio.gather(*making, return_exceptions=True)
    assert sum(isinstance(end, UnconnectedError) for end in ends) == 1
    for writer in arrived:
        writer.close()
    server.close()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # where a test can say what a name resolves to
async def test_the_first_address_that_takes_a_connection_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.1"]

    def look_up(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    connector = a_connector()
    async with Target() as target:
        connection = await connector.connect(Origin(False, "site.test", target.port), Nobody())
        assert not connection.lost
        connection.abort()
        port = target.port
    with pytest.raises(UnconnectedError, match=rf"refused it site\.test \(127\.0\.0\.1\):{port}"):
        await connector.connect(Origin(False, "site.test", port), Nobody())
