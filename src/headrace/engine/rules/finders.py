"""What extractions look for: functions from an answer to the values found, in order, so many as are wanted at most."""

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import islice
from time import process_time

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.rules.expressions import compile_expression
from headrace.engine.rules.forms import form_values, selected_options
from headrace.engine.rules.jsonpath import compile_path, json_of, json_text
from headrace.engine.rules.looked_at import text_to_look_at
from headrace.engine.rules.markup import compile_css, compile_xpath, html_of, inner_text, texts_of, xml_of
from headrace.engine.rules.patterns import Match, Pattern, compile_pattern
from headrace.engine.rules.tag_search import compile_element_search, compile_tag_search
from headrace.engine.rules.tags import unescape_attribute
from headrace.engine.templates import compile_template
from headrace.plan.rules import (
    ExtractAttribute,
    ExtractBetween,
    ExtractCookie,
    ExtractCss,
    ExtractFormField,
    ExtractHeader,
    ExtractInnerText,
    ExtractJson,
    ExtractRegex,
    ExtractSelectedOption,
    ExtractXPath,
)

Find = Callable[[Answer, Variables], list[str]]

_TIME = 1.0  # seconds of CPU for all the searches of one rule
_LARGEST = 16 * 1024 * 1024  # characters in all that one rule may find
_TOO_LARGE = f"What the rule finds in the response has more than {_LARGEST} characters in all"


def find_between(rule: ExtractBetween, keep_unknown: bool, most: int) -> Find:
    """As JMeter's boundaries: the next search begins behind the last start; an empty text is the beginning or the end."""
    if rule.regex:
        return _find_between_patterns(rule, keep_unknown, most)
    look_at = text_to_look_at(rule.where)
    starts, ends = compile_template(rule.starts, keep_unknown), compile_template(rule.ends, keep_unknown)
    fold = _in_lower_case if rule.ignore_case else str

    def find(answer: Answer, variables: Variables) -> list[str]:
        text = look_at(answer)
        return _between(text, fold(text), fold(starts(variables)), fold(ends(variables)), most)

    return _decoding(find, rule.html_decode)


def _in_lower_case(text: str) -> str:
    return text.replace("\u0130", "i").lower()  # the one letter that is longer in lower case, which would move the rest


def _between(text: str, searched: str, start: str, end: str, most: int) -> list[str]:
    found: list[str] = []
    begin, stop, size = 0, -1, 0
    while (begin := searched.find(start, begin)) >= 0:
        begin += len(start)
        if not end:
            stop = len(text)
        elif stop < begin:  # else the end found before is also the next one here
            stop = searched.find(end, begin)
            if stop < 0:
                break
        found.append(text[begin:stop])
        size += stop - begin
        if len(found) == most or not start or not end:
            break
        if size > _LARGEST:
            raise ValueError(_TOO_LARGE)
    return found


def _bounded(values: Iterable[str], most: int) -> list[str]:
    """The first `most` values. Matches may lie in one another, so that a body of megabytes has gigabytes of them."""
    found: list[str] = []
    size = 0
    for value in islice(values, most):
        found.append(value)
        size += len(value)
        if size > _LARGEST:
            raise ValueError(_TOO_LARGE)
    return found


def _find_between_patterns(rule: ExtractBetween, keep_unknown: bool, most: int) -> Find:
    look_at = text_to_look_at(rule.where)
    starts = compile_expression(rule.starts, keep_unknown, lambda text: compile_pattern(text, rule.ignore_case))
    ends = compile_expression(rule.ends, keep_unknown, lambda text: compile_pattern(text, rule.ignore_case))

    def find(answer: Answer, variables: Variables) -> list[str]:
        text, start, end = look_at(answer), starts(variables), ends(variables)
        return _bounded(_between_patterns(text, start, end), most)

    return _decoding(find, rule.html_decode)


def _between_patterns(text: str, start: Pattern, end: Pattern) -> Iterator[str]:
    given_up = process_time() + _TIME
    for begin in start.finditer(text):
        if not end.source:
            yield text[begin.end() :]
            return
        stop = end.search(text, begin.end())
        if stop is None:
            return
        yield text[begin.end() : stop.start()]
        if not start.source:
            return
        if process_time() > given_up:
            raise TimeoutError(f"The search for what is between two regular expressions was given up after {_TIME:g} s")


_FORMAT = re.compile(r"\$([0-9]{1,3})\$")


def find_regex(rule: ExtractRegex, keep_unknown: bool, most: int) -> Find:
    """The group of each match, or the groups in `format`; a group that took no part is ""."""
    look_at = text_to_look_at(rule.where)
    # Texts and group numbers in turn: "$1$-$2$" is "", 1, "-", 2, "".
    parts = _FORMAT.split(rule.format)
    groups = [int(number) for number in parts[1::2]] if rule.format else [rule.group]

    def compile_one(source: str) -> Pattern:
        pattern = compile_pattern(source, rule.ignore_case)
        if not 0 <= max(groups, default=0) <= pattern.groups:
            has = f"has {pattern.groups} groups" if pattern.groups != 1 else "has 1 group"
            raise ValueError(f"The regular expression {source[:300]!r} {has}; group {max(groups)} is asked for")
        return pattern

    pattern_of = compile_expression(rule.pattern, keep_unknown, compile_one)
    group = rule.group

    def value(found: Match) -> str:
        if not rule.format:
            return found[group] or ""
        return "".join([part if index % 2 == 0 else found[int(part)] or "" for index, part in enumerate(parts)])

    def find_first(answer: Answer, variables: Variables) -> list[str]:
        found = pattern_of(variables).search(look_at(answer))
        return [] if found is None else [value(found)]

    def find_all(answer: Answer, variables: Variables) -> list[str]:
        return _bounded((value(found) for found in pattern_of(variables).finditer(look_at(answer))), most)

    return _decoding(find_first if most == 1 else find_all, rule.html_decode)


def find_json(rule: ExtractJson, keep_unknown: bool, most: int) -> Find:
    path = compile_expression(rule.path, keep_unknown, compile_path)
    return lambda answer, variables: _bounded(map(json_text, path(variables)(json_of(answer))), most)


def find_xpath(rule: ExtractXPath, keep_unknown: bool, most: int) -> Find:
    path = compile_expression(rule.path, keep_unknown, compile_xpath)
    tree_of = html_of if rule.html else xml_of
    return lambda answer, variables: _bounded(texts_of(path(variables)(tree_of(answer))), most)


def find_css(rule: ExtractCss, keep_unknown: bool, most: int) -> Find:
    """Texts with one blank for each run of them; elements without the attribute do not count."""
    selector = compile_expression(rule.selector, keep_unknown, compile_css)
    attribute = rule.attribute.lower()

    def find(answer: Answer, variables: Variables) -> list[str]:
        elements = selector(variables)(html_of(answer))
        if attribute:
            values = (element.get(attribute) for element in elements)
            return list(islice((value for value in values if value is not None), most))
        return _bounded((inner_text(element, True, True) for element in elements), most)

    return find


def find_header(rule: ExtractHeader, keep_unknown: bool, most: int) -> Find:
    header = compile_template(rule.header, keep_unknown)
    return lambda answer, variables: answer.head.all(header(variables).lower())[:most]


def find_cookie(rule: ExtractCookie, keep_unknown: bool, most: int) -> Find:
    cookie = compile_template(rule.cookie, keep_unknown)

    def find(answer: Answer, variables: Variables) -> list[str]:
        return [] if answer.jar is None else answer.jar.values_for(cookie(variables), answer.url)[:most]

    return find


def find_form_field(rule: ExtractFormField, keep_unknown: bool, most: int) -> Find:
    field = compile_template(rule.field, keep_unknown)
    return lambda answer, variables: list(islice(form_values(answer.text, field(variables), rule.html_decode), most))


def find_attribute(rule: ExtractAttribute, keep_unknown: bool, most: int) -> Find:
    tags_of = compile_tag_search(rule.tag, rule.match_attribute, rule.match_value, keep_unknown)
    attribute = compile_template(rule.attribute, keep_unknown)
    decode = unescape_attribute if rule.html_decode else str

    def find(answer: Answer, variables: Variables) -> list[str]:
        name = attribute(variables).lower()
        values = (attributes.get(name) for attributes in tags_of(answer, variables))
        return list(islice((decode(value) for value in values if value is not None), most))

    return find


def find_selected_option(rule: ExtractSelectedOption, keep_unknown: bool, most: int) -> Find:
    select = compile_template(rule.select, keep_unknown)

    def find(answer: Answer, variables: Variables) -> list[str]:
        selects = selected_options(answer.text, select(variables))
        return list(islice((option.value for options in selects for option in options), most))

    return find


def find_inner_text(rule: ExtractInnerText, keep_unknown: bool, most: int) -> Find:
    elements_of = compile_element_search(rule.tag, rule.attribute, rule.value, keep_unknown)

    def find(answer: Answer, variables: Variables) -> list[str]:
        elements = elements_of(answer, variables)
        return _bounded((inner_text(element, rule.remove_tags, rule.collapse_space) for element in elements), most)

    return find


def _decoding(find: Find, html_decode: bool) -> Find:
    if not html_decode:
        return find
    return lambda answer, variables: [unescape(text) if "&" in text else text for text in find(answer, variables)]
