"""Examples: which requests become some, and what a person can read in them."""

import gzip
import zlib
from dataclasses import dataclass, field
from time import time
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.answer import Answer
from headrace.engine.http.connection import Connection, Owner
from headrace.engine.http.failures import Failure, http_error, timed_out
from headrace.engine.http.heads import Head
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.prepared import Origin, Prepared
from headrace.engine.measuring.examples import Examples, request_text, response_text
from headrace.ticks.tick import MOST_EXAMPLES, MOST_FAILED, Example, ExampleKind, Name, choose_examples

NAME = Name("Scenario", "Test", "/a")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=hunter2\r\n\r\nhi"
HEAD = Head(200, 2, True)


# Texts


def test_a_request_is_shown_with_its_head_and_body() -> None:
    data = b"POST /a?token=x HTTP/1.1\r\nHost: shop.test\r\nCookie: s=hunter2\r\n\r\nuser=joe&password=hunter2"
    assert request_text(data) == ("POST /a?token=*** HTTP/1.1\nHost: shop.test\nCookie: s=***\n\nuser=joe&password=***")
    assert request_text(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == "GET / HTTP/1.1\nHost: x"


def test_a_response_is_shown_with_its_head_and_body() -> None:
    assert response_text(OK) == "HTTP/1.1 200 OK\nContent-Length: 2\nSet-Cookie: a=***\n\nhi"
    assert response_text(b"") == ""
    assert response_text(b"HTTP/1.1 200 OK\r\nX-Cut: of") == "HTTP/1.1 200 OK\nX-Cut: of"
    assert response_text(b"\x00\x1b[2Jgarbage") == r"\x00\x1b[2Jgarbage"


def test_long_heads_and_bodies_are_cut_and_say_so() -> None:
    text = response_text(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000 + b"\r\n\r\n" + b"y" * 10_000)
    assert text.count("x") < 4200
    assert text.count("y") == 2048 + 1  # of "bytes"
    assert "[the first 4096 characters]" in text
    assert text.endswith("[the beginning of 10000 bytes]")
    part = b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nonly this"
    assert response_text(part).endswith("only this\n[the beginning of 70000 bytes]")


def test_what_was_kept_of_the_body_goes_before_what_came_with_the_head() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert response_text(head + b"2\r\nab", b"abcd", 4).endswith("\n\nabcd")


def test_chunks_and_compression_are_undone() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\ndefghijklm\r\n0\r\n\r\n"
    assert response_text(chunked).endswith("\n\nabcdefghijklm")
    for coding, data in [
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello", wbits=-15)),
        ("gzip", gzip.compress(b"hello" + bytes(range(256)) * 100)[:-40]),
    ]:
        text = response_text(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\n\r\n%b" % (coding.encode(), data))
        assert text.endswith("hello") or "binary" in text
    unknown = response_text(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 9\r\n\r\n123456789")
    assert unknown.endswith("[9 bytes, encoded as br]")


def test_a_compression_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    text = response_text(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb)
    assert len(text) < 3000


def test_binary_bodies_are_told_and_not_shown() -> None:
    text = response_text(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\0\0\0")
    assert text.endswith("\n\n[11 bytes, binary, image/png]")
    assert request_text(b"POST / HTTP/1.1\r\n\r\n" + bytes(5)).endswith("[5 bytes, binary]")


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("text/plain", "é€".encode(), "é€"),
        ("text/plain; charset=iso-8859-1", b"\xe9", "é"),
        ('text/plain; charset="utf-16"', "é".encode("utf-16"), "é"),
        ("text/plain; charset=klingon", b"a", "a"),
        ("text/plain", b"a\tb\r\nc\x1b[31m\x07\xe2\x80\xae", r"a" + "\tb\nc" + r"\x1b[31m\x07\u202e"),
    ],
)
def test_texts_are_read_in_their_charset_and_cannot_play_tricks_on_a_terminal(kind: str, body: bytes, shown: str) -> None:
    assert response_text(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + body).endswith(f"\n\n{shown}")


_lines = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"\r\n",
        b"\r\n\r\n",
        b"Content-Encoding: gzip",
        b"Content-Type: text/html; charset=base64",
        b"Content-Type: text/html; charset=idna",
        b"Transfer-Encoding: chunked",
        b"Content-Length: 99999999999999999999",
        b"Content-Length: \xb2",
        b"-5\r\n",
        b"ffffffffff\r\n",
    ]
)


@given(st.lists(st.one_of(_lines, st.binary(max_size=20)), max_size=10).map(b"".join))
def test_whatever_was_received_a_short_printable_text_comes_out(received: bytes) -> None:
    for text in (response_text(received), request_text(received)):
        assert len(text) <= 40_000
        assert all(character in "\n\t" or character >= " " for character in text)
        text.encode()


# Choosing


@dataclass
class Measured:
    name: Name = NAME
    bar: int = 0


@dataclass
class Exchange:
    """A request that took `milliseconds`, as Client tells Examples of it."""

    milliseconds: float
    measure: Measured = field(default_factory=Measured)
    received: bytes = OK

    def __post_init__(self) -> None:
        self.now = 10**12
        origin = Origin(False, "shop.test", 80)
        self.connection = connection = Connection(cast(Owner, None), origin, HeadMemory())
        connection.wanted_at = self.now - int(self.milliseconds * 1e6)
        connection.sent_at = connection.wanted_at + 1000
        connection.data = b"GET /a?token=hunter2 HTTP/1.1\r\nHost: shop.test\r\n\r\n"
        connection.glimpse = OK
        connection.received = len(self.received)

        @dataclass
        class _Request:
            url: str = "http://shop.test/a?token=hunter2"
            method: str = "GET"
            keep: int = 0

        self.request = cast(Prepared, _Request())

    def slow(self, examples: Examples) -> None:
        if examples.wants_slow(self.measure, self.now - self.connection.wanted_at):
            examples.slow(self.measure, self.connection, self.request, HEAD, self.now)

    def failed(self, examples: Examples, failure: Failure) -> None:
        examples.failed(self.measure, self.connection, self.request, failure, self.now)


def test_an_example_tells_what_happened() -> None:
    examples = Examples()
    Exchange(5).slow(examples)
    (example,) = examples.take()
    assert abs(example.at - time()) < 60
    assert example == Example(
        ExampleKind.SLOW,
        NAME,
        example.at,
        5000,
        4999,
        "http://shop.test/a?token=***",
        "GET",
        200,
        "",
        "GET /a?token=*** HTTP/1.1\nHost: shop.test",
        "HTTP/1.1 200 OK\nContent-Length: 2\nSet-Cookie: a=***\n\nhi",
    )
    assert examples.take() == []


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.booleans()), max_size=40))
def test_the_slowest_of_the_whole_run_are_kept_whatever_the_seconds(requests: list[tuple[str, int, bool]]) -> None:
    examples = Examples()
    measures = {item: Measured(NAME._replace(item=item)) for item in "ab"}
    kept: list[Example] = []
    for item, milliseconds, second_ends in requests:
        Exchange(milliseconds, measures[item]).slow(examples)
        if second_ends:
            kept = choose_examples([*kept, *examples.take()])
    kept = choose_examples([*kept, *examples.take()])
    for item in "ab":
        times = sorted(milliseconds for name, milliseconds, _ in requests if name == item)[-3:]
        assert sorted(one.response_us // 1000 for one in kept if one.name.item == item) == times


def test_a_request_that_is_not_among_the_slowest_is_not_even_looked_at() -> None:
    examples = Examples()
    measure = Measured()
    for milliseconds in (5, 1, 3):
        Exchange(milliseconds, measure).slow(examples)
    assert measure.bar == 1_000_000
    Exchange(2, measure).slow(examples)
    assert measure.bar == 2_000_000
    examples.take()
    assert not examples.wants_slow(measure, 2_000_000)
    assert [example.response_us for example in examples.take()] == []


def test_the_first_failures_of_each_message_are_kept() -> None:
    examples = Examples()
    for _ in range(20):
        Exchange(1).failed(examples, http_error(500))
        Exchange(1).failed(examples, http_error(503))
    errors = [example.error for example in examples.take()]
    assert sorted(errors) == ["500 - InternalServerError"] * MOST_FAILED + ["503 - ServiceUnavailable"] * MOST_FAILED
    Exchange(1).failed(examples, http_error(500))
    assert examples.take() == []


def test_failures_fill_a_run_once() -> None:
    examples = Examples()
    for number in range(1000):
        Exchange(1).failed(examples, Failure("Exception", "WebException", f"message {number}"))
    assert len(examples.take()) == MOST_EXAMPLES
    assert not examples.wants_failed(NAME, "another")


def test_what_an_earlier_request_received_is_not_shown_for_one_without_an_answer() -> None:
    examples = Examples()
    Exchange(1, received=b"").failed(examples, timed_out(1))
    Exchange(1).failed(examples, http_error(404))
    first, second = examples.take()
    assert (first.status, first.response, first.kind) == (0, "", ExampleKind.FAILED)
    assert second.status == 200


def test_a_broken_rule_makes_an_example_of_the_answer() -> None:
    examples = Examples()
    head = Head(200, 4, True, reason="OK", headers=(("content-type", "text/html"), ("set-cookie", "a=hunter2")))
    answer = Answer(head, b"body", "http://shop.test/a", request=b"POST /a HTTP/1.1\r\n\r\nx=1", response_us=7000)
    for _ in range(10):
        examples.failed_rule(NAME, answer, Failure("ValidationRuleError", "ValidationRuleFindText", "not found"))
    found = examples.take()
    assert len(found) == MOST_FAILED
    assert (found[0].method, found[0].error, found[0].response_us) == ("POST", "not found", 7000)
    assert found[0].request == "POST /a HTTP/1.1\n\nx=1"
    assert found[0].response == "HTTP/1.1 200 OK\ncontent-type: text/html\nset-cookie: a=***\n\nbody"


def test_a_tick_never_has_too_many() -> None:
    examples = Examples()
    for number in range(200):
        Exchange(number + 1, Measured(NAME._replace(item=str(number)))).slow(examples)
    taken = examples.take()
    assert [example.response_us for example in taken] == [number * 1000 for number in range(200, 100, -1)]
