"""Request bodies and query strings made ready: what is the same each time is encoded and joined once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import cast

from headrace.engine.http.answer import Variables
from headrace.engine.templates import Template, compile_parts, compile_template, constant_of
from headrace.plan.requests import Binary, Body, Escaping, Form, FormPart, Multipart, Parameter, Text

_Piece = Callable[[Variables], bytes]
_Encode = Callable[[str], str]

_BREAKS = re.compile(r"[\r\n\0]")


def _escapes(kept: str) -> dict[int, str]:
    return {
        byte: f"%{byte:02X}"
        for byte in range(256)
        if not (chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in kept))
    }


# application/x-www-form-urlencoded as HTML has it, and as .NET's UrlEncode.
_FORM = {**_escapes("*-._"), ord(" "): "+"}
_DOTNET = {**{byte: escape.lower() for byte, escape in _escapes("!()*-._").items()}, ord(" "): "+"}
_FORM_SAFE = frozenset(chr(code) for code in range(128) if code not in _FORM)
# What may stand in a query as it is (plan/urls.py), without the number sign, which would end it.
_QUERY = _escapes("!$%&'()*+,/:;=?@[]~-._")


class UnencodableError(ValueError):
    """A value cannot be sent; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class CompiledBody:
    """`content_type` is the Content-Type header that belongs to it, "" for none; `constant` the body where it is the same
    each time. `build` raises UnencodableError, and UnboundError where a variable has no value."""

    content_type: str
    constant: bytes | None
    build: _Piece


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query string without its question mark; `constant` and `build` are as those of a CompiledBody."""

    constant: str | None
    build: Template


def compile_body(
    body: Body, keep_unknown: bool = False, escaping: Escaping = Escaping.HTML, charset: str = "utf-8"
) -> CompiledBody:
    """`escaping` and `charset` are those of a form. Raises ValueError where the body cannot be sent whatever the values."""
    match body:
        case Form():
            return _compile_form(body, escaping, charset, keep_unknown)
        case Text():
            return _compile_text(body, keep_unknown)
        case Binary():
            return _constant(_content_type(body.content_type), body.content)
        case Multipart():
            return _compile_multipart(body, keep_unknown)


def compile_query(
    query: Sequence[Parameter], keep_unknown: bool = False, escaping: Escaping = Escaping.HTML, charset: str = "utf-8"
) -> CompiledQuery:
    """Encodes as a form does. Of a parameter that is sent as it is, only what cannot stand in a query is encoded."""
    pieces = _compile_parameters(query, _quoting(escaping, charset), _verbatim(charset, _QUERY), keep_unknown)
    if all(isinstance(piece, str) for piece in pieces):
        constant = "".join(cast(list[str], pieces))
        return CompiledQuery(constant, lambda variables: constant)
    return CompiledQuery(None, _join(pieces))


def _constant(content_type: str, content: bytes) -> CompiledBody:
    return CompiledBody(content_type, content, lambda variables: content)


def _content_type(text: str) -> str:
    """A content type without variables, checked."""
    content_type = constant_of(text)
    if content_type is None:
        raise ValueError(
            f"the content type '{text[:100]}' has a variable in it; give the request a Content-Type header instead"
        )
    if _BREAKS.search(content_type):
        raise ValueError(f"the content type {text[:100]!r} has a line break in it; take it out")
    return content_type


# Forms and queries


def _compile_form(form: Form, escaping: Escaping, charset: str, keep_unknown: bool) -> CompiledBody:
    content_type = "application/x-www-form-urlencoded"
    pieces = _compile_parameters(form.fields, _quoting(escaping, charset), _verbatim(charset, {}), keep_unknown)
    if all(isinstance(piece, str) for piece in pieces):
        return _constant(content_type, "".join(cast(list[str], pieces)).encode("latin-1"))
    build = _join(pieces)
    return CompiledBody(content_type, None, lambda variables: build(variables).encode("latin-1"))


def _compile_parameters(
    parameters: Sequence[Parameter], quote: _Encode, verbatim: _Encode, keep_unknown: bool
) -> list[str | Template]:
    """Texts, never two next to each other, and functions that make texts; each character of a text is a byte."""
    pieces: list[str | Template] = []
    for index, parameter in enumerate(parameters):
        encode = quote if parameter.encode else verbatim
        pieces += ["&"] if index else []
        pieces += _encoded(parameter.name, encode, keep_unknown)
        pieces.append("=")
        pieces += _encoded(parameter.value, encode, keep_unknown)
    return _merge(pieces)


def _encoded(text: str, encode: Callable[[str], str], keep_unknown: bool) -> list[str | Template]:
    parts = compile_parts(text, keep_unknown)
    return [encode(part) if isinstance(part, str) else _then(part, encode) for part in parts]


def _then(value: Template, encode: Callable[[str], str]) -> Template:
    if encode is _quote:
        return _quoted(value)
    return lambda variables: encode(value(variables))


def _quoted(value: Template) -> Template:
    def build(variables: Variables) -> str:
        text = value(variables)
        # Most values are names and numbers.
        return text if text.isascii() and text.isalnum() else _quote(text)

    return build


def _merge(pieces: Sequence[str | Template]) -> list[str | Template]:
    merged: list[str | Template] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    return merged


def _join(pieces: Sequence[str | Template]) -> Template:
    if len(pieces) == 2 and isinstance(pieces[0], str):
        before, value = cast(tuple[str, Template], tuple(pieces))
        return lambda variables: before + value(variables)
    if len(pieces) == 3 and isinstance(pieces[0], str):
        before, value, after = cast(tuple[str, Template, str], tuple(pieces))
        return lambda variables: f"{before}{value(variables)}{after}"
    fixed = [piece if isinstance(piece, str) else "" for piece in pieces]
    varying = [(index, piece) for index, piece in enumerate(pieces) if not isinstance(piece, str)]

    def build(variables: Variables) -> str:
        filled = fixed.copy()
        for index, value in varying:
            filled[index] = value(variables)
        return "".join(filled)

    return build


def _quote(text: str) -> str:
    if not text.isascii():
        return _bytes_of(text).translate(_FORM)
    # A long value has few different characters to encode, a view state two: this takes a quarter of the time of translate.
    found = set(text) - _FORM_SAFE
    if "%" in found:  # first, since every replacement has one
        found.remove("%")
        text = text.replace("%", "%25")
    for character in found:
        text = text.replace(character, _FORM[ord(character)])
    return text


def _quoting(escaping: Escaping, charset: str) -> _Encode:
    if escaping is Escaping.HTML and charset == "utf-8":
        return _quote
    table = _DOTNET if escaping is Escaping.DOTNET else _FORM
    extends_ascii = "az09".encode(charset) == b"az09"

    def quote(text: str) -> str:
        if extends_ascii and text.isascii() and text.isalnum():
            return text
        return _bytes_of(text, charset).translate(table)

    return quote


def _verbatim(charset: str, table: dict[int, str]) -> _Encode:
    return lambda text: _bytes_of(text, charset).translate(table)


def _bytes_of(text: str, charset: str = "utf-8") -> str:
    """The bytes of the text, each as a character."""
    return text if charset == "utf-8" and text.isascii() else _encode(text, charset).decode("latin-1")


def _encode(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except UnicodeEncodeError as error:
        value = text[max(0, error.start - 20) : error.start + 20]
        character = f"U+{ord(text[error.start]):04X}"
        raise UnencodableError(
            f"{value!r} has a character, {character}, that the charset {charset} does not have; "
            + ("it is half of a pair: look at where the value comes from" if charset == "utf-8" else "use utf-8")
        ) from None
    except UnicodeError:  # of codecs for host names and the like
        raise UnencodableError(f"{text[:40]!r} cannot be written in the charset {charset}; use utf-8") from None


# Texts


def _compile_text(body: Text, keep_unknown: bool) -> CompiledBody:
    charset = body.charset
    content_type = _content_type(body.content_type)
    try:
        "".encode(charset)
    except LookupError:
        raise ValueError(f"'{charset[:100]}' is no charset that is known; write one such as utf-8 or iso-8859-1") from None
    constant = constant_of(body.text)
    if constant is not None:
        return _constant(content_type, _encode(constant, charset))
    # Encoded as a whole: some charsets begin with a mark, or need to know what went before.
    template = compile_template(body.text, keep_unknown)

    def build(variables: Variables) -> bytes:
        text = template(variables)
        try:
            return text.encode(charset)
        except UnicodeError:
            return _encode(text, charset)

    return CompiledBody(content_type, None, build)


# Multipart


def _compile_multipart(body: Multipart, keep_unknown: bool) -> CompiledBody:
    boundary = _boundary(body)
    pieces: list[bytes | _Piece] = []
    for part in body.parts:
        pieces += [f"--{boundary}\r\n".encode(), *_compile_part(part, boundary, keep_unknown), b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    content_type = f"multipart/form-data; boundary={boundary}"
    if all(isinstance(piece, bytes) for piece in pieces):
        return _constant(content_type, b"".join(cast(list[bytes], pieces)))
    functions = [_always_bytes(piece) if isinstance(piece, bytes) else piece for piece in _merge_bytes(pieces)]
    return CompiledBody(content_type, None, lambda variables: b"".join([function(variables) for function in functions]))


def _boundary(body: Multipart) -> str:
    """One that occurs in nothing that is known now; values are checked when they are sent."""
    while True:
        boundary = f"----HeadraceBoundary{token_hex(12)}"
        known = [text for part in body.parts for text in (part.name, part.value, part.file_name, part.content_type)]
        if not any(boundary in text for text in known) and not any(
            part.content is not None and boundary.encode() in part.content for part in body.parts
        ):
            return boundary


def _compile_part(part: FormPart, boundary: str, keep_unknown: bool) -> list[bytes | _Piece]:
    is_file = part.file_name != ""

    def piece(text: str, change: Callable[[str], str]) -> bytes | _Piece:
        constant = constant_of(text)
        if constant is not None:
            return _encode(change(constant), "utf-8")
        template = compile_template(text, keep_unknown)
        return lambda variables: _encode(change(template(variables)), "utf-8")

    def content(text: str) -> str:
        if boundary in text:
            raise UnencodableError(
                f"{text[:40]!r} has the boundary of the multipart form in it, so the form would end there"
            )
        return text

    pieces = [b'Content-Disposition: form-data; name="', piece(part.name, _escape), b'"']
    if is_file:
        pieces += [b'; filename="', piece(part.file_name, _escape), b'"']
    content_type = part.content_type or ("application/octet-stream" if is_file else "")
    if content_type:
        pieces += [b"\r\nContent-Type: ", piece(content_type, _header_value)]
    pieces.append(b"\r\n\r\n")
    pieces.append(part.content if part.content is not None else piece(part.value, content))
    return pieces


def _escape(name: str) -> str:
    """A name or file name as HTML escapes them, so that it stays between its quotes."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _header_value(text: str) -> str:
    if _BREAKS.search(text):
        raise UnencodableError(f"the content type {text[:100]!r} has a line break in it; take it out")
    return text


def _merge_bytes(pieces: Sequence[bytes | _Piece]) -> list[bytes | _Piece]:
    merged: list[bytes | _Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def _always_bytes(content: bytes) -> _Piece:
    return lambda variables: content
