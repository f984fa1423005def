"""Azurite, Microsoft's emulator of Azure Storage: an account that is thrown away."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# The account that every emulator has; its key is published and opens nothing else.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@contextmanager
def serving_azurite(folder: Path) -> Iterator[str]:
    """The connection string of an empty account; skips the test where Azurite is not installed."""
    program = _installed()
    if program is None:
        pytest.skip("Azurite is not installed; scripts/install-azurite installs it where there is npm")
    command = [str(program), "--blobPort", "0", "--location", str(folder), "--skipApiVersionCheck", "--disableTelemetry"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.search(r"listens on (\S+)", line):
                break
        else:
            pytest.fail("Azurite did not start")
        endpoint = f"{match[1]}/{_ACCOUNT}"
        yield f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};BlobEndpoint={endpoint};"
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _installed() -> Path | None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    program = cache / "headrace" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
    return program if program.exists() else None
