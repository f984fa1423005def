"""What validations check: functions from an answer to what is wrong with it, None where nothing is."""

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.rules.expressions import compile_expression
from headrace.engine.rules.jsonpath import compile_path, json_of, json_text
from headrace.engine.rules.looked_at import text_to_look_at
from headrace.engine.rules.markup import compile_xpath, holds, html_of, xml_of
from headrace.engine.rules.patterns import compile_pattern
from headrace.engine.rules.rule_errors import UnreadableError, quote
from headrace.engine.templates import compile_template
from headrace.plan.rules import (
    CheckEquals,
    CheckHeader,
    CheckJson,
    CheckRegex,
    CheckResponseTime,
    CheckSize,
    CheckStatus,
    CheckText,
    CheckUrl,
    CheckXPath,
)

Check = Callable[[Answer, Variables], str | None]


def check_text(rule: CheckText, keep_unknown: bool) -> Check:
    look_at, text_of = text_to_look_at(rule.where), compile_template(rule.text, keep_unknown)
    present, where = rule.present, rule.where

    def check(answer: Answer, variables: Variables) -> str | None:
        wanted = text_of(variables)
        if (wanted in look_at(answer)) is present:
            return None
        return _wrongly(f"The text {quote(wanted)}", "found", present, where, answer)

    def check_ignoring_case(answer: Answer, variables: Variables) -> str | None:
        wanted = text_of(variables)
        if (wanted.casefold() in look_at(answer).casefold()) is present:
            return None
        return _wrongly(f"The text {quote(wanted)}", "found", present, where, answer)

    return check_ignoring_case if rule.ignore_case else check


def check_equals(rule: CheckEquals, keep_unknown: bool) -> Check:
    look_at, text_of = text_to_look_at(rule.where), compile_template(rule.text, keep_unknown)

    def check(answer: Answer, variables: Variables) -> str | None:
        wanted, text = text_of(variables), look_at(answer)
        if (wanted == text) is rule.present:
            return None
        is_not = "is not" if rule.present else "is"
        return f"The {rule.where} of the response {is_not} {quote(wanted)}" + (
            f" but {quote(text)}." if rule.present else "."
        )

    return check


def check_regex(rule: CheckRegex, keep_unknown: bool) -> Check:
    look_at = text_to_look_at(rule.where)
    pattern_of = compile_expression(rule.pattern, keep_unknown, lambda text: compile_pattern(text, rule.ignore_case))

    def check(answer: Answer, variables: Variables) -> str | None:
        pattern, text = pattern_of(variables), look_at(answer)
        found = pattern.fullmatch(text) if rule.whole else pattern.search(text)
        if (found is not None) is rule.present:
            return None
        how = "matching all of it" if rule.whole else "found"
        return _wrongly(f"The regular expression {quote(pattern.source)}", how, rule.present, rule.where, answer)

    return check


def _wrongly(sought: str, how: str, present: bool, where: str, answer: Answer) -> str:
    message = f"{sought} was {'not ' if present else ''}{how} in the response ({where})"
    if answer.cut and present:
        message += f"; only the first {len(answer.body)} of its {answer.size} bytes were looked at"
    return f"{message}."


def check_status(rule: CheckStatus, keep_unknown: bool) -> Check:
    statuses = frozenset(rule.statuses)
    named = " or ".join(map(str, rule.statuses))

    def check(answer: Answer, variables: Variables) -> str | None:
        return None if answer.head.status in statuses else f"The status is {answer.head.status}, not {named}."

    return check


def check_json(rule: CheckJson, keep_unknown: bool) -> Check:
    """`pattern` must match all of a value, as in JMeter; with `equals`, JSON counts by its value, not by its spelling."""
    path_of = compile_expression(rule.path, keep_unknown, compile_path)
    equals_of = None if rule.equals is None else compile_template(rule.equals, keep_unknown)
    pattern_of = None if rule.pattern is None else compile_expression(rule.pattern, keep_unknown, compile_pattern)

    def check(answer: Answer, variables: Variables) -> str | None:
        try:
            values = path_of(variables)(json_of(answer))
        except UnreadableError as error:
            return str(error) if rule.present else None
        wanted, found = "", values
        if equals_of is not None:
            expected = equals_of(variables)
            wanted = f" to {quote(expected)}"
            found = [value for value in found if _json_equals(value, expected)]
        if pattern_of is not None:
            pattern = pattern_of(variables)
            wanted += f" to a match of {quote(pattern.source)}"
            found = [value for value in found if pattern.fullmatch(json_text(value))]
        if bool(found) is rule.present:
            return None
        path = f"The JSONPath {quote(rule.path)}"
        if not rule.present:
            return f"{path} leads{wanted or ' somewhere'}, which it must not."
        if not values:
            return f"{path} leads nowhere in the response."
        return f"{path} does not lead{wanted}, but to {quote(', '.join(map(json_text, values[:10])))}."

    return check


def _json_equals(value: object, expected: str) -> bool:
    if isinstance(value, str):
        return value == expected
    try:
        other = msgspec.json.decode(expected)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return msgspec.json.encode(value, order="sorted") == msgspec.json.encode(other, order="sorted")


def check_xpath(rule: CheckXPath, keep_unknown: bool) -> Check:
    path_of = compile_expression(rule.path, keep_unknown, compile_xpath)
    tree_of = html_of if rule.html else xml_of

    def check(answer: Answer, variables: Variables) -> str | None:
        try:
            found = holds(path_of(variables)(tree_of(answer)))
        except UnreadableError as error:
            return str(error) if rule.present else None
        if found is rule.present:
            return None
        return f"The XPath {quote(rule.path)} " + (
            "finds nothing." if rule.present else "finds something, which it must not."
        )

    return check


def check_response_time(rule: CheckResponseTime, keep_unknown: bool) -> Check:
    most = rule.at_most * 1e6
    what = "page" if rule.page else "request"

    def check(answer: Answer, variables: Variables) -> str | None:
        took = answer.page_us if rule.page else answer.response_us
        return None if took <= most else f"The {what} took {took / 1e6:.3f} s; at most {rule.at_most:g} s are allowed."

    return check


def check_size(rule: CheckSize, keep_unknown: bool) -> Check:
    what = "response" if rule.whole else "body"

    def check(answer: Answer, variables: Variables) -> str | None:
        size = answer.size + answer.head_size if rule.whole else answer.size
        if size < rule.at_least:
            return f"The {what} has {size} bytes; at least {rule.at_least} are asked for."
        if rule.at_most is not None and size > rule.at_most:
            return f"The {what} has {size} bytes; at most {rule.at_most} are allowed."
        return None

    return check


def check_url(rule: CheckUrl, keep_unknown: bool) -> Check:
    expected_of = compile_template(rule.expected, keep_unknown)

    def check(answer: Answer, variables: Variables) -> str | None:
        expected = expected_of(variables) or answer.requested
        if expected == answer.url or _without_query(expected) == _without_query(answer.url):
            return None
        return (
            f"The value of the ExpectedResponseUrl property {quote(expected)} does not equal the actual response URL "
            f"{quote(answer.url)}. QueryString parameters were ignored."
        )

    return check


def _without_query(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or default, (parts.path or "/").lower()


def check_header(rule: CheckHeader, keep_unknown: bool) -> Check:
    header_of = compile_template(rule.header, keep_unknown)
    expected_of = None if rule.expected is None else compile_template(rule.expected, keep_unknown)

    def check(answer: Answer, variables: Variables) -> str | None:
        header = header_of(variables)
        values = answer.head.all(header.lower())
        if not values:
            return f"The response has no header {quote(header)}."
        if expected_of is None or (expected := expected_of(variables)) in values:
            return None
        return f"The header {quote(header)} is {quote(', '.join(values))}, not {quote(expected)}."

    return check
