"""`headrace results open`, and the script in docs/results-file.md, with the results file of a run."""

import gzip
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.api.server import SITE, Server
from tests.serving import headrace

DOCUMENT = Path(__file__).parents[2] / "docs/results-file.md"


@pytest.fixture
def file(database: Engine, tmp_path: Path) -> Path:
    """The results file of a run of 30 s: each second has a request of 20 ms that passed and one of 40 ms that failed."""
    server = Server(database)
    run_id = server.measured_run()
    path = tmp_path / "LoadTest.ltrar"
    path.write_bytes(server.stranger.get(server.get(f"/testruns/{run_id}/results").json()["resultsUrl"]).content)
    return path


def test_a_results_file_is_shown_as_the_run_was(file: Path, tmp_path: Path) -> None:
    done = headrace("results", "open", str(file), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "shop.loadtest run 1: completed (success)" in shown
    assert SITE in shown
    assert "404 - NotFound" in shown
    file.write_bytes(gzip.decompress(file.read_bytes()))
    assert headrace("results", "open", str(file), folder=tmp_path).stdout == done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no results file"),
        (b"[1]", "it is no results file"),
        (b"[" * 100_000, "it is no results file"),
        (b'{"format": "another"}', "it is no results file"),
        (gzip.compress(b"{}" * 1000)[:20], "the file is damaged or not whole; download it again"),
        (json.dumps({"format": "headrace-results", "version": 2}).encode(), "it has the version 2"),
        (json.dumps({"format": "headrace-results", "version": 1}).encode(), "it is damaged: it has no member 'run'"),
    ],
)
def test_what_is_no_results_file_is_told_in_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    done = headrace("results", "open", "file", folder=tmp_path)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
def test_the_script_in_the_documentation_reads_it(file: Path) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{SITE} {{50: 20.0" in done.stdout
    assert "_Total" in done.stdout
