"""`headrace convert`: a test as a plan.yaml that its author would like to keep.

What is large goes into files beside it, what is not carried over is said where it was, and secrets are marked.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, count
from pathlib import Path

from msgspec.structs import replace

from headrace.cli.plan_file import FileError
from headrace.plan.data import DataSource
from headrace.plan.model import Plan
from headrace.plan.readers.data_rows import read_data_file
from headrace.plan.scripts import AttachedFile
from headrace.plan.writers.notes import Notes, with_notes
from headrace.plan.writers.plan_yaml import write_plan
from headrace.plan.writers.secret_places import secret_places

_PLANS = (".yaml", ".yml")
# Of data that stays in the plan.
_MOST_ROWS = 20
_MOST_CHARACTERS = 2000
_MOST_TOLD = 100  # findings at the head


def plan_text(source: str, plan: Plan, remarks: Notes) -> str:
    """The plan with comments. `source` is the file that it is made from; `remarks` say what is not carried over.

    Raises ValueError where the plan has a text that no file can have.
    """
    notes = {place: list(texts) for place, texts in remarks.items()}
    notes[""] = [_head(source, notes.get("", []))]
    for place, what in secret_places(plan):
        notes.setdefault(place, []).append(f"Secret: {what}. Keep this file from those who may not see it.")
    return with_notes(write_plan(plan), notes)


def convert_into(output: Path, source: str, plan: Plan, remarks: Notes, force: bool) -> list[Path]:
    """Writes the plan and the files beside it; returns what was written, the plan first. `force`: over what is there.

    Raises FileError, before anything is written, where something is there, OSError, and ValueError as `plan_text` does.
    """
    if output.suffix.lower() not in _PLANS:
        raise FileError(f"'{output}': name a file that ends with .yaml, or - to print the plan.")
    plan, beside = set_apart(plan, output.name)
    contents = {output: plan_text(source, plan, remarks).encode()}
    contents |= {output.parent / name: content for name, content in beside.items()}
    there = [] if force else [path for path, content in contents.items() if path.exists() and not _has(path, content)]
    if there:
        named = ", ".join(f"'{path}'" for path in there)
        raise FileError(f"There already: {named}. Overwrite with --force, or name another file.")
    for path, content in reversed(contents.items()):  # the plan last: where it is, all that it names is
        if not (path.is_file() and _has(path, content)):
            path.write_bytes(content)
    return list(contents)


def set_apart(plan: Plan, file: str) -> tuple[Plan, dict[str, bytes]]:
    """The plan, to be written as `file`, with its large data and all attached files in files beside it; their contents."""
    beside: dict[str, bytes] = {}
    stem = file.rpartition(".")[0]
    data = tuple(_data_apart(source, stem, beside) for source in plan.data)
    return replace(plan, data=data, files=tuple(_files_apart(plan.files, stem, beside))), beside


def _data_apart(source: DataSource, stem: str, beside: dict[str, bytes]) -> DataSource:
    """Data that people would rather open with a spreadsheet; it stays where a CSV file could not give back the same."""
    if len(source.rows) <= _MOST_ROWS and sum(len(text) for row in source.rows for text in row) <= _MOST_CHARACTERS:
        return source
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([source.columns, *source.rows])
    content = written.getvalue().encode(errors="replace")
    name = _name(f"{stem}.{source.name}", "csv", beside)
    apart = replace(source, columns=(), rows=(), file=name, delimiter=",")
    if read_data_file(apart, content) != (source, []):
        return source
    beside[name] = content
    return apart


def _files_apart(files: Sequence[AttachedFile], stem: str, beside: dict[str, bytes]) -> Iterator[AttachedFile]:
    for attached in files:
        base, _, ending = attached.name.rpartition("/")[2].rpartition(".")
        name = _name(base or f"{stem}.{ending}", ending if base else "", beside)
        beside[name] = attached.content
        yield replace(attached, content=b"", file=name)


def _name(wanted: str, ending: str, taken: Collection[str]) -> str:
    """A file name of letters, digits, blanks, `.`, `_` and `-` that is none of these, in any case, and no plan's."""
    base = re.sub(r"[^\w. -]+", "-", wanted).strip(". -")[:100] or "file"
    suffix = re.sub(r"[^\w]+", "", ending)[:20]
    suffix = f".{suffix}" if suffix else ""
    if suffix.lower() in _PLANS:
        suffix += ".txt"
    known = {name.casefold() for name in taken}
    names = (f"{base}{number}{suffix}" for number in chain([""], map("-{}".format, count(2))))
    return next(name for name in names if name.casefold() not in known)


def _has(path: Path, content: bytes) -> bool:
    """Whether a file has this content already; then it need not be written."""
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _head(source: str, told: list[str]) -> str:
    lines = [f"Made from {source} by `headrace convert`. docs/plan.md says what can be written here."]
    if told:
        lines += [
            "",
            "What is not carried over, or is otherwise than it was (more of it is said at the parts that it concerns):",
        ]
        lines += [f"- {text}" for text in told[:_MOST_TOLD]]
        if len(told) > _MOST_TOLD:
            lines.append(f"- and {len(told) - _MOST_TOLD} more, which `headrace check` tells.")
    return "\n".join(lines)
