"""plan/checks.py: what the types of a Plan do not say."""

from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from headrace.plan import checks
from headrace.plan.browsers import DEFAULT
from headrace.plan.checks import MOST_FINDINGS, check_plan
from headrace.plan.conditions import AllOf, CookieExists, LastStatus, Not, Operator, Probability, VariableExists
from headrace.plan.data import Access, DataSource
from headrace.plan.diagnostics import Severity
from headrace.plan.load import Arrivals, Constant, Stages
from headrace.plan.model import BrowserShare, Mix, Network, NetworkShare, Plan, Scenario, Test, TestShare, Tls
from headrace.plan.pauses import Uniform
from headrace.plan.requests import Form, Page, Parameter, Request, Text
from headrace.plan.rules import (
    CheckResponseTime,
    CheckSize,
    CheckStatus,
    ExtractHiddenFields,
    ExtractJson,
    ExtractRegex,
    Scope,
)
from headrace.plan.steps import (
    Choose,
    ForEach,
    ForTime,
    If,
    Option,
    Repeat,
    SetVariables,
    Step,
    TakeRow,
    Think,
    Transaction,
    UsedUp,
    While,
)
from headrace.plan.targets import TargetRule
from headrace.plan.variable_checks import STANDING
from tests.plan.strategies import plans

GET = Request("http://shop.test/")
SCENARIO = Scenario("Day", (TestShare("Buy"),), Constant(10), (BrowserShare(DEFAULT, 1.0),))


def plan_of(*steps: Step, **members: Any) -> Plan:
    return replace(Plan("Shop", (Test("Buy", steps or (GET,)),), (SCENARIO,), 60.0), **members)


def with_scenario(**members: Any) -> Plan:
    return plan_of(scenarios=(replace(SCENARIO, **members),))


def told(plan: Plan, severity: Severity = Severity.ERROR) -> list[str]:
    return [finding.message for finding in check_plan(plan) if finding.severity is severity]


def test_a_plan_that_makes_sense_has_no_findings() -> None:
    assert check_plan(plan_of()) == []


@given(plans())
def test_no_plan_raises(plan: Plan) -> None:
    check_plan(plan)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (plan_of(name=" "), "name is ' '; give 1 to 1000 printable characters."),
        (plan_of(name="a\nb"), "name is 'a\\nb'; give"),
        (plan_of(duration=0.0), "duration is 0.0: give seconds from 0.001 to 604800."),
        (plan_of(duration=float("nan")), "duration is nan: give seconds"),
        (plan_of(duration=float("inf")), "duration is inf: give seconds"),
        (plan_of(warm_up=-1.0), "warm_up is -1.0: give seconds"),
        (plan_of(sampling_interval=0), "sampling_interval is 0: give whole seconds from 1 to 3600."),
        (plan_of(request_timeout=3601.0), "request_timeout is 3601.0: give seconds from 0.001 to 3600."),
        (plan_of(pool_size=0), "pool_size is 0"),
        (plan_of(largest_body=2**40), "largest_body is 1099511627776"),
        (plan_of(seed=2**70), "seed is"),
        (plan_of(iterations=0), "iterations is 0: give a number of iterations from 1 to"),
        (plan_of(tests=()), "tests is empty; give at least one."),
        (
            plan_of(tests=(Test("Buy", (GET,)), Test("Buy", (GET,)))),
            "tests: 2 have the name 'Buy'; give each a name of its own.",
        ),
        (plan_of(tests=(Test("Buy", ()),)), "test 'Buy', steps is empty; give at least one."),
        (plan_of(scenarios=()), "scenarios is empty"),
        (plan_of(scenarios=(SCENARIO, SCENARIO)), "scenarios: 2 have the name 'Day'"),
        (
            plan_of(variables=(("a", "{{$random(1)}}"),)),
            "variables[0][1] is '{{$random(1)}}': {{$random(1)}} has 1 arguments",
        ),
        (plan_of(proxy="https://proxy:1"), "proxy is no http:// address; write it like http://host:port"),
        (plan_of(proxy="http://user:secret@"), "proxy, '', names no host"),
        (plan_of(proxy="http://u:secret@proxy/path"), "proxy, 'proxy/path', has a path; write it like http://host:port"),
        (plan_of(proxy="http://proxy?query"), "proxy, 'proxy?query', has a path; write it like http://host:port"),
        (plan_of(proxy="http://user@proxy"), "proxy has a login without a user or a password"),
        (plan_of(proxy="http://169.254.169.254:80"), "proxy, '169.254.169.254:80', must not be used: the host"),
        (plan_of(tls=Tls(lowest="1.4")), "tls.lowest is '1.4'; give one of 1.0, 1.1, 1.2, 1.3."),
        (plan_of(tls=Tls(lowest="1.3", highest="1.2")), "tls.lowest is 1.3, above tls.highest 1.2"),
        (plan_of(tls=Tls(key="-----BEGIN KEY")), "tls.key is given without a certificate"),
        (plan_of(tls=Tls(authorities="ca.pem")), "tls.authorities is no PEM; give the text"),
    ],
)
def test_the_plan_itself_is_judged(plan: Plan, said: str) -> None:
    assert said in "\n".join(told(plan))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"mix": ()}, "scenario 'Day', mix is empty; give at least one test."),
        ({"mix": (TestShare("By"),)}, "scenario 'Day', mix[0].test is 'By', and there is no such test; there are 'Buy'."),
        ({"mix": (TestShare("Buy", 0.0),)}, "mix has no weight above 0"),
        ({"mix": (TestShare("Buy", -1.0), TestShare("Buy", 2.0))}, "mix[0]'s weight is -1.0: give a number from 0"),
        ({"mix": (TestShare("Buy", float("nan")),)}, "mix[0]'s weight is nan"),
        ({"first": "In"}, "scenario 'Day', first is 'In', and there is no such test"),
        ({"last": "Out"}, "scenario 'Day', last is 'Out', and there is no such test"),
        ({"load": Constant(0)}, "scenario 'Day', load never has a user; give at least 1."),
        ({"load": Constant(-1)}, "scenario 'Day', load.users is -1: give a number of users"),
        ({"load": Constant(2_000_000)}, "load.users is 2000000"),
        ({"load": Stages(())}, "load never has a user"),
        ({"think_time": Uniform(2.0, 1.0)}, "think_time.low is 2.0"),
        ({"think_time": -1.0}, "think_time is -1.0"),
        ({"pacing": float("inf")}, "pacing is inf"),
        ({"pacing": 1.0, "load": Arrivals(1.0, 10)}, "leave out one of the two"),
        ({"pacing_deviation": -0.1}, "pacing_deviation is -0.1"),
        ({"new_users": 101.0}, "new_users is 101.0: give percent from 0 to 100."),
        ({"iterations": 0}, "iterations is 0"),
        ({"iterations_per_user": 0}, "iterations_per_user is 0"),
        ({"delay": -1.0}, "delay is -1.0"),
        ({"browsers": ()}, "browsers is empty"),
        ({"browsers": (BrowserShare(DEFAULT, 1.0), BrowserShare(DEFAULT, 1.0))}, "browsers: 2 have the name 'Headrace'"),
        ({"browsers": (BrowserShare(DEFAULT, 0.0),)}, "browsers has no weight above 0"),
        (
            {"browsers": (BrowserShare(replace(DEFAULT, headers=(("A b", "c"),)), 1.0),)},
            "browser 'Headrace', headers: 'A b' is no name of a header",
        ),
        ({"browsers": (BrowserShare(replace(DEFAULT, connections_per_host=0), 1.0),)}, "connections_per_host is 0"),
        ({"networks": (NetworkShare(Network("3G", down=0.0), 1.0),)}, "network '3G', down is 0.0"),
        ({"networks": (NetworkShare(Network("3G", latency_up=61.0), 1.0),)}, "network '3G', latency_up is 61.0"),
    ],
)
def test_a_scenario_is_judged(members: dict[str, Any], said: str) -> None:
    assert said in "\n".join(told(with_scenario(**members)))


def test_with_a_sequential_mix_shares_mean_nothing() -> None:
    assert told(with_scenario(mix=(TestShare("Buy", 0.0),), mix_by=Mix.SEQUENTIAL)) == []


def test_users_of_all_scenarios_together_are_bounded() -> None:
    large = tuple(replace(SCENARIO, name=name, load=Constant(600_000)) for name in ("a", "b"))
    assert told(plan_of(scenarios=large)) == [
        "scenarios: there may be 1200000 users together; at most 1000000 are possible."
    ]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            Request("ftp://shop.test/"),
            "test 'Buy', steps[0].url, 'ftp://shop.test/', is neither an http:// nor an https:// address.",
        ),
        (Request(""), "steps[0].url, '', is neither"),
        (Request("/path/{{a}}"), "steps[0].url is '/path/{{a}}'; begin it with http://, https:// or a variable."),
        (Request("http://a b.test/{{a}}"), "contains a blank"),
        (Request("http://169.254.169.254/"), "steps[0].url, 'http://169.254.169.254/', must not be tested: the host"),
        (Request("http://169.254.169.254/{{a}}"), "must not be tested"),
        (Request("http://METADATA.google.internal?{{a}}"), "must not be tested"),
        (Request("{{'http://169.254.169.254/'}}"), "must not be tested"),
        (replace(GET, method="GET /"), "steps[0].method is 'GET /'; give a method such as GET or POST."),
        (replace(GET, method=""), "method is ''"),
        (replace(GET, headers=(("A:", "b"),)), "steps[0].headers: 'A:' is no name of a header"),
        (
            replace(GET, headers=(("A", "b\r\nC: d"),)),
            "steps[0].headers.A is 'b\\r\\nC: d'; a value must not have line ends in it.",
        ),
        (replace(GET, timeout=0.0), "steps[0].timeout is 0.0"),
        (replace(GET, charset="klingon"), "steps[0].charset is 'klingon', which is not known; write one such as utf-8"),
        (replace(GET, charset="base64"), "steps[0].charset is 'base64', which is not known"),
        (replace(GET, goal=-1.0), "steps[0].goal is -1.0"),
        (replace(GET, expected_status=(99,)), "steps[0].expected_status is 99: give statuses from 100 to 999."),
        (
            replace(GET, name="{{$now(a, b)}}"),
            "steps[0].name is '{{$now(a, b)}}': {{$now(a, b)}} has 2 arguments; $now takes 0 to 1.",
        ),
        (replace(GET, body=Form((Parameter("a", "{{$uuid(1)}}"),))), "steps[0].body.fields[0].value is"),
        (replace(GET, body=Text("ä", charset="klingon")), "steps[0].body.charset is 'klingon', which is not known"),
        (replace(GET, body=Text("☃", charset="latin-1")), "cannot write the text; use utf-8"),
        (replace(GET, body=Text("a", content_type="a\nb")), "content_type is 'a\\nb'"),
        (replace(GET, extract=(ExtractJson(variable="", path="$"),)), "steps[0].extract[0].variable is empty"),
        (replace(GET, extract=(ExtractJson(variable="a", path="$", match=-1),)), "extract[0].match is -1"),
        (replace(GET, extract=(ExtractRegex(variable="a", pattern="a", group=-1),)), "extract[0].group is -1"),
        (replace(GET, validate=(CheckStatus(statuses=()),)), "steps[0].validate[0].statuses is empty"),
        (replace(GET, validate=(CheckResponseTime(at_most=-1.0),)), "validate[0].at_most is -1.0"),
        (replace(GET, validate=(CheckSize(at_least=5, at_most=4),)), "validate[0].at_most is 4: give bytes from 5"),
        (Page(GET, (Request("nowhere"),)), "steps[0].dependents[0].url, 'nowhere', is neither"),
        (Page(Request("nowhere")), "steps[0].request.url, 'nowhere'"),
        (Think(float("nan")), "steps[0].time is nan"),
        (SetVariables((("", "a"),)), "steps[0].variables has one without a name"),
        (SetVariables((("a", "{{$uuid(1)}}"),)), "steps[0].variables.a is '{{$uuid(1)}}'"),
        (TakeRow("users"), "steps[0].source is 'users', and there is no such data; there is none."),
        (Repeat("often", (GET,)), "steps[0].times is 'often'; give a whole number, or a variable that has one."),
        (Repeat("3", ()), "steps[0].steps has no steps; give at least one."),
        (Repeat("3", (GET,), increment=float("inf")), "steps[0].increment is inf"),
        (While(Probability(101.0), (GET,)), "steps[0].condition.percent is 101.0"),
        (While(VariableExists("a"), (GET,), at_most=-1), "steps[0].at_most is -1"),
        (ForEach("a", "b", (GET,), first=3, last=2), "steps[0].last is 2"),
        (ForTime(-1.0, (GET,)), "steps[0].seconds is -1.0"),
        (If(AllOf(()), (GET,)), "steps[0].condition.conditions is empty"),
        (If(Not(LastStatus((1,))), (GET,)), "steps[0].condition.condition.statuses is 1"),
        (If(CookieExists("a", "nowhere"), (GET,)), "steps[0].condition.url, 'nowhere', is neither"),
        (
            If(CookieExists("a", "http://shop.test/", "b", Operator.LESS, regex=True), (GET,)),
            "steps[0].condition.operator is <, but an expression is found or not; give == or !=",
        ),
        (If(Probability(1.0), (GET,), (Request("x"),)), "steps[0].otherwise[0].url, 'x', is neither"),
        (Choose(()), "steps[0].options has no weight above 0"),
        (Choose((Option((GET,), 0.0),)), "steps[0].options has no weight above 0"),
        (Choose((Option(()),)), "steps[0].options[0].steps has no steps"),
        (Transaction("Log in", (Transaction("In", (Request("x"),)),)), "steps[0].steps[0].steps[0].url, 'x', is neither"),
    ],
)
def test_a_step_is_judged(step: Step, said: str) -> None:
    assert said in "\n".join(told(plan_of(step)))


@pytest.mark.parametrize(
    "url",
    [
        "{{site}}/a",
        "http://{{host}}/a",
        "https://shop.test:{{port}}/",
        "http://shop.test/{{a}}",
        "{{a}}",
        "HTTP{{a}}"[:0] + "{{b}}",
    ],
)
def test_a_url_whose_host_is_known_later_is_left_to_the_engine(url: str) -> None:
    assert told(plan_of(Request(url))) == []


def test_the_operators_rule_holds_for_constant_urls() -> None:
    plan = plan_of(targets=TargetRule(deny=("*.test",)))
    assert told(plan) == [
        "test 'Buy', steps[0].url, 'http://shop.test/', must not be tested: the host 'shop.test' is denied by the target "
        "rule '*.test'. Ask the operator to allow it."
    ]


def test_steps_may_be_nested_so_deep_and_no_deeper() -> None:
    def nested(depth: int) -> Step:
        step: Step = GET
        for _ in range(depth - 1):
            step = Transaction("T", (step,))
        return step

    assert told(plan_of(nested(50))) == []
    assert any("is inside 50 other steps" in message for message in told(plan_of(nested(51))))
    assert any("is inside 50 other steps" in message for message in told(plan_of(nested(200))))


def test_conditions_may_be_nested_so_deep_and_no_deeper() -> None:
    condition: Any = Probability(1.0)
    for _ in range(60):
        condition = Not(condition)
    assert any("is inside 50 other conditions" in message for message in told(plan_of(If(condition, (GET,)))))


@pytest.mark.parametrize(
    ("bound", "value", "plan", "said"),
    [
        (
            "MOST_TESTS",
            1,
            plan_of(tests=(Test("a", (GET,)), Test("b", (GET,)))),
            "tests has 2 entries; at most 1 are taken.",
        ),
        ("MOST_STEPS", 2, plan_of(GET, GET, GET), "tests have more than 2 steps together; give fewer, or shorter tests."),
        ("MOST_SCENARIOS", 0, plan_of(), "scenarios has 1 entries; at most 0 are taken."),
        ("MOST_SHARES", 0, plan_of(), "scenario 'Day': mix has 1 entries; at most 0 are taken."),
        ("LARGEST_DATA", 3, plan_of(data=(DataSource("d", ("a",), (("abcd",),)),)), "data: the rows have 4 characters"),
    ],
)
def test_the_size_of_a_plan_is_bounded(
    bound: str, value: int, plan: Plan, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, bound, value)
    assert said in "\n".join(told(plan))


def test_not_more_findings_are_told_than_can_be_read() -> None:
    found = told(plan_of(*[Request("x")] * 1000))
    assert len(found) == MOST_FINDINGS + 1
    assert found[-1] == "There is more of this kind; it is told when this is put right."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (DataSource("d", ("a", "a"), (("1", "2"),)), "data 'd', columns: 2 have the name 'a'"),
        (DataSource("d", (), ((),)), "data 'd', columns is empty"),
        (DataSource("d", ("a",)), "data 'd' has no rows; give at least one."),
        (DataSource("d", ("a",), (("1",), ("1", "2"))), "data 'd', rows[1] has 2 values for 1 columns."),
        (DataSource("d", file="d.csv"), "data 'd': the file 'd.csv' has not been read into rows."),
        (DataSource("d", ("a",), (("1",),), delimiter=""), "data 'd', delimiter is ''; give one character."),
    ],
)
def test_data_is_judged(source: DataSource, said: str) -> None:
    assert said in "\n".join(told(plan_of(data=(source,))))


def test_a_test_is_left_out_only_for_rows_that_all_users_share() -> None:
    step = TakeRow("users", UsedUp.LEAVE_OUT_TEST)
    shared = DataSource("users", ("id",), (("1",),), Access.UNIQUE)
    assert told(plan_of(step, data=(shared,))) == []
    (said,) = told(plan_of(step, data=(replace(shared, per_user=True),)))
    assert "steps[0].used_up is 'leave out test', but each user has the rows of this source for itself" in said


class TestDoubts:
    """Warnings: the plan runs."""

    def doubts(self, *steps: Step, **members: Any) -> list[str]:
        plan = plan_of(*steps, **members)
        assert told(plan) == []
        return told(plan, Severity.WARNING)

    def test_a_variable_that_nothing_sets_is_named_once(self) -> None:
        step = Request("http://shop.test/{{id}}", headers=(("X", "{{id}}"),))
        assert self.doubts(step, step) == [
            "test 'Buy', steps[0].url: nothing gives the variable 'id' a value; set it, extract it, or take a row."
        ]

    @pytest.mark.parametrize(
        "step",
        [
            SetVariables((("id", "1"),)),
            TakeRow("users"),
            replace(GET, extract=(ExtractJson(variable="id", path="$"),)),
            Page(GET, (replace(GET, extract=(ExtractJson(variable="id", path="$"),)),)),
            Repeat("1", (GET,), variable="id"),
            ForEach("x", "id", (GET,)),
            Transaction("T", (SetVariables((("id", "1"),)),)),
        ],
    )
    def test_whatever_sets_a_variable_counts(self, step: Step) -> None:
        data = (DataSource("users", ("id",), (("1",),)),)
        assert self.doubts(step, Request("http://shop.test/{{id}}"), data=data) == []

    def test_variables_of_plan_and_test_and_the_engines_own_count(self) -> None:
        standing = "".join(f"{{{{{name}}}}}" for name in sorted(STANDING))
        step = Request(f"http://shop.test/{{{{a}}}}/{{{{b}}}}/{standing}/{{{{$upper(a)}}}}")
        test = Test("Buy", (step,), variables=(("a", "{{b}}"),))
        assert self.doubts(tests=(test,), variables=(("b", "1"),)) == []

    def test_hidden_fields_and_all_matches_set_many(self) -> None:
        rules = (ExtractHiddenFields(variable="1"), ExtractJson(variable="link", path="$[*]", match="all"))
        step = Request("http://shop.test/{{$HIDDEN1.token}}/{{link_1}}/{{link_matchNr}}", extract=rules)
        assert self.doubts(step) == []
        assert "'$HIDDEN2.token'" in self.doubts(replace(step, url="http://shop.test/{{$HIDDEN2.token}}"))[0]

    def test_what_another_test_keeps_for_its_user_counts(self) -> None:
        def tests(scope: Scope) -> tuple[Test, ...]:
            login = Test("Log in", (SetVariables((("id", "1"),), scope),))
            return (Test("Buy", (Request("http://shop.test/{{id}}"),)), login)

        scenario = (replace(SCENARIO, mix=(TestShare("Buy"), TestShare("Log in"))),)
        assert self.doubts(tests=tests(Scope.USER), scenarios=scenario) == []
        assert len(self.doubts(tests=tests(Scope.ITERATION), scenarios=scenario)) == 1

    def test_what_the_first_test_leaves_counts(self) -> None:
        login = Test("Log in", (SetVariables((("id", "1"),)),), variables=(("name", "Ann"),))
        tests = (Test("Buy", (Request("http://shop.test/{{id}}/{{name}}"),)), login)
        assert self.doubts(tests=tests, scenarios=(replace(SCENARIO, first="Log in"),)) == []

    def test_a_test_that_sends_unknown_names_wants_no_warning(self) -> None:
        assert self.doubts(tests=(Test("Buy", (Request("http://shop.test/{{id}}"),), keep_unknown=True),)) == []

    def test_functions_of_a_variable_need_it(self) -> None:
        assert "'id'" in self.doubts(Request("http://shop.test/{{$url_encode(id)}}"))[0]

    def test_a_test_that_never_runs_is_named(self) -> None:
        tests = (Test("Buy", (GET,)), Test("Look", (GET,)))
        assert self.doubts(tests=tests) == ["test 'Look' is in no scenario and never runs."]

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"load": Arrivals(5, 10), "think_time": 1.0}, "think_time is given, but the load's arrivals say when"),
            ({"load": Arrivals(5, 10), "mix_by": Mix.PACING}, "mix_by is 'pacing', but the load's arrivals say when"),
            ({"mix_by": Mix.PACING, "pacing": 1.0}, "pacing is given, but with mix_by 'pacing' the shares say when"),
        ],
    )
    def test_what_has_no_effect_is_named(self, members: dict[str, Any], said: str) -> None:
        (doubt,) = self.doubts(scenarios=(replace(SCENARIO, **members),))
        assert doubt.startswith(f"scenario 'Day', {said}")

    def test_what_has_an_effect_is_not(self) -> None:
        for members in ({"load": Arrivals(5, 10)}, {"mix_by": Mix.PACING}, {"pacing": 1.0, "think_time": 1.0}):
            assert self.doubts(scenarios=(replace(SCENARIO, **members),)) == []
