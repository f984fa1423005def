"""plan/arrivals.py: the intended instants of iterations."""

from heapq import merge
from itertools import islice, pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.arrivals import arrivals, arrivals_until, rate_at
from headrace.plan.load import Arrivals, RateStage, Spacing
from headrace.plan.segment import Segment
from tests.plan.loads import open_loads, split

WHOLE = Segment(0, 1)
EVEN = st.just(Spacing.EVEN)


def _integral(load: Arrivals, at: float) -> float:
    """The intended number of arrivals, added up on its own: the trapezium of each stage."""
    total, begin, rate = 0.0, 0.0, load.rate
    for stage in load.stages:
        length = min(stage.duration, max(0.0, at - begin))
        share = length / stage.duration if stage.duration else 0.0
        total += length * (rate + (rate + (stage.rate - rate) * share)) / 2
        begin, rate = begin + stage.duration, stage.rate
    return total + max(0.0, at - begin) * rate


@given(load=open_loads(), count=st.integers(1, 7), until=st.floats(0, 100), seed=st.integers(0, 3))
def test_the_segments_together_are_the_whole_sequence(load: Arrivals, count: int, until: float, seed: int) -> None:
    whole = list(arrivals(load, WHOLE, until, seed))
    shares = [list(arrivals(load, segment, until, seed)) for segment in split(count)]
    assert list(merge(*shares)) == whole
    assert all(share == whole[index::count] for index, share in enumerate(shares))


@given(load=open_loads(), until=st.floats(0, 100))
def test_instants_rise_and_are_before_the_end(load: Arrivals, until: float) -> None:
    instants = list(arrivals(load, WHOLE, until, 1))
    assert all(earlier <= later for earlier, later in pairwise(instants))
    assert all(0.0 <= instant < until for instant in instants)


@given(load=open_loads(EVEN))
def test_arrival_k_comes_when_the_intended_number_is_k(load: Arrivals) -> None:
    for number, instant in enumerate(islice(arrivals(load, WHOLE, 100.0, 1), 200)):
        assert _integral(load, instant) == pytest.approx(number, abs=1e-6)


@given(load=open_loads(EVEN), until=st.floats(0, 100))
def test_counting_agrees_with_listing(load: Arrivals, until: float) -> None:
    listed = len(list(arrivals(load, WHOLE, until, 1)))
    assert arrivals_until(load, until) == listed
    assert listed == pytest.approx(_integral(load, until), abs=1 + 1e-6)


@given(load=open_loads(EVEN), until=st.floats(1, 100))
def test_an_arrival_counts_just_after_its_instant(load: Arrivals, until: float) -> None:
    for number, instant in enumerate(islice(arrivals(load, WHOLE, until, 1), 50)):
        assert arrivals_until(load, instant) <= number


@given(load=open_loads(), at=st.floats(0, 100))
def test_the_rate_is_the_slope_of_the_intended_number(load: Arrivals, at: float) -> None:
    assert 0.0 <= rate_at(load, at) <= max(load.rate, *(stage.rate for stage in load.stages), 0.0)
    ends, begin = [0.0], 0.0
    for stage in load.stages:
        begin += stage.duration
        ends.append(begin)
    if all(abs(at - end) > 1e-3 for end in ends):
        slope = (_integral(load, at + 1e-4) - _integral(load, at - 1e-4)) / 2e-4
        assert rate_at(load, at) == pytest.approx(slope, abs=1e-4)


def test_a_constant_rate_begins_at_once_and_is_even() -> None:
    assert list(arrivals(Arrivals(4.0, 10), WHOLE, 1.5, 1)) == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]
    assert list(arrivals(Arrivals(4.0, 10), Segment(1, 4), 1.5, 1)) == [0.25, 1.25]


def test_a_ramp_is_solved_exactly() -> None:
    # JMeter's open model: on a ramp from b with the slope a, arrival k comes at (sqrt(b*b + 2*a*k) - b) / a
    load = Arrivals(2.0, 10, (RateStage(60.0, 3.0),))
    instants = list(arrivals(load, WHOLE, 60.0, 1))
    assert len(instants) == 150
    assert instants == pytest.approx([((4 + 2 * k / 60) ** 0.5 - 2) * 60 for k in range(150)])


def test_a_nearly_level_ramp_is_as_exact_as_a_level_one() -> None:
    level = list(arrivals(Arrivals(1000.0, 10), WHOLE, 100.0, 1))
    nearly = list(arrivals(Arrivals(1000.0, 10, (RateStage(100.0, 1000.0 + 1e-12),)), WHOLE, 100.0, 1))
    assert nearly == pytest.approx(level, abs=1e-9)


def test_nothing_arrives_while_the_rate_is_0() -> None:
    load = Arrivals(
        0.0, 10, (RateStage(5.0, 0.0), RateStage(0.0, 2.0), RateStage(1.0, 2.0), RateStage(0.0, 0.0), RateStage(3.0, 0.0))
    )
    assert list(arrivals(load, WHOLE, inf, 1)) == [5.0, 5.5]
    again = Arrivals(load.rate, 10, (*load.stages, RateStage(0.0, 2.0)))
    assert list(arrivals(again, WHOLE, 10.1, 1)) == [5.0, 5.5, 9.0, 9.5, 10.0]


def test_a_stage_has_whole_arrivals_where_its_numbers_say_so() -> None:
    # 0.07 * 100 is a little more than 7 in binary
    load = Arrivals(0.07, 10, (RateStage(100.0, 0.07), RateStage(0.0, 0.0)))
    assert len(list(arrivals(load, WHOLE, inf, 1))) == 7


def test_random_arrivals_have_the_intended_number_and_independent_gaps() -> None:
    load = Arrivals(50.0, 10, (RateStage(200.0, 150.0), RateStage(0.0, 0.0)), Spacing.POISSON)
    for seed in range(5):
        instants = list(arrivals(load, WHOLE, inf, seed))
        # 20 000 intended, the standard deviation is 141: six of them
        assert abs(len(instants) - 20_000) < 850
        # the first half of the time has 50 to 100 a second
        assert abs(sum(instant < 100.0 for instant in instants) - 7_500) < 520
    gaps = [
        later - earlier for earlier, later in pairwise(arrivals(Arrivals(10.0, 1, (), Spacing.POISSON), WHOLE, 2000.0, 1))
    ]
    # of an exponential distribution with the mean 0.1, e to the -1 is above the mean
    assert sum(gap > 0.1 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.02)


def test_random_arrivals_follow_the_seed() -> None:
    load = Arrivals(10.0, 10, (), Spacing.POISSON)
    first, again, other = (list(arrivals(load, WHOLE, 10.0, seed)) for seed in (1, 1, 2))
    assert first == again != other
