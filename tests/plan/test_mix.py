"""plan/mix.py: which test a virtual user runs next."""

from collections import Counter
from itertools import pairwise
from math import inf, nan
from random import Random
from statistics import mean, stdev

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headrace.plan.mix import PacedMix, RunningMix, SequentialMix, StartedMix, stagger
from tests.plan.loads import split

weights = st.lists(
    st.one_of(st.integers(0, 100).map(float), st.floats(0.001, 100), st.sampled_from([33.3, 0.125, 1.0])),
    min_size=1,
    max_size=12,
).filter(any)


def _started(shares: list[float], starts: int) -> str:
    mix = StartedMix(shares)
    return "".join("ABCD"[mix.next()] for _ in range(starts))


@given(shares=weights)
def test_after_any_number_of_starts_every_count_is_within_one_of_its_share(shares: list[float]) -> None:
    mix, counts = StartedMix(shares), Counter[int]()
    for starts in range(1, 400):
        counts[mix.next()] += 1
        for test, share in enumerate(shares):
            assert abs(counts[test] - starts * share / sum(shares)) < 1


def test_many_rare_tests_beside_frequent_ones_do_not_come_late() -> None:
    # the largest deficit first would be 1.12 behind here
    shares = [1.94, 98.74, 3.33, 91.56, 10.9, 15.23, 1.94, 0.53, 35.21, 9.45, 20.04, 0.61]
    mix, counts = StartedMix(shares), Counter[int]()
    for starts in range(1, 5000):
        counts[mix.next()] += 1
        assert all(
            abs(counts[test] - starts * share / sum(shares)) <= 1 - 1 / 22 + 1e-9 for test, share in enumerate(shares)
        )


def test_starts_are_spread_smoothly() -> None:
    assert _started([3.0, 1.0], 8) == "AABAAABA"
    assert _started([1.0, 1.0], 6) == "ABABAB"
    assert sorted(_started([5.0, 1.0, 1.0], 7)) == list("AAAAABC")
    assert "AAAA" not in _started([5.0, 1.0, 1.0], 70)
    assert _started([0.0, 1.0, 0.0], 3) == "BBB"


def test_percentages_that_do_not_add_up_are_shares_of_their_sum() -> None:
    # reference visual-studio-formats, 5.4: 80 + 40 is 66.67 and 33.33
    assert Counter(_started([80.0, 40.0], 300)) == {"A": 200, "B": 100}


@pytest.mark.parametrize("shares", [[-1.0, 2.0], [nan], [inf, 1.0]])
def test_a_share_that_is_no_share_is_refused(shares: list[float]) -> None:
    for make in (StartedMix, RunningMix, lambda rates: PacedMix(rates, 0.0, 0.0, Random(1))):
        with pytest.raises(ValueError, match="give 0 or more"):
            make(shares)


@pytest.mark.parametrize("shares", [[0.0, 0.0], []])
def test_a_mix_of_nothing_is_refused(shares: list[float]) -> None:
    for make in (StartedMix, RunningMix, lambda rates: PacedMix(rates, 0.0, 0.0, Random(1))):
        with pytest.raises(ValueError, match="give at least one test a share"):
            make(shares)


@given(shares=weights, seed=st.integers(0, 99))
def test_the_users_who_run_each_test_are_within_one_of_its_share(shares: list[float], seed: int) -> None:
    mix, random, running = RunningMix(shares), Random(seed), Counter[int]()
    for _ in range(40):
        running[mix.next()] += 1
    for _ in range(300):
        # whoever ends, the next user takes the free place
        ended = random.choice([test for test, users in running.items() if users])
        mix.ended(ended)
        running[ended] -= 1
        running[mix.next()] += 1
        assert running.total() == 40
        for test, share in enumerate(shares):
            assert abs(running[test] - 40 * share / sum(shares)) < 1


@given(shares=weights, events=st.lists(st.one_of(st.none(), st.integers(0, 100)), max_size=200))
def test_a_user_more_runs_the_test_that_lacks_users_most(shares: list[float], events: list[int | None]) -> None:
    mix, running = RunningMix(shares), list[int]()
    for event in events:
        if event is None:
            counts, users = Counter(running), len(running) + 1
            lacking = [share / sum(shares) * users - counts[test] for test, share in enumerate(shares)]
            chosen = mix.next()
            # what a test should have is a whole number, within one of its share: so the choice is within two of the largest
            assert shares[chosen] > 0
            assert lacking[chosen] > max(lacking) - 2
            running.append(chosen)
        elif running:
            mix.ended(running.pop(event % len(running)))


@given(shares=weights, count=st.integers(1, 9), users=st.integers(1, 40))
def test_the_shares_of_users_hold_over_all_segments(shares: list[float], count: int, users: int) -> None:
    running = Counter[int]()
    for segment in split(count):
        mix = RunningMix(shares, segment)
        running.update(mix.next() for _ in segment.users(users))
    assert all(abs(running[test] - users * share / sum(shares)) < 1 for test, share in enumerate(shares))


@given(data=st.data(), shares=weights, count=st.integers(1, 4), users=st.integers(1, 40))
def test_users_who_run_tests_when_the_shares_change_run_the_others_next(
    data: st.DataObject, shares: list[float], count: int, users: int
) -> None:
    out = data.draw(st.integers(0, len(shares) - 1))
    changed = [0.0 if test == out else share for test, share in enumerate(shares)]
    assume(any(changed))
    total = Counter[int]()
    for segment in split(count):
        mix = RunningMix(shares, segment)
        running = [mix.next() for _ in segment.users(users)]
        mix.change(changed)
        for place in data.draw(st.permutations(range(len(running)))):  # each comes to the end of its test
            mix.ended(running[place])
            running[place] = mix.next()
            assert running[place] != out
        total.update(running)
    assert all(abs(total[test] - users * share / sum(changed)) < 1 for test, share in enumerate(changed))


def test_a_test_may_be_left_out_of_a_sequence_wherever_it_is() -> None:
    for started, left_out, following in (
        (0, 0, "BCBC"),
        (1, 0, "BCBC"),
        (2, 0, "CBCB"),
        (2, 1, "CACA"),
        (2, 2, "ABAB"),
        (0, 2, "ABAB"),
        (1, 1, "CACA"),
    ):
        mix = SequentialMix(3)
        for _ in range(started):
            mix.next()
        mix.leave_out(left_out)
        assert "".join("ABC"[mix.next()] for _ in range(4)) == following


def test_a_paced_test_that_is_left_out_changes_nothing_for_the_others() -> None:
    mix = PacedMix([60.0, 120.0, 30.0], offset=0.5, deviation=0.0, random=Random(1))
    assert [mix.next() for _ in range(2)] == [(1, 15.0), (0, 30.0)]
    mix.leave_out(0)
    assert [mix.next() for _ in range(4)] == [(1, 45.0), (2, 60.0), (1, 75.0), (1, 105.0)]


def test_in_a_sequence_every_test_comes_in_turn() -> None:
    mix = SequentialMix(3)
    assert [mix.next() for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]


def test_paced_tests_are_an_interval_apart() -> None:
    mix = PacedMix([60.0, 120.0, 0.0], offset=0.5, deviation=0.0, random=Random(1))
    assert [mix.next() for _ in range(6)] == [(1, 15.0), (0, 30.0), (1, 45.0), (1, 75.0), (0, 90.0), (1, 105.0)]


@given(rates=weights, offset=st.floats(0, 1), deviation=st.floats(0, 2), seed=st.integers(0, 99))
def test_paced_starts_rise_and_never_leave_the_schedule(
    rates: list[float], offset: float, deviation: float, seed: int
) -> None:
    mix = PacedMix(rates, offset, deviation, Random(seed))
    starts = [mix.next() for _ in range(200)]
    assert all(0 <= earlier[1] <= later[1] for earlier, later in pairwise(starts))
    for test, rate in enumerate(rates):
        own = [instant for chosen, instant in starts if chosen == test]
        assert rate or not own
        for number, instant in enumerate(own):
            assert abs(instant * rate / 3600 - (number + offset)) <= 0.5 + 1e-9


def test_pacing_intervals_have_the_deviation_asked_for_and_keep_the_rate() -> None:
    mix = PacedMix([3600.0], 0.0, 0.2, Random(1))
    starts = [mix.next()[1] for _ in range(20_001)]
    intervals = [later - earlier for earlier, later in pairwise(starts)]
    assert mean(intervals) == pytest.approx(1.0, abs=1e-4)
    assert stdev(intervals) == pytest.approx(0.2, rel=0.05)
    assert 0 <= min(intervals) <= max(intervals) <= 2


@given(users=st.integers(1, 500))
def test_users_are_staggered_evenly_however_many_there_are(users: int) -> None:
    offsets = sorted(stagger(user) for user in range(users))
    gaps = [later - earlier for earlier, later in pairwise([*offsets, offsets[0] + 1])]
    assert all(0 <= offset < 1 for offset in offsets)
    assert max(gaps) < 2 / users + 1e-9
