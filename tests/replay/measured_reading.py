"""Reads a test, and tells what that took: a module, so that it can be done in a process of its own.

    python -m tests.replay.measured_reading FOLDER NAME

writes seconds of the processor, bytes that the process needed beyond what it had with the files in hand, and the messages.
"""

import resource
import sys
from pathlib import Path
from time import process_time

import msgspec

from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.load_test import read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.targets import TargetRule

Measured = tuple[float, int, list[str]]


def measure(folder: Path, name: str) -> Measured:
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    before = _high_water()
    begun = process_time()
    _, findings = read_visual_studio(Folder(tuple(files), files.__getitem__), name, Choices(), TargetRule())
    return process_time() - begun, _high_water() - before, [finding.message for finding in findings]


def _high_water() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure(Path(sys.argv[1]), sys.argv[2])))
