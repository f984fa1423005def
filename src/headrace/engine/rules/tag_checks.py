"""What validations of tags and form fields check: functions from an answer to what is wrong, None where nothing is."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.rules.checks import Check
from headrace.engine.rules.forms import form_values, selected_options
from headrace.engine.rules.markup import inner_text
from headrace.engine.rules.rule_errors import quote
from headrace.engine.rules.tag_search import compile_element_search, compile_tag_search
from headrace.engine.rules.tags import find_tags, unescape_attribute
from headrace.engine.templates import compile_template
from headrace.plan.rules import (
    CheckAttribute,
    CheckFormField,
    CheckInnerText,
    CheckSelectedOption,
    CheckTag,
)

_Item = TypeVar("_Item")


def check_tag(rule: CheckTag, keep_unknown: bool) -> Check:
    tag_of = compile_template(rule.tag, keep_unknown)

    def check(answer: Answer, variables: Variables) -> str | None:
        tag, count = tag_of(variables), 0
        for _ in find_tags(answer.text, tag.lower()):
            count += 1
            if count >= rule.at_least:
                return None
        return None if count >= rule.at_least else f"The tag {quote(tag)} occurs {count} times, not {rule.at_least} or more."

    return check


def check_attribute(rule: CheckAttribute, keep_unknown: bool) -> Check:
    tags_of = compile_tag_search(rule.tag, rule.match_attribute, rule.match_value, keep_unknown)
    attribute_of, expected_of = compile_template(rule.attribute, keep_unknown), compile_template(rule.expected, keep_unknown)
    equal = _equality(rule.ignore_case)
    matching = _matching(rule.match_attribute, rule.match_value)

    def check(answer: Answer, variables: Variables) -> str | None:
        attribute, expected = attribute_of(variables), expected_of(variables)
        values = (tag.get(attribute.lower()) for tag in tags_of(answer, variables))
        decoded = (None if value is None else unescape_attribute(value) for value in values)
        if _holds_for(decoded, rule.index, lambda value: value is not None and equal(value, expected)):
            return None
        return (
            f"{_which(rule.index)} tag {quote(rule.tag)}{matching} has the attribute {quote(attribute)} "
            f"with the value {quote(expected)}."
        )

    return check


def check_form_field(rule: CheckFormField, keep_unknown: bool) -> Check:
    field_of, expected_of = compile_template(rule.field, keep_unknown), compile_template(rule.expected, keep_unknown)

    def check(answer: Answer, variables: Variables) -> str | None:
        field, expected = field_of(variables), expected_of(variables)
        value = None
        for value in form_values(answer.text, field, decode=True):
            if value == expected:
                return None
        if value is None:
            return f"The response has no form field {quote(field)}."
        return f"The form field {quote(field)} has the value {quote(value)}, not {quote(expected)}."

    return check


def check_selected_option(rule: CheckSelectedOption, keep_unknown: bool) -> Check:
    """The option is named by its value or its text."""
    select_of, expected_of = compile_template(rule.select, keep_unknown), compile_template(rule.expected, keep_unknown)
    equal = _equality(rule.ignore_case)

    def check(answer: Answer, variables: Variables) -> str | None:
        select, expected = select_of(variables), expected_of(variables)
        selects = selected_options(answer.text, select)
        if _holds_for(
            selects, rule.index, lambda options: any(equal(text, expected) for option in options for text in option)
        ):
            return None
        return f"{_which(rule.index)} select tag {quote(select)} has the selected option {quote(expected)}."

    return check


def check_inner_text(rule: CheckInnerText, keep_unknown: bool) -> Check:
    elements_of = compile_element_search(rule.tag, rule.attribute, rule.value, keep_unknown)
    expected_of = compile_template(rule.expected, keep_unknown)
    equal = _equality(rule.ignore_case)
    matching = _matching(rule.attribute, rule.value)

    def check(answer: Answer, variables: Variables) -> str | None:
        expected = expected_of(variables)
        texts = (inner_text(element, rule.remove_tags, rule.collapse_space) for element in elements_of(answer, variables))
        if _holds_for(texts, rule.index, lambda text: equal(text, expected)):
            return None
        return f"{_which(rule.index)} tag {quote(rule.tag)}{matching} has the inner text {quote(expected)}."

    return check


def _equality(ignore_case: bool) -> Callable[[str, str], bool]:
    return (lambda one, other: one.casefold() == other.casefold()) if ignore_case else str.__eq__


def _holds_for(items: Iterable[_Item], index: int, judge: Callable[[_Item], bool]) -> bool:
    """Whether any item passes, or with an index from 0 that one."""
    return any(map(judge, items if index < 0 else islice(items, index, index + 1)))


def _which(index: int) -> str:
    return "No" if index < 0 else f"It is not so that number {index} (from 0) of the"


def _matching(attribute: str, value: str) -> str:
    return f" with {attribute[:100]}={quote(value)}" if attribute else ""
