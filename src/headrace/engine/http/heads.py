"""What the engine needs to know of a response head."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Head:
    """A response head. `length` is that of the body in bytes, None where chunks or the end of the connection tell.

    `reusable`: the connection may carry another request afterwards. `headers` are names in lower case and values, as
    latin-1, in the order received, without trailers. `plain`: a success that leaves nothing to do. Nobody changes a head;
    it is not frozen because that would triple the time that making one takes.
    """

    status: int
    length: int | None
    reusable: bool
    location: str | None = None
    cookies: tuple[str, ...] = ()
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    plain: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.plain = 200 <= self.status < 300 and self.reusable and not self.cookies

    def header(self, name: str) -> str | None:
        """The first value of a header by its name in lower case."""
        for known, value in self.headers:
            if known == name:
                return value
        return None

    def all(self, name: str) -> list[str]:
        """All values of a header by its name in lower case."""
        return [value for known, value in self.headers if known == name]
