"""What the connections of a process share: the heads and header lines seen before, and readers for what is neither.

A server sends the same head again and again (until its Date changes, once a second). Such a head is found by one look-up. Of
another, most lines have come before (all but a cookie, say), and the rest are parsed. That is most of what makes a request
cheap here; `docs/engine.md` has the measurement. Only heads that leave no doubt are read so: everything else is for llhttp.
"""

import re

from headrace.engine.http.heads import Head
from headrace.engine.http.responses import ResponseReader, text_of

# More different heads or lines than this at a time are not a repeating server; then remembering costs more than it gives.
_MOST = 512
_MOST_LINES = 2048
_LONGEST = 2048
_MOST_READERS = 64

_START = re.compile(rb"HTTP/1\.1 ([2-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?")
_LINE = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*"
)
_LENGTH = re.compile(r"[0-9]{1,15}")

# What a line is to the reading of a head.
_ANY, _CONTENT_LENGTH, _LOCATION, _COOKIE = range(4)
_PURPOSES = {"content-length": _CONTENT_LENGTH, "location": _LOCATION, "set-cookie": _COOKIE}
# These can change where the response ends, or what follows it.
_DOUBTFUL = {"transfer-encoding", "upgrade", "connection", "proxy-connection", "trailer"}

_Line = tuple[int, tuple[str, str]]


class HeadMemory:
    """Heads by their bytes, blank line included: those that mean the same each time, with a length and without cookies."""

    __slots__ = ("_lines", "_readers", "_starts", "known")

    def __init__(self) -> None:
        self.known: dict[bytes, Head] = {}
        self._starts: dict[bytes, tuple[int, str]] = {}
        self._lines: dict[bytes, _Line] = {}
        # A parser has more than a kilobyte, and tens of thousands of connections are idle most of the time.
        self._readers: list[ResponseReader] = []

    def read(self, data: bytes) -> Head | None:
        """A head from its bytes, blank line included; None where there is any doubt about it."""
        if len(data) > _LONGEST or not data.endswith(b"\r\n\r\n"):
            return None
        begin = data.find(b"\r\nSet-Cookie: ")
        if begin < 0:
            return self._read(data)
        end = data.find(b"\r\n", begin + 14)
        rest = data[:begin] + data[end:]
        if data[end + 2 : end + 3] in (b" ", b"\t"):
            return None  # it goes on in the next line
        # Heads with a cookie are never the same, but mostly for the cookie.
        head = self.known.get(rest) or self._read(rest)
        if head is not None and head.cookies:
            return self._read(data)  # several
        cookie = data[begin + 14 : end].decode("latin-1").strip(" \t")
        if not (cookie.isascii() and cookie.isprintable()):  # what it may be besides is for the line's own rule to say
            line = self._read_line(data[begin + 2 : end])
            cookie = line[1][1] if line is not None else ""
        if head is None or not cookie:
            return None
        return head.with_cookie(cookie, data.count(b"\r\n", 0, begin))

    def _read(self, data: bytes) -> Head | None:
        start, *lines = data[:-4].split(b"\r\n")
        begun = self._starts.get(start) or self._read_start(start)
        if begun is None:
            return None
        length = -1
        location = None
        headers = []
        cookies: list[str] = []
        for data_line in lines:
            line = self._lines.get(data_line) or self._read_line(data_line)
            if line is None:
                return None
            purpose, field = line
            headers.append(field)
            if purpose == _CONTENT_LENGTH:
                if length >= 0:
                    return None
                length = int(field[1])
            elif purpose == _COOKIE:
                cookies.append(field[1])
            elif purpose == _LOCATION and location is None:
                location = text_of(field[1])
        if length < 0:
            return None
        head = Head(begun[0], length, True, location, tuple(cookies), begun[1], tuple(headers))
        if not cookies:
            if len(self.known) >= _MOST:
                self.known.clear()
            self.known[data] = head
        return head

    def _read_start(self, start: bytes) -> tuple[int, str] | None:
        found = _START.fullmatch(start)
        if found is None or found[1] in (b"204", b"304"):
            return None
        begun = int(found[1]), (found[2] or b"").decode("latin-1")
        if len(self._starts) < _MOST:
            self._starts[start] = begun
        return begun

    def _read_line(self, data: bytes) -> _Line | None:
        found = _LINE.fullmatch(data)
        if found is None:
            return None
        name, value = found[1].decode("latin-1").lower(), found[2].decode("latin-1")
        purpose = _PURPOSES.get(name, _ANY)
        if name in _DOUBTFUL and not (name == "connection" and value.lower() == "keep-alive"):
            return None
        if purpose == _CONTENT_LENGTH and not _LENGTH.fullmatch(value):
            return None
        line = purpose, (name, value)
        if purpose != _COOKIE:  # those do not come again
            if len(self._lines) >= _MOST_LINES:
                self._lines.clear()
            self._lines[data] = line
        return line

    def take_reader(self) -> ResponseReader:
        return self._readers.pop() if self._readers else ResponseReader()

    def give_back(self, reader: ResponseReader) -> None:
        """Takes a reader that has read a whole response, after which another may follow."""
        if len(self._readers) < _MOST_READERS:
            self._readers.append(reader)
