"""Content codings and character sets: from the bytes of a body to its text, within bounds.

A few kilobytes can be coded to decode to gigabytes, so decoding stops at LARGEST, whatever the ratio.
"""

import re
import sys
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, lookup
from collections.abc import Callable
from functools import lru_cache

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LARGEST = 16 * 1024 * 1024  # bytes that a body may decode to; all of the load waits meanwhile
_MOST_CODINGS = 4
_MOST_MEMBERS = 100  # gzip members or zstd frames in one body
_WINDOW_LOG = 23  # 8 MiB, all that zstd may ask for in HTTP (RFC 9659)


class _TooLargeError(Exception):
    pass


class _CutError(Exception):
    pass


def decode_body(body: bytes, coding: str, cut: bool = False) -> bytes:
    """A body without its content codings; `coding` is the value of Content-Encoding. A `cut` body decodes as far as it goes.

    Raises ValueError where a coding is not known, the body is not what its coding says, or is over LARGEST bytes decoded.
    """
    names = [name for part in coding.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if len(names) > _MOST_CODINGS:
        raise ValueError(f"The response names {len(names)} content codings; at most {_MOST_CODINGS} are undone")
    for name in reversed(names):
        decode = _DECODERS.get(name)
        if decode is None:
            known = ", ".join(sorted(_DECODERS))
            raise ValueError(f"The response has the content coding {name[:50]!r}, which is not known; known are {known}")
        try:
            body = decode(body, cut)
        except _TooLargeError:
            raise ValueError(f"The response is more than {LARGEST // 1024 // 1024} MiB when its {name} is decoded") from None
        except _CutError:
            raise ValueError(f"The response is coded as {name}, but ends before the coded data does") from None
        except (zlib.error, brotli.error, zstd.ZstdError) as error:
            raise ValueError(f"The response says that it is coded as {name}, but it is not: {error}") from None
    return body


def _gzip(body: bytes, cut: bool) -> bytes:
    parts: list[bytes] = []
    left = LARGEST
    for _ in range(_MOST_MEMBERS):
        member, rest = _inflate(body, 31, left, cut)
        parts.append(member)
        left -= len(member)
        if not rest.startswith(b"\x1f\x8b"):  # what else follows is padding, which all clients ignore
            return parts[0] if len(parts) == 1 else b"".join(parts)
        body = rest
    raise zlib.error(f"it has more than {_MOST_MEMBERS} members")


def _deflate(body: bytes, cut: bool) -> bytes:
    # RFC 9110 means zlib's format; some servers send the bare deflate stream, and clients accept both.
    try:
        return _inflate(body, 15, LARGEST, cut)[0]
    except zlib.error:
        return _inflate(body, -15, LARGEST, cut)[0]


def _inflate(body: bytes, window: int, most: int, cut: bool) -> tuple[bytes, bytes]:
    if not body:
        return b"", b""
    decoder = zlib.decompressobj(window)
    content = decoder.decompress(body, most + 1)
    if len(content) > most:
        raise _TooLargeError
    if not decoder.eof and not cut:
        raise _CutError
    return content, decoder.unused_data


def _brotli(body: bytes, cut: bool) -> bytes:
    if not body:
        return b""
    decoder = brotli.Decompressor()
    parts: list[bytes] = []
    left = LARGEST
    while True:
        part = decoder.process(body, output_buffer_limit=left + 1)
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise _TooLargeError
        if decoder.is_finished():
            return b"".join(parts)
        if decoder.can_accept_more_data():
            if not cut:
                raise _CutError
            return b"".join(parts)
        body = b""


def _zstd(body: bytes, cut: bool) -> bytes:
    parts: list[bytes] = []
    left = LARGEST
    for _ in range(_MOST_MEMBERS):
        if not body:
            return b"".join(parts)
        decoder = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})
        part = decoder.decompress(body, left + 1)
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise _TooLargeError
        if not decoder.eof:
            if not cut:
                raise _CutError
            return b"".join(parts)
        body = decoder.unused_data
    raise zstd.ZstdError(f"it has more than {_MOST_MEMBERS} frames")


_DECODERS: dict[str, Callable[[bytes, bool], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

_PARAMETER = re.compile(r""";[ \t]*charset[ \t]*=[ \t]*["']?([A-Za-z0-9_:.+-]+)""", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"""<meta[\s/][^>]*?charset\s*=\s*["']?\s*([A-Za-z0-9_:.+-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9_:.+-]+)""")
_LONGEST_TYPE = 500  # characters of a Content-Type
_LOOKED_AT = 1024  # bytes of HTML in which its charset must be said (HTML standard, 4.2.5.4)

_MARKS = {BOM_UTF8[:2]: "utf-8-sig", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}

# Codecs of Python that are no character sets of documents: they cannot replace, or take quadratic time.
_NO_CHARSETS = {"idna", "utf-7", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"}


def charset_of(content_type: str, content: bytes, default: str) -> str:
    """The codec to read `content` with: of the header, else of the byte order mark, of HTML, of XML, else `default`.

    A name that Python does not know counts as none; where even `default` is not known, the answer is "utf-8".
    """
    charset, is_html = _declared(content_type if len(content_type) <= _LONGEST_TYPE else content_type[:_LONGEST_TYPE])
    if charset:
        return "utf-8-sig" if charset == "utf-8" and content.startswith(BOM_UTF8) else charset
    if marked := _MARKS.get(content[:2]):
        return marked
    if is_html and b"charset" in content[:_LOOKED_AT].lower():
        charset = _named(_META.search(_COMMENT.sub(b"", content[:_LOOKED_AT])))
    if not charset and content.startswith(b"<?xml"):
        charset = _named(_XML.match(content[:_LOOKED_AT]))
    if charset:
        return charset
    return _codec(default) or "utf-8"


# A site has a handful of content types; the bound is for one that makes up a new one each time.
@lru_cache(maxsize=256)
def _declared(content_type: str) -> tuple[str, bool]:
    """The charset that a Content-Type names, and whether the content may be HTML."""
    found = _PARAMETER.search(content_type)
    return _codec(found[1][:50]) if found else "", "html" in content_type.lower() or not content_type


@lru_cache(maxsize=256)
def _codec(name: str) -> str:
    """Python's name of a charset, "" where it is none."""
    try:
        codec = lookup(name)
        b"a".decode(codec.name, "replace")  # an empty one would not even be looked up
    except (LookupError, ValueError):
        return ""
    return "" if codec.name.replace("_", "-") in _NO_CHARSETS else codec.name


def _named(found: "re.Match[bytes] | None") -> str:
    charset = _codec(found[1][:50].decode("ascii")) if found else ""
    # In UTF-16 this could not have been read as ASCII, so it is not meant (HTML standard, 13.2.3.2).
    return "utf-8" if charset.startswith(("utf-16", "utf-32")) else charset
