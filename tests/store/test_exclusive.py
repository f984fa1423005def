from pathlib import Path

import pytest
from sqlalchemy import Engine

from headrace.store.database import open_database
from headrace.store.exclusive import DatabaseInUseError, sole_service


def test_a_database_is_for_one_service_at_a_time(database_url: str) -> None:
    first, second = open_database(database_url), open_database(database_url)
    with sole_service(first):
        with pytest.raises(DatabaseInUseError, match="Another service uses this database"), sole_service(second):
            pass
        with pytest.raises(DatabaseInUseError), sole_service(second):
            pass
    with sole_service(second):
        pass
    first.dispose()
    second.dispose()


def test_it_is_free_again_after_an_error(database: Engine) -> None:
    with pytest.raises(ZeroDivisionError), sole_service(database):
        raise ZeroDivisionError
    with sole_service(database):
        pass


def test_two_databases_do_not_know_of_each_other(tmp_path: Path) -> None:
    first, second = (open_database(f"sqlite:///{tmp_path / name}.db") for name in ("one", "two"))
    with sole_service(first), sole_service(second):
        pass
    first.dispose()
    second.dispose()
