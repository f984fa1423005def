"""Reading responses the thorough way."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.heads import Head
from headrace.engine.http.responses import LONGEST_HEAD, ResponseReader, ViolationError

Result = tuple[Head | None, int, bool, bool, str | None]


def read(*parts: bytes) -> Result:
    """Head, content, whether it is whole, whether the end of the connection would end it, and the violation, if any."""
    reader = ResponseReader()
    whole = False
    try:
        for part in parts:
            whole = reader.feed(part)
    except ViolationError as violation:
        # what follows unasked is told in other words when it comes in the same read
        unasked = "follow" in str(violation) or "data after" in str(violation)
        return None, 0, False, False, "unasked" if unasked else str(violation)
    return reader.head, reader.content, whole, reader.ends_with_connection(), None


_text = st.binary(max_size=20).map(lambda data: bytes(byte for byte in data if byte not in b"\r\n\0"))
_values = st.text(st.sampled_from("abcXYZ019-_/=;,. "), max_size=20).map(lambda text: text.strip().encode())
_headers = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([b"Server", b"X-A", b"Location", b"Set-Cookie", b"Vary"]), _values),
        st.just((b"Connection", b"close")),
        st.just((b"connection", b"keep-alive")),
    ),
    max_size=5,
)


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """A well-formed response, perhaps after others of the 100 kind, perhaps with something behind its end."""
    body = draw(st.binary(max_size=60))
    headers = draw(_headers)
    framing = draw(st.sampled_from(["length", "chunked", "close", "none"]))
    if framing == "length":
        headers.append((b"Content-Length", str(len(body)).encode()))
    elif framing == "chunked":
        headers.append((b"Transfer-Encoding", b"chunked"))
        pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif framing == "none":
        body = b""
    status = draw(st.sampled_from([200, 204, 302, 304, 404, 500]))
    if status in (204, 304):
        body = b""
        headers = [header for header in headers if header[0] != b"Transfer-Encoding"]
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    before = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * draw(st.integers(0, 2))
    version = draw(st.sampled_from([b"1.0", b"1.1"]))
    behind = draw(st.sampled_from([b"", b"", b"", b"HTTP/1.1 200 OK\r\n\r\n", b"x"]))
    return before + b"HTTP/%b %d X\r\n%b\r\n%b%b" % (version, status, lines, body, behind)


@given(responses(), st.data())
def test_the_result_is_the_same_wherever_the_bytes_are_split(data: bytes, draw: st.DataObject) -> None:
    points = sorted(draw.draw(st.sets(st.integers(1, max(1, len(data) - 1)), max_size=10)))
    parts = [data[start:end] for start, end in zip([0, *points], [*points, len(data)], strict=True)]
    at_once = read(data)
    assert read(*parts) == at_once
    assert read(*(data[index : index + 1] for index in range(len(data)))) == at_once


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_violation(data: bytes) -> None:
    read(data)
    read(b"HTTP/1.1 200 OK\r\n" + data)
    read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data)


def test_one_reader_reads_one_response_after_the_other() -> None:
    reader = ResponseReader()
    assert reader.feed(b"HTTP/1.1 302 F\r\nLocation: /a\r\nSet-Cookie: a=b\r\nContent-Length: 1\r\n\r\nx")
    assert bare(reader.head) == Head(302, 1, True, "/a", ("a=b",))
    reader.reset()
    assert reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
    assert (bare(reader.head), reader.content) == (Head(200, None, True), 2)
    reader.reset()
    assert reader.feed(b"HTTP/1.1 204 No\r\n\r\n")
    assert (bare(reader.head), reader.content) == (Head(204, 0, True), 0)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCONNECTION: Keep-Alive, Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", False),
        (b"HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n", True),
    ],
)
def test_a_connection_is_reusable_where_the_end_of_the_response_is_known_and_nobody_closes(
    head: bytes, reusable: bool
) -> None:
    read_head, _, _, ends_with_connection, _ = read(head)
    assert read_head is not None
    assert read_head.reusable is reusable
    assert ends_with_connection is (read_head.length is None and not reusable)


def test_what_goes_before_the_response_leaves_nothing_behind() -> None:
    before = b"HTTP/1.1 103 E\r\nSet-Cookie: a=b\r\nLocation: /x\r\nContent-Length: 5\r\n\r\n"
    head, content, whole, _, _ = read(before + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")
    assert (bare(head), content, whole) == (Head(200, 2, True), 2, True)


def test_trailers_are_not_headers() -> None:
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a=b\r\nLocation: /x\r\n\r\n"
    assert bare(read(data)[0]) == Head(200, None, True)


def test_texts_are_utf_8_where_they_can_be_and_cookies_are_bytes() -> None:
    data = b"HTTP/1.1 302 F\r\nLocation: /\xc3\xa9\r\nSet-Cookie: a=\xc3\xa9\r\nContent-Length: 0\r\n\r\n"
    head = read(data)[0]
    assert head is not None
    assert (head.location, head.cookies) == ("/é", ("a=\u00c3\u00a9",))
    head = read(b"HTTP/1.1 302 F\r\nLocation: /\xe9\r\nContent-Length: 0\r\n\r\n")[0]
    assert head is not None
    assert head.location == "/é"


def test_a_head_may_be_long_but_not_too_long() -> None:
    start, end = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ", b"\r\n\r\n"
    fits = [b"x" * 60_000] * 4
    assert read(start, *fits, end)[2]
    assert read(start, *fits, *fits)[4] == f"its head is longer than {LONGEST_HEAD} bytes"


def test_a_long_body_in_small_chunks_is_no_long_head() -> None:
    chunk = b"1\r\nx\r\n"
    parts = [chunk[:3], chunk[3:]] * 100_000
    head, content, whole, _, violation = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *parts, b"0\r\n\r\n")
    assert (content, whole, violation) == (100_000, True, None)
    assert bare(head) == Head(200, None, True)


def bare(head: Head | None) -> Head | None:
    """What decides how to go on, without the lines as they came."""
    return replace(head, reason="", headers=()) if head is not None else None


def test_the_lines_of_the_head_are_kept_as_they_came() -> None:
    head = read(b"HTTP/1.1 200 All  Fine\r\nX-One: a\r\nContent-Length: 0\r\nx-one: b\r\n\r\n")[0]
    assert head is not None
    assert head.reason == "All  Fine"
    assert head.all("x-one") == ["a", "b"]
    assert (head.header("x-one"), head.header("x-two")) == ("a", None)


def test_a_body_is_kept_as_far_as_somebody_looks_and_counted_to_its_end() -> None:
    reader = ResponseReader()
    reader.reset(keep=5)
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabc") is False
    assert reader.feed(b"defgh") is True
    assert (reader.take_body(), reader.content) == (b"abcde", 8)


def test_the_answer_to_head_has_no_body_whatever_its_length_says() -> None:
    reader = ResponseReader()
    reader.reset(bodiless=True)
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n") is True
    with pytest.raises(ViolationError):
        reader.feed(b"12345678")
