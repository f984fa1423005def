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

    def at(self, path: str, beside: str = "") -> str | None:
        """The name that a path leads to: seen from the file `beside`, else from the top."""
        wanted = path.replace("\\", "/").strip()
        if wanted.startswith("/") or ":" in wanted.partition("/")[0]:
            return None  # of another machine
        for folder in (beside.split("/")[:-1], []):
            resolved = _resolved([*folder, *wanted.split("/")])
            found = self._by_path.get("/".join(resolved).casefold()) if resolved is not None else None
            if found is not None:
                return found
        return None

    def find(self, path: str, beside: str = "") -> str | None:
        """The name that a path means: seen from the file `beside`, from the top, else by the file's name alone.

        Of several files of the same name, the one highest up is taken, then the first by the alphabet. An absolute path of
        another machine leaves its file name only.
        """
        found = self.at(path, beside)
        if found is not None:
            return found
        last = path.replace("\\", "/").strip().rpartition("/")[2].casefold()
        same = [name for name in self.names if name.rpartition("/")[2].casefold() == last] if last else []
        return min(same, key=lambda name: (name.count("/"), name), default=None)

    def ending(self, *suffixes: str) -> Iterator[str]:
        """The names that end with one of these, in any case, those highest up first."""
        for name in sorted(self.names, key=lambda name: (name.count("/"), name)):
            if name.casefold().endswith(suffixes):
                yield name


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
