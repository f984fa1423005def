"""The texts of an answer that rules look at."""

from collections.abc import Callable

from headrace.engine.http.answer import Answer
from headrace.plan.rules import Where


def text_to_look_at(where: Where) -> Callable[[Answer], str]:
    """A function from an answer to the text. It raises ValueError where a body is not what its coding says."""
    return _TEXTS[where]


def _body(answer: Answer) -> str:
    return answer.text


def _headers(answer: Answer) -> str:
    """Lines end with a line feed, as JMeter has it; names are written as most servers write them, `Set-Cookie`."""
    head = answer.head
    lines = [f"HTTP/1.1 {head.status} {head.reason}".rstrip()]
    lines += [f"{_SPELLINGS.get(name) or name.title()}: {value}" for name, value in head.headers]
    return "\n".join(lines) + "\n"


def _headers_and_body(answer: Answer) -> str:
    """As Visual Studio's SearchInHeaders sees them: as they are sent (RFC 9112, 2.1), ends of lines and all."""
    head = _headers(answer).replace("\n", "\r\n")
    return f"{head}\r\n{answer.text}"


# A head knows its names in lower case only; these are written otherwise than `Set-Cookie`.
_SPELLINGS = {"etag": "ETag", "www-authenticate": "WWW-Authenticate", "x-xss-protection": "X-XSS-Protection"}


def _request_headers(answer: Answer) -> str:
    return answer.request.partition(b"\r\n\r\n")[0].decode("latin-1").replace("\r\n", "\n") + "\n"


_TEXTS: dict[Where, Callable[[Answer], str]] = {
    Where.BODY: _body,
    Where.HEADERS: _headers,
    Where.HEADERS_AND_BODY: _headers_and_body,
    Where.URL: lambda answer: answer.url,
    Where.STATUS: lambda answer: str(answer.status),
    Where.MESSAGE: lambda answer: answer.head.reason,
    Where.REQUEST_HEADERS: _request_headers,
    Where.REQUEST_BODY: lambda answer: answer.request.partition(b"\r\n\r\n")[2].decode("utf-8", "replace"),
}
