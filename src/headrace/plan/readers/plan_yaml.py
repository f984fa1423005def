"""Reads `plan.yaml`: the Plan, field by field (docs/plan.md)."""

import re
from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from headrace.plan.data import DataSource
from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running
from headrace.plan.model import Plan
from headrace.plan.readers.data_rows import read_data_file
from headrace.plan.readers.yaml_tree import YamlError, parse_yaml
from headrace.plan.readers.yaml_values import MOST_PROBLEMS, read_value
from headrace.plan.script_checks import LARGEST_FILES
from headrace.plan.scripts import AttachedFile
from headrace.plan.targets import TargetRule

_TYPE = msgspec.inspect.type_info(Plan)
_PLACE = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)

Files = Callable[[str], bytes]


def read_plan(
    text: str, source: str, targets: TargetRule, files: Files | None = None
) -> tuple[Plan | None, list[Diagnostic]]:
    """The Plan of a `plan.yaml`, None where it cannot be understood, and what there is to say about it.

    `source` is what messages call the file. `targets` is the operator's. `files` gives the content of a file that the plan
    names for data or beside scripts, and may raise OSError or ValueError; without it all must be in the plan.
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
    attached = tuple(_with_content(plan.files, files, diagnostics))
    if forbid_running(diagnostics):
        return None, diagnostics
    return replace(plan, data=data, files=attached), diagnostics


def _with_rows(source: DataSource, files: Files | None, diagnostics: list[Diagnostic]) -> DataSource:
    if not source.file:
        return source
    what = f"data '{source.name}', file '{source.file}'"
    if source.rows:
        diagnostics.append(Diagnostic(Severity.ERROR, f"{what}: there are rows as well; give one of the two."))
        return source
    content = _read(source.file, what, "Write its rows", files, diagnostics)
    if content is None:
        return source
    filled, found = read_data_file(source, content)
    diagnostics += found
    return filled


def _with_content(
    attached: tuple[AttachedFile, ...], files: Files | None, diagnostics: list[Diagnostic]
) -> Iterator[AttachedFile]:
    left = LARGEST_FILES
    for each in attached:
        what = f"files '{each.name}', file '{each.file}'"
        content: bytes | None = each.content
        if each.file and each.content:
            diagnostics.append(Diagnostic(Severity.ERROR, f"{what}: there is content as well; give one of the two."))
        elif each.file:
            content = _read(each.file, what, "Write its content", files, diagnostics)
        left -= len(content or b"")
        if left < 0:
            diagnostics.append(Diagnostic(Severity.ERROR, f"{what}: with it, files have more than {LARGEST_FILES} bytes."))
            return
        yield each if content is None else replace(each, content=content, file="")


def _read(name: str, what: str, instead: str, files: Files | None, diagnostics: list[Diagnostic]) -> bytes | None:
    """The content of a file that the plan names; None, with a finding, where it cannot be had."""
    if files is None:
        refusal = f"there are no files here. {instead} into the plan, as 'headrace check --yaml FILE' does."
    else:
        try:
            return files(name)
        except (OSError, ValueError) as error:
            refusal = f"it cannot be read: {getattr(error, 'strerror', None) or error}."
    diagnostics.append(Diagnostic(Severity.ERROR, f"{what}: {refusal}"))
    return None


def _error(source: str, line: int, text: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, f"{source}, line {line}: {text}.", source, line)
