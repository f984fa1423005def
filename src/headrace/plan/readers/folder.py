"""The files that a test consists of, wherever they are: a folder on disk, an uploaded drop.

Tests made on Windows name their files in any case, with back slashes, and by paths of their author's machine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Folder:
    """`names` are relative paths with slashes; `read` gives the content of one, and may raise OSError or ValueError."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]

    @cached_property
    def _by_path(self) -> dict[str, str]:
        return {name.casefold(): name for name in reversed(self.names)}

    @cached_property
    def _by_last_part(self) -> dict[str, str]:
        highest_last = sorted(self.names, key=lambda name: (name.count("/"), name), reverse=True)
        return {name.rpartition("/")[2].casefold(): name for name in highest_last if name.rpartition("/")[2]}

    def at(self, path: str, beside: str = "") -> str | None:
        """The name that a path leads to: seen from the file `beside`, else from the top."""
        found = (self._by_path.get(place) for place in _places(path, beside))
        return next((name for name in found if name is not None), None)

    def below(self, path: str, beside: str = "") -> list[tuple[str, str]]:
        """What is in the folder that a path leads to, and in those below: paths from there, and names."""
        for place in _places(path, beside):
            start = f"{place}/" if place else ""
            found = [
                (name.split("/", start.count("/"))[-1], name) for name in self.names if name.casefold().startswith(start)
            ]
            if found:
                return found
        return []

    def find(self, path: str, beside: str = "") -> str | None:
        """The name that a path means: seen from the file `beside`, from the top, else by the file's name alone.

        Of several files of the same name, the one highest up is taken, then the first by the alphabet. An absolute path of
        another machine leaves its file name only.
        """
        found = self.at(path, beside)
        if found is not None:
            return found
        return self._by_last_part.get(path.replace("\\", "/").strip().rpartition("/")[2].casefold())

    def ending(self, *suffixes: str) -> Iterator[str]:
        """The names that end with one of these, in any case, those highest up first."""
        for name in sorted(self.names, key=lambda name: (name.count("/"), name)):
            if name.casefold().endswith(suffixes):
                yield name


def _places(path: str, beside: str) -> Iterator[str]:
    """Where a path may lead, seen from a file and from the top; one of another machine leads nowhere."""
    wanted = path.replace("\\", "/").strip()
    if not wanted or wanted.startswith("/") or ":" in wanted.partition("/")[0]:
        return
    for folder in (beside.split("/")[:-1], []):
        resolved = _resolved([*folder, *wanted.split("/")])
        if resolved is not None:
            yield "/".join(resolved).casefold()


def _resolved(parts: list[str]) -> list[str] | None:
    """A path without `.` and `..`; None where it leads out of the folder."""
    resolved: list[str] = []
    for part in parts:
        if part == "..":
            if not resolved:
                return None
            resolved.pop()
        elif part not in ("", "."):
            resolved.append(part)
    return resolved
