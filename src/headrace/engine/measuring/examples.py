"""Examples of slow and failed requests: what was sent and what came back, as a person can read it, without secrets.

An engine remembers the bytes of the few that matter, and makes texts of them once a second.
"""

import re
import zlib
from collections import Counter
from dataclasses import dataclass
from time import time
from typing import Protocol

from headrace.engine.http.answer import Answer
from headrace.engine.http.connection import Connection
from headrace.engine.http.decoding import charset_of
from headrace.engine.http.failures import Failure
from headrace.engine.http.heads import Head
from headrace.engine.http.prepared import Prepared
from headrace.engine.measuring.masking import mask_body, mask_head, mask_url
from headrace.ticks.tick import MOST_EXAMPLES, MOST_FAILED, MOST_SLOW, Example, ExampleKind, Name

# Characters of a head and of a body that are shown, and bytes that are kept to make them of.
_HEAD = 4096
_BODY = 2048
_KEPT = 16 * 1024

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_BROKEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_STATUS = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})")


# Texts


def request_text(data: bytes) -> str:
    """A request as it was sent: its head, and the beginning of its body."""
    return _text(data, size=None)


def response_text(received: bytes, body: bytes = b"", size: int | None = None) -> str:
    """A response from the bytes received first: its head, and the beginning of its body, without chunks and compression.

    `body` is what was kept of it apart from these, `size` its whole length in bytes, where they are known.
    """
    return _text(received, size, body)


def _text(data: bytes, size: int | None, kept: bytes = b"") -> str:
    if not data:
        return ""
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = _printable(head[: 2 * _HEAD].decode("latin-1").replace("\r\n", "\n"))
    text = mask_head(lines[:_HEAD]) + (f"\n[the first {_HEAD} characters]" if len(lines) > _HEAD else "")
    if not blank:
        return text
    fields = _fields(head)
    if kept:
        body = kept
    elif "chunked" in fields.get("transfer-encoding", "").lower():
        body = _unchunk(body)
    if size is None:
        length = fields.get("content-length", "")
        size = int(length) if length.isascii() and length.isdigit() and len(length) < 18 else len(body)
    return f"{text}\n\n{_body_text(body, size, fields)}" if body else text


def _fields(head: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in head[:_KEPT].decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _body_text(body: bytes, size: int, fields: dict[str, str]) -> str:
    kind = fields.get("content-type", "")[:100]
    coding = fields.get("content-encoding", "").lower()
    decoded: bytes | None = body
    if coding not in ("", "identity"):
        decoded = _inflate(body) if coding in ("gzip", "x-gzip", "deflate") else None
    if decoded is None:
        return f"[{size} bytes, encoded as {_printable(coding[:50])}]"
    part = decoded[: _BODY * 4]
    text = part.decode(charset_of(kind, part, "utf-8"), "replace")
    broken = _BROKEN.findall(text[:_BODY])
    if "\0" in broken or len(broken) > 3 + len(text[:_BODY]) // 20:
        return f"[{size} bytes, binary{', ' + _printable(kind) if kind else ''}]"
    shown = mask_body(_printable(text[:_BODY].replace("\r\n", "\n")))
    whole = len(text) <= _BODY and len(part) == len(decoded) and (len(body) >= size or coding != "")
    return shown if whole else f"{shown}\n[the beginning of {size} bytes]"


def _inflate(data: bytes) -> bytes | None:
    """The beginning of what was compressed with gzip or deflate; None where it was not."""
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            return zlib.decompressobj(bits).decompress(data, _BODY * 4)
        except zlib.error:
            continue
    return None


def _unchunk(data: bytes) -> bytes:
    """The content of the chunks that are there."""
    content = b""
    at = 0
    while len(content) < _KEPT:
        end = data.find(b"\r\n", at, at + 1000)
        try:
            size = int(data[at:end].partition(b";")[0], 16) if end > at else 0
        except ValueError:
            break
        if size <= 0:
            break
        content += data[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
    return content


def _printable(text: str) -> str:
    r"""The text with control characters, and those that turn a line around, written as `\x1b` and `\u202e`."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


# Choosing


class Measure(Protocol):
    """Of a RequestMeasure: its name, and how slow (ns) a request of it must be to become an example."""

    bar: int

    @property
    def name(self) -> Name: ...


@dataclass(frozen=True, slots=True)
class _Exchange:
    """The bytes of a request and its response, before they are made into texts. `error` is "" for a slow one."""

    name: Name
    at: float
    response_us: int
    service_us: int
    url: str
    method: str
    status: int
    error: str
    sent: bytes
    received: bytes
    body: bytes
    size: int | None


class Examples:
    """The examples of one engine process, as few as a Tick and a run may have (ticks/tick.py).

    A slow one is an example if it is among the slowest of its name in the whole run so far: `measure.bar` says how slow that
    is, so that most requests pay for one comparison. The first failures with the same message under the same name are
    examples; failures stop being remembered when there were as many as a run may have.
    """

    def __init__(self) -> None:
        self._slowest: dict[Name, list[int]] = {}
        self._failures: Counter[tuple[Name, str]] = Counter()
        self._left = MOST_EXAMPLES
        self._failed: list[_Exchange] = []
        self._slow: dict[Name, list[_Exchange]] = {}

    def wants_slow(self, measure: Measure, response_ns: int) -> bool:
        return response_ns > measure.bar

    def wants_failed(self, name: Name, message: str) -> bool:
        return self._left > 0 and self._failures[name, message] < MOST_FAILED

    def slow(self, measure: Measure, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        """Takes an answered request that `wants_slow` wants; `now` is when it was answered, in ns."""
        name = measure.name
        exchange = _exchange(name, connection, request, head.status, "", now)
        times = self._slowest.setdefault(name, [])
        times.append(now - connection.wanted_at)
        times.sort()
        del times[:-MOST_SLOW]
        if len(times) == MOST_SLOW:
            measure.bar = times[0]
        slow = self._slow.setdefault(name, [])
        slow.append(exchange)
        slow.sort(key=lambda one: one.response_us)
        del slow[:-MOST_SLOW]

    def failed(self, measure: Measure, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        """Takes a failed request, if it is one of the first of its kind."""
        name = measure.name
        if self.wants_failed(name, failure.message):
            self._count(name, failure.message)
            status = _STATUS.match(connection.glimpse) if connection.received else None
            self._failed.append(_exchange(name, connection, request, int(status[1]) if status else 0, failure.message, now))

    def failed_rule(self, name: Name, answer: Answer, failure: Failure) -> None:
        """Takes a response that broke a rule, if it is one of the first of its kind."""
        if self.wants_failed(name, failure.message):
            self._count(name, failure.message)
            self._failed.append(
                _Exchange(
                    name,
                    time(),
                    answer.response_us,
                    answer.response_us,
                    answer.url,
                    answer.request[:50].partition(b" ")[0].decode("latin-1"),
                    answer.status,
                    failure.message,
                    answer.request[:_KEPT],
                    _head(answer.head),
                    answer.body[:_KEPT],
                    answer.size,
                )
            )

    def _count(self, name: Name, message: str) -> None:
        self._left -= 1
        self._failures[name, message] += 1

    def take(self) -> list[Example]:
        """The examples of the second that is over; starts the next."""
        failed, self._failed = self._failed, []
        slow, self._slow = self._slow, {}
        slowest = sorted((one for several in slow.values() for one in several), key=lambda one: (-one.response_us, one.at))
        return [_example(exchange) for exchange in [*failed, *slowest][:MOST_EXAMPLES]]


def _head(head: Head) -> bytes:
    lines = [f"HTTP/1.1 {head.status} {head.reason}", *(f"{name}: {value}" for name, value in head.headers), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def _exchange(name: Name, connection: Connection, request: Prepared, status: int, error: str, now: int) -> _Exchange:
    # After a break, `glimpse` and `body` may still be those of an earlier answer on this connection.
    received = connection.glimpse[:_KEPT] if connection.received else b""
    body = connection.body[:_KEPT] if request.keep and not connection.lost else b""
    return _Exchange(
        name,
        time(),
        (now - connection.wanted_at) // 1000,
        (now - connection.sent_at) // 1000,
        request.url,
        request.method,
        status,
        error,
        connection.data[:_KEPT],
        received,
        body,
        None,
    )


def _example(exchange: _Exchange) -> Example:
    return Example(
        kind=ExampleKind.FAILED if exchange.error else ExampleKind.SLOW,
        name=exchange.name,
        at=exchange.at,
        response_us=exchange.response_us,
        service_us=exchange.service_us,
        url=mask_url(exchange.url),
        method=exchange.method,
        status=exchange.status,
        error=exchange.error,
        request=request_text(exchange.sent),
        response=response_text(exchange.received, exchange.body, exchange.size),
    )
