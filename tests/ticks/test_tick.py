import random
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import (
    MOST_EXAMPLES,
    MOST_FAILED,
    MOST_FAILURES,
    MOST_SLOW,
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
    decode_tick,
    encode_tick,
)
from tests.ticks.strategies import ERRORS, NAMES, SCENARIOS, examples, ticks

at_second_7 = ticks(second=7)


def engines(*parts: Tick) -> Tick:
    whole = Tick(7, 0.0)
    for part in parts:
        whole.add_engine(part)
    return whole


def seconds(*parts: Tick) -> Tick:
    whole = deepcopy(parts[0])
    for part in parts[1:]:
        whole.add_later(part)
    return whole


@given(at_second_7, at_second_7)
def test_engines_add_up_in_any_order(one: Tick, other: Tick) -> None:
    assert engines(one, other) == engines(other, one)


@given(at_second_7, at_second_7, at_second_7)
def test_engines_add_up_in_any_grouping(one: Tick, two: Tick, three: Tick) -> None:
    assert engines(engines(one, two), three) == engines(one, engines(two, three))


@given(ticks(second=0), ticks(second=1), ticks(second=2))
def test_seconds_add_up_in_any_grouping(one: Tick, two: Tick, three: Tick) -> None:
    assert seconds(seconds(one, two), three) == seconds(one, seconds(two, three))


@given(at_second_7, at_second_7)
def test_adding_leaves_the_added_tick_as_it_was_and_shares_nothing_with_it(one: Tick, other: Tick) -> None:
    before = deepcopy(other)
    for add in (Tick.add_engine, Tick.add_later):
        whole = deepcopy(one)
        add(whole, other)
        add(whole, whole_of_everything())
        assert other == before


@given(ticks(second=0), ticks(second=1))
def test_the_users_of_several_seconds_are_those_of_the_last_and_arrivals_are_those_of_all(one: Tick, two: Tick) -> None:
    both = seconds(one, two).load
    assert {scenario: (load.users, load.running) for scenario, load in both.items() if scenario in two.load} == {
        scenario: (load.users, load.running) for scenario, load in two.load.items()
    }
    assert all(load.users == load.running == 0 for scenario, load in both.items() if scenario not in two.load)
    for scenario, load in both.items():
        before, after = (tick.load.get(scenario, Load()) for tick in (one, two))
        assert (load.due, load.dropped) == (before.due + after.due, before.dropped + after.dropped)


@given(at_second_7, at_second_7)
def test_the_load_of_several_engines_is_their_sum(one: Tick, other: Tick) -> None:
    users = sum(load.users for tick in (one, other) for load in tick.load.values())
    assert sum(load.users for load in engines(one, other).load.values()) == users


def test_processes_are_those_that_ran_at_once() -> None:
    two_engines = engines(Tick(7, 8.0, health=Health(900, 10, 1, 10)), Tick(7, 8.0, health=Health(300, 20, 1, 20)))
    assert two_engines.health == Health(loop_lag_us=900, cpu_us=30, processes=2, busiest_cpu_us=20)
    one_engine = Tick(8, 9.0, health=Health(100, 5, 1, 5))
    assert seconds(two_engines, one_engine).health == Health(900, 35, 2, 20)
    assert seconds(one_engine, two_engines).health == Health(900, 35, 2, 20)


def test_files_and_ports_are_those_of_the_generator_where_they_are_scarcest() -> None:
    roomy = Health(open_files=500, file_limit=100_000, ports=9_000, port_limit=28_000)
    tight = Health(open_files=90, file_limit=100, ports=10_000, port_limit=60_000)
    unknown = Health(open_files=7_000, ports=50_000)
    whole = engines(*(Tick(7, 8.0, health=health) for health in (roomy, unknown, tight, roomy))).health
    assert (whole.open_files, whole.file_limit) == (90, 100)
    assert (whole.ports, whole.port_limit) == (9_000, 28_000)


@given(at_second_7)
def test_serialising_is_exact(tick: Tick) -> None:
    assert decode_tick(encode_tick(tick)) == tick


@given(at_second_7)
def test_serialising_keeps_the_order_of_names(tick: Tick) -> None:
    assert list(decode_tick(encode_tick(tick)).requests) == list(tick.requests)


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", msgspec.msgpack.encode({"second": "one", "elapsed": 1.0}), msgspec.msgpack.encode([])]
)
def test_what_is_no_tick_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_tick(data)


@dataclass(frozen=True)
class Event:
    """Something that was measured, by which process and when."""

    process: int
    second: int
    name: Name
    us: int
    lag_us: int
    failed: bool
    example: Example


events = st.builds(
    Event,
    process=st.integers(0, 2),
    second=st.integers(0, 3),
    name=st.sampled_from(NAMES[:3]),
    us=st.one_of(st.integers(0, 4000), st.integers(0, 60_000_000)),
    lag_us=st.integers(0, 100_000),
    failed=st.booleans(),
    example=examples,
)


def measured(recorded: list[Event], second: int) -> Tick:
    """The tick that one process would have made of these events."""
    tick = Tick(second, second + 1.0)
    for event in recorded:
        one = Counter(passed=not event.failed, failed=event.failed)
        requests = tick.requests.setdefault(event.name, RequestStats())
        pages = tick.pages.setdefault(event.name, PageStats())
        transactions = tick.transactions.setdefault(event.name, TransactionStats())
        tests = tick.tests.setdefault(event.name, TestStats())
        for stats in (requests, pages, transactions, tests):
            stats.passed += one["passed"]
            stats.failed += one["failed"]
        for times in (requests.response, requests.service, pages.time, transactions.time, transactions.response, tests.time):
            times.record(event.us)
        requests.dns_us += event.us
        requests.connects += 1
        tick.health.send_lag.record(event.lag_us)
        load = tick.load.setdefault(event.name.scenario, Load())
        load.due += 1
        load.dropped += event.failed
    tick.examples = choose_examples([event.example for event in recorded])
    return tick


def merged(parts: list[Tick], add: Callable[[Tick, Tick], None], order: random.Random, neighbours: bool) -> Tick:
    """All parts added up, two at a time in any order; with `neighbours` only a part and the one after it."""
    parts = deepcopy(parts)
    while len(parts) > 1:
        if not neighbours:
            order.shuffle(parts)
        first = order.randrange(len(parts) - 1)
        add(parts[first], parts.pop(first + 1))
    return parts[0]


@given(st.lists(events, max_size=30), st.randoms(use_true_random=False))
def test_any_split_over_processes_and_seconds_and_any_order_of_merging_gives_the_same_numbers(
    recorded: list[Event], order: random.Random
) -> None:
    by_second = [
        merged(
            [measured([e for e in recorded if (e.process, e.second) == (process, second)], second) for process in range(3)],
            Tick.add_engine,
            order,
            neighbours=False,
        )
        for second in range(4)
    ]
    split = merged(by_second, Tick.add_later, order, neighbours=True)
    whole = measured(recorded, 3)
    assert replace(split, second=3) == whole
    for name, stats in whole.requests.items():
        assert split.requests[name].response.percentiles(range(101)) == stats.response.percentiles(range(101))
    assert split.health.send_lag.percentiles(range(101)) == whole.health.send_lag.percentiles(range(101))


@given(st.lists(examples, max_size=40), st.randoms(use_true_random=False))
def test_any_order_of_choosing_gives_the_same_examples(found: list[Example], order: random.Random) -> None:
    chosen = choose_examples(found)
    parts = [found[start::3] for start in range(3)]
    order.shuffle(parts)
    kept: list[Example] = []
    for part in parts:
        order.shuffle(part)
        kept = choose_examples([*kept, *choose_examples(part)])
    assert kept == chosen


@given(st.lists(examples, max_size=40))
def test_the_slowest_of_each_name_and_the_first_of_each_error_are_chosen(found: list[Example]) -> None:
    chosen = choose_examples(found)
    assert set(chosen) <= set(found)
    for example in set(found) - set(chosen):
        rivals = [one for one in chosen if (one.kind, one.name, one.error) == (example.kind, example.name, example.error)]
        if example.kind is ExampleKind.FAILED:
            assert len(rivals) == MOST_FAILED
            assert all(one.at <= example.at for one in rivals)
        else:
            assert len(rivals) == MOST_SLOW
            assert all(one.response_us >= example.response_us for one in rivals)


def test_examples_are_bounded_whatever_the_number_of_names_and_errors() -> None:
    failed = Example(ExampleKind.FAILED, NAMES[0], 1.0, 5, 5, "http://site/", "GET", 500, "it failed", "request", "response")
    failures = [replace(failed, error=f"failed {number}") for number in range(500)]
    slow = [replace(failed, kind=ExampleKind.SLOW, error="", name=Name("s", "t", str(number))) for number in range(500)]
    assert len(choose_examples(failures)) == MOST_FAILURES
    assert len(choose_examples([*slow, *failures])) == MOST_EXAMPLES  # failures do not push out the slow ones


def whole_of_everything() -> Tick:
    """A tick that has every name of the strategy, so that adding it changes every part."""
    histogram = Histogram()
    histogram.record(5)
    tick = Tick(7, 8.0, load={scenario: Load(1, 1) for scenario in SCENARIOS})
    tick.requests = {name: RequestStats(1, 1, deepcopy(histogram), deepcopy(histogram)) for name in NAMES}
    tick.pages = {name: PageStats(1, 0, deepcopy(histogram), 1, 1, 9) for name in NAMES}
    tick.transactions = {name: TransactionStats(1, 0, deepcopy(histogram), deepcopy(histogram)) for name in NAMES}
    tick.errors = {error: ErrorStats(1, 1e12) for error in ERRORS}
    tick.health.send_lag.record(5)
    return tick
