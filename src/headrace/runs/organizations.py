"""Organizations: each has its own runs, drops, run numbers and tokens."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from headrace.runs.audit import Act, Entry, record
from headrace.runs.errors import Conflict, Invalid
from headrace.runs.model import Identity
from headrace.store.database import reading, writing
from headrace.store.schema import organizations

DEFAULT = "default"
"""The organization of addresses that name none; it always exists."""
NAME = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9._-]{1,128}")  # never "." or ".."
RESERVED = frozenset({"_apis", "api", "blobs", "docs", "files", "openapi.json", "runs"})
"""What an address may begin with that is no organization."""


@dataclass(frozen=True, slots=True)
class Organization:
    """`created_at` is None where it came to be by its first run."""

    name: str
    runs: int
    created_at: datetime | None


class Organizations:
    """All organizations. Names are in lower case."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def create(self, name: str, by: Identity, at: datetime) -> Organization:
        """Raises Invalid where the name will not do, and Conflict where there is one of this name."""
        name = name.lower()
        if not NAME.fullmatch(name) or name in RESERVED:
            raise Invalid("name", f"{name[:130]!r} is no name for an organization; give 1 to 128 of a-z 0-9 . _ -")
        if name == DEFAULT:
            raise Conflict(f"The organization '{DEFAULT}' is always there.")
        try:
            with writing(self._database) as connection:
                connection.execute(organizations.insert().values(name=name, last_run_number=0, created_at=at))
                record(connection, Entry(at, name, by, Act.CREATE_ORGANIZATION, name, name))
        except IntegrityError:
            raise Conflict(f"There is an organization '{name}' already.") from None
        return Organization(name, 0, at)

    def exists(self, name: str) -> bool:
        if name == DEFAULT:
            return True
        with reading(self._database) as connection:
            return connection.scalar(select(organizations.c.name).where(organizations.c.name == name)) is not None

    def all(self) -> list[Organization]:
        """Every organization by name; `runs` counts all that there ever were."""
        with reading(self._database) as connection:
            rows = connection.execute(organizations.select().order_by(organizations.c.name)).all()
        found = [Organization(row.name, row.last_run_number, row.created_at) for row in rows]
        return found if any(one.name == DEFAULT for one in found) else [Organization(DEFAULT, 0, None), *found]
