"""The line of a user: bytes take the time that they would take there, and arrive in order."""

import asyncio
import ssl
from time import perf_counter

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.connection import Connection
from headrace.engine.http.line import Line, Way
from headrace.engine.http.prepared import Origin
from headrace.plan.model import Network
from tests.engine.asking import Asker, FailedError, a_connector, a_request, listening
from tests.engine.target import BODY, Target, answer, endlessly, response, send

pytestmark = pytest.mark.anyio

# How much longer than computed a transfer may take: this machine may be busy with other things.
SLACK = 1.5


def behind(network: Network) -> Asker:
    return Asker(line=Line(network, asyncio.get_running_loop()))


def certified() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


async def seconds_for(asker: Asker, origin: Origin, *paths: str) -> tuple[float, float, list[Connection]]:
    """How long it takes to connect, once for each path, and then to fetch all paths at once."""
    connector = a_connector()
    begun = perf_counter()
    connections = list(await asyncio.gather(*(connector.connect(origin, asker) for _ in paths)))
    connected = perf_counter()
    asked = zip(connections, paths, strict=True)
    await asyncio.gather(*(asker.ask(connection, a_request(origin, path)) for connection, path in asked))
    return connected - begun, perf_counter() - connected, connections


@pytest.mark.parametrize("secure", [False, True])
async def test_a_transfer_takes_as_long_as_the_bandwidth_says(secure: bool) -> None:
    size = 100_000
    routes = {"/": answer(body=bytes(size))}
    async with Target(routes, tls=certified() if secure else None) as target:
        origin = Origin(secure, "127.0.0.1", target.port)
        _, took, (connection,) = await seconds_for(behind(Network("1.6 Mbit", down=1600)), origin, "/")
        connection.abort()
    computed = size * 8 / 1_600_000
    assert computed <= took <= computed * SLACK + 0.3
    assert connection.content == size


async def test_the_first_byte_does_not_wait_for_the_last() -> None:
    async with Target({"/": answer(body=bytes(60_000))}) as target:
        origin = Origin(False, "127.0.0.1", target.port)
        _, took, (connection,) = await seconds_for(behind(Network("1 Mbit", down=1000)), origin, "/")
        connection.abort()
    assert (connection.first_at - connection.sent_at) / 1e9 < took / 2


async def test_all_connections_of_a_user_share_the_line_and_no_other_user_does() -> None:
    network = Network("1.6 Mbit", down=1600)
    async with Target({"/": answer(body=bytes(40_000))}) as target:
        origin = Origin(False, "127.0.0.1", target.port)
        one = behind(network)
        _, shared, _ = await seconds_for(one, origin, "/", "/", "/")
        begun = perf_counter()
        await asyncio.gather(*(seconds_for(behind(network), origin, "/") for _ in range(3)))
        alone = perf_counter() - begun
    assert shared >= 3 * 40_000 * 8 / 1_600_000
    assert 40_000 * 8 / 1_600_000 <= alone < shared


async def test_sending_takes_as_long_as_the_bandwidth_says() -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(50_000)
        writer.write(response())
        await reader.read()

    async with listening(take) as port:
        origin = Origin(False, "127.0.0.1", port)
        asker = behind(Network("800 kbit", up=800))
        connection = await a_connector().connect(origin, asker)
        begun = perf_counter()
        await asker.ask(connection, a_request(origin, method="POST", body=bytes(50_000)))
        took = perf_counter() - begun
        connection.abort()
    assert 0.5 <= took <= 0.5 * SLACK + 0.3


async def test_latency_counts_each_way_and_for_connecting_too() -> None:
    async with Target() as target:
        origin = Origin(False, "127.0.0.1", target.port)
        asker = behind(Network("far", latency_down=0.1, latency_up=0.05))
        connecting, asking, (connection,) = await seconds_for(asker, origin, "/")
        connection.abort()
    assert 0.15 <= connecting <= 0.15 * SLACK + 0.3
    assert 0.15 <= asking <= 0.15 * SLACK + 0.3
    assert connection.connect_us >= 150_000


async def test_a_tls_handshake_takes_its_round_trips() -> None:
    async with Target(tls=certified()) as target:
        origin = Origin(True, "127.0.0.1", target.port)
        asker = behind(Network("far", latency_down=0.05, latency_up=0.05))
        connection = await a_connector().connect(origin, asker)
        connection.abort()
    assert connection.connect_us >= 100_000
    assert connection.tls_us >= 100_000


async def test_a_body_without_a_length_is_whole_though_its_end_comes_late() -> None:
    routes = {"/": send(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(30_000), then="close")}
    async with Target(routes) as target:
        origin = Origin(False, "127.0.0.1", target.port)
        _, _, (connection,) = await seconds_for(behind(Network("slow", down=2000, latency_down=0.05)), origin, "/")
    assert connection.content == 30_000


async def test_a_server_that_breaks_off_is_heard_of_after_what_it_sent() -> None:
    async with Target({"/": send(response()[:-3], then="close")}) as target:
        origin = Origin(False, "127.0.0.1", target.port)
        with pytest.raises(FailedError, match="before the response was complete"):
            await seconds_for(behind(Network("slow", down=100, latency_down=0.02)), origin, "/")


async def test_what_waits_for_a_slow_line_is_bounded() -> None:
    async with Target({"/": endlessly(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536))}) as target:
        origin = Origin(False, "127.0.0.1", target.port)
        asker = behind(Network("slow", down=800))
        assert asker.line is not None
        connections = [await a_connector().connect(origin, asker) for _ in range(4)]
        asking = [asyncio.create_task(asker.ask(connection, a_request(origin))) for connection in connections]
        most = 0
        for _ in range(20):
            await asyncio.sleep(0.05)
            most = max(most, asker.line.down.waiting)
        received = [connection.received for connection in connections]
        for task, connection in zip(asking, connections, strict=True):
            task.cancel()
            connection.abort()
        await asyncio.gather(*asking, return_exceptions=True)
    assert 0 < most <= 64 * 1024 + 4 * 16 * 1024
    assert 50_000 <= sum(received) <= 300_000


async def test_an_aborted_connection_hears_nothing_more_of_what_is_on_the_line() -> None:
    async with Target() as target:
        origin = Origin(False, "127.0.0.1", target.port)
        asker = behind(Network("far", latency_down=0.1))
        connection = await a_connector().connect(origin, asker)
        asking = asyncio.create_task(asker.ask(connection, a_request(origin)))
        await asyncio.sleep(0.05)
        assert len(target.seen) == 1
        connection.abort()
        await asyncio.sleep(0.15)
        asking.cancel()
    assert asker.unasked == []
    assert asker.closings == 1


@given(
    st.one_of(st.none(), st.floats(1, 1e7)),
    st.floats(0, 10),
    st.lists(st.tuples(st.integers(0, 100_000), st.floats(0, 5)), min_size=1, max_size=20),
)
def test_bytes_arrive_in_order_and_never_earlier_than_the_line_allows(
    bandwidth: float | None, latency: float, sent: list[tuple[int, float]]
) -> None:
    """In a time of its own."""
    clock = Clock()
    arrived: list[tuple[int, float]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headrace.engine.http.line.perf_counter", lambda: clock.now)
        way = Way(bandwidth, latency, clock)  # type: ignore[arg-type]
        due = []
        free_at = 0.0
        for number, (size, pause) in enumerate(sent):
            clock.run(until=clock.now + pause)
            free_at = max(clock.now, free_at) + (size * 8 / (bandwidth * 1000) if bandwidth else 0.0)
            due.append(free_at + latency)
            way.carry(size, lambda number=number: arrived.append((number, clock.now)))  # type: ignore[misc]
        clock.run(until=float("inf"))
    assert [number for number, _ in arrived] == list(range(len(sent)))
    assert way.waiting == 0
    for (_, at), expected in zip(arrived, due, strict=True):
        assert expected - 1e-6 <= at <= expected + 0.002 + expected * 1e-6


class Clock:
    """An event loop's timers in a time that jumps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, object]] = []

    def call_later(self, delay: float, call: object) -> object:
        self.timers.append((self.now + delay, call))
        return call

    def run(self, until: float) -> None:
        while self.timers and min(at for at, _ in self.timers) <= until:
            self.timers.sort(key=lambda timer: timer[0])
            self.now, call = self.timers.pop(0)
            call()  # type: ignore[operator]
        self.now = max(self.now, until) if until != float("inf") else self.now


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Network("N", down=0), "network 'N': down is 0 kbit/s; give more than 0"),
        (Network("N", up=-5), "network 'N': up is -5 kbit/s"),
        (Network("N", latency_up=-0.1), "network 'N': latency_up is -0.1 seconds; give 0 to 60"),
        (Network("N", latency_down=61), "latency_down is 61 seconds"),
    ],
)
async def test_a_network_that_is_none_is_told_by_name_and_field(network: Network, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        behind(network)


async def test_a_user_without_a_line_has_the_socket_itself() -> None:
    async with Target() as target:
        origin, asker = Origin(False, "127.0.0.1", target.port), Asker()
        connection = await a_connector().connect(origin, asker)
        head = await asker.ask(connection, a_request(origin, keep=100))
        connection.abort()
    assert (head.status, connection.body) == (200, BODY)
    assert type(connection._transport).__module__.startswith("uvloop")
