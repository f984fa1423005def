"""What is wrong or doubtful with the thresholds of a plan. The sentences go on from the place of the threshold."""

from collections.abc import Iterable, Iterator, Mapping

from headrace.plan.counter_names import AGENT_COUNTERS, LOAD_TEST_COUNTERS
from headrace.plan.limits import judge_number
from headrace.plan.step_checks import MOST, shown
from headrace.plan.thresholds import CounterName, Threshold

MOST_THRESHOLDS = 500
_LONGEST_NAME = 1000
_NO_TOTAL = "network interface"


def judge_threshold(threshold: Threshold) -> Iterator[str]:
    """What leaves it without a meaning."""
    for what, name in _names(threshold):
        for part, text in (("category", name.category), ("counter", name.counter), ("instance", name.instance)):
            if len(text) > _LONGEST_NAME:
                yield f"{what}.{part} has {len(text)} characters; give at most {_LONGEST_NAME}"
    if threshold.warning is None and threshold.critical is None:
        yield "warning and critical are both left out; give at least one"
    for what, limit in (("warning", threshold.warning), ("critical", threshold.critical)):
        if limit is not None:
            yield from judge_number(what, limit, -MOST, MOST, "a number")
    if threshold.relative_to is not None and threshold.relative_to.instance == "*":
        yield "relative_to.instance is '*'; leave it out to compare with the same instance, or name one"


def doubt_threshold(threshold: Threshold, named: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """What is never violated, or never only with a warning. `named` are the instances of categories that the plan names."""
    for what, name in _names(threshold):
        yield from _doubt_name(what, name, AGENT_COUNTERS if threshold.agents else LOAD_TEST_COUNTERS, threshold.agents)
        yield from _doubt_instance(what, name, named)
    if threshold.counter.category.casefold() == _NO_TOTAL and threshold.counter.instance.casefold() in ("", "_total"):
        yield "counter.instance is left out, but interfaces have no total; write '*' for each, or name one"
    warning, critical = threshold.warning, threshold.critical
    if warning is not None and critical is not None and (warning > critical if threshold.over else warning < critical):
        beyond = "over" if threshold.over else "under"
        yield f"warning is {warning:.12g}, {beyond} critical {critical:.12g}, so it never shows; exchange them"


def _names(threshold: Threshold) -> Iterator[tuple[str, CounterName]]:
    yield "counter", threshold.counter
    if threshold.relative_to is not None:
        yield "relative_to", threshold.relative_to


def _doubt_name(what: str, name: CounterName, known: Mapping[str, tuple[str, ...]], agents: bool) -> Iterator[str]:
    counters = next((known[category] for category in known if _same(category, name.category)), None)
    if counters is None:
        of_whom = "agents' machines" if agents else "the load test"
        others = LOAD_TEST_COUNTERS if agents else AGENT_COUNTERS
        remedy = f"there are {_listed(known)}"
        if any(_same(category, name.category) for category in others):
            remedy = "leave out agents" if agents else "write agents: true"
        yield f"{what}.category {shown(name.category)} is none of {of_whom}, so it has no effect; {remedy}"
    elif not any(_same(counter, name.counter) for counter in counters):
        yield f"{what}.counter {shown(name.counter)} is not measured, so it has no effect; there are {_listed(counters)}"


def _doubt_instance(what: str, name: CounterName, named: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """A test that runs in several scenarios is an instance by its own name and by `scenario.test`."""
    wanted = name.instance.casefold()
    instances = next((named[category] for category in named if _same(category, name.category)), None)
    if instances is None or wanted in ("", "*", "_total"):
        return
    if not any(wanted == each.casefold() or wanted.endswith(f".{each.casefold()}") for each in instances):
        kind = name.category.rpartition(":")[2].lower()
        yield f"{what}.instance {shown(name.instance)} is no {kind}, so it has no effect; there are {_listed(instances)}"


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _listed(names: Iterable[str]) -> str:
    several = list(names)
    return ", ".join(shown(name) for name in several[:20]) + (", …" if len(several) > 20 else "")
