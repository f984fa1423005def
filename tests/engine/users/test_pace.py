"""A user's schedule: its iterations keep their distance, and its rate whatever deviates."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random
from statistics import mean, stdev
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.engine.users.pace import SECOND, Pace
from headrace.engine.users.user import VirtualUser
from headrace.plan.model import Mix, Scenario, TestShare
from tests.engine.running import plan

START = 5 * SECOND


@dataclass
class User:
    """What a pace asks of its user."""

    number: int = 0
    now: int = START
    random: Random = Random(1)  # noqa: RUF009 - the same for all is as good


def scenario(**more: object) -> Scenario:
    return replace(plan("http://shop.test/").scenarios[0], **more)


def pace(user: User | None = None, **more: object) -> Pace:
    made = Pace.make(scenario(**more), cast(VirtualUser, user or User()))
    assert made is not None
    return made


def starts(made: Pace, number: int) -> list[float]:
    """When so many iterations begin, in seconds after the user came."""
    found = []
    for _ in range(number):
        made.next()
        assert made.due is not None
        found.append((made.due - START) / SECOND)
    return found


def test_a_user_without_pacing_has_no_schedule() -> None:
    for mix_by in (Mix.TESTS_STARTED, Mix.USERS_RUNNING):
        assert Pace.make(scenario(mix_by=mix_by, pacing_deviation=0.5), cast(VirtualUser, User())) is None


@given(st.integers(0, 10_000), st.floats(0.001, 1000))
def test_starts_are_one_interval_apart_from_an_offset_of_the_users_own(number: int, interval: float) -> None:
    found = starts(pace(User(number), pacing=interval), 20)
    assert 0 <= found[0] < interval
    assert all(abs(second - first - interval) < 1e-6 for first, second in pairwise(found))


def test_users_who_come_together_are_spread_over_the_interval() -> None:
    firsts = sorted(starts(pace(User(number), pacing=10.0), 1)[0] for number in range(100))
    assert firsts[0] == 0.0
    assert max(second - first for first, second in pairwise([*firsts, 10.0])) < 0.3


def test_intervals_deviate_around_the_schedule_and_the_rate_holds() -> None:
    found = starts(pace(User(3), pacing=2.0, pacing_deviation=0.2), 2000)
    intervals = [second - first for first, second in pairwise(found)]
    assert all(interval >= 0 for interval in intervals)  # starts never change places
    assert mean(intervals) == pytest.approx(2.0, abs=0.002)
    assert stdev(intervals) == pytest.approx(0.4, rel=0.1)
    assert all(abs(at - (number + starts(pace(User(3), pacing=1.0), 1)[0]) * 2.0) <= 1.0 for number, at in enumerate(found))


def test_a_large_deviation_is_no_reason_to_begin_before_the_user_came() -> None:
    found = starts(pace(User(0), pacing=1.0, pacing_deviation=5.0), 200)
    assert found[0] >= 0
    assert found == sorted(found)


def test_without_a_test_of_its_own_the_scenarios_mix_decides() -> None:
    assert pace(pacing=1.0).next() is None


def test_a_sequential_mix_has_no_times_of_its_own() -> None:
    made = pace(mix_by=Mix.SEQUENTIAL, mix=tuple(TestShare(name) for name in "abc"))
    assert [made.next() for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]
    assert made.due is None
    paced = pace(mix_by=Mix.SEQUENTIAL, mix=tuple(TestShare(name) for name in "ab"), pacing=3.0)
    assert [paced.next(), paced.next(), paced.due] == [0, 1, START + 3 * SECOND]


def test_a_mix_by_pacing_runs_each_test_so_often_an_hour() -> None:
    made = pace(mix_by=Mix.PACING, mix=(TestShare("a", 360.0), TestShare("b", 120.0), TestShare("c", 0.0)))
    found: dict[int, list[int]] = {0: [], 1: [], 2: []}
    due = 0
    for _ in range(40):
        test = made.next()
        assert test is not None
        assert made.due is not None
        assert made.due >= due
        due = made.due
        found[test].append(due - START)
    assert {second - first for first, second in pairwise(found[0])} == {10 * SECOND}
    assert {second - first for first, second in pairwise(found[1])} == {30 * SECOND}
    assert found[2] == []
