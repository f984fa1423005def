import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ticks.histogram import Histogram, bucket_of, bucket_top

microseconds = st.one_of(st.integers(0, 5000), st.integers(0, 10_000_000), st.integers(0, 2**50))
percents = st.floats(0, 100)


def histogram_of(values: list[int]) -> Histogram:
    histogram = Histogram()
    for us in values:
        histogram.record(us)
    return histogram


def nearest_rank(values: list[int], percent: float) -> int:
    exact = percent * len(values) / 100
    rank = round(exact) if abs(exact - round(exact)) < 1e-6 else math.ceil(exact)
    return sorted(values)[max(1, rank) - 1]


@given(microseconds)
def test_a_value_is_in_its_bucket_and_not_in_the_one_before(us: int) -> None:
    bucket = bucket_of(us)
    assert us <= bucket_top(bucket)
    assert bucket == 0 or bucket_top(bucket - 1) < us


@given(st.integers(0, 100_000))
def test_the_top_of_a_bucket_is_the_last_value_in_it(bucket: int) -> None:
    top = bucket_top(bucket)
    assert bucket_of(top) == bucket
    assert bucket_of(top + 1) == bucket + 1


@given(microseconds)
def test_a_bucket_is_at_most_a_1024th_of_its_values_wide(us: int) -> None:
    assert bucket_top(bucket_of(us)) - us <= us / 1024


@given(st.lists(st.tuples(microseconds, st.integers(0, 4)), max_size=60), st.randoms(use_true_random=False))
def test_any_split_over_histograms_and_any_order_of_merging_gives_the_same_histogram(
    values: list[tuple[int, int]], order: random.Random
) -> None:
    whole = histogram_of([us for us, _ in values])
    parts = [histogram_of([us for us, part in values if part == number]) for number in range(5)]
    order.shuffle(parts)
    while len(parts) > 1:
        other = parts.pop(order.randrange(len(parts)))
        order.choice(parts).add(other)
    assert parts[0] == whole
    assert parts[0].percentiles(range(101)) == whole.percentiles(range(101))


@given(st.lists(microseconds), st.lists(microseconds))
def test_adding_leaves_the_other_histogram_as_it_was(mine: list[int], others: list[int]) -> None:
    other = histogram_of(others)
    histogram_of(mine).add(other)
    assert other == histogram_of(others)


@given(st.lists(microseconds))
def test_count_total_low_and_high_are_exact(values: list[int]) -> None:
    histogram = histogram_of(values)
    assert histogram.count == len(values) == sum(histogram.counts.values())
    assert histogram.total == sum(values)
    assert histogram.low == min(values, default=0)
    assert histogram.high == max(values, default=0)
    assert histogram.mean == (sum(values) / len(values) if values else 0)


@given(st.lists(microseconds), st.lists(microseconds))
def test_recording_many_values_at_once_is_recording_each_of_them(first: list[int], second: list[int]) -> None:
    histogram = Histogram()
    histogram.record_all(first)
    histogram.record_all(second)
    assert histogram == histogram_of([*first, *second])


@given(st.lists(microseconds))
def test_serialising_is_exact(values: list[int]) -> None:
    histogram = histogram_of(values)
    for codec in (msgspec.msgpack, msgspec.json):
        assert codec.decode(codec.encode(histogram), type=Histogram) == histogram


@given(st.lists(microseconds, min_size=1, max_size=300), percents)
def test_a_percentile_is_at_most_a_1024th_above_the_nearest_rank_and_never_below(values: list[int], percent: float) -> None:
    exact = nearest_rank(values, percent)
    answered = histogram_of(values).percentile(percent)
    assert 0 <= answered - exact <= exact / 1024


@given(st.lists(microseconds, min_size=1), st.lists(percents, min_size=1))
def test_several_percentiles_come_in_the_order_asked_for(values: list[int], wanted: list[float]) -> None:
    histogram = histogram_of(values)
    assert histogram.percentiles(wanted) == [histogram.percentile(percent) for percent in wanted]


@given(st.lists(microseconds, min_size=1))
def test_percentiles_rise_and_end_at_the_highest_value(values: list[int]) -> None:
    answered = histogram_of(values).percentiles(range(101))
    assert answered == sorted(answered)
    assert answered[100] == max(values)


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_an_empty_histogram_answers_zero(percent: float) -> None:
    assert Histogram().percentile(percent) == 0
    assert Histogram().mean == 0
