"""What the engine needs to know of a response head."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Head:
    """A response head. `length` is that of the body in bytes, None where chunks or the end of the connection tell.

    `reusable`: the connection may carry another request afterwards. `headers` are names in lower case and values, as
    latin-1, in the order received, without trailers. `success`: a 2xx, after which the connection can be used again;
    `plain`: one that leaves nothing to do. Nobody changes a head; it is not frozen because that would triple the time that
    making one takes.
    """

    status: int
    length: int | None
    reusable: bool
    location: str | None = None
    cookies: tuple[str, ...] = ()
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    success: bool = field(init=False, compare=False, repr=False)
    plain: bool = field(init=False, compare=False, repr=False)
    _bare_text: bool | None = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.success = 200 <= self.status < 300 and self.reusable
        self.plain = self.success and not self.cookies

    @property
    def bare_text(self) -> bool:
        """Whether the body has no content coding, and no charset is named: found once, since a head comes again."""
        bare = self._bare_text
        if bare is None:
            bare = self.header("content-encoding") is None and ";" not in (self.header("content-type") or "")
            self._bare_text = bare
        return bare

    def with_cookie(self, cookie: str, place: int) -> "Head":
        """The same head, which has no cookies, with a Set-Cookie header at this place among the headers."""
        headers = (*self.headers[:place], ("set-cookie", cookie), *self.headers[place:])
        made = Head(self.status, self.length, self.reusable, self.location, (cookie,), self.reason, headers)
        made._bare_text = self.bare_text
        return made

    def header(self, name: str) -> str | None:
        """The first value of a header by its name in lower case."""
        for known, value in self.headers:
            if known == name:
                return value
        return None

    def all(self, name: str) -> list[str]:
        """All values of a header by its name in lower case."""
        return [value for known, value in self.headers if known == name]
