"""What validations say of answers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.answer import Answer
from headrace.engine.rules.rule_errors import RuleError
from headrace.engine.rules.validation import compile_validation
from headrace.plan.rules import (
    CheckAttribute,
    CheckEquals,
    CheckFormField,
    CheckHeader,
    CheckInnerText,
    CheckJson,
    CheckRegex,
    CheckResponseTime,
    CheckSelectedOption,
    CheckSize,
    CheckStatus,
    CheckTag,
    CheckText,
    CheckUrl,
    CheckXPath,
    Validation,
    Where,
)
from tests.engine.answers import answer, variables

PAGE = """<title>Cart</title><form><input name=token value="T-1"><input name=token value=T-2>
<select name=size><option value=1>Small</option><option value=2 selected>Large</option></select></form>
<p class=a>One <b>two</b></p><p>Three</p>"""
JSON = '{"items": [{"id": 1, "name": "one"}, {"id": 2.5, "name": null}], "o": {"a": 1, "b": [true]}}'


def failure(validation: Validation, response: Answer, **known: str) -> RuleError | None:
    try:
        compile_validation(validation)(response, variables(**known))
    except RuleError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("passes", "fails", "response", "subkind", "message"),
    [
        (CheckText(text="Cart"), CheckText(text="cart"), answer(PAGE),
         "ValidationRuleFindText", "The text 'cart' was not found in the response (body)."),
        (CheckText(text="CART", ignore_case=True), CheckText(text="CARD", ignore_case=True), answer(PAGE),
         "ValidationRuleFindText", "The text 'CARD' was not found"),
        (CheckText(text="Error", present=False), CheckText(text="Cart", present=False), answer(PAGE),
         "ValidationRuleFindText", "The text 'Cart' was found in the response (body)."),
        (CheckText(text="STRASSE", ignore_case=True), CheckText(text="strasze", ignore_case=True), answer("die Straße"),
         "ValidationRuleFindText", "'strasze'"),
        (CheckText(text="/cart", where=Where.URL), CheckText(text="/error", where=Where.URL), answer(),
         "ValidationRuleFindText", "was not found in the response (url)"),
        (CheckEquals(text="ok"), CheckEquals(text="o"), answer("ok"),
         "ValidationRuleTextEquals", "The body of the response is not 'o' but 'ok'."),
        (CheckEquals(text="o", present=False), CheckEquals(text="ok", present=False), answer("ok"),
         "ValidationRuleTextEquals", "The body of the response is 'ok'."),
        (CheckRegex(pattern="T-\\d"), CheckRegex(pattern="T-\\d\\d"), answer(PAGE),
         "ValidationRuleFindText", "The regular expression 'T-\\d\\d' was not found"),
        (CheckRegex(pattern="\\d+", whole=True), CheckRegex(pattern="\\d", whole=True), answer("123"),
         "ValidationRuleFindText", "was not matching all of it"),
        (CheckRegex(pattern="error", present=False), CheckRegex(pattern="cart", present=False, ignore_case=True),
         answer(PAGE),
         "ValidationRuleFindText", "The regular expression 'cart' was found"),
        (CheckStatus(statuses=(200, 204)), CheckStatus(statuses=(201, 204)), answer(),
         "ValidationRuleStatusCode", "The status is 200, not 201 or 204."),
        (CheckJson(path="$.items[0]"), CheckJson(path="$.none"), answer(JSON),
         "ValidationRuleJsonPath", "The JSONPath '$.none' leads nowhere in the response."),
        (CheckJson(path="$.none", present=False), CheckJson(path="$.o", present=False), answer(JSON),
         "ValidationRuleJsonPath", "The JSONPath '$.o' leads somewhere, which it must not."),
        (CheckJson(path="$.items[*].id", equals="2.5"), CheckJson(path="$.items[*].id", equals="2"), answer(JSON),
         "ValidationRuleJsonPath", "The JSONPath '$.items[*].id' does not lead to '2', but to '1, 2.5'."),
        (CheckJson(path="$.o", equals='{"b":[ true ],"a":1}'), CheckJson(path="$.o", equals='{"a": 1}'), answer(JSON),
         "ValidationRuleJsonPath", "does not lead to"),
        (CheckJson(path="$.items[1].name", equals="null"), CheckJson(path="$.items[0].name", equals='"one"'), answer(JSON),
         "ValidationRuleJsonPath", "but to 'one'"),
        (CheckJson(path="$.o.b[0]", equals="true"), CheckJson(path="$.o.b[0]", equals="1"), answer(JSON),
         "ValidationRuleJsonPath", "but to 'true'"),
        (CheckJson(path="$.items[0].name", pattern="o.e"), CheckJson(path="$.items[0].name", pattern="o"), answer(JSON),
         "ValidationRuleJsonPath", "does not lead to a match of 'o', but to 'one'"),
        (CheckJson(path="$.items[0].name", equals="two", present=False),
         CheckJson(path="$.items[0].name", equals="one", present=False),
         answer(JSON), "ValidationRuleJsonPath", "leads to 'one', which it must not"),
        (CheckJson(path="$.a", present=False), CheckJson(path="$.a"), answer(PAGE),
         "ValidationRuleJsonPath", "The response is not JSON"),
        (CheckXPath(path="//a[@b]"), CheckXPath(path="//c"), answer("<a b='1'/>"),
         "ValidationRuleXPath", "The XPath '//c' finds nothing."),
        (CheckXPath(path="//c", present=False), CheckXPath(path="count(//a) = 1", present=False), answer("<a/>"),
         "ValidationRuleXPath", "finds something, which it must not"),
        (CheckXPath(path="//p[2]", html=True), CheckXPath(path="//p"), answer(PAGE),
         "ValidationRuleXPath", "The response is not XML"),
        (CheckResponseTime(at_most=1.0), CheckResponseTime(at_most=0.999), answer(response_us=1_000_000, page_us=2_000_000),
         "ValidationRuleRequestTime", "The request took 1.000 s; at most 0.999 s are allowed."),
        (CheckResponseTime(at_most=2.0, page=True), CheckResponseTime(at_most=1.5, page=True), answer(page_us=2_000_000),
         "ValidationRuleResponseTimeGoal", "The page took 2.000 s; at most 1.5 s are allowed."),
        (CheckSize(at_least=2, at_most=2), CheckSize(at_least=3), answer("ab", head_size=10),
         "ValidationRuleSize", "The body has 2 bytes; at least 3 are asked for."),
        (CheckSize(at_most=12, whole=True), CheckSize(at_most=11, whole=True), answer("ab", head_size=10),
         "ValidationRuleSize", "The response has 12 bytes; at most 11 are allowed."),
        (CheckTag(tag="INPUT", at_least=2), CheckTag(tag="input", at_least=3), answer(PAGE),
         "ValidationRuleRequiredTag", "The tag 'input' occurs 2 times, not 3 or more."),
        (CheckAttribute(tag="input", attribute="value", expected="T-2"),
         CheckAttribute(tag="input", attribute="value", expected="T-3"),
         answer(PAGE), "ValidationRuleRequiredAttributeValue",
         "No tag 'input' has the attribute 'value' with the value 'T-3'."),
        (CheckAttribute(tag="input", attribute="value", expected="t-2", ignore_case=True, index=1),
         CheckAttribute(tag="input", attribute="value", expected="T-2", index=0), answer(PAGE),
         "ValidationRuleRequiredAttributeValue", "It is not so that number 0 (from 0) of the tag 'input' has the attribute"),
        (CheckAttribute(tag="option", attribute="selected", expected="", match_attribute="value", match_value="2"),
         CheckAttribute(tag="option", attribute="selected", expected="", match_attribute="value", match_value="1"),
         answer(PAGE),
         "ValidationRuleRequiredAttributeValue", "No tag 'option' with value='1' has the attribute 'selected'"),
        (CheckFormField(field="token", expected="T-2"), CheckFormField(field="token", expected="T-3"), answer(PAGE),
         "ValidateFormField", "The form field 'token' has the value 'T-2', not 'T-3'."),
        (CheckFormField(field="size", expected="2"), CheckFormField(field="none", expected=""), answer(PAGE),
         "ValidateFormField", "The response has no form field 'none'."),
        (CheckSelectedOption(select="size", expected="large"), CheckSelectedOption(select="size", expected="small"),
         answer(PAGE),
         "ValidateHtmlSelectTag", "select tag 'size' has the selected option 'small'"),
        (CheckSelectedOption(select="size", expected="2"), CheckSelectedOption(select="size", expected="2", index=1),
         answer(PAGE),
         "ValidateHtmlSelectTag", "number 1 (from 0)"),
        (CheckInnerText(tag="p", expected="One two"), CheckInnerText(tag="p", expected="One"), answer(PAGE),
         "ValidateHtmlTagInnerText", "No tag 'p' has the inner text 'One'."),
        (CheckInnerText(tag="p", expected="three", ignore_case=True, index=1),
         CheckInnerText(tag="p", expected="Three", attribute="class", value="a"), answer(PAGE),
         "ValidateHtmlTagInnerText", "No tag 'p' with class='a' has the inner text 'Three'."),
        (CheckInnerText(tag="p", expected="One <b>two</b>", remove_tags=False), CheckInnerText(tag="h1", expected=""),
         answer(PAGE),
         "ValidateHtmlTagInnerText", "'h1'"),
        (CheckHeader(header="X-A"), CheckHeader(header="X-B"), answer(headers=(("x-a", "1"), ("x-a", "2"))),
         "ValidationRuleHeader", "The response has no header 'X-B'."),
        (CheckHeader(header="X-A", expected="2"), CheckHeader(header="X-A", expected="3"),
         answer(headers=(("x-a", "1"), ("x-a", "2"))),
         "ValidationRuleHeader", "The header 'X-A' is '1, 2', not '3'."),
    ],
)  # fmt: skip
def test_a_check_passes_or_says_what_is_wrong(passes: Any, fails: Any, response: Answer, subkind: str, message: str) -> None:
    assert failure(passes, response) is None
    error = failure(fails, response)
    assert error is not None
    assert (error.kind, error.subkind) == ("ValidationRuleError", subkind)
    assert message in error.message


@pytest.mark.parametrize(
    ("expected", "url", "same"),
    [
        ("", "http://shop.test/cart?x=1", True),
        ("http://shop.test/cart?y=2", "http://shop.test/cart?x=1", True),
        ("HTTP://Shop.Test:80/CART", "http://shop.test/cart", True),
        ("https://shop.test", "https://shop.test:443/", True),
        ("http://shop.test/error", "http://shop.test/cart", False),
        ("https://shop.test/cart", "http://shop.test/cart", False),
        ("http://shop.test:8080/cart", "http://shop.test/cart", False),
    ],
)
def test_urls_are_the_same_but_for_queries_and_case(expected: str, url: str, same: bool) -> None:
    error = failure(CheckUrl(expected=expected), answer(url=url, requested="http://shop.test/cart"))
    assert (error is None) is same
    if error is not None:
        assert error.subkind == "ValidateResponseUrl"
        assert error.message == (
            f"The value of the ExpectedResponseUrl property '{expected}' does not equal the actual response URL '{url}'. "
            "QueryString parameters were ignored."
        )


def test_a_redirect_to_an_error_page_is_not_the_url_that_was_asked_for() -> None:
    error = failure(CheckUrl(), answer(url="http://shop.test/error", requested="http://shop.test/cart"))
    assert error is not None
    assert "'http://shop.test/cart' does not equal the actual response URL 'http://shop.test/error'" in error.message


@given(st.text(max_size=30), st.text(max_size=3), st.booleans())
def test_a_text_is_found_exactly_where_it_is(text: str, wanted: str, present: bool) -> None:
    wanted = wanted.replace("{", "")
    passes = failure(CheckText(text=wanted, present=present), answer(text.encode("utf-8", "replace"))) is None
    assert passes is ((wanted in text.encode("utf-8", "replace").decode()) is present)


def test_variables_are_put_in() -> None:
    assert failure(CheckText(text="Hello {{who}}"), answer("Hello you"), who="you") is None
    error = failure(CheckText(text="Hello {{who}}"), answer("Hello you"), who="me")
    assert error is not None
    assert "'Hello me'" in error.message


def test_a_variable_without_a_value_is_an_error() -> None:
    error = failure(CheckText(text="Hello {{who}}", present=False), answer(""))
    assert error is not None
    assert error.message == "Context parameter 'who' not found in test context"


def test_a_message_of_ones_own_replaces_the_standard_one() -> None:
    error = failure(CheckText(text="x", message="no {{what}}"), answer(""), what="luck")
    assert error is not None
    assert error.message == "no luck"
    assert failure(CheckText(text="x", message="no {{what}}"), answer("x")) is None


def test_a_text_that_is_missing_may_be_in_what_was_cut_off() -> None:
    error = failure(CheckText(text="x"), answer("abc", cut=True, size=9))
    assert error is not None
    assert error.message.endswith("; only the first 3 of its 9 bytes were looked at.")


def test_foreign_texts_are_cut_in_messages() -> None:
    error = failure(CheckEquals(text="x" * 9000), answer("y" * 9000))
    assert error is not None
    assert len(error.message) < 700


def test_a_body_that_cannot_be_decoded_fails_every_check_of_it() -> None:
    broken = answer(b"no gzip", headers=(("content-encoding", "gzip"),))
    for check in (
        CheckText(text="x", present=False),
        CheckJson(path="$", present=False),
        CheckTag(tag="p"),
        CheckXPath(path="/", present=False),
    ):
        error = failure(check, broken)
        assert error is not None
        assert "is coded as gzip, but it is not" in error.message
    assert failure(CheckStatus(statuses=(200,)), broken) is None


def test_an_expression_that_takes_too_long_is_an_error() -> None:
    error = failure(CheckRegex(pattern="(x+x+)+y", present=False), answer("x" * 10_000))
    assert error is not None
    assert "was given up after 0.1 s" in error.message


@pytest.mark.parametrize(
    "rule", [CheckRegex(pattern="("), CheckJson(path="a b"), CheckXPath(path="//["), CheckText(text="{{$random()}}")]
)
def test_a_rule_that_cannot_work_is_refused_before_the_load_starts(rule: Validation) -> None:
    with pytest.raises(ValueError, match=r"cannot be used|arguments"):
        compile_validation(rule)
