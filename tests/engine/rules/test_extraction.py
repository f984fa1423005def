"""What extractions take out of answers."""

import gzip
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.answer import Answer
from headrace.engine.http.cookies import CookieJar
from headrace.engine.rules import finders
from headrace.engine.rules.extraction import compile_extraction
from headrace.engine.rules.rule_errors import RuleError
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
    Where,
)
from tests.engine.answers import answer, variables

LOGIN = (
    '<form method="post"><input type="hidden" name="token" value="T-1"/>'
    '<input type=hidden name="a &amp; b" value="&lt;2&gt;"></form>'
)
LIST = '<ul><li class="x">one</li><li class="x y">two &amp; a half</li><li>three</li></ul>'
JSON = '{"items": [{"id": 1}, {"id": 2}], "next": "/2"}'


def extracted(extraction: Extraction, response: Answer, **known: str) -> dict[str, str]:
    """The variables that are new or have another value."""
    values = variables(**known)
    compile_extraction(extraction)(response, values)
    return {name: value for name, value in values.items() if known.get(name) != value}


def failure(extraction: Extraction, response: Answer, **known: str) -> RuleError:
    with pytest.raises(RuleError) as caught:
        extracted(extraction, response, **known)
    assert caught.value.kind == "ExtractionRuleError"
    return caught.value


def between(starts: str, ends: str, **more: Any) -> ExtractBetween:
    return ExtractBetween(variable="v", starts=starts, ends=ends, **more)


@pytest.mark.parametrize(
    ("extraction", "body", "value"),
    [
        (between('value="', '"'), LOGIN, "T-1"),
        (between('value="', '"', match=1), LOGIN, "&lt;2&gt;"),
        (between('value="', '"', match=1, html_decode=True), LOGIN, "<2>"),
        (between('VALUE="', '"', ignore_case=True), LOGIN, "T-1"),
        (between("{{name}}", "</li>"), LIST, "two &amp; a half"),
        (between("", "<li"), LIST, "<ul>"),
        (between("three", ""), LIST, "</li></ul>"),
        (between("", ""), LIST, LIST),
        (between(r"value=.", r"[\"']", regex=True), LOGIN, "T-1"),
        (between(r"<li[^>]*>", r"<", regex=True, match=2), LIST, "three"),
        (between(r"THREE", "", regex=True, ignore_case=True), LIST, "</li></ul>"),
        (ExtractRegex(variable="v", pattern='value="([^"]*)"'), LOGIN, "T-1"),
        (ExtractRegex(variable="v", pattern='value="([^"]*)"', match=1, html_decode=True), LOGIN, "<2>"),
        (ExtractRegex(variable="v", pattern='value="([^"]*)"', group=0), LOGIN, 'value="T-1"'),
        (ExtractRegex(variable="v", pattern='name="(\\w+)" value="([^"]*)"', format="$2$: $1$!$0$"),
         LOGIN, 'T-1: token!name="token" value="T-1"'),
        (ExtractRegex(variable="v", pattern="(x)?one"), LIST, ""),
        (ExtractRegex(variable="v", pattern="{{name}}(.)"), LIST, ">"),
        (ExtractRegex(variable="v", pattern="ONE(.)", ignore_case=True), LIST, "<"),
        (ExtractJson(variable="v", path="$.items[1].id"), JSON, "2"),
        (ExtractJson(variable="v", path="$.items[*].id", match=1), JSON, "2"),
        (ExtractJson(variable="v", path="$.items[0]"), JSON, '{"id":1}'),
        (ExtractJson(variable="v", path="$.{{key}}"), JSON, "/2"),
        (ExtractXPath(variable="v", path="//li[2]"), LIST.replace("&amp;", "and"), "two and a half"),
        (ExtractXPath(variable="v", path="//li[@class='{{class}}']", html=True), "<ul><li class=x>one", "one"),
        (ExtractXPath(variable="v", path="count(//li)"), LIST, "3"),
        (ExtractXPath(variable="v", path="//li = 'four'"), LIST, "false"),
        (ExtractCss(variable="v", selector="li.y"), LIST, "two & a half"),
        (ExtractCss(variable="v", selector="li", attribute="class", match=1), LIST, "x y"),
        (ExtractFormField(variable="v", field="token"), LOGIN, "T-1"),
        (ExtractFormField(variable="v", field="a & b"), LOGIN, "<2>"),
        (ExtractFormField(variable="v", field="a & b", html_decode=False), LOGIN, "&lt;2&gt;"),
        (ExtractAttribute(variable="v", tag="INPUT", attribute="Name"), LOGIN, "token"),
        (ExtractAttribute(variable="v", tag="input", attribute="name", match_attribute="value", match_value="<2>"),
         LOGIN, "a & b"),
        (ExtractAttribute(variable="v", tag="input", attribute="name", match=1, html_decode=False), LOGIN, "a &amp; b"),
        (ExtractSelectedOption(variable="v", select="s"),
         "<select name=s><option>1<option selected value=2>two</select>", "2"),
        (ExtractInnerText(variable="v", tag="li", attribute="class", value="x y"), LIST, "two & a half"),
        (ExtractInnerText(variable="v", tag="UL", remove_tags=False), "<ul><li>1</ul>", "<li>1</li>"),
    ],
)  # fmt: skip
def test_a_value_is_found(extraction: Extraction, body: str, value: str) -> None:
    known = {"name": '<li class="x y">' if isinstance(extraction, ExtractBetween) else "one<.*", "key": "next", "class": "x"}
    assert extracted(extraction, answer(body), **known) == {"v": value}


HEADERS = (("set-cookie", "a=1"), ("set-cookie", "b=2"), ("location", "/next?id=7"), ("etag", '"x"'))


@pytest.mark.parametrize(
    ("extraction", "value"),
    [
        (ExtractHeader(variable="v", header="Location"), "/next?id=7"),
        (ExtractHeader(variable="v", header="Set-Cookie", match=1), "b=2"),
        (between("Location: ", "\n", where=Where.HEADERS), "/next?id=7"),
        (between("HTTP/1.1 ", "\n", where=Where.HEADERS), "200 OK"),
        (between("ETag: ", "\r\n\r\nb", where=Where.HEADERS_AND_BODY), '"x"'),
        (ExtractRegex(variable="v", pattern=r"//(.*?)/", where=Where.URL), "shop.test"),
        (ExtractRegex(variable="v", pattern=r"(\d+)", where=Where.STATUS), "200"),
        (ExtractRegex(variable="v", pattern="(.*)", where=Where.MESSAGE), "OK"),
        (ExtractRegex(variable="v", pattern="Accept: (.*)", where=Where.REQUEST_HEADERS), "*/*"),
        (ExtractRegex(variable="v", pattern="q=(.*)", where=Where.REQUEST_BODY), "ü"),
    ],
)
def test_other_texts_than_the_body_can_be_looked_at(extraction: Extraction, value: str) -> None:
    sent = b"POST / HTTP/1.1\r\nHost: shop.test\r\nAccept: */*\r\n\r\n" + "q=ü".encode()
    assert extracted(extraction, answer("body", headers=HEADERS, request=sent)) == {"v": value}


def test_a_cookie_is_the_one_that_would_be_sent_to_the_url() -> None:
    jar = CookieJar()
    jar.set("sid=abc=1; Path=/", "shop.test", "/", False)
    jar.set("other=2; Path=/elsewhere", "shop.test", "/", False)
    response = answer(url="http://shop.test/cart?x=1", jar=jar)
    assert extracted(ExtractCookie(variable="v", cookie="sid"), response) == {"v": "abc=1"}
    assert "cookie 'other' was not found" in failure(ExtractCookie(variable="v", cookie="other"), response).message
    assert "cookie 'sid'" in failure(ExtractCookie(variable="v", cookie="sid"), answer()).message


def test_all_hidden_fields_become_variables() -> None:
    assert extracted(ExtractHiddenFields(variable="1"), answer(LOGIN)) == {"$HIDDEN1.token": "T-1", "$HIDDEN1.a & b": "<2>"}
    raw = extracted(ExtractHiddenFields(variable="1", html_decode=False), answer(LOGIN))
    assert raw["$HIDDEN1.a & b"] == "&lt;2&gt;"


def test_no_hidden_field_is_an_error_where_some_are_required() -> None:
    assert failure(ExtractHiddenFields(variable="1"), answer("<p>")).subkind == "ExtractHiddenFields"
    assert extracted(ExtractHiddenFields(variable="1", required=False), answer("<p>")) == {}


def test_between_searches_behind_the_last_start_as_jmeter_does() -> None:
    assert extracted(between("-", "-", match="all"), answer("-a-b-")) == {"v_1": "a", "v_2": "b", "v_matchNr": "2"}


@given(st.lists(st.text("abİé<>", max_size=4), min_size=1, max_size=6), st.integers(0, 7), st.booleans())
def test_between_finds_what_stands_between_two_marks(texts: list[str], match: int, ignore_case: bool) -> None:
    body = "".join(f"[S{text}E]" for text in texts)
    start = "[s" if ignore_case else "[S"
    found = extracted(between(start, "E]", match=match, ignore_case=ignore_case, required=False), answer(body))
    assert found == {"v": texts[match] if match < len(texts) else ""}


@given(st.lists(st.text("ab1 ", max_size=4), max_size=6))
def test_a_pattern_finds_all_that_a_search_between_finds(texts: list[str]) -> None:
    body = answer("".join(f"<{text}>" for text in texts))
    by_pattern = ExtractRegex(variable="v", pattern="<([^>]*)>", match="all", required=False)
    by_patterns = between("<", ">", match="all", required=False, regex=True)
    assert (
        extracted(by_pattern, body)
        == extracted(between("<", ">", match="all", required=False), body)
        == extracted(by_patterns, body)
    )


def test_all_matches_are_numbered_and_those_of_before_forgotten() -> None:
    rule = ExtractRegex(variable="v", pattern="(\\d)", match="all", required=False, default="none")
    values = variables()
    compile_extraction(rule)(answer("1 2 3"), values)
    assert values == {"v_1": "1", "v_2": "2", "v_3": "3", "v_matchNr": "3"}
    compile_extraction(rule)(answer("4"), values)
    assert values == {"v_1": "4", "v_matchNr": "1"}
    compile_extraction(rule)(answer(""), values)
    assert values == {"v": "none", "v_matchNr": "0"}


def test_a_random_match_is_one_of_all_by_the_users_own_chance() -> None:
    rule = compile_extraction(ExtractRegex(variable="v", pattern="(\\d)", match="random"))
    values = variables()
    drawn = set()
    for _ in range(100):
        rule(answer("1 2 3"), values)
        drawn.add(values["v"])
    assert drawn == {"1", "2", "3"}


def test_a_variable_of_the_user_is_kept() -> None:
    values = variables()
    compile_extraction(between("a", "c", scope=Scope.USER))(answer("abc"), values)
    compile_extraction(between("a", "c", scope=Scope.USER, match="all"))(answer("abc"), values)
    compile_extraction(ExtractHiddenFields(variable="1", scope=Scope.USER))(answer(LOGIN), values)
    assert values.kept["v"] == "b"
    assert values.kept["v_1"] == "b"
    assert values.kept["$HIDDEN1.token"] == "T-1"
    assert values.kept == values


@pytest.mark.parametrize(
    ("extraction", "subkind", "message"),
    [
        (between("<<", ">>"), "ExtractText", "Text between '<<' and '>>' (body) was not found in the response."),
        (between("<", ">", match=99), "ExtractText", "at index 99, there are 8"),
        (ExtractRegex(variable="v", pattern="x(y)z"), "ExtractRegularExpression", "regular expression 'x(y)z' (body)"),
        (ExtractJson(variable="v", path="$.a"), "ExtractJsonPath", "The response is not JSON"),
        (ExtractXPath(variable="v", path="//x"), "ExtractXPath", "The XPath '//x' was not found"),
        (ExtractCss(variable="v", selector="x"), "ExtractCssSelector", "An element for the CSS selector 'x' was not found"),
        (ExtractHeader(variable="v", header="x"), "ExtractHttpHeader", "The header 'x' was not found"),
        (ExtractFormField(variable="v", field="x"), "ExtractFormField", "The form field 'x' was not found"),
        (ExtractAttribute(variable="v", tag="li", attribute="id", match_attribute="class", match_value="x"),
         "ExtractAttributeValue", "The attribute 'id' of the tag 'li' with class='x' was not found"),
        (ExtractSelectedOption(variable="v", select="x"), "ExtractHtmlSelectTag", "select tag 'x'"),
        (ExtractInnerText(variable="v", tag="h1"), "ExtractHtmlTagInnerText", "The tag 'h1' was not found"),
    ],
)  # fmt: skip
def test_what_is_not_found_is_an_error_that_names_it_or_the_default(extraction: Any, subkind: str, message: str) -> None:
    error = failure(extraction, answer(LIST))
    assert error.subkind == subkind
    assert message in error.message
    settings = {name: getattr(extraction, name) for name in extraction.__struct_fields__}
    lenient = type(extraction)(**{**settings, "required": False, "default": "nothing"})
    assert extracted(lenient, answer(LIST)) == {"v": "nothing"}


def test_an_error_says_that_the_body_was_cut() -> None:
    message = failure(between("a", "b"), answer("xyz", cut=True, size=1000)).message
    assert message.endswith("; only the first 3 of its 1000 bytes were looked at.")


def test_long_parameters_are_cut_in_messages() -> None:
    assert len(failure(between("a" * 5000, "b" * 5000), answer("")).message) < 800


def test_a_variable_without_a_value_is_an_error_even_where_nothing_is_required() -> None:
    error = failure(between("{{who}}", "b", required=False), answer("ab"))
    assert error.message == "Context parameter 'who' not found in test context"


def test_a_reference_without_a_value_stays_where_the_test_wants_it_so() -> None:
    values = variables()
    compile_extraction(between("{{who}}", "b"), keep_unknown=True)(answer("{{who}}ab"), values)
    assert values == {"v": "a"}


@pytest.mark.parametrize("required", [True, False])
def test_a_body_that_cannot_be_decoded_is_an_error(required: bool) -> None:
    broken = answer(b"no gzip", headers=(("content-encoding", "gzip"),))
    for rule in (
        between("a", "b", required=required),
        ExtractJson(variable="v", path="$", required=required),
        ExtractHiddenFields(variable="v"),
    ):
        assert "is coded as gzip, but it is not" in failure(rule, broken).message


def test_a_coded_body_is_looked_at_decoded() -> None:
    coded = answer(gzip.compress(b"abc"), headers=(("content-encoding", "gzip"),))
    assert extracted(between("a", "c"), coded) == {"v": "b"}


def test_an_expression_that_takes_too_long_is_an_error() -> None:
    error = failure(ExtractRegex(variable="v", pattern="(x+x+)+y", required=False), answer("x" * 10_000))
    assert "was given up after 0.1 s" in error.message


def test_expressions_that_are_made_of_variables_fail_when_they_are_made() -> None:
    assert "cannot be used" in failure(ExtractRegex(variable="v", pattern="({{p}}"), answer(""), p="(").message
    assert "has 0 groups" in failure(ExtractRegex(variable="v", pattern="{{p}}"), answer(""), p="a").message


@pytest.mark.parametrize("match", ["all", "random"])
def test_more_matches_than_anybody_needs_are_an_error(match: Literal["all", "random"]) -> None:
    for rule in (ExtractRegex(variable="v", pattern="(x)", match=match), between("x", "y", match=match)):
        assert "has more than 10000 matches" in failure(rule, answer("xy" * 10_001)).message
        assert extracted(rule, answer("xy" * 10_000))


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        (between("a", "z", match="all"), "a" * 9000 + "z"),
        (between("a", "z+", match="all", regex=True), "a" * 9000 + "z"),
        (ExtractJson(variable="v", path="$..*", match="all"), "[" * 90 + '"' + "x" * 400_000 + '"' + "]" * 90),
        (ExtractXPath(variable="v", path="//*", match="all"), "<a>" * 200 + "x" * 400_000 + "</a>" * 200),
    ],
)
def test_matches_in_matches_are_an_error_before_they_fill_the_memory(
    rule: Any, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finders, "_LARGEST", 20_000_000)
    assert "characters in all" in failure(rule, answer(body)).message


@pytest.mark.parametrize(
    ("extraction", "message"),
    [
        (ExtractRegex(variable="v", pattern="("), "cannot be used"),
        (ExtractRegex(variable="v", pattern="a"), "has 0 groups; group 1 is asked for"),
        (ExtractRegex(variable="v", pattern="(a)", format="$2$"), "has 1 group; group 2"),
        (ExtractJson(variable="v", path="no path"), "JSONPath"),
        (ExtractXPath(variable="v", path="//["), "XPath"),
        (ExtractCss(variable="v", selector="a["), "CSS selector"),
        (between("{{$random(1)}}", ""), "arguments"),
        (between("a", "b", match=-1), "matches count from 0"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_before_the_load_starts(extraction: Extraction, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compile_extraction(extraction)
