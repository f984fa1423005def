"""Rules of Visual Studio from their XML to what they do: the value, or the error by its type, sub-type and message.

Reference: visual-studio-formats, 1.7, 2 and 8.
"""

from dataclasses import dataclass, field

import pytest

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.http.cookies import CookieJar
from headrace.engine.rules.conditions import compile_condition
from headrace.engine.rules.extraction import compile_extraction
from headrace.engine.rules.rule_errors import RuleError
from headrace.engine.rules.validation import compile_validation
from headrace.plan.readers.visual_studio.conditional_rules import read_condition
from headrace.plan.readers.visual_studio.extraction_rules import read_extraction
from headrace.plan.readers.visual_studio.surroundings import Level
from headrace.plan.readers.visual_studio.validation_rules import read_validation
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.rules import Scope
from tests.engine.answers import answer, variables
from tests.plan.readers.visual_studio.rules import condition, extraction, reading, request, told, validation

PAGE = """<html><head><title>Cart &amp; more</title></head><body>
<form action="/pay"><input type="hidden" name="__VIEWSTATE" value="a/b&#43;c" />
<input type="hidden" name="n" value="&lt;1&gt;" />
<input type="text" name="who" value="Ann &amp; Bob" /><input type="text" name="who" value="Cid" />
<input type="radio" name="pay" value="card" /><input type="radio" name="pay" value="cash" checked="checked" />
<select name="size"><option value="s">Small</option><option value="l" selected>Large</option></select>
<select name="size"><option value="x">Extra</option></select></form>
<a class="item" href="/item?id=1&amp;x=2">One</a> <a class="item next" href="/item?id=22">Two</a>
<p id="a">Total:   <b>12</b>
 EUR</p><p>Thanks</p></body></html>"""

KNOWN = {"user": "Ann", "mark": "Total", "digits": "[0-9]+"}
RESPONSE = answer(PAGE, headers=(("location", "/next?id=7"), ("x-order", "A&amp;B")))
NOTHING = answer("<p>")


def extract(rule: Element, response: Answer = RESPONSE, **known: str) -> dict[str, str]:
    """What an extraction rule sets."""
    findings = reading()
    extracted = read_extraction(findings, rule, str, Scope.ITERATION)
    assert told(findings) == []
    assert extracted is not None
    values = variables(**KNOWN, **known)
    compile_extraction(extracted)(response, values)
    return {name: value for name, value in values.items() if name not in KNOWN and known.get(name) != value}


def extraction_error(rule: Element, response: Answer = RESPONSE) -> tuple[str, str, str]:
    with pytest.raises(RuleError) as caught:
        extract(rule, response)
    return caught.value.kind, caught.value.subkind, caught.value.message


def validate(rule: Element, response: Answer = RESPONSE, of: Element | None = None) -> tuple[str, str, str] | None:
    """What a validation rule has against a response."""
    findings = reading()
    validation = read_validation(findings, rule, str, of if of is not None else request(), Level.HIGH)
    assert told(findings) == []
    if validation is None:
        return None
    try:
        compile_validation(validation)(response, variables(**KNOWN))
    except RuleError as error:
        return error.kind, error.subkind, error.message
    return None


TEXT = {"StartsWith": 'href="', "EndsWith": '"'}
LINK = {"TagName": "a", "AttributeName": "href"}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        # Between two texts.
        (extraction("ExtractText", **TEXT), "/item?id=1&x=2"),
        (extraction("ExtractText", **TEXT, HtmlDecode="False"), "/item?id=1&amp;x=2"),
        (extraction("ExtractText", **TEXT, Index=1), "/item?id=22"),
        (extraction("ExtractText", StartsWith='HREF="', EndsWith='"', IgnoreCase="True", Index=1), "/item?id=22"),
        (extraction("ExtractText", StartsWith="{{mark}}:   <b>", EndsWith="</b>\n"), "12"),
        (extraction("ExtractText", StartsWith=r"id=\d\d", EndsWith="[<>]", UseRegularExpression="True"), '"'),
        (extraction("ExtractText", StartsWith="(?i)TOTAL:\\s+<b>", EndsWith="<", UseRegularExpression="True"), "12"),
        (extraction("ExtractText", StartsWith="total:", EndsWith="b>", UseRegularExpression="True", IgnoreCase="True"),
         "   <"),
        (extraction("ExtractText", StartsWith="Location: ", EndsWith="\r\n", SearchInHeaders="True"), "/next?id=7"),
        (extraction("ExtractText", StartsWith="Thanks", EndsWith="</p>", SearchInHeaders="True"), ""),
        # By an expression.
        (extraction("ExtractRegularExpression", RegularExpression=r"id=\d+"), "id=1"),
        (extraction("ExtractRegularExpression", RegularExpression=r"id=\d+", Index=1), "id=22"),
        (extraction("ExtractRegularExpression", RegularExpression=r"id=(\d+)", UseGroups="True", Index=1), "22"),
        (extraction("ExtractRegularExpression", RegularExpression=r"(?<n>id)=(\d+)", UseGroups="True"), "1"),
        (extraction("ExtractRegularExpression", RegularExpression="ID={{digits}}", IgnoreCase="True"), "id=1"),
        (extraction("ExtractRegularExpression", RegularExpression=r"id=\d[^<]*?x=\d"), "id=1&x=2"),
        (extraction("ExtractRegularExpression", RegularExpression=r"id=\d[^<]*?x=\d", HtmlDecode="False"), "id=1&amp;x=2"),
        # Fields of forms.
        (extraction("ExtractFormField", Name="who"), "Ann & Bob"),
        (extraction("ExtractFormField", Name="who", HtmlDecode="False"), "Ann &amp; Bob"),
        (extraction("ExtractFormField", Name="who", Index=1), "Cid"),
        (extraction("ExtractFormField", Name="pay"), "cash"),
        (extraction("ExtractFormField", Name="__VIEWSTATE"), "a/b+c"),
        (extraction("ExtractHtmlSelectTag", SelectTagName="size"), "l"),
        (extraction("ExtractHtmlSelectTag", SelectTagName="size", Index=1), "x"),
        # Tags.
        (extraction("ExtractAttributeValue", **LINK), "/item?id=1&x=2"),
        (extraction("ExtractAttributeValue", **LINK, HtmlDecode="False"), "/item?id=1&amp;x=2"),
        (extraction("ExtractAttributeValue", **LINK, Index=1), "/item?id=22"),
        (extraction("ExtractAttributeValue", **LINK, MatchAttributeName="class", MatchAttributeValue="item next"),
         "/item?id=22"),
        (extraction("ExtractHtmlTagInnerText", TagName="title"), "Cart & more"),
        (extraction("ExtractHtmlTagInnerText", TagName="p"), "Total: 12 EUR"),
        (extraction("ExtractHtmlTagInnerText", TagName="p", Index=1), "Thanks"),
        (extraction("ExtractHtmlTagInnerText", TagName="p", RemoveInnerTags="False"), "Total: <b>12</b> EUR"),
        (extraction("ExtractHtmlTagInnerText", TagName="p", CollapseWhiteSpace="False"), "Total:   12\n EUR"),
        (extraction("ExtractHtmlTagInnerText", TagName="a", AttributeName="class", AttributeValue="item next"), "Two"),
        # Headers.
        (extraction("ExtractHttpHeader", Header="Location"), "/next?id=7"),
        (extraction("ExtractHttpHeader", Header="x-ORDER"), "A&amp;B"),
    ],
)  # fmt: skip
def test_an_extraction_rule_finds_its_value(rule: Element, value: str) -> None:
    assert extract(rule) == {"v": value}


def test_all_hidden_fields_are_named_after_the_rule() -> None:
    found = {"$HIDDEN1.__VIEWSTATE": "a/b+c", "$HIDDEN1.n": "<1>"}
    assert extract(extraction("ExtractHiddenFields", 'VariableName="1"')) == found
    raw = extract(extraction("ExtractHiddenFields", 'VariableName="1"', HtmlDecode="False"))
    assert raw == {"$HIDDEN1.__VIEWSTATE": "a/b&#43;c", "$HIDDEN1.n": "&lt;1&gt;"}


def test_a_random_match_is_any_of_them() -> None:
    rule = extraction("ExtractText", **TEXT, ExtractRandomMatch="True", Index=7)
    findings = reading()
    extracted = read_extraction(findings, rule, str, Scope.ITERATION)
    assert extracted is not None
    values = variables()
    drawn = set()
    for _ in range(50):
        compile_extraction(extracted)(RESPONSE, values)
        drawn.add(values["v"])
    assert drawn == {"/item?id=1&x=2", "/item?id=22"}


# Each kind of rule, what it does not find in a page without anything, and what it says of that.
ABSENT = [
    ("ExtractText", TEXT, "Text between 'href=\"' and '\"' (body) was not found in the response."),
    ("ExtractText", {**TEXT, "UseRegularExpression": "True"}, "Text between 'href=\"' and '\"' (body) was not found"),
    ("ExtractText", {**TEXT, "ExtractRandomMatch": "True"}, "was not found in the response."),
    ("ExtractText", {**TEXT, "SearchInHeaders": "True"}, "(headers and body) was not found in the response."),
    ("ExtractHiddenFields", {}, "A hidden field was not found in the response."),
    ("ExtractFormField", {"Name": "who"}, "The form field 'who' was not found in the response."),
    ("ExtractAttributeValue", LINK, "The attribute 'href' of the tag 'a' was not found in the response."),
    ("ExtractHttpHeader", {"Header": "X-Id"}, "The header 'X-Id' was not found in the response."),
    ("ExtractRegularExpression", {"RegularExpression": r"id=\d"},
     r"A match of the regular expression 'id=\d' (body) was not found in the response."),
    ("ExtractHtmlSelectTag", {"SelectTagName": "size"}, "A selected option of the select tag 'size' was not found"),
    ("ExtractHtmlTagInnerText", {"TagName": "h1"}, "The tag 'h1' was not found in the response."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "parameters", "message"), ABSENT)
def test_what_is_required_and_not_found_is_an_error_of_the_rules_name(
    kind: str, parameters: dict[str, str], message: str
) -> None:
    for required in ({}, {"Required": "True"}):
        error, subkind, text = extraction_error(extraction(kind, **parameters, **required), NOTHING)
        assert (error, subkind) == ("ExtractionRuleError", kind)
        assert message in text


@pytest.mark.parametrize(("kind", "parameters", "message"), ABSENT)
def test_what_is_not_required_and_not_found_is_empty(kind: str, parameters: dict[str, str], message: str) -> None:
    found = extract(extraction(kind, **parameters, Required="False"), NOTHING)
    assert found == ({} if kind == "ExtractHiddenFields" else {"v": ""})


@pytest.mark.parametrize(
    "rule",
    [
        extraction("ExtractText", **TEXT, Index=2),
        extraction("ExtractFormField", Name="who", Index=2),
        extraction("ExtractAttributeValue", **LINK, Index=2),
        extraction("ExtractRegularExpression", RegularExpression=r"id=\d", Index=2),
        extraction("ExtractHtmlSelectTag", SelectTagName="size", Index=2),
        extraction("ExtractHtmlTagInnerText", TagName="p", Index=2),
    ],
)
def test_an_occurrence_that_there_is_not_is_not_found(rule: Element) -> None:
    assert extraction_error(rule)[2].endswith("was not found in the response at index 2, there are 2.")


@pytest.mark.parametrize(
    "rule",
    [
        extraction("ExtractText", StartsWith="TOTAL", EndsWith="<"),
        extraction("ExtractText", StartsWith="TOTAL", EndsWith="<", UseRegularExpression="True"),
        extraction("ExtractText", StartsWith="Location: ", EndsWith="\n", SearchInHeaders="False"),
        extraction("ExtractRegularExpression", RegularExpression="TOTAL"),
        extraction("ExtractFormField", Name="WHO"),
        extraction("ExtractAttributeValue", **LINK, MatchAttributeName="class", MatchAttributeValue="next"),
        extraction("ExtractHtmlTagInnerText", TagName="p", AttributeName="id", AttributeValue="b"),
    ],
)
def test_what_only_resembles_it_is_not_found(rule: Element) -> None:
    assert "was not found in the response" in extraction_error(rule)[2]


def test_a_context_parameter_without_a_value_is_told_as_visual_studio_does() -> None:
    error = extraction_error(extraction("ExtractText", StartsWith="{{nobody}}", Required="False"))
    assert error == ("ExtractionRuleError", "ExtractText", "Context parameter 'nobody' not found in test context")


ATTRIBUTE = {"TagName": "input", "AttributeName": "value"}


@pytest.mark.parametrize(
    ("kind", "passes", "fails", "message"),
    [
        ("ValidationRuleFindText", {"FindText": "Thanks"}, {"FindText": "thanks"},
         "The text 'thanks' was not found in the response (body)."),
        ("ValidationRuleFindText", {"FindText": "thanks", "IgnoreCase": "True"}, {"FindText": "sorry", "IgnoreCase": "True"},
         "The text 'sorry' was not found in the response (body)."),
        ("ValidationRuleFindText", {"FindText": "Sorry", "PassIfTextFound": "False"},
         {"FindText": "Thanks", "PassIfTextFound": "False"}, "The text 'Thanks' was found in the response (body)."),
        ("ValidationRuleFindText", {"FindText": "{{mark}}"}, {"FindText": "{{user}}!"},
         "The text 'Ann!' was not found in the response (body)."),
        ("ValidationRuleFindText", {"FindText": r"id=\d\d", "UseRegularExpression": "True"},
         {"FindText": r"id=\d\d\d", "UseRegularExpression": "True"},
         r"The regular expression 'id=\d\d\d' was not found in the response (body)."),
        ("ValidationRuleFindText",
         {"FindText": "[a-z-[t]]hanks", "UseRegularExpression": "True", "PassIfTextFound": "False"},
         {"FindText": "(?i)THANKS", "UseRegularExpression": "True", "PassIfTextFound": "False"},
         "The regular expression '(?i:THANKS)' was found in the response (body)."),
        ("ValidationRuleFindText", {"FindText": "THANKS", "UseRegularExpression": "True", "IgnoreCase": "True"},
         {"FindText": "THANKS", "UseRegularExpression": "True"}, "The regular expression 'THANKS' was not found"),
        ("ValidationRuleRequestTime", {"MaxRequestTime": 1500}, {"MaxRequestTime": 1499},
         "The request took 1.500 s; at most 1.499 s are allowed."),
        ("ValidationRuleRequiredTag", {"RequiredTagName": "P"}, {"RequiredTagName": "h1"},
         "The tag 'h1' occurs 0 times, not 1 or more."),
        ("ValidationRuleRequiredTag", {"RequiredTagName": "p", "MinOccurrences": 2},
         {"RequiredTagName": "p", "MinOccurrences": 3}, "The tag 'p' occurs 2 times, not 3 or more."),
        ("ValidationRuleRequiredAttributeValue", {**ATTRIBUTE, "ExpectedValue": "Ann & Bob"},
         {**ATTRIBUTE, "ExpectedValue": "ann & bob"},
         "No tag 'input' has the attribute 'value' with the value 'ann & bob'."),
        ("ValidationRuleRequiredAttributeValue", {**ATTRIBUTE, "ExpectedValue": "CID", "IgnoreCase": "True", "Index": 3},
         {**ATTRIBUTE, "ExpectedValue": "Cid", "Index": 2},
         "It is not so that number 2 (from 0) of the tag 'input' has the attribute 'value' with the value 'Cid'."),
        ("ValidationRuleRequiredAttributeValue",
         {**ATTRIBUTE, "ExpectedValue": "cash", "MatchAttributeName": "checked", "MatchAttributeValue": "checked"},
         {**ATTRIBUTE, "ExpectedValue": "card", "MatchAttributeName": "checked", "MatchAttributeValue": "checked"},
         "No tag 'input' with checked='checked' has the attribute 'value' with the value 'card'."),
        ("ValidateFormField", {"Name": "who", "ExpectedValue": "Ann & Bob"}, {"Name": "pay", "ExpectedValue": "card"},
         "The form field 'pay' has the value 'cash', not 'card'."),
        ("ValidateFormField", {"Name": "who", "ExpectedValue": "Cid"}, {"Name": "what", "ExpectedValue": "Cid"},
         "The response has no form field 'what'."),
        ("ValidateHtmlSelectTag", {"SelectTagName": "size", "ExpectedSelectedOption": "LARGE"},
         {"SelectTagName": "size", "ExpectedSelectedOption": "LARGE", "IgnoreCase": "False"},
         "It is not so that number 0 (from 0) of the select tag 'size' has the selected option 'LARGE'."),
        ("ValidateHtmlSelectTag", {"SelectTagName": "size", "ExpectedSelectedOption": "x", "Index": 1},
         {"SelectTagName": "size", "ExpectedSelectedOption": "l", "Index": 1}, "number 1 (from 0) of the select tag 'size'"),
        ("ValidateHtmlTagInnerText", {"TagName": "p", "ExpectedInnerText": "Total: 12 EUR"},
         {"TagName": "p", "ExpectedInnerText": "total: 12 eur"},
         "No tag 'p' has the inner text 'total: 12 eur'."),
        ("ValidateHtmlTagInnerText", {"TagName": "p", "ExpectedInnerText": "thanks", "IgnoreCase": "True", "Index": 1},
         {"TagName": "p", "ExpectedInnerText": "Thanks", "Index": 0},
         "It is not so that number 0 (from 0) of the tag 'p' has the inner text 'Thanks'."),
        ("ValidateHtmlTagInnerText",
         {"TagName": "p", "ExpectedInnerText": "Total: <b>12</b> EUR", "RemoveInnerTags": "False"},
         {"TagName": "p", "ExpectedInnerText": "Total: 12 EUR", "CollapseWhiteSpace": "False"},
         "No tag 'p' has the inner text 'Total: 12 EUR'."),
        ("ValidateHtmlTagInnerText",
         {"TagName": "a", "AttributeName": "class", "AttributeValue": "item next", "ExpectedInnerText": "Two"},
         {"TagName": "a", "AttributeName": "class", "AttributeValue": "item", "ExpectedInnerText": "Two"},
         "No tag 'a' with class='item' has the inner text 'Two'."),
    ],
)  # fmt: skip
def test_a_validation_rule_passes_or_fails(
    kind: str, passes: dict[str, object], fails: dict[str, object], message: str
) -> None:
    response = answer(PAGE, response_us=1_500_000)
    assert validate(validation(kind, **passes), response) is None
    failure = validate(validation(kind, **fails), response)
    assert failure is not None
    assert failure[:2] == ("ValidationRuleError", kind)
    assert message in failure[2]


@pytest.mark.parametrize(
    ("expected", "asked", "got", "passes"),
    [
        ("", "http://shop.test/cart?id=1", "http://shop.test/cart?id=2", True),
        ("", "http://shop.test/cart", "http://shop.test/error", False),
        ("", "http://shop.test/Cart", "HTTP://SHOP.test:80/cart", True),
        ("", "http://shop.test", "http://shop.test/", True),
        ("", "http://shop.test/", "https://shop.test/", False),
        ("", "http://shop.test/", "http://shop.test:8080/", False),
        ("http://shop.test/welcome?x=1", "http://shop.test/login", "http://shop.test/welcome?y=2", True),
        ("http://shop.test/welcome", "http://shop.test/login", "http://shop.test/login", False),
        ("http://shop.test/{{user}}", "http://shop.test/login", "http://shop.test/ann", True),
    ],
)
def test_the_url_of_the_last_response_is_the_one_that_was_expected(
    expected: str, asked: str, got: str, passes: bool
) -> None:
    response = answer("", url=got, requested=asked)
    failure = validate(validation("ValidateResponseUrl"), response, request(f'ExpectedResponseUrl="{expected}"'))
    if passes:
        assert failure is None
    else:
        text = (
            f"The value of the ExpectedResponseUrl property '{expected or asked}' does not equal the actual response URL "
            f"'{got}'. QueryString parameters were ignored."
        )
        assert failure == ("ValidationRuleError", "ValidateResponseUrl", text)


@pytest.mark.parametrize(
    ("goal", "tolerance", "page", "passes"),
    [("2", 0, 2.0, True), ("2", 0, 2.1, False), ("2", 10, 2.2, True), ("2", 10, 2.3, False), ("0", 0, 99.0, True)],
)
def test_a_page_is_to_meet_its_goal_within_the_tolerance(goal: str, tolerance: int, page: float, passes: bool) -> None:
    rule = validation("ValidationRuleResponseTimeGoal", Tolerance=tolerance)
    response = answer("", page_us=round(page * 1e6), response_us=1)
    failure = validate(rule, response, request(f'ResponseTimeGoal="{goal}"'))
    assert (failure is None) is passes
    if failure is not None:
        assert failure[:2] == ("ValidationRuleError", "ValidationRuleResponseTimeGoal")
        assert failure[2].startswith(f"The page took {page:.3f} s; at most ")


def jar() -> CookieJar:
    jar = CookieJar()
    jar.set("sid=42; Path=/; Secure", "shop.test", "/", True)
    jar.set("who=Ann; Path=/cart", "shop.test", "/cart", False)
    return jar


@dataclass(frozen=True)
class Now:
    variables: Variables = field(default_factory=lambda: variables(n="9", who="Ann", text="abc"))
    last_passed: bool = False
    last_status: int | None = 302
    jar: CookieJar = field(default_factory=jar)


def holds(rule: Element) -> bool:
    findings = reading()
    read = read_condition(findings, rule, str)
    assert told(findings) == []
    assert read is not None
    return compile_condition(read)(Now())


def number(operator: str, value: str) -> Element:
    return condition("NumericalComparisonRule", ContextParameterName="n", ComparisonOperator=operator, Value=value)


def text(operator: str, value: str, **more: str) -> Element:
    return condition("StringComparisonRule", ContextParameterName="who", ComparisonOperator=operator, Value=value, **more)


def cookie(name: str, **more: str) -> Element:
    kind = "CookieComparisonRule" if "CookieValue" in more else "CookieExistenceRule"
    return condition(kind, CookieName=name, **more)


SHOP = {"CookieDomainName": ".shop.test", "CookiePath": "/"}
CART = {"Webpage": "http://shop.test/cart"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (condition("ContextParameterExistenceRule", ContextParameterName="n", CheckForExistence="True"), True),
        (condition("ContextParameterExistenceRule", ContextParameterName="n", CheckForExistence="False"), False),
        (condition("ContextParameterExistenceRule", ContextParameterName="m"), False),
        (number("<", "10"), True),
        (number("GreaterThan", "10"), False),
        (number("==", "9.0"), True),
        (number("!=", "{{n}}"), False),
        (number("<=", "9"), True),
        (number(">=", "9.5"), False),
        (text("==", "Ann"), True),
        (text("==", "ann"), False),
        (text("Equality", "ANN", IgnoreCase="True"), True),
        (text("!=", "Bob"), True),
        (text("<", "Bob"), True),
        (text("==", "^A", UseRegularExpression="True"), True),
        (text("!=", "^a", UseRegularExpression="True"), True),
        (text("!=", "^a", UseRegularExpression="True", IgnoreCase="True"), False),
        (cookie("sid", **SHOP), True),
        (cookie("sid", **CART), False),
        (cookie("who", **CART), True),
        (cookie("who", **SHOP), False),
        (cookie("none", **SHOP, CheckForExistence="False"), True),
        (cookie("sid", **SHOP, CookieValue="42"), True),
        (cookie("sid", **SHOP, CookieValue="42", ComparisonOperator="!="), False),
        (cookie("who", **CART, CookieValue="ann", IgnoreCase="True"), True),
        (cookie("who", **CART, CookieValue="n{2}$", UseRegularExpression="True"), True),
        (cookie("none", **CART, CookieValue="x", ComparisonOperator="!="), False),
        (condition("LastRequestOutcomeRule", RequestOutcome="Pass"), False),
        (condition("LastRequestOutcomeRule", RequestOutcome="Fail"), True),
        (condition("LastResponseCodeRule", ComparisonOperator="==", ResponseCode="Found"), True),
        (condition("LastResponseCodeRule", ComparisonOperator="!=", ResponseCode="200 - OK"), True),
        (condition("ProbabilityRule", Percentage=100), True),
        (condition("ProbabilityRule", Percentage=0), False),
    ],
)
def test_a_conditional_rule_is_true_or_false(rule: Element, expected: bool) -> None:
    assert holds(rule) is expected


@pytest.mark.parametrize(
    ("rule", "subkind", "message"),
    [
        (condition("NumericalComparisonRule", ContextParameterName="text", Value="1"), "NumericalComparisonRule",
         "'abc' is not a number"),
        (condition("StringComparisonRule", ContextParameterName="none", Value="1"), "StringComparisonRule",
         "Context parameter 'none' not found in test context"),
        (cookie("{{none}}", **SHOP), "CookieExistenceRule", "Context parameter 'none' not found in test context"),
        (cookie("sid", **SHOP, CookieValue="{{none}}"), "CookieComparisonRule", "Context parameter 'none' not found"),
    ],
)  # fmt: skip
def test_a_conditional_rule_that_cannot_be_judged_is_an_error_of_its_name(rule: Element, subkind: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        holds(rule)
    assert (caught.value.kind, caught.value.subkind) == ("ConditionalRuleError", subkind)
    assert message in caught.value.message
