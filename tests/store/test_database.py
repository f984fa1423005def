"""store/database.py: one database, opened, migrated, read and written by many."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Event

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, func, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, StatementError

from headrace.runs.access import SERVICE, Holder, Role, Scope
from headrace.runs.model import Identity
from headrace.runs.tokens import Tokens
from headrace.store.database import MIGRATIONS, migrate, open_database, reading, writing
from headrace.store.schema import metadata, organizations, secrets, tokens

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def count_organizations(database: Engine) -> int:
    with reading(database) as connection:
        return connection.execute(select(func.count()).select_from(organizations)).scalar_one()


def test_opening_makes_every_table(database: Engine) -> None:
    assert set(metadata.tables) <= set(inspect(database).get_table_names())


def test_the_migrations_make_what_the_schema_says(database: Engine) -> None:
    with reading(database) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_changes_nothing(database: Engine) -> None:
    with writing(database) as connection:
        connection.execute(insert(organizations).values(name="acme", last_run_number=7))

    migrate(database)

    with reading(database) as connection:
        assert connection.execute(select(organizations.c.last_run_number)).scalars().all() == [7]


def test_what_was_written_is_there_when_the_database_is_opened_again(database_url: str) -> None:
    first = open_database(database_url)
    with writing(first) as connection:
        connection.execute(insert(organizations).values(name="acme", last_run_number=7))
    first.dispose()

    second = open_database(database_url)
    assert count_organizations(second) == 1
    second.dispose()


def test_what_raises_while_writing_is_rolled_back(database: Engine) -> None:
    def write_and_fail() -> None:
        with writing(database) as connection:
            connection.execute(insert(organizations).values(name="acme", last_run_number=1))
            raise RuntimeError("the disk of somebody else is full")

    with pytest.raises(RuntimeError, match="somebody else"):
        write_and_fail()
    assert count_organizations(database) == 0


def test_writers_wait_for_each_other_and_lose_nothing(database: Engine) -> None:
    writers, turns = 8, 25
    with writing(database) as connection:
        connection.execute(insert(organizations).values(name="acme", last_run_number=0))
    start = Barrier(writers)

    def count_up() -> None:
        start.wait()
        for _ in range(turns):
            with writing(database) as connection:
                # Reads before it writes: on SQLite this fails with "database is locked" unless the lock is taken first.
                row = select(organizations.c.last_run_number).with_for_update()
                number = connection.execute(row).scalar_one()
                connection.execute(update(organizations).values(last_run_number=number + 1))

    with ThreadPoolExecutor(writers) as threads:
        for counted in [threads.submit(count_up) for _ in range(writers)]:
            counted.result()

    with reading(database) as connection:
        assert connection.execute(select(organizations.c.last_run_number)).scalar_one() == writers * turns


def test_a_reader_neither_waits_for_a_writer_nor_sees_what_is_not_committed(database: Engine) -> None:
    written, seen = Event(), Event()

    def write_slowly() -> None:
        with writing(database) as connection:
            connection.execute(insert(organizations).values(name="acme", last_run_number=1))
            written.set()
            assert seen.wait(20)

    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(write_slowly)
        assert written.wait(20)
        assert count_organizations(database) == 0
        seen.set()
        writer.result()
    assert count_organizations(database) == 1


def test_instants_come_back_to_the_microsecond_in_utc(database: Engine) -> None:
    at = datetime(2026, 3, 1, 13, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with writing(database) as connection:
        connection.execute(insert(tokens).values(id="1", name="ci", hash="f" * 64, created_at=at))

    with reading(database) as connection:
        kept = connection.execute(select(tokens.c.created_at, tokens.c.revoked_at)).one()
    assert kept.created_at == at
    assert kept.created_at.utcoffset() == timedelta(0)
    assert kept.revoked_at is None


def test_tokens_from_before_there_were_organizations_become_administrators_of_the_service(database_url: str) -> None:
    url = make_url(database_url)
    engine = create_engine(url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        old = "INSERT INTO tokens (id, name, hash, created_at) VALUES ('1', 'ci', :hash, 0)"
        connection.execute(text(old), {"hash": sha256(b"the old one").hexdigest()})
    engine.dispose()

    engine = open_database(database_url)
    holder = Tokens(engine).admit("the old one", NOW)
    assert holder == Holder(Identity("1", "ci"), SERVICE, Role.ADMIN, frozenset({Scope.WRITE}))
    engine.dispose()


def test_an_instant_without_a_zone_is_refused(database: Engine) -> None:
    row = insert(tokens).values(id="1", name="ci", hash="f" * 64, created_at=NOW.replace(tzinfo=None))
    with pytest.raises((StatementError, TypeError), match="naive"), writing(database) as connection:
        connection.execute(row)


def test_two_valid_tokens_cannot_have_the_same_name(database: Engine) -> None:
    with writing(database) as connection:
        connection.execute(insert(tokens).values(id="1", name="ci", hash="a", created_at=NOW, revoked_at=NOW))
        connection.execute(insert(tokens).values(id="2", name="ci", hash="b", created_at=NOW))

    with pytest.raises(IntegrityError), writing(database) as connection:
        connection.execute(insert(tokens).values(id="3", name="ci", hash="c", created_at=NOW))


def test_bytes_come_back_as_they_were(database: Engine) -> None:
    with writing(database) as connection:
        connection.execute(insert(secrets).values(name="key", value=bytes(range(256))))
    with reading(database) as connection:
        assert connection.execute(select(secrets.c.value)).scalar_one() == bytes(range(256))


def test_sqlite_keeps_a_write_ahead_log_and_its_foreign_keys(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'headrace.db'}")
    with reading(database) as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1}
    database.dispose()


def test_a_sqlite_file_is_made_with_its_folders_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "headrace.db"
    open_database(f"sqlite:///{file}").dispose()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_cannot_be_made_is_an_os_error() -> None:
    with pytest.raises(OSError, match="/proc/none"):
        open_database("sqlite:////proc/none/headrace.db")


def test_a_server_that_is_not_there_is_an_operational_error() -> None:
    with pytest.raises(OperationalError):
        open_database("postgresql://nobody@127.0.0.1:9/none")


def test_what_is_no_address_is_an_argument_error() -> None:
    with pytest.raises(ArgumentError):
        open_database("not an address")
