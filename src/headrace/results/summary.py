"""The summary of a run: what happened in all, and what was slowest. Times are seconds.

Means are exact. Percentiles are those of the histograms, to 3 significant digits (`ticks/histogram.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import Name, PageStats, RequestStats, TestStats, Tick

PERCENTILES = (50, 75, 90, 95, 99)
SLOWEST = 5

Percentiles = tuple[tuple[int, float], ...]
"""(percentile, seconds) for each of PERCENTILES."""

_NO_PERCENTILES: Percentiles = tuple((percent, 0.0) for percent in PERCENTILES)


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """The user load at the ends of the sampling intervals."""

    name: str = ""
    least_users: int = 0
    most_users: int = 0


@dataclass(frozen=True, slots=True)
class TestSummary:
    """Iterations of a test; of all tests where `name` is ""."""

    __test__ = False  # not a pytest class

    name: str = ""
    scenario: str = ""
    total: int = 0
    passed: int = 0
    failed: int = 0
    mean_time: float = 0.0
    percentiles: Percentiles = _NO_PERCENTILES


@dataclass(frozen=True, slots=True)
class PageSummary:
    """A page, or all where `name` is "". `percent_meeting_goal` is 100 where there is no goal, and there is none yet."""

    name: str = ""
    test: str = ""
    scenario: str = ""
    total: int = 0
    passed: int = 0
    failed: int = 0
    mean_time: float = 0.0
    percent_meeting_goal: int = 100
    percentiles: Percentiles = _NO_PERCENTILES


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """A request, or all where `name` is "".

    `mean_response_time` and `percentiles` are of the response time (from the moment the user wanted to send),
    `mean_service_time` and `service_percentiles` of the service time (from the moment of sending).
    """

    name: str = ""
    test: str = ""
    scenario: str = ""
    total: int = 0
    passed: int = 0
    failed: int = 0
    per_second: float = 0.0
    mean_response_time: float = 0.0
    percentiles: Percentiles = _NO_PERCENTILES
    mean_service_time: float = 0.0
    service_percentiles: Percentiles = _NO_PERCENTILES


@dataclass(frozen=True, slots=True)
class TransactionSummary:
    """Transactions are not measured yet, so this is always empty."""

    name: str = ""
    test: str = ""
    scenario: str = ""
    total: int = 0
    mean_response_time: float = 0.0
    mean_time: float = 0.0
    percentiles: Percentiles = _NO_PERCENTILES


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in numbers. `elapsed` is the measured time in seconds; `abandoned` requests were given up when the load ended.

    The slowest have the highest means, slowest first, five of each at most.
    """

    elapsed: float = 0.0
    abandoned: int = 0
    scenario: ScenarioSummary = field(default_factory=ScenarioSummary)
    test: TestSummary = field(default_factory=TestSummary)
    page: PageSummary = field(default_factory=PageSummary)
    request: RequestSummary = field(default_factory=RequestSummary)
    transaction: TransactionSummary = field(default_factory=TransactionSummary)
    slowest_tests: tuple[TestSummary, ...] = ()
    slowest_pages: tuple[PageSummary, ...] = ()
    slowest_requests: tuple[RequestSummary, ...] = ()
    slowest_transactions: tuple[TransactionSummary, ...] = ()


def summarize(total: Tick, least_users: int, most_users: int) -> Summary:
    """The summary of all ticks of a run added up."""

    def request(name: Name, stats: RequestStats) -> RequestSummary:
        return _request(name, stats, total.elapsed)

    all_tests, all_pages, all_requests = TestStats(), PageStats(), RequestStats()
    for test_stats in total.tests.values():
        all_tests.add(test_stats)
    for page_stats in total.pages.values():
        all_pages.add(page_stats)
    for request_stats in total.requests.values():
        all_requests.add(request_stats)
    everything = Name("", "", "")
    return Summary(
        elapsed=total.elapsed,
        abandoned=total.abandoned,
        scenario=ScenarioSummary("", least_users, most_users),
        test=_test(everything, all_tests),
        page=_page(everything, all_pages),
        request=request(everything, all_requests),
        slowest_tests=_slowest(total.tests, lambda stats: stats.time, _test),
        slowest_pages=_slowest(total.pages, lambda stats: stats.time, _page),
        slowest_requests=_slowest(total.requests, lambda stats: stats.response, request),
    )


def _test(name: Name, stats: TestStats) -> TestSummary:
    return TestSummary(
        name=name.test,
        scenario=name.scenario,
        total=stats.total,
        passed=stats.passed,
        failed=stats.failed,
        mean_time=_seconds(stats.time.mean),
        percentiles=_percentiles(stats.time),
    )


def _page(name: Name, stats: PageStats) -> PageSummary:
    return PageSummary(
        name=name.item,
        test=name.test,
        scenario=name.scenario,
        total=stats.total,
        passed=stats.passed,
        failed=stats.failed,
        mean_time=_seconds(stats.time.mean),
        percentiles=_percentiles(stats.time),
    )


def _request(name: Name, stats: RequestStats, elapsed: float) -> RequestSummary:
    return RequestSummary(
        name=name.item,
        test=name.test,
        scenario=name.scenario,
        total=stats.total,
        passed=stats.passed,
        failed=stats.failed,
        per_second=stats.total / elapsed if elapsed > 0 else 0.0,
        mean_response_time=_seconds(stats.response.mean),
        percentiles=_percentiles(stats.response),
        mean_service_time=_seconds(stats.service.mean),
        service_percentiles=_percentiles(stats.service),
    )


Stats = TypeVar("Stats")
Part = TypeVar("Part")


def _slowest(
    stats: Mapping[Name, Stats], time: Callable[[Stats], Histogram], part: Callable[[Name, Stats], Part]
) -> tuple[Part, ...]:
    timed: Iterable[tuple[Name, Stats]] = ((name, its) for name, its in stats.items() if time(its).count)
    slowest = sorted(timed, key=lambda item: (-time(item[1]).mean, item[0]))[:SLOWEST]
    return tuple(part(name, its) for name, its in slowest)


def _percentiles(histogram: Histogram) -> Percentiles:
    values = histogram.percentiles(PERCENTILES)
    return tuple((percent, _seconds(us)) for percent, us in zip(PERCENTILES, values, strict=True))


def _seconds(us: float) -> float:
    return us / 1_000_000
