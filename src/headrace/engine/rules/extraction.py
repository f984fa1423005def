"""Extractions compiled: what a rule finds in an answer becomes the value of variables."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.rules import finders
from headrace.engine.rules.finders import Find
from headrace.engine.rules.page_memory import PageMemory
from headrace.engine.rules.rule_errors import RuleError, UnreadableError, quote
from headrace.engine.rules.tags import unescape_attribute
from headrace.engine.templates import UnboundError
from headrace.plan.rules import (
    ExtractAttribute,
    ExtractBetween,
    ExtractCookie,
    ExtractCss,
    ExtractFormField,
    ExtractHeader,
    ExtractHiddenFields,
    ExtractInnerText,
    Extraction,
    ExtractJson,
    ExtractRegex,
    ExtractSelectedOption,
    ExtractXPath,
    Scope,
)

Extract = Callable[[Answer, Variables], None]
Keep = Callable[[Variables, list[str]], bool]  # False: the value that is asked for is not among those found

KIND = "ExtractionRuleError"
MOST_MATCHES = 10_000  # of one rule in one answer

# The rule of Visual Studio of the same purpose, or a name in its style, and what finds the values.
_RULES: dict[type, tuple[str, Callable[[Any, bool, int], Find]]] = {
    ExtractBetween: ("ExtractText", finders.find_between),
    ExtractRegex: ("ExtractRegularExpression", finders.find_regex),
    ExtractJson: ("ExtractJsonPath", finders.find_json),
    ExtractXPath: ("ExtractXPath", finders.find_xpath),
    ExtractCss: ("ExtractCssSelector", finders.find_css),
    ExtractHeader: ("ExtractHttpHeader", finders.find_header),
    ExtractCookie: ("ExtractCookie", finders.find_cookie),
    ExtractFormField: ("ExtractFormField", finders.find_form_field),
    ExtractAttribute: ("ExtractAttributeValue", finders.find_attribute),
    ExtractSelectedOption: ("ExtractHtmlSelectTag", finders.find_selected_option),
    ExtractInnerText: ("ExtractHtmlTagInnerText", finders.find_inner_text),
}


def compile_extraction(extraction: Extraction, keep_unknown: bool = False) -> Extract:
    """A function that looks at an answer and sets variables. It raises RuleError where the extraction fails.

    Not found where it is not required: the default is set, also where the response is not of the format asked for. Raises
    ValueError where the rule itself is wrong: an expression that does not compile, a negative match.
    """
    if isinstance(extraction, ExtractHiddenFields):
        return _compile_hidden_fields(extraction)
    match = extraction.match
    if isinstance(match, int) and match < 0:
        raise ValueError(f"The extraction into '{extraction.variable}' has match {match}; matches count from 0")
    subkind, compile_find = _RULES[type(extraction)]
    most = match + 1 if isinstance(match, int) else MOST_MATCHES + 1
    find = compile_find(extraction, keep_unknown, most)
    keep = _keep_all(extraction) if match == "all" else _keep_one(extraction)
    required = extraction.required

    def extract(answer: Answer, variables: Variables) -> None:
        try:
            found = find(answer, variables)
        except UnreadableError as error:
            if required:
                raise RuleError(KIND, subkind, str(error)) from None
            found = []
        except (UnboundError, ValueError, TimeoutError) as error:
            raise RuleError(KIND, subkind, str(error)) from None
        if len(found) > MOST_MATCHES:
            raise RuleError(KIND, subkind, f"{_sought(extraction)} has more than {MOST_MATCHES} matches.")
        if not keep(variables, found):
            raise RuleError(KIND, subkind, _not_found(extraction, answer, len(found)))

    return extract


def _keep_one(extraction: Extraction) -> Keep:
    variable, match, default, required = extraction.variable, extraction.match, extraction.default, extraction.required
    for_user = extraction.scope is Scope.USER

    def keep(variables: Variables, found: list[str]) -> bool:
        if match == "random":
            value = variables.random.choice(found) if found else None
        else:
            value = found[match] if len(found) > match else None  # type: ignore[operator, index]
        if value is None:
            if required:
                return False
            value = default
        variables[variable] = value
        if for_user:
            variables.kept[variable] = value
        return True

    return keep


def _keep_all(extraction: Extraction) -> Keep:
    variable, default, required = extraction.variable, extraction.default, extraction.required
    for_user = extraction.scope is Scope.USER

    def keep(variables: Variables, found: list[str]) -> bool:
        if not found and required:
            return False
        values = {f"{variable}_{number}": value for number, value in enumerate(found, 1)}
        values[f"{variable}_matchNr"] = str(len(found))
        if not found:
            values[variable] = default
        variables.update(values)
        if for_user:
            variables.kept.update(values)
        # What an earlier response left over would be taken for matches of this one.
        number = len(found) + 1
        while variables.pop(f"{variable}_{number}", None) is not None:
            variables.kept.pop(f"{variable}_{number}", None)
            number += 1
        return True

    return keep


def _compile_hidden_fields(rule: ExtractHiddenFields) -> Extract:
    prefix = f"$HIDDEN{rule.variable}."
    required, for_user = rule.required, rule.scope is Scope.USER
    decode = unescape_attribute if rule.html_decode else str
    hidden_fields = PageMemory().hidden_fields

    def extract(answer: Answer, variables: Variables) -> None:
        try:
            values = {prefix + name: decode(value) for name, value in islice(hidden_fields(answer.text), MOST_MATCHES + 1)}
        except ValueError as error:
            raise RuleError(KIND, "ExtractHiddenFields", str(error)) from None
        if len(values) > MOST_MATCHES:
            raise RuleError(KIND, "ExtractHiddenFields", f"The response has more than {MOST_MATCHES} hidden fields.")
        if not values and required:
            raise RuleError(KIND, "ExtractHiddenFields", _not_found(rule, answer, 0))
        variables.update(values)
        if for_user:
            variables.kept.update(values)

    return extract


def _not_found(extraction: Extraction, answer: Answer, count: int) -> str:
    message = f"{_sought(extraction)} was not found in the response"
    if count:
        message += f" at index {extraction.match}, there {'is' if count == 1 else 'are'} {count}"
    if answer.cut:
        message += f"; only the first {len(answer.body)} of its {answer.size} bytes were looked at"
    return f"{message}."


def _sought(extraction: Extraction) -> str:  # noqa: C901 - one line a kind
    match extraction:
        case ExtractBetween(starts=starts, ends=ends):
            return f"Text between {quote(starts)} and {quote(ends)} ({extraction.where})"
        case ExtractRegex(pattern=pattern):
            return f"A match of the regular expression {quote(pattern)} ({extraction.where})"
        case ExtractJson(path=path):
            return f"The JSONPath {quote(path)}"
        case ExtractXPath(path=path):
            return f"The XPath {quote(path)}"
        case ExtractCss(selector=selector, attribute=attribute):
            return f"{_attribute(attribute)}the CSS selector {quote(selector)}"
        case ExtractHeader(header=header):
            return f"The header {quote(header)}"
        case ExtractCookie(cookie=cookie):
            return f"The cookie {quote(cookie)}"
        case ExtractHiddenFields():
            return "A hidden field"
        case ExtractFormField(field=field):
            return f"The form field {quote(field)}"
        case ExtractAttribute(tag=tag, attribute=attribute):
            return f"{_attribute(attribute)}the tag {quote(tag)}{_where(extraction.match_attribute, extraction.match_value)}"
        case ExtractSelectedOption(select=select):
            return f"A selected option of the select tag {quote(select)}"
        case ExtractInnerText(tag=tag, attribute=attribute, value=value):
            return f"The tag {quote(tag)}{_where(attribute, value)}"


def _attribute(name: str) -> str:
    return f"The attribute {quote(name)} of " if name else "An element for "


def _where(attribute: str, value: str) -> str:
    return f" with {attribute[:100]}={quote(value)}" if attribute else ""
