"""The scripts that a run asks for: those of its plan, or files of its drop that its testSettings name."""

import shlex

from msgspec.structs import replace

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.model import Plan
from headrace.plan.readers.folder import Folder
from headrace.plan.scripts import Script, split_command
from headrace.runs.model import Run
from headrace.settings import OFF

_SHOWN = 200


def scripts_for(run: Run, plan: Plan, allowed: str) -> tuple[Plan, list[Diagnostic]]:
    """The plan with the commands of the run's testSettings instead of its own. `allowed` is the setting `scripts`."""
    found = []
    scripts = {"setup": plan.setup, "cleanup": plan.cleanup}
    for name, command in (("setup", run.details.setup_command), ("cleanup", run.details.cleanup_command)):
        if not (command or "").strip():
            continue
        known = resolve(command or "", Folder(tuple(file.name for file in plan.files), read=_no_content))
        if known is None:
            files = ", ".join(f"'{file.name}'" for file in plan.files[:20]) or "none"
            found.append(
                f"testSettings.{name}Command is '{(command or '')[:_SHOWN]}', which names no file of the drop; there is "
                f"{files}. Upload the script to the drop, or bring it as one of the files of a headracePlan, or leave the "
                "command empty."
            )
            continue
        usual = scripts[name]
        scripts[name] = Script(known[1]) if usual is None else replace(usual, command=known[1])
    plan = replace(plan, setup=scripts["setup"], cleanup=scripts["cleanup"])
    if allowed == OFF and (plan.setup is not None or plan.cleanup is not None):
        wanted = " and ".join(f"a {name} script" for name, script in scripts.items() if script is not None)
        found.append(
            f"The test has {wanted}, and this service runs no scripts: its setting 'scripts' is off. "
            "Ask its operator to set it (docs/settings.md), or take setup and cleanup out of the test."
        )
    return plan, [Diagnostic(Severity.ERROR, text) for text in found]


def resolve(command: str, folder: Folder) -> tuple[str, str] | None:
    """The name of the file that a command runs, as the drop spells it, and the command with it; None where it names none.

    Clients send a file's name alone, blanks in it or not (reference: visual-studio-formats, 9).
    """
    try:
        words = split_command(command)
    except ValueError:
        words = ()
    first = folder.find(words[0]) if words else None
    if first is not None:
        return first, shlex.join((first, *words[1:]))
    whole = folder.find(command)
    return None if whole is None else (whole, shlex.quote(whole))


def _no_content(name: str) -> bytes:
    raise OSError(f"'{name}' is looked for by its name alone")
