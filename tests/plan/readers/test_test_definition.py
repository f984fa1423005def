"""plan/readers/test_definition.py: from scenarios of URL tests to a Plan."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.browsers import find_browser
from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, TestShare
from headrace.plan.readers.test_definition import (
    DefinedLoad,
    DefinedRequest,
    DefinedScenario,
    DefinedTest,
    read_test_definition,
)
from headrace.plan.requests import Form, Parameter, Request, Text
from headrace.plan.steps import Step
from headrace.plan.targets import TargetRule

SHOP = "http://shop.test/"
ANYWHERE = TargetRule()


def a_load(*requests: DefinedRequest, **test: Any) -> DefinedLoad:
    """One scenario with one test of these requests."""
    return DefinedLoad("Shop", (DefinedScenario("Day", 5, (DefinedTest("Buy", requests, **test),)),), 60)


def read(*requests: DefinedRequest) -> tuple[Step, ...]:
    plan, findings = read_test_definition(a_load(*requests), ANYWHERE)
    assert findings == []
    assert check_plan(plan) == []
    return plan.tests[0].steps


def errors(load: DefinedLoad) -> list[str]:
    return [each.message for each in read_test_definition(load, ANYWHERE)[1] if each.severity is Severity.ERROR]


def test_a_request_has_its_method_label_headers_query_and_body() -> None:
    request = DefinedRequest(
        SHOP,
        label="Order",
        method="put",
        headers=[{"name": "Content-Type", "value": "application/json"}, {"Name": "X-Who", "VALUE": "Ada"}],
        query=[{"name": "page", "value": "1&2"}, {"name": "empty"}],
        body='{"a": 1}',
    )
    assert read(request) == (
        Request(
            SHOP,
            method="PUT",
            name="Order",
            query=(Parameter("page", "1&2"), Parameter("empty", "")),
            headers=(("X-Who", "Ada"),),
            body=Text('{"a": 1}', "application/json"),
        ),
    )


@pytest.mark.parametrize(
    ("body", "read_as"),
    [
        (None, None),
        ("", None),
        ("hello", Text("hello", "text/plain; charset=utf-8")),
        ({"contentType": "text/xml", "text": "<a/>"}, Text("<a/>", "text/xml")),
        ({"ContentType": None, "Text": ""}, Text("", "text/plain; charset=utf-8")),
        ([{"name": "a", "value": "b"}], Form((Parameter("a", "b"),))),
    ],
)
def test_a_body_is_a_text_a_text_with_its_type_or_a_form(body: Any, read_as: Text | Form | None) -> None:
    (request,) = read(DefinedRequest(SHOP, method="POST", body=body))
    assert isinstance(request, Request)
    assert request.body == read_as


def test_braces_are_sent_as_they_are() -> None:
    (request,) = read(DefinedRequest(SHOP, query=[{"name": "q", "value": "{{x}}"}], body="{{y}}"))
    assert isinstance(request, Request)
    assert request.query == (Parameter("q", "{{'{{'}}x}}"),)
    assert request.body == Text("{{'{{'}}y}}", "text/plain; charset=utf-8")


def test_a_request_without_a_label_is_reported_under_its_url() -> None:
    (request,) = read(DefinedRequest(SHOP))
    assert isinstance(request, Request)
    assert (request.method, request.name) == ("GET", SHOP)


def test_every_scenario_has_its_users_browsers_and_mix() -> None:
    view = DefinedTest("View", (DefinedRequest(SHOP),), 70)
    buy = DefinedTest("Buy", (DefinedRequest(SHOP + "buy"),), 30)
    load = DefinedLoad(
        "Shop",
        (
            DefinedScenario("Day", 5, (view, buy), browsers=(("Chrome 2", 40.0),)),
            DefinedScenario("Night", 2, (view,), pattern="CONSTANT"),
        ),
        60,
        warm_up=10,
        sampling_interval=5,
        request_timeout=7,
    )
    plan, findings = read_test_definition(load, ANYWHERE)
    assert findings == check_plan(plan) == []
    assert (plan.duration, plan.warm_up, plan.sampling_interval, plan.request_timeout) == (60, 10, 5, 7)
    assert [scenario.load for scenario in plan.scenarios] == [Constant(5), Constant(2)]
    assert [scenario.mix for scenario in plan.scenarios] == [
        (TestShare("View", 70), TestShare("Buy", 30)),
        (TestShare("View", 70),),
    ]
    chrome = find_browser("Chrome 2")
    assert chrome is not None
    assert plan.scenarios[0].browsers == (BrowserShare(chrome, 40.0),)
    assert [test.name for test in plan.tests] == ["View", "Buy"]


def test_tests_of_one_name_that_differ_stay_two() -> None:
    scenarios = tuple(
        DefinedScenario(name, 1, (DefinedTest("Web", (DefinedRequest(SHOP + path),)),))
        for name, path in (("Day", "a"), ("Night", "b"), ("Dusk", "a"))
    )
    plan, _ = read_test_definition(DefinedLoad("Shop", scenarios, 60), ANYWHERE)
    assert [test.name for test in plan.tests] == ["Web", "Web (Night)"]
    assert [scenario.mix[0].test for scenario in plan.scenarios] == ["Web", "Web (Night)", "Web"]
    assert check_plan(plan) == []


@pytest.mark.parametrize(
    ("request_of", "said"),
    [
        ({"headers": {"a": "b"}}, "requestHeaders of urlList[0] of scenario 'Day', test 'Buy' is no list"),
        (
            {"query": ["a=b"]},
            "queryParameters of urlList[0] of scenario 'Day', test 'Buy': entry 0 has a form that is not known",
        ),
        ({"query": [{"name": "a", "value": 1}]}, "entry 0 has a form that is not known"),
        ({"query": [{"name": "a", "value": "b", "urlEncode": True}]}, "entry 0 has a form that is not known"),
        ({"body": {"bytes": "AA=="}}, "httpBody of urlList[0] of scenario 'Day', test 'Buy' has a form that is not known"),
        ({"body": 5}, "httpBody of urlList[0]"),
        (
            {"headers": [{"name": "Content-Type", "value": "text/xml"}], "body": [{"name": "a"}]},
            "is a form, but the request's Content-Type is 'text/xml'",
        ),
        ({"extractions": [{"any": "thing"}]}, "extractionRules of urlList[0]"),
    ],
)
def test_what_is_not_understood_is_told_with_its_place_and_not_repeated(request_of: Any, said: str) -> None:
    (told,) = errors(a_load(DefinedRequest(SHOP, **request_of)))
    assert said in told
    assert "AA==" not in told


def test_what_would_make_another_test_is_an_error() -> None:
    request = DefinedRequest(SHOP)
    assert "dataSources of" in errors(a_load(request, data=[{"name": "a"}]))[0]
    assert "globalParameters of" in errors(a_load(request, parameters=[{"name": "a"}]))[0]
    assert "is of the type '7'" in errors(a_load(request, kind="7"))[0]
    stepped = a_load(request)
    stepped = replace(stepped, scenarios=(replace(stepped.scenarios[0], pattern="step"),))
    assert "has the load pattern 'step'" in errors(stepped)[0]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "Value", "text", "x"]), inner),
    max_leaves=8,
)


@given(_JSON, _JSON, _JSON)
def test_any_json_is_read_or_refused(headers: Any, query: Any, body: Any) -> None:
    plan, _ = read_test_definition(a_load(DefinedRequest(SHOP, headers=headers, query=query, body=body)), ANYWHERE)
    check_plan(plan)
