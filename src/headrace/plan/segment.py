"""A segment: the share of a Plan that one engine process executes, fixed before the start (k6's idea).

Nothing is re-planned while a test runs, so the network between service and agents cannot change the test.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """The `index`-th of `count` equal shares; 0 <= index < count."""

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise ValueError(f"segment {self.index} of {self.count} does not exist")

    def users(self, total: int) -> range:
        """The numbers, out of 0..total-1, of the virtual users that are this segment's. Shares differ by one at most."""
        return range(self.index, total, self.count)

    def among(self, users: int) -> "Segment | None":
        """This segment's share of what the users do: of a few users, only as many segments have one. None: it has none."""
        count = min(self.count, max(1, users))
        return Segment(self.index, count) if self.index < count else None

    def share(self, total: int, users: int) -> int:
        """How many of the `total` things that so many users do together are this segment's."""
        among = self.among(users)
        return 0 if among is None else len(among.users(total))

    def split(self, parts: int) -> "list[Segment]":
        """This segment cut again, into `parts` equal shares: what an agent gives its engine processes."""
        return [Segment(self.index + part * self.count, self.count * parts) for part in range(parts)]
