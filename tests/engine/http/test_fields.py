"""Heads of HTTP/1.1 and header fields of HTTP/2."""

import pytest
from h2.exceptions import ProtocolError

from headrace.engine.http import fields as module
from headrace.engine.http.fields import Heads, Translations


def test_a_head_is_translated_once() -> None:
    translations = Translations()
    data = (
        b"POST /a?b=c HTTP/1.1\r\nHost: shop.test\r\nConnection: keep-alive\r\nX-A: b: c\r\nTransfer-Encoding: chunked\r\n"
        b"Cookie: a=1; b=2\r\n\r\nname: value"
    )
    fields, end = translations.translate(data)
    assert fields == [
        (b":method", b"POST"),
        (b":authority", b"shop.test"),
        (b":scheme", b"https"),
        (b":path", b"/a?b=c"),
        (b"x-a", b"b: c"),
        (b"cookie", b"a=1; b=2"),
    ]
    assert data[end:] == b"name: value"
    assert translations.translate(data[:end] + b"other")[0] is fields


def test_remembered_heads_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_TRANSLATIONS", 10)
    translations = Translations()
    for number in range(100):
        translations.translate(f"GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert len(translations._known) <= 10


def test_a_head_is_made_of_fields_and_can_be_read() -> None:
    heads = Heads()
    fields = [(b":status", b"301"), (b"location", "/ü".encode()), (b"set-cookie", b"a=\xff"), (b"content-length", b"3")]
    head, text = heads.head(fields)
    assert (head.status, head.length, head.location, head.cookies) == (301, 3, "/ü", ("a=ÿ",))
    assert text.startswith(b"HTTP/2 301\r\nlocation: ")
    assert heads.head(list(fields))[0] is head
    assert heads.head([(b":status", b"200")])[0].status == 200


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [(b"server", b"x")],
        [(b":status", b"20")],
        [(b":status", b"+20")],
        [(b":status", b"200"), (b":status", b"200")],
        [(b":status", b"200"), (b"set-cookie", b"a=1\r\nX: y")],
        [(b":status", b"200"), (b"x\n", b"")],
    ],
)
def test_fields_that_are_no_responses_are_refused(fields: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(ProtocolError):
        Heads().head(fields)
