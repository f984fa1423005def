"""A golden: what a web test means, by hand: the requests that arrive, and the answers they get (golden/README.md)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path

Headers = tuple[tuple[str, str], ...]

_REQUEST = re.compile(r"(\+ )?([A-Z]+) (https?://\S+)")
_STATUS = re.compile(r"< (\d{3})(?: after ([0-9.]+) s)?")
_MASK = re.compile(r"sha256:[0-9a-f]{64}")
_BOUNDARY = re.compile(r"(?<=boundary=)\"?([^\";]+)\"?")
HTML = ("Content-Type", "text/html; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it arrives. `headers` are all but Host and Content-Length where these are true."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, given so many seconds after the request."""

    status: int = 200
    headers: Headers = (HTML,)
    body: bytes = b"<html></html>"
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """`parallel`: the request is one of several that are sent at once."""

    request: Message
    reply: Reply
    parallel: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Errors of one kind in results; `message` "" is any."""

    count: int
    kind: str
    subkind: str
    message: str = ""


@dataclass(slots=True)
class Golden:
    """`test` is the path of the web test. `timed` is the number of transactions by their names in results, `reported` of
    requests (empty: not told)."""

    test: str = ""
    ignore_plugins: bool = False
    errors: list[Told] = field(default_factory=list)
    timed: dict[str, int] = field(default_factory=dict)
    reported: dict[str, int] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)


def read_golden(path: Path) -> Golden:
    golden = Golden()
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    for begins, group in groupby(_by_request(lines), key=lambda pair: pair[0]):
        part = [line for _, line in group]
        if begins:
            golden.exchanges.append(_exchange(part))
        else:
            _directives(golden, part)
    return golden


def _by_request(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Each line with the number of the request that it belongs to; 0 before the first."""
    number = 0
    for line in lines:
        number += bool(_REQUEST.fullmatch(line))
        yield number, line


def _directives(golden: Golden, lines: Sequence[str]) -> None:
    file = ""
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "test":
            golden.test = rest
        elif line == "ignore plugins":
            golden.ignore_plugins = True
        elif word == "error":
            count, _, told = rest.partition(" ")
            golden.errors.append(Told(int(count), *told.split(" / ", 2)))
        elif word in ("timed", "reported"):
            count, _, name = rest.partition(" ")
            (golden.timed if word == "timed" else golden.reported)[name] = int(count)
        elif word == "file":
            file = rest
            golden.files[file] = b""
        elif word == ":":
            golden.files[file] += rest.encode() + b"\r\n"
        else:
            raise ValueError(f"what does this line mean? {line}")


def _exchange(lines: Sequence[str]) -> Exchange:
    start = _REQUEST.fullmatch(lines[0])
    assert start is not None
    asked = [line[2:] for line in lines[1:] if line.startswith("  ")]
    answered = [line for line in lines[1:] if line.startswith("<")]
    if len(asked) + len(answered) != len(lines) - 1:
        raise ValueError(f"there is a line that means nothing after {lines[0]}")
    headers = tuple(_header(line) for line in asked if not line.startswith(("| ", "hex ")))
    request = Message(start[2], start[3], headers, _body([line for line in asked if line.startswith(("| ", "hex "))]))
    return Exchange(request, _reply(answered), parallel=bool(start[1]))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name, value


def _body(lines: Sequence[str]) -> bytes:
    if lines and lines[0].startswith("hex "):
        return bytes.fromhex(lines[0][4:])
    return _text([line[2:] for line in lines])


def _text(lines: Sequence[str]) -> bytes:
    return "\n".join(lines).replace("␍", "\r").encode()


def _reply(lines: Sequence[str]) -> Reply:
    status = next((found for line in lines if (found := _STATUS.fullmatch(line))), None)
    headers = tuple(_header(line[2:]) for line in lines if line.startswith("< ") and not _STATUS.fullmatch(line))
    text = [line[3:] for line in lines if line.startswith("<|")]
    if not any(name == "Content-Type" for name, _ in headers):
        headers += (HTML,)
    return Reply(
        int(status[1]) if status else 200,
        headers,
        _text(text) if text else b"<html></html>",
        float(status[2] or 0) if status else 0.0,
    )


def tell(exchanges: Sequence[Exchange]) -> str:
    """What a golden says arrives, for a comparison that can be read."""
    return "\n".join(_told(_settled([(one.request, one.parallel) for one in exchanges])))


def tell_arrived(arrived: Sequence[Message], exchanges: Sequence[Exchange]) -> str:
    """The requests that arrived, as `tell` writes them: digests where the golden has them, and what was sent at once in the
    same order."""
    parallel = [one.parallel for one in exchanges] + [False] * len(arrived)
    masks = {mask for one in exchanges for mask in _MASK.findall(f"{one.request.url} {one.request.headers}")}
    return "\n".join(
        _told(_settled([(_masked(one, masks), beside) for one, beside in zip(arrived, parallel, strict=False)]))
    )


def masked_url(url: str, masks: set[str]) -> str:
    address, question, query = url.partition("?")
    return f"{address}{question}{_mask(query, masks)}"


def _masked(message: Message, masks: set[str]) -> Message:
    headers = tuple((name, _mask(value, masks)) for name, value in message.headers)
    body = message.body
    for name, value in headers:
        if name.lower() == "content-type" and (boundary := _BOUNDARY.search(value)):
            # what follows the last boundary is ignored by whoever reads it (RFC 2046, 5.1.1)
            body = body.replace(boundary[1].encode(), b"BOUNDARY").removesuffix(b"\r\n")
    return replace(message, url=masked_url(message.url, masks), headers=headers, body=body)


def _mask(text: str, masks: set[str]) -> str:
    digest = f"sha256:{sha256(text.encode()).hexdigest()}"
    return digest if digest in masks else text


def _settled(messages: Sequence[tuple[Message, bool]]) -> list[tuple[Message, bool]]:
    """Headers, and neighbours that were sent at once, in an order of their own."""
    settled: list[tuple[Message, bool]] = []
    for parallel, group in groupby(messages, key=lambda pair: pair[1]):
        lines = [(replace(one, headers=_plain(one.headers)), parallel) for one, _ in group]
        settled += sorted(lines, key=lambda pair: (pair[0].url, pair[0].method)) if parallel else lines
    return settled


def _plain(headers: Headers) -> Headers:
    return tuple(sorted((name.title(), _BOUNDARY.sub("BOUNDARY", value)) for name, value in headers))


def _told(messages: Sequence[tuple[Message, bool]]) -> Iterator[str]:
    for message, parallel in messages:
        yield f"{'+ ' if parallel else ''}{message.method} {message.url}"
        yield from (f"  {name}: {value}" for name, value in message.headers)
        try:
            yield from (f"  | {line}" for line in message.body.decode().replace("\r", "␍").split("\n") if message.body)
        except UnicodeDecodeError:
            yield f"  hex {message.body.hex(' ')}"
