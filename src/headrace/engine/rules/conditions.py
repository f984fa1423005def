"""Conditions compiled: whether a branch is taken or a loop goes on."""

from collections.abc import Callable
from math import isfinite
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Protocol

from headrace.engine.http.answer import Variables
from headrace.engine.http.cookies import CookieJar
from headrace.engine.rules.expressions import compile_expression
from headrace.engine.rules.patterns import compile_pattern
from headrace.engine.rules.rule_errors import RuleError, quote
from headrace.engine.templates import UnboundError, compile_template
from headrace.plan.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    CookieExists,
    LastPassed,
    LastStatus,
    Matches,
    Not,
    Operator,
    Probability,
    VariableExists,
)


class Situation(Protocol):
    """What a condition can depend on: `last_status` is that of the last response, None where there is none."""

    @property
    def variables(self) -> Variables: ...
    @property
    def last_passed(self) -> bool: ...
    @property
    def last_status(self) -> int | None: ...
    @property
    def jar(self) -> CookieJar | None: ...


Judge = Callable[[Situation], bool]

KIND = "ConditionalRuleError"

_OPERATORS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: eq,
    Operator.NOT_EQUAL: ne,
    Operator.LESS: lt,
    Operator.LESS_OR_EQUAL: le,
    Operator.GREATER: gt,
    Operator.GREATER_OR_EQUAL: ge,
}


def compile_condition(condition: Condition, keep_unknown: bool = False) -> Judge:
    """A function that judges a situation. It raises RuleError where that cannot be done: a variable without a value, a text
    that is no number.

    Raises ValueError where the condition itself is wrong, an expression that does not compile.
    """
    match condition:
        case Not(inner):
            judge = compile_condition(inner, keep_unknown)
            return lambda situation: not judge(situation)
        case AllOf(several):
            judges = [compile_condition(one, keep_unknown) for one in several]
            return lambda situation: all(judge(situation) for judge in judges)
        case AnyOf(several):
            judges = [compile_condition(one, keep_unknown) for one in several]
            return lambda situation: any(judge(situation) for judge in judges)
        case LastPassed():
            return lambda situation: situation.last_passed
        case LastStatus(statuses):
            accepted = frozenset(statuses)
            return lambda situation: situation.last_status in accepted
        case Probability(percent):
            share = percent / 100
            return lambda situation: situation.variables.random.random() < share
        case VariableExists(name):
            return lambda situation: name in situation.variables
        case Compare():
            rule = "NumericalComparisonRule" if condition.numeric else "StringComparisonRule"
            return _telling(rule, _compare(condition, keep_unknown))
        case Matches():
            return _telling("StringComparisonRule", _matches(condition, keep_unknown))
        case CookieExists():
            rule = "CookieExistenceRule" if condition.value is None else "CookieComparisonRule"
            return _telling(rule, _cookie_exists(condition, keep_unknown))


def _telling(rule: str, judge: Judge) -> Judge:
    def judge_or_tell(situation: Situation) -> bool:
        try:
            return judge(situation)
        except (UnboundError, ValueError, TimeoutError) as error:
            raise RuleError(KIND, rule, str(error)) from None

    return judge_or_tell


def _compare(condition: Compare, keep_unknown: bool) -> Judge:
    left, right = compile_template(condition.left, keep_unknown), compile_template(condition.right, keep_unknown)
    compare = _OPERATORS[condition.operator]
    if condition.numeric:
        return lambda situation: compare(_number(left(situation.variables)), _number(right(situation.variables)))
    if condition.ignore_case:
        return lambda situation: compare(left(situation.variables).casefold(), right(situation.variables).casefold())
    return lambda situation: compare(left(situation.variables), right(situation.variables))


def _number(text: str) -> int | float:
    """A number as tests write it: whole ones of any size exactly, others as a float."""
    try:
        if "_" in text:
            raise ValueError
        try:
            return int(text)
        except ValueError:
            number = float(text)
    except ValueError:
        raise ValueError(f"{quote(text)} is not a number") from None
    if not isfinite(number):
        raise ValueError(f"{quote(text)} is not a finite number")
    return number


def _matches(condition: Matches, keep_unknown: bool) -> Judge:
    text = compile_template(condition.text, keep_unknown)
    pattern_of = compile_expression(
        condition.pattern, keep_unknown, lambda source: compile_pattern(source, condition.ignore_case)
    )
    if condition.whole:
        return lambda situation: pattern_of(situation.variables).fullmatch(text(situation.variables)) is not None
    return lambda situation: pattern_of(situation.variables).search(text(situation.variables)) is not None


def _cookie_exists(condition: CookieExists, keep_unknown: bool) -> Judge:
    name, url = compile_template(condition.name, keep_unknown), compile_template(condition.url, keep_unknown)
    compares = None if condition.value is None else _cookie_value(condition, condition.value, keep_unknown)

    def judge(situation: Situation) -> bool:
        if situation.jar is None:
            return False
        values = situation.jar.values_for(name(situation.variables), url(situation.variables))
        return bool(values) if compares is None else any(compares(value, situation.variables) for value in values)

    return judge


def _cookie_value(condition: CookieExists, value: str, keep_unknown: bool) -> Callable[[str, Variables], bool]:
    """Whether a cookie's value compares as it should."""
    ignore_case = condition.ignore_case
    if condition.regex:
        pattern_of = compile_expression(value, keep_unknown, lambda source: compile_pattern(source, ignore_case))
        wanted = condition.operator is not Operator.NOT_EQUAL
        return lambda found, variables: (pattern_of(variables).search(found) is not None) is wanted
    expected, compare = compile_template(value, keep_unknown), _OPERATORS[condition.operator]
    if ignore_case:
        return lambda found, variables: compare(found.casefold(), expected(variables).casefold())
    return lambda found, variables: compare(found, expected(variables))
