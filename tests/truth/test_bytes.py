"""Any bytes, cut anywhere: a connection tells its owner the same as if they had come in one piece, exactly once, and nothing
that a server sends raises anything."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from headrace.engine.http.connection import Connection
from headrace.engine.http.failures import Failure
from headrace.engine.http.heads import Head
from headrace.engine.http.line import Line
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.prepared import Origin, Prepared
from tests.engine.asking import a_request
from tests.engine.http.test_responses import responses
from tests.engine.target import response

ORIGIN = Origin(False, "site.test", 80)


@dataclass
class Owner:
    """Keeps what it is told."""

    tls_sessions: Any = None
    line: Line | None = None
    told: list[tuple[Any, ...]] = field(default_factory=list)
    closings: int = 0

    def answered(self, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        body = connection.body if request.keep else b""
        self.told.append((head.status, head.headers, connection.received, connection.content, body, connection.lost))

    def broken(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        self.told.append((failure.kind, failure.subkind, failure.message))

    def abandon(self, connection: Connection, request: Prepared, now: int) -> None:
        raise AssertionError

    def closed(self, connection: Connection) -> None:
        self.closings += 1


class Wire(asyncio.Transport):
    """A transport that keeps nothing and can be closed."""

    def __init__(self) -> None:
        super().__init__()
        self._closed = False

    def write(self, data: object) -> None:
        assert not self._closed, "nothing may be written to a closed connection"

    def abort(self) -> None:
        self._closed = True

    close = abort

    def is_closing(self) -> bool:
        return self._closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def told_of(parts: list[bytes], heads: HeadMemory, method: str, keep: int) -> tuple[tuple[Any, ...], bool]:
    """What the owner of a connection is told of the answer in these parts, after which the server closes; and whether it was
    an answer that came before the last of them."""
    owner = Owner()
    connection = Connection(owner, ORIGIN, heads)
    connection.connection_made(Wire())
    request = a_request(ORIGIN, method=method, keep=keep)
    connection.send(request, request.data, 0, 0, 0)
    early = False
    for part in parts:
        early = bool(owner.told)
        if early:
            break
        connection.data_received(part)
    if early and not connection.lost:
        connection.data_received(b"x")
        assert connection.lost, "bytes that nobody asked for end a connection"
    connection.connection_lost(None)
    (told,) = owner.told
    assert owner.closings == 1
    return told, early and told[0] != "Exception"


def cut(data: bytes, points: set[int]) -> list[bytes]:
    edges = [0, *sorted({point % len(data) for point in points} - {0}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A response in which a few bytes are changed, left out or doubled."""
    data = bytearray(draw(responses()))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data) - 1))
        change = draw(st.sampled_from(["change", "drop", "double", "cut"]))
        if change == "change":
            data[at] = draw(st.sampled_from(b"\r\n\0: ;0159afx\xff,HTP/"))
        elif change == "drop" and len(data) > 1:
            del data[at]
        elif change == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 40))]
        elif change == "cut" and at:
            del data[at:]
    return bytes(data)


_points = st.sets(st.integers(1, 2000), max_size=8)
_methods = st.sampled_from(["GET", "GET", "GET", "HEAD"])
_keeps = st.sampled_from([0, 5, 1_000_000])


@given(mutated(), _points, _methods, _keeps, st.booleans())
@example(response(), {40}, "GET", 0, True)
def test_a_connection_tells_the_same_wherever_the_bytes_are_cut(
    data: bytes, points: set[int], method: str, keep: int, head_known: bool
) -> None:
    heads = HeadMemory()
    if head_known:  # by an answer before, on another connection
        told_of([data], heads, "GET", 0)
    whole, _ = told_of([data], heads, method, keep)
    for parts in (cut(data, points), [data[at : at + 1] for at in range(len(data))]):
        told, early = told_of(parts, heads, method, keep)
        if not early:
            assert told == whole
        elif whole[0] != "Exception":  # what came behind the answer spoils it only where it came together with it
            assert told[:2] == whole[:2]


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5), _methods, _keeps)
def test_no_bytes_raise_anything(parts: list[bytes], method: str, keep: int) -> None:
    told_of(parts, HeadMemory(), method, keep)
    told_of([b"HTTP/1.1 200 OK\r\n", *parts], HeadMemory(), method, keep)
    told_of([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *parts], HeadMemory(), method, keep)
