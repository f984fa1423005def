"""The performance counters of a run: what each counts, and how its value is computed from what it counted.

They are those of a Visual Studio load test (reference: clt-service, section 5.2), in the categories Scenario, Test,
Transaction, Page, Request and Errors. Left out until they are measured: the `% Time in ...` counters of tests and the
category LogEntries. Those of agents' machines are in `machine_counters.py`.

A counter reads a raw and a base number from what was counted since the start. Both are whole and never negative, and both
add up: the counter of a whole category (`_Total`) is the sum of its instances.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from headrace.ticks.tick import Load, PageStats, RequestStats, TestStats, TransactionStats

FREQUENCY = 10_000_000
"""Ticks a second of every raw time and of every time stamp: one is 100 ns."""

TICKS_PER_US = FREQUENCY // 1_000_000


class CounterKind(StrEnum):
    """How a value is computed; named after the Windows performance counter types."""

    AVERAGE_TIMER = "average_timer"  # AverageTimer32: seconds for each of `base`
    AVERAGE_COUNT = "average_count"  # AverageCount64: `raw` for each of `base`
    SAMPLE_FRACTION = "sample_fraction"  # SampleFraction: percent of `base` that `raw` is
    RAW_FRACTION = "raw_fraction"  # RawFraction: the same of both as they stand
    RATE = "rate"  # RateOfCountsPerSecond32
    NUMBER_OF_ITEMS = "number_of_items"  # NumberOfItems32: `raw` as it stands


class Reading(NamedTuple):
    """A counter at one instant; `timestamp` counts system ticks since the start of the load."""

    raw: int
    base: int
    timestamp: int


def computed(kind: CounterKind, before: Reading, now: Reading, frequency: int = FREQUENCY) -> float:
    """The value for the time between two readings; 0 where nothing was counted or no time has passed.

    The formulas are the published ones (reference: clt-service, section 5.3). `frequency` is ticks a second.
    """
    raw = now.raw - before.raw
    if kind is CounterKind.NUMBER_OF_ITEMS:
        return float(now.raw)
    if kind is CounterKind.RAW_FRACTION:
        return 100 * now.raw / now.base if now.base > 0 else 0.0
    if kind is CounterKind.RATE:
        ticks = now.timestamp - before.timestamp
        return raw * frequency / ticks if ticks > 0 else 0.0
    count = now.base - before.base
    if count <= 0:
        return 0.0
    if kind is CounterKind.AVERAGE_TIMER:
        return raw / frequency / count
    return 100 * raw / count if kind is CounterKind.SAMPLE_FRACTION else raw / count


def counted(kind: CounterKind, before: Reading, now: Reading) -> bool:
    """Whether there is a value for the time between two readings: there is no average of nothing, but a rate of 0 is one."""
    if kind in (CounterKind.NUMBER_OF_ITEMS, CounterKind.RATE):
        return True
    return now.base > (0 if kind is CounterKind.RAW_FRACTION else before.base)


S = TypeVar("S")


def _no_base(_: Any) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Counter(Generic[S]):
    """A counter: `raw` and `base` read it from what was counted under one name. `unit` is "" for plain numbers."""

    category: str
    name: str
    unit: str
    kind: CounterKind
    raw: Callable[[S], int]
    base: Callable[[S], int] = _no_base


_SCENARIO, _TEST, _TRANSACTION = "LoadTest:Scenario", "LoadTest:Test", "LoadTest:Transaction"
_PAGE, _REQUEST, _ERRORS = "LoadTest:Page", "LoadTest:Request", "LoadTest:Errors"
_ITEMS, _RATE = CounterKind.NUMBER_OF_ITEMS, CounterKind.RATE
_TIMER, _AVERAGE = CounterKind.AVERAGE_TIMER, CounterKind.AVERAGE_COUNT

SCENARIO_COUNTERS: tuple[Counter[Load], ...] = (
    Counter(_SCENARIO, "User Load", "vusers", _ITEMS, lambda load: load.users),
    Counter(_SCENARIO, "Tests Running", "", _ITEMS, lambda load: load.running),
)

TEST_COUNTERS: tuple[Counter[TestStats], ...] = (
    Counter(_TEST, "Total Tests", "", _ITEMS, lambda test: test.total),
    Counter(_TEST, "Passed Tests", "", _ITEMS, lambda test: test.passed),
    Counter(_TEST, "Failed Tests", "", _ITEMS, lambda test: test.failed),
    Counter(_TEST, "Tests/Sec", "", _RATE, lambda test: test.total),
    Counter(_TEST, "Passed Tests/Sec", "", _RATE, lambda test: test.passed),
    Counter(_TEST, "Failed Tests/Sec", "", _RATE, lambda test: test.failed),
    Counter(_TEST, "Avg. Requests/Test", "", _AVERAGE, lambda test: test.requests, lambda test: test.total),
    Counter(
        _TEST, "Avg. Test Time", "sec", _TIMER, lambda test: test.time.total * TICKS_PER_US, lambda test: test.time.count
    ),
)

TRANSACTION_COUNTERS: tuple[Counter[TransactionStats], ...] = (
    Counter(_TRANSACTION, "Total Transactions", "", _ITEMS, lambda transaction: transaction.total),
    Counter(  # with the pauses in it
        _TRANSACTION,
        "Avg. Transaction Time",
        "sec",
        _TIMER,
        lambda transaction: transaction.time.total * TICKS_PER_US,
        lambda transaction: transaction.time.count,
    ),
    Counter(  # without them
        _TRANSACTION,
        "Avg. Response Time",
        "sec",
        _TIMER,
        lambda transaction: transaction.response.total * TICKS_PER_US,
        lambda transaction: transaction.response.count,
    ),
    Counter(_TRANSACTION, "Transactions/Sec", "", _RATE, lambda transaction: transaction.total),
)

PAGE_COUNTERS: tuple[Counter[PageStats], ...] = (
    Counter(_PAGE, "Total Pages", "", _ITEMS, lambda page: page.total),
    Counter(
        _PAGE, "Avg. Page Time", "sec", _TIMER, lambda page: page.time.total * TICKS_PER_US, lambda page: page.time.count
    ),
    Counter(
        _PAGE, "Page Response Time Goal", "sec", _TIMER, lambda page: page.goal_us * TICKS_PER_US, lambda page: page.goals
    ),
    # Of the pages that have a goal.
    Counter(
        _PAGE,
        "% Pages Meeting Goal",
        "%",
        CounterKind.SAMPLE_FRACTION,
        lambda page: page.goals_met,
        lambda page: page.goals,
    ),
    Counter(_PAGE, "Pages/Sec", "", _RATE, lambda page: page.total),
)

REQUEST_COUNTERS: tuple[Counter[RequestStats], ...] = (
    Counter(_REQUEST, "Total Requests", "", _ITEMS, lambda request: request.total),
    Counter(_REQUEST, "Passed Requests", "", _ITEMS, lambda request: request.passed),
    Counter(_REQUEST, "Failed Requests", "", _ITEMS, lambda request: request.failed),
    Counter(_REQUEST, "Cached Requests", "", _ITEMS, lambda request: request.cached),
    Counter(_REQUEST, "Requests/Sec", "", _RATE, lambda request: request.total),
    Counter(_REQUEST, "Passed Requests/Sec", "", _RATE, lambda request: request.passed),
    Counter(_REQUEST, "Failed Requests/Sec", "", _RATE, lambda request: request.failed),
    Counter(
        _REQUEST,
        "Avg. First Byte Time",
        "sec",
        _TIMER,
        lambda request: request.first_byte_us * TICKS_PER_US,
        lambda request: request.first_bytes,
    ),
    Counter(
        _REQUEST,
        "Avg. Response Time",
        "sec",
        _TIMER,
        lambda request: request.response.total * TICKS_PER_US,
        lambda request: request.response.count,
    ),
    Counter(
        _REQUEST,
        "Avg. Connection Wait Time",
        "sec",
        _TIMER,
        lambda request: request.wait_us * TICKS_PER_US,
        lambda request: request.waits,
    ),
    Counter(  # of the requests that were answered: one that failed before has no content to speak of
        _REQUEST,
        "Avg. Content Length",
        "bytes",
        _AVERAGE,
        lambda request: request.content_bytes,
        lambda request: request.first_bytes,
    ),
)

THRESHOLD_KIND = "ThresholdMessage"


def _occurrences(kind: str) -> Callable[[Mapping[str, int]], int]:
    return lambda by_kind: by_kind.get(kind, 0)


def _all_errors(by_kind: Mapping[str, int]) -> int:
    """A violated threshold is a verdict on the run, not an error of a request."""
    return sum(count for kind, count in by_kind.items() if kind != THRESHOLD_KIND)


# Of the occurrences by kind of error.
ERROR_COUNTERS: tuple[Counter[Mapping[str, int]], ...] = (
    Counter(_ERRORS, "Http Errors", "", _ITEMS, _occurrences("HttpError")),
    Counter(_ERRORS, "Validation Rule Errors", "", _ITEMS, _occurrences("ValidationRuleError")),
    Counter(_ERRORS, "Extraction Rule Errors", "", _ITEMS, _occurrences("ExtractionRuleError")),
    Counter(_ERRORS, "Requests Timed Out", "", _ITEMS, _occurrences("Timeout")),
    Counter(_ERRORS, "Exceptions", "", _ITEMS, _occurrences("Exception")),
    Counter(_ERRORS, "Total Errors", "", _ITEMS, _all_errors),
    Counter(_ERRORS, "Errors/Sec", "", _RATE, _all_errors),
    Counter(_ERRORS, "Threshold Violations/Sec", "", _RATE, _occurrences(THRESHOLD_KIND)),
)

COUNTERS: Mapping[tuple[str, str], Counter[Any]] = {
    (counter.category, counter.name): counter
    for table in (
        SCENARIO_COUNTERS,
        TEST_COUNTERS,
        TRANSACTION_COUNTERS,
        PAGE_COUNTERS,
        REQUEST_COUNTERS,
        ERROR_COUNTERS,
    )
    for counter in table
}
"""Every counter by category and name."""
