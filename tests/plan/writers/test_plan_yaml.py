"""plan/writers/plan_yaml.py: what is written is read back as the same plan, and people can read it too."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.plan.browsers import DEFAULT
from headrace.plan.conditions import Condition
from headrace.plan.data import DataSource
from headrace.plan.load import Constant, Load
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.pauses import Pause
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.requests import Body, Parameter, Request, Text
from headrace.plan.rules import Extraction, Validation
from headrace.plan.steps import Step, Think, While
from headrace.plan.targets import TargetRule
from headrace.plan.writers.plan_yaml import write_plan
from tests.plan.strategies import TARGETS, plans, structs, texts

SCENARIO = Scenario("Day", (TestShare("Buy"),), Constant(10), (BrowserShare(DEFAULT, 100.0),))


def plan_of(*steps: Step, **members: object) -> Plan:
    return replace(Plan("Shop", (Test("Buy", steps),), (SCENARIO,), 60.0), **members)


def read(text: str) -> Plan | None:
    plan, diagnostics = read_plan(text, "plan.yaml", TARGETS)
    assert diagnostics == []
    return plan


@settings(deadline=None)
@given(plans())
def test_every_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert read(write_plan(plan)) == plan


# How a value of each union gets into a plan.
PLACES: list[tuple[Any, Callable[[Any], Plan]]] = [
    (Step, lambda step: plan_of(step)),
    (Body, lambda body: plan_of(Request("http://a.test/", body=body))),
    (Extraction, lambda rule: plan_of(Request("http://a.test/", extract=(rule,)))),
    (Validation, lambda rule: plan_of(Request("http://a.test/", validate=(rule,)))),
    (Condition, lambda condition: plan_of(While(condition, ()))),
    (Load, lambda load: plan_of(scenarios=(replace(SCENARIO, load=load),))),
    (Pause, lambda pause: plan_of(Think(pause))),
]
KINDS = [(kind, place) for union, place in PLACES for kind in get_args(union) if kind is not float]


@pytest.mark.parametrize(("kind", "place"), KINDS, ids=[kind.__name__ for kind, _ in KINDS])
def test_every_kind_comes_back_as_it_was(kind: type, place: Callable[[Any], Plan]) -> None:
    @settings(max_examples=10, database=None)
    @given(structs(kind))
    def check(value: object) -> None:
        plan = place(value)
        assert read(write_plan(plan)) == plan

    check()


@given(st.lists(texts, min_size=1, max_size=3), st.data())
def test_every_row_of_data_comes_back_as_it_was(columns: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[texts for _ in columns]), max_size=5))
    plan = plan_of(data=(DataSource("users", tuple(columns), tuple(rows)),))
    assert read(write_plan(plan)) == plan


def test_it_is_pretty() -> None:
    request = Request(
        "http://shop.test/{{page}}",
        query=(Parameter("q", "red shoes"),),
        headers=(("Accept", "text/html"),),
        body=Text("a line\nand another\n"),
    )
    plan = plan_of(request, data=(DataSource("users", ("name", "word"), (("ann", "a,b"), ("bob", ""))),))
    assert (
        write_plan(plan)
        == """\
name: Shop
tests:
- name: Buy
  steps:
  - step: request
    url: http://shop.test/{{page}}
    query: {q: red shoes}
    headers: {Accept: text/html}
    body:
      type: text
      text: |
        a line
        and another
scenarios:
- name: Day
  mix:
  - {test: Buy}
  load: {shape: constant, users: 10}
duration: 60
data:
- name: users
  columns: [name, word]
  rows: |
    ann,"a,b"
    bob,
"""
    )


def test_headers_of_one_name_stay_two() -> None:
    plan = plan_of(Request("http://a.test/", headers=(("X", "1"), ("X", "2"))))
    assert "- [X, '1']" in write_plan(plan)
    assert read(write_plan(plan)) == plan


def test_targets_are_the_operators_and_not_written() -> None:
    assert "secret.test" not in write_plan(plan_of(targets=TargetRule(allow=("secret.test",))))


def test_a_text_with_half_a_character_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="half a character"):
        write_plan(plan_of(Request("http://a.test/\ud800")))
