"""Thresholds: what a counter should stay below, or above, in every sampling interval.

A violation is a verdict on the target or on an agent, not an error of a request (reference: visual-studio-formats, 7.3).
"""

from headrace.plan.value import Value


class CounterName(Value, frozen=True):
    """A performance counter by its names, in any case; `instance` "" is the whole category, "*" each of its instances.

    The whole is the instance `_Total`, or that without a name where a category has only one. There are those of
    `counter_names.py`.
    """

    category: str
    counter: str
    instance: str = ""


class Threshold(Value, frozen=True):
    """A value of `counter` over `warning` or `critical` (not `over`: under) violates; critical goes before warning.

    Of the load test's own counters, or with `agents` of each agent machine's. With `relative_to`, the two are factors of
    that counter's value in the same interval; its instance "" is then the same one as the counter's. Where one of the
    counters has no value (an average of nothing, say), nothing is violated.
    """

    counter: CounterName
    over: bool = True
    warning: float | None = None
    critical: float | None = None
    agents: bool = False
    relative_to: CounterName | None = None
