"""What the engine needs to know of a response head, and the memory of heads seen before.

A server sends the same head again and again (until its Date changes, once a second). Such a head is parsed once and found by
a look-up afterwards: that is most of what makes a request cheap here. `docs/engine.md` has the measurement.
"""

from dataclasses import dataclass

# More different heads than this at a time are not a repeating server; then remembering costs more than it gives.
_MOST = 512
_LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Head:
    """A response head. `length` is that of the body in bytes, None where chunks or the end of the connection tell.

    `reusable`: the connection may carry another request afterwards.
    """

    status: int
    length: int | None
    reusable: bool
    location: str | None = None
    cookies: tuple[str, ...] = ()


class HeadMemory:
    """Heads by their bytes, blank line included. Kept are those that mean the same each time: a length, no cookies."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[bytes, Head] = {}

    def keep(self, data: bytes, head: Head) -> None:
        if head.length is None or head.cookies or not head.reusable or len(data) > _LONGEST:
            return
        if len(self.known) >= _MOST:
            self.known.clear()
        self.known[data] = head
