"""Where the old clients are, if they are."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLD_CLIENTS = ROOT / ".venv-old-clients/bin/python"

needs_old_clients = pytest.mark.skipif(
    not (ROOT / ".venv-old-clients/.installed").exists(),
    reason="the old clients are not installed; scripts/install-old-clients installs them from PyPI",
)
