"""What a virtual user knows when it looks at a response: its variables and the response itself."""

from random import Random
from typing import TYPE_CHECKING, Any

from headrace.engine.http.cookies import CookieJar
from headrace.engine.http.decoding import charset_of, decode_body
from headrace.engine.http.heads import Head

if TYPE_CHECKING:
    from headrace.engine.measuring.measures import RequestMeasure


class Variables(dict[str, str]):
    """The variables of a user in this iteration; those in `kept` live as long as the user."""

    __slots__ = ("_random", "_seed", "kept")

    def __init__(self, random: Random | None = None, seed: int | str = 0) -> None:
        super().__init__()
        self._random = random
        self._seed = seed
        self.kept: dict[str, str] = {}

    @property
    def random(self) -> Random:
        """The user's own source of chance, seeded, so that a test can be repeated."""
        # Made when it is first needed: it has 2.5 KB, and there may be tens of thousands of users.
        if self._random is None:
            self._random = Random(self._seed)  # noqa: S311 - a load test must be repeatable
        return self._random


class Answer:
    """A response that somebody looks at: an extraction, a validation, a search for dependents.

    `body` is as it was received, cut after the plan's `largest_body` bytes (then `cut` is True); `size` is its whole length
    in bytes, `head_size` that of the head. `url` is that of the last response, `requested` the one first asked for, and
    `request` what was sent last, head and body. `response_us` is the response time of the last request in µs; `page_us`
    that of the page, from the first request of its redirects to now. `charset` is for bodies that name none. `parsed` keeps
    what the content was parsed to, by format, so that each rule that looks at it need not do so again. `measure` is where
    the request was counted, if it was `counted`.
    """

    __slots__ = (
        "_content",
        "_text",
        "body",
        "charset",
        "counted",
        "cut",
        "head",
        "head_size",
        "jar",
        "measure",
        "page_us",
        "parsed",
        "request",
        "requested",
        "response_us",
        "size",
        "url",
    )

    def __init__(
        self,
        head: Head,
        body: bytes,
        url: str,
        requested: str = "",
        request: bytes = b"",
        response_us: int = 0,
        page_us: int = 0,
        size: int = -1,
        head_size: int = 0,
        cut: bool = False,
        jar: CookieJar | None = None,
        charset: str = "utf-8",
        measure: "RequestMeasure | None" = None,
        counted: bool = False,
    ) -> None:
        self.head = head
        self.body = body
        self.url = url
        self.requested = requested or url
        self.request = request
        self.response_us = response_us
        self.page_us = page_us
        self.size = len(body) if size < 0 else size
        self.head_size = head_size
        self.cut = cut
        self.jar = jar
        self.charset = charset
        self.measure = measure
        self.counted = counted
        self.parsed: dict[str, Any] | None = None
        self._content: bytes | None = None
        self._text: str | None = None

    @property
    def status(self) -> int:
        return self.head.status

    @property
    def content(self) -> bytes:
        """The body without its content codings. Raises ValueError where they are not what the head says."""
        if self._content is None:
            coded = self.head.header("content-encoding") is not None
            self._content = self._decoded() if coded else self.body
        return self._content

    def _decoded(self) -> bytes:
        return decode_body(self.body, ",".join(self.head.all("content-encoding")), self.cut)

    @property
    def text(self) -> str:
        """The content as text; characters that its charset does not have are replaced. Raises ValueError as `content`."""
        text = self._text
        if text is None:
            # Most bodies: ASCII is the same in all charsets but for those that shift by an escape, or that a head may name.
            if self.head.bare_text and self.body.isascii() and b"\x1b" not in self.body:
                text = self.body.decode("ascii")
            else:
                content = self.content
                kind = self.head.header("content-type") or ""
                text = content.decode(charset_of(kind, content, self.charset), "replace")
            self._text = text
        return text
