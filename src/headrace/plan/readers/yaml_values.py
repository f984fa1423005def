"""From a YAML tree to what `msgspec.convert` takes, led by the types of the model: only they say that `1.10` is a text here
and a number there. What is wrong is noted with its place, and the rest is read on, so that one look shows all of it.
"""

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec
import msgspec.inspect as types

from headrace.plan.browsers import find_browser
from headrace.plan.data import DataSource
from headrace.plan.durations import parse_duration
from headrace.plan.load import Goal, Part, RateStage, Stage, Steps
from headrace.plan.model import Browser, Network, Plan, Scenario
from headrace.plan.pauses import Exponential, Normal, Uniform
from headrace.plan.readers.data_rows import parse_rows
from headrace.plan.readers.yaml_tree import Mapping, Node, Scalar, Sequence
from headrace.plan.requests import Parameter, Request
from headrace.plan.rules import CheckResponseTime
from headrace.plan.scripts import Script
from headrace.plan.steps import ForTime, Think

MOST_PROBLEMS = 100

# The fields that are seconds, and may be written as texts such as 1h30m.
DURATIONS: dict[type, frozenset[str]] = {
    Plan: frozenset({"duration", "warm_up", "cool_down", "request_timeout", "sampling_interval"}),
    Scenario: frozenset({"think_time", "pacing", "delay"}),
    Network: frozenset({"latency_down", "latency_up"}),
    Think: frozenset({"time"}),
    ForTime: frozenset({"seconds"}),
    Request: frozenset({"timeout", "goal"}),
    CheckResponseTime: frozenset({"at_most"}),
    Uniform: frozenset({"low", "high"}),
    Normal: frozenset({"mean", "deviation"}),
    Exponential: frozenset({"mean"}),
    Steps: frozenset({"every", "ramp"}),
    Stage: frozenset({"duration"}),
    RateStage: frozenset({"duration"}),
    Part: frozenset({"duration"}),
    Goal: frozenset({"interval"}),
    Script: frozenset({"timeout"}),
}
# What a plan.yaml cannot say, and why.
_NOT_HERE: dict[tuple[type, str], str] = {
    (Plan, "targets"): "is the operator's: which targets may be tested is a setting of the service; leave it out"
}

# Scalars by the core schema of YAML 1.2.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a place: `path` as `scenarios[0].load.users`, and a sentence that follows it."""

    line: int
    path: str
    text: str


def read_value(node: Node, kind: types.Type) -> tuple[Any, list[Problem]]:
    """The value as `msgspec.convert` takes it; do not convert it where there are problems."""
    reading = _Reading()
    return reading.read(node, kind, ""), reading.problems


class _Reading:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @property
    def _enough(self) -> bool:
        return len(self.problems) > MOST_PROBLEMS

    def read(self, node: Node, kind: types.Type, path: str) -> Any:
        if self._enough:
            return None
        match kind:
            case types.UnionType():
                return self._union(node, kind, path)
            case types.StructType():
                return self._struct(node, kind, path)
            case types.VarTupleType():
                return self._list(node, kind.item_type, path)
            case types.TupleType():
                return self._pair(node, kind, path)
            case _:
                return self._scalar(node, (kind,), path)

    def _union(self, node: Node, kind: types.UnionType, path: str) -> Any:
        structs = [each for each in kind.types if isinstance(each, types.StructType)]
        scalars = [each for each in kind.types if not isinstance(each, types.StructType)]
        if structs and isinstance(node, Mapping):
            if len(structs) == 1:
                return self._struct(node, structs[0], path)
            return self._tagged(node, structs, path)
        if any(not isinstance(each, types.NoneType) for each in scalars) or _is_null(node):
            return self._scalar(node, scalars, path)
        if len(structs) == 1:
            return self._struct(node, structs[0], path)
        return self._tagged(node, structs, path)

    def _tagged(self, node: Node, structs: list[types.StructType], path: str) -> Any:
        """One of several structs, which a field tells apart."""
        field = str(structs[0].tag_field)
        by_tag = {str(each.tag): each for each in structs}
        if not isinstance(node, Mapping):
            self._wrong(node, path, f"{_shown(node)}; give a mapping with '{field}: {next(iter(by_tag))}' or another kind")
            return None
        tag = node.entries.get(field)
        if tag is None:
            self._wrong(node, path, f"has no '{field}'; give one of {_listed(by_tag)}", verb="")
            return None
        known = by_tag.get(tag.text) if isinstance(tag, Scalar) else None
        if known is None:
            self._wrong(tag, _member(path, field), _no_choice(tag, by_tag))
            return None
        return self._struct(node, known, path)

    def _struct(self, node: Node, kind: types.StructType, path: str) -> Any:
        if kind.cls is Browser and isinstance(node, Scalar):
            return self._browser(node, path)
        if not isinstance(node, Mapping):
            wanted = _listed(field.encode_name for field in kind.fields if field.required)
            self._wrong(node, path, f"{_shown(node)}; give a mapping with {wanted}")
            return None
        fields = {field.encode_name: field for field in kind.fields}
        values: dict[str, Any] = {}
        if kind.tag_field is not None:
            values[kind.tag_field] = kind.tag
        durations = DURATIONS.get(kind.cls, frozenset())
        for name, value in node.entries.items():
            inner = _member(path, name)
            field = fields.get(name)
            if name == kind.tag_field:
                self._check_tag(value, kind, inner)
            elif (kind.cls, name) in _NOT_HERE:
                self._wrong(value, inner, _NOT_HERE[kind.cls, name], verb="")
            elif field is None:
                self._unknown(value, inner, name, [*([kind.tag_field] if kind.tag_field else []), *fields])
            elif kind.cls is DataSource and name == "rows" and isinstance(value, Scalar):
                values[name] = self._rows(value, inner)
            elif name in durations:
                values[name] = self._duration(value, field.type, inner)
            else:
                values[name] = self.read(value, field.type, inner)
        for field in kind.fields:
            if field.required and field.encode_name not in node.entries and not self._assume(kind, field.name, values):
                self._wrong(node, _member(path, field.encode_name), "is missing", verb="")
        return values

    def _assume(self, kind: types.StructType, field: str, values: dict[str, Any]) -> bool:
        """Fills in what a plan.yaml need not say though the model needs it: who names no browser has ours."""
        if kind.cls is not Scenario or field != "browsers":
            return False
        values[field] = [{"browser": _as_builtins("Headrace"), "weight": 100.0}]
        return True

    def _unknown(self, node: Node, path: str, name: str, known: list[str]) -> None:
        if not self._enough:  # to look for what was meant takes 0.1 ms
            self._wrong(node, path, f"is not known here; {_suggested(name, known)}", verb="")

    def _check_tag(self, node: Node, kind: types.StructType, path: str) -> None:
        if not isinstance(node, Scalar) or node.text != kind.tag:
            self._wrong(node, path, f"{_shown(node)}; give {kind.tag}")

    def _browser(self, node: Scalar, path: str) -> Any:
        browser = _as_builtins(node.text)
        if browser is None:
            self._wrong(node, path, f"{_shown(node)}, no browser known by its name; give a mapping with name and headers")
        return browser

    def _rows(self, node: Scalar, path: str) -> Any:
        try:
            return [row for _, row in parse_rows(node.text, ",")]
        except ValueError as error:
            self._wrong(node, path, f"is CSV that cannot be read: {error}", verb="")
            return None

    def _list(self, node: Node, item: types.Type, path: str) -> Any:
        if isinstance(node, Mapping):
            texts = ((name, self.read(each, types.StrType(), _member(path, name))) for name, each in node.entries.items())
            if _is_pair(item):
                return [[name, text] for name, text in texts]
            if isinstance(item, types.StructType) and item.cls is Parameter:
                return [{"name": name, "value": text} for name, text in texts]
        if not isinstance(node, Sequence):
            self._wrong(node, path, f"{_shown(node)}; give a list")
            return None
        return [self.read(each, item, f"{path}[{index}]") for index, each in enumerate(node.items)]

    def _pair(self, node: Node, kind: types.TupleType, path: str) -> Any:
        if not isinstance(node, Sequence) or len(node.items) != len(kind.item_types):
            self._wrong(node, path, f"{_shown(node)}; give a pair such as [name, value]")
            return None
        return [self.read(each, kind.item_types[index], f"{path}[{index}]") for index, each in enumerate(node.items)]

    def _duration(self, node: Node, kind: types.Type, path: str) -> Any:
        if isinstance(node, Scalar) and not _FLOAT.fullmatch(node.text) and not _may_be_null(node, kind):
            try:
                seconds = parse_duration(node.text)
            except ValueError:
                self._wrong(node, path, f"{_shown(node)}; give seconds, or a time such as 90s, 5m or 1h30m")
                return None
            return int(seconds) if seconds.is_integer() else seconds
        return self.read(node, kind, path)

    def _scalar(self, node: Node, kinds: Iterable[types.Type], path: str) -> Any:
        if isinstance(node, Scalar):
            for kind in kinds:
                read, value = _read_scalar(node, kind)
                if read:
                    return value
        expected = " or ".join(wanted for kind in kinds if (wanted := _wanted(kind, node)))
        quoted = ""
        if isinstance(node, Scalar) and not node.plain:
            bare = Scalar(node.text, True, node.line)
            quoted = ", without quotes" if any(_read_scalar(bare, kind)[0] for kind in kinds) else ""
        self._wrong(node, path, f"{_shown(node)}; give {expected}{quoted}")
        return None

    def _wrong(self, node: Node, path: str, text: str, verb: str = "is ") -> None:
        if not self._enough:
            self.problems.append(Problem(node.line, path or "the plan", f"{verb}{text}"))


def _read_scalar(node: Scalar, kind: types.Type) -> tuple[bool, Any]:
    """Whether the text is of this kind, and its value."""
    text = node.text
    match kind:
        case types.NoneType():
            return _is_null(node), None
        case types.StrType():
            return not _is_null(node), text
        case types.BoolType():
            return node.plain and text in _BOOL, _BOOL.get(text)
        case types.IntType() if node.plain and _INT.fullmatch(text) and len(text) <= 20:
            return -(2**63) <= int(text) < 2**63, int(text)
        case types.FloatType() if node.plain and _FLOAT.fullmatch(text):
            return True, float(text.replace(".i", "i").replace(".I", "i").replace(".n", "n").replace(".N", "n"))
        case types.BytesType():
            return not _is_null(node) and _is_base64(text), "".join(text.split())
        case types.EnumType():
            return text in [member.value for member in kind.cls], text
        case types.LiteralType():
            return text in kind.values, text
    return False, None


def _wanted(kind: types.Type, node: Node) -> str:
    match kind:
        case types.StrType():
            return "a text ('' for an empty one)" if _is_null(node) else "a text"
        case types.BoolType():
            return "true or false"
        case types.IntType():
            large = isinstance(node, Scalar) and node.plain and _INT.fullmatch(node.text)
            return "a whole number that fits into 64 bits" if large else "a whole number"
        case types.FloatType():
            return "a number"
        case types.BytesType():
            return "bytes as base64"
        case types.EnumType():
            return _choice(node, [str(member.value) for member in kind.cls])
        case types.LiteralType():
            return _choice(node, [str(value) for value in kind.values])
    return ""


def _choice(node: Node, choices: list[str]) -> str:
    return f"one of {_listed(choices)}" + (_meant(node.text, choices) if isinstance(node, Scalar) else "")


def _no_choice(node: Node, choices: Iterable[str]) -> str:
    return f"{_shown(node)}; give {_choice(node, list(choices))}"


def _suggested(name: str, known: list[str]) -> str:
    return f"known are {_listed(known)}{_meant(name, known)}"


def _meant(text: str, known: Iterable[str]) -> str:
    close = get_close_matches(text[:_SHOWN].lower(), list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in _NULL


def _may_be_null(node: Node, kind: types.Type) -> bool:
    kinds = kind.types if isinstance(kind, types.UnionType) else (kind,)
    return _is_null(node) and any(isinstance(each, types.NoneType) for each in kinds)


def _is_base64(text: str) -> bool:
    try:
        b64decode("".join(text.split()), validate=True)
    except ValueError:
        return False
    return True


def _is_pair(kind: types.Type) -> bool:
    return isinstance(kind, types.TupleType) and all(isinstance(each, types.StrType) for each in kind.item_types)


def _member(path: str, name: str) -> str:
    name = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    return f"{path}.{name}" if path else name


def _shown(node: Node) -> str:
    match node:
        case Scalar():
            if _is_null(node):
                return "empty"
            return repr(node.text if len(node.text) <= _SHOWN else node.text[: _SHOWN - 1] + "…")
        case Sequence():
            return f"a list of {len(node.items)}"
        case Mapping():
            return "a mapping"


def _as_builtins(name: str) -> Any:
    browser = find_browser(name)
    return None if browser is None else msgspec.to_builtins(browser)
