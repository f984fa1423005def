"""Whole plans of every kind of step, rule, body and shape, made from the types of the model alone: a new field or kind is
covered the moment it is there. The values mean nothing; what is to run must be checked first."""

from functools import cache
from typing import Any

import msgspec
import msgspec.inspect as types
from hypothesis import strategies as st

from headrace.plan.browsers import DEFAULT, find_browser
from headrace.plan.data import DataSource
from headrace.plan.model import Browser, Plan
from headrace.plan.scripts import AttachedFile
from headrace.plan.targets import TargetRule

TARGETS = TargetRule()
_DEEPEST = 5

# Texts with what YAML, CSV and templates may stumble over.
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(
        [
            "",
            " ",
            "~",
            "null",
            "yes",
            "1",
            "1.10",
            "-",
            "- a",
            "a: b",
            "#a",
            "{{a}}",
            "'",
            '"',
            "*a",
            "&a",
            "!a",
            "|",
            "[",
            "{",
        ]
    ),
    st.lists(st.sampled_from(["a", " b", "\n", "\r", "\t", ",", '"', " ", "\u2028", "\x85", "\ufeff", ": ", "☃"])).map(
        "".join
    ),
)
_numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 100).map(float)
_whole = st.integers(-(2**62), 2**62) | st.integers(0, 10)


def plans() -> st.SearchStrategy[Plan]:
    return structs(Plan)


def structs(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Values of this struct of the model."""
    info = types.type_info(kind)
    assert isinstance(info, types.StructType)
    return _struct(info.cls, _DEEPEST)


def every_struct() -> set[type[msgspec.Struct]]:
    """All structs that a Plan may have in it."""
    found: set[type[msgspec.Struct]] = set()
    waiting: list[types.Type] = [types.type_info(Plan)]
    while waiting:
        match waiting.pop():
            case types.StructType() as info if info.cls not in found:
                found.add(info.cls)
                waiting += [field.type for field in info.fields]
            case types.UnionType() as union:
                waiting += union.types
            case types.VarTupleType() as several:
                waiting.append(several.item_type)
            case _:
                pass
    return found


@cache
def _struct(cls: type[Any], depth: int) -> st.SearchStrategy[Any]:
    info = types.type_info(cls)
    assert isinstance(info, types.StructType)
    fields = {field.name: _values(field.type, depth - 1) for field in info.fields}
    optional = {field.name for field in info.fields if not field.required}
    built = st.fixed_dictionaries(
        {name: each for name, each in fields.items() if name not in optional},
        optional={name: each for name, each in fields.items() if name in optional},
    ).map(lambda values: cls(**values))
    if cls is Browser:
        return built | st.sampled_from([DEFAULT, find_browser("Chrome")])
    if cls in (DataSource, AttachedFile):
        return built.map(lambda source: msgspec.structs.replace(source, file=""))
    return built


def _values(kind: types.Type, depth: int) -> st.SearchStrategy[Any]:
    match kind:
        case types.StructType():
            return st.deferred(lambda: _struct(kind.cls, depth))
        case types.DataclassType():
            return st.just(TARGETS)
        case types.UnionType():
            options = [each for each in kind.types if depth > 0 or not _nests(each)]
            return st.one_of([_values(each, depth) for each in options or kind.types])
        case types.VarTupleType():
            size = 3 if depth > 0 else 0
            return st.lists(_values(kind.item_type, depth), max_size=size).map(tuple)
        case types.TupleType():
            return st.tuples(*[_values(each, depth) for each in kind.item_types])
        case types.EnumType():
            return st.sampled_from(list(kind.cls))
        case types.LiteralType():
            return st.sampled_from(kind.values)
        case _:
            return _SIMPLE[type(kind)]


_SIMPLE: dict[type, st.SearchStrategy[Any]] = {
    types.StrType: texts,
    types.BoolType: st.booleans(),
    types.IntType: _whole,
    types.FloatType: _numbers,
    types.BytesType: st.binary(max_size=20),
    types.NoneType: st.none(),
}


def _nests(kind: types.Type) -> bool:
    """Whether a value of this kind needs another of its union inside."""
    return isinstance(kind, types.StructType) and any(
        field.required and isinstance(field.type, types.StructType | types.UnionType) for field in kind.fields
    )
