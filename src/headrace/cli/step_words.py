"""A step of a test in a few words, and what is inside it."""

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
    Probability,
    VariableExists,
)
from headrace.plan.pauses import Exponential, Normal, Pause, Uniform
from headrace.plan.requests import Page, Request
from headrace.plan.rules import ExtractHiddenFields, Extraction
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
    Stop,
    TakeRow,
    Think,
    Transaction,
    While,
)


def describe(step: Step) -> str:
    """One line, without the steps inside."""
    match step:
        case Request():
            return _request(step)
        case Page():
            dependents = f", {len(step.dependents)} dependents" if step.dependents else ""
            found = ", and what its HTML names" if step.find_dependents else ""
            return f"page {_request(step.request)}{dependents}{found}"
        case Think():
            return f"think {pause(step.time)}"
        case Transaction():
            return f"transaction '{step.name}'"
        case SetVariables():
            return f"set {', '.join(name for name, _ in step.variables)}"
        case TakeRow():
            return f"take a row of '{step.source}'"
    return _control(step)


def _control(step: Step) -> str:
    match step:
        case Repeat():
            return f"repeat {step.times} times"
        case While():
            most = "" if step.at_most is None else f", {step.at_most} times at most"
            return f"while {_condition(step.condition)}{most}"
        case ForEach():
            return f"for each of {step.variables}_1, {step.variables}_2, ... as {step.variable}"
        case ForTime():
            return f"for {step.seconds:g} s"
        case If():
            return f"if {_condition(step.condition)}"
        case Choose():
            return f"choose one of {len(step.options)}, {step.by.value}"
        case Shuffle():
            return "in a random order"
        case Once():
            return "in the first iteration only"
        case Stop():
            return f"stop the {step.what.value}{', failed' if step.failed else ''}"
    raise TypeError(f"{type(step).__name__} is no step")


def branches(step: Step) -> list[tuple[str, tuple[Step, ...]]]:
    """The steps inside, under a heading ("": none needed)."""
    match step:
        case Transaction() | Repeat() | While() | ForEach() | ForTime() | Shuffle() | Once():
            return [("", step.steps)]
        case If():
            return [("", step.then), *([("otherwise", step.otherwise)] if step.otherwise else [])]
        case Choose():
            total = sum(option.weight for option in step.options) or 1.0
            return [(f"{option.weight / total:.0%}", option.steps) for option in step.options]
        case _:
            return []


def pause(time: Pause) -> str:
    match time:
        case Uniform():
            return f"{time.low:g} to {time.high:g} s"
        case Normal():
            return f"{time.mean:g} s on average, normally distributed by {time.deviation:g} s"
        case Exponential():
            return f"{time.mean:g} s on average, exponentially distributed"
        case _:
            return f"{time:g} s"


def _request(request: Request) -> str:
    body = f", {type(request.body).__name__.lower()} body" if request.body is not None else ""
    extracted = f", extracts {', '.join(map(_extracted, request.extract))}" if request.extract else ""
    number = len(request.validate)
    checked = f", {number} validation{'' if number == 1 else 's'}" if number else ""
    return f"{request.method} {request.url}{body}{extracted}{checked}"


def _extracted(rule: Extraction) -> str:
    return f"$HIDDEN{rule.variable}.*" if isinstance(rule, ExtractHiddenFields) else rule.variable


def _condition(condition: Condition) -> str:
    match condition:
        case VariableExists():
            return f"{condition.name} has a value"
        case Compare():
            return f"{condition.left!r} {condition.operator.value} {condition.right!r}"
        case Matches():
            return f"{condition.text!r} matches {condition.pattern!r}"
        case CookieExists():
            return f"the cookie {condition.name} exists"
        case LastPassed():
            return "the last page passed"
        case LastStatus():
            return f"the last status is {' or '.join(map(str, condition.statuses))}"
        case Probability():
            return f"a chance of {condition.percent:g} % comes true"
        case Not():
            return f"not ({_condition(condition.condition)})"
        case AllOf():
            return " and ".join(f"({_condition(each)})" for each in condition.conditions)
        case AnyOf():
            return " or ".join(f"({_condition(each)})" for each in condition.conditions)
