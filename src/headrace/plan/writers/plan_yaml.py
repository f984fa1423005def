"""Writes a Plan as `plan.yaml`, so that reading it gives an equal Plan: fields in the order of the model, those at their
default left out. `targets` is the operator's and never written."""

import base64
import csv
import io
import re
from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import Any

import msgspec
import yaml

from headrace.plan.browsers import DEFAULT, find_browser
from headrace.plan.data import DataSource
from headrace.plan.model import Browser, BrowserShare, Plan, Scenario
from headrace.plan.requests import Page, Parameter

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_WIDE = 100  # a list or mapping that needs no more is written on one line
_FEW = 4
_LONGEST_FIELD = 100_000  # of CSV; readers take a little more
# What YAML 1.1 takes for the end of a line, or for nothing at all.
_TREACHEROUS = re.compile(r"[\r\x85\u2028\u2029\ufeff]")
_PLAIN_LINES = re.compile(r"[\x20-\x7e\n\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]+")


def write_plan(plan: Plan) -> str:
    """The text of a `plan.yaml`. Raises ValueError where a text has half a character (a lone surrogate)."""
    try:
        text: str = yaml.serialize(_struct(plan), Dumper=_DUMPER, allow_unicode=True, width=1_000_000)
    except UnicodeEncodeError as error:
        raise ValueError(f"the plan has a text with half a character, {error.object[error.start]!r}") from None
    return text


def _node(value: Any) -> yaml.Node:
    match value:
        case Browser() if find_browser(value.name) == value:
            return _text(value.name)
        case msgspec.Struct():
            return _struct(value)
        case tuple():
            return _list(value)
        case Enum():
            return _text(str(value.value))
        case str():
            return _text(value)
        case bytes():
            return _text(base64.b64encode(value).decode())
        case bool():
            return yaml.ScalarNode("tag:yaml.org,2002:bool", "true" if value else "false")
        case int() | float():
            return _number(value)
        case None:
            return yaml.ScalarNode("tag:yaml.org,2002:null", "null")
    raise TypeError(f"{type(value).__name__} is nothing that a plan has")


def _struct(value: msgspec.Struct, tagged: bool = True) -> yaml.Node:
    """A mapping of the fields; `tagged`: which of several kinds it is, is said first."""
    entries: list[tuple[yaml.Node, yaml.Node]] = []
    config = value.__struct_config__
    if config.tag_field and tagged:
        entries.append((_text(config.tag_field), _text(str(config.tag))))
    for field in _fields(type(value)):
        member = getattr(value, field.name)
        if not _left_out(value, field, member):
            entries.append((_text(field.encode_name), _member(value, field.name, member)))
    flow = (config.tag_field != "step" or not tagged) and len(entries) <= _FEW and _fits(entries)
    return yaml.MappingNode("tag:yaml.org,2002:map", entries, flow_style=flow)


def _member(value: msgspec.Struct, name: str, member: Any) -> yaml.Node:
    match value:
        case DataSource() if name == "rows":
            return _rows(member)
        case Page() if name == "request":
            return _struct(member, tagged=False)
        case Page() if name == "dependents":
            requests = [_struct(request, tagged=False) for request in member]
            return yaml.SequenceNode("tag:yaml.org,2002:seq", requests, flow_style=False)
    return _node(member)


# Asking msgspec takes 0.1 ms.
_fields = cache(msgspec.structs.fields)


def _left_out(value: msgspec.Struct, field: msgspec.structs.FieldInfo, member: Any) -> bool:
    if isinstance(value, Plan) and field.name == "targets":
        return True
    if isinstance(value, Scenario) and field.name == "browsers":
        return bool(member == (BrowserShare(DEFAULT, 100.0),))
    return bool(member == field.default)


def _list(value: tuple[Any, ...]) -> yaml.Node:
    """Pairs whose names are all different as a mapping, anything else as a list."""
    pairs = [_pair(each) for each in value]
    if value and None not in pairs:
        names = [pair[0] for pair in pairs if pair]
        if len(set(names)) == len(names):
            entries = [(_text(pair[0]), _text(pair[1])) for pair in pairs if pair]
            return yaml.MappingNode("tag:yaml.org,2002:map", entries, flow_style=_fits(entries))
    items = [_node(each) for each in value]
    flow = all(isinstance(item, yaml.ScalarNode) for item in items) and _fits([(item,) for item in items])
    return yaml.SequenceNode("tag:yaml.org,2002:seq", items, flow_style=flow)


def _pair(value: Any) -> tuple[str, str] | None:
    match value:
        case Parameter(encode=True):
            return value.name, value.value
        case (str(), str()):
            return value[0], value[1]
    return None


def _rows(rows: tuple[tuple[str, ...], ...]) -> yaml.Node:
    """CSV where all of it is plain text: quick to read, by people and by programs. Else lists."""
    if all(row and all(len(text) <= _LONGEST_FIELD for text in row) for row in rows):
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(rows)
        text = written.getvalue()
        if _PLAIN_LINES.fullmatch(text):
            return _text(text)
    lists = [yaml.SequenceNode("tag:yaml.org,2002:seq", [_text(text) for text in row], flow_style=True) for row in rows]
    return yaml.SequenceNode("tag:yaml.org,2002:seq", lists, flow_style=False)


def _text(text: str) -> yaml.ScalarNode:
    style = None
    if _TREACHEROUS.search(text):
        style = '"'
    elif "\n" in text:
        style = "|" if _PLAIN_LINES.fullmatch(text) and not text[0].isspace() else '"'
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


def _number(value: float) -> yaml.ScalarNode:
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 1e15):
        text = repr(value)
        if "n" in text:  # inf and nan
            text = text.replace("inf", ".inf").replace("nan", ".nan")
        elif "e" in text and "." not in text:
            text = text.replace("e", ".0e")
        return yaml.ScalarNode("tag:yaml.org,2002:float", text)
    return yaml.ScalarNode("tag:yaml.org,2002:int", str(int(value)))


def _fits(entries: Sequence[tuple[yaml.Node, ...]]) -> bool:
    nodes = [node for entry in entries for node in entry]
    scalars = all(isinstance(node, yaml.ScalarNode) and node.style is None for node in nodes)
    return scalars and sum(len(node.value) + 2 for node in nodes) <= _WIDE
