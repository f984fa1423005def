"""The audit log: who created, started, stopped and deleted what.

An entry is written in the transaction of what it tells, by the stores themselves: neither is ever there without the other,
whichever way somebody asked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select

from headrace.runs.model import Identity
from headrace.store.database import reading, writing
from headrace.store.schema import audit

MOST_READ = 1000


class Act(StrEnum):
    """What was done; the values are those of the log."""

    CREATE_RUN = "run.create"
    START_RUN = "run.start"
    STOP_RUN = "run.stop"
    DELETE_RUN = "run.delete"
    CREATE_DROP = "drop.create"
    DELETE_DROP = "drop.delete"
    CREATE_DEFINITION = "definition.create"
    CHANGE_DEFINITION = "definition.change"
    CREATE_AGENT_GROUP = "agent-group.create"
    DELETE_AGENT = "agent.delete"
    CREATE_TOKEN = "token.create"  # noqa: S105
    REVOKE_TOKEN = "token.revoke"  # noqa: S105
    CREATE_ORGANIZATION = "organization.create"


@dataclass(frozen=True, slots=True)
class Entry:
    """`subject` is the id of what was acted on, `name` what it was called then; `number` counts the entries of the log."""

    at: datetime
    organization: str
    by: Identity
    act: Act
    subject: str
    name: str
    number: int = 0


def record(connection: Connection, entry: Entry) -> None:
    """Notes what the transaction of `connection` does."""
    connection.execute(
        insert(audit).values(
            at=entry.at,
            organization=entry.organization,
            by=msgspec.to_builtins(entry.by),
            act=entry.act.value,
            subject=entry.subject,
            name=entry.name,
        )
    )


class Audit:
    """The log of all organizations."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def read(self, organization: str, *, before: int | None = None, top: int = MOST_READ) -> list[Entry]:
        """The newest entries of an organization, newest first; of those before the entry of number `before`."""
        query = select(audit).where(audit.c.organization == organization)
        if before is not None:
            query = query.where(audit.c.number < before)
        with reading(self._database) as connection:
            rows = connection.execute(query.order_by(audit.c.number.desc()).limit(top)).all()
        return [
            Entry(
                row.at, row.organization, msgspec.convert(row.by, Identity), Act(row.act), row.subject, row.name, row.number
            )
            for row in rows
        ]

    def trim(self, at: datetime, days: int, most: int) -> None:
        """Forgets what is older than `days`, and the oldest where there are more than `most`."""
        with writing(self._database) as connection:
            connection.execute(delete(audit).where(audit.c.at < at - timedelta(days=days)))
            # Numbers have no gaps but those of what was rolled back, so at most `most` are kept, and hardly fewer.
            newest = connection.scalar(select(func.max(audit.c.number)))
            if newest is not None:
                connection.execute(delete(audit).where(audit.c.number <= newest - most))
