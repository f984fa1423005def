import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from headrace.store.database import open_database
from tests.api.server import Server


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file: copying it is faster than migrating one for every test."""
    path = tmp_path_factory.mktemp("api") / "empty.db"
    open_database(f"sqlite:///{path}").dispose()
    # the log of changes must be in the file before it is copied
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def api_database(empty_database: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(empty_database, tmp_path / "api.db")
    engine = open_database(f"sqlite:///{tmp_path / 'api.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def new_server(api_database: Engine, tmp_path: Path) -> Callable[..., Server]:
    """Makes a server with settings of its own."""

    def make(**settings: Any) -> Server:
        return Server(api_database, **{"data": tmp_path, **settings})

    return make


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    return new_server()
