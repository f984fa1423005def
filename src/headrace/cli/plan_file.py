"""A test in a file, with the data files beside it, and what is said about it on a terminal."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.model import Plan
from headrace.plan.readers.data_rows import LARGEST as LARGEST_DATA
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.yaml_tree import LARGEST as LARGEST_PLAN
from headrace.plan.targets import TargetRule

_LATER = {
    ".webtest": "a Visual Studio web test",
    ".loadtest": "a Visual Studio load test",
    ".jmx": "a JMeter test plan",
    ".har": "a recording of a browser",
}
_PLANS = (".yaml", ".yml", ".json")
# What is taken for a file, even if there is none.
PLAN_SUFFIXES = (*_PLANS, *_LATER)

_COLOURS = {Severity.INFO: "blue", Severity.WARNING: "yellow", Severity.ERROR: "red"}


class FileError(Exception):
    """A file cannot be read at all; the message is for the user."""


def read_plan_file(file: Path, targets: TargetRule) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan in a file, judged, and all that there is to say about it. Raises FileError."""
    suffix = file.suffix.lower()
    if suffix in _LATER:
        raise FileError(f"'{file}' is {_LATER[suffix]}, which this version does not read yet. Give a plan.yaml.")
    if suffix not in _PLANS:
        raise FileError(f"'{file}' is no plan by its name, which should end with .yaml; other kinds are not read yet.")
    try:
        text = _read(file, LARGEST_PLAN).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FileError(f"'{file}' is not UTF-8 in line {line}. Save it as UTF-8.") from None
    except (OSError, ValueError) as error:
        raise FileError(f"'{file}' cannot be read: {_reason(error)}.") from None
    plan, findings = read_plan(text, file.name, targets, lambda name: _read_beside(file, name))
    if plan is not None:
        findings = [*findings, *check_plan(plan)]
    return plan, findings


def print_findings(console: Console, findings: Iterable[Diagnostic]) -> None:
    for finding in findings:
        colour = _COLOURS[finding.severity]
        console.print(f"[{colour}]{finding.severity.value}:[/] {escape(finding.message)}", highlight=False, soft_wrap=True)


def _read_beside(file: Path, name: str) -> bytes:
    """A data file in the folder of the plan or below it. Raises OSError, and ValueError where it is elsewhere."""
    folder = file.absolute().parent.resolve()
    wanted = (folder / name.replace("\\", "/")).resolve()
    if not wanted.is_relative_to(folder):
        raise ValueError("it is not in the folder of the plan; move it there")
    return _read(wanted, LARGEST_DATA)


def _read(file: Path, largest: int) -> bytes:
    if file.exists() and not file.is_file():
        raise ValueError("it is no file")
    with file.open("rb") as opened:
        content = opened.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"it has more than {largest} bytes")
    return content


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
