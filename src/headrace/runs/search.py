"""Which runs to find."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, or_, select, type_coerce

from headrace.runs.errors import Invalid
from headrace.runs.ids import read_id
from headrace.runs.model import Retention, RunKind, State
from headrace.store.schema import Instant, runs

MOST_FOUND = 1000


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What runs must have in common to be found; None accepts all.

    `name` is compared without regard to case, and so is `requested_by`, with the id or the display name of who created the
    run. `changed_...` and `created_...` exclude their own instant. Raises Invalid where `top` is not 1..1000 or there
    are more than 1000 `ids`.
    """

    name: str | None = None
    requested_by: str | None = None
    states: Collection[State] | None = None
    kind: RunKind | None = None
    changed_after: datetime | None = None
    changed_before: datetime | None = None
    source_identifier: str | None = None
    retention: Retention | None = None
    ids: Collection[str] | None = None
    top: int = MOST_FOUND
    created_after: datetime | None = None
    created_before: datetime | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MOST_FOUND:
            raise Invalid("top", f"{self.top} runs cannot be listed at once; ask for 1 to {MOST_FOUND}")
        if self.ids is not None and len(self.ids) > MOST_FOUND:
            raise Invalid("ids", f"{len(self.ids)} ids are too many; name at most {MOST_FOUND}")
        for field in ("name", "requested_by", "source_identifier"):
            value = getattr(self, field)
            if value is not None and not _can_be_compared(value):
                raise Invalid(field, f"{value[:100]!a} contains a character that no text here can contain")

    def select(self, organization: str) -> Select[Any]:
        """The query for the newest of these runs, newest first."""
        found = select(runs.c.id).where(runs.c.organization == organization, *self.conditions())
        newest = found.order_by(runs.c.number.desc()).limit(self.top).subquery()
        return runs.select().where(runs.c.id.in_(select(newest.c.id))).order_by(runs.c.number.desc())

    def conditions(self, by_change: bool = False) -> list[ColumnElement[bool]]:
        """`by_change`: the list is in the order of changes.

        In other orders the dates are written so that no index is used for them: those that match may be nearly all, and to
        sort them takes longer than to look for them in the order of the list.
        """
        columns = runs.c
        changed = (
            columns.modified_at if by_change else type_coerce(columns.modified_at.op("+")(literal_column("0")), Instant)
        )
        created = type_coerce(columns.created_at.op("+")(literal_column("0")), Instant)
        conditions: list[ColumnElement[bool]] = []
        if self.name is not None:
            conditions.append(columns.folded_name == self.name.casefold())
        if self.requested_by is not None:
            by_name = columns.created_by_name == self.requested_by.casefold()
            conditions.append(or_(by_name, columns.created_by_id == self.requested_by.lower()))
        if self.states is not None:
            conditions.append(columns.state.in_([state.value for state in self.states]))
        if self.kind is not None:
            conditions.append(columns.kind == self.kind.value)
        if self.changed_after is not None:
            conditions.append(changed > self.changed_after)
        if self.changed_before is not None:
            conditions.append(changed < self.changed_before)
        if self.created_after is not None:
            conditions.append(created > self.created_after)
        if self.created_before is not None:
            conditions.append(created < self.created_before)
        if self.source_identifier is not None:
            conditions.append(columns.source_identifier == self.source_identifier)
        if self.retention is not None:
            conditions.append(columns.retention == self.retention.value)
        if self.ids is not None:
            conditions.append(columns.id.in_([known for known in map(read_id, self.ids) if known is not None]))
        return conditions


def _without_index(instant: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(instant.op("+")(literal_column("0")), Instant)


def _can_be_compared(text: str) -> bool:
    """PostgreSQL takes no NUL, and no database a half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
