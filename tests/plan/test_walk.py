from headrace.plan.conditions import Compare, Operator
from headrace.plan.requests import Page, Request
from headrace.plan.rules import ExtractJson
from headrace.plan.steps import Choose, If, Option, SetVariables, Transaction
from headrace.plan.walk import requests_of, templates, walk

GET = Request("http://shop.test/")
IF = If(Compare("{{a}}", Operator.EQUAL, "b"), (GET,), (Transaction("T", (GET,)),))


def test_every_step_comes_with_its_place_and_depth() -> None:
    steps = (IF, Choose((Option((GET, GET)), Option((GET,)))))
    assert [(place, depth) for place, depth, _ in walk(steps)] == [
        ("steps[0]", 1),
        ("steps[0].then[0]", 2),
        ("steps[0].otherwise[0]", 2),
        ("steps[0].otherwise[0].steps[0]", 3),
        ("steps[1]", 1),
        ("steps[1].options[0].steps[0]", 2),
        ("steps[1].options[0].steps[1]", 2),
        ("steps[1].options[1].steps[0]", 2),
    ]


def test_the_requests_of_a_step_are_its_own_and_its_dependents() -> None:
    assert [place for place, _ in requests_of(Page(GET, (GET, GET)))] == [".request", ".dependents[0]", ".dependents[1]"]
    assert [place for place, _ in requests_of(GET)] == [""]
    assert requests_of(IF) == []


def test_templates_are_those_of_the_step_itself() -> None:
    assert list(templates(IF, "s")) == [
        ("s.condition.left", "{{a}}"),
        ("s.condition.operator", "=="),
        ("s.condition.right", "b"),
    ]
    assert dict(templates(SetVariables((("{{no}}", "{{yes}}"),)), "s"))["s.variables.{{no}}"] == "{{yes}}"


def test_names_of_variables_are_no_templates() -> None:
    request = Request("http://shop.test/", extract=(ExtractJson(variable="{{a}}", path="{{b}}", default="{{c}}"),))
    assert "{{b}}" in dict(templates(request, "s")).values()
    assert {"{{a}}", "{{c}}"}.isdisjoint(dict(templates(request, "s")).values())
