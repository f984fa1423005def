"""One service a database: a second one would take the runs of the first for left over, and end them."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Engine, text

# What the lock is called in PostgreSQL: "headrace" as eight bytes.
_ADVISORY_LOCK = int.from_bytes(b"headrace")


class DatabaseInUseError(Exception):
    """Another service works on this database; the message is for the operator."""


@contextmanager
def sole_service(database: Engine) -> Iterator[None]:
    """Holds the database for this service; the system gives it free when the process dies. Raises DatabaseInUseError.

    SQLite: a lock on a file beside the database. PostgreSQL: an advisory lock, on a connection kept open for it.
    """
    if database.dialect.name == "sqlite":
        # No name: a database in memory, which nobody else can reach
        with _file_lock(f"{database.url.database}.lock") if database.url.database else nullcontext():
            yield
    else:
        with _advisory_lock(database):
            yield


@contextmanager
def _file_lock(name: str) -> Iterator[None]:
    with open(name, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseInUseError(f"Another service uses this database ({name} is locked); stop it first.") from None
        yield


@contextmanager
def _advisory_lock(database: Engine) -> Iterator[None]:
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"key": _ADVISORY_LOCK}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key):
            raise DatabaseInUseError("Another service uses this database; stop it first, or give this one its own.")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
