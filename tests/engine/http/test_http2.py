"""HTTP/2: streams that look like connections, on a session that whoever is at the other end cannot bring down."""

import asyncio
import re
import socket
from itertools import pairwise
from time import perf_counter

import pytest
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
)
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.connection import Connection
from headrace.engine.http.connector import Connector
from headrace.engine.http.failures import Failure
from headrace.engine.http.fields import Translations
from headrace.engine.http.heads import Head
from headrace.engine.http.http2 import Http2Session, Http2Stream
from headrace.engine.http.line import Line
from headrace.engine.http.prepared import Origin, Prepared
from headrace.engine.http.tls import Channel
from headrace.plan.model import Network, Tls
from tests.engine.asking import Asker, FailedError, a_connector, a_request, listening
from tests.engine.http2_target import CA, Asked, Http2Target, certified, serving
from tests.engine.target import BODY, Target

pytestmark = pytest.mark.anyio

TRUSTING = Tls(authorities=CA.cert_pem.bytes().decode())


def speaking() -> Connector:
    return a_connector(TRUSTING, http2=True)


async def several(connector: Connector, origin: Origin, asker: Asker, count: int) -> list[Connection]:
    """So many connections, wanted at once."""
    async with asyncio.timeout(10):
        return list(await asyncio.gather(*(connector.connect(origin, asker) for _ in range(count))))


async def ask(asker: Asker, connection: Connection, path: str = "/", keep: int = 0) -> Head:
    return await asker.ask(connection, a_request(connection.origin, path, keep=keep))


# What works


async def test_a_request_is_sent_and_its_answer_read() -> None:
    async def route(asked: Asked) -> None:
        await asked.answer(302, ("location", "/näher"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("X-Case", "v"))

    target = Http2Target({"/": route})
    async with serving(target) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        connection = await speaking().connect(origin, asker)
        head = await ask(asker, connection, keep=5)
        connection.abort()
    assert dict(target.seen[0].headers) == {
        ":method": "GET",
        ":authority": f"127.0.0.1:{port}",
        ":scheme": "https",
        ":path": "/",
        "user-agent": "test",
        "accept": "*/*",
    }
    assert (head.status, head.length, head.cookies, head.reusable) == (302, len(BODY), ("a=1", "b=2"), True)
    assert head.header("x-case") == "v"
    assert (connection.content, connection.body) == (len(BODY), BODY[:5])
    assert connection.sent_at < connection.first_at
    assert connection.glimpse.startswith(b"HTTP/2 302\r\ncontent-length: ")
    assert connection.glimpse.endswith(b"\r\n\r\n" + BODY)
    assert connection.tls_us > 0
    assert asker.closings == 1


async def test_the_bytes_of_each_stream_are_counted_as_they_were_on_the_wire() -> None:
    target = Http2Target({"/big": lambda asked: asked.answer(body=bytes(100_000))})
    async with serving(target) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        one, other = await several(speaking(), origin, asker, 2)
        await asyncio.gather(ask(asker, one, "/big"), ask(asker, other))
        one.abort()
        other.abort()
    frames = -(-100_000 // 16_384)
    assert 0 <= one.received - 100_000 - frames * 9 - 9 < 100  # the head, compressed
    assert 0 <= other.received - len(BODY) - 9 - 9 < 100
    assert 9 < one.sent < 200
    assert (one.content, other.content) == (100_000, len(BODY))


async def test_a_body_is_sent_whatever_its_size_and_the_servers_windows() -> None:
    target = Http2Target()
    bodies = [b"", b"a=1", bytes(range(256)) * 4000]
    async with serving(target) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        connection = await speaking().connect(origin, asker)
        for body in bodies:
            await asker.ask(connection, a_request(origin, "/", "POST", body))
        connection.abort()
    assert [asked.body for asked in target.seen] == bodies
    assert connection.sent > len(bodies[-1])


async def test_a_head_has_no_body_whatever_length_it_names() -> None:
    async def route(asked: Asked) -> None:
        asked.peer.h2.send_headers(asked.stream, [(":status", "200"), ("content-length", "1000")], end_stream=True)
        await asked.peer.flush()

    async with serving(Http2Target({"/": route})) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        connection = await speaking().connect(origin, asker)
        head = await asker.ask(connection, a_request(origin, method="HEAD"))
        connection.abort()
    assert (head.status, head.length, connection.content) == (200, 1000, 0)


async def test_hints_and_trailers_are_not_the_answer() -> None:
    async def route(asked: Asked) -> None:
        h2 = asked.peer.h2
        h2.send_headers(asked.stream, [(":status", "103"), ("link", "</x>")])
        h2.send_headers(asked.stream, [(":status", "200")])
        h2.send_data(asked.stream, b"abc")
        h2.send_headers(asked.stream, [("x-trailer", "t")], end_stream=True)
        await asked.peer.flush()

    async with serving(Http2Target({"/": route})) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        connection = await speaking().connect(origin, asker)
        head = await ask(asker, connection)
        connection.abort()
    assert (head.status, head.headers, head.length, connection.content) == (200, (), None, 3)


async def test_large_bodies_come_whole_and_only_what_is_wanted_is_kept() -> None:
    size = 20_000_000  # more than the windows of stream and session
    async with serving(Http2Target({"/": lambda asked: asked.answer(body=bytes(size))})) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        connection = await speaking().connect(origin, asker)
        await ask(asker, connection, keep=70_000)
        connection.abort()
    assert connection.content == size
    assert connection.body == bytes(70_000)
    assert len(connection.glimpse) == 4096


# Sessions


async def test_a_users_streams_share_one_connection_and_no_other_user_does() -> None:
    target = Http2Target(pause=0.05)
    async with serving(target) as port:
        origin, asker, connector = Origin(True, "127.0.0.1", port), Asker(), speaking()
        streams = await several(connector, origin, asker, 20)
        assert len(target.peers) == 1
        assert [stream.fresh for stream in streams] == [True] + [False] * 19
        for _ in range(2):  # each carries one request after the other
            await asyncio.gather(*(ask(asker, stream, f"/{number}") for number, stream in enumerate(streams)))
        other = await connector.connect(origin, Asker())
        for stream in (*streams, other):
            stream.abort()
    assert len(target.peers) == 2
    assert target.at_once == 20
    assert len(target.seen) == 40
    assert asker.closings == 20


async def test_a_server_that_takes_few_streams_gets_more_sessions() -> None:
    target = Http2Target(max_streams=3, pause=0.02)
    async with serving(target) as port:
        origin, asker, connector = Origin(True, "127.0.0.1", port), Asker(), speaking()
        streams = [await connector.connect(origin, asker)]
        await ask(asker, streams[0])
        streams += await several(connector, origin, asker, 3)
        await asyncio.gather(*(ask(asker, stream) for stream in streams))
        for stream in streams:
            stream.abort()
    assert len(target.peers) == 2
    assert len(target.seen) == 5
    assert target.resets == 0


async def test_a_server_that_takes_fewer_streams_than_it_said_makes_requests_wait() -> None:
    target = Http2Target(pause=0.02)
    async with serving(target) as port:
        origin, asker, connector = Origin(True, "127.0.0.1", port), Asker(), speaking()
        streams = await several(connector, origin, asker, 8)
        target.peers[0].h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 3})
        await ask(asker, streams[0])
        asking = [asyncio.create_task(ask(asker, stream)) for stream in streams]
        await asyncio.sleep(0)
        streams[-1].abort()  # while it waits
        asking.pop().cancel()
        await asyncio.gather(*asking)
        for stream in streams:
            stream.abort()
    assert len(target.peers) == 1
    assert target.at_once == 3
    assert len(target.seen) == 8


async def test_one_session_is_opened_though_many_want_it_and_some_give_up() -> None:
    target = Http2Target()
    async with serving(target) as port:
        origin, asker, connector = Origin(True, "127.0.0.1", port), Asker(), speaking()
        first = asyncio.create_task(connector.connect(origin, asker))
        others = [asyncio.create_task(connector.connect(origin, asker)) for _ in range(3)]
        await asyncio.sleep(0)
        first.cancel()
        streams = await asyncio.gather(*others)
        await asyncio.gather(*(ask(asker, stream) for stream in streams))
        for stream in streams:
            stream.abort()
    assert len({asked.peer.writer for asked in target.seen}) == 1


async def test_a_server_that_speaks_only_http_1_is_asked_in_http_1() -> None:
    async with Target(tls=certified("http/1.1")) as target:
        origin, asker, connector = Origin(True, "127.0.0.1", target.port), Asker(), speaking()
        connections = await several(connector, origin, asker, 4)
        for connection in connections:
            assert not isinstance(connection, Http2Stream)
            await ask(asker, connection)
            connection.abort()
        assert target.connections == 4
        assert not connector._sessions


async def test_http_2_is_not_offered_unless_the_plan_says_so() -> None:
    async with Target(tls=certified("h2", "http/1.1")) as target:
        origin, asker = Origin(True, "127.0.0.1", target.port), Asker()
        connection = await a_connector(TRUSTING).connect(origin, asker)
        assert (await ask(asker, connection)).status == 200
        connection.abort()


async def test_the_end_of_the_last_stream_is_the_end_of_the_session() -> None:
    target = Http2Target()
    async with serving(target) as port:
        origin, asker, connector = Origin(True, "127.0.0.1", port), Asker(), speaking()
        one, other = await several(connector, origin, asker, 2)
        one.abort()
        await ask(asker, other)
        other.abort()
        assert not connector._sessions
        again = await connector.connect(origin, asker)
        await ask(asker, again)
        again.abort()
    assert len(target.peers) == 2


async def test_a_session_of_tls_is_resumed() -> None:
    async with serving(Http2Target()) as port:
        origin, asker, connector = Origin(True, "127.0.0.1", port), Asker(), speaking()
        resumed = []
        for _ in range(2):
            stream = await connector.connect(origin, asker)
            assert isinstance(stream, Http2Stream)
            await ask(asker, stream)
            resumed.append(stream._session._channel.resumed)
            stream.abort()
    assert resumed == [False, True]


async def test_a_stream_behind_a_slow_line_takes_its_time() -> None:
    async with serving(Http2Target({"/": lambda asked: asked.answer(body=bytes(40_000))})) as port:
        origin = Origin(True, "127.0.0.1", port)
        asker = Asker(line=Line(Network("slow", 800, 800, 0.02, 0.02), asyncio.get_running_loop()))
        stream = await speaking().connect(origin, asker)
        begun = perf_counter()
        await ask(asker, stream)
        took = perf_counter() - begun
        stream.abort()
    assert 0.44 <= took <= 0.44 * 1.5 + 0.3


# Giving up


async def test_a_request_that_is_given_up_takes_nothing_from_the_others() -> None:
    async def never(asked: Asked) -> None:
        asked.peer.h2.send_headers(asked.stream, [(":status", "200")])
        await asked.peer.flush()
        await asyncio.sleep(60)

    target = Http2Target({"/never": never})
    async with serving(target) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        one, other = await several(speaking(), origin, asker, 2)
        asking = asyncio.create_task(ask(asker, one, "/never"))
        await asyncio.sleep(0.05)
        one.abort()
        assert one.lost
        assert (await ask(asker, other)).status == 200
        other.abort()
        asking.cancel()
        assert target.resets == 1
    assert asker.unasked == []


async def test_a_stream_that_is_reset_fails_alone_and_says_why() -> None:
    async def reset(asked: Asked) -> None:
        asked.peer.h2.reset_stream(asked.stream, ErrorCodes.REFUSED_STREAM)
        await asked.peer.flush()

    async def reset_late(asked: Asked) -> None:
        asked.peer.h2.send_headers(asked.stream, [(":status", "200")])
        asked.peer.h2.reset_stream(asked.stream, 0x1234)
        await asked.peer.flush()

    target = Http2Target({"/reset": reset, "/late": reset_late})
    async with serving(target) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        one, two, three = await several(speaking(), origin, asker, 3)
        with pytest.raises(FailedError, match=r"The server reset the HTTP/2 stream before it answered: REFUSED_STREAM\."):
            await ask(asker, one, "/reset")
        with pytest.raises(FailedError, match=r"before the response was complete: error 4660\."):
            await ask(asker, two, "/late")
        assert (one.lost, two.lost, three.lost) == (True, True, False)
        assert (await ask(asker, three)).status == 200
        three.abort()
    assert len(target.peers) == 1


async def test_a_server_that_goes_away_finishes_what_it_has_begun() -> None:
    """As nginx does after a thousand requests."""

    async def leave(asked: Asked) -> None:
        frame = GoAwayFrame(0)
        frame.last_stream_id = asked.stream
        asked.peer.writer.write(frame.serialize())
        await asyncio.sleep(0.05)
        await asked.answer()

    target = Http2Target({"/leave": leave})
    async with serving(target) as port:
        origin, asker, connector = Origin(True, "127.0.0.1", port), Asker(), speaking()
        one, idle = await several(connector, origin, asker, 2)
        assert (await ask(asker, one, "/leave")).status == 200
        assert one.lost
        assert idle.lost
        again = await connector.connect(origin, asker)
        assert (await ask(asker, again)).status == 200
        again.abort()
    assert len(target.peers) == 2
    assert asker.closings == 3


async def test_a_server_that_goes_away_fails_what_it_will_not_do() -> None:
    async def leave(asked: Asked) -> None:
        await asyncio.sleep(0.05)
        frame = GoAwayFrame(0)
        frame.error_code = ErrorCodes.ENHANCE_YOUR_CALM
        asked.peer.writer.write(frame.serialize())

    async with serving(Http2Target({"/leave": leave})) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        stream = await speaking().connect(origin, asker)
        with pytest.raises(FailedError, match="before it answered: GOAWAY, ENHANCE_YOUR_CALM"):
            await ask(asker, stream, "/leave")
    assert stream.lost


@pytest.mark.parametrize("begun", [False, True])
async def test_a_connection_that_breaks_fails_all_that_was_under_way(begun: bool) -> None:
    async def breaking(asked: Asked) -> None:
        if begun:
            asked.peer.h2.send_headers(asked.stream, [(":status", "200")])
            await asked.peer.flush()
        await asyncio.sleep(0.05)
        asked.peer.writer.close()

    async with serving(Http2Target({"/": breaking})) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        streams = await several(speaking(), origin, asker, 3)
        ends = await asyncio.gather(*(ask(asker, stream) for stream in streams), return_exceptions=True)
    when = "before the response was complete" if begun else "before it answered"
    for end in ends:
        assert isinstance(end, FailedError)
        assert when in str(end)
    assert asker.closings == 3


# Hostile servers


def framed(*frames: Frame) -> bytes:
    return b"".join(frame.serialize() for frame in frames)


def endless_continuation() -> bytes:
    return framed(HeadersFrame(1, data=b"\x88"), *(ContinuationFrame(1, data=bytes(100)) for _ in range(200)))


def header_bomb() -> bytes:
    """A field of 4000 bytes put into the table, then named a thousand times."""
    field = b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000
    return framed(HeadersFrame(1, data=b"\x88" + field + b"\xbe" * 1000, flags=["END_HEADERS"]))


def pushed() -> bytes:
    return framed(PushPromiseFrame(1, promised_stream_id=2, data=b"\x82\x84\x87", flags=["END_HEADERS"]))


HOSTILE = {
    "no HTTP/2": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "nothing but zeros": bytes(100_000),
    "a frame that is too long": b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + bytes(20_000),
    "an answer to nothing": framed(HeadersFrame(7, data=b"\x88", flags=["END_HEADERS", "END_STREAM"])),
    "a body without a head": framed(DataFrame(1, data=b"abc", flags=["END_STREAM"])),
    "a body longer than its length": framed(
        HeadersFrame(1, data=b"\x88\x0f\x0d\x011", flags=["END_HEADERS"]), DataFrame(1, data=b"abc", flags=["END_STREAM"])
    ),
    "a length that is none": framed(HeadersFrame(1, data=b"\x88\x0f\x0d\x01x", flags=["END_HEADERS", "END_STREAM"])),
    "a head without a status": framed(HeadersFrame(1, data=b"\x0f\x0d\x010", flags=["END_HEADERS", "END_STREAM"])),
    "a status that is none": framed(HeadersFrame(1, data=b"\x08\x03abc", flags=["END_HEADERS", "END_STREAM"])),
    "a status of one digit": framed(HeadersFrame(1, data=b"\x08\x011", flags=["END_HEADERS", "END_STREAM"])),
    "compression that is none": framed(HeadersFrame(1, data=b"\xff\xff\xff\xff", flags=["END_HEADERS"])),
    "an endless head": endless_continuation(),
    "a header bomb": header_bomb(),
    "a push": pushed(),
    "pings without end": framed(*(PingFrame(0, opaque_data=b"12345678") for _ in range(2000))),
    "settings without end": framed(*(SettingsFrame(0, settings={3: 100}) for _ in range(2000))),
    "empty frames without end": framed(
        HeadersFrame(1, data=b"\x88", flags=["END_HEADERS"]), *(DataFrame(1, data=b"") for _ in range(2000))
    ),
    "resets of nothing": framed(*(RstStreamFrame(number, error_code=0) for number in range(3, 3000, 2))),
    "settings that are none": framed(SettingsFrame(0, settings={5: 1})),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_server_fails_the_request_and_is_left(name: str) -> None:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        if name not in ("no HTTP/2", "nothing but zeros"):
            writer.write(SettingsFrame(0).serialize())
        await asyncio.sleep(0.02)
        writer.write(HOSTILE[name])
        while await reader.read(65536):
            pass
        gone.set()

    async with listening(serve, certified("h2")) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        stream = await speaking().connect(origin, asker)
        with pytest.raises(FailedError, match="The server committed a protocol violation: HTTP/2: ") as caught:
            await ask(asker, stream)
        assert re.fullmatch(r"[\x20-\x7e]{50,400}", str(caught.value)), str(caught.value)
        assert stream.lost
        async with asyncio.timeout(5):
            await gone.wait()
    assert asker.closings == 1
    assert asker.unasked == []


async def test_a_server_that_takes_no_replies_is_not_read_from_any_more() -> None:
    """Its PINGs are far enough apart in content that they are not too many; the replies would fill the memory."""
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        writer.write(SettingsFrame(0).serialize())
        await reader.read(1000)
        writer.write(framed(HeadersFrame(1, data=b"\x88", flags=["END_HEADERS"])))
        part = framed(*(PingFrame(0, opaque_data=b"12345678") for _ in range(500)), DataFrame(1, data=b"x"))
        while True:
            writer.write(part)
            await writer.drain()
            sent += 500

    async with listening(serve, certified("h2")) as port:
        origin, asker = Origin(True, "127.0.0.1", port), Asker()
        stream = await speaking().connect(origin, asker)
        assert isinstance(stream, Http2Stream)
        asking = asyncio.create_task(ask(asker, stream))
        last, waiting = -1, 0
        async with asyncio.timeout(40):
            while last != sent or not waiting:
                last = sent
                await asyncio.sleep(0.5)
                waiting = stream._session._transport.get_write_buffer_size()
        stream.abort()
        asking.cancel()
    assert 0 < waiting < 2_000_000


class Clear(Channel):
    """No encryption, so that bytes can be made up."""

    def __init__(self) -> None:
        pass

    def read(self, data: bytes) -> tuple[bytes, None]:
        return data, None

    def write(self, data: bytes) -> bytes:
        return data

    def replies(self) -> bytes:
        return b""

    def keep_session(self, sessions: object, origin: Origin) -> None:
        pass


class Wire(asyncio.Transport):
    """Takes what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "nothing may be written to a closed connection"

    def abort(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


RAW_FRAMES = st.builds(
    lambda kind, flags, stream, payload: len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload,
    st.integers(0, 12),
    st.sampled_from([0, 1, 4, 5, 8, 0x20, 0x2D, 0xFF]) | st.integers(0, 255),
    st.sampled_from([0, 1, 1, 1, 2, 3, 0x80000001]),
    st.sampled_from([b"", b"\x88", b"\x88\x0f\x0d\x013", b"abc", bytes(4), bytes(8), b"\0\x03\0\0\0\0"])
    | st.binary(max_size=40),
)


@given(st.lists(RAW_FRAMES, max_size=8), st.binary(max_size=30), st.sets(st.integers(0, 400), max_size=5), st.booleans())
def test_whatever_a_server_sends_a_request_ends_once(frames: list[bytes], rest: bytes, points: set[int], post: bool) -> None:
    origin, owner, wire, ended = Origin(True, "site.test", 443), Told(), Wire(), list[Http2Session]()
    session = Http2Session(owner, origin, Clear(), Translations(), ended.append)
    session.connection_made(wire)
    one, other = session.stream(owner), session.stream(owner)
    request = a_request(origin, method="POST" if post else "GET", body=bytes(100_000) if post else b"")
    one.send(request, request.data, 0, 0, 0)
    data = b"".join(frames) + rest
    edges = [0, *sorted(point for point in points if point < len(data)), len(data)]
    for start, end in pairwise(edges):
        if not wire.closed:
            session.data_received(data[start:end])
    session.connection_lost(None)
    assert len(owner.ends) == 1
    assert (one.lost, other.lost, owner.closings, len(ended)) == (True, True, 2, 1)


class Told(Asker):
    """Keeps the ends of requests."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[object] = []

    def answered(self, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        self.ends.append(head)

    def broken(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        self.ends.append(failure)
