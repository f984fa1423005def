"""plan/expression_checks.py: what no engine could search with is an error, and nothing else is."""

import pytest
from msgspec.structs import replace

from headrace.plan.conditions import AllOf, CookieExists, Matches, Not
from headrace.plan.expression_checks import judge_expressions
from headrace.plan.requests import Page, Request
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
from headrace.plan.steps import If, Step, While

GET = Request("http://shop.test/")


def extracting(rule: Extraction) -> Request:
    return replace(GET, extract=(rule,))


def checking(rule: Validation) -> Request:
    return replace(GET, validate=(rule,))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (extracting(ExtractRegex(variable="a", pattern="(")), "extract[0].pattern is '(', a regular expression that cannot"),
        (extracting(ExtractBetween(variable="a", starts="[", ends="b", regex=True)), "extract[0].starts is '['"),
        (extracting(ExtractBetween(variable="a", starts="a", ends="*", regex=True)), "extract[0].ends is '*'"),
        (extracting(ExtractJson(variable="a", path="$.[")), "extract[0].path is '$.[', a JSONPath that cannot be read: "),
        (extracting(ExtractXPath(variable="a", path="//[")), "extract[0].path is '//[', an XPath that cannot be read: Inv"),
        (extracting(ExtractCss(variable="a", selector="..")), "extract[0].selector is '..', a CSS selector that cannot"),
        (checking(CheckRegex(pattern="*")), "validate[0].pattern is '*'"),
        (
            checking(CheckRegex(pattern="(a{9999}){9999}")),
            "with its repeats written out it has 99990000 characters; at most",
        ),
        (checking(CheckJson(path="x")), "validate[0].path is 'x'"),
        (checking(CheckJson(path="$", pattern="*")), "validate[0].pattern is '*'"),
        (checking(CheckXPath(path="/a[")), "validate[0].path is '/a['"),
        (Page(GET, (checking(CheckRegex(pattern="*")),)), "steps[0].dependents[0].validate[0].pattern is '*'"),
        (If(Not(Matches("a", "(")), (GET,)), "steps[0].condition.condition.pattern is '('"),
        (While(AllOf((Matches("a", "("),)), (GET,)), "steps[0].condition.conditions[0].pattern is '('"),
        (If(CookieExists("a", "http://a/", "(", regex=True), (GET,)), "steps[0].condition.value is '('"),
        (checking(CheckRegex(pattern="a" * 10_001)), "a regular expression of 10001 characters; at most 10000 are taken"),
        (checking(CheckJson(path="$" + ".a" * 1000)), "a JSONPath of 2001 characters; at most 2000 are taken"),
    ],
)
def test_an_expression_that_cannot_be_used_is_told_with_its_place(step: Step, said: str) -> None:
    (sentence,) = judge_expressions(step, "steps[0]")
    assert said in sentence


@pytest.mark.parametrize(
    "step",
    [
        checking(CheckRegex(pattern="({{a}}")),  # who knows what it will be
        checking(CheckRegex(pattern=r"(?'name'a)\k'name'")),  # .NET's spellings
        checking(CheckRegex(pattern=r"(?<name>a)\k<name>")),
        extracting(ExtractBetween(variable="a", starts="[", ends="(")),  # texts
        If(CookieExists("a", "http://a/", "("), (GET,)),
        extracting(ExtractXPath(variable="a", path="//ns:price/text()")),  # the answer declares the prefix
        extracting(ExtractCss(variable="a", selector="a.next:first-child")),
        extracting(ExtractJson(variable="a", path="$.items[?match(@.name, '[')]")),
    ],
)
def test_what_may_be_used_is_left_to_the_engine(step: Step) -> None:
    assert list(judge_expressions(step, "steps[0]")) == []
