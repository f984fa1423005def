from copy import deepcopy

import msgspec
import pytest
from hypothesis import given

from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import ErrorStats, Health, Load, RequestStats, Tick, decode_tick, encode_tick
from tests.ticks.strategies import ERRORS, NAMES, SCENARIOS, ticks

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
def test_the_load_of_several_seconds_is_that_of_the_last(one: Tick, two: Tick) -> None:
    assert seconds(one, two).load == two.load


@given(at_second_7, at_second_7)
def test_the_load_of_several_engines_is_their_sum(one: Tick, other: Tick) -> None:
    users = sum(load.users for tick in (one, other) for load in tick.load.values())
    assert sum(load.users for load in engines(one, other).load.values()) == users


def test_processes_are_those_that_ran_at_once() -> None:
    two_engines = engines(Tick(7, 8.0, health=Health(900, 10, 1)), Tick(7, 8.0, health=Health(300, 20, 1)))
    assert two_engines.health == Health(loop_lag_us=900, cpu_us=30, processes=2)
    one_engine = Tick(8, 9.0, health=Health(100, 5, 1))
    assert seconds(two_engines, one_engine).health == Health(900, 35, 2)
    assert seconds(one_engine, two_engines).health == Health(900, 35, 2)


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


def whole_of_everything() -> Tick:
    """A tick that has every name of the strategy, so that adding it changes every part."""
    histogram = Histogram()
    histogram.record(5)
    tick = Tick(7, 8.0, load={scenario: Load(1, 1) for scenario in SCENARIOS})
    tick.requests = {name: RequestStats(1, 1, deepcopy(histogram), deepcopy(histogram)) for name in NAMES}
    tick.errors = {error: ErrorStats(1, 1e12) for error in ERRORS}
    return tick
