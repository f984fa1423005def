"""The summary of a run: what happened in all, what was slowest, and how far it can be trusted. Times are seconds.

Means are exact. Percentiles are those of the histograms, to 3 significant digits (`ticks/histogram.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from headrace.results.strain import Strain
from headrace.results.thresholds import Violated, violated
from headrace.results.verdict import Verdict, judge
from headrace.ticks.histogram import Histogram
from headrace.ticks.machine import ALL_PROCESSORS, Machine, Processor
from headrace.ticks.tick import Name, PageStats, RequestStats, TestStats, Tick, TransactionStats

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
    """A page, or all where `name` is "". `percent_meeting_goal` is of the pages with a goal, 100 where there is none."""

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
class Timings:
    """What requests waited for, on average. DNS, connect and TLS are of the `connects` that had to connect first."""

    connects: int = 0
    mean_dns_time: float = 0.0
    mean_connect_time: float = 0.0
    mean_tls_time: float = 0.0
    mean_first_byte_time: float = 0.0
    mean_wait_time: float = 0.0


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """A request, or all where `name` is "".

    `mean_response_time` and `percentiles` are of the response time (from the moment the user wanted to send),
    `mean_service_time` and `service_percentiles` of the service time (from the moment of sending). `cached` were answered by
    the user's cache and are in no other number.
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
    cached: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    timings: Timings = field(default_factory=Timings)


@dataclass(frozen=True, slots=True)
class TransactionSummary:
    """A transaction, or all where `name` is "". `mean_time` is all of it; response times are without the pauses in it."""

    name: str = ""
    test: str = ""
    scenario: str = ""
    total: int = 0
    mean_response_time: float = 0.0
    mean_time: float = 0.0
    percentiles: Percentiles = _NO_PERCENTILES
    passed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class MachineSummary:
    """The machine of an agent: the percentage of its processors that was in use, and the bytes of memory that were free."""

    name: str
    processor_time: float = 0.0
    least_available: int = 0


@dataclass(frozen=True, slots=True)
class GeneratorSummary:
    """How the load generators fared.

    `scheduled_iterations` were to begin at a certain time, and `send_lag` is how much later they were begun. Of `due`
    arrivals `dropped` found no user free. In `busy_seconds` of the `seconds` a process had no CPU to spare. `lost` is the
    share of the planned load that went with lost generators. Limits of 0 are not known.
    """

    processes: int = 0
    seconds: int = 0
    missing_seconds: int = 0
    busy_seconds: int = 0
    cpu_time: float = 0.0
    longest_loop_lag: float = 0.0
    longest_garbage_collection: float = 0.0
    scheduled_iterations: int = 0
    mean_send_lag: float = 0.0
    send_lag: Percentiles = _NO_PERCENTILES
    due: int = 0
    dropped: int = 0
    open_files: int = 0
    file_limit: int = 0
    ports: int = 0
    port_limit: int = 0
    lost: float = 0.0
    machines: tuple[MachineSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in numbers. `elapsed` is the measured time in seconds; `abandoned` requests were never sent.

    The slowest have the highest means, slowest first, five of each at most. `violated` thresholds are critical ones first.
    `verdict` is None where no second was recorded, and for runs older than verdicts.
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
    generator: GeneratorSummary = field(default_factory=GeneratorSummary)
    verdict: Verdict | None = None
    violated: tuple[Violated, ...] = ()


def summarize(total: Tick, least_users: int, most_users: int, strain: Strain | None = None, lost: float = 0.0) -> Summary:
    """The summary of all ticks of a run added up; `lost` is the share of the planned load that went with its generators."""
    strain = strain or Strain()

    def request(name: Name, stats: RequestStats) -> RequestSummary:
        return _request(name, stats, total.elapsed)

    all_tests, all_transactions, all_pages, all_requests = TestStats(), TransactionStats(), PageStats(), RequestStats()
    for test_stats in total.tests.values():
        all_tests.add(test_stats)
    for transaction_stats in total.transactions.values():
        all_transactions.add(transaction_stats)
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
        transaction=_transaction(everything, all_transactions),
        slowest_tests=_slowest(total.tests, lambda stats: stats.time, _test),
        slowest_pages=_slowest(total.pages, lambda stats: stats.time, _page),
        slowest_requests=_slowest(total.requests, lambda stats: stats.response, request),
        slowest_transactions=_slowest(total.transactions, lambda stats: stats.response, _transaction),
        generator=_generator(total, strain, lost),
        verdict=judge(total, strain, lost) if strain.seconds else None,
        violated=violated(total.errors),
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
        percent_meeting_goal=100 * stats.goals_met // stats.goals if stats.goals else 100,
        percentiles=_percentiles(stats.time),
    )


def _transaction(name: Name, stats: TransactionStats) -> TransactionSummary:
    return TransactionSummary(
        name=name.item,
        test=name.test,
        scenario=name.scenario,
        total=stats.total,
        mean_response_time=_seconds(stats.response.mean),
        mean_time=_seconds(stats.time.mean),
        percentiles=_percentiles(stats.response),
        passed=stats.passed,
        failed=stats.failed,
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
        cached=stats.cached,
        sent_bytes=stats.sent_bytes,
        received_bytes=stats.received_bytes,
        timings=Timings(
            connects=stats.connects,
            mean_dns_time=_mean(stats.dns_us, stats.connects),
            mean_connect_time=_mean(stats.connect_us, stats.connects),
            mean_tls_time=_mean(stats.tls_us, stats.connects),
            mean_first_byte_time=_mean(stats.first_byte_us, stats.first_bytes),
            mean_wait_time=_mean(stats.wait_us, stats.waits),
        ),
    )


def _generator(total: Tick, strain: Strain, lost: float) -> GeneratorSummary:
    health = total.health
    return GeneratorSummary(
        processes=health.processes,
        seconds=strain.seconds,
        missing_seconds=strain.missing,
        busy_seconds=strain.busy,
        cpu_time=_seconds(health.cpu_us),
        longest_loop_lag=_seconds(health.loop_lag_us),
        longest_garbage_collection=_seconds(health.gc_us),
        scheduled_iterations=health.send_lag.count,
        mean_send_lag=_seconds(health.send_lag.mean),
        send_lag=_percentiles(health.send_lag),
        due=sum(its.due for its in total.load.values()),
        dropped=sum(its.dropped for its in total.load.values()),
        open_files=health.open_files,
        file_limit=health.file_limit,
        ports=health.ports,
        port_limit=health.port_limit,
        lost=lost,
        machines=tuple(_machine(name, machine) for name, machine in sorted(total.machines.items())),
    )


def _machine(name: str, machine: Machine) -> MachineSummary:
    processor = machine.processors.get(ALL_PROCESSORS, Processor())
    busy = processor.total_us - processor.idle_us
    return MachineSummary(
        name=name,
        processor_time=100 * busy / processor.total_us if processor.total_us else 0.0,
        least_available=machine.memory.least_available,
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


def _mean(us: int, count: int) -> float:
    return _seconds(us / count) if count else 0.0


def _seconds(us: float) -> float:
    return us / 1_000_000
