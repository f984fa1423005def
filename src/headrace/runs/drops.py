"""Where test drops are kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from headrace.runs.audit import Act, Entry, record
from headrace.runs.ids import new_id, read_id
from headrace.runs.model import OPERATOR, Drop, DropKind, Identity
from headrace.store.database import reading, writing
from headrace.store.schema import drops


class Drops:
    """All test drops of all organizations."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def create(
        self,
        organization: str,
        kind: DropKind,
        definition: dict[str, Any] | None,
        at: datetime,
        plan: str | None = None,
        test_definition: dict[str, Any] | None = None,
        drop_id: str | None = None,
        *,
        by: Identity = OPERATOR,
    ) -> Drop:
        """Keeps a new drop; `definition`, `plan` and `test_definition` are those of an in-place drop.

        `drop_id`, a fresh one, is that of the test definition whose files are in the drop.
        """
        drop = Drop(
            id=drop_id or new_id(),
            organization=organization,
            kind=kind,
            created_at=at,
            definition=definition,
            plan=plan,
            test_definition=test_definition,
            created_by_id=by.id,
        )
        with writing(self._database) as connection:
            connection.execute(
                drops.insert().values(
                    id=drop.id,
                    organization=organization,
                    kind=kind.value,
                    created_at=at,
                    definition=definition,
                    plan=plan,
                    test_definition=test_definition,
                    created_by_id=by.id,
                )
            )
            record(connection, Entry(at, organization, by, Act.CREATE_DROP, drop.id, ""))
        return drop

    def get(self, organization: str, drop_id: str) -> Drop | None:
        """The drop of this id; None where the organization has none."""
        known = read_id(drop_id)
        if known is None:
            return None
        query = drops.select().where(drops.c.id == known, drops.c.organization == organization)
        with reading(self._database) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        return Drop(
            id=row["id"],
            organization=row["organization"],
            kind=DropKind(row["kind"]),
            created_at=row["created_at"],
            definition=row["definition"],
            run_id=row["run_id"],
            plan=row["plan"],
            test_definition=row["test_definition"],
            created_by_id=row["created_by_id"],
        )

    def delete(self, organization: str, drop_id: str, by: Identity, at: datetime) -> bool:
        """Whether there was such a drop. What is known of its files goes with it; the files themselves are elsewhere."""
        known = read_id(drop_id)
        if known is None:
            return False
        which = (drops.c.id == known, drops.c.organization == organization)
        with writing(self._database) as connection:
            gone = connection.execute(drops.delete().where(*which)).rowcount == 1
            if gone:
                record(connection, Entry(at, organization, by, Act.DELETE_DROP, known, ""))
        return gone

    def used_by(self, drop_id: str, run_id: str) -> None:
        """Notes the run that uses the drop; where several do, the drop names the latest."""
        with writing(self._database) as connection:
            connection.execute(drops.update().where(drops.c.id == drop_id).values(run_id=run_id))
