"""Content codings and charsets."""

import gzip
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http import decoding
from headrace.engine.http.decoding import charset_of, decode_body


def bare_deflate(body: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(body) + coder.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
}


@given(st.binary(max_size=2000), st.lists(st.sampled_from(sorted(ENCODERS)), max_size=4))
def test_codings_are_undone_in_reverse(body: bytes, codings: list[str]) -> None:
    coded = body
    for coding in codings:
        coded = ENCODERS[coding](coded)
    assert decode_body(coded, ", ".join(codings).upper()) == body


@given(st.binary(max_size=2000))
def test_deflate_is_also_taken_without_the_envelope_of_zlib(body: bytes) -> None:
    assert decode_body(bare_deflate(body), "deflate") == body


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_several_members_follow_each_other(coding: str) -> None:
    assert decode_body(ENCODERS[coding](b"one ") + ENCODERS[coding](b"two"), coding) == b"one two"


def test_padding_after_gzip_is_ignored() -> None:
    assert decode_body(gzip.compress(b"one") + bytes(100), "gzip") == b"one"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_without_number_are_refused(coding: str) -> None:
    with pytest.raises(ValueError, match="more than 100"):
        decode_body(ENCODERS[coding](b"") * 200, coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_an_empty_body_is_empty_whatever_its_coding(coding: str) -> None:
    assert decode_body(b"", coding) == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@given(st.binary(min_size=1, max_size=3000), st.data())
def test_a_cut_body_decodes_as_far_as_it_goes(coding: str, body: bytes, data: st.DataObject) -> None:
    coded = ENCODERS[coding](body)
    cut = coded[: data.draw(st.integers(1, len(coded) - 1))]
    assert body.startswith(decode_body(cut, coding, cut=True))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_ends_too_early_is_an_error(coding: str) -> None:
    coded = ENCODERS[coding](b"abc" * 1000)
    with pytest.raises(ValueError, match=f"coded as {coding}, but ends before"):
        decode_body(coded[:-3], coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_is_not_what_its_coding_says_is_an_error(coding: str) -> None:
    with pytest.raises(ValueError, match=f"says that it is coded as {coding}, but it is not"):
        decode_body(b"\xff\xffcertainly not", coding)


def test_an_unknown_coding_is_named_with_those_known() -> None:
    with pytest.raises(ValueError, match=r"coding 'lzma'.*br, deflate, gzip, x-gzip, zstd"):
        decode_body(b"x", "lzma")


def test_more_codings_than_anybody_uses_are_refused() -> None:
    with pytest.raises(ValueError, match="names 5 content codings"):
        decode_body(b"", "gzip, gzip, gzip, gzip, gzip")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_decoding_ends_at_its_bound(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGEST", 1024 * 1024)
    assert len(decode_body(ENCODERS[coding](bytes(1024 * 1024)), coding)) == 1024 * 1024
    bomb = ENCODERS[coding](bytes(1024 * 1024 + 1))
    with pytest.raises(ValueError, match=f"more than 1 MiB when its {coding} is decoded"):
        decode_body(bomb, coding)


def test_a_bomb_of_several_codings_ends_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGEST", 1024 * 1024)
    with pytest.raises(ValueError, match="more than 1 MiB"):
        decode_body(gzip.compress(gzip.compress(bytes(30_000_000))), "gzip, gzip")


def test_zstd_may_not_ask_for_a_window_of_gigabytes() -> None:
    wide = zstd.compress(
        bytes(1000), options={zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    )
    coder = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    streamed = coder.compress(bytes(1000)) + coder.flush()
    assert wide
    with pytest.raises(ValueError, match="but it is not"):
        decode_body(streamed, "zstd")


HTML = "text/html"


@pytest.mark.parametrize(
    ("content_type", "content", "charset"),
    [
        ("text/html; charset=ISO-8859-2", b"", "iso8859-2"),
        ('text/html; charset="utf-8"', b"", "utf-8"),
        ("text/html;Charset = utf-8 ; a=b", b"", "utf-8"),
        ("text/html; charset=utf-8", b"\xef\xbb\xbfx", "utf-8-sig"),
        ("text/html; charset=iso-8859-2", b'<meta charset="utf-8">', "iso8859-2"),
        (HTML, b"\xef\xbb\xbfx", "utf-8-sig"),
        (HTML, b"\xff\xfex\x00", "utf-16"),
        (HTML, b"\xfe\xff\x00x", "utf-16"),
        (HTML, b'<html><META  CHARSET="windows-1251">', "cp1251"),
        (HTML, b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "cp1251"),
        (HTML, b'<!-- <meta charset="koi8-r"> --><meta charset="windows-1251">', "cp1251"),
        (HTML, b'<meta charset="utf-16">', "utf-8"),
        (HTML, b" " * 1024 + b'<meta charset="windows-1251">', "cp1252"),
        ("", b'<meta charset="windows-1251">', "cp1251"),
        ("application/json", b'"<meta charset=koi8-r>"', "cp1252"),
        ("application/xml", b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "iso8859-1"),
        ("application/xhtml+xml", b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "iso8859-1"),
        ("text/html; charset=nonsense", b"", "cp1252"),
        ("text/html; charset=base64", b"", "cp1252"),
        ("text/html; charset=idna", b"", "cp1252"),
        ("text/html; charset=unicode_escape", b"", "cp1252"),
        (HTML, b"<meta charset=nonsense>", "cp1252"),
        (HTML, b"", "cp1252"),
    ],
)
def test_the_charset_is_of_the_head_else_of_the_content_else_the_default(
    content_type: str, content: bytes, charset: str
) -> None:
    assert charset_of(content_type, content, "windows-1252") == charset


def test_an_unknown_default_is_utf_8() -> None:
    assert charset_of("text/plain", b"", "nonsense") == "utf-8"


@given(st.text(max_size=80), st.binary(max_size=300), st.text(max_size=20))
def test_whatever_is_said_the_content_can_be_read(content_type: str, content: bytes, default: str) -> None:
    content.decode(charset_of(content_type, content, default), "replace")


@given(st.text("-_:.+0123456789abcdefghijklmnopqrstuvwxyz", max_size=20), st.binary(max_size=50))
def test_whatever_charset_is_said_the_content_can_be_read(name: str, content: bytes) -> None:
    content.decode(charset_of(f"text/html; charset={name}", content, "utf-8"), "replace")
