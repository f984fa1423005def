"""What pydantic found wrong, as a sentence that names the member as on the wire, the value and what is allowed."""

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.api.failures import shorten, shown
from headrace.api.wire.queries import PUBLISHED_NAMES

_MOST = 5


def explain(errors: Sequence[Mapping[str, Any]]) -> str:
    """The first few errors of a pydantic (or FastAPI) ValidationError."""
    sentences = [f"{_path(error['loc'])}: {_reason(error)}" for error in errors[:_MOST]]
    more = len(errors) - _MOST
    return "; ".join(sentences) + (f"; and {more} more" if more > 0 else "") + "."


def _path(place: Sequence[int | str]) -> str:
    """`loadTestDefinition.urls[3]`; FastAPI puts in front where the value stood."""
    if place and place[0] == "query":
        return ".".join(PUBLISHED_NAMES.get(str(name), str(name)) for name in place[1:])
    inner = place[1:] if place and place[0] == "body" else place
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner)
    return text.removeprefix(".") or "body"


def _reason(error: Mapping[str, Any]) -> str:
    value = shown(error.get("input"))
    bound = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing"
        case "value_error":
            return str(bound["error"])
        case "greater_than_equal":
            return f"{value} is too small; at least {bound['ge']} is allowed"
        case "greater_than":
            return f"{value} is too small; it must be more than {bound['gt']}"
        case "less_than_equal":
            return f"{value} is too large; at most {bound['le']} is allowed"
        case "too_short" | "string_too_short":
            return "is empty"
        case "too_long" | "string_too_long":
            given = error["input"]
            parts = "characters" if isinstance(given, str) else "entries"
            return f"{value} has {len(given)} {parts}; at most {bound['max_length']} are allowed"
        case "list_type":
            return f"{value} is no list"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{value} is no JSON object"
        case _:
            return shorten(str(error["msg"]))
