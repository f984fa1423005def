"""The database: one SQLAlchemy engine, SQLite in WAL mode or PostgreSQL, brought to the newest schema when opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> Engine:
    """Connects to `url` (`sqlite:///path` or `postgresql://user@host/name`) and migrates it to the newest schema.

    A SQLite file that does not exist is made, with its folders, for its owner alone.

    Raises sqlalchemy.exc.OperationalError where the database cannot be reached, ArgumentError where the URL is no URL,
    OSError where the file cannot be made.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            file = Path(parsed.database)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
        engine = create_engine(parsed, connect_args={"timeout": 30}, pool_size=20)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(parsed, pool_size=20, pool_pre_ping=True)
    migrate(engine)
    return engine


def migrate(engine: Engine) -> None:
    """Applies the migrations that the database has not seen yet."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads; it sees one state of the database and waits for no writer."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: committed at the end of the block, rolled back where it raises."""
    with engine.execution_options(writes=True).begin() as connection:
        yield connection


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # WAL lets readers go on while the run's ticks are written. synchronous=NORMAL loses nothing when the process dies,
    # only, at worst, the last commits when the machine does.
    connection.isolation_level = None  # SQLAlchemy begins transactions, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Left alone, sqlite3 takes the write lock at the first write. Two that have both read by then cannot both go on, and one
    # fails with "database is locked"; a writer that says so at once waits for its turn instead.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
