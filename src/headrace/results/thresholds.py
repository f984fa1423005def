"""Judges the thresholds of a plan at the end of each sampling interval (reference: visual-studio-formats, section 7.3).

What has no value in an interval is not judged: an average of nothing, a counter nobody has, an agent that did not report. A
rate of 0 is a value: a threshold that a rate should stay above is violated by a target that stands still. A violation is an
error of the kind `ThresholdMessage`, so it is kept, counted and told as errors are; old clients read its text.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from headrace.plan.thresholds import CounterName, Threshold
from headrace.results.counters import THRESHOLD_KIND
from headrace.results.instances import CONTROLLER, TOTAL, CounterInstance
from headrace.ticks.tick import ErrorName, ErrorStats

CRITICAL = "Critical"
WARNING = "Warning"
MOST_VIOLATED = 100

_THEN = " : The value "


@dataclass(frozen=True, slots=True)
class Violation:
    """A counter that had `value` in an interval, over `limit` (not `over`: under it)."""

    counter: CounterInstance
    subkind: str
    over: bool
    value: float
    limit: float

    @property
    def error(self) -> ErrorName:
        """The violation as results keep it. The text is the published one, to the letter: old clients show and count it."""
        counter = self.counter
        place = json.dumps(
            [counter.machine, counter.category, counter.name, counter.instance], ensure_ascii=False, separators=(",", ":")
        )
        relation = "exceeds" if self.over else "is below"
        limit = f"the {self.subkind.lower()} threshold value of {_number(self.limit)}"
        text = f"{place}{_THEN}{_number(self.value)} {relation} {limit}."
        return ErrorName(THRESHOLD_KIND, self.subkind, "", "", "", "", text)


@dataclass(frozen=True, slots=True)
class Violated:
    """The violations of one sub-kind on one counter instance, which `counter` names as their text does.

    `latest` is the text of the last one, `last` when it was, in seconds since the epoch.
    """

    counter: str
    subkind: str
    times: int
    latest: str
    last: float


def violated(errors: Mapping[ErrorName, ErrorStats]) -> tuple[Violated, ...]:
    """What was violated in a run, of its errors: the critical first, then the most often; at most MOST_VIOLATED."""
    groups: dict[tuple[str, str], list[tuple[float, str, int]]] = {}
    for error, stats in errors.items():
        if error.kind == THRESHOLD_KIND:
            counter = error.message.rpartition(_THEN)[0] or error.message
            groups.setdefault((counter, error.subkind), []).append((stats.last, error.message, stats.count))
    found = []
    for (counter, subkind), several in groups.items():
        last, latest, _ = max(several)
        found.append(Violated(counter, subkind, sum(times for _, _, times in several), latest, last))
    found.sort(key=lambda at: (at.subkind != CRITICAL, -at.times, at.counter))
    return tuple(found[:MOST_VIOLATED])


class _Key(NamedTuple):
    """A counter instance by its names, in lower case but for the machine's, which is ours."""

    machine: str
    category: str
    counter: str
    instance: str


class Watch:
    """The thresholds of a run and the counter instances that they are on."""

    def __init__(self, thresholds: Iterable[Threshold]) -> None:
        self._by_counter: dict[tuple[str, str], list[Threshold]] = {}
        self._unjudged: dict[Threshold, None] = {}
        for threshold in thresholds:
            self._by_counter.setdefault(_names(threshold.counter), []).append(threshold)
            self._unjudged[threshold] = None
        self._pairs: list[tuple[Threshold, CounterInstance]] = []
        self._ids: dict[_Key, int] = {}

    @property
    def unjudged(self) -> list[str]:
        """The counters of thresholds that had no value to judge so far, each once."""
        names = (threshold.counter for threshold in self._unjudged)
        return list(dict.fromkeys(", ".join(filter(None, (at.category, at.counter, at.instance))) for at in names))

    def meet(self, instances: Iterable[CounterInstance]) -> None:
        """Takes in counter instances that appear for the first time."""
        if not self._by_counter:
            return
        for instance in instances:
            key = _key(instance)
            self._ids[key] = instance.id
            for threshold in self._by_counter.get((key.category, key.counter), ()):
                if threshold.agents == (instance.machine != CONTROLLER) and _covers(threshold.counter.instance, instance):
                    self._pairs.append((threshold, instance))

    def judge(self, values: Mapping[int, float], machines: Collection[str]) -> list[Violation]:
        """The violations of an interval. `values` are by counter id; agents are judged that are among the `machines`."""
        found = []
        for threshold, instance in self._pairs:
            value = values.get(instance.id)
            if value is None or (threshold.agents and instance.machine not in machines):
                continue
            factor = 1.0 if threshold.relative_to is None else self._value(threshold.relative_to, instance, values)
            if factor is None:
                continue
            self._unjudged.pop(threshold, None)
            for subkind, limit in ((CRITICAL, threshold.critical), (WARNING, threshold.warning)):
                if limit is not None and _violates(value, limit * factor, threshold.over):
                    found.append(Violation(instance, subkind, threshold.over, value, limit * factor))
                    break
        return found

    def _value(self, name: CounterName, instance: CounterInstance, values: Mapping[int, float]) -> float | None:
        """Of the counter that this one is compared with, on the same machine; None where it has none."""
        key = _Key(instance.machine, *_names(name), (name.instance or instance.instance).casefold())
        number = self._ids.get(key)
        return None if number is None else values.get(number)


def _violates(value: float, limit: float, over: bool) -> bool:
    return value > limit if over else value < limit


def _covers(wanted: str, instance: CounterInstance) -> bool:
    if wanted == "":
        return instance.instance in (TOTAL, "")
    if wanted == "*":
        return instance.instance != TOTAL
    return wanted.casefold() == instance.instance.casefold()


def _names(name: CounterName) -> tuple[str, str]:
    return name.category.casefold(), name.counter.casefold()


def _key(instance: CounterInstance) -> _Key:
    return _Key(instance.machine, instance.category.casefold(), instance.name.casefold(), instance.instance.casefold())


def _number(value: float) -> str:
    """As .NET writes a Single in no particular culture: 7 significant digits, `1.5E+07` from ten millions on."""
    return f"{value:.7G}"
