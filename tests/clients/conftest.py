from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from headrace.runs.agents import Agents
from headrace.settings import Settings
from headrace.store.database import open_database
from tests.clients.old import CLIENTS, WAYS, offline_agent
from tests.serving import Served, serving
from tests.site import Site, serving_site


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The real service, in which agents were once that are gone: one for each Python client to delete."""
    data = tmp_path_factory.mktemp("clients") / "data"
    database = open_database(Settings(data=data).database_url)
    for client, way in product(CLIENTS, WAYS):
        Agents(database).beat(offline_agent(client, way), datetime.now(UTC) - timedelta(hours=1))
    database.dispose()
    with serving(data) as served:
        yield served


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site
