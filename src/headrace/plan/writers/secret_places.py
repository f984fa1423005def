"""Where a plan has a secret in it: what should not get into version control, or to people who may only see the test."""

import re
from collections.abc import Iterator

import msgspec

from headrace.plan.data import DataSource
from headrace.plan.model import Plan, Tls
from headrace.plan.requests import Credentials, FormPart, Parameter

# Names of parameters, variables and headers whose values are secret, as far as a name can tell.
_SECRET = re.compile(r"passw|pwd|secret|(^|[^a-z])token|api.?key|authorization|credential", re.IGNORECASE)


def secret_places(plan: Plan) -> Iterator[tuple[str, str]]:
    """The place of each secret, as `tests[0].steps[2].body.fields`, and what it is."""
    if "@" in plan.proxy:
        yield "proxy", "the proxy's password"
    yield from _inside(plan, "")


def _inside(value: object, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case Credentials() if _is_written(value.password):
            yield place, "the password" if value.user else "the token"
        case Tls() if value.key or value.key_password:
            yield place, "the client's key"
        case DataSource():
            named = next((column for column in value.columns if _SECRET.search(column)), None)
            if named is not None:
                yield place, f"the column '{named}'"
        case msgspec.Struct():
            for field in msgspec.structs.fields(type(value)):
                inner = getattr(value, field.name)
                yield from _inside(inner, f"{place}.{field.encode_name}" if place else field.encode_name)
        case tuple():
            named = next((name for each in value if (name := _secret_name(each))), None)
            if named is not None:
                yield place, f"'{named}'"
            for index, each in enumerate(value):
                if isinstance(each, msgspec.Struct):
                    yield from _inside(each, f"{place}[{index}]")


def _secret_name(value: object) -> str | None:
    match value:
        case (str() as name, str() as text) | Parameter(name=name, value=text) | FormPart(name=name, value=text):
            return name if is_secret(name, text) else None
    return None


def is_secret(name: str, template: str) -> bool:
    """Whether a value of this name is a secret that is written out, as far as the name can tell."""
    return _SECRET.search(name) is not None and _is_written(template)


def _is_written(template: str) -> bool:
    """Whether a template is the value itself, with no variable in it."""
    return bool(template) and "{{" not in template
