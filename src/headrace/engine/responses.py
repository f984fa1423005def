"""Reading a response with httptools: the thorough way, for heads that were not seen before and bodies without a length."""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from headrace.engine.heads import Head

LONGEST_HEAD = 256 * 1024


class ViolationError(Exception):
    """The bytes are no HTTP response; the message says why."""


class ResponseReader:
    """Reads the responses on one connection, one after the other; bodies are counted, not kept."""

    __slots__ = ("_chunked", "_cookies", "_length", "_location", "_parser", "_unproductive", "_whole", "content", "head")

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._length: int | None = None
        self._location: str | None = None
        self._cookies: list[str] = []
        self.reset()

    def reset(self) -> None:
        """Makes ready for the next response."""
        self.head: Head | None = None
        self.content = 0
        self._unproductive = 0
        self._whole = False
        self._clear_head()

    def feed(self, data: bytes) -> bool:
        """Takes bytes; True when the response is complete. Raises ViolationError."""
        if self._whole:
            raise ViolationError("more bytes follow the end of the response")
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
            raise ViolationError("another response follows unasked")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head is not None:
            return  # a trailer
        name = name.lower()
        if name == b"set-cookie":
            self._cookies.append(value.decode("latin-1"))  # bytes that go back as they came
        elif name == b"location":
            self._location = _text(value)
        elif name == b"content-length":
            self._length = int(value)
        elif name == b"transfer-encoding":
            self._chunked = value.strip().lower().endswith(b"chunked")  # else the end of the connection ends the body

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        length = None if self._chunked else 0 if status in (204, 304) else self._length
        reusable = self._parser.should_keep_alive() and (length is not None or self._chunked)
        self.head = Head(status, length, reusable, self._location, tuple(self._cookies))

    def on_body(self, body: bytes) -> None:
        self.content += len(body)

    def on_message_complete(self) -> None:
        if self.head is None:
            self._clear_head()  # 100 Continue and 103 Early Hints go before the response
        else:
            self._whole = True

    def _clear_head(self) -> None:
        self._chunked = False
        self._length = None
        self._location = None
        self._cookies = []


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
