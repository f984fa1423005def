"""A request ready to send: bytes, where they go, and what is to be made of the answer."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from headrace.engine.measuring.measures import RequestMeasure


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Origin:
    """Where connections go. Made once each (see `Requests`), so that it is compared and hashed by identity."""

    secure: bool
    host: str
    port: int


class Terms:
    """What holds for a request and for all that its redirects lead to.

    `keep`: how many bytes of the body somebody wants to look at. `expected`: the statuses that pass, None for all below 400.
    `timeout` is in ns, 0 for the plan's. `redirect` prepares what a redirect leads to, and raises ValueError where it leads
    nowhere. `cached`: the user's cache may answer. `basic`: the login may be given to a server that asks for Basic.
    """

    __slots__ = ("basic", "cached", "expected", "follow", "keep", "redirect", "timeout")

    def __init__(
        self,
        redirect: "Callable[[Prepared, int, str], Prepared]",
        keep: int = 0,
        expected: Collection[int] | None = None,
        follow: bool = True,
        timeout: int = 0,
        cached: bool = False,
        basic: bool = False,
    ) -> None:
        self.basic = basic
        self.redirect = redirect
        self.keep = keep
        self.expected = expected
        self.follow = follow
        self.timeout = timeout
        self.cached = cached


class Prepared:
    """A request as bytes.

    `head` is all of the head but the cookies and the last line break, `data` the whole request without cookies. `fields` are
    the header lines that a redirect takes along, `content` those that belong to the body. `login` is the name and password
    for a server that asks for them, `authorized` says that they were sent. `special`: the user's cache or login has a
    say in it; `plain`: nobody looks at more of the answer than its status, `looked_at`: somebody does, and that is all. No
    dataclass: one is made for every request with a variable in it, and a frozen one would take three times as long.
    """

    __slots__ = (
        "authorized",
        "bodiless",
        "body",
        "content",
        "data",
        "expected",
        "fields",
        "head",
        "keep",
        "login",
        "looked_at",
        "measure",
        "method",
        "origin",
        "path",
        "plain",
        "special",
        "target",
        "terms",
        "url",
    )

    def __init__(
        self,
        method: str,
        url: str,
        path: str,
        target: str,
        origin: Origin,
        head: bytes,
        body: bytes,
        fields: bytes,
        content: bytes,
        measure: RequestMeasure,
        terms: Terms,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.method = method
        self.url = url
        self.path = path
        self.target = target
        self.origin = origin
        self.head = head
        self.body = body
        self.data = head + b"\r\n" + body
        self.fields = fields
        self.content = content
        self.measure = measure
        self.terms = terms
        self.keep = terms.keep
        self.expected = terms.expected
        self.login = login
        self.bodiless = method == "HEAD"
        self.authorized = False
        self.special = terms.cached or login is not None
        ordinary = not (self.special or self.expected is not None or self.bodiless)
        self.plain = ordinary and not self.keep
        self.looked_at = ordinary and self.keep > 0

    def with_headers(self, headers: Sequence[tuple[str, str]]) -> "Prepared":
        """The same request with these headers; they take the place of those of the same names."""
        names = tuple(f"{name.lower()}:".encode("latin-1") for name, _ in headers)
        lines = [line for line in self.head.split(b"\r\n") if not line.lower().startswith(names)]
        head = b"\r\n".join(lines) + "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
        return Prepared(
            self.method,
            self.url,
            self.path,
            self.target,
            self.origin,
            head,
            self.body,
            self.fields,
            self.content,
            self.measure,
            self.terms,
            self.login,
        )
