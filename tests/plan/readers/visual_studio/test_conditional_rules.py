"""Conditional rules: every built-in class of branches and loops."""

import pytest

from headrace.plan.conditions import (
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
from headrace.plan.readers.visual_studio.conditional_rules import read_condition
from headrace.plan.readers.visual_studio.xml_tree import Element
from tests.plan.readers.visual_studio.rules import condition, reading, told

COOKIE = {"CookieName": "sid", "Webpage": "http://shop.test/cart"}
STRING = {"ContextParameterName": "who", "Value": "Ann"}


def numbers(operator: str) -> Element:
    return condition("NumericalComparisonRule", ContextParameterName="n", ComparisonOperator=operator, Value="{{m}}")


def status(code: str, operator: str = "==") -> Element:
    return condition("LastResponseCodeRule", ComparisonOperator=operator, ResponseCode=code)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (condition("ContextParameterExistenceRule", ContextParameterName="a"), VariableExists("a")),
        (condition("ContextParameterExistenceRule", ContextParameterName="a b", CheckForExistence="False"),
         Not(VariableExists("a b"))),
        (condition("CookieExistenceRule", **COOKIE), CookieExists("sid", "http://shop.test/cart")),
        (condition("CookieExistenceRule", **COOKIE, CheckForExistence="False"),
         Not(CookieExists("sid", "http://shop.test/cart"))),
        (condition("CookieExistenceRule", CookieName="sid", CookieDomainName=".shop.test", CookiePath="/cart", Webpage=""),
         CookieExists("sid", "https://shop.test/cart")),
        (condition("CookieExistenceRule", CookieName="sid", CookieDomainName="{{host}}"),
         CookieExists("sid", "https://{{host}}/")),
        (condition("CookieComparisonRule", **COOKIE, CookieValue="7"),
         CookieExists("sid", "http://shop.test/cart", "7")),
        (condition("CookieComparisonRule", **COOKIE, CookieValue="7", ComparisonOperator="GreaterThan", IgnoreCase="True"),
         CookieExists("sid", "http://shop.test/cart", "7", Operator.GREATER, ignore_case=True)),
        (condition("CookieComparisonRule", **COOKIE, CookieValue=r"\d\z", ComparisonOperator="!=",
                   UseRegularExpression="True"),
         CookieExists("sid", "http://shop.test/cart", r"\d\Z", Operator.NOT_EQUAL, regex=True)),
        (condition("LastRequestOutcomeRule"), LastPassed()),
        (condition("LastRequestOutcomeRule", RequestOutcome="Pass"), LastPassed()),
        (condition("LastRequestOutcomeRule", RequestOutcome="Fail"), Not(LastPassed())),
        (status("Ok"), LastStatus((200,))),
        (status("200 - OK"), LastStatus((200,))),
        (status("404"), LastStatus((404,))),
        (status("NotFound", "!="), Not(LastStatus((404,)))),
        (status("Redirect", "Inequality"), Not(LastStatus((302,)))),
        (status("Found"), LastStatus((302,))),
        (status("NonAuthoritativeInformation"), LastStatus((203,))),
        (status("RequestUriTooLong"), LastStatus((414,))),
        (status("HttpVersionNotSupported"), LastStatus((505,))),
        (condition("StringComparisonRule", **STRING), Compare("{{who}}", Operator.EQUAL, "Ann")),
        (condition("StringComparisonRule", **STRING, ComparisonOperator="<", IgnoreCase="True"),
         Compare("{{who}}", Operator.LESS, "Ann", ignore_case=True)),
        (condition("StringComparisonRule", **STRING, UseRegularExpression="True", IgnoreCase="True"),
         Matches("{{who}}", "Ann", ignore_case=True)),
        (condition("StringComparisonRule", **STRING, UseRegularExpression="True", ComparisonOperator="Inequality"),
         Not(Matches("{{who}}", "Ann"))),
        (condition("ProbabilityRule", Percentage=25), Probability(25.0)),
        (condition("ProbabilityRule", Percentage=250), Probability(100.0)),
        (condition("ProbabilityRule", Percentage=-1), Probability(0.0)),
    ],
)  # fmt: skip
def test_every_built_in_rule_is_read(rule: Element, expected: Condition) -> None:
    findings = reading()
    assert read_condition(findings, rule, str) == expected
    assert told(findings) == []


@pytest.mark.parametrize(
    ("sign", "name", "operator"),
    [
        ("==", "Equality", Operator.EQUAL),
        ("!=", "Inequality", Operator.NOT_EQUAL),
        ("<", "LessThan", Operator.LESS),
        ("<=", "LessThanOrEqual", Operator.LESS_OR_EQUAL),
        (">", "GreaterThan", Operator.GREATER),
        (">=", "GreaterThanOrEqual", Operator.GREATER_OR_EQUAL),
    ],
)
def test_an_operator_is_its_sign_or_its_name(sign: str, name: str, operator: Operator) -> None:
    findings = reading()
    expected = Compare("{{n}}", operator, "{{m}}", numeric=True)
    assert read_condition(findings, numbers(sign), str) == read_condition(findings, numbers(name), str) == expected
    assert told(findings) == []


def test_a_context_parameter_exists_in_the_spelling_that_the_test_knows_it_by() -> None:
    rule = condition("ContextParameterExistenceRule", ContextParameterName="LASTNAME")
    assert read_condition(reading(), rule, lambda text: text.replace("LASTNAME", "LastName")) == VariableExists("LastName")
    assert read_condition(reading(), rule, lambda text: "{{'{{'}}LASTNAME}}") == VariableExists("LASTNAME")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (numbers("~"), "error: Buy.webtest, line 1, <ConditionalRule Classname="),
        (numbers("~"), "ComparisonOperator is '~'; give one of ==, !=, <, <=, >, >="),
        (status("OK", "<"), "ComparisonOperator is '<'; give one of ==, !="),
        (condition("StringComparisonRule", **STRING, UseRegularExpression="True", ComparisonOperator=">"),
         "ComparisonOperator is '>'; give one of ==, !="),
        (condition("StringComparisonRule", ContextParameterName="a", Value="(", UseRegularExpression="True"),
         "Value is the regular expression '(', which cannot be used"),
        (status("Fine"), "ResponseCode is 'Fine'; give a status by its number or by its name in .NET"),
        (condition("LastRequestOutcomeRule", RequestOutcome="Maybe"), "RequestOutcome is 'Maybe'; give Pass or Fail"),
        (condition("StringComparisonRule"), "its ContextParameterName is ''; give the name of a context parameter"),
        (condition("ContextParameterExistenceRule", ContextParameterName="{{a}}"),
         "its ContextParameterName is '{{a}}'; give the name of a context parameter, without braces"),
        (condition("NumericalComparisonRule", ContextParameterName="a"), "its parameter Value is empty"),
        (condition("CookieExistenceRule", Webpage="http://a/"), "its parameter CookieName is empty"),
        (condition("CookieExistenceRule", CookieName="a"), "give the URL of a Webpage, or a CookieDomainName"),
        (condition("CookieExistenceRule", **COOKIE, CookiePath="/"), "warning: "),
        (condition("CookieExistenceRule", **COOKIE, CookiePath="/"), "CookieDomainName and CookiePath have no effect"),
        (condition("ProbabilityRule", Percentage=5, ContextParameterName="p"), "its ContextParameterName has no effect"),
        (condition("ProbabilityRule", Percentage="half"), "Value is 'half'; give a number"),
        (condition("CountingLoopRule", IterationsCount=3), "CountingLoopRule is a rule of loops only"),
        (condition("LastRequestOutcomeRule", Colour="red"), "is not known to LastRequestOutcomeRule and has no effect"),
        (condition("Shop.Rules.LoggedInCookie"), "the conditional rule 'Shop.Rules.LoggedInCookie' is code for .NET"),
        (condition("Shop.Rules.LoggedInCookie"), "the rule CookieExistenceRule or CookieComparisonRule may do"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said(rule: Element, said: str) -> None:
    findings = reading()
    read_condition(findings, rule, str)
    assert said in "\n".join(told(findings))
