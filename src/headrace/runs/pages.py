"""Long lists of runs, page by page, in a chosen order.

A page is asked for by the last run of the page before, so that it costs the same however far down the list it is.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from headrace.runs.errors import Invalid
from headrace.runs.model import Run
from headrace.runs.search import RunFilter
from headrace.store.schema import runs

LARGEST = 200
LONGEST_CURSOR = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_NUMBER = 2**31 - 1
_MOST_MICROSECONDS = 2**57  # past the year 6000


class Order(StrEnum):
    """What a list is sorted by; runs that are equal in it are in the order of their numbers."""

    NUMBER = "number"
    NAME = "name"
    CHANGED = "changed"


_COLUMNS: dict[Order, ColumnElement[Any]] = {
    Order.NUMBER: runs.c.number,
    Order.NAME: runs.c.folded_name,
    Order.CHANGED: runs.c.modified_at,
}


@dataclass(frozen=True, slots=True)
class Page:
    """`after` is the cursor that the page before gave; None for the first page. Raises Invalid about size or cursor."""

    order: Order = Order.NUMBER
    descending: bool = True
    size: int = 50
    after: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.size <= LARGEST:
            raise Invalid("limit", f"{self.size} runs do not go on a page; ask for 1 to {LARGEST}")
        if self.after is not None:
            self._read(self.after)

    def select(self, organization: str, wanted: RunFilter) -> Select[Any]:
        """The query for the page, and for one run more, which tells whether there is another page."""
        column = _COLUMNS[self.order]
        conditions = wanted.conditions(by_change=self.order is Order.CHANGED)
        found = select(runs.c.id).where(runs.c.organization == organization, *conditions)
        if self.after is not None:
            found = found.where(self._beyond(*self._read(self.after)))
        keys = [column] if self.order is Order.NUMBER else [column, runs.c.number]
        order = [key.desc() if self.descending else key for key in keys]
        page = found.order_by(*order).limit(self.size + 1).subquery()
        return runs.select().where(runs.c.id.in_(select(page.c.id))).order_by(*order)

    def cursor(self, last: Run) -> str:
        """What asks for the page after the one that ends with `last`."""
        key: str | int = last.number
        if self.order is Order.NAME:
            key = last.name.casefold()
        elif self.order is Order.CHANGED:
            key = (last.modified_at - _EPOCH) // timedelta(microseconds=1)
        text = json.dumps([self.order, self.descending, key, last.number], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _beyond(self, key: Any, number: int) -> ColumnElement[bool]:
        column = _COLUMNS[self.order]
        if self.order is Order.NUMBER:
            return column < number if self.descending else column > number
        # The first half is what a database can look up in an index
        if self.descending:
            return and_(column <= key, or_(column < key, runs.c.number < number))
        return and_(column >= key, or_(column > key, runs.c.number > number))

    def _read(self, cursor: str) -> tuple[Any, int]:
        try:
            if len(cursor) > LONGEST_CURSOR:
                raise ValueError("too long")
            text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            match json.loads(text):
                case [self.order.value, self.descending, str(name), int(number)] if self.order is Order.NAME:
                    key: Any = name
                    fits = "\0" not in name and not any("\ud800" <= character <= "\udfff" for character in name)
                case [self.order.value, self.descending, int(at), int(number)]:
                    fits = self.order is not Order.NAME and 0 <= at <= _MOST_MICROSECONDS
                    key = _EPOCH + timedelta(microseconds=at) if fits and self.order is Order.CHANGED else at
                case _:
                    raise ValueError("not of this list")
            if not fits or not 0 <= number <= _MOST_NUMBER or isinstance(number, bool):
                raise ValueError("out of range")
        except (ValueError, binascii.Error, RecursionError):
            raise Invalid("cursor", "is none of this list; take what the page before gave, or none") from None
        return key, number
