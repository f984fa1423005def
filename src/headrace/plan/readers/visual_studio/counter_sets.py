"""Counter sets: the thresholds of the counters in them (reference: visual-studio-formats, 7.3).

Every load test comes with some 300 counters of Windows machines, and thresholds on a few. What of that is not measured here
is told in one sentence, as most authors never knew of it. A threshold on the load test's own counters was somebody's wish.
"""

from collections.abc import Iterator

from headrace.plan.readers.visual_studio.counter_names import is_of_the_test, measured_counter
from headrace.plan.readers.visual_studio.reading import Reading, class_name, shown
from headrace.plan.readers.visual_studio.run_configurations import RunSetting
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.threshold_checks import MOST_THRESHOLDS
from headrace.plan.thresholds import CounterName, Threshold

_RULES = "Microsoft.VisualStudio.TestTools.WebStress.Rules."
_CONSTANT = f"{_RULES}ThresholdRuleCompareConstant"
_COUNTERS = f"{_RULES}ThresholdRuleCompareCounters"
_MOST_INSTANCES = 100
_MOST_NAMED = 20


def read_thresholds(reading: Reading, root: Element, setting: RunSetting) -> tuple[Threshold, ...]:
    """The thresholds in the counter sets that the run setting maps to the controller or the agents, each once."""
    unmeasured: dict[str, None] = {}
    found: dict[Threshold, None] = {}
    for threshold in _read_sets(reading, root, setting, unmeasured):
        found[threshold] = None
        if len(found) > MOST_THRESHOLDS:
            break
    sets = root.first("CounterSets")
    if unmeasured and sets is not None:
        names = "; ".join(list(unmeasured)[:_MOST_NAMED])
        reading.tell(sets, f"thresholds on counters that are not measured have no effect: {names}")
    if len(found) > MOST_THRESHOLDS and sets is not None:
        reading.error(sets, f"over {MOST_THRESHOLDS} thresholds are in them; take some out")
    return tuple(found)[:MOST_THRESHOLDS]


def _read_sets(reading: Reading, root: Element, setting: RunSetting, unmeasured: dict[str, None]) -> Iterator[Threshold]:
    for counter_set, on_agents in _mapped(root, setting):
        for category in counter_set.all("CounterCategories", "CounterCategory"):
            yield from _read_category(reading, category, on_agents, unmeasured)


def _mapped(root: Element, setting: RunSetting) -> Iterator[tuple[Element, bool]]:
    """The sets that are watched at all, and whether on the agents.

    Sets are named in the author's language; their types, which some references name, are in English.
    """
    sets = list(root.all("CounterSets", "CounterSet"))
    names = {each.attributes.get("Name", "") for each in sets}
    for each in sets:
        kind = each.attributes.get("CounterSetType", "")
        called = {each.attributes.get("Name", ""), *({kind} - names)}
        on_agents = not called.isdisjoint(setting.on_agents)
        if on_agents or not called.isdisjoint(setting.on_controller):
            yield each, on_agents


def _read_category(reading: Reading, category: Element, on_agents: bool, unmeasured: dict[str, None]) -> Iterator[Threshold]:
    """The thresholds on counters that are measured; the other machines' counters are added to `unmeasured`."""
    name = reading.text(category, "Name")
    counters = list(category.all("Counters", "Counter"))
    names = [reading.text(counter, "Name") for counter in counters]
    of_the_test = is_of_the_test(name)
    for place, counter in enumerate(counters):
        rules = list(counter.all("ThresholdRules", "ThresholdRule"))
        if not rules:
            continue
        measured = measured_counter(name, names, place)
        if measured is None and of_the_test:
            reading.warn(
                counter, f"it has a threshold, but the counter is not measured in {shown(name)}; the threshold has no effect"
            )
        elif measured is None or not (of_the_test or on_agents):
            unmeasured[shown(f"{name}, {names[place]}") if on_agents else "all of the controller's machine"] = None
        else:
            for instance in [""] if of_the_test else _instances(category):
                for rule in rules:
                    yield from _read_rule(reading, rule, CounterName(*measured, instance), not of_the_test)


def _instances(category: Element) -> list[str]:
    names = [each.attributes.get("Name", "") for each in category.all("Instances", "Instance")]
    return names[:_MOST_INSTANCES] or [""]


def _read_rule(reading: Reading, rule: Element, counter: CounterName, agents: bool) -> Iterator[Threshold]:
    kind = class_name(reading.text(rule, "Classname"))
    if kind not in (_CONSTANT, _COUNTERS):
        reading.warn(rule, f"the threshold's rule is its author's own, and has no effect; write it as {_CONSTANT}")
        return
    parameters = {reading.text(parameter, "Name"): parameter for parameter in rule.all("RuleParameters", "RuleParameter")}
    over = parameters.get("AlertIfOver")
    warning, critical = (_limit(reading, parameters.get(name)) for name in ("WarningThreshold", "CriticalThreshold"))
    relative_to = None
    if kind == _COUNTERS:
        category, name, instance = (
            reading.text(parameters[part], "Value") if part in parameters else ""
            for part in ("DependentCategory", "DependentCounter", "DependentInstance")
        )
        measured = measured_counter(category, [name], 0)
        if measured is None or is_of_the_test(category) is agents:
            other = shown(f"{category}, {name}")
            reading.warn(rule, f"the threshold is relative to {other}, which is not measured; it has no effect")
            return
        relative_to = CounterName(*measured, "" if instance == "*" else instance)  # "": the same as the counter's
    if warning is None and critical is None:
        reading.warn(rule, "it has neither a WarningThreshold nor a CriticalThreshold and no effect; give it one")
        return
    yield Threshold(counter, over is None or reading.flag(over, "Value", True), warning, critical, agents, relative_to)


def _limit(reading: Reading, parameter: Element | None) -> float | None:
    if parameter is None or not reading.text(parameter, "Value").strip():
        return None
    return reading.number(parameter, "Value")
