"""Reads `plan.yaml`: the Plan, field by field (docs/plan.md)."""

import re
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from headrace.plan.data import DataSource
from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running
from headrace.plan.model import Plan
from headrace.plan.readers.data_rows import read_data_file
from headrace.plan.readers.yaml_tree import YamlError, parse_yaml
from headrace.plan.readers.yaml_values import MOST_PROBLEMS, read_value
from headrace.plan.targets import TargetRule

_TYPE = msgspec.inspect.type_info(Plan)
_PLACE = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)

Files = Callable[[str], bytes]


def read_plan(
    text: str, source: str, targets: TargetRule, files: Files | None = None
) -> tuple[Plan | None, list[Diagnostic]]:
    """The Plan of a `plan.yaml`, None where it cannot be understood, and what there is to say about it.

    `source` is what messages call the file. `targets` is the operator's. `files` gives the content of a data file that the
    plan names, and may raise OSError or ValueError; without it data must be in the plan.
    """
    try:
        tree = parse_yaml(text)
    except YamlError as error:
        return None, [_error(source, error.line, str(error))]
    value, problems = read_value(tree, _TYPE)
    if problems:
        found = [_error(source, problem.line, f"{problem.path} {problem.text}") for problem in problems[:MOST_PROBLEMS]]
        if len(problems) > MOST_PROBLEMS:
            found.append(Diagnostic(Severity.ERROR, f"{source}: there is more; it is told when this is put right."))
        return None, found
    try:
        plan = msgspec.convert(value, Plan, strict=True)
    except msgspec.ValidationError as error:
        place = _PLACE.fullmatch(str(error))
        said = f"{place[2]}: {place[1]}" if place else str(error)
        return None, [Diagnostic(Severity.ERROR, f"{source}: {said}.")]
    plan = replace(plan, targets=targets)
    diagnostics: list[Diagnostic] = []
    data = tuple(_with_rows(each, files, diagnostics) for each in plan.data)
    if forbid_running(diagnostics):
        return None, diagnostics
    return replace(plan, data=data), diagnostics


def _with_rows(source: DataSource, files: Files | None, diagnostics: list[Diagnostic]) -> DataSource:
    if not source.file:
        return source
    what = f"data '{source.name}', file '{source.file}'"
    refusal = ""
    content = b""
    if source.rows:
        refusal = "there are rows as well; give one of the two."
    elif files is None:
        refusal = "there are no files here. Write its rows into the plan, as 'headrace check --yaml FILE' does."
    else:
        try:
            content = files(source.file)
        except (OSError, ValueError) as error:
            refusal = f"it cannot be read: {getattr(error, 'strerror', None) or error}."
    if refusal:
        diagnostics.append(Diagnostic(Severity.ERROR, f"{what}: {refusal}"))
        return source
    filled, found = read_data_file(source, content)
    diagnostics += found
    return filled


def _error(source: str, line: int, text: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, f"{source}, line {line}: {text}.", source, line)
