"""Loops of a program: its steps again and again, as generators that stand still where the user waits."""

from collections.abc import Callable, Generator
from time import perf_counter_ns
from typing import TYPE_CHECKING

from headrace.engine.http.failures import rule_failed
from headrace.engine.templates import Template, UnboundError
from headrace.plan.steps import ForEach, Repeat

if TYPE_CHECKING:
    from headrace.engine.users.user import VirtualUser

Waits = Generator[None, None, None]
Run = Callable[["VirtualUser"], Waits]

# A user that goes round so often without sending or pausing lets the others have a turn.
_BREATHE_AFTER = 100
_BREATH = 0.001


def _passes(user: "VirtualUser", run: Run, more: Callable[[int], bool]) -> Waits:
    """Runs the steps while there are more passes. One that never waits must not keep all other users from theirs."""
    number = 0
    while more(number):
        yield from run(user)
        number += 1
        # Of all its loops together: three nested loops of 99 passes would be a million passes.
        if user.idle_since != user.waits:
            user.idle_since = user.waits
            user.idle_passes = 0
        user.idle_passes += 1
        if user.idle_passes >= _BREATHE_AFTER:
            user.pause(_BREATH)
            yield


def repeat(times: Template, step: Repeat, steps: Run) -> Run:
    variable = step.variable

    def run(user: "VirtualUser") -> Waits:
        try:
            most = int(float(times(user.variables)))
        except (ValueError, OverflowError, UnboundError) as error:
            user.fail(
                rule_failed("ConditionalRuleError", "CountingLoopRule", f"The loop's number of times is none: {error}")
            )
            return

        def more(number: int) -> bool:
            if number >= most >= 0:
                return False
            if variable:
                user.variables[variable] = f"{step.first + number * step.increment:.15g}"
            return True

        yield from _passes(user, steps, more)

    return run


def repeat_while(holds: Callable[["VirtualUser"], bool], at_most: int | None, steps: Run) -> Run:
    def run(user: "VirtualUser") -> Waits:
        yield from _passes(user, steps, lambda number: (at_most is None or number < at_most) and holds(user))

    return run


def for_each(step: ForEach, steps: Run) -> Run:
    def run(user: "VirtualUser") -> Waits:
        variables = user.variables

        def more(number: int) -> bool:
            index = step.first + number
            value = variables.get(f"{step.variables}_{index}")
            if value is None or (step.last is not None and index > step.last):
                return False
            variables[step.variable] = value
            return True

        yield from _passes(user, steps, more)

    return run


def for_time(seconds: float, steps: Run) -> Run:
    def run(user: "VirtualUser") -> Waits:
        until = user.now + int(seconds * 1e9)
        yield from _passes(user, steps, lambda number: perf_counter_ns() < until)

    return run
