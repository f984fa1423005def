"""plan/writers/tidy.py: fewer words, the same test."""

import pytest
from hypothesis import given
from msgspec.structs import replace

from headrace.plan.browsers import DEFAULT
from headrace.plan.checks import check_plan
from headrace.plan.conditions import Compare, Operator
from headrace.plan.data import DataSource
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.requests import Escaping, Form, Page, Parameter, Request
from headrace.plan.rules import CheckText
from headrace.plan.steps import If, SetVariables, Step, TakeRow
from headrace.plan.writers.tidy import tidied
from tests.plan.strategies import plans

NAME = "{{DataSource1.Users#csv.Name}}"
USERS = DataSource("Buy.DataSource1.Users#csv", ("DataSource1.Users#csv.Name", "DataSource1.Users#csv.Age"), (("ann", "7"),))


def plan_of(*steps: Step, data: tuple[DataSource, ...] = (USERS,), **members: object) -> Plan:
    scenario = Scenario("Day", (TestShare("Buy"),), Constant(1), (BrowserShare(DEFAULT, 100.0),))
    return replace(Plan("Shop", (Test("Buy", steps),), (scenario,), 60.0, data=data, request_timeout=300.0), **members)


def test_data_and_columns_get_short_names_wherever_they_are_named() -> None:
    page = Page(Request(f"http://a.test/{NAME}", validate=(CheckText(text=NAME),)), (Request(f"http://a.test/a?{NAME}"),))
    steps: tuple[Step, ...] = (
        TakeRow("Buy.DataSource1.Users#csv"),
        If(Compare(NAME, Operator.EQUAL, "{{$upper(DataSource1.Users#csv.Name)}}"), (page,)),
        SetVariables((("greeting", f"Hello {NAME}, {{{{DataSource1.Users#csv.Age}}}}"),)),
    )
    tidy = tidied(plan_of(*steps, variables=(("who", NAME),)))
    assert tidy.data == (replace(USERS, name="Users", columns=("Users.Name", "Users.Age")),)
    assert tidy.variables == (("who", "{{Users.Name}}"),)
    assert tidy.tests[0].steps == (
        TakeRow("Users"),
        If(
            Compare("{{Users.Name}}", Operator.EQUAL, "{{$upper(Users.Name)}}"),
            (
                Page(
                    Request("http://a.test/{{Users.Name}}", validate=(CheckText(text="{{Users.Name}}"),)),
                    (Request("http://a.test/a?{{Users.Name}}"),),
                ),
            ),
        ),
        SetVariables((("greeting", "Hello {{Users.Name}}, {{Users.Age}}"),)),
    )
    assert check_plan(tidy) == []


@pytest.mark.parametrize(
    "steps",
    [
        (SetVariables((("users.name", "x"),)),),  # somebody else's, or nearly
        (SetVariables((("DataSource1.Users#csv.Name", "x"),)),),  # set by its long name
    ],
)
def test_a_name_that_is_not_clear_stays_as_it_is(steps: tuple[Step, ...]) -> None:
    assert "DataSource1.Users#csv.Name" in tidied(plan_of(*steps)).data[0].columns


def test_sources_that_would_have_the_same_name_keep_theirs() -> None:
    other = replace(USERS, name="Look.DataSource1.Users#csv", columns=("DataSource2.Users#csv.Name", "other"))
    tidy = tidied(plan_of(data=(USERS, other)))
    assert [source.name for source in tidy.data] == ["Buy.DataSource1.Users#csv", "Look.DataSource1.Users#csv"]
    assert [source.columns[0] for source in tidy.data] == ["DataSource1.Users#csv.Name", "DataSource2.Users#csv.Name"]


def test_requests_say_only_what_they_have_of_their_own() -> None:
    plain = Request("http://a.test/", name="http://a.test/", timeout=300.0, escaping=Escaping.DOTNET)
    assert tidied(plan_of(plain)).tests[0].steps == (Request("http://a.test/"),)
    own = Request("http://a.test/", name="Home", timeout=60.0, escaping=Escaping.DOTNET, query=(Parameter("a", "b"),))
    form = Request("http://a.test/", "POST", body=Form((Parameter("a", "b"),)), escaping=Escaping.DOTNET)
    bound = Request("{{site}}/", name="{{site}}/")
    assert tidied(plan_of(bound)).tests[0].steps == (bound,)  # the name shows what the site is
    verbatim = replace(own, query=(Parameter("a", "b", encode=False),))
    assert tidied(plan_of(own, form)).tests[0].steps == (own, form)
    assert tidied(plan_of(verbatim)).tests[0].steps == (replace(verbatim, escaping=Escaping.HTML),)


@given(plans())
def test_what_is_tidy_stays_so(plan: Plan) -> None:
    assert tidied(tidied(plan)) == tidied(plan)
