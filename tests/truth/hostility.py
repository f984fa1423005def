"""What hostile servers do, as routes of `tests/engine/target.py`, and how each should be told to the user."""

import asyncio
import zlib
from dataclasses import dataclass

from tests.engine.target import Exchange, Route, answer, endlessly, redirect, response, send, slowly

TIMEOUT = 0.5
"""Seconds that requests to hostile servers may take."""

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_BODY = b"x" * 20

# Three kinds of failure, with what their messages have in common.
_EXCEPTION = ("Exception", "WebException")
_TIMED_OUT = ("Timeout", "RequestTimeout", f"was not answered within {TIMEOUT:g} seconds")
_VIOLATION = (*_EXCEPTION, "The server committed a protocol violation")
_CLOSED_FIRST = (*_EXCEPTION, "The underlying connection was closed: the server closed it before it answered")
_CLOSED = (*_EXCEPTION, "The underlying connection was closed: the server closed it before the response was complete")
_RESET_FIRST = (*_EXCEPTION, "The underlying connection was closed: the server reset it before it answered")
_RESET = (*_EXCEPTION, "The underlying connection was closed: the server reset it before the response was complete")


@dataclass(frozen=True)
class Hostility:
    """A route and the failure that it should be: kind, sub-kind and words of the message; None where it is none."""

    route: Route
    told: tuple[str, str, str] | None


def _violation(words: str) -> tuple[str, str, str]:
    kind, subkind, message = _VIOLATION
    return kind, subkind, f"{message}: {words}"


def _sending(head: bytes, *body: bytes, then: str = "silence") -> Route:
    return send(head, *body, then=then)


def _after_a_good_one(then: str) -> Route:
    """Answers, and ends the connection a moment later, when no request is under way."""
    return send(response(), b"", then=then, pause=0.01)


def _dribbling_chunks() -> Route:
    async def route(exchange: Exchange) -> None:
        await exchange.send(_CHUNKED)
        while True:
            await exchange.send(b"1\r\nx\r\n")
            await asyncio.sleep(0.05)

    return route


SLOW = {
    "silence": Hostility(send(then="silence"), _TIMED_OUT),
    "slow-loris head": Hostility(slowly(response(), 0.05), _TIMED_OUT),
    "slow-loris body": Hostility(slowly(_OK + b"Content-Length: 1000\r\n\r\n" + bytes(1000), 0.02), _TIMED_OUT),
    "slow-loris chunks": Hostility(_dribbling_chunks(), _TIMED_OUT),
    "silence in the middle of the head": Hostility(_sending(_OK), _TIMED_OUT),
    "silence after the head": Hostility(_sending(_OK + b"Content-Length: 20\r\n\r\n"), _TIMED_OUT),
}

LYING = {
    "length too short": Hostility(
        _sending(_OK + b"Content-Length: 5\r\n\r\n" + _BODY), _violation("more bytes follow the end of the response")
    ),
    "length too long, then closed": Hostility(_sending(_OK + b"Content-Length: 50\r\n\r\n" + _BODY, then="close"), _CLOSED),
    "length too long, then silence": Hostility(_sending(_OK + b"Content-Length: 50\r\n\r\n" + _BODY), _TIMED_OUT),
    "length negative": Hostility(
        _sending(_OK + b"Content-Length: -5\r\n\r\n" + _BODY), _violation("invalid character in content-length")
    ),
    "length no number": Hostility(
        _sending(_OK + b"Content-Length: five\r\n\r\n" + _BODY), _violation("invalid character in content-length")
    ),
    "length beyond all bounds": Hostility(
        _sending(_OK + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n" + _BODY), _violation("content-length overflow")
    ),
    "two different lengths": Hostility(
        _sending(_OK + b"Content-Length: 20\r\nContent-Length: 5\r\n\r\n" + _BODY), _violation("duplicate content-length")
    ),
    "a length and chunks": Hostility(
        _sending(_OK + b"Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n" + _BODY),
        _violation("transfer-encoding can't be present with content-length"),
    ),
}

GARBAGE = {
    "garbage": Hostility(_sending(bytes(range(256))), _violation("expected http/")),
    "another protocol": Hostility(_sending(b"SSH-2.0-OpenSSH_9.2p1\r\n"), _violation("expected http/")),
    "a status that is none": Hostility(_sending(b"HTTP/1.1 abc OK\r\n\r\n"), _violation("invalid status code")),
    "a version that is none": Hostility(_sending(b"HTTP/9.9 200 OK\r\n\r\n"), _violation("invalid http version")),
    "a header without a colon": Hostility(
        _sending(_OK + b"no header\r\nContent-Length: 0\r\n\r\n"), _violation("invalid header token")
    ),
    "a null in a header": Hostility(
        _sending(_OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n"), _violation("invalid header value char")
    ),
    "a chunk size that is none": Hostility(
        _sending(_CHUNKED + b"zz\r\nx\r\n"), _violation("invalid character in chunk size")
    ),
    "a chunk size beyond all bounds": Hostility(
        _sending(_CHUNKED + b"f" * 40 + b"\r\nx"), _violation("chunk size overflow")
    ),
    "an immense chunk that never comes": Hostility(_sending(_CHUNKED + b"7fffffffffffffff\r\nx"), _TIMED_OUT),
    "a switch of protocols": Hostility(
        _sending(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        _violation("it switched to another protocol unasked"),
    ),
    "two answers to one request": Hostility(
        _sending(response() + response()), _violation("more bytes follow the end of the response")
    ),
}

RESETS = {
    "reset before the head": Hostility(send(then="reset"), _RESET_FIRST),
    "reset in the middle of the head": Hostility(_sending(_OK, then="reset"), _RESET),
    "reset after the head": Hostility(_sending(_OK + b"Content-Length: 20\r\n\r\n", then="reset"), _RESET),
    "reset in the middle of the body": Hostility(_sending(response()[:-5], then="reset"), _RESET),
    "reset in the middle of a chunk": Hostility(_sending(_CHUNKED + b"a\r\nabc", then="reset"), _RESET),
    "reset of a body without a length": Hostility(_sending(_OK + b"\r\nabc", then="reset"), _RESET),
    "reset between requests": Hostility(_after_a_good_one("reset"), None),
    "closed before the head": Hostility(send(then="close"), _CLOSED_FIRST),
    "closed in the middle of the head": Hostility(_sending(_OK, then="close"), _CLOSED),
    "closed after the head": Hostility(_sending(_OK + b"Content-Length: 20\r\n\r\n", then="close"), _CLOSED),
    "closed in the middle of a chunk": Hostility(_sending(_CHUNKED + b"a\r\nabc", then="close"), _CLOSED),
    "closed between requests": Hostility(_after_a_good_one("close"), None),
}

REDIRECTS = {
    "endless redirects": Hostility(
        redirect("/endless%20redirects"),
        (*_EXCEPTION, "Too many automatic redirections were attempted (more than 20)"),
    ),
    "a redirect to nowhere": Hostility(
        redirect("http://[::1"), ("Exception", "UriFormatException", "The server redirected to 'http://[::1'")
    ),
    "a redirect to another protocol": Hostility(
        redirect("file:///etc/passwd"), ("Exception", "UriFormatException", "The server redirected to 'file:///etc/passwd'")
    ),
    "a redirect to the metadata of a cloud": Hostility(
        redirect("http://169.254.169.254/latest/"), ("Exception", "TargetNotAllowedException", "The request was not sent")
    ),
}

QUIET = {**SLOW, **LYING, **GARBAGE, **RESETS, **REDIRECTS}
"""What costs the one who asks next to nothing."""

_TOO_LONG = _violation("its head is longer than 262144 bytes")

LOUD = {
    "an endless body": Hostility(endlessly(_OK + b"\r\n", bytes(65536)), _TIMED_OUT),
    "an endless body of small chunks": Hostility(endlessly(_CHUNKED, b"1\r\nx\r\n" * 1000), _TIMED_OUT),
    "an endless header": Hostility(endlessly(_OK + b"X: ", b"x" * 65536), _TOO_LONG),
    "a million headers": Hostility(
        endlessly(_OK, b"X-Header: value\r\n" * 1000), _violation("its head has more than 2000 headers")
    ),
    "endless hints": Hostility(endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000), _TOO_LONG),
    "an endless chunk extension": Hostility(
        endlessly(_CHUNKED + b"1;", b"x" * 65536),
        _violation("its chunk extensions or trailers are longer than 262144 bytes"),
    ),
    "endless trailers": Hostility(
        endlessly(_CHUNKED + b"0\r\n", b"X: y\r\n" * 1000),
        _violation("its chunk extensions or trailers are longer than 262144 bytes"),
    ),
}
"""What comes as fast as it is taken."""


def _gzip_bomb() -> bytes:
    """Some 2 MiB that decode to 2 GiB."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = squeezer.compress(bytes(1024 * 1024)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    again = squeezer.compress(bytes(1024 * 1024)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return start + again * 2047


BOMB_NAME = "a gzip bomb"
BOMB = Hostility(
    answer(200, "Content-Type: text/html", "Content-Encoding: gzip", body=_gzip_bomb()),
    ("ValidationRuleError", "ValidationRuleFindText", "The response is more than 16 MiB when its gzip is decoded"),
)
"""Harmless unless somebody looks at its text."""


def path_of(name: str) -> str:
    return "/" + name.replace(" ", "%20").replace(",", "%2C")


def routes() -> dict[str, Route]:
    """All of them, by path."""
    return {path_of(name): one.route for name, one in {**QUIET, **LOUD, BOMB_NAME: BOMB}.items()}
