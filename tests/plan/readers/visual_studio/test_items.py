"""`<Items>`: transactions, branches and loops, nested as deep as a plan may be."""

import pytest

from headrace.plan.conditions import Compare, LastPassed, Operator, VariableExists
from headrace.plan.readers.visual_studio import items as items_of_tests
from headrace.plan.readers.visual_studio.items import NOTHING
from headrace.plan.requests import Request
from headrace.plan.steps import If, Repeat, SetVariables, Step, TakeRow, Transaction, While
from headrace.plan.walk import DEEPEST
from tests.plan.readers.visual_studio.web_test_files import PLAIN, errors, request, steps_of, warnings, web_test

RULES = "Microsoft.VisualStudio.TestTools.WebTesting.Rules"
DATA = """<DataSources><DataSource Name="D" Provider="Microsoft.VisualStudio.TestTools.DataSource.CSV" Connection="u.csv">
    <Tables><DataSourceTable Name="u#csv" AccessMethod="DoNotMoveCursor"/></Tables></DataSource></DataSources>"""


def rule(name: str, attributes: str = "", **parameters: str) -> str:
    inside = "".join(f'<RuleParameter Name="{key}" Value="{value}"/>' for key, value in parameters.items())
    return (
        f'<ConditionalRule Classname="{RULES}.{name}, X" {attributes}>'
        f"<RuleParameters>{inside}</RuleParameters></ConditionalRule>"
    )


LAST_PASSED = rule("LastRequestOutcomeRule", RequestOutcome="Pass")


def items(inside: str) -> str:
    return f"<Items>{inside}</Items>"


def timer(inside: str, name: str = "t") -> str:
    return f'<TransactionTimer Name="{name}">{items(inside)}</TransactionTimer>'


def only(steps: tuple[Step, ...]) -> Step:
    (step,) = steps
    return step


def test_comments_do_nothing() -> None:
    assert steps_of('<Comment CommentText="first"/>' + PLAIN) == steps_of(PLAIN)


def test_transactions_nest_and_their_names_are_no_templates() -> None:
    made = only(steps_of(timer(PLAIN + timer(PLAIN, "in {{x}}"), "out")))
    assert made == Transaction("out", (*steps_of(PLAIN), Transaction("in {{x}}", steps_of(PLAIN))))


@pytest.mark.parametrize("inside", ["", '<Comment CommentText="later"/>'])
def test_a_transaction_without_requests_is_timed_all_the_same(inside: str) -> None:
    assert only(steps_of(timer(inside))) == Transaction("t", NOTHING)
    assert only(steps_of('<TransactionTimer Name="t"/>')) == Transaction("t", NOTHING)


def test_a_condition_decides_whether_its_items_run() -> None:
    assert only(steps_of(f"<Condition UniqueStringId='1'>{LAST_PASSED}{items(PLAIN)}</Condition>")) == If(
        LastPassed(), steps_of(PLAIN)
    )


def test_wrappers_of_both_cases_are_understood() -> None:
    both = f"<Then>{items(PLAIN)}</Then><Else>{items(PLAIN * 2)}</Else>"
    assert only(steps_of(f"<Condition>{LAST_PASSED}{both}</Condition>")) == If(
        LastPassed(), steps_of(PLAIN), steps_of(PLAIN * 2)
    )
    only_else = f"<Condition>{LAST_PASSED}<Else>{items(PLAIN)}</Else></Condition>"
    assert only(steps_of(only_else)) == If(LastPassed(), NOTHING, steps_of(PLAIN))


def test_a_condition_without_its_rule_is_an_error() -> None:
    (error,) = errors(web_test(f"<Condition>{items(PLAIN)}</Condition>"))
    assert "it has no ConditionalRule; give one, or take the items out of it" in error


def test_a_condition_of_somebodys_own_is_refused() -> None:
    own = '<ConditionalRule Classname="My.Rule, My"/>'
    (error,) = errors(web_test(f"<Condition>{own}{items(PLAIN)}</Condition>{PLAIN}"))
    assert "My.Rule" in error


def test_a_counting_loop_repeats_and_its_counter_can_be_bound_in_any_case() -> None:
    counting = rule("CountingLoopRule", ContextParameterName="Pass", IterationsCount="3")
    numbered = request(url="http://shop.test/{{PASS}}")
    made = only(steps_of(f"<Loop>{counting}{items(numbered)}</Loop>"))
    assert isinstance(made, Repeat)
    assert (made.times, made.variable) == ("3", "Pass")
    (step,) = made.steps
    assert isinstance(step, Request)
    assert step.url == "http://shop.test/{{Pass}}"


def test_a_loop_runs_while_its_rule_holds() -> None:
    exists = rule("ContextParameterExistenceRule", ContextParameterName="X", CheckForExistence="True")
    made = only(steps_of(f'<Loop MaxIterations="5">{exists}{items(PLAIN)}</Loop>'))
    assert made == While(VariableExists("X"), steps_of(PLAIN), at_most=5)


@pytest.mark.parametrize("on_rule", [False, True])
def test_a_loop_that_advances_data_cursors_takes_a_row_in_each_pass_but_the_first(on_rule: bool) -> None:
    advance = 'AdvanceDataCursors="True"'
    counting = rule("CountingLoopRule", advance if on_rule else "", ContextParameterName="N", IterationsCount="2")
    loop = f"<Loop {'' if on_rule else advance}>{counting}{items(PLAIN)}</Loop>"
    take, begin, made = steps_of(loop, DATA, {"u.csv": "a\n1\n2\n"})
    assert take == TakeRow("Shop.D.u#csv")
    assert begin == SetVariables((("$passed1", "0"),))
    assert isinstance(made, Repeat)
    first = Compare("{{$passed1}}", Operator.EQUAL, "0")
    assert made.steps[0] == If(first, (SetVariables((("$passed1", "1"),)),), (TakeRow("Shop.D.u#csv"),))
    assert made.steps[1:] == steps_of(PLAIN)


def test_items_are_nested_so_deep_and_no_deeper() -> None:
    def nested(depth: int) -> str:
        text = PLAIN
        for _ in range(depth - 1):
            text = timer(text)
        return text

    assert only(steps_of(nested(DEEPEST)))
    (error,) = errors(web_test(nested(DEEPEST + 1)))
    assert f"it is inside {DEEPEST} others; nest at most {DEEPEST} levels" in error


def test_items_are_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items_of_tests, "MOST_STEPS", 4)
    assert len(steps_of(PLAIN * 4)) == 4
    files = {"a.webtest": web_test(PLAIN * 4)}
    (error,) = errors(web_test('<IncludedWebTest Path="a.webtest"/>'), files)
    assert error.startswith("a.webtest, ")
    assert "the test has over 4 items, with those of included tests; give fewer" in error


def test_what_is_no_item_is_warned_of() -> None:
    assert warnings(web_test(PLAIN + "<Game/>")) == ["buy.webtest, line 1, <Game>: is not known and has no effect."]
