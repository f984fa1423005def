"""What an engine process measures, kept cheaply while requests run and made into a Tick once a second.

A request costs one list append here. Ten times a second the values are counted (in C) and the different ones put into
histogram buckets: often, because requests wait meanwhile, and a pause of the generator must not show as one of the target.
"""

from collections import Counter
from time import time

from headrace.engine.failures import Failure
from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import ErrorName, ErrorStats, Name, PageStats, RequestStats, TestStats, Tick

# Redirects lead to URLs that a server makes up, so their number is bounded. Visual Studio's limits have the same sizes
# (MaxRequestUrlsReported, MaxErrorsPerType). What comes after is counted together under these names.
MOST_NAMES = 1000
MOST_ERRORS = 1000
OTHER_REQUESTS = "(other requests)"
OTHER_ERRORS = "(further different errors)"


class RequestMeasure:
    """One request name in the second under way; times in µs, sizes in bytes."""

    __slots__ = ("_stats", "content", "failed", "name", "quick", "received", "sent", "slow", "unsent")

    def __init__(self, name: Name) -> None:
        self.name = name
        # Sent at the moment it was wanted and answered in one read: response, service and first byte are one number.
        self.quick: list[int] = []
        # All others that were sent: (response, service, first byte or -1).
        self.slow: list[tuple[int, int, int]] = []
        # Failed before anything was sent: response only.
        self.unsent: list[int] = []
        self.failed = 0
        self.sent = 0
        self.received = 0
        self.content = 0
        self._stats = RequestStats()

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

    def take(self) -> RequestStats | None:
        """The second's numbers, None where there are none; starts the next second."""
        self.fold()
        stats = self._stats
        if not stats.response.count:
            return None
        stats.passed, stats.failed = stats.response.count - self.failed, self.failed
        stats.sent_bytes, stats.received_bytes, stats.content_bytes = self.sent, self.received, self.content
        self._stats = RequestStats()
        self.failed = self.sent = self.received = self.content = 0
        return stats


class PageMeasure:
    """One page name in the second under way."""

    __slots__ = ("_folded", "failed", "name", "times")

    def __init__(self, name: Name) -> None:
        self.name = name
        self.times: list[int] = []
        self.failed = 0
        self._folded = Histogram()

    def fold(self) -> None:
        if self.times:
            self._folded.add(_histogram(self.times))
            self.times.clear()

    def take(self) -> PageStats | None:
        self.fold()
        times, failed = self._folded, self.failed
        if not times.count:
            return None
        self._folded, self.failed = Histogram(), 0
        return PageStats(times.count - failed, failed, times)


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
            self._folded.add(_histogram(self.times))
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
        self._tests: dict[Name, TestMeasure] = {}
        self._errors: dict[ErrorName, ErrorStats] = {}
        self.abandoned = 0

    def request(self, name: Name) -> RequestMeasure:
        if name not in self._requests and len(self._requests) >= MOST_NAMES:
            name = name._replace(item=OTHER_REQUESTS)
        return self._requests.setdefault(name, RequestMeasure(name))

    def page(self, name: Name) -> PageMeasure:
        return self._pages.setdefault(name, PageMeasure(name))

    def test(self, name: Name) -> TestMeasure:
        return self._tests.setdefault(name, TestMeasure(name))

    def error(self, failure: Failure, name: Name, url: str, method: str) -> None:
        """Counts a failed request of the test and scenario of `name`."""
        error = ErrorName(failure.kind, failure.subkind, name.scenario, name.test, url, method, failure.message)
        if error not in self._errors and len(self._errors) >= MOST_ERRORS:
            error = ErrorName(failure.kind, failure.subkind, name.scenario, name.test, "", "", OTHER_ERRORS)
        stats = self._errors.setdefault(error, ErrorStats())
        stats.count += 1
        stats.last = time()

    def fold(self) -> None:
        """Does the part of the next Tick's work that can be done already."""
        for measures in (self._requests, self._pages, self._tests):
            for measure in measures.values():
                measure.fold()

    def take(self, second: int, elapsed: float) -> Tick:
        """The Tick of the second that is over, without load and health; starts the next."""
        tick = Tick(second, elapsed, errors=self._errors, abandoned=self.abandoned)
        self._errors = {}
        self.abandoned = 0
        for request in self._requests.values():
            if (request_stats := request.take()) is not None:
                tick.requests[request.name] = request_stats
        for page in self._pages.values():
            if (page_stats := page.take()) is not None:
                tick.pages[page.name] = page_stats
        for test in self._tests.values():
            if (test_stats := test.take()) is not None:
                tick.tests[test.name] = test_stats
        return tick


def _histogram(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(Counter(values).items())
    return histogram
