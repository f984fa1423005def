"""Contents of files on disk. They have names of ours, so that no name of a client's is ever part of a path.

A content is written beside its place and moved there when it is complete: what has its name is whole.
"""

import base64
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from uuid import uuid4

from anycrc import Model

_PIECE = 1024 * 1024
_UNFINISHED = ".part"
_CRC64 = Model("CRC64-NVME")  # the one of x-ms-content-crc64


@dataclass(frozen=True, slots=True)
class Content:
    """A complete content: the name of its file, its bytes, and its checksums in the base64 of Azure's headers."""

    file: str
    size: int
    md5: str
    crc64: str


class Incoming:
    """A content that is being written; `finish` it or `abandon` it. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._name = uuid4().hex
        self._written = (folder / (self._name + _UNFINISHED)).open("xb")
        self._md5 = md5(usedforsecurity=False)
        self._crc = 0
        self.size = 0

    def write(self, piece: bytes) -> None:
        self._written.write(piece)
        self._md5.update(piece)
        self._crc = _CRC64.calc(piece, self._crc)
        self.size += len(piece)

    def content(self) -> Content:
        """What has come; its file is there after `finish`."""
        crc64 = base64.b64encode(self._crc.to_bytes(8, "little")).decode()
        return Content(self._name, self.size, base64.b64encode(self._md5.digest()).decode(), crc64)

    def finish(self) -> None:
        with self._written:
            self._written.flush()
            os.fsync(self._written.fileno())
        Path(self._written.name).rename(self._folder / self._name)

    def abandon(self) -> None:
        self._written.close()
        Path(self._written.name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a content's file."""

    file: str
    start: int
    size: int


def join(folder: Path, stretches: Iterable[Stretch]) -> str:
    """The file of a new content that consists of these parts of others. Raises OSError."""
    name = uuid4().hex
    unfinished = folder / (name + _UNFINISHED)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with unfinished.open("xb") as written:
            for stretch in stretches:
                with (folder / stretch.file).open("rb") as source:
                    source.seek(stretch.start)
                    left = stretch.size
                    while left:
                        piece = source.read(min(left, _PIECE))
                        if not piece:
                            raise OSError(f"{stretch.file} is shorter than it was")
                        written.write(piece)
                        left -= len(piece)
            written.flush()
            os.fsync(written.fileno())
        unfinished.rename(folder / name)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return name


def remove(folder: Path, files: Iterable[str]) -> None:
    for file in files:
        (folder / file).unlink(missing_ok=True)


def remove_all(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def left_over(folder: Path, known: frozenset[str], before: float) -> list[str]:
    """The files in a folder that nobody knows and that were written before this instant (seconds since 1970)."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name not in known and entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < before:
                found.append(entry.name)
    return found
