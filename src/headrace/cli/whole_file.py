"""A file that is written whole: its reader never sees half of it."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Raises OSError."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_text(
            text, encoding="utf-8"
        )  # a link such as /dev/stdout, a device, a pipe: it must not be replaced by a file
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(text)
            file.close()
            os.replace(file.name, path)
        except OSError:
            os.unlink(file.name)
            raise
