"""A test in a file, with the files beside it, and what is said about it on a terminal."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from headrace.cli.disk_folder import MOST_NAMES, open_folder, read_file
from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Diagnostic, Severity, in_order
from headrace.plan.model import Plan
from headrace.plan.readers.data_rows import LARGEST as LARGEST_DATA
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.visual_studio.load_test import read_visual_studio, web_tests_of
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.readers.visual_studio.remarks import remarks, sentence
from headrace.plan.readers.yaml_tree import LARGEST as LARGEST_PLAN
from headrace.plan.targets import TargetRule
from headrace.plan.writers.notes import Notes

_LATER = {
    ".jmx": "a JMeter test plan",
    ".har": "a recording of a browser",
}
_PLANS = (".yaml", ".yml", ".json")
_VISUAL_STUDIO = (".loadtest", ".webtest")
# What is taken for a file, even if there is none.
PLAN_SUFFIXES = (*_PLANS, *_VISUAL_STUDIO, *_LATER)

AS_WRITTEN = Choices()
_COLOURS = {Severity.INFO: "blue", Severity.WARNING: "yellow", Severity.ERROR: "red"}


class FileError(Exception):
    """A file cannot be read at all; the message is for the user."""


def read_test(file: Path, targets: TargetRule, choices: Choices = AS_WRITTEN) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan in a file, and what its reader says about it. Raises FileError."""
    suffix = file.suffix.lower()
    if suffix in _LATER:
        said = f"'{file}' is {_LATER[suffix]}, which this version does not read yet"
        raise FileError(f"{said}. Give a plan.yaml, a .loadtest or a .webtest.")
    if suffix not in PLAN_SUFFIXES:
        raise FileError(f"'{file}' is no test by its name, which should end with .yaml, .loadtest or .webtest.")
    refuse_choices(file, choices)
    if suffix in _VISUAL_STUDIO:
        return _read_visual_studio(file, targets, choices)
    try:
        text = read_file(file, LARGEST_PLAN).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FileError(f"'{file}' is not UTF-8 in line {line}. Save it as UTF-8.") from None
    except (OSError, ValueError) as error:
        raise FileError(f"'{file}' cannot be read: {_reason(error)}.") from None
    return read_plan(text, file.name, targets, lambda name: _read_beside(file, name))


def _read_visual_studio(file: Path, targets: TargetRule, choices: Choices) -> tuple[Plan | None, list[Diagnostic]]:
    try:
        folder, name = open_folder(file)
    except (OSError, ValueError) as error:
        raise FileError(f"'{file}' cannot be read: {_reason(error)}.") from None
    plan, findings = read_visual_studio(folder, name, choices, targets)
    if len(folder.names) < MOST_NAMES:
        return plan, findings
    many = f"There are over {MOST_NAMES} files around {name}; of those deepest in their folders not all are seen."
    return plan, [*findings, Diagnostic(Severity.WARNING, many)]


def read_plan_file(file: Path, targets: TargetRule, choices: Choices = AS_WRITTEN) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan in a file, judged, and all that there is to say about it, the gravest first. Raises FileError."""
    plan, findings = read_test(file, targets, choices)
    return plan, in_order([*findings, *(check_plan(plan) if plan is not None else ())])


def remarks_on(file: Path, plan: Plan, findings: Iterable[Diagnostic], choices: Choices) -> Notes:
    """What is to be said in a plan made from this file, by the places that it is about. Raises OSError and ValueError."""
    if file.suffix.lower() not in _VISUAL_STUDIO:
        return {"": [sentence(finding) for finding in findings]}
    folder, name = open_folder(file)
    return remarks(folder, name, plan, findings, web_tests_of(folder, name, choices))


def refuse_choices(what: Path | str, choices: Choices) -> None:
    """Raises FileError where options are given that this test has nothing for."""
    suffix = "" if "://" in str(what) else Path(what).suffix.lower()
    given = {
        "--ignore-plugins": choices.ignore_plugins,
        "--param": bool(choices.parameters),
        "--run-config": bool(choices.run_configuration),
    }
    known = {".loadtest": set(given), ".webtest": {"--ignore-plugins", "--param"}}.get(suffix, set())
    for option, is_given in given.items():
        if is_given and option not in known:
            kinds = "a .loadtest" if option == "--run-config" else "a .loadtest or a .webtest"
            raise FileError(f"{option} is for {kinds}, and '{what}' is none; leave it out.")


def print_findings(console: Console, findings: Iterable[Diagnostic]) -> None:
    for finding in findings:
        colour = _COLOURS[finding.severity]
        console.print(f"[{colour}]{finding.severity.value}:[/] {escape(finding.message)}", highlight=False, soft_wrap=True)


def count_findings(findings: Iterable[Diagnostic]) -> str:
    """How many there are of each kind: `2 errors, 1 warning`; "" where there are none."""
    counts = Counter(finding.severity for finding in findings)
    kinds = ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "note"))
    return ", ".join(f"{counts[kind]} {name}{'' if counts[kind] == 1 else 's'}" for kind, name in kinds if counts[kind])


def _read_beside(file: Path, name: str) -> bytes:
    """A data file in the folder of the plan or below it. Raises OSError, and ValueError where it is elsewhere."""
    folder = file.absolute().parent.resolve()
    wanted = (folder / name.replace("\\", "/")).resolve()
    if not wanted.is_relative_to(folder):
        raise ValueError("it is not in the folder of the plan; move it there")
    return read_file(wanted, LARGEST_DATA)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
