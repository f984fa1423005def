"""A PostgreSQL server of our own, for tests and benchmarks."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class NotInstalledError(Exception):
    """This machine has no PostgreSQL; the message says what to do."""


@contextmanager
def private_postgresql() -> Iterator[str]:
    """The folder of the socket of a new server, user postgres; it is gone after the block. Raises NotInstalledError."""
    binaries = _find_postgresql()
    if binaries is None:
        raise NotInstalledError("PostgreSQL is not installed; scripts/install-test-services installs it")
    # initdb refuses to run as root, and the folders that pytest makes are closed to other users
    owner: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="headrace-postgresql-") as name:
        folder = Path(name)
        if owner:
            shutil.chown(folder, "postgres", "postgres")

        def call(program: str, *arguments: str) -> None:
            with open(folder / "commands.log", "ab") as log:
                subprocess.run([binaries / program, *arguments], check=True, stdout=log, stderr=log, cwd=folder, **owner)

        data = str(folder / "data")
        call(
            "initdb", "--pgdata", data, "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"
        )
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=200"
        call("pg_ctl", "--pgdata", data, "--log", str(folder / "server.log"), "--options", options, "--wait", "start")
        try:
            yield name
        finally:
            call("pg_ctl", "--pgdata", data, "--mode=immediate", "--wait", "stop")


def _find_postgresql() -> Path | None:
    """The folder with the newest initdb: Debian keeps it out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None
