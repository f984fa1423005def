"""The files around a test on disk: those that it may name, and no others.

A load test names web tests, data and scripts, often of other projects of its solution. It sees the folder that it is in and
all below, and where a folder above is a solution's, all of that. What leads out of it, by `..` or by a link, is not there.
"""

import os
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from headrace.plan.readers.data_rows import LARGEST
from headrace.plan.readers.folder import Folder

MOST_NAMES = 20_000
MOST_ENTRIES = 200_000  # that are looked at for them
DEEPEST = 12  # folders within folders
MOST_BYTES = 512 * 1024 * 1024  # of all that is read
_FARTHEST = 3  # folders above the test's own that may be the solution's
_SOLUTIONS = (".sln", ".slnx", ".vsmdi", ".testsettings")
# What builds leave, with copies of the tests among it; in any case.
_SKIPPED = frozenset({"bin", "obj", "testresults", "packages", "node_modules"})


def open_folder(file: Path) -> tuple[Folder, str]:
    """The files around a file, and its own name among them. Raises OSError, and ValueError where it is no file."""
    file.stat()
    if not file.is_file():
        raise ValueError("it is no file")
    own = file.absolute().parent
    root = _root(own)
    name = (own / file.name).relative_to(root).as_posix()
    own_path = "" if own == root else own.relative_to(root).as_posix() + "/"
    # the test's own folder first: the bound may fall on the rest
    near = (own_path + found for found in _names_below(own))
    far = _names_below(root) if own != root else iter(())
    names = dict.fromkeys([name])
    for found in (*islice(near, MOST_NAMES), *islice(far, MOST_NAMES)):
        if len(names) < MOST_NAMES:
            names[found] = None
    left = MOST_BYTES

    def read(wanted: str) -> bytes:
        nonlocal left
        if wanted not in names:
            raise ValueError("it is not among the files of the test")
        content = read_file(root / wanted, min(LARGEST, left))
        left -= len(content)
        return content

    return Folder(tuple(names), read), name


def read_file(file: Path, largest: int) -> bytes:
    """A file's content. Raises OSError, and ValueError where it is no file or has more than `largest` bytes."""
    if file.exists() and not file.is_file():
        raise ValueError("it is no file")
    with file.open("rb") as opened:
        content = opened.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"it has more than {largest} bytes")
    return content


def _root(own: Path) -> Path:
    """The nearest folder above that is a solution's, else the test's own."""
    for above in islice(own.parents, _FARTHEST):
        try:
            with os.scandir(above) as entries:
                if any(entry.name.lower().endswith(_SOLUTIONS) for entry in islice(entries, MOST_NAMES)):
                    return above
        except OSError:
            break
    return own


def _names_below(top: Path) -> Iterator[str]:
    """The files in a folder and below, those highest up first. What cannot be looked into is left out."""
    real = top.resolve()
    left = MOST_ENTRIES
    waiting = deque([("", 1)])
    while waiting:
        folder, depth = waiting.popleft()
        try:
            with os.scandir(top / folder) as scanned:
                entries = sorted(islice(scanned, left), key=lambda entry: entry.name)
        except OSError:
            continue
        left -= len(entries)
        for entry in entries:
            path = folder + entry.name
            if entry.name.startswith(".") or not _is_text(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth < DEEPEST and entry.name.lower() not in _SKIPPED:
                    waiting.append((path + "/", depth + 1))
            elif entry.is_file(follow_symlinks=False) or (entry.is_symlink() and _is_file_inside(top / path, real)):
                yield path


def _is_file_inside(link: Path, top: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(top) and link.is_file()
    except (OSError, RuntimeError):  # links that lead nowhere, or in a circle
        return False


def _is_text(name: str) -> bool:
    """Whether a name can be told: Linux allows any bytes in one."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
