"""Validation rules: every built-in class, levels, and when they are judged."""

import pytest

from headrace.plan.readers.visual_studio.surroundings import Level
from headrace.plan.readers.visual_studio.validation_rules import read_validation
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.rules import (
    CheckAttribute,
    CheckFormField,
    CheckInnerText,
    CheckRegex,
    CheckResponseTime,
    CheckSelectedOption,
    CheckTag,
    CheckText,
    CheckUrl,
    Validation,
)
from tests.plan.readers.visual_studio.rules import NAMESPACE, reading, request, told, validation

GOAL = request('ResponseTimeGoal="0.5"')
PARENT = NAMESPACE.removesuffix(".Rules")


def read(rule: Element, of: Element | None = None, level: Level = Level.HIGH) -> Validation | None:
    """What is read without a finding."""
    said = reading()
    found = read_validation(said, rule, str, request() if of is None else of, level)
    assert told(said) == []
    return found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (validation("ValidateResponseUrl"), CheckUrl()),
        (validation("ValidationRuleFindText", FindText="Hello"), CheckText(text="Hello")),
        (validation("ValidationRuleFindText", FindText="Hello", IgnoreCase="True", PassIfTextFound="False"),
         CheckText(text="Hello", ignore_case=True, present=False)),
        (validation("ValidationRuleFindText", FindText=r"(?<a>x)\k<a>", UseRegularExpression="True", IgnoreCase="True",
                    PassIfTextFound="False"),
         CheckRegex(pattern="(?P<a>x)(?P=a)", ignore_case=True, present=False)),
        (validation("ValidationRuleRequestTime", MaxRequestTime=3000), CheckResponseTime(at_most=3.0)),
        (validation("ValidationRuleRequiredAttributeValue", TagName="input", AttributeName="value", ExpectedValue="x"),
         CheckAttribute(tag="input", attribute="value", expected="x")),
        (validation("ValidationRuleRequiredAttributeValue", TagName="input", AttributeName="value", ExpectedValue="x",
                    MatchAttributeName="name", MatchAttributeValue="q", IgnoreCase="True", Index=2),
         CheckAttribute(tag="input", attribute="value", expected="x", match_attribute="name", match_value="q",
                        ignore_case=True, index=2)),
        (validation("ValidationRuleRequiredTag", RequiredTagName="h1"), CheckTag(tag="h1")),
        (validation("ValidationRuleRequiredTag", RequiredTagName="p", MinOccurrences=3), CheckTag(tag="p", at_least=3)),
        (validation("ValidateFormField", Name="q", ExpectedValue="x"), CheckFormField(field="q", expected="x")),
        (validation("ValidateHtmlSelectTag", SelectTagName="s", ExpectedSelectedOption="L"),
         CheckSelectedOption(select="s", expected="L")),
        (validation(f"{PARENT}.ValidateHtmlSelectTag", SelectTagName="s", ExpectedSelectedOption="L", Index=1,
                    IgnoreCase="False"),
         CheckSelectedOption(select="s", expected="L", index=1, ignore_case=False)),
        (validation(f"{PARENT}.ValidateHtmlTagInnerText", TagName="p", ExpectedInnerText="x"),
         CheckInnerText(tag="p", expected="x")),
        (validation("ValidateHtmlTagInnerText", TagName="p", ExpectedInnerText="x", AttributeName="id", AttributeValue="a",
                    RemoveInnerTags="False", HasClosingTags="True", CollapseWhiteSpace="False", Index=0, IgnoreCase="True"),
         CheckInnerText(tag="p", expected="x", attribute="id", value="a", remove_tags=False, collapse_space=False,
                        index=0, ignore_case=True)),
    ],
)  # fmt: skip
def test_every_built_in_rule_is_read(rule: Element, expected: Validation) -> None:
    assert read(rule) == expected


def test_the_url_that_is_expected_is_the_requests() -> None:
    of = request('ExpectedResponseUrl="{{site}}/welcome?x=1"')
    assert read(validation("ValidateResponseUrl"), of) == CheckUrl(expected="{{site}}/welcome?x=1")


@pytest.mark.parametrize(
    ("tolerance", "at_most"),
    [({}, 0.5), ({"Tolerance": 0}, 0.5), ({"Tolerance": 10}, 0.55), ({"Tolerance": "2.5"}, 0.5125)],
)
def test_a_response_time_goal_may_be_exceeded_by_its_tolerance_in_percent(
    tolerance: dict[str, object], at_most: float
) -> None:
    found = read(validation("ValidationRuleResponseTimeGoal", **tolerance), GOAL)
    assert isinstance(found, CheckResponseTime)
    assert found.at_most == pytest.approx(at_most)
    assert found.page


@pytest.mark.parametrize("of", [request(), request('ResponseTimeGoal="0"')])
def test_without_a_goal_there_is_nothing_to_meet(of: Element) -> None:
    assert read(validation("ValidationRuleResponseTimeGoal", Tolerance=0), of) is None


@pytest.mark.parametrize("written", Level)
@pytest.mark.parametrize("level", Level)
def test_a_rule_is_judged_where_its_level_is_not_above_the_runs(written: Level, level: Level) -> None:
    rule = validation("ValidateResponseUrl", f'Level="{written.name.title()}"')
    assert (read(rule, level=level) is not None) is (written <= level)


def test_a_rule_without_a_level_is_one_that_was_added_by_hand() -> None:
    rule = validation("ValidateResponseUrl", "")
    assert read(rule, level=Level.HIGH) == CheckUrl()
    assert read(rule, level=Level.MEDIUM) is None


def test_a_rule_that_is_not_judged_is_not_refused_either() -> None:
    assert read(validation("Shop.Rules.Mood", 'Level="High"'), level=Level.LOW) is None


@pytest.mark.parametrize(
    ("attributes", "url_after", "goal_after"),
    [
        ('ExectuionOrder="BeforeDependents"', False, False),
        ('ExectuionOrder="AfterDependents"', True, True),
        ("", False, True),  # a page's time is known when it is whole
    ],
)
def test_when_a_rule_is_judged(attributes: str, url_after: bool, goal_after: bool) -> None:
    assert read(validation("ValidateResponseUrl", attributes)) == CheckUrl(after_dependents=url_after)
    goal = read(validation("ValidationRuleResponseTimeGoal", attributes), GOAL)
    assert goal == CheckResponseTime(at_most=0.5, page=True, after_dependents=goal_after)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (validation("ValidateResponseUrl", 'Level="Highest"'), "error: Buy.webtest, line 1, <ValidationRule Classname="),
        (validation("ValidateResponseUrl", 'Level="Highest"'), "Level is 'Highest'; give Low, Medium or High"),
        (validation("ValidateResponseUrl", 'ExectuionOrder="Never"'),
         "ExectuionOrder is 'Never'; give BeforeDependents or AfterDependents"),
        (validation("ValidateResponseUrl", 'ExecutionOrder="AfterDependents"'),
         "warning: "),  # spelled rightly, it is wrong
        (validation("ValidationRuleFindText", FindText="(", UseRegularExpression="True"),
         "FindText is the regular expression '(', which cannot be used"),
        (validation("ValidationRuleRequestTime"), "MaxRequestTime is 0; give milliseconds above 0"),
        (validation("ValidationRuleRequestTime", MaxRequestTime=-1), "MaxRequestTime is -1; give milliseconds above 0"),
        (validation("ValidationRuleRequiredAttributeValue", TagName="a"), "its parameter AttributeName is empty"),
        (validation("ValidationRuleRequiredTag"), "its parameter RequiredTagName is empty"),
        (validation("ValidateFormField"), "its parameter Name is empty"),
        (validation("ValidateHtmlSelectTag"), "its parameter SelectTagName is empty"),
        (validation("ValidateHtmlTagInnerText"), "its parameter TagName is empty"),
        (validation("ValidateHtmlTagInnerText", TagName="p", HasClosingTags="False"), "HasClosingTags=False has no effect"),
        (validation("ValidateResponseUrl", Colour="red"), "is not known to ValidateResponseUrl and has no effect"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said(rule: Element, said: str) -> None:
    findings = reading()
    read_validation(findings, rule, str, request(), Level.HIGH)
    assert said in "\n".join(told(findings))


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        ("Dropthings.Test.Rules.CookieValidationRule", "`check: header` with the header Set-Cookie may do"),
        ("Dropthings.Test.Rules.CacheHeaderValidation", "in plan.yaml, `check: header` may do"),
        ("Shop.StatusCodeRule", "the request's ExpectedHttpStatusCode, or `check: status` in plan.yaml, may do"),
        ("Shop.MaximumTime", "the rule ValidationRuleRequestTime may do"),
        ("Shop.Mood", "which is not run. Take it out"),
    ],
)
def test_a_class_that_is_not_built_in_is_refused(kind: str, instead: str) -> None:
    findings = reading()
    assert read_validation(findings, validation(kind), str, request(), Level.HIGH) is None
    (error,) = told(findings)
    assert f"the validation rule '{kind}' is code for .NET" in error
    assert instead in error
