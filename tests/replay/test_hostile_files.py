"""Files that mean harm: a clear message, in bounded time and memory."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.replay.hostile_files import ALONE, NAME, TOGETHER, that_double
from tests.replay.measured_reading import Measured, measure

SECONDS = 15.0
GROWTH = 400 * 1024 * 1024  # bytes that a process may need beyond what it had with the file in hand

LARGE = 1024 * 1024  # bytes of files that are read in a process of their own, which starts with little memory


def read(folder: Path, name: str = NAME) -> list[str]:
    """What is said about a test in a folder, once it is sure that saying it was cheap."""
    seconds, grown, messages = measure_apart(folder, name) if size_of(folder) > LARGE else measure(folder, name)
    assert (seconds < SECONDS, grown < GROWTH) == (True, True), (seconds, grown)
    assert all(len(message) < 1000 for message in messages)
    return messages


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def measure_apart(folder: Path, name: str) -> Measured:
    command = [sys.executable, "-m", "tests.replay.measured_reading", str(folder), name]
    done = subprocess.run(command, capture_output=True, timeout=50)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    measured: Measured = msgspec.json.decode(done.stdout, type=Measured)
    return measured


@pytest.mark.parametrize("kind", ALONE)
def test_a_file_is_refused_in_time_with_a_message_that_says_what_it_is(kind: str, tmp_path: Path) -> None:
    content, words = ALONE[kind]
    (tmp_path / NAME).write_bytes(content)
    messages = read(tmp_path)
    assert any(message.startswith(f"{NAME}, line ") for message in messages), messages
    assert any(word in message for message in messages for word in words), messages
    assert "root:" not in "".join(messages)  # what an external entity would have brought in


def test_tests_that_include_each_other_twice_do_not_double_for_ever(tmp_path: Path) -> None:
    for name, content in that_double().items():
        (tmp_path / name).write_bytes(content)
    assert any("includ" in message or "steps" in message for message in read(tmp_path))


@pytest.mark.parametrize("kind", TOGETHER)
def test_files_that_belong_to_a_test_are_refused_as_well(kind: str, tmp_path: Path) -> None:
    name, files, words = TOGETHER[kind]
    for each, content in files.items():
        (tmp_path / each).write_bytes(content)
    messages = read(tmp_path, name)
    assert any(re.search(r"\bline [1-9]", message) for message in messages), messages
    assert any(word in message for message in messages for word in words), messages
    assert "root:" not in "".join(messages)
