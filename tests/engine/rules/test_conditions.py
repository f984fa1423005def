"""How conditions are judged."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.answer import Variables
from headrace.engine.http.cookies import CookieJar
from headrace.engine.rules.conditions import compile_condition
from headrace.engine.rules.rule_errors import RuleError
from headrace.plan.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    CookieExists,
    LastPassed,
    LastStatus,
    Matches,
    Not,
    Operator,
    Probability,
    VariableExists,
)
from tests.engine.answers import variables

SHOP = "http://shop.test/cart"


def jar() -> CookieJar:
    jar = CookieJar()
    jar.set("sid=1; Path=/", "shop.test", "/", False)
    jar.set("who=Ann; Path=/", "shop.test", "/", False)
    return jar


@dataclass(frozen=True)
class Now:
    variables: Variables = field(default_factory=lambda: variables(a="5", b="10", empty="", text="Hello"))
    last_passed: bool = True
    last_status: int | None = 404
    jar: CookieJar | None = field(default_factory=jar)


def compare(left: str, operator: str, right: str, numeric: bool = False, ignore_case: bool = False) -> Compare:
    return Compare(left, Operator(operator), right, numeric, ignore_case)


TRUE, FALSE = LastPassed(), Not(LastPassed())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (VariableExists("a"), True),
        (VariableExists("empty"), True),
        (VariableExists("{{a}}"), False),
        (compare("{{a}}", "<", "{{b}}"), False),
        (compare("{{a}}", "<", "{{b}}", numeric=True), True),
        (compare("{{a}}", "==", " 5.0 ", numeric=True), True),
        (compare("9007199254740993", "==", "9007199254740992", numeric=True), False),
        (compare("1e3", ">=", "1000", numeric=True), True),
        (compare("-1", ">", "-2", numeric=True), True),
        (compare("{{text}}", "==", "hello"), False),
        (compare("{{text}}", "==", "hello", ignore_case=True), True),
        (compare("a", "<=", "b"), True),
        (compare("a", "!=", "a"), False),
        (Matches("{{text}}", "l+"), True),
        (Matches("{{text}}", "l+", whole=True), False),
        (Matches("{{text}}", "h.*O", whole=True, ignore_case=True), True),
        (Matches("{{text}}", "^{{a}}"), False),
        (CookieExists("sid", SHOP), True),
        (CookieExists("sid", SHOP, "1"), True),
        (CookieExists("sid", SHOP, "{{a}}"), False),
        (CookieExists("sid", SHOP, "1", Operator.NOT_EQUAL), False),
        (CookieExists("sid", SHOP, "2", Operator.NOT_EQUAL), True),
        (CookieExists("other", SHOP, "2", Operator.NOT_EQUAL), False),
        (CookieExists("sid", SHOP, "{{a}}", Operator.LESS), True),
        (CookieExists("who", SHOP, "ann"), False),
        (CookieExists("who", SHOP, "ann", ignore_case=True), True),
        (CookieExists("who", SHOP, "^a", regex=True), False),
        (CookieExists("who", SHOP, "^a", regex=True, ignore_case=True), True),
        (CookieExists("who", SHOP, "^a", Operator.NOT_EQUAL, regex=True), True),
        (CookieExists("who", SHOP, "n{2}", regex=True), True),
        (CookieExists("other", SHOP), False),
        (CookieExists("sid", "http://elsewhere.test/"), False),
        (LastPassed(), True),
        (LastStatus((403, 404)), True),
        (LastStatus((200,)), False),
        (Probability(100), True),
        (Probability(0), False),
        (Not(TRUE), False),
        (AllOf((TRUE, TRUE)), True),
        (AllOf((TRUE, FALSE)), False),
        (AllOf(()), True),
        (AnyOf((FALSE, TRUE)), True),
        (AnyOf((FALSE, FALSE)), False),
        (AnyOf(()), False),
    ],
)
def test_a_condition_is_true_or_false(condition: Condition, expected: bool) -> None:
    assert compile_condition(condition)(Now()) is expected


def test_before_the_first_response_there_is_no_status_and_perhaps_no_jar() -> None:
    first = Now(last_status=None, jar=None)
    assert not compile_condition(LastStatus((200,)))(first)
    assert not compile_condition(CookieExists("sid", SHOP))(first)


@pytest.mark.parametrize(
    ("condition", "subkind", "message"),
    [
        (compare("{{text}}", "<", "1", numeric=True), "NumericalComparisonRule", "'Hello' is not a number"),
        (compare("{{empty}}", "<", "1", numeric=True), "NumericalComparisonRule", "'' is not a number"),
        (compare("1_000", "<", "1", numeric=True), "NumericalComparisonRule", "'1_000' is not a number"),
        (compare("nan", "<", "1", numeric=True), "NumericalComparisonRule", "'nan' is not a finite number"),
        (compare("{{none}}", "==", ""), "StringComparisonRule", "Context parameter 'none' not found"),
        (Matches("x" * 10_000, "(x+x+)+y"), "StringComparisonRule", "was given up"),
        (Matches("", "({{a}}"), "StringComparisonRule", "cannot be used"),
        (CookieExists("{{none}}", SHOP), "CookieExistenceRule", "Context parameter 'none' not found"),
        (CookieExists("sid", SHOP, "{{none}}"), "CookieComparisonRule", "Context parameter 'none' not found"),
        (CookieExists("sid", SHOP, "({{a}}", regex=True), "CookieComparisonRule", "cannot be used"),
        (CookieExists("sid", "http://["), "CookieExistenceRule", "Invalid"),
        (AllOf((TRUE, Not(compare("{{none}}", "==", "")))), "StringComparisonRule", "Context parameter 'none' not found"),
    ],
)
def test_a_condition_that_cannot_be_judged_is_an_error(condition: Condition, subkind: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        compile_condition(condition)(Now())
    assert (caught.value.kind, caught.value.subkind) == ("ConditionalRuleError", subkind)
    assert message in caught.value.message


def test_an_unknown_variable_is_its_own_name_where_the_test_wants_it_so() -> None:
    assert compile_condition(compare("{{none}}", "==", "{{'{{none}}'}}"), keep_unknown=True)(Now())


def test_the_others_are_not_judged_once_it_is_decided() -> None:
    wrong = compare("{{none}}", "==", "")
    assert not compile_condition(AllOf((FALSE, wrong)))(Now())
    assert compile_condition(AnyOf((TRUE, wrong)))(Now())


@given(st.integers(-(10**20), 10**20), st.integers(-(10**20), 10**20), st.sampled_from(list(Operator)))
def test_numbers_compare_as_numbers(left: int, right: int, operator: Operator) -> None:
    outcome = compile_condition(Compare(str(left), operator, str(right), numeric=True))(Now())
    assert outcome is eval(f"{left} {operator} {right}")  # noqa: S307 - of our own making


def test_chance_follows_its_percentage() -> None:
    now, judge = Now(), compile_condition(Probability(30))
    assert 200 < sum(judge(now) for _ in range(1000)) < 400


def test_a_condition_that_cannot_work_is_refused_before_the_load_starts() -> None:
    with pytest.raises(ValueError, match="cannot be used"):
        compile_condition(Not(Matches("", "(")))
