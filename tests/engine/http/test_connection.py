"""One connection, driven by hand: what it tells its owner, however the bytes arrive."""

import asyncio
import ssl
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.connection import Connection
from headrace.engine.http.failures import Failure
from headrace.engine.http.heads import Head
from headrace.engine.http.line import Line
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.prepared import Origin, Prepared
from tests.engine.asking import a_request
from tests.engine.target import BODY, response

ORIGIN = Origin(False, "site.test", 80)
REQUEST = a_request(ORIGIN)


@dataclass
class Owner:
    """Keeps what it is told; sends `again` more requests, each as soon as the one before is answered."""

    again: int = 0
    answers: list[tuple[int, int, int]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    closings: int = 0
    tls_sessions: dict[Origin, ssl.SSLSession] | None = None
    line: Line | None = None

    def answered(self, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        assert request is REQUEST
        self.answers.append((head.status, connection.received, connection.content))
        if not connection.lost and self.again:
            self.again -= 1
            connection.send(REQUEST, REQUEST.data, now, now, 0)

    def broken(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        assert request is REQUEST
        self.failures.append(failure.message)

    def abandon(self, connection: Connection, request: Prepared, now: int) -> None:
        raise AssertionError("nobody gives up here")

    def closed(self, connection: Connection) -> None:
        self.closings += 1


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


def connected(owner: Owner, heads: HeadMemory | None = None) -> tuple[Connection, Wire]:
    connection, wire = Connection(owner, ORIGIN, heads or HeadMemory()), Wire()
    connection.connection_made(wire)
    return connection, wire


def asked(owner: Owner, heads: HeadMemory | None = None) -> tuple[Connection, Wire]:
    connection, wire = connected(owner, heads)
    connection.send(REQUEST, REQUEST.data, 0, 0, 0)
    return connection, wire


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n6;a=b\r\nefghij\r\n0\r\nT: r\r\n\r\n"
RESPONSES = {
    "length": (response(), (200, len(response()), len(BODY))),
    "no body": (response(404, body=b""), (404, len(response(404, body=b"")), 0)),
    "204": (b"HTTP/1.1 204 No\r\n\r\n", (204, 19, 0)),
    "chunked": (CHUNKED, (200, len(CHUNKED), 10)),
    "hints": (b"HTTP/1.1 103 E\r\nA: b\r\n\r\n" + response(), (200, 24 + len(response()), len(BODY))),
    "cookie": (response(302, "Set-Cookie: a=b", "Location: /x"), None),
}


def split(data: bytes, points: set[int]) -> list[bytes]:
    edges = [0, *sorted(point % len(data) for point in points), len(data)]
    return [data[start:end] for start, end in pairwise(edges) if start < end]


@given(st.lists(st.sampled_from(sorted(RESPONSES)), min_size=1, max_size=5), st.sets(st.integers(0, 500), max_size=8))
def test_answers_are_the_same_wherever_the_bytes_are_split(kinds: list[str], points: set[int]) -> None:
    """One after the other on one connection, with heads that are known and heads that are not."""
    owner, heads = Owner(again=len(kinds) - 1), HeadMemory()
    connection, wire = asked(owner, heads)
    for kind in kinds:
        for part in split(RESPONSES[kind][0], points):
            connection.data_received(part)
    expected = [RESPONSES[kind][1] or (302, len(RESPONSES[kind][0]), len(BODY)) for kind in kinds]
    assert owner.answers == expected
    assert owner.failures == []
    assert wire.written == REQUEST.data * len(kinds)
    assert not connection.lost


@given(st.binary(min_size=1, max_size=300), st.sets(st.integers(0, 500), max_size=4), st.booleans())
def test_whatever_comes_is_told_once_and_raises_nothing(data: bytes, points: set[int], answer_first: bool) -> None:
    owner = Owner()
    connection, _ = asked(owner)
    for part in split((response()[:20] if answer_first else b"") + data, points):
        if not connection.lost:
            connection.data_received(part)
    connection.connection_lost(None)
    assert len(owner.answers) + len(owner.failures) == 1
    assert owner.closings == 1


def test_more_bytes_than_the_length_says_are_a_violation() -> None:
    heads = HeadMemory()
    for _ in range(2):  # a head that is not known, then one that is
        owner = Owner()
        connection, wire = asked(owner, heads)
        connection.data_received(response() + b"x")
        assert (owner.answers, len(owner.failures), wire.closed) == ([], 1, True)
        warm, _ = asked(Owner(), heads)
        warm.data_received(response())


def test_a_connection_is_lost_when_the_server_ends_it_while_idle() -> None:
    owner = Owner()
    connection, _ = connected(owner)
    connection.eof_received()
    assert connection.lost
    connection.connection_lost(None)
    assert owner.closings == 1
    assert owner.failures == []


def test_bytes_that_come_unasked_end_the_connection_without_a_failure() -> None:
    owner = Owner()
    connection, wire = connected(owner)
    connection.data_received(response())
    assert (connection.lost, wire.closed, owner.answers, owner.failures) == (True, True, [], [])


def test_the_end_of_the_connection_ends_a_body_without_a_length() -> None:
    owner = Owner()
    connection, _ = asked(owner)
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nabc")
    connection.eof_received()
    assert owner.answers == []
    connection.connection_lost(None)
    assert owner.answers == [(200, 22, 3)]
    assert owner.closings == 1


def test_an_aborted_connection_says_nothing_more_of_its_request() -> None:
    owner = Owner()
    connection, wire = asked(owner)
    connection.abort()
    connection.connection_lost(None)
    assert (owner.answers, owner.failures, owner.closings, wire.closed) == ([], [], 1, True)
