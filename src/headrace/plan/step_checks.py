"""What the types of a step do not say: texts that must be URLs, headers or templates, and numbers that must make sense."""

import codecs
import re
from collections.abc import Iterator

from headrace.plan.conditions import AllOf, AnyOf, Condition, CookieExists, LastStatus, Not, Operator, Probability
from headrace.plan.limits import LONGEST, judge_number, judge_seconds
from headrace.plan.requests import Binary, Body, Request, Text
from headrace.plan.rules import (
    CheckResponseTime,
    CheckSize,
    CheckStatus,
    Extraction,
    ExtractRegex,
    Validation,
)
from headrace.plan.steps import Choose, ForEach, ForTime, If, Repeat, SetVariables, Step, Think, While
from headrace.plan.targets import TargetRule
from headrace.plan.templates import parse_template
from headrace.plan.thinking import judge_pause
from headrace.plan.urls import check_url, without_login
from headrace.plan.walk import DEEPEST, children, requests_of, templates

LARGEST_BODY = 64 * 1024 * 1024  # bytes of a request's body
MOST = 1_000_000_000
LONGEST_METHOD = 32

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LINE_END = re.compile(r"[\r\n\0]")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_SHOWN = 80


def constant_of(text: str) -> str | None:
    """What a template without variables is; None where it has some, or cannot be read."""
    try:
        parts = parse_template(text)
    except ValueError:
        return None
    return "".join(part for part in parts if isinstance(part, str)) if all(isinstance(part, str) for part in parts) else None


def judge_step(step: Step, place: str, depth: int, targets: TargetRule) -> Iterator[str]:
    """What is wrong with a step, the steps inside it left out; a sentence each."""
    if depth > DEEPEST:
        yield f"{place} is inside {DEEPEST} other steps; nest at most {DEEPEST} levels"
    for where, text in templates(step, place):
        try:
            parse_template(text)
        except ValueError as error:
            yield f"{where} is {shown(text)}: {error}"
    for field, inner in children(step):
        if not inner and field != "otherwise":
            yield f"{place}.{field} has no steps; give at least one"
    yield from _judge_numbers(step, place, targets)
    for inside, request in requests_of(step):
        yield from _judge_request(request, place + inside, targets)


def judge_url(text: str, place: str, targets: TargetRule) -> Iterator[str]:
    """A sentence where a URL cannot be one, or leads where no test may: as far as it is constant."""
    try:
        parts = parse_template(text)
    except ValueError:
        return
    first = parts[0] if parts and isinstance(parts[0], str) else ""
    if len(parts) > 1 or (parts and not isinstance(parts[0], str)):
        found = _SCHEME.match(first)
        if first and not found:
            yield f"{place} is {shown(without_login(text))}; begin it with http://, https:// or a variable"
        end = next((index for index, each in enumerate(first) if found and index >= found.end() and each in "/?#"), None)
        if end is None:
            return  # what host it will be, nobody knows yet
        first = first[:end]
    try:
        url = check_url(first)
    except ValueError as error:
        yield f"{place}, {shown(without_login(text))}, {error}"
        return
    refusal = targets.refuse_url(url)
    if refusal is not None:
        yield f"{place}, {shown(without_login(text))}, must not be tested: {refusal}. Ask the operator to allow it"


def is_token(text: str) -> bool:
    """Whether it can be a method, or the name of a header (RFC 9110, 5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def has_line_end(text: str) -> bool:
    """Whether a header could not have this value."""
    return _LINE_END.search(text) is not None


def is_charset(name: str) -> bool:
    """Whether texts can be encoded in it."""
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def judge_headers(headers: tuple[tuple[str, str], ...], place: str) -> Iterator[str]:
    for name, value in headers:
        constant = constant_of(name)
        if constant is not None and not is_token(constant):
            yield f"{place}: {shown(name)} is no name of a header; use letters, digits and dashes"
        if has_line_end(value):
            yield f"{place}.{name[:_SHOWN]} is {shown(value)}; a value must not have line ends in it"


def judge_weights(weights: list[float], place: str) -> Iterator[str]:
    """A sentence where there is none above 0, or one below it."""
    for index, weight in enumerate(weights):
        yield from judge_number(f"{place}[{index}]'s weight", weight, 0, MOST, "a number")
    if not any(weight > 0 for weight in weights):
        yield f"{place} has no weight above 0; give at least one entry with one"


def shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def _judge_numbers(step: Step, place: str, targets: TargetRule) -> Iterator[str]:
    match step:
        case Think():
            yield from judge_pause(step.time, f"{place}.time")
        case SetVariables():
            if not all(name for name, _ in step.variables):
                yield f"{place}.variables has one without a name; name it"
        case Repeat():
            yield from _judge_times(step, place)
        case While():
            yield from _judge_condition(step.condition, f"{place}.condition", targets)
            if step.at_most is not None:
                yield from judge_number(f"{place}.at_most", step.at_most, 0, MOST, "a number of passes")
        case If():
            yield from _judge_condition(step.condition, f"{place}.condition", targets)
        case ForEach():
            yield from judge_number(f"{place}.first", step.first, 0, MOST, "a number")
            if step.last is not None:
                yield from judge_number(f"{place}.last", step.last, step.first, MOST, "a number")
        case ForTime():
            yield from judge_seconds(f"{place}.seconds", step.seconds)
        case Choose():
            yield from judge_weights([option.weight for option in step.options], f"{place}.options")


def _judge_times(step: Repeat, place: str) -> Iterator[str]:
    times = constant_of(step.times)
    if times is not None and not re.fullmatch(r"\s*[-+]?[0-9]{1,18}\s*", times):
        yield f"{place}.times is {shown(step.times)}; give a whole number, or a variable that has one"
    for name, value in (("first", step.first), ("increment", step.increment)):
        yield from judge_number(f"{place}.{name}", value, -1e15, 1e15, "a number")


def _judge_condition(condition: Condition, place: str, targets: TargetRule, depth: int = 1) -> Iterator[str]:
    if depth > DEEPEST:
        yield f"{place} is inside {DEEPEST} other conditions; nest at most {DEEPEST} levels"
        return
    match condition:
        case Probability():
            yield from judge_number(f"{place}.percent", condition.percent, 0, 100, "percent")
        case LastStatus():
            yield from _judge_statuses(condition.statuses, f"{place}.statuses")
        case CookieExists():
            yield from judge_url(condition.url, f"{place}.url", targets)
            if condition.regex and condition.operator not in (Operator.EQUAL, Operator.NOT_EQUAL):
                yield f"{place}.operator is {condition.operator}, but an expression is found or not; give == or !="
        case Not():
            yield from _judge_condition(condition.condition, f"{place}.condition", targets, depth + 1)
        case AllOf() | AnyOf():
            if not condition.conditions:
                yield f"{place}.conditions is empty; give at least one"
            for index, each in enumerate(condition.conditions):
                yield from _judge_condition(each, f"{place}.conditions[{index}]", targets, depth + 1)


def _judge_request(request: Request, place: str, targets: TargetRule) -> Iterator[str]:
    yield from judge_url(request.url, f"{place}.url", targets)
    if not is_token(request.method) or len(request.method) > LONGEST_METHOD:
        yield f"{place}.method is {shown(request.method)}; give a method such as GET or POST"
    yield from judge_headers(request.headers, f"{place}.headers")
    if request.timeout is not None:
        yield from judge_seconds(f"{place}.timeout", request.timeout, 0.001)
    if not is_charset(request.charset):
        yield f"{place}.charset is {shown(request.charset)}, which is not known; write one such as utf-8 or iso-8859-1"
    if request.goal is not None:
        yield from judge_seconds(f"{place}.goal", request.goal)
    if request.expected_status:
        yield from _judge_statuses(request.expected_status, f"{place}.expected_status")
    if request.body is not None:
        yield from _judge_body(request.body, f"{place}.body")
    for index, extraction in enumerate(request.extract):
        yield from _judge_extraction(extraction, f"{place}.extract[{index}]")
    for index, validation in enumerate(request.validate):
        yield from _judge_validation(validation, f"{place}.validate[{index}]")


def _judge_body(body: Body, place: str) -> Iterator[str]:
    match body:
        case Text():
            try:
                codecs.lookup(body.charset)
                body.text.encode(body.charset)
            except (LookupError, ValueError):
                yield f"{place}.charset is {shown(body.charset)}, which is not known or cannot write the text; use utf-8"
            if _LINE_END.search(body.content_type):
                yield f"{place}.content_type is {shown(body.content_type)}; it must not have line ends in it"
            size = len(body.text)
        case Binary():
            size = len(body.content)
        case _:
            return
    if size > LARGEST_BODY:
        yield f"{place} has {size} bytes; at most {LARGEST_BODY} are sent"


def _judge_statuses(statuses: tuple[int, ...], place: str) -> Iterator[str]:
    if not statuses:
        yield f"{place} is empty; give at least one status"
    for status in statuses:
        yield from judge_number(place, status, 100, 999, "statuses")


def _judge_extraction(rule: Extraction, place: str) -> Iterator[str]:
    if not rule.variable:
        yield f"{place}.variable is empty; name the variable that gets the value"
    if isinstance(rule.match, int):
        yield from judge_number(f"{place}.match", rule.match, 0, MOST, "the index of a match")
    if isinstance(rule, ExtractRegex):
        yield from judge_number(f"{place}.group", rule.group, 0, 1000, "the number of a group")


def _judge_validation(rule: Validation, place: str) -> Iterator[str]:
    match rule:
        case CheckStatus():
            yield from _judge_statuses(rule.statuses, f"{place}.statuses")
        case CheckResponseTime():
            yield from judge_number(f"{place}.at_most", rule.at_most, 0, LONGEST, "seconds")
        case CheckSize():
            yield from judge_number(f"{place}.at_least", rule.at_least, 0, 2**62, "bytes")
            if rule.at_most is not None:
                yield from judge_number(f"{place}.at_most", rule.at_most, rule.at_least, 2**62, "bytes")
