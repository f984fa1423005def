"""A golden tells one thing that arrives from another, and takes for the same what may differ."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.replay.dialogue import Exchange, Golden, Message, Reply, Told, read_golden, tell, tell_arrived

SECRET = f"sha256:{sha256(b'token=secret').hexdigest()}"
TEXT = f"""\
# A comment.
test Shop.webtest
ignore plugins
error 2 HttpError / 404 - NotFound
timed 1 Buy
reported 3 http://shop.test/
file data/users.csv
: name
: ann

GET http://shop.test/
  Accept: */*
< 302 after 0.5 s
< Location: /a
POST http://shop.test/a?{SECRET}
  Content-Type: text/plain
  | one␍
  | two
<| <html>
+ GET http://shop.test/b
+ GET http://shop.test/c
  hex 00 ff
"""
HTML = ("Content-Type", "text/html; charset=utf-8")
ARRIVED = [
    Message("GET", "http://shop.test/", (("Accept", "*/*"),)),
    Message("POST", "http://shop.test/a?token=secret", (("content-type", "text/plain"),), b"one\r\ntwo"),
    Message("GET", "http://shop.test/c", (), b"\x00\xff"),
    Message("GET", "http://shop.test/b"),
]


@pytest.fixture
def golden(tmp_path: Path) -> Golden:
    (tmp_path / "golden.txt").write_text(TEXT)
    return read_golden(tmp_path / "golden.txt")


def test_a_golden_is_read(golden: Golden) -> None:
    assert (golden.test, golden.ignore_plugins) == ("Shop.webtest", True)
    assert (golden.errors, golden.timed) == ([Told(2, "HttpError", "404 - NotFound")], {"Buy": 1})
    assert (golden.reported, golden.files) == ({"http://shop.test/": 3}, {"data/users.csv": b"name\r\nann\r\n"})
    assert golden.exchanges[0] == Exchange(ARRIVED[0], Reply(302, (("Location", "/a"), HTML), after=0.5))
    assert golden.exchanges[1].reply == Reply(body=b"<html>")
    assert [exchange.parallel for exchange in golden.exchanges] == [False, False, True, True]


def test_what_arrived_is_the_same_whatever_the_order_of_what_is_sent_at_once_and_the_case_of_headers(golden: Golden) -> None:
    assert tell_arrived(ARRIVED, golden.exchanges) == tell(golden.exchanges)
    assert "secret" not in tell_arrived(ARRIVED, golden.exchanges)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrived: arrived[:-1],
        lambda arrived: [*arrived, ARRIVED[0]],
        lambda arrived: [arrived[1], arrived[0], *arrived[2:]],
        lambda arrived: [replace(arrived[0], method="HEAD"), *arrived[1:]],
        lambda arrived: [replace(arrived[0], headers=()), *arrived[1:]],
        lambda arrived: [replace(arrived[0], headers=(("Accept", "*/*"), ("Referer", "x"))), *arrived[1:]],
        lambda arrived: [arrived[0], replace(arrived[1], url="http://shop.test/a?token=other"), *arrived[2:]],
        lambda arrived: [arrived[0], replace(arrived[1], body=b"one\ntwo"), *arrived[2:]],
        lambda arrived: [*arrived[:2], replace(arrived[2], body=b"\x00\xfe"), arrived[3]],
    ],
)
def test_what_arrived_otherwise_is_told(golden: Golden, change: Callable[[list[Message]], list[Message]]) -> None:
    assert tell_arrived(change(ARRIVED), golden.exchanges) != tell(golden.exchanges)


@pytest.mark.parametrize("line", ["tset Shop.webtest", "GET http://shop.test/\nwhat", "GET http://shop.test/\n- x"])
def test_a_line_that_means_nothing_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "golden.txt").write_text(line + "\n")
    with pytest.raises(ValueError, match="mean"):
        read_golden(tmp_path / "golden.txt")
