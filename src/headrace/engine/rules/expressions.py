"""Regular expressions, paths and selectors that are templates: compiled once where they are constant."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from headrace.engine.http.answer import Variables
from headrace.engine.templates import compile_template, constant_of

_Compiled = TypeVar("_Compiled")

_REMEMBERED = 64  # different expressions that one template may have come to and that are kept compiled


def compile_expression(
    text: str, keep_unknown: bool, compile_one: Callable[[str], _Compiled]
) -> Callable[[Variables], _Compiled]:
    """A function from variables to what `compile_one` makes of the text.

    Raises ValueError where a constant text does not compile; the function does so for others, and raises UnboundError.
    """
    constant = constant_of(text)
    if constant is not None:
        compiled = compile_one(constant)
        return lambda variables: compiled
    template = compile_template(text, keep_unknown)
    remembered = lru_cache(maxsize=_REMEMBERED)(compile_one)
    return lambda variables: remembered(template(variables))
