"""The same load test in fewer and more readable words: for people who are going to keep its plan.yaml."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from headrace.plan.model import Plan
from headrace.plan.requests import Escaping, Form, Request
from headrace.plan.steps import TakeRow
from headrace.plan.walk import is_template

# `DataSource1.Users#csv.Name` and `Buy.DataSource1.Users#csv`, as Visual Studio has it: source, table, column.
_LONG_NAME = re.compile(r"(?:[^{}'#]+\.)?([^{}'#.]+)#[^{}'#.]+((?:\.[^{}'#]+)?)")
_REFERENCE = re.compile(r"\{\{([^{}']+)\}\}")


@dataclass(frozen=True, slots=True)
class _Names:
    """New names by the old ones: of data sources, and of their columns."""

    sources: Mapping[str, str]
    columns: Mapping[str, str]

    def in_template(self, text: str) -> str:
        return _REFERENCE.sub(lambda found: f"{{{{{self._in_reference(found[1])}}}}}", text)

    def _in_reference(self, name: str) -> str:
        function, bracket, argument = name.partition("(")
        if name not in self.columns and bracket and argument.endswith(")"):
            return f"{function}({self.columns.get(argument[:-1], argument[:-1])})"
        return self.columns.get(name, name)


def tidied(plan: Plan) -> Plan:
    """The plan without what says nothing, and with short names of data and columns where nothing else has them.

    Requests say only what they have of their own: no time-out that is the plan's, no name that is their URL, no way to
    encode what they do not have. `DataSource1.Users#csv.Name` becomes `Users.Name`.
    """
    columns = {column for source in plan.data for column in source.columns}
    texts = {*_texts(plan.tests), *_texts(plan.variables)}
    names = _Names(_shorter([source.name for source in plan.data], set()), _shorter(columns, texts))
    data = tuple(
        replace(source, name=names.sources[source.name], columns=tuple(names.columns[column] for column in source.columns))
        for source in plan.data
    )
    tests = tuple(
        replace(
            test,
            steps=_tidied(test.steps, plan, names),
            variables=_tidied(test.variables, plan, names),
            credentials=_tidied(test.credentials, plan, names),
        )
        for test in plan.tests
    )
    return replace(plan, tests=tests, data=data, variables=_tidied(plan.variables, plan, names))


def _shorter(names: Iterable[str], texts: Collection[str]) -> dict[str, str]:
    """Every name, shortened where it is long, unless another is then the same, a text has that in it, or is the long one."""
    short = {name: _LONG_NAME.sub(r"\1\2", name) if _LONG_NAME.fullmatch(name) else name for name in names}
    count = Counter(new.casefold() for new in short.values())
    known = "\n".join(texts).casefold()

    def is_clear(old: str, new: str) -> bool:
        return count[new.casefold()] == 1 and new.casefold() not in known and old not in texts

    return {old: new if old == new or is_clear(old, new) else old for old, new in short.items()}


def _tidied(value: Any, plan: Plan, names: _Names) -> Any:
    """A part of a plan with what is in it; the same object where there is nothing to change."""
    if type(value) is str:
        return names.in_template(value)
    if isinstance(value, tuple):
        parts = tuple(_tidied(part, plan, names) for part in value)
        return value if parts == value else parts
    if isinstance(value, msgspec.Struct):
        inside = {field: getattr(value, field) for field in value.__struct_fields__}
        changed = {
            field: new
            for field, old in inside.items()
            if (type(old) is not str or is_template(type(value), field)) and (new := _tidied(old, plan, names)) != old
        }
        return _with_less(replace(value, **changed) if changed else value, plan, names)
    return value


def _with_less(value: Any, plan: Plan, names: _Names) -> Any:
    match value:
        case Request():
            encoded = (*value.query, *(value.body.fields if isinstance(value.body, Form) else ()))
            return replace(
                value,
                # A name shows the values of its variables, a URL is reported as it is written.
                name="" if value.name == value.url and "{{" not in value.url else value.name,
                timeout=None if value.timeout == plan.request_timeout else value.timeout,
                escaping=value.escaping if any(parameter.encode for parameter in encoded) else Escaping.HTML,
            )
        case TakeRow():
            return replace(value, source=names.sources.get(value.source, value.source))
    return value


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case tuple():
            for part in value:
                yield from _texts(part)
        case msgspec.Struct():
            for field in value.__struct_fields__:
                yield from _texts(getattr(value, field))
