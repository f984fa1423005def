"""Making connections: to the first address that takes one, and not too many at once."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from headrace.engine.http import connector as module
from headrace.engine.http.connector import UnconnectedError
from headrace.engine.http.prepared import Origin
from headrace.engine.http.tls import client_context
from headrace.plan.model import Tls
from tests.engine.asking import Asker, a_connector, a_request, listening, until
from tests.engine.target import Target

pytestmark = pytest.mark.anyio


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
    connector, nobody = a_connector(), Asker()
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
    making = [asyncio.create_task(connector.connect(origin, Asker())) for _ in range(10)]
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


class Names:
    """What names resolve to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
        self.addresses = addresses
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        found = self.addresses if host == "site.test" else (host,)
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in found]
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in zip(families, found, strict=True)
        ]


in_asyncio = pytest.mark.parametrize("anyio_backend", ["asyncio"])  # where a test can say what a name resolves to


@in_asyncio
async def test_the_first_address_that_takes_a_connection_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, "127.0.0.2", "127.0.0.3", "127.0.0.1")
    connector = a_connector()
    async with Target() as target:
        for _ in range(4):  # whichever comes first
            connection = await connector.connect(Origin(False, "site.test", target.port), Asker())
            assert not connection.lost
            connection.abort()
        port = target.port
    with pytest.raises(UnconnectedError, match=rf"refused it site\.test \(127\.0\.0\.\d\):{port}"):
        await connector.connect(Origin(False, "site.test", port), Asker())


@in_asyncio
async def test_connections_are_spread_over_all_addresses_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, "127.0.0.1", "127.0.0.2", "::1")
    connector = a_connector()
    async with Target(host="127.0.0.1") as one, contextlib.AsyncExitStack() as stack:
        counts = {"127.0.0.2": 0, "::1": 0}
        for host in counts:

            async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str = host) -> None:
                counts[host] += 1
                await reader.read()
                writer.close()

            server = await asyncio.start_server(accept, host, one.port)
            stack.callback(server.close)
        origin = Origin(False, "site.test", one.port)
        connections = [await connector.connect(origin, Asker()) for _ in range(9)]
        await until(lambda: sum(counts.values()) + one.connections == 9)
        assert (one.connections, *counts.values()) == (3, 3, 3)
        for connection in connections:
            connection.abort()


async def test_an_address_of_ip_version_6_is_connected_to() -> None:
    async with Target(host="::1") as target:
        origin, asker = Origin(False, "::1", target.port), Asker()
        connection = await a_connector().connect(origin, asker)
        assert (await asker.ask(connection, a_request(origin))).status == 200
        connection.abort()


async def test_what_making_a_connection_took_is_known_for_its_first_request() -> None:
    async with Target() as target:
        connection = await a_connector().connect(Origin(False, "localhost", target.port), Asker())
        connection.abort()
    assert connection.dns_us > 0
    assert connection.connect_us > 0
    assert connection.tls_us == 0


async def test_tls_settings_are_made_when_they_are_first_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def make(tls: Tls, http2: bool = False) -> Any:
        made.append(tls)
        return client_context(tls, http2)

    monkeypatch.setattr(module, "client_context", make)
    connector = a_connector(Tls(verify=False))
    async with Target() as target:
        (await connector.connect(Origin(False, "127.0.0.1", target.port), Asker())).abort()
    assert made == []
    async with listening(_close) as port:
        for _ in range(2):
            with pytest.raises(UnconnectedError):
                await connector.connect(Origin(True, "127.0.0.1", port), Asker())
    assert len(made) == 1


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
