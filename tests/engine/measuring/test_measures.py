"""Measures become a Tick, exactly."""

from dataclasses import dataclass
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.connection import Connection
from headrace.engine.http.failures import http_error, timed_out
from headrace.engine.measuring.measures import MOST_ERRORS, MOST_NAMES, OTHER_ERRORS, OTHER_PAGES, OTHER_REQUESTS, Measures
from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import Load, Name, RequestStats, Tick

NAME = Name("Scenario", "Test", "/")
_us = st.integers(0, 10_000_000)
# What happens in a second: answered at once, answered in parts, not sent, or the values are folded in between.
_events = st.lists(
    st.one_of(
        st.tuples(st.just("quick"), _us),
        st.tuples(st.just("slow"), st.tuples(_us, _us, st.integers(-1, 10_000))),
        st.tuples(st.just("unsent"), _us),
        st.tuples(st.just("fold"), st.none()),
    ),
    max_size=40,
)


def histogram(values: list[int]) -> Histogram:
    result = Histogram()
    for value in values:
        result.record(value)
    return result


@given(_events, st.integers(0, 5), st.integers(0, 10**6))
def test_every_value_is_in_the_tick_once(events: list[tuple[str, object]], failed: int, size: int) -> None:
    measures = Measures()
    measure = measures.request(NAME)
    quick: list[int] = []
    slow: list[tuple[int, int, int]] = []
    unsent: list[int] = []
    for kind, value in events:
        if kind == "fold":
            list(measures.fold())
        else:
            getattr(measure, kind).append(value)
            {"quick": quick, "slow": slow, "unsent": unsent}[kind].append(value)  # type: ignore[attr-defined]
    count = len(quick) + len(slow) + len(unsent)
    measure.failed = failed = min(failed, count)
    measure.sent, measure.received, measure.content = size, size + 1, size + 2

    tick = measures.take(7, 8.0)

    if not count:
        assert tick.requests == {}
        return
    assert tick.requests == {
        NAME: RequestStats(
            passed=count - failed,
            failed=failed,
            response=histogram([*quick, *(response for response, _, _ in slow), *unsent]),
            service=histogram([*quick, *(service for _, service, _ in slow)]),
            first_byte_us=sum(quick) + sum(first for _, _, first in slow if first >= 0),
            first_bytes=len(quick) + sum(first >= 0 for _, _, first in slow),
            wait_us=sum(response - service for response, service, _ in slow),
            waits=len(quick) + len(slow),
            sent_bytes=size,
            received_bytes=size + 1,
            content_bytes=size + 2,
        )
    }
    assert (tick.second, tick.elapsed) == (7, 8.0)
    assert measures.take(8, 9.0) == Tick(8, 9.0)  # nothing is told twice


@given(st.lists(_us, max_size=20), st.lists(_us, max_size=20), st.booleans())
def test_pages_and_tests_are_in_the_tick_once(pages: list[int], tests: list[int], folded: bool) -> None:
    measures = Measures()
    page, test = measures.page(NAME), measures.test(NAME)
    page.times.extend(pages)
    test.times.extend(tests)
    page.failed, test.failed, test.requests = len(pages) // 2, len(tests) // 3, 3 * len(tests)
    if folded:
        list(measures.fold())
    tick = measures.take(0, 1.0)
    if pages:
        stats = tick.pages[NAME]
        assert (stats.total, stats.failed, stats.time) == (len(pages), len(pages) // 2, histogram(pages))
    if tests:
        result = tick.tests[NAME]
        assert (result.total, result.failed, result.requests) == (len(tests), len(tests) // 3, 3 * len(tests))
        assert result.time == histogram(tests)
    assert (bool(tick.pages), bool(tick.tests)) == (bool(pages), bool(tests))
    assert measures.take(1, 2.0) == Tick(1, 2.0)


@dataclass
class Connected:
    """What making a connection took, as a connection tells it."""

    dns_us: int
    connect_us: int
    tls_us: int


@given(st.lists(st.tuples(_us, _us, _us), max_size=20), st.booleans())
def test_what_making_connections_took_is_in_the_tick_once(connects: list[tuple[int, int, int]], folded: bool) -> None:
    measures = Measures()
    measure = measures.request(NAME)
    for times in connects:
        measure.connected(cast(Connection, Connected(*times)))
    measure.quick.append(1)
    if folded:
        list(measures.fold())
    stats = measures.take(0, 1.0).requests[NAME]
    assert stats.connects == len(connects)
    assert (stats.dns_us, stats.connect_us, stats.tls_us) == tuple(
        sum(times[part] for times in connects) for part in range(3)
    )
    measure.quick.append(1)
    assert measures.take(1, 2.0).requests[NAME] == RequestStats(
        1, 0, histogram([1]), histogram([1]), first_byte_us=1, first_bytes=1, waits=1
    )


def test_requests_that_could_not_be_made_have_failed_without_a_time() -> None:
    measures = Measures()
    measure = measures.request(NAME)
    measure.unmade = 2
    measure.quick += [5, 6]
    measure.failed = 1
    stats = measures.take(0, 1.0).requests[NAME]
    assert (stats.passed, stats.failed, stats.total, stats.response.count) == (1, 3, 4, 2)
    measure.unmade = 1
    assert measures.take(1, 2.0).requests[NAME] == RequestStats(failed=1)
    assert measures.take(2, 3.0).requests == {}


def test_what_the_cache_answered_is_counted_apart() -> None:
    measures = Measures()
    measure = measures.request(NAME)
    measure.cached = 3
    assert measures.take(0, 1.0).requests[NAME] == RequestStats(cached=3)
    assert measures.take(1, 2.0).requests == {}


def test_pages_tell_their_goals() -> None:
    measures = Measures()
    page = measures.page(NAME)
    page.times += [1, 2, 3]
    page.goals, page.goals_met, page.goal_us = 3, 2, 6_000_000
    stats = measures.take(0, 1.0).pages[NAME]
    assert (stats.goals, stats.goals_met, stats.goal_us) == (3, 2, 6_000_000)
    page.times += [1]
    stats = measures.take(1, 2.0).pages[NAME]
    assert (stats.total, stats.goals, stats.goals_met, stats.goal_us) == (1, 0, 0, 0)


@given(st.lists(st.tuples(_us, _us), max_size=20), st.booleans())
def test_transactions_are_in_the_tick_once_with_and_without_their_pauses(times: list[tuple[int, int]], folded: bool) -> None:
    measures = Measures()
    transaction = measures.transaction(NAME)
    for time, response in times:
        transaction.times.append(time)
        transaction.responses.append(response)
    transaction.failed = len(times) // 2
    if folded:
        list(measures.fold())
    tick = measures.take(0, 1.0)
    assert bool(tick.transactions) is bool(times)
    if times:
        stats = tick.transactions[NAME]
        assert (stats.total, stats.failed) == (len(times), len(times) // 2)
        assert stats.time == histogram([time for time, _ in times])
        assert stats.response == histogram([response for _, response in times])
    assert measures.take(1, 2.0) == Tick(1, 2.0)


def test_names_of_pages_are_bounded_as_those_of_requests_are() -> None:
    measures = Measures()
    for number in range(MOST_NAMES + 100):
        measures.page(Name("s", "t", str(number))).times.append(number)
    pages = measures.take(0, 1.0).pages
    assert len(pages) == MOST_NAMES + 1
    assert pages[Name("s", "t", OTHER_PAGES)].total == 100


def test_what_is_not_recorded_is_in_no_tick_and_not_kept() -> None:
    measures = Measures()
    nowhere = measures.unrecorded_request
    for values in (nowhere.quick, nowhere.unsent, measures.unrecorded_page.times):
        values.append(7)
    nowhere.slow.append((1, 2, 3))
    assert measures.take(0, 1.0) == Tick(0, 1.0)
    assert nowhere.quick == nowhere.slow == nowhere.unsent == measures.unrecorded_page.times == []
    assert nowhere.bar > 10**18  # never slow enough for an example


def test_folding_pauses_now_and_then_and_misses_nothing() -> None:
    measures = Measures()
    for number in range(MOST_NAMES):
        measures.request(Name("s", "t", str(number))).quick += range(100)
    pauses = 0
    for _ in measures.fold():
        pauses += 1
        measures.request(NAME)  # what is new meanwhile does no harm
    assert pauses > 3
    tick = measures.take(0, 1.0)
    assert sum(stats.response.count for stats in tick.requests.values()) == MOST_NAMES * 100


def test_errors_are_counted_by_what_makes_them_the_same() -> None:
    measures = Measures()
    for failure, url in ((http_error(404), "/a"), (http_error(404), "/b"), (http_error(404), "/a"), (timed_out(3), "/a")):
        measures.error(failure, NAME, url, "GET")
    errors = measures.take(0, 1.0).errors
    assert {(error.kind, error.subkind, error.url): stats.count for error, stats in errors.items()} == {
        ("HttpError", "404 - NotFound", "/a"): 2,
        ("HttpError", "404 - NotFound", "/b"): 1,
        ("Timeout", "RequestTimeout", "/a"): 1,
    }
    assert all(stats.last > 1.7e9 for stats in errors.values())
    assert measures.take(1, 2.0).errors == {}


def test_more_different_names_than_allowed_are_counted_together() -> None:
    measures = Measures()
    kept = [measures.request(Name("s", "t", f"/{number}")) for number in range(MOST_NAMES)]
    others = [measures.request(Name("s", "t", f"/more/{number}")) for number in range(5)]
    assert len({id(other) for other in others}) == 1
    assert others[0].name == Name("s", "t", OTHER_REQUESTS)
    assert measures.request(Name("s", "t", "/7")) is kept[7]
    assert measures.request(Name("other", "t", "/x")).name == Name("other", "t", OTHER_REQUESTS)


def test_more_different_errors_than_allowed_are_counted_together_and_none_is_lost() -> None:
    measures = Measures()
    for number in range(MOST_ERRORS + 500):
        measures.error(http_error(404), NAME, f"/{number}", "GET")
    errors = measures.take(0, 1.0).errors
    assert len(errors) == MOST_ERRORS + 1
    assert sum(stats.count for stats in errors.values()) == MOST_ERRORS + 500
    assert sum(stats.count for error, stats in errors.items() if error.message == OTHER_ERRORS) == 500


def test_the_same_name_has_one_measure() -> None:
    measures = Measures()
    assert measures.request(NAME) is measures.request(NAME)
    assert measures.page(NAME) is measures.page(NAME)
    assert measures.test(NAME) is measures.test(NAME)
    assert Load() == Load(0, 0)


def test_an_error_does_not_tell_the_secrets_of_its_url() -> None:
    measures = Measures()
    measures.error(http_error(500), NAME, "http://shop.test/a?token=abc&page=2", "GET")
    (error,) = measures.take(0, 1.0).errors
    assert "abc" not in error.url
    assert error.url.startswith("http://shop.test/a?token=")
    assert error.url.endswith("&page=2")
