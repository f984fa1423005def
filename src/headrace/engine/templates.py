"""Templates compiled: what is the same each time is joined once, the rest is a look-up."""

import string
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import unescape
from time import time
from typing import cast
from urllib.parse import quote
from uuid import UUID

from headrace.engine.http.answer import Variables
from headrace.plan.templates import Call, Variable, parse_template

Template = Callable[[Variables], str]


class UnboundError(Exception):
    """A variable has no value."""

    def __init__(self, name: str) -> None:
        # Visual Studio's text (reference: visual-studio-formats, 1.9)
        super().__init__(f"Context parameter '{name}' not found in test context")
        self.name = name


def constant_of(text: str) -> str | None:
    """What a template without variables is, each time the same; None where it has some."""
    parts = parse_template(text)
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None


def compile_template(text: str, keep_unknown: bool = False) -> Template:
    """A function from variables to the text, which raises UnboundError; with `keep_unknown` the reference stays instead.

    Raises ValueError where a function in it is called wrongly.
    """
    parts = compile_parts(text, keep_unknown)
    if not parts:
        return lambda variables: ""
    if len(parts) == 1:
        only = parts[0]
        return only if not isinstance(only, str) else lambda variables: only
    if len(parts) == 2 and isinstance(parts[0], str) and not isinstance(parts[1], str):
        before, value = parts[0], parts[1]
        return lambda variables: before + value(variables)
    if len(parts) == 3 and isinstance(parts[0], str) and not isinstance(parts[1], str) and isinstance(parts[2], str):
        before, value, after = cast(tuple[str, Template, str], tuple(parts))
        return lambda variables: f"{before}{value(variables)}{after}"
    return _joined(parts)


def compile_parts(text: str, keep_unknown: bool = False) -> list[str | Template]:
    """The parts of a template, for those who treat constant texts and values differently. Raises as compile_template."""
    return [part if isinstance(part, str) else _compile(part, keep_unknown) for part in parse_template(text)]


def _joined(parts: Sequence[str | Template]) -> Template:
    pieces = [part if not isinstance(part, str) else _always(part) for part in parts]
    return lambda variables: "".join([piece(variables) for piece in pieces])


def _always(text: str) -> Template:
    return lambda variables: text


def _compile(part: Variable | Call, keep_unknown: bool) -> Template:
    return _variable(part.name, keep_unknown) if isinstance(part, Variable) else _call(part)


def _variable(name: str, keep_unknown: bool) -> Template:
    if keep_unknown:
        kept = f"{{{{{name}}}}}"
        return lambda variables: variables.get(name, kept)

    def look_up(variables: Variables) -> str:
        try:
            return variables[name]
        except KeyError:
            raise UnboundError(name) from None

    return look_up


def _call(call: Call) -> Template:
    arguments = call.arguments
    match call.function:
        case "$random":
            low, high = _whole(call, 0), _whole(call, 1)
            if low > high:
                raise ValueError(f"$random({low}, {high}): the first number is the greater one; write the smaller one first")
            return lambda variables: str(variables.random.randint(low, high))
        case "$random_text":
            length = _whole(call, 0)
            if not 0 <= length <= 1_000_000:
                raise ValueError(f"$random_text({length}): give a length from 0 to 1000000")
            characters = (arguments[1] if len(arguments) > 1 else "") or string.ascii_letters + string.digits
            return lambda variables: "".join(variables.random.choices(characters, k=length))
        case "$uuid":
            return lambda variables: str(UUID(int=variables.random.getrandbits(128), version=4))
        case "$now":
            pattern = arguments[0].strip("'\"") if arguments else ""
            return lambda variables: _now(pattern)
        case "$epoch":
            return lambda variables: str(int(time()))
        case "$epoch_ms":
            return lambda variables: str(int(time() * 1000))
    change = _CHANGES[call.function]
    value = _variable(arguments[0], keep_unknown=False)
    return lambda variables: change(value(variables))


_CHANGES: dict[str, Callable[[str], str]] = {
    "$url_encode": lambda text: quote(text, safe="", errors="replace"),
    "$html_decode": unescape,
    "$upper": str.upper,
    "$lower": str.lower,
    "$length": lambda text: str(len(text)),
}


def _whole(call: Call, index: int) -> int:
    text = call.arguments[index]
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{call.function}: '{text}' is no whole number") from None


def _now(pattern: str) -> str:
    now = datetime.now(UTC)
    return now.strftime(pattern) if pattern else now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
