"""The test in the files of a drop: which file it is, and the plan that it and the files beside it make."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.model import Plan
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.visual_studio.load_test import read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.script_checks import LARGEST_FILES, MOST_FILES
from headrace.plan.scripts import AttachedFile
from headrace.plan.targets import TargetRule
from headrace.rig.asked_scripts import resolve
from headrace.runs.model import Run

_LOAD_TEST, _WEB_TEST, _YAML = (".loadtest",), (".webtest",), (".yaml", ".yml")
_PLANS = ("plan.yaml", "plan.yml")
_MOST_NAMED = 20


def read_drop_test(run: Run, folder: Folder, targets: TargetRule) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan of a run of these files, None where there is none to run; and all there is to say about them."""
    file, findings = choose_test(run.name, folder)
    if file is None:
        return None, findings
    if file.lower().endswith(_YAML):
        plan, more = _read_plan(folder, file, targets)
    else:
        plan, more = read_visual_studio(folder, file, Choices(), targets)
    findings += more
    commands = [
        command for command in (run.details.setup_command, run.details.cleanup_command) if command and command.strip()
    ]
    if plan is not None and commands:
        plan, more = _with_files(commands, plan, folder)
        findings += more
    return plan, findings


def choose_test(name: str, folder: Folder) -> tuple[str | None, list[Diagnostic]]:
    """The file that a run of this name means (reference: clt-service, 2.3): its namesake, else the only test."""
    if name.lower().endswith((*_LOAD_TEST, *_WEB_TEST, *_YAML)):
        found = folder.find(name)
        if found is not None:
            return found, []
    for tests in _tests(folder):
        if len(tests) == 1:
            told = f"The drop has no file '{name}'; its only test '{tests[0]}' is taken."
            return tests[0], [Diagnostic(Severity.INFO, told)]
        if tests:
            told = f"The drop has several tests ({_listed(tests)}). Name the run after one of them; it is named '{name}'."
            return None, [Diagnostic(Severity.ERROR, told)]
    if not folder.names:
        told = "The test drop has no files. Upload the test to its dropContainerUrl before the run is queued."
    else:
        told = (
            f"The drop has no file '{name}', and no .loadtest, .webtest or plan.yaml at all; there is "
            f"{_listed(folder.names)}. Upload the test before the run is queued."
        )
    return None, [Diagnostic(Severity.ERROR, told)]


def _tests(folder: Folder) -> Iterator[list[str]]:
    """The files that may be meant, those first that more is said by."""
    yield list(folder.ending(*_LOAD_TEST))
    yield list(folder.ending(*_WEB_TEST))
    yield [file for file in folder.ending(*_YAML) if file.rpartition("/")[2].lower() in _PLANS]


def _read_plan(folder: Folder, file: str, targets: TargetRule) -> tuple[Plan | None, list[Diagnostic]]:
    def read_beside(name: str) -> bytes:
        found = folder.at(name, file)
        if found is None:
            raise ValueError("it is not among the files of the drop; upload it")
        return folder.read(found)

    try:
        text = folder.read(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, [Diagnostic(Severity.ERROR, f"{file}: it is not UTF-8. Save it as UTF-8.")]
    except (OSError, ValueError) as error:
        return None, [Diagnostic(Severity.ERROR, f"{file}: it cannot be read: {error}.")]
    return read_plan(text, file, targets, read_beside)


def _with_files(commands: Sequence[str], plan: Plan, folder: Folder) -> tuple[Plan, list[Diagnostic]]:
    """The plan with the files of the drop beside its scripts, those first that the commands name, as many as may be."""
    named = [found[0] for command in commands if (found := resolve(command, folder)) is not None]
    taken = {file.name.casefold() for file in plan.files}
    files = list(plan.files)
    left = LARGEST_FILES - sum(len(file.content) for file in files)
    missing = 0
    for name in dict.fromkeys([*named, *folder.ending("")]):
        if name.casefold() in taken:
            continue
        content = _read_at_most(folder, name, left) if len(files) < MOST_FILES else None
        if content is None:
            missing += 1
            continue
        left -= len(content)
        files.append(AttachedFile(name, content))
    findings = []
    if missing:
        findings.append(
            Diagnostic(
                Severity.WARNING,
                f"Scripts find {len(files)} files of the drop beside them, and not the other {missing}: there are at most "
                f"{MOST_FILES}, and {LARGEST_FILES} bytes.",
            )
        )
    return replace(plan, files=tuple(files)), findings


def _read_at_most(folder: Folder, name: str, largest: int) -> bytes | None:
    try:
        content = folder.read(name)
    except (OSError, ValueError):
        return None
    return content if len(content) <= largest else None


def _listed(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f"'{name}'" for name in names[:_MOST_NAMED]) + more
