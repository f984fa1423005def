"""plan/shapes.py: how many users there are at every instant, and when a segment's number changes."""

from bisect import bisect_right
from itertools import pairwise
from math import inf, nan, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.load import (
    Arrivals,
    ClosedLoad,
    Constant,
    Goal,
    GoalCounter,
    Load,
    Part,
    RateStage,
    Sequence,
    Stage,
    Stages,
    Steps,
    Sum,
)
from headrace.plan.segment import Segment
from headrace.plan.shapes import changes, judge_load, most_users, users_at
from tests.plan.loads import closed_loads, split

WHOLE = Segment(0, 1)


@given(load=closed_loads, until=st.floats(1, 300))
def test_a_change_happens_at_its_instant_and_not_before(load: ClosedLoad, until: float) -> None:
    told = list(changes(load, WHOLE, until))
    assert told[0] == (0.0, users_at(load, 0.0))
    for (_, before), (instant, number) in pairwise(told):
        assert users_at(load, instant) == number
        assert users_at(load, nextafter(instant, 0.0)) == before


@given(load=closed_loads, until=st.floats(1, 300), at=st.floats(0, 1))
def test_nothing_changes_between_the_changes(load: ClosedLoad, until: float, at: float) -> None:
    told = list(changes(load, WHOLE, until))
    instant = at * until * (1 - 1e-9)
    assert users_at(load, instant) == told[bisect_right(told, (instant, inf)) - 1][1]


@given(load=closed_loads, count=st.integers(1, 9), until=st.floats(1, 300))
def test_the_segments_together_are_the_whole_at_every_instant(load: ClosedLoad, count: int, until: float) -> None:
    told = [list(changes(load, segment, until)) for segment in split(count)]
    instants = {instant for segment in told for instant, _ in segment} | {
        instant for instant, _ in changes(load, WHOLE, until)
    }
    for instant in instants:
        for at in (instant, max(0.0, nextafter(instant, 0.0))):
            shares = [segment[bisect_right(segment, (at, inf)) - 1][1] for segment in told]
            assert shares == [len(segment.users(users_at(load, at))) for segment in split(count)]


@given(load=closed_loads, count=st.integers(1, 9), data=st.data())
def test_changes_rise_and_each_is_one(load: ClosedLoad, count: int, data: st.DataObject) -> None:
    told = list(changes(load, data.draw(st.sampled_from(split(count))), 200.0))
    assert told[0][0] == 0.0
    assert all(earlier[0] < later[0] and earlier[1] != later[1] for earlier, later in pairwise(told))
    assert told[-1][0] < 200.0


@given(load=closed_loads, at=st.floats(0, 300))
def test_the_most_users_are_never_exceeded(load: ClosedLoad, at: float) -> None:
    assert 0 <= users_at(load, at) <= most_users(load)


@given(load=closed_loads)
def test_what_these_tests_draw_has_nothing_wrong_with_it(load: ClosedLoad) -> None:
    assert list(judge_load(load)) == []


def test_visual_studios_example_climbs_5_users_a_second_at_the_start_of_a_step() -> None:
    # documentation of the step pattern: 100 to 200 users over 20 s, each level for 1800 s
    load = Steps(initial=100, step=100, every=1800.0, maximum=300, ramp=20.0)
    seconds = (0, 1799.9, 1800, 1800.1, 1800.2, 1810, 1819.9, 1820, 3599, 3610, 3620, 90_000)
    assert [users_at(load, at) for at in seconds] == [100, 100, 100, 100, 101, 150, 199, 200, 200, 250, 300, 300]


def test_a_step_without_a_ramp_jumps_and_the_last_step_is_cut_to_the_maximum() -> None:
    load = Steps(initial=10, step=20, every=60.0, maximum=45)
    assert list(changes(load, WHOLE, 1000.0)) == [(0.0, 10), (60.0, 30), (120.0, 45)]
    assert list(changes(load, WHOLE, 120.0)) == [(0.0, 10), (60.0, 30)]


def test_a_ramp_has_each_user_at_its_own_instant_up_and_down() -> None:
    load = Stages((Stage(4.0, 4), Stage(2.0, 4), Stage(2.0, 0)))
    told = [(0.0, 0), (1.0, 1), (2.0, 2), (3.0, 3), (4.0, 4), (6.5, 3), (7.0, 2), (7.5, 1), (8.0, 0)]
    assert list(changes(load, WHOLE, 100.0)) == told
    assert list(changes(load, Segment(0, 3), 100.0)) == [(0.0, 0), (1.0, 1), (4.0, 2), (6.5, 1), (8.0, 0)]
    assert list(changes(load, Segment(1, 3), 100.0)) == [(0.0, 0), (2.0, 1), (7.5, 0)]


def test_the_last_user_of_a_ramp_comes_at_its_end_whatever_is_rounded() -> None:
    # 3.6 * 47 / 47 is 3.6000000000000005
    assert list(changes(Stages((Stage(3.6, 47),)), WHOLE, 100.0))[-1] == (3.6, 47)


def test_parts_follow_one_another_each_from_its_own_start_and_the_last_goes_on() -> None:
    ramp = Stages((Stage(10.0, 10),))
    load = Sequence((Part(2.5, ramp), Part(0.0, Constant(99)), Part(3.0, Constant(7)), Part(1.0, ramp)))
    told = [(0.0, 0), (1.0, 1), (2.0, 2), (2.5, 7), (5.5, 0), (6.5, 1), (7.5, 2), (8.5, 3)]
    assert list(changes(load, WHOLE, 9.0)) == told
    assert users_at(load, 1000.0) == 10


def _ultimate_row(threads: int, delay: float, startup: float, hold: float, shutdown: float) -> Stages:
    return Stages((Stage(delay, 0), Stage(startup, threads), Stage(hold, threads), Stage(shutdown, 0)))


def test_jmeters_ultimate_thread_group_is_a_sum_of_stages() -> None:
    rows = [(4, 0.0, 4.0, 10.0, 8.0), (10, 5.0, 1.0, 2.0, 0.0), (3, 30.0, 0.0, 1.0, 3.0)]
    # reference jmeter, 5.3: threads k = N .. 1 of a row start at d + u*k/N and end at d + u + h + s*k/N
    events = [
        event
        for n, d, u, h, s in rows
        for k in range(1, n + 1)
        for event in ((d + u * k / n, 1), (d + u + h + s * k / n, -1))
    ]
    load = Sum(tuple(_ultimate_row(*row) for row in rows))
    for instant in {at for at, _ in events}:
        assert users_at(load, instant) == sum(step for at, step in events if at <= instant)
    assert {instant for instant, _ in changes(load, WHOLE, 1000.0)} <= {0.0} | {at for at, _ in events}


def _stepping(n: int, delay: float, burst: int, step: int, period: float, ramp: float) -> Stages:
    """JMeter's Stepping Thread Group until all threads run: in a step, the first thread starts at once."""
    stages, present, size = [Stage(delay, 0)], 0, burst
    while present < n:
        last = min(present + size, n)
        spacing = ramp / size
        climb = spacing * (last - present - 1)
        stages += [Stage(0.0, present + 1), Stage(climb, last), Stage(period + ramp - climb, last)]
        present, size = last, step
    return Stages(tuple(stages))


def test_jmeters_stepping_thread_group_is_stages() -> None:
    n, delay, burst, step, period, ramp = 23, 3.0, 5, 8, 10.0, 4.0
    starts = []
    for thread in range(n):  # reference jmeter, 5.3
        bucket = 0 if thread < burst else 1 + (thread - burst) // step
        place, size = (thread, burst) if bucket == 0 else ((thread - burst) % step, step)
        starts.append(delay + bucket * (period + ramp) + place * ramp / size)
    told = list(changes(_stepping(n, delay, burst, step, period, ramp), WHOLE, 1000.0))
    assert [number for _, number in told] == list(range(n + 1))
    assert [instant for instant, _ in told[1:]] == pytest.approx(starts)


def test_a_segment_of_a_long_ramp_steps_over_the_users_of_the_others() -> None:
    # of a million users, ours are ten; with the others' instants this would take many seconds
    ramp = tuple(Stage(1000.0, users) for users in (1_000_000, 0) * 50)
    told = list(changes(Stages(ramp), Segment(7, 100_000), inf))
    assert len(told) == 1 + 100 * 10
    assert told[1] == (0.008, 1)


def test_the_most_users_of_the_other_shapes_are_their_limits() -> None:
    assert most_users(Goal(GoalCounter.ERRORS_PER_SECOND, 0, 1, 5, 1, 50, 5, 5)) == 50
    assert most_users(Arrivals(rate=100.0, users=30)) == 30


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        (Constant(-1), "load.users is -1: give a number of users from 0 to 1000000"),
        (Constant(1_000_001), "load.users is 1000001: give"),
        (Steps(10, 5, 10.0, 30, ramp=11.0), "load.ramp is 11.0, but load.every is 10.0: lower the one or raise the other"),
        (Steps(10, 5, 0.0, 30), "load.every is 0.0: give seconds from 0.001 to 604800"),
        (Steps(40, 5, 1.0, 30), "load.initial is 40, but load.maximum is 30"),
        (Stages((Stage(1.0, 1), Stage(nan, 1))), "load.stages[1].duration is nan: give seconds from 0 to 604800"),
        (Stages((Stage(1.0, 1),) * 10_001), "load.stages has 10001 entries: give 0 to 10000"),
        (Sequence(()), "load.parts has 0 entries: give 1 to 10000"),
        (Sum(()), "load.loads has 0 entries: give 1 to 10000"),
        (Sequence((Part(-1.0, Constant(1)),)), "load.parts[0].duration is -1.0: give"),
        (Sequence((Part(1.0, Sum((Constant(-2),))),)), "load.parts[0].load.loads[0].users is -2: give"),
        (Sum((Constant(600_000),) * 2), "load adds up to 1200000 users: give shapes with at most 1000000 users together"),
        (Goal(GoalCounter.RESPONSE_TIME, 3, 2, 1, 1, 9, 1, 1), "load.low is 3, but load.high is 2"),
        (Goal(GoalCounter.RESPONSE_TIME, 1, inf, 1, 1, 9, 1, 1), "load.high is inf: give a value of the counter"),
        (Goal(GoalCounter.RESPONSE_TIME, 1, 2, 10, 1, 9, 1, 1), "load.initial is 10, but load.maximum is 9"),
        (Goal(GoalCounter.RESPONSE_TIME, 1, 2, 1, 1, 9, 1, 1, interval=0.0), "load.interval is 0.0: give seconds from 1 "),
        (Arrivals(-1.0, 5), "load.rate is -1.0: give iterations a second from 0 to 1000000"),
        (Arrivals(nan, 5), "load.rate is nan: give"),
        (Arrivals(1.0, 0), "load.users is 0: give a number of users from 1 "),
        (Arrivals(1.0, 5, (RateStage(1.0, inf),)), "load.stages[0].rate is inf: give"),
    ],
)
def test_what_is_wrong_is_said_with_the_field_the_value_and_the_remedy(load: Load, sentence: str) -> None:
    sentences = list(judge_load(load))
    assert len(sentences) == 1
    assert sentences[0].startswith(sentence)


def test_shapes_within_shapes_have_an_end() -> None:
    load: ClosedLoad = Constant(1)
    for _ in range(8):
        load = Sum((load,))
    assert list(judge_load(load)) == []
    for _ in range(500):
        load = Sum((load,))
    [sentence] = judge_load(load, "scenario 'shop': load")
    assert sentence.startswith("scenario 'shop': load.loads[0]")
    assert sentence.endswith("is inside 8 other shapes: compose at most 8 levels")
