"""Extraction rules: every built-in class, with all its parameters and with none."""

from typing import Any

import pytest

from headrace.plan.readers.visual_studio.extraction_rules import read_extraction
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.rules import (
    ExtractAttribute,
    ExtractBetween,
    ExtractFormField,
    ExtractHeader,
    ExtractHiddenFields,
    ExtractInnerText,
    Extraction,
    ExtractRegex,
    ExtractSelectedOption,
    Scope,
    Where,
)
from tests.plan.readers.visual_studio.rules import NAMESPACE, extraction, reading, told

FULL_TEXT = {
    "StartsWith": "<b>",
    "EndsWith": "</b>",
    "Index": 2,
    "IgnoreCase": "True",
    "UseRegularExpression": "False",
    "HtmlDecode": "False",
    "Required": "False",
    "ExtractRandomMatch": "False",
    "SearchInHeaders": "True",
}
TAG = {"TagName": "a", "AttributeName": "href"}
PARENT = NAMESPACE.removesuffix(".Rules")


def read(rule: Element, scope: Scope = Scope.ITERATION) -> Extraction | None:
    """What is read without a finding."""
    said = reading()
    extracted = read_extraction(said, rule, str, scope)
    assert told(said) == []
    return extracted


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (extraction("ExtractText", StartsWith="<b>", EndsWith="</b>"),
         ExtractBetween(variable="v", starts="<b>", ends="</b>", html_decode=True)),
        (extraction("ExtractText", **FULL_TEXT),
         ExtractBetween(variable="v", starts="<b>", ends="</b>", match=2, ignore_case=True, required=False,
                        where=Where.HEADERS_AND_BODY)),
        (extraction("ExtractText", StartsWith="a\r\n", EndsWith='" />\n', ExtractRandomMatch="True", Index=3),
         ExtractBetween(variable="v", starts="a\r\n", ends='" />\n', match="random", html_decode=True)),
        (extraction("ExtractText", StartsWith=r"(?i)b|c", EndsWith=r"\Z", UseRegularExpression="True"),
         ExtractBetween(variable="v", starts="(?i:b)|(?i:c)", ends=r"(?=\n?\Z)", regex=True, html_decode=True)),
        (extraction("ExtractHiddenFields"), ExtractHiddenFields(variable="v")),
        (extraction("ExtractHiddenFields", Required="False", HtmlDecode="False"),
         ExtractHiddenFields(variable="v", required=False, html_decode=False)),
        (extraction("ExtractFormField", Name="token"), ExtractFormField(variable="v", field="token")),
        (extraction("ExtractFormField", Name="token", HtmlDecode="False", Required="False", Index=1),
         ExtractFormField(variable="v", field="token", html_decode=False, required=False, match=1)),
        (extraction("ExtractAttributeValue", **TAG), ExtractAttribute(variable="v", tag="a", attribute="href")),
        (extraction("ExtractAttributeValue", **TAG, MatchAttributeName="class", MatchAttributeValue="next",
                    HtmlDecode="False", Required="False", Index=1),
         ExtractAttribute(variable="v", tag="a", attribute="href", match_attribute="class", match_value="next",
                          html_decode=False, required=False, match=1)),
        (extraction("ExtractHttpHeader", Header="Location"), ExtractHeader(variable="v", header="Location")),
        (extraction("ExtractHttpHeader", Header="Location", Required="False"),
         ExtractHeader(variable="v", header="Location", required=False)),
        (extraction("ExtractRegularExpression", RegularExpression=r"id=\d+"),
         ExtractRegex(variable="v", pattern=r"id=\d+", group=0, html_decode=True)),
        (extraction("ExtractRegularExpression", RegularExpression=r"(?<name>\w+)=(\d+)", UseGroups="True",
                    IgnoreCase="True", Required="False", Index=1, HtmlDecode="False"),
         ExtractRegex(variable="v", pattern=r"(?P<name>\w+)=(\d+)", group=2, ignore_case=True, required=False, match=1)),
        (extraction("ExtractRegularExpression", RegularExpression="{{p}}", UseGroups="True"),
         ExtractRegex(variable="v", pattern="{{p}}", group=1, html_decode=True)),
        (extraction("ExtractHtmlSelectTag", SelectTagName="size"), ExtractSelectedOption(variable="v", select="size")),
        (extraction(f"{PARENT}.ExtractHtmlSelectTag", SelectTagName="size", Index=1, Required="False"),
         ExtractSelectedOption(variable="v", select="size", match=1, required=False)),
        (extraction(f"{PARENT}.ExtractHtmlTagInnerText", TagName="h1"), ExtractInnerText(variable="v", tag="h1")),
        (extraction("ExtractHtmlTagInnerText", TagName="p", AttributeName="id", AttributeValue="x", RemoveInnerTags="False",
                    HasClosingTags="True", CollapseWhiteSpace="False", Index=2, Required="False"),
         ExtractInnerText(variable="v", tag="p", attribute="id", value="x", remove_tags=False, collapse_space=False,
                          match=2, required=False)),
        (extraction("ExtractHtmlTagInnerText", TagName="p", Index=-1), ExtractInnerText(variable="v", tag="p", match=0)),
    ],
)  # fmt: skip
def test_every_built_in_rule_is_read(rule: Element, expected: Extraction) -> None:
    assert read(rule) == expected


def test_the_texts_are_bound() -> None:
    said = reading()
    rule = extraction(
        "ExtractAttributeValue", TagName="a", AttributeName="b", MatchAttributeName="c", MatchAttributeValue="d"
    )
    extracted = read_extraction(said, rule, lambda text: f"<{text}>", Scope.ITERATION)
    assert extracted == ExtractAttribute(
        variable="v", tag="<a>", attribute="<b>", match_attribute="<c>", match_value="<d>"
    )  # but the name of the variable is none


@pytest.mark.parametrize("kind", ["ExtractText", "ExtractHiddenFields"])
def test_a_value_can_live_as_long_as_the_user(kind: str) -> None:
    extracted = read(
        extraction(kind, StartsWith="a", EndsWith="b") if kind == "ExtractText" else extraction(kind), Scope.USER
    )
    assert extracted is not None
    assert extracted.scope is Scope.USER


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (extraction("ExtractText", "", StartsWith="a"), "error: Buy.webtest, line 1, <ExtractionRule Classname='Microsoft"),
        (extraction("ExtractText", "", StartsWith="a"), "its VariableName is empty; name the context parameter"),
        (extraction("ExtractFormField"), "its parameter Name is empty"),
        (extraction("ExtractHttpHeader", Header=""), "its parameter Header is empty"),
        (extraction("ExtractAttributeValue", AttributeName="a"), "its parameter TagName is empty"),
        (extraction("ExtractAttributeValue", TagName="a"), "its parameter AttributeName is empty"),
        (extraction("ExtractHtmlSelectTag"), "its parameter SelectTagName is empty"),
        (extraction("ExtractHtmlTagInnerText"), "its parameter TagName is empty"),
        (extraction("ExtractRegularExpression"), "its parameter RegularExpression is empty"),
        (extraction("ExtractRegularExpression", RegularExpression="("), "error: "),
        (extraction("ExtractRegularExpression", RegularExpression="("), "RegularExpression is the regular expression '('"),
        (extraction("ExtractRegularExpression", RegularExpression="a", UseGroups="True"),
         "UseGroups is True, but the expression has no group; put what to take into parentheses"),
        (extraction("ExtractText", StartsWith="[", UseRegularExpression="True"), "StartsWith is the regular expression '['"),
        (extraction("ExtractText", EndsWith="*", UseRegularExpression="True"), "EndsWith is the regular expression '*'"),
        (extraction("ExtractText", Index=-1), "warning: "),
        (extraction("ExtractText", Index=-1), "its Index is -1; occurrences count from 0, and the first is taken"),
        (extraction("ExtractHtmlTagInnerText", TagName="p", HasClosingTags="False"),
         "HasClosingTags=False has no effect: what is inside a tag is as a browser has it"),
        (extraction("ExtractText", Colour="red"), "<RuleParameter Name='Colour'>: is not known to ExtractText"),
        (extraction("ExtractText", 'VariableName="v" Mood="good"'), "warning: "),
        (extraction("ExtractText", 'VariableName="v" Mood="good"'), "Mood='good' is not known and has no effect"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said(rule: Element, said: str) -> None:
    findings = reading()
    read_extraction(findings, rule, str, Scope.ITERATION)
    assert said in "\n".join(told(findings))


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        ("Dropthings.Test.Rules.ExtractFormElements", "the rules ExtractFormField and ExtractHiddenFields may do"),
        ("Shop.ExtractCookieValue", "in plan.yaml, `from: cookie` may do"),
        ("Shop.ExtractJsonPath", "in plan.yaml, `from: json` may do"),
        ("Shop.XPathExtractor", "in plan.yaml, `from: xpath` may do"),
        ("Shop.Luck", "which is not run. Take it out"),
        (f"{NAMESPACE}.ExtractLuck", "which is not run. Take it out"),
        (f"{NAMESPACE}.ValidationRuleFindText", "the rule ExtractText may do"),
    ],
)
def test_a_class_that_is_not_built_in_is_refused(kind: str, instead: str) -> None:
    findings = reading()
    assert read_extraction(findings, extraction(kind, Anything="x"), str, Scope.ITERATION) is None
    (error,) = told(findings)
    assert f"the extraction rule '{kind}' is code for .NET" in error
    assert instead in error


def test_the_names_that_the_editor_shows_never_matter() -> None:
    german = 'VariableName="v" DisplayName="Ausgeblendete Felder extrahieren" Description="Extrahiert alle Felder."'
    assert read(extraction("ExtractHiddenFields", german)) == ExtractHiddenFields(variable="v")


def test_a_parameter_that_is_not_of_its_type_is_told_and_the_rest_is_read() -> None:
    findings = reading()
    extracted: Any = read_extraction(
        findings, extraction("ExtractText", StartsWith="a", Index="first"), str, Scope.ITERATION
    )
    assert extracted.starts == "a"
    assert told(findings) == [
        "error: Buy.webtest, line 2, <RuleParameter Name='Index'>: Value is 'first'; give a whole number."
    ]
