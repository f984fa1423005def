"""Reading a response with httptools: the thorough way, for heads that were not seen before and bodies without a length."""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from headrace.engine.http.heads import Head

LONGEST_HEAD = 256 * 1024
MOST_HEADERS = 2000  # as in Node.js; each becomes two texts here, so that bytes alone would bound the memory badly

_FOLLOWED = "more bytes follow the end of the response"


class ViolationError(Exception):
    """The bytes are no HTTP response; the message says why."""


class ResponseReader:
    """Reads the responses on one connection, one after the other; bodies are counted, and kept as far as somebody looks."""

    __slots__ = (
        "_bodiless",
        "_chunked",
        "_headers",
        "_keep",
        "_length",
        "_parser",
        "_parts",
        "_reason",
        "_unproductive",
        "_whole",
        "content",
        "head",
    )

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._length: int | None = None
        self.reset()

    def reset(self, keep: int = 0, bodiless: bool = False) -> None:
        """Makes ready for the next response, of whose body `keep` bytes are kept; `bodiless`: it answers a HEAD."""
        self.head: Head | None = None
        self.content = 0
        self._keep = keep
        self._bodiless = bodiless
        self._parts: list[bytes] = []
        self._unproductive = 0
        self._whole = False
        self._clear_head()

    def take_body(self) -> bytes:
        """What was kept of the body; the reader keeps it no longer."""
        parts, self._parts = self._parts, []
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def feed(self, data: bytes) -> bool:
        """Takes bytes; True when the response is complete. Raises ViolationError."""
        if self._whole:
            raise ViolationError(_FOLLOWED)
        content = self.content
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            raise ViolationError("it switched to another protocol unasked") from None
        except HttpParserError as error:
            raise ViolationError(str(error.__context__ or error).rstrip(".").lower()) from None
        self._unproductive = 0 if self.content > content else self._unproductive + len(data)
        if self._unproductive > LONGEST_HEAD:
            what = "head is" if self.head is None else "chunk extensions or trailers are"
            raise ViolationError(f"its {what} longer than {LONGEST_HEAD} bytes")
        return self._whole

    def ends_with_connection(self) -> bool:
        """Whether the end of the connection is the end of this response: a body without length or chunks."""
        return self.head is not None and self.head.length is None and not self._chunked

    # What httptools calls

    def on_message_begin(self) -> None:
        if self._whole:
            raise ViolationError(_FOLLOWED)

    def on_status(self, reason: bytes) -> None:
        self._reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head is not None:
            return  # a trailer
        if len(self._headers) >= MOST_HEADERS:
            raise ViolationError(f"its head has more than {MOST_HEADERS} headers")
        lower = name.lower().decode("latin-1")
        self._headers.append((lower, value.decode("latin-1").rstrip(" \t")))
        if lower == "content-length":
            self._length = int(value)
        elif lower == "transfer-encoding":
            self._chunked = value.strip().lower().endswith(b"chunked")  # else the end of the connection ends the body

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        length = None if self._chunked else 0 if status in (204, 304) else self._length
        reusable = self._parser.should_keep_alive() and (length is not None or self._chunked or self._bodiless)
        location = None
        cookies = []
        for name, value in self._headers:
            if name == "location" and location is None:
                location = text_of(value)
            elif name == "set-cookie":
                cookies.append(value)  # latin-1: the bytes go back as they came
        self.head = Head(status, length, reusable, location, tuple(cookies), self._reason, tuple(self._headers))
        if self._bodiless:
            # The parser waits for the body that the length announces, so this reader is not used again.
            self._whole = True

    def on_body(self, body: bytes) -> None:
        if self._bodiless:
            raise ViolationError("it answered HEAD with a body")
        if self._keep > self.content:
            self._parts.append(body[: self._keep - self.content])
        self.content += len(body)

    def on_message_complete(self) -> None:
        if self.head is None:
            self._clear_head()  # 100 Continue and 103 Early Hints go before the response
        else:
            self._whole = True

    def _clear_head(self) -> None:
        self._chunked = False
        self._length = None
        self._reason = ""
        self._headers = []


def text_of(latin: str) -> str:
    """A location in UTF-8 where it is that, as browsers read a location."""
    try:
        return latin.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return latin
