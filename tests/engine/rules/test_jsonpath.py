"""JSON responses and JSONPath."""

import json
from typing import Any

import jsonpath_rfc9535
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.rules.jsonpath import compile_path, json_of, json_text
from headrace.engine.rules.rule_errors import UnreadableError
from tests.engine.answers import answer

DOCUMENT = {
    "items": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}],
    "next": "/json?page=2",
    "a key": {"it's": None},
    "ü": [[], {}],
    "pi": 3.5,
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("$", [DOCUMENT]),
        ("$.next", ["/json?page=2"]),
        ("$.items[0].id", [1]),
        ("$['items'][-1]['name']", ["two"]),
        ('$["a key"]["it\'s"]', [None]),
        ("$['a key']['it\\'s']", [None]),
        ("$.ü[1]", [{}]),
        ("$.items[2].id", []),
        ("$.items.id", []),
        ("$.next[0]", []),
        ("$.items[*].id", [1, 2]),
        ("$..id", [1, 2]),
        ("$.items[?(@.name=='two')].id", [2]),
        ("$.items[?match(@.name, 't.o')].id", [2]),
        ("$.items[?search(@.name, '[no]e')].id", [1]),
        ("$.items[?match(@.name, '(')].id", []),
        ("$.items[?length(@.name) == 3 && @.id > 1].name", ["two"]),
        ("$.items[0:2].id", [1, 2]),
    ],
)
def test_a_path_leads_to_values(path: str, values: list[Any]) -> None:
    assert compile_path(path)(DOCUMENT) == values


@pytest.mark.parametrize(
    "path", ["", "items", "$.", "$.items[", "$.items[01]", "$.a b", "$[?nope(@)]", "$." + "x" * 2001, "$" + "[?@" * 900]
)
def test_what_is_no_path_is_said(path: str) -> None:
    with pytest.raises(ValueError, match="JSONPath"):
        compile_path(path)


KEYS = st.sampled_from(["a", "b", "a b", "ü", "it's", "0", ""])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["x", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
STEPS = st.one_of(
    st.sampled_from([".a", ".b", ".ü"]),
    KEYS.filter(lambda key: "'" not in key).map(lambda key: f"['{key}']"),
    KEYS.map(lambda key: f'["{key}"]'),
    st.integers(-3, 3).map(lambda index: f"[{index}]"),
)


@given(VALUES, st.lists(STEPS, max_size=4).map(lambda steps: "$" + "".join(steps)))
def test_a_plain_path_leads_where_the_library_leads(value: Any, path: str) -> None:
    expected = jsonpath_rfc9535.find(path, value).values()
    assert repr(compile_path(path)(value)) == repr(expected)


def test_a_regular_expression_in_a_path_is_given_up_in_time() -> None:
    find = compile_path("$[?match(@, '(x+x+)+y')]")
    with pytest.raises(TimeoutError, match="was given up"):
        find(["x" * 10_000])


def test_a_path_into_too_many_levels_is_an_error() -> None:
    value: list[Any] = []
    for _ in range(500):
        value = [value]
    with pytest.raises(ValueError, match="cannot be evaluated"):
        compile_path("$..x")(value)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a": "\xc3\xa9"}', "application/json"),
        (b'{"a": "\xe9"}', "application/json; charset=iso-8859-1"),
        (b'\xef\xbb\xbf{"a": "\xc3\xa9"}', "application/json"),
        ('{"a": "é"}'.encode("utf-16"), "application/json"),
    ],
)
def test_json_is_read_in_its_charset(body: bytes, content_type: str) -> None:
    assert json_of(answer(body, content_type)) == {"a": "é"}


def test_a_response_is_parsed_once() -> None:
    response = answer("[1]", "application/json")
    assert json_of(response) is json_of(response)


@pytest.mark.parametrize("body", ["", "{", "[1,]", "NaN", "<html>", "[" * 100_000, "\ufeff" + "[" * 100_000])
def test_what_is_no_json_is_said(body: str) -> None:
    with pytest.raises(UnreadableError, match="JSON"):
        json_of(answer(body, "application/json"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (1, "1"),
        (10**30, "1" + "0" * 30),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        ({"a": ["é"]}, '{"a":["é"]}'),
    ],
)
def test_a_value_becomes_a_text(value: Any, text: str) -> None:
    assert json_text(value) == text


@given(VALUES)
def test_the_text_of_a_value_is_its_json(value: Any) -> None:
    if not isinstance(value, str):
        assert json.loads(json_text(value)) == value
