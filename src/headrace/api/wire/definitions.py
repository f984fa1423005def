"""The LoadTestDefinition of a drop, from the wire into the keys under which it is kept, and back (`runs/definition.py`)."""

from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from headrace.api.wire.requests import LoadTestDefinition


def read_definition(definition: LoadTestDefinition) -> dict[str, Any]:
    """What was said, under our keys; what was not said is left out."""
    return {name: _whole_if_it_is(value) for name, value in definition.model_dump(exclude_none=True).items()}


def write_definition(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse."""
    return {to_camel(name): _write(value) for name, value in kept.items()}


def _write(value: Any) -> Any:
    if isinstance(value, list):
        return [_write(entry) for entry in value]
    return write_definition(value) if isinstance(value, dict) else value


def _whole_if_it_is(value: Any) -> Any:
    """`thinkTime` is an integer to all old clients; ours may send fractions."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
