"""Rows of data from texts and files: CSV as spreadsheets write it, and JSON arrays of objects."""

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from msgspec.structs import replace

from headrace.plan.data import DataSource
from headrace.plan.diagnostics import Diagnostic, Severity

LARGEST = 64 * 1024 * 1024  # bytes
_MOST_TOLD = 5
_DELIMITERS = {";": ";", "\t": "\\t", "|": "|", ",": ","}  # and how YAML spells them


def parse_rows(text: str, delimiter: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows of a CSV text, each with the number of its last line; empty lines are none.

    Raises ValueError with the line, also where `delimiter` is none.
    """
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (TypeError, ValueError):
        raise ValueError(f"{delimiter!r} is no delimiter; give one character such as ',' or ';'") from None
    try:
        for row in reader:
            if row:
                yield reader.line_num, tuple(row)
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None


def read_data_file(source: DataSource, content: bytes) -> tuple[DataSource, list[Diagnostic]]:
    """The source with the rows of its file, and without the file. Where the source names columns, these are taken, in this
    order; else all there are."""
    diagnostics: list[Diagnostic] = []
    if len(content) > LARGEST:
        return source, [_error(source, f"has {len(content)} bytes; at most {LARGEST} are read")]
    text = _decode(source, content, diagnostics)
    is_json = source.file.lower().endswith(".json")
    try:
        columns, rows = _json_rows(text) if is_json else _csv_rows(text, source.delimiter)
        columns, rows = _choose(source, columns, rows)
    except ValueError as error:
        return source, [*diagnostics, _error(source, str(error))]
    ragged = [(line, row) for line, row in rows if len(row) != len(columns)]
    for line, row in ragged[:_MOST_TOLD]:
        diagnostics.append(_error(source, f"line {line}: {len(row)} values for {len(columns)} columns"))
    if len(ragged) > _MOST_TOLD:
        diagnostics.append(_error(source, f"{len(ragged) - _MOST_TOLD} more lines have too many or too few values"))
    if ragged:
        return source, diagnostics
    if len(columns) == 1 and not is_json:
        diagnostics += _doubt_delimiter(source, columns[0])
    if not rows:
        diagnostics.append(_error(source, "has no rows below its head line; give at least one"))
    return replace(source, columns=columns, rows=tuple(row for _, row in rows), file="", delimiter=","), diagnostics


def _doubt_delimiter(source: DataSource, column: str) -> Iterator[Diagnostic]:
    """A warning where the only column looks like several."""
    spelt = next((spelt for delimiter, spelt in _DELIMITERS.items() if delimiter in column), None)
    if spelt is not None:
        text = f'the only column is {column[:100]!r}; if these are several, write delimiter: "{spelt}"'
        yield Diagnostic(Severity.WARNING, _told(source, text))


_Rows = list[tuple[int, tuple[str, ...]]]


def _decode(source: DataSource, content: bytes, diagnostics: list[Diagnostic]) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        text = f"line {line} is not UTF-8; the file is read as Windows-1252. Save it as UTF-8 where letters look wrong"
        diagnostics.append(Diagnostic(Severity.WARNING, _told(source, text)))
        return content.decode("cp1252", errors="replace")


def _csv_rows(text: str, delimiter: str) -> tuple[tuple[str, ...], _Rows]:
    rows = parse_rows(text, delimiter)
    head = list(islice(rows, 1))
    if not head:
        raise ValueError("it is empty; the first line names the columns")
    columns = tuple(name.strip() for name in head[0][1])
    known: set[str] = set()
    for index, name in enumerate(columns):
        if not name or name in known:
            said = f"the name '{name}' twice" if name else f"no name for column {index + 1}"
            raise ValueError(f"line {head[0][0]}: the head line has {said}")
        known.add(name)
    return columns, list(rows)


def _json_rows(text: str) -> tuple[tuple[str, ...], _Rows]:
    try:
        objects = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON: {error}") from None
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        raise ValueError("it is no JSON array of objects")
    if not objects:
        return (), []
    columns = tuple(objects[0])
    rows = []
    for number, each in enumerate(objects, 1):
        if set(each) != set(columns):
            raise ValueError(f"object {number} has the members {', '.join(each)}, the first has {', '.join(columns)}")
        rows.append((number, tuple(_text(each[column]) for column in columns)))
    return columns, rows


def _text(value: Any) -> str:
    """A text as it is, nothing as "", anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _choose(source: DataSource, columns: tuple[str, ...], rows: _Rows) -> tuple[tuple[str, ...], _Rows]:
    if not source.columns or source.columns == columns:
        return columns, rows
    missing = [name for name in source.columns if name not in columns]
    if missing:
        raise ValueError(f"it has no column '{missing[0]}'; it has {', '.join(columns)}")
    places = [columns.index(name) for name in source.columns]
    # a row that is too short keeps its length, so that it is told
    chosen = [(line, tuple(row[place] for place in places) if len(row) == len(columns) else row) for line, row in rows]
    return source.columns, chosen


def _error(source: DataSource, text: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, _told(source, text))


def _told(source: DataSource, text: str) -> str:
    return f"data '{source.name}', file '{source.file}': {text}."
