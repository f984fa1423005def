"""Ticks with few different names, so that additions meet."""

from hypothesis import strategies as st

from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import (
    ErrorName,
    ErrorStats,
    Example,
    ExampleKind,
    Health,
    Load,
    Name,
    PageStats,
    RequestStats,
    TestStats,
    Tick,
    TransactionStats,
    choose_examples,
)

SCENARIOS = ["Buy", "Look"]
NAMES = [Name(scenario, test, item) for scenario in SCENARIOS for test in ("t1", "t2") for item in ("/", "/a", "/b")]
TESTS = [Name(scenario, test, "") for scenario in SCENARIOS for test in ("t1", "t2")]
ERRORS = [
    ErrorName(kind, subkind, "Buy", "t1", url, "GET", "it failed")
    for kind, subkind in (
        ("HttpError", "404 - NotFound"),
        ("HttpError", "500 - InternalServerError"),
        ("Timeout", "RequestTimeout"),
    )
    for url in ("http://site/", "http://site/a")
]

_few = st.integers(0, 50)
_bytes = st.integers(0, 10**9)


@st.composite
def histograms(draw: st.DrawFn) -> Histogram:
    histogram = Histogram()
    for us in draw(st.lists(st.integers(0, 60_000_000), max_size=4)):
        histogram.record(us)
    return histogram


@st.composite
def request_stats(draw: st.DrawFn) -> RequestStats:
    response = draw(histograms())
    failed = draw(st.integers(0, response.count))
    waits = draw(st.tuples(_bytes, _few, _bytes, _few))
    connects = draw(st.tuples(_bytes, _bytes, _bytes, _few))
    counts = (*waits, *connects, draw(_few), *draw(st.tuples(_bytes, _bytes, _bytes)))
    return RequestStats(response.count - failed, failed, response, draw(histograms()), *counts)


page_stats = st.builds(PageStats, _few, _few, histograms(), _few, _few, _bytes)
transaction_stats = st.builds(TransactionStats, _few, _few, histograms(), histograms())
test_stats = st.builds(TestStats, _few, _few, _few, histograms())
error_stats = st.builds(ErrorStats, st.integers(1, 50), st.integers(0, 2_000_000_000).map(float))
loads = st.dictionaries(st.sampled_from(SCENARIOS), st.builds(Load, _few, _few, _few, _few))
_used = st.integers(0, 4)
healths = st.builds(
    Health,
    loop_lag_us=st.integers(0, 2_000_000),
    cpu_us=_bytes,
    processes=st.integers(0, 8),
    busiest_cpu_us=st.integers(0, 1_100_000),
    gc_us=st.integers(0, 200_000),
    send_lag=histograms(),
    open_files=_used,  # with small numbers, different generators are often equally scarce
    file_limit=_used,
    ports=_used,
    port_limit=_used,
)
# With few different values many are of one name and error, so that the bounds are reached.
examples = st.builds(
    Example,
    kind=st.sampled_from(ExampleKind),
    name=st.sampled_from(NAMES[:2]),
    at=st.integers(0, 3).map(float),
    response_us=st.integers(0, 3),
    service_us=st.integers(0, 1),
    url=st.just("http://site/"),
    method=st.just("GET"),
    status=st.just(404),
    error=st.sampled_from(["", "it failed"]),
    request=st.sampled_from(["GET / HTTP/1.1", "GET / HTTP/1.1\r\nAccept: */*"]),
    response=st.just("HTTP/1.1 404 Not Found"),
)


@st.composite
def ticks(draw: st.DrawFn, second: int) -> Tick:
    """A tick of this second that ended when the second did."""
    return Tick(
        second=second,
        elapsed=float(second + 1),
        load=draw(loads),
        requests=draw(st.dictionaries(st.sampled_from(NAMES), request_stats(), max_size=3)),
        pages=draw(st.dictionaries(st.sampled_from(NAMES), page_stats, max_size=2)),
        transactions=draw(st.dictionaries(st.sampled_from(NAMES), transaction_stats, max_size=2)),
        tests=draw(st.dictionaries(st.sampled_from(TESTS), test_stats, max_size=2)),
        errors=draw(st.dictionaries(st.sampled_from(ERRORS), error_stats, max_size=2)),
        health=draw(healths),
        abandoned=draw(_few),
        examples=choose_examples(draw(st.lists(examples, max_size=5))),
    )
