"""The Python clients of the old service, as they were published, against the real service (clt-service, 1.2 and 8).

They run in an environment of their own, which scripts/install-old-clients makes; without it these tests are skipped.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.clients.old import CLIENTS, OLD_CLIENTS, WAYS, needs_old_clients, offline_agent
from tests.serving import TOKEN, Served
from tests.site import Site

pytestmark = needs_old_clients

SCRIPT = Path(__file__).with_name("python_client.py")
ORGANIZATION = "Fabrikam"  # in two cases, since azure-devops discovers in lower case and calls as typed


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
        "offline_agent": offline_agent(client, way),
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
