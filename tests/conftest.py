"""What tests of several folders need: a database of each kind, opened and migrated."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import Engine

from headrace.store.database import open_database, writing
from headrace.store.schema import metadata
from tests.private_postgresql import NotInstalledError, private_postgresql

# Enough for every change; HYPOTHESIS_PROFILE=thorough looks for what hides deeper. No deadlines: these machines are noisy.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The folder of the socket of a private PostgreSQL server, user postgres; it is gone after the tests."""
    try:
        with private_postgresql() as folder:
            yield folder
    except NotInstalledError as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once of each kind, for tests that open it themselves."""
    if request.param == "sqlite":
        yield _sqlite(tmp_path)
    else:
        with _schema(request.getfixturevalue("postgresql")) as url:
            yield url


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: str) -> Iterator[str]:
    """The address of a database that the tests share, because migrating one for each test takes longer than most tests."""
    with _schema(postgresql) as url:
        open_database(url).dispose()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An opened, migrated, empty database, once of each kind."""
    shared = request.param == "postgresql"
    engine = open_database(request.getfixturevalue("migrated_postgresql") if shared else _sqlite(tmp_path))
    yield engine
    if shared:
        with writing(engine) as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
    engine.dispose()


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'headrace.db'}"


@contextmanager
def _schema(folder: str) -> Iterator[str]:
    """The address of a schema of its own: as empty as a database of its own, and made in a hundredth of the time."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        yield f"postgresql://postgres@/postgres?host={folder}&options=-csearch_path%3D{name}"
        connection.execute(f"DROP SCHEMA {name} CASCADE")
