"""rig/script_folder.py: the files of a run's scripts on an agent, and how a script is started there."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from headrace.plan.scripts import AttachedFile, Script
from headrace.rig.script_folder import ScriptFolder, User, user_of
from tests.plan.test_checks import plan_of

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to others")
PLAN = plan_of(files=(AttachedFile("a.sh", b"echo"), AttachedFile("deep/er/b.txt", b"\x00\xff")))


@contextmanager
def made(plan: Any = PLAN, user: User | None = None) -> Iterator[ScriptFolder]:
    folder = ScriptFolder.make(plan, "run-7", 2, 3, user)
    try:
        yield folder
    finally:
        folder.remove()
        assert not folder.path.exists()


def test_it_is_private_and_has_the_files_with_their_bytes() -> None:
    with made() as folder, made() as other:
        assert folder.path != other.path
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert (folder.path / "a.sh").read_bytes() == b"echo"
        assert (folder.path / "deep" / "er" / "b.txt").read_bytes() == b"\x00\xff"
        assert os.access(folder.path / "a.sh", os.X_OK)


def test_the_environment_is_small_and_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_ADMIN_TOKEN", "secret")
    monkeypatch.setenv("HEADRACE_DATABASE", "postgresql://user:secret@host/db")
    monkeypatch.setenv("PGPASSWORD", "secret")
    with made() as folder:
        path = str(folder.path)
        assert folder.environment == {
            "PATH": os.environ["PATH"],
            "HOME": path,
            "TMPDIR": path,
            "LANG": "C.UTF-8",
            "HEADRACE_RUN_ID": "run-7",
            "HEADRACE_LOAD_TEST": "Shop",
            "HEADRACE_AGENT": "2",
            "DeploymentDirectory": path,
            "AgentId": "2",
            "TotalAgents": "3",
        }


@AS_ROOT
def test_all_of_it_belongs_to_the_user_whose_scripts_run_there() -> None:
    nobody = pwd.getpwnam("nobody")
    user = user_of("nobody")
    assert user is not None
    assert user[:2] == (nobody.pw_uid, nobody.pw_gid)
    with made(user=user) as folder:
        for path in (folder.path, *folder.path.rglob("*")):
            assert (path.stat().st_uid, path.stat().st_gid) == user[:2]
        assert folder.environment["PATH"] == "/usr/local/bin:/usr/bin:/bin"


def test_the_services_own_user_needs_no_switch() -> None:
    assert user_of("as-service") is None
    assert user_of(pwd.getpwuid(os.geteuid()).pw_name) is None


def test_a_script_is_started_by_its_interpreter_with_its_arguments() -> None:
    with made() as folder:
        job = folder.job(Script("a.sh 'one two' -x", timeout=7))
        assert job.command[0].endswith("/sh")
        assert job.command[1:] == (str(folder.path / "a.sh"), "one two", "-x")
        assert (job.folder, job.timeout, job.user) == (str(folder.path), 7, None)


def test_an_interpreter_that_is_not_installed_is_named() -> None:
    plan = plan_of(files=(AttachedFile("a.ps1"), AttachedFile("b", b"#!/opt/none/ruby\n")))
    with made(plan) as folder:
        folder.environment["PATH"] = "/usr/none"
        said = r"'a.ps1' needs 'pwsh', which is not installed on the agent \(PATH is /usr/none\); install"
        with pytest.raises(ValueError, match=said):
            folder.job(Script("a.ps1"))
        with pytest.raises(ValueError, match="'b' needs '/opt/none/ruby'"):
            folder.job(Script("b"))


def test_the_second_choice_is_taken_where_the_first_is_missing(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o700)
    with made(plan_of(files=(AttachedFile("a.py"),))) as folder:
        folder.environment["PATH"] = str(tmp_path)
        assert folder.job(Script("a.py")).command == (str(python), str(folder.path / "a.py"))


def test_a_name_that_leads_elsewhere_is_not_written_though_nobody_checked_it(tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    for name in ("../x", str(tmp_path / "x"), "a/../../x"):
        with pytest.raises(OSError, match="leads out of the folder"):
            ScriptFolder.make(plan_of(files=(AttachedFile(name),)), "run", 1, 1, None)
    assert set(tmp_path.iterdir()) == before


def test_what_scripts_have_locked_is_removed_and_what_they_link_to_is_not(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    tmp_path.chmod(0o755)
    with made() as folder:
        locked = folder.path / "locked" / "deep"
        locked.mkdir(parents=True)
        (locked / "file").write_text("x")
        (folder.path / "link").symlink_to(tmp_path)
        locked.chmod(0)
        locked.parent.chmod(0)
        folder.path.chmod(0)
    assert (tmp_path / "kept").read_text() == "kept"
    assert tmp_path.stat().st_mode & 0o777 == 0o755
