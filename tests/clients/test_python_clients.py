"""The Python clients of the old service, as they were published, against the real service (clt-service, 1.2 and 8).

They run in an environment of their own, which scripts/install-old-clients makes; without it these tests are skipped.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from headrace.runs.agents import Agents
from headrace.settings import Settings
from headrace.store.database import open_database
from tests.clients.old import OLD_CLIENTS, needs_old_clients
from tests.serving import TOKEN, Served, serving
from tests.site import Site

pytestmark = needs_old_clients

SCRIPT = Path(__file__).with_name("python_client.py")
ORGANIZATION = "Fabrikam"  # in two cases, since azure-devops discovers in lower case and calls as typed
CLIENTS = ("azure-devops 5.1", "azure-devops 5.0", "vsts 4.1")
WAYS = ("connection", "direct")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Agents were once there, one for each client to delete."""
    data = tmp_path_factory.mktemp("clients") / "data"
    database = open_database(Settings(data=data).database_url)
    for client, way in product(CLIENTS, WAYS):
        Agents(database).beat(f"{client} {way}", datetime(2026, 1, 1, tzinfo=UTC))
    database.dispose()
    with serving(data) as served:
        yield served


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("client", CLIENTS)
def test_every_method_of_a_python_client_works(service: Served, site: Site, tmp_path: Path, client: str, way: str) -> None:
    target = f"{site.url}/status/404"
    definition = {"urls": [target], "maxVusers": 2, "runDuration": 1, "samplingRate": 1}
    body = {"dropType": "InPlaceDrop", "loadTestDefinition": definition}
    asked = {
        "client": client,
        "way": way,
        "base": f"{service.base}/{ORGANIZATION}",
        "token": TOKEN,
        "target": target,
        "drop": service.call("POST", "testdrops", body, organization=ORGANIZATION)["id"],
        "offline_agent": f"{client} {way}",
    }
    # Both keep on disk what they discovered, for half a day
    caches = {name: str(tmp_path / name) for name in ("VSTS_CACHE_DIR", "AZURE_DEVOPS_CACHE_DIR", "HOME")}
    done = subprocess.run(
        [OLD_CLIENTS, SCRIPT],
        input=json.dumps(asked),
        text=True,
        capture_output=True,
        env={"PATH": os.environ["PATH"], **caches},
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == (21 if client.startswith("vsts") else 24)
