"""Every step of a test with its place, and every text in it that is a template."""

from collections.abc import Iterator

import msgspec

from headrace.plan.conditions import VariableExists
from headrace.plan.requests import Binary, Page, Request, Text
from headrace.plan.rules import (
    ExtractAttribute,
    ExtractBetween,
    ExtractCookie,
    ExtractCss,
    ExtractFormField,
    ExtractHeader,
    ExtractHiddenFields,
    ExtractInnerText,
    ExtractJson,
    ExtractRegex,
    ExtractSelectedOption,
    ExtractXPath,
)
from headrace.plan.steps import (
    Choose,
    ForEach,
    ForTime,
    If,
    Once,
    Repeat,
    SetVariables,
    Shuffle,
    Step,
    TakeRow,
    Transaction,
    While,
)

DEEPEST = 50

_VARIABLE = frozenset({"variable", "default"})
# The fields that are texts and no templates.
_CONSTANT: dict[type, frozenset[str]] = {
    Transaction: frozenset({"name"}),
    TakeRow: frozenset({"source"}),
    Repeat: frozenset({"variable"}),
    ForEach: frozenset({"variables", "variable"}),
    Request: frozenset({"method", "charset", "escaping"}),
    Text: frozenset({"charset"}),
    Binary: frozenset({"content_type"}),
    VariableExists: frozenset({"name"}),
    ExtractRegex: _VARIABLE | {"format"},
    **dict.fromkeys(
        (
            ExtractBetween,
            ExtractJson,
            ExtractXPath,
            ExtractCss,
            ExtractHeader,
            ExtractCookie,
            ExtractHiddenFields,
            ExtractFormField,
            ExtractAttribute,
            ExtractSelectedOption,
            ExtractInnerText,
        ),
        _VARIABLE,
    ),
}


def is_template(kind: type, field: str) -> bool:
    """Whether a text in this field of a struct is a template."""
    return field not in _CONSTANT.get(kind, frozenset())


def children(step: Step) -> list[tuple[str, tuple[Step, ...]]]:
    """The steps inside a step, by the field that has them."""
    match step:
        case Transaction() | Repeat() | While() | ForEach() | ForTime() | Shuffle() | Once():
            return [("steps", step.steps)]
        case If():
            return [("then", step.then), ("otherwise", step.otherwise)]
        case Choose():
            return [(f"options[{index}].steps", option.steps) for index, option in enumerate(step.options)]
        case _:
            return []


def walk(steps: tuple[Step, ...], place: str = "steps", depth: int = 1) -> Iterator[tuple[str, int, Step]]:
    """Each step, its place such as `steps[2].then[0]`, and how deep it is, from 1. What is deeper than DEEPEST is left out,
    but for the first level of it."""
    for index, step in enumerate(steps):
        here = f"{place}[{index}]"
        yield here, depth, step
        if depth <= DEEPEST:
            for field, inner in children(step):
                yield from walk(inner, f"{here}.{field}", depth + 1)


def requests_of(step: Step) -> list[tuple[str, Request]]:
    """The requests that a step sends itself, each with its place within the step."""
    match step:
        case Request():
            return [("", step)]
        case Page():
            dependents = [(f".dependents[{index}]", request) for index, request in enumerate(step.dependents)]
            return [(".request", step.request), *dependents]
        case _:
            return []


def templates(value: object, place: str) -> Iterator[tuple[str, str]]:
    """The templates in a step, with their places; not those of the steps inside it."""
    match value:
        case SetVariables():
            for name, text in value.variables:
                yield f"{place}.variables.{name}", text
        case msgspec.Struct():
            inside = {field.partition("[")[0] for field, _ in children(value)} if isinstance(value, Step) else ()
            for field in value.__struct_fields__:
                if is_template(type(value), field) and field not in inside:
                    yield from templates(getattr(value, field), f"{place}.{field}")
        case str():
            yield place, value
        case tuple():
            for index, each in enumerate(value):
                yield from templates(each, f"{place}[{index}]")
