from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine, insert

from headrace.store.database import writing
from headrace.store.schema import runs


@pytest.fixture
def new_run(database: Engine) -> Callable[[], str]:
    """Makes a run that results can belong to, and gives its id."""

    def make() -> str:
        run_id = str(uuid4())
        now = datetime.now(UTC)
        with writing(database) as connection:
            connection.execute(
                insert(runs).values(
                    id=run_id,
                    organization="default",
                    number=int.from_bytes(uuid4().bytes[:3]),
                    name="a run",
                    folded_name="a run",
                    kind="visual_studio",
                    drop_id=str(uuid4()),
                    retention="none",
                    details={},
                    state="in_progress",
                    substate="running",
                    created_at=now,
                    modified_at=now,
                    created_by={},
                    created_by_name="a user",
                    version=0,
                )
            )
        return run_id

    return make


@pytest.fixture
def run_id(new_run: Callable[[], str]) -> str:
    return new_run()
