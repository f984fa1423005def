"""HTTP/1.1 heads as HTTP/2 header fields, and back (RFC 9113, 8)."""

import re

from h2.exceptions import ProtocolError

from headrace.engine.http.heads import Head

_MOST_TRANSLATIONS = 1024
# Fields that are about an HTTP/1.1 connection (RFC 9113, 8.2.2).
_OF_CONNECTION = frozenset(
    (b"connection", b"host", b"http2-settings", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade")
)
_BREAKS = re.compile(rb"[\r\n\0]")
_STATUS = re.compile(rb"[2-9][0-9]{2}")

Fields = list[tuple[bytes, bytes]]


class Translations:
    """HTTP/1.1 request heads as HTTP/2 header fields; those seen before are remembered."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[bytes, Fields] = {}

    def translate(self, data: bytes) -> tuple[Fields, int]:
        """The fields of a request, and where its body begins."""
        end = data.index(b"\r\n\r\n") + 4
        head = data[:end]  # the same object where there is no body, so that its hash is computed once
        fields = self._known.get(head)
        if fields is None:
            if len(self._known) >= _MOST_TRANSLATIONS:
                self._known.clear()
            fields = self._known[head] = _fields(head)
        return fields, end


def _fields(head: bytes) -> Fields:
    request, *lines = head.split(b"\r\n")[:-2]
    method, target, _ = request.split(b" ")
    fields = []
    authority = b""
    for line in lines:
        name, _, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
        if name == b"host":
            authority = value
        elif name not in _OF_CONNECTION:
            fields.append((name, value))
    return [(b":method", method), (b":authority", authority), (b":scheme", b"https"), (b":path", target), *fields]


class Heads:
    """Response heads from their fields; the last one is remembered, since servers repeat themselves."""

    __slots__ = ("_head", "_last")

    def __init__(self) -> None:
        self._last: Fields = []
        self._head: tuple[Head, bytes]

    def head(self, fields: Fields) -> tuple[Head, bytes]:
        """The head, and as a text. Raises h2's ProtocolError for fields that are no response's."""
        if fields != self._last or not fields:
            self._head = _head(fields)
            self._last = fields
        return self._head


def _head(fields: Fields) -> tuple[Head, bytes]:
    status = 0
    length = None
    location = None
    cookies = []
    headers = []
    for name, value in fields:
        if _BREAKS.search(name) or _BREAKS.search(value):
            raise ProtocolError(f"the header field {name[:50]!r} has a line break in it")
        if name == b":status":
            if status or not _STATUS.fullmatch(value):
                raise ProtocolError(f"the status is {value[:20]!r}")
            status = int(value)
            continue
        text = value.decode("latin-1")
        headers.append((name.decode("latin-1").lower(), text))
        if name == b"content-length":
            length = int(value)  # h2 has checked it
        elif name == b"location" and location is None:
            try:
                location = value.decode("utf-8")
            except UnicodeDecodeError:
                location = text
        elif name == b"set-cookie":
            cookies.append(text)
    if not status:
        raise ProtocolError("a response without a status")
    head = Head(status, length, True, location, tuple(cookies), "", tuple(headers))
    lines = [f"HTTP/2 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return head, "\r\n".join(lines).encode("latin-1")
