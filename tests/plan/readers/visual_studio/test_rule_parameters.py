"""Classes and parameters of rules: what is known, what is missing, what is refused."""

from collections.abc import Callable

import pytest

from headrace.plan.readers.visual_studio.rule_parameters import Parameters, built_in_class, refuse_class, variables_of
from headrace.plan.readers.visual_studio.xml_tree import Element
from tests.plan.readers.visual_studio.rules import condition, extraction, reading, rule, told, validation

BASE = "Microsoft.VisualStudio.TestTools.WebTesting"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (f"{BASE}.Rules.ExtractText, Some.Assembly, Version=9.0.0.0, Culture=neutral", "ExtractText"),
        (f"{BASE}.Rules.ExtractText", "ExtractText"),
        (f" {BASE}.ExtractHtmlSelectTag ,Some.Assembly", "ExtractHtmlSelectTag"),
        ("My.Rules.ExtractText, Mine", None),
        ("ExtractText", None),
        ("", None),
    ],
)
def test_a_class_is_built_in_by_its_namespace_before_the_first_comma(written: str, name: str | None) -> None:
    assert built_in_class(Element("ExtractionRule", 1, {"Classname": written})) == name


def test_parameters_are_read_by_type_and_have_defaults() -> None:
    said = reading()
    parameters = Parameters(
        said, extraction("ExtractText", Index=" 3 ", Required="false", StartsWith="a\nb", Tolerance="0.5"), str.upper
    )
    assert parameters.whole("Index", 0) == 3
    assert parameters.flag("Required", True) is False
    assert parameters.text("StartsWith") == "A\nB"
    assert parameters.raw("StartsWith") == "a\nb"
    assert parameters.number("Tolerance", 0) == 0.5
    assert parameters.flag("HtmlDecode", True) is True
    assert parameters.whole("None", -1) == -1
    assert parameters.number("None", 1.5) == 1.5
    assert parameters.raw("None", "==") == "=="
    assert parameters.text("None") == ""
    parameters.warn_of_others()
    assert told(said) == []


Read = Callable[[Parameters], object]


@pytest.mark.parametrize(
    ("value", "read", "said"),
    [
        ("many", lambda rule: rule.whole("P", 0), "Value is 'many'; give a whole number."),
        ("{{n}}", lambda rule: rule.whole("P", 0), "Value is '{{n}}'; give a whole number."),
        ("maybe", lambda rule: rule.flag("P", False), "Value is 'maybe'; give True or False."),
        ("NaN", lambda rule: rule.number("P", 0), "Value is 'NaN'; give a number such as 0.5."),
    ],
)
def test_a_value_of_another_type_is_an_error_with_its_line(value: str, read: Read, said: str) -> None:
    findings = reading()
    read(Parameters(findings, extraction("ExtractText", P=value), str))
    assert told(findings) == [f"error: Buy.webtest, line 2, <RuleParameter Name='P'>: {said}"]


def test_what_a_rule_cannot_do_without_is_an_error_where_it_is_empty() -> None:
    findings = reading()
    Parameters(findings, extraction("ExtractFormField", Name=""), str).needed("Name")
    (error,) = told(findings)
    assert error.endswith("its parameter Name is empty; give it a value, or take the rule out.")


def test_an_expression_is_translated_and_bound() -> None:
    findings = reading()
    parameters = Parameters(findings, validation("ValidationRuleFindText", FindText=r"{{user}}\Z", Wrong="a++"), str)
    assert parameters.expression("FindText") == r"{{user}}(?=\n?\Z)"
    assert parameters.expression("Wrong") == ""
    (error,) = told(findings)
    assert "error: Buy.webtest, line 1, <ValidationRule Classname=" in error
    assert "Wrong is the regular expression 'a++', which cannot be used: + follows another quantifier" in error


def test_a_parameter_that_is_not_known_is_warned_of() -> None:
    findings = reading()
    parameters = Parameters(findings, extraction("ExtractText", Index="0", Colour="red"), str)
    parameters.whole("Index", 0)
    parameters.warn_of_others()
    assert told(findings) == [
        "warning: Buy.webtest, line 2, <RuleParameter Name='Colour'>: is not known to ExtractText and has no effect."
    ]


def test_a_rule_that_somebody_wrote_is_refused_by_its_class_with_what_may_do_instead() -> None:
    findings = reading()
    refuse_class(findings, validation("Shop.Rules.CookieCheck"), "validation rule", [("cookie", "the header rule")])
    assert told(findings) == [
        "error: Buy.webtest, line 1, <ValidationRule Classname='Shop.Rules.CookieCheck'>: the validation rule "
        "'Shop.Rules.CookieCheck' is code for .NET, which is not run; the header rule may do what its name says. "
        "Take it out, or run the test without it by --ignore-plugins."
    ]


def test_it_is_left_out_where_that_was_asked_for() -> None:
    findings = reading(ignore_plugins=True)
    refuse_class(findings, validation("Shop.Rules.Mood"), "validation rule", [("cookie", "the header rule")])
    (warning,) = told(findings)
    assert warning.startswith("warning: ")
    assert warning.endswith("'Shop.Rules.Mood' is code for .NET, which is not run; it is left out, as was asked for.")


def test_a_rule_without_a_class_is_an_error_that_nobody_can_ask_away() -> None:
    findings = reading(ignore_plugins=True)
    refuse_class(findings, Element("ValidationRule", 7), "validation rule", ())
    (error,) = told(findings)
    assert error.startswith("error: Buy.webtest, line 7, <ValidationRule>: it has no Classname")


@pytest.mark.parametrize(
    ("element", "names"),
    [
        (extraction("ExtractText"), ["v"]),
        (extraction("ExtractHiddenFields", 'VariableName="1"'), ["$HIDDEN1."]),
        (extraction("ExtractText", ""), []),
        (extraction("Shop.Rules.Extract", 'VariableName="total"'), ["total"]),
        (condition("CountingLoopRule", ContextParameterName="i"), ["i"]),
        (condition("ForLoopRule", ContextParameterName="i"), ["i"]),
        (condition("ForLoopRule"), []),
        (condition("NumericalComparisonRule", ContextParameterName="i"), []),
        (rule("ValidationRule", "ValidationRuleFindText"), []),
    ],
)
def test_the_names_that_a_rule_sets(element: Element, names: list[str]) -> None:
    assert list(variables_of(element)) == names
