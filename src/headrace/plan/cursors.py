"""Cursors: which row of a data source an iteration takes, with any number of engines and no word between them.

| access | the n-th take of a segment | the n-th take of a user, with a cursor per user |
| --- | --- | --- |
| sequential | row n * count + index, then again from the first: the segments go round robin | row n, again from the first |
| random | any row; the same with the same seed, source and segment | any row; the same with the same seed, source and user |
| unique | row n * count + index, none after the last: no row twice in the whole test | row n, none after the last |
| fixed | row 0 | row 0 |
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import count, repeat

from headrace.plan.data import Access, DataSource
from headrace.plan.segment import Segment

_Row = tuple[str, ...]


class Cursor:
    """The place of a segment, or of a user, in the rows of a source. Raises ValueError where the source has no rows."""

    __slots__ = ("_rows",)

    def __init__(self, source: DataSource, segment: Segment, seed: int) -> None:
        key = f"{seed}/{source.name}/segment {segment.index} of {segment.count}"
        self._rows = _rows(source, segment.index, segment.count, key)

    @classmethod
    def for_user(cls, source: DataSource, user: int, seed: int) -> "Cursor":
        """The cursor of one user, by its number in the whole test: every user goes through all rows for itself."""
        cursor = cls.__new__(cls)
        cursor._rows = _rows(source, 0, 1, f"{seed}/{source.name}/user {user}")
        return cursor

    def take(self) -> _Row | None:
        """The next row; None where unique rows are used up."""
        return next(self._rows, None)


def _rows(source: DataSource, first: int, step: int, key: str) -> Iterator[_Row]:
    rows = source.rows
    if not rows:
        raise ValueError(f"the data source '{source.name}' has no rows: give at least one, or remove the source")
    match source.access:
        case Access.SEQUENTIAL:
            return (rows[number % len(rows)] for number in count(first, step))
        case Access.RANDOM:
            return (rows[_random(key, number) % len(rows)] for number in count())
        case Access.UNIQUE:
            return (rows[number] for number in range(first, len(rows), step))
        case Access.FIXED:
            return repeat(rows[0])


def _random(key: str, number: int) -> int:
    # A hash of what is asked for needs a microsecond and no state; a Random would be 2.5 KiB for every user.
    return int.from_bytes(blake2b(f"{key}/{number}".encode(), digest_size=8).digest())
