"""The folder in which an agent runs the scripts of one run, and as whom it runs them."""

import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headrace.plan.model import Plan
from headrace.plan.scripts import AttachedFile, Script, interpreters, split_command
from headrace.rig.script_runner import Job
from headrace.settings import AS_SERVICE

# The programs of another user; the service's own PATH may lead into folders that are closed to that one.
_PATH = "/usr/local/bin:/usr/bin:/bin"

User = tuple[int, int, tuple[int, ...]]


def user_of(setting: str) -> User | None:
    """uid, gid and further groups of the user whom the setting `scripts` names; None where that is the service's own."""
    if setting == AS_SERVICE:
        return None
    entry = pwd.getpwnam(setting)
    if entry.pw_uid == os.geteuid():
        return None
    return entry.pw_uid, entry.pw_gid, tuple(os.getgrouplist(setting, entry.pw_gid))


@dataclass(frozen=True, slots=True)
class ScriptFolder:
    """Make one with `make`; `remove` it when no script runs any more. `environment` is all that scripts get of it."""

    path: Path
    files: tuple[AttachedFile, ...]
    environment: dict[str, str]
    user: User | None

    @classmethod
    def make(cls, plan: Plan, run_id: str, number: int, agents: int, user: User | None) -> "ScriptFolder":
        """A fresh folder with the plan's files, open to `user` only, for agent `number` of `agents`. Raises OSError."""
        path = Path(tempfile.mkdtemp(prefix="headrace-script-")).resolve()
        environment = {
            "PATH": (os.environ.get("PATH") or os.defpath) if user is None else _PATH,
            "HOME": str(path),
            "TMPDIR": str(path),
            "LANG": "C.UTF-8",
            "HEADRACE_RUN_ID": run_id,
            "HEADRACE_LOAD_TEST": plan.name,
            "HEADRACE_AGENT": str(number),
            # As Visual Studio's agents call them.
            "DeploymentDirectory": str(path),
            "AgentId": str(number),
            "TotalAgents": str(agents),
        }
        folder = cls(path, plan.files, environment, user)
        try:
            for file in plan.files:
                folder._write(file)
            folder._hand_over()
        except BaseException:
            folder.remove()
            raise
        return folder

    def job(self, script: Script) -> Job:
        """The script as a job for a runner. Raises ValueError, with a sentence, where this machine has nothing to run it."""
        name, *arguments = split_command(script.command)
        content = next((file.content for file in self.files if file.name == name), b"")
        known = interpreters(name, content)
        for program, *options in known:
            found = shutil.which(program, path=self.environment["PATH"])
            if found is not None:
                command = (found, *options, str(self.path / name), *arguments)
                return Job(command, str(self.path), self.environment, script.timeout, self.user)
        raise ValueError(
            f"'{name}' needs '{known[0][0]}', which is not installed on the agent (PATH is {self.environment['PATH']}); "
            "install it, or write the script for another interpreter"
        )

    def remove(self) -> None:
        """Removes all of it, what scripts have locked too. Raises OSError where that fails."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self.path.exists() and os.geteuid() != 0:  # to root nothing is locked
            self._unlock()
        if self.path.exists():
            shutil.rmtree(self.path)

    def _unlock(self) -> None:
        self.path.chmod(0o700)
        for folder, inner, _ in os.walk(self.path):
            for each in (Path(folder, name) for name in inner):
                if not each.is_symlink():
                    each.chmod(0o700)

    def _write(self, file: AttachedFile) -> None:
        place = self.path / file.name
        if not place.resolve().is_relative_to(self.path):
            raise OSError(f"'{file.name}' leads out of the folder of the scripts")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as opened:
            opened.write(file.content)
        place.chmod(0o700)

    def _hand_over(self) -> None:
        if self.user is None:
            return
        for folder, inner, names in os.walk(self.path):
            for name in (*inner, *names):
                os.chown(Path(folder, name), self.user[0], self.user[1])
        os.chown(self.path, self.user[0], self.user[1])
