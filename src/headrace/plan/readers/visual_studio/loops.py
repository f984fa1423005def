"""`<Loop>`: steps again and again, as its rule has it (reference: visual-studio-formats, 1.7).

`MaxIterations` (less than 0: no limit) is an attribute of the loop, or of its rule in some versions. So is
`AdvanceDataCursors`, which is the reader's who makes the steps inside.
"""

from fractions import Fraction
from math import ceil, floor

from headrace.plan.conditions import Operator
from headrace.plan.readers.visual_studio.conditional_rules import ATTRIBUTES, read_condition, read_operator
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.rule_parameters import Bind, Parameters, built_in_class
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.steps import Repeat, Step, While

_WITHOUT_END = -1
_MOST = 10**15  # passes, which never end either


def read_loop(reading: Reading, loop: Element, bind: Bind, steps: tuple[Step, ...]) -> Step | None:
    """The loop with `steps` for its items; None where there are none, or where it was refused and the reading says why."""
    reading.expect(loop, ("UniqueStringId", "MaxIterations", "AdvanceDataCursors"), ("ConditionalRule", "Items"))
    rule = loop.first("ConditionalRule")
    if rule is None:
        reading.error(loop, "it has no ConditionalRule that says when it ends; give it one")
        return None
    limit = reading.whole(loop if "MaxIterations" in loop.attributes else rule, "MaxIterations", _WITHOUT_END)
    step: Step | None
    if built_in_class(rule) == "CountingLoopRule":
        step = _counting_loop(Parameters(reading, rule, bind), limit, steps)
    elif built_in_class(rule) == "ForLoopRule":
        step = _for_loop(Parameters(reading, rule, bind), limit, steps)
    else:
        condition = read_condition(reading, rule, bind)
        step = None if condition is None else While(condition, steps, at_most=limit if limit >= 0 else None)
    if not steps:
        reading.tell(loop, "it has nothing in it and is left out")
        return None
    return step


def _counting_loop(parameters: Parameters, limit: int, steps: tuple[Step, ...]) -> Repeat:
    """So many passes, which the context parameter counts from 1. The number may be bound."""
    parameters.reading.expect(parameters.rule, ATTRIBUTES, ("RuleParameters",))
    variable = parameters.context_parameter() if parameters.raw("ContextParameterName") else ""
    if "{{" in parameters.raw("IterationsCount"):
        times = parameters.text("IterationsCount")
        if limit >= 0:
            parameters.reading.error(
                parameters.rule,
                f"its IterationsCount is bound, and MaxIterations is {limit}; give a number, or MaxIterations=-1",
            )
    else:
        times = str(_at_most(max(0, parameters.whole("IterationsCount", 0)), limit))
    parameters.warn_of_others()
    return Repeat(times=times, steps=steps, variable=variable)


def _for_loop(parameters: Parameters, limit: int, steps: tuple[Step, ...]) -> Repeat:
    """As `for (p = Initial; p < Terminating; p += Increment)`, counted exactly: from 0 to 1 by 0.1 there are ten passes."""
    parameters.reading.expect(parameters.rule, ATTRIBUTES, ("RuleParameters",))
    variable = parameters.context_parameter() if parameters.raw("ContextParameterName") else ""
    first, increment = parameters.number("InitialValue", 0), parameters.number("IncrementValue", 1)
    last = parameters.number("TerminatingValue", 0)
    orders = (Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL)
    times = _passes(first, read_operator(parameters, orders), last, increment)
    parameters.warn_of_others()
    if times == _WITHOUT_END and limit < 0:
        parameters.reading.warn(parameters.rule, "it never ends: its IncrementValue does not lead to its TerminatingValue")
    return Repeat(times=str(_at_most(times, limit)), steps=steps, variable=variable, first=first, increment=increment)


def _passes(first: float, operator: Operator, last: float, increment: float) -> int:
    """How often `first`, then `increment` more each time, compares so to `last`."""
    # As they are written, which no float is: 0.1 is a tenth.
    distance, step = Fraction(str(last)) - Fraction(str(first)), Fraction(str(increment))
    if operator in (Operator.GREATER, Operator.GREATER_OR_EQUAL):
        distance, step = -distance, -step
    including = operator in (Operator.LESS_OR_EQUAL, Operator.GREATER_OR_EQUAL)
    if distance < 0 or (distance == 0 and not including):
        return 0
    if step <= 0:
        return _WITHOUT_END
    return min(_MOST, floor(distance / step) + 1 if including else ceil(distance / step))


def _at_most(times: int, limit: int) -> int:
    return times if limit < 0 else limit if times < 0 else min(times, limit)
