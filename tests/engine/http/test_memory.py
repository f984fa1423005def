"""The memory of heads and lines: it says what llhttp says, or nothing, and is short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.heads import Head
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.responses import ResponseReader, ViolationError

LINES = [
    "Content-Length: 5",
    "content-length:5",
    "Content-Length: 5,5",
    "Content-Length: -1",
    "Content-Length: 0x5",
    "Set-Cookie: sid=1; Path=/",
    "Set-Cookie:",
    "Location: /a",
    "Location: /ä",
    "Connection: keep-alive",
    "Connection: close",
    "Transfer-Encoding: chunked",
    "Upgrade: h2c",
    "X-Odd:   a  b\t",
    " folded",
    "No colon",
    "Bad name : x",
    "X: \x00",
    "X: a\rb",
    "",
]
STARTS = ["HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 404 Not Found", "HTTP/1.1 302 Found", "HTTP/1.1 204 No Content"]
STARTS += ["HTTP/1.0 200 OK", "HTTP/1.1 100 Continue", "HTTP/1.1 99 X", "HTTP/1.1 304 X", "HTTP/2 200 OK", "ICY 200 OK", ""]


def thorough(data: bytes) -> Head | None:
    """What the parser says of a head, with a body of the length that it announces."""
    reader = ResponseReader()
    try:
        reader.feed(data)
    except ViolationError:
        return None
    return reader.head


@given(
    st.sampled_from(STARTS),
    st.lists(st.sampled_from(LINES), max_size=5),
    st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=2)), max_size=2),
)
def test_what_it_says_of_a_head_is_what_the_parser_says(
    start: str, lines: list[str], spoilt: list[tuple[int, bytes]]
) -> None:
    data = "\r\n".join([start, *lines, "", ""]).encode("latin-1")
    for at, piece in spoilt:
        data = data[:at] + piece + data[at + len(piece) :]
    memory = HeadMemory()
    for _ in range(2):  # when it is new, and when its lines are known
        head = memory.read(data)
        assert head is None or head == thorough(data)


def test_an_ordinary_head_is_read_and_found_again_by_its_bytes() -> None:
    memory = HeadMemory()
    data = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\n"
    head = memory.read(data)
    assert head == Head(200, 5, True, reason="OK", headers=(("server", "x"), ("content-length", "5")))
    assert memory.known == {data: head}


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Content-Length: 1", "Content-Length: 1"],
        ["Content-Length: 1", "Transfer-Encoding: chunked"],
        ["Content-Length: 1", "Connection: close"],
        [f"X: {'x' * 3000}", "Content-Length: 1"],
    ],
)
def test_a_head_with_any_doubt_about_the_end_of_its_response_is_left_to_the_parser(lines: list[str]) -> None:
    assert HeadMemory().read("\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()) is None


def test_a_head_with_a_cookie_is_read_each_time() -> None:
    memory = HeadMemory()
    for number in range(5000):
        head = memory.read(b"HTTP/1.1 200 OK\r\nX: 1\r\nSet-Cookie: a=%d\r\nContent-Length: 1\r\n\r\n" % number)
        assert head is not None
        assert head.cookies == (f"a={number}",)
        assert head.headers == (("x", "1"), ("set-cookie", f"a={number}"), ("content-length", "1"))
    assert len(memory.known) == 1  # without the cookie
    assert len(memory._lines) == 2


def test_the_memory_is_bounded_and_its_heads_stay_the_same_object() -> None:
    memory = HeadMemory()
    known = memory.known
    for number in range(3000):
        memory.read(b"HTTP/1.1 200 OK\r\nX: %d\r\nContent-Length: 1\r\n\r\n" % number)
        assert len(memory.known) <= 512
        assert len(memory._lines) <= 2048
    assert memory.known is known  # connections hold on to it
    for number in range(1000):
        memory.read(b"HTTP/1.1 200 %d\r\nContent-Length: 1\r\n\r\n" % number)
    assert len(memory._starts) <= 512
