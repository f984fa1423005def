"""`/openapi.json` and `/docs`: the description of the APIs for programs and for people.

Both are open to everybody: they say nothing that the source of Headrace does not. The page needs no scripts and nothing from
elsewhere.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

Json = dict[str, Any]

PATHS = ("/openapi.json", "/docs")

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def description_pages(describe: Callable[[], Json]) -> list[Route]:
    """The routes; `describe` is called once, when somebody first asks."""

    @cache
    def as_json() -> bytes:
        return json.dumps(describe(), ensure_ascii=False, separators=(",", ":")).encode()

    @cache
    def as_page() -> str:
        return _TEMPLATE.render(description=describe(), groups=_groups(describe()))

    # Not coroutines: they are run in a thread, for the first of each takes a moment.
    def show_json(_: Request) -> Response:
        return Response(as_json(), media_type="application/json")

    def show_page(_: Request) -> Response:
        return HTMLResponse(as_page(), headers=_HEADERS)

    return [Route("/openapi.json", show_json), Route("/docs", show_page)]


def _groups(description: Json) -> dict[str, list[tuple[str, str, Json]]]:
    """(method, path, operation) under their tags."""
    groups: dict[str, list[tuple[str, str, Json]]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return groups


def _type(schema: Json) -> str:
    """A schema in a few words; `model:` and a name where it is one of the components."""
    if "$ref" in schema:
        return "model:" + str(schema["$ref"]).rpartition("/")[2]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(_type(choice) for choice in schema[word])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return f"{schema.get('type', 'anything')}{_bounds(schema)}"


def _bounds(schema: Json) -> str:
    known = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "minLength": "length ≥", "maxLength": "length ≤"}
    bounds = [f"{sign} {schema[name]}" for name, sign in known.items() if name in schema]
    return f" ({schema['format']})" if "format" in schema else f" ({', '.join(bounds)})" if bounds else ""


def _example(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


_environment = Environment(
    loader=PackageLoader("headrace.api"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_environment.filters.update(type=_type, example=_example)
_TEMPLATE = _environment.get_template("description.html")
