"""What an engine process measures, kept cheaply while requests run and made into a Tick once a second.

A request costs one list append here. Ten times a second the values are counted (in C) and the different ones put into
histogram buckets: often, because requests wait meanwhile, and a pause of the generator must not show as one of the target.
"""

from collections.abc import Iterator
from functools import lru_cache
from time import perf_counter_ns, time
from typing import TYPE_CHECKING

from headrace.engine.http.failures import Failure
from headrace.engine.measuring.masking import mask_url
from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import ErrorName, ErrorStats, Name, PageStats, RequestStats, TestStats, Tick, TransactionStats

if TYPE_CHECKING:
    from headrace.engine.http.connection import Connection

# Redirects lead to URLs that a server makes up, and names may have variables, so their number is bounded. Visual Studio's
# limits have the same sizes (MaxRequestUrlsReported, MaxErrorsPerType). What comes after is counted together under these
# names.
MOST_NAMES = 1000
MOST_ERRORS = 1000
OTHER_REQUESTS = "(other requests)"
OTHER_PAGES = "(other pages)"
OTHER_ERRORS = "(further different errors)"
_NEVER = 2**62
# So many ns of folding at a time. All at once (1 ms for 5 names) would delay one answer in a hundred, and falsify the p99.
_PIECE = 100_000


class RequestMeasure:
    """One request name in the second under way; times in µs, sizes in bytes."""

    __slots__ = (
        "_stats",
        "bar",
        "cached",
        "connects",
        "content",
        "failed",
        "name",
        "quick",
        "received",
        "recorded",
        "sent",
        "slow",
        "unmade",
        "unsent",
    )

    def __init__(self, name: Name, recorded: bool = True) -> None:
        self.name = name
        self.recorded = recorded  # else it is in no result, nor are its failures
        # Sent at the moment it was wanted and answered in one read: response, service and first byte are one number.
        self.quick: list[int] = []
        # All others that were sent: (response, service, first byte or -1).
        self.slow: list[tuple[int, int, int]] = []
        # Failed before anything was sent: response only.
        self.unsent: list[int] = []
        # What making a connection took, for those that had to: (DNS, connect, TLS).
        self.connects: list[tuple[int, int, int]] = []
        # A response time in ns above which a request is worth keeping as an example.
        self.bar = -1 if recorded else _NEVER
        self.failed = 0
        # Could not even be made, because a variable had no value or an impossible one: failed, and no time is known.
        self.unmade = 0
        self.cached = 0
        self.sent = 0
        self.received = 0
        self.content = 0
        self._stats = RequestStats()

    def connected(self, connection: "Connection") -> None:
        """Its request was the first on a connection."""
        self.connects.append((connection.dns_us, connection.connect_us, connection.tls_us))

    def fold(self) -> None:
        """Moves the values into histograms."""
        stats = self._stats
        if self.quick:
            quick = _histogram(self.quick)
            stats.response.add(quick)
            stats.service.add(quick)
            stats.first_byte_us += quick.total
            stats.first_bytes += quick.count
            stats.waits += quick.count
            self.quick.clear()
        for response, service, first_byte in self.slow:
            stats.response.record(response)
            stats.service.record(service)
            stats.wait_us += response - service
            stats.waits += 1
            if first_byte >= 0:
                stats.first_byte_us += first_byte
                stats.first_bytes += 1
        self.slow.clear()
        for response in self.unsent:
            stats.response.record(response)
        self.unsent.clear()
        for dns, connect, tls in self.connects:
            stats.dns_us += dns
            stats.connect_us += connect
            stats.tls_us += tls
        stats.connects += len(self.connects)
        self.connects.clear()

    def take(self) -> RequestStats | None:
        """The second's numbers, None where there are none; starts the next second."""
        self.fold()
        stats = self._stats
        if not stats.response.count and not self.unmade and not self.cached:
            return None
        stats.passed, stats.failed = stats.response.count - self.failed, self.failed + self.unmade
        stats.cached = self.cached
        stats.sent_bytes, stats.received_bytes, stats.content_bytes = self.sent, self.received, self.content
        self._stats = RequestStats()
        self.failed = self.unmade = self.cached = self.sent = self.received = self.content = 0
        return stats


class PageMeasure:
    """One page name in the second under way."""

    __slots__ = ("_folded", "failed", "goal_us", "goals", "goals_met", "name", "times")

    def __init__(self, name: Name) -> None:
        self.name = name
        self.times: list[int] = []
        self.failed = 0
        self.goals = self.goals_met = self.goal_us = 0
        self._folded = Histogram()

    def fold(self) -> None:
        if self.times:
            self._folded.record_all(self.times)
            self.times.clear()

    def take(self) -> PageStats | None:
        self.fold()
        times, failed = self._folded, self.failed
        if not times.count:
            return None
        stats = PageStats(times.count - failed, failed, times, self.goals, self.goals_met, self.goal_us)
        self._folded, self.failed = Histogram(), 0
        self.goals = self.goals_met = self.goal_us = 0
        return stats


class TransactionMeasure:
    """One transaction name in the second under way; `responses` are the times without pauses."""

    __slots__ = ("_folded", "_responses", "failed", "name", "responses", "times")

    def __init__(self, name: Name) -> None:
        self.name = name
        self.times: list[int] = []
        self.responses: list[int] = []
        self.failed = 0
        self._folded = Histogram()
        self._responses = Histogram()

    def fold(self) -> None:
        if self.times:
            self._folded.record_all(self.times)
            self._responses.record_all(self.responses)
            self.times.clear()
            self.responses.clear()

    def take(self) -> TransactionStats | None:
        self.fold()
        times, responses, failed = self._folded, self._responses, self.failed
        if not times.count:
            return None
        self._folded, self._responses, self.failed = Histogram(), Histogram(), 0
        return TransactionStats(times.count - failed, failed, times, responses)


class TestMeasure:
    """One test in the second under way."""

    __slots__ = ("_folded", "failed", "name", "requests", "times")
    __test__ = False  # not a pytest class

    def __init__(self, name: Name) -> None:
        self.name = name
        self.times: list[int] = []
        self.failed = 0
        self.requests = 0
        self._folded = Histogram()

    def fold(self) -> None:
        if self.times:
            self._folded.record_all(self.times)
            self.times.clear()

    def take(self) -> TestStats | None:
        self.fold()
        times, failed, requests = self._folded, self.failed, self.requests
        if not times.count:
            return None
        self._folded, self.failed, self.requests = Histogram(), 0, 0
        return TestStats(times.count - failed, failed, requests, times)


class Measures:
    """All measures of one engine process."""

    def __init__(self) -> None:
        self._requests: dict[Name, RequestMeasure] = {}
        self._pages: dict[Name, PageMeasure] = {}
        self._transactions: dict[Name, TransactionMeasure] = {}
        self._tests: dict[Name, TestMeasure] = {}
        self._errors: dict[ErrorName, ErrorStats] = {}
        self.abandoned = 0
        # Of what is sent and not recorded.
        self.unrecorded_request = RequestMeasure(Name("", "", ""), recorded=False)
        self.unrecorded_page = PageMeasure(Name("", "", ""))

    def request(self, name: Name) -> RequestMeasure:
        if name not in self._requests and len(self._requests) >= MOST_NAMES:
            name = name._replace(item=OTHER_REQUESTS)
        return self._requests.setdefault(name, RequestMeasure(name))

    def page(self, name: Name) -> PageMeasure:
        if name not in self._pages and len(self._pages) >= MOST_NAMES:
            name = name._replace(item=OTHER_PAGES)
        return self._pages.setdefault(name, PageMeasure(name))

    def transaction(self, name: Name) -> TransactionMeasure:
        return self._transactions.setdefault(name, TransactionMeasure(name))

    def test(self, name: Name) -> TestMeasure:
        return self._tests.setdefault(name, TestMeasure(name))

    def error(self, failure: Failure, name: Name, url: str, method: str) -> None:
        """Counts a failed request of the test and scenario of `name`."""
        shown = _shown(url)
        error = ErrorName(failure.kind, failure.subkind, name.scenario, name.test, shown, method, failure.message)
        if error not in self._errors and len(self._errors) >= MOST_ERRORS:
            error = ErrorName(failure.kind, failure.subkind, name.scenario, name.test, "", "", OTHER_ERRORS)
        stats = self._errors.setdefault(error, ErrorStats())
        stats.count += 1
        stats.last = time()

    def fold(self) -> Iterator[None]:
        """Does the part of the next Tick's work that can be done already, in pieces: answers that come meanwhile wait."""
        began = perf_counter_ns()
        groups = (self._requests, self._pages, self._transactions, self._tests)
        folds = [measure.fold for measures in groups for measure in measures.values()]
        for fold in folds:
            fold()
            if perf_counter_ns() - began > _PIECE:
                yield
                began = perf_counter_ns()

    def take(self, second: int, elapsed: float) -> Tick:
        """The Tick of the second that is over, without load and health; starts the next."""
        tick = Tick(second, elapsed, errors=self._errors, abandoned=self.abandoned)
        self._errors = {}
        self.abandoned = 0
        nowhere = self.unrecorded_request
        for values in (nowhere.quick, nowhere.slow, nowhere.unsent, nowhere.connects, self.unrecorded_page.times):
            values.clear()
        for request in self._requests.values():
            if (request_stats := request.take()) is not None:
                tick.requests[request.name] = request_stats
        for page in self._pages.values():
            if (page_stats := page.take()) is not None:
                tick.pages[page.name] = page_stats
        for transaction in self._transactions.values():
            if (transaction_stats := transaction.take()) is not None:
                tick.transactions[transaction.name] = transaction_stats
        for test in self._tests.values():
            if (test_stats := test.take()) is not None:
                tick.tests[test.name] = test_stats
        return tick


@lru_cache(maxsize=2 * MOST_ERRORS)
def _shown(url: str) -> str:
    """The URL without secrets: errors stand in results and reports. The same few fail again and again."""
    return mask_url(url)


def _histogram(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values)
    return histogram
