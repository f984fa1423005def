"""Files that mean harm: a clear message, in bounded time and memory, measured in a process of its own."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.replay.hostile_files import ALONE, NAME, TOGETHER, that_double

SECONDS = 15.0
GROWTH = 400 * 1024 * 1024  # bytes that a process may need beyond what it had with the file in hand

READ = """
import resource, sys, time
from pathlib import Path
import msgspec
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.load_test import read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.targets import TargetRule

files = {file.name: file.read_bytes() for file in Path(sys.argv[1]).iterdir()}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.process_time()
plan, findings = read_visual_studio(Folder(tuple(files), files.__getitem__), sys.argv[2], Choices(), TargetRule())
seconds = time.process_time() - begun
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
sys.stdout.buffer.write(msgspec.json.encode((seconds, grown, [finding.message for finding in findings])))
"""


def read(folder: Path, name: str = NAME) -> list[str]:
    """What is said about a test in a folder, once it is sure that saying it was cheap."""
    done = subprocess.run([sys.executable, "-c", READ, str(folder), name], capture_output=True, timeout=50)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    seconds, grown, messages = msgspec.json.decode(done.stdout, type=tuple[float, int, list[str]])
    assert (seconds < SECONDS, grown < GROWTH) == (True, True), (seconds, grown)
    assert all(len(message) < 1000 for message in messages)
    return messages


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
