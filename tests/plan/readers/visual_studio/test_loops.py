"""Loops: how often their items run, and what counts the passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.conditions import Compare, LastPassed, Operator
from headrace.plan.readers.visual_studio.loops import read_loop
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.requests import Request
from headrace.plan.steps import Repeat, Step, While
from tests.plan.readers.visual_studio.rules import condition, reading, told

STEPS = (Request("http://shop.test/"),)


def loop(rule: Element | None, **attributes: str) -> Element:
    return Element("Loop", 3, attributes, [] if rule is None else [rule, Element("Items", 9)])


def counting(count: object, attributes: str = "") -> Element:
    return condition("CountingLoopRule", attributes, ContextParameterName="i", IterationsCount=count)


def counted(operator: str, first: object, last: object, increment: object) -> Element:
    return condition("ForLoopRule", ContextParameterName="i", ComparisonOperator=operator, InitialValue=first,
                     TerminatingValue=last, IncrementValue=increment)  # fmt: skip


def read(element: Element) -> Step | None:
    """What is read without a finding."""
    findings = reading()
    step = read_loop(findings, element, str, STEPS)
    assert told(findings) == []
    return step


@pytest.mark.parametrize(
    ("rule", "attributes", "expected"),
    [
        (counting(3), {}, Repeat("3", STEPS, variable="i")),
        (counting(0), {"MaxIterations": "-1"}, Repeat("0", STEPS, variable="i")),
        (counting(-5), {}, Repeat("0", STEPS, variable="i")),
        (counting("{{n}}"), {"MaxIterations": "-1"}, Repeat("{{n}}", STEPS, variable="i")),
        (counting(3), {"MaxIterations": "2"}, Repeat("2", STEPS, variable="i")),
        (counting(3), {"MaxIterations": "5"}, Repeat("3", STEPS, variable="i")),
        (counting(3, 'MaxIterations="2" AdvanceDataCursors="True"'), {"AdvanceDataCursors": "True"},
         Repeat("2", STEPS, variable="i")),
        (condition("CountingLoopRule", IterationsCount=3), {}, Repeat("3", STEPS)),
        (counted("<", 1, 10, 3), {}, Repeat("3", STEPS, variable="i", first=1, increment=3)),
        (counted("LessThanOrEqual", 1, 10, 3), {}, Repeat("4", STEPS, variable="i", first=1, increment=3)),
        (counted(">", 10, 0, "-2.5"), {}, Repeat("4", STEPS, variable="i", first=10, increment=-2.5)),
        (counted(">=", 10, 0, "-2.5"), {}, Repeat("5", STEPS, variable="i", first=10, increment=-2.5)),
        (counted("<", 0, 1, "0.1"), {}, Repeat("10", STEPS, variable="i", first=0, increment=0.1)),
        (counted("<", 5, 5, 1), {}, Repeat("0", STEPS, variable="i", first=5)),
        (counted("<", 5, 1, 1), {}, Repeat("0", STEPS, variable="i", first=5)),
        (counted("<", 1, 100, 1), {"MaxIterations": "7"}, Repeat("7", STEPS, variable="i")),
        (counted("<", 1, 2, 0), {"MaxIterations": "7"}, Repeat("7", STEPS, variable="i", increment=0)),
        (condition("LastRequestOutcomeRule"), {"UniqueStringId": "x"}, While(LastPassed(), STEPS)),
        (condition("LastRequestOutcomeRule", 'MaxIterations="4"'), {}, While(LastPassed(), STEPS, at_most=4)),
        (condition("NumericalComparisonRule", ContextParameterName="n", ComparisonOperator="<", Value="5"),
         {"MaxIterations": "100"},
         While(Compare("{{n}}", Operator.LESS, "5", numeric=True), STEPS, at_most=100)),
    ],
)  # fmt: skip
def test_a_loop_runs_as_its_rule_has_it(rule: Element, attributes: dict[str, str], expected: Step) -> None:
    assert read(loop(rule, **attributes)) == expected


@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(1, 7), st.sampled_from(["<", "<=", ">", ">="]))
def test_a_for_loop_has_the_passes_that_a_program_would_count(first: int, last: int, step: int, operator: str) -> None:
    increment = step if operator in ("<", "<=") else -step
    passes, value = 0, first
    while eval(f"{value} {operator} {last}"):  # noqa: S307 - of our own making
        passes, value = passes + 1, value + increment
    found = read(loop(counted(operator, first, last, increment)))
    assert isinstance(found, Repeat)
    assert found.times == str(passes)


def test_a_for_loop_that_never_gets_there_is_told() -> None:
    findings = reading()
    found = read_loop(findings, loop(counted("<", 1, 10, -1)), str, STEPS)
    assert found == Repeat("-1", STEPS, variable="i", increment=-1)
    (warning,) = told(findings)
    assert warning.startswith("warning: ")
    assert "it never ends: its IncrementValue does not lead to its TerminatingValue" in warning


def test_more_passes_than_anybody_waits_for_are_a_number_still() -> None:
    assert read(loop(counted("<", 0, "1e15", "1e-15"))) == Repeat(str(10**15), STEPS, variable="i", first=0, increment=1e-15)


@pytest.mark.parametrize(
    ("element", "said"),
    [
        (loop(None), "error: Buy.webtest, line 3, <Loop>: it has no ConditionalRule that says when it ends"),
        (loop(counting("{{n}}"), MaxIterations="3"), "its IterationsCount is bound, and MaxIterations is 3; give a number"),
        (loop(counting("many")), "Value is 'many'; give a whole number"),
        (loop(counting(3), MaxIterations="all"), "MaxIterations is 'all'; give a whole number"),
        (loop(counted("==", 1, 2, 1)), "ComparisonOperator is '=='; give one of <, <=, >, >="),
        (loop(counted("<", 1, "{{n}}", 1)), "Value is '{{n}}'; give a number"),
        (loop(condition("Shop.Rules.Until")), "the conditional rule 'Shop.Rules.Until' is code for .NET"),
        (loop(counting(3), Mood="good"), "warning: Buy.webtest, line 3, <Loop>: Mood='good' is not known and has no effect"),
        (loop(condition("CountingLoopRule", IterationsCount=1, Colour="red")), "is not known to CountingLoopRule"),
    ],
)
def test_what_is_wrong_with_a_loop_is_said(element: Element, said: str) -> None:
    findings = reading()
    read_loop(findings, element, str, STEPS)
    assert said in "\n".join(told(findings))


def test_a_loop_of_nothing_is_left_out() -> None:
    findings = reading()
    assert read_loop(findings, loop(counting(3)), str, ()) is None
    assert told(findings) == ["info: Buy.webtest, line 3, <Loop>: it has nothing in it and is left out."]
