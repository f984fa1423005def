"""The counters of one run by instance: `_Total`, and each scenario, test, transaction, page and request as it first appears;
then those of the agents' machines.

Every instance has a number that is the same in every run: the published ones (reference: clt-service, section 5.1) for eight
of the totals, for all others a hash of its category, counter and instance, and of its machine where it is an agent's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple, TypeVar

from headrace.results.counters import (
    COUNTERS,
    ERROR_COUNTERS,
    PAGE_COUNTERS,
    REQUEST_COUNTERS,
    SCENARIO_COUNTERS,
    TEST_COUNTERS,
    TRANSACTION_COUNTERS,
    Counter,
    CounterKind,
)
from headrace.results.machine_counters import parts_of
from headrace.ticks.machine import Machine
from headrace.ticks.tick import Load, Name, Tick

TOTAL = "_Total"
CONTROLLER = "ELSCONTROLLER"
"""The machine that a load test's own counters are of, as the old service called it; agents are `Agent0`, `Agent1`, ..."""


class _Published(NamedTuple):
    id: int
    groups: tuple[str, ...]


# In the order of the published answer. Clients take the first counter of a name, so no name may be twice in these groups.
PUBLISHED: Mapping[tuple[str, str], _Published] = {
    ("LoadTest:Test", "Avg. Test Time"): _Published(-2020039322, ("Performance",)),
    ("LoadTest:Page", "Avg. Page Time"): _Published(-1543222480, ("Performance",)),
    ("LoadTest:Request", "Avg. Response Time"): _Published(-1854500553, ("Performance",)),
    ("LoadTest:Scenario", "User Load"): _Published(-1828439162, ("Performance", "Throughput", "Application")),
    ("LoadTest:Test", "Tests/Sec"): _Published(-46855952, ("Throughput",)),
    ("LoadTest:Page", "Pages/Sec"): _Published(424850519, ("Throughput",)),
    ("LoadTest:Request", "Requests/Sec"): _Published(1226640887, ("Throughput",)),
    ("LoadTest:Errors", "Errors/Sec"): _Published(-1525400324, ("Throughput",)),
}

USER_LOAD = PUBLISHED["LoadTest:Scenario", "User Load"].id
_PUBLISHED_IDS = frozenset(published.id for published in PUBLISHED.values())


@dataclass(frozen=True, slots=True)
class CounterSummary:
    """The values of a counter over its sampling intervals."""

    average: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class CounterInstance:
    """A counter of one scenario, test, transaction, page or request, or of all (`_Total`); or of a part of an agent's
    machine.

    `summary` where asked for.
    """

    id: int
    category: str
    name: str
    instance: str
    unit: str
    kind: CounterKind
    summary: CounterSummary | None = None
    machine: str = CONTROLLER

    @property
    def groups(self) -> tuple[str, ...]:
        """The counter groups it is in: every instance in `All`, the published eight in `Default` and theirs."""
        published = PUBLISHED.get((self.category, self.name)) if self.id in _PUBLISHED_IDS else None
        return (*published.groups, "Default", "All") if published else ("All",)

    @property
    def preselected(self) -> bool:
        """Whether a chart shows it from the start."""
        return self.id == USER_LOAD


class Value(NamedTuple):
    """What a counter instance has counted since the start."""

    id: int
    kind: CounterKind
    raw: int
    base: int


S = TypeVar("S")


class Register:
    """Names and numbers the counter instances of a run. The same ticks in the same order give the same instances."""

    def __init__(self) -> None:
        self._taken = set(_PUBLISHED_IDS)
        self._instances: dict[str, dict[str, Name]] = {}
        self._numbers: dict[tuple[str, Name | None], tuple[int, ...]] = {}
        self._machine_numbers: dict[tuple[str, str, str, str], int] = {}
        self._position = 0

    def totals(self) -> list[CounterInstance]:
        """The instances that every run has from the start: the published ones, then the other totals."""
        numbers: dict[str, dict[str, int]] = {}
        found = []
        for category, name in [*PUBLISHED, *(key for key in COUNTERS if key not in PUBLISHED)]:
            published = PUBLISHED.get((category, name))
            number = published.id if published else self._number(category, name, TOTAL)
            counter = COUNTERS[category, name]
            numbers.setdefault(category, {})[name] = number
            found.append(CounterInstance(number, category, name, TOTAL, counter.unit, counter.kind))
        for category, by_name in numbers.items():
            order = (name for its_category, name in COUNTERS if its_category == category)
            self._numbers[category, None] = tuple(by_name[name] for name in order)
        return found

    def meet(self, tick: Tick) -> list[CounterInstance]:
        """The instances that appear in this tick for the first time."""
        return [
            *self._meet_all(SCENARIO_COUNTERS, map(_scenario, tick.load)),
            *self._meet_all(TEST_COUNTERS, tick.tests),
            *self._meet_all(TRANSACTION_COUNTERS, tick.transactions),
            *self._meet_all(PAGE_COUNTERS, tick.pages),
            *self._meet_all(REQUEST_COUNTERS, tick.requests),
            *self._meet_machines(tick.machines),
        ]

    def read(self, total: Tick) -> Iterator[Value]:
        """Every instance, as it stands in the sum of all ticks so far, which must have been met."""
        gone = {name: Load() for category, name in self._numbers if name and category == SCENARIO_COUNTERS[0].category}
        load = gone | {_scenario(scenario): load for scenario, load in total.load.items()}
        yield from self._read(SCENARIO_COUNTERS, load)
        yield from self._read(TEST_COUNTERS, total.tests)
        yield from self._read(TRANSACTION_COUNTERS, total.transactions)
        yield from self._read(PAGE_COUNTERS, total.pages)
        yield from self._read(REQUEST_COUNTERS, total.requests)
        yield from self._read_machines(total.machines)
        by_kind: dict[str, int] = {}
        for error, stats in total.errors.items():
            by_kind[error.kind] = by_kind.get(error.kind, 0) + stats.count
        for number, counter in zip(self._numbers[ERROR_COUNTERS[0].category, None], ERROR_COUNTERS, strict=True):
            yield Value(number, counter.kind, counter.raw(by_kind), counter.base(by_kind))

    def _read_machines(self, machines: Mapping[str, Machine]) -> Iterator[Value]:
        for name, machine in machines.items():
            for part in parts_of(machine):
                for counter in part.counters:
                    number = self._machine_numbers[name, counter.category, counter.name, part.instance]
                    yield Value(number, counter.kind, counter.raw(part.stats), counter.base(part.stats))

    def _meet_machines(self, machines: Mapping[str, Machine]) -> Iterator[CounterInstance]:
        for name, machine in machines.items():
            for part in parts_of(machine):
                instance = part.instance.replace("\0", "\ufffd")
                for counter in part.counters:
                    key = (name, counter.category, counter.name, part.instance)
                    if key not in self._machine_numbers:
                        number = self._number(f"{name}|{counter.category}", counter.name, instance)
                        self._machine_numbers[key] = number
                        yield CounterInstance(
                            number, counter.category, counter.name, instance, counter.unit, counter.kind, machine=name
                        )

    def _read(self, table: tuple[Counter[S], ...], stats: Mapping[Name, S]) -> Iterator[Value]:
        category = table[0].category
        raws = [0] * len(table)
        bases = [0] * len(table)
        for name, its in stats.items():
            numbers = self._numbers[category, name]
            for index, counter in enumerate(table):
                raw, base = counter.raw(its), counter.base(its)
                raws[index] += raw
                bases[index] += base
                yield Value(numbers[index], counter.kind, raw, base)
        for number, counter, raw, base in zip(self._numbers[category, None], table, raws, bases, strict=True):
            yield Value(number, counter.kind, raw, base)

    def _meet_all(self, table: tuple[Counter[S], ...], names: Iterable[Name]) -> Iterator[CounterInstance]:
        category = table[0].category
        for name in names:
            if (category, name) in self._numbers:
                continue
            instance = self._instance(category, name)
            numbers = tuple(self._number(category, counter.name, instance) for counter in table)
            self._numbers[category, name] = numbers
            for number, counter in zip(numbers, table, strict=True):
                yield CounterInstance(number, category, counter.name, instance, counter.unit, counter.kind)

    def _instance(self, category: str, name: Name) -> str:
        """The item's name alone, or behind its scenario and test where another item has that name already."""
        taken = self._instances.setdefault(category, {})
        short = name.item or name.test or name.scenario
        full = ".".join(part for part in name if part)
        candidates = (candidate.replace("\0", "\ufffd") for candidate in _candidates(short, full))  # PostgreSQL keeps no NUL
        instance = next(candidate for candidate in candidates if candidate != TOTAL and candidate not in taken)
        taken[instance] = name
        return instance

    def _number(self, category: str, name: str, instance: str) -> int:
        text = f"{category}|{name}|{instance}"
        number = counter_number(text)
        attempt = 1
        while number in self._taken:
            attempt += 1
            number = counter_number(f"{text}|{attempt}")
        self._taken.add(number)
        return number


def counter_number(text: str) -> int:
    """A stable hash as a signed 32-bit number."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), signed=True)


def _scenario(scenario: str) -> Name:
    return Name(scenario, "", "")


def _candidates(short: str, full: str) -> Iterator[str]:
    yield short
    yield full
    attempt = 2
    while True:
        yield f"{full} ({attempt})"
        attempt += 1
