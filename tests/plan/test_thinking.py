"""plan/thinking.py: how long a virtual user thinks."""

from math import inf, isfinite, nan
from random import Random
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.pauses import Exponential, Normal, Pause, Uniform
from headrace.plan.thinking import compile_pause, is_none, judge_pause

seconds = st.one_of(st.just(0.0), st.floats(0, 7 * 86_400.0), st.integers(0, 100).map(float))
pauses: st.SearchStrategy[Pause] = st.one_of(
    seconds,
    st.tuples(seconds, seconds).map(lambda both: Uniform(min(both), max(both))),
    st.builds(Normal, seconds, seconds),
    st.builds(Exponential, seconds),
)


def _draw(pause: Pause, times: int, seed: int = 1) -> list[float]:
    think, random = compile_pause(pause), Random(seed)
    return [think(random) for _ in range(times)]


@given(pause=pauses, seed=st.integers(0, 99))
def test_no_pause_is_negative_and_the_seed_repeats_it(pause: Pause, seed: int) -> None:
    assert list(judge_pause(pause, "think_time")) == []
    drawn = _draw(pause, 20, seed)
    assert drawn == _draw(pause, 20, seed)
    assert all(isfinite(length) and length >= 0 for length in drawn)
    assert any(drawn) != is_none(pause) or isinstance(pause, Normal)
    assert not (is_none(pause) and any(drawn))


def test_a_number_is_a_constant_pause() -> None:
    assert _draw(2.5, 3) == [2.5, 2.5, 2.5]
    assert _draw(2, 1) == [2.0]


@pytest.mark.parametrize(
    ("pause", "average", "deviation"),
    [(Uniform(2.0, 4.0), 3.0, 2 / 12**0.5), (Normal(10.0, 2.0), 10.0, 2.0), (Exponential(5.0), 5.0, 5.0)],
)
def test_pauses_are_distributed_as_they_say(pause: Pause, average: float, deviation: float) -> None:
    drawn = _draw(pause, 20_000)
    assert mean(drawn) == pytest.approx(average, rel=0.03)
    assert stdev(drawn) == pytest.approx(deviation, rel=0.03)


def test_uniform_pauses_keep_to_their_bounds() -> None:
    assert all(2.0 <= length <= 4.0 for length in _draw(Uniform(2.0, 4.0), 1000))


def test_what_a_normal_distribution_has_below_0_is_0() -> None:
    drawn = _draw(Normal(0.0, 1.0), 1000)
    assert 400 < drawn.count(0.0) < 600


@pytest.mark.parametrize("pause", [0.0, 0, Uniform(0.0, 0.0), Normal(0.0, 0.0), Exponential(0.0)])
def test_some_pauses_are_none(pause: Pause) -> None:
    assert is_none(pause)


@pytest.mark.parametrize("pause", [0.1, Uniform(0.0, 0.1), Normal(0.0, 0.1), Normal(0.1, 0.0), Exponential(0.1)])
def test_others_are_not(pause: Pause) -> None:
    assert not is_none(pause)


@pytest.mark.parametrize(
    ("pause", "sentence"),
    [
        (-1.0, "think_time is -1.0: give seconds from 0 to 604800"),
        (nan, "think_time is nan: give"),
        (Uniform(2.0, 1.0), "think_time.low is 2.0, but think_time.high is 1.0: lower the one or raise the other"),
        (Uniform(0.0, inf), "think_time.high is inf: give"),
        (Normal(1.0, -0.1), "think_time.deviation is -0.1: give"),
        (Normal(604_801.0, 0.1), "think_time.mean is 604801.0: give"),
        (Exponential(-1.0), "think_time.mean is -1.0: give"),
    ],
)
def test_what_is_wrong_is_said_with_the_field_the_value_and_the_remedy(pause: Pause, sentence: str) -> None:
    sentences = list(judge_pause(pause, "think_time"))
    assert len(sentences) == 1
    assert sentences[0].startswith(sentence)
