"""Conditions: what a branch or a loop depends on. Texts are templates unless said otherwise."""

from enum import StrEnum

from headrace.plan.value import Value


class Operator(StrEnum):
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class VariableExists(Value, frozen=True, tag="variable exists", tag_field="when"):
    """A variable of this name (no template) has a value."""

    name: str


class Compare(Value, frozen=True, tag="compare", tag_field="when"):
    """Two texts, compared as numbers where `numeric`, else by code points."""

    left: str
    operator: Operator
    right: str
    numeric: bool = False
    ignore_case: bool = False


class Matches(Value, frozen=True, tag="matches", tag_field="when"):
    """A regular expression is found in a text, or with `whole` matches all of it."""

    text: str
    pattern: str
    whole: bool = False
    ignore_case: bool = False


class CookieExists(Value, frozen=True, tag="cookie exists", tag_field="when"):
    """The user has a cookie of this name for `url`; where `value` is given, with a value that compares so to it.

    With `regex`, `value` is a regular expression that is found in the cookie's; then only == and != have a meaning.
    """

    name: str
    url: str
    value: str | None = None
    operator: Operator = Operator.EQUAL
    ignore_case: bool = False
    regex: bool = False


class LastPassed(Value, frozen=True, tag="last passed", tag_field="when"):
    """The last page passed; true before the first one."""


class LastStatus(Value, frozen=True, tag="last status", tag_field="when"):
    """The last response had one of these statuses."""

    statuses: tuple[int, ...]


class Probability(Value, frozen=True, tag="probability", tag_field="when"):
    """By chance, in so many percent of cases."""

    percent: float


class Not(Value, frozen=True, tag="not", tag_field="when"):
    condition: "Condition"


class AllOf(Value, frozen=True, tag="all of", tag_field="when"):
    conditions: tuple["Condition", ...]


class AnyOf(Value, frozen=True, tag="any of", tag_field="when"):
    conditions: tuple["Condition", ...]


Condition = VariableExists | Compare | Matches | CookieExists | LastPassed | LastStatus | Probability | Not | AllOf | AnyOf
