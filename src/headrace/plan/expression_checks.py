"""Regular expressions, XPaths, CSS selectors and JSONPaths that no engine could use: told before the load starts.

What is constant is judged, with the libraries that engines search with.
"""

from collections.abc import Callable, Iterator

import regex
from cssselect import SelectorError
from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError
from lxml import etree
from lxml.cssselect import CSSSelector

from headrace.plan.conditions import AllOf, AnyOf, Condition, CookieExists, Matches, Not
from headrace.plan.repeats import refuse_large
from headrace.plan.rules import (
    CheckJson,
    CheckRegex,
    CheckXPath,
    ExtractBetween,
    ExtractCss,
    Extraction,
    ExtractJson,
    ExtractRegex,
    ExtractXPath,
    Validation,
)
from headrace.plan.step_checks import constant_of, shown
from headrace.plan.steps import If, Step, While
from headrace.plan.walk import DEEPEST, requests_of

LONGEST = 10_000  # characters, as engines have it
LONGEST_JSON = 2_000

# Engines translate what .NET writes in another way.
_DOTNET = ("(?'", r"\k<", r"\k'")
_JSON = JSONPathEnvironment()

# Where it is, what it is called, the text, and what raises where it cannot be used.
_Expression = tuple[str, str, str, Callable[[str], object]]


def judge_expressions(step: Step, place: str) -> Iterator[str]:
    """A sentence for each expression in a step, the steps inside it left out, that is constant and cannot be used."""
    for where, what, text, compile_one in _expressions(step, place):
        constant = constant_of(text)
        if constant is None:
            continue
        longest = LONGEST_JSON if what == "a JSONPath" else LONGEST
        if len(constant) > longest:
            yield f"{where} is {shown(text)}, {what} of {len(constant)} characters; at most {longest} are taken"
            continue
        try:
            compile_one(constant)
        except (
            *(regex.error, etree.XPathError, SelectorError, JSONPathError),
            *(RecursionError, OverflowError, ValueError),
        ) as error:
            yield f"{where} is {shown(text)}, {what} that cannot be read: {' '.join(str(error).split())}"


def _expressions(step: Step, place: str) -> Iterator[_Expression]:
    if isinstance(step, While | If):
        yield from _of_condition(step.condition, f"{place}.condition")
    for inside, request in requests_of(step):
        for index, extraction in enumerate(request.extract):
            yield from _of_extraction(extraction, f"{place}{inside}.extract[{index}]")
        for index, validation in enumerate(request.validate):
            yield from _of_validation(validation, f"{place}{inside}.validate[{index}]")


def _of_extraction(rule: Extraction, place: str) -> Iterator[_Expression]:
    match rule:
        case ExtractBetween(regex=True):
            yield _pattern(f"{place}.starts", rule.starts)
            yield _pattern(f"{place}.ends", rule.ends)
        case ExtractRegex():
            yield _pattern(f"{place}.pattern", rule.pattern)
        case ExtractJson():
            yield _json(f"{place}.path", rule.path)
        case ExtractXPath():
            yield _xpath(f"{place}.path", rule.path)
        case ExtractCss():
            yield f"{place}.selector", "a CSS selector", rule.selector, _compile_css


def _of_validation(rule: Validation, place: str) -> Iterator[_Expression]:
    match rule:
        case CheckRegex():
            yield _pattern(f"{place}.pattern", rule.pattern)
        case CheckJson():
            yield _json(f"{place}.path", rule.path)
            if rule.pattern is not None:
                yield _pattern(f"{place}.pattern", rule.pattern)
        case CheckXPath():
            yield _xpath(f"{place}.path", rule.path)


def _of_condition(condition: Condition, place: str, depth: int = 1) -> Iterator[_Expression]:
    match condition:
        case Matches():
            yield _pattern(f"{place}.pattern", condition.pattern)
        case CookieExists(value=str(value), regex=True):
            yield _pattern(f"{place}.value", value)
        case Not() if depth <= DEEPEST:
            yield from _of_condition(condition.condition, f"{place}.condition", depth + 1)
        case AllOf() | AnyOf() if depth <= DEEPEST:
            for index, each in enumerate(condition.conditions):
                yield from _of_condition(each, f"{place}.conditions[{index}]", depth + 1)


def _pattern(place: str, text: str) -> _Expression:
    return place, "a regular expression", text, _compile_pattern


def _json(place: str, text: str) -> _Expression:
    return place, "a JSONPath", text, _JSON.compile


def _xpath(place: str, text: str) -> _Expression:
    return place, "an XPath", text, _compile_xpath


def _compile_pattern(text: str) -> None:
    refuse_large(text)
    if not any(written in text for written in _DOTNET):
        regex.compile(text)


def _compile_xpath(text: str) -> None:
    etree.XPath(text, regexp=False)


def _compile_css(text: str) -> None:
    CSSSelector(text, translator="html")
