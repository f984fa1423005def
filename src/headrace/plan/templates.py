"""Texts with variables in them: `Hello {{name}}, {{$random(1, 6)}}`.

`{{name}}` is the value of a variable; names may have any character but braces, as Visual Studio's have
(`{{Users.Table#csv.Name}}`). `{{$function(...)}}` is a fresh value each time, see FUNCTIONS. `{{'text'}}` is that text
itself, so `{{'{{'}}` writes two braces. Braces that are none of these are sent as they are.
"""

import re
from dataclasses import dataclass

# Name and how many arguments it takes, at least and at most.
FUNCTIONS = {
    "$random": (2, 2),  # a whole number from the first to the second argument, both included
    "$random_text": (1, 2),  # so many characters, of those in the second argument
    "$uuid": (0, 0),
    "$now": (0, 1),  # UTC by a strftime format, ISO 8601 without one
    "$epoch": (0, 0),  # whole seconds since 1970
    "$epoch_ms": (0, 0),
    "$url_encode": (1, 1),  # of a variable's value
    "$html_decode": (1, 1),
    "$upper": (1, 1),
    "$lower": (1, 1),
    "$length": (1, 1),
}

_REFERENCE = re.compile(r"\{\{('[^']*'|[^{}']{1,300})\}\}")
_CALL = re.compile(r"(\$[a-z_]+)(?:\((.*)\))?")


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, as they are written."""

    function: str
    arguments: tuple[str, ...]


def parse_template(text: str) -> list[str | Variable | Call]:
    """The parts of a template, in order; texts are not empty and never next to each other.

    Raises ValueError where a function has too few or too many arguments. `$name` that is no function is a variable.
    """
    parts: list[str | Variable | Call] = []
    end = 0
    for found in _REFERENCE.finditer(text):
        _append(parts, text[end : found.start()])
        inside = found[1]
        _append(parts, inside[1:-1] if inside.startswith("'") else _reference(inside))
        end = found.end()
    _append(parts, text[end:])
    return parts


def literal(text: str) -> str:
    """A template that is this text, whatever braces are in it."""
    return text.replace("{{", "{{'{{'}}") if "{{" in text else text


def _append(parts: list[str | Variable | Call], part: str | Variable | Call) -> None:
    if isinstance(part, str) and parts and isinstance(parts[-1], str):
        parts[-1] += part
    elif part != "":
        parts.append(part)


def _reference(inside: str) -> Variable | Call:
    call = _CALL.fullmatch(inside.strip())
    if call is None or call[1] not in FUNCTIONS:
        return Variable(inside)
    arguments = tuple(argument.strip() for argument in call[2].split(",")) if call[2] else ()
    least, most = FUNCTIONS[call[1]]
    if not least <= len(arguments) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise ValueError(f"{{{{{inside}}}}} has {len(arguments)} arguments; {call[1]} takes {count}")
    return Call(call[1], arguments)
