"""The Python clients of the old service, and where they are, if they are."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLD_CLIENTS = ROOT / ".venv-old-clients/bin/python"
CLIENTS = ("azure-devops 5.1", "azure-devops 5.0", "vsts 4.1")
WAYS = ("connection", "direct")

needs_old_clients = pytest.mark.skipif(
    not (ROOT / ".venv-old-clients/.installed").exists(),
    reason="the old clients are not installed; scripts/install-old-clients installs them from PyPI",
)


def offline_agent(client: str, way: str) -> str:
    """An agent that is there for this client alone to delete."""
    return f"{client} {way}"
