"""plan/goals.py: the next number of users, so that a counter stays within bounds."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.plan.goals import adjust, reached, share
from headrace.plan.load import Goal, GoalCounter
from headrace.plan.shapes import judge_load
from tests.plan.loads import split

# Visual Studio's own defaults, but for the counter
GOAL = Goal(GoalCounter.REQUESTS_PER_SECOND, 70.0, 90.0, initial=10, minimum=1, maximum=200, most_added=10, most_removed=20)


@st.composite
def goals(draw: st.DrawFn) -> Goal:
    low = draw(st.floats(0, 1e6))
    minimum, initial, maximum = sorted(draw(st.lists(st.integers(0, 1000), min_size=3, max_size=3)))
    return Goal(
        draw(st.sampled_from(GoalCounter)),
        low,
        low + draw(st.floats(0, 1e6)),
        initial,
        minimum,
        maximum,
        draw(st.integers(0, 200)),
        draw(st.integers(0, 200)),
        more_is_less=draw(st.booleans()),
    )


values = st.one_of(st.none(), st.floats(allow_infinity=True, allow_nan=True), st.floats(0, 2e6))


@pytest.mark.parametrize(
    ("users", "value", "following"),
    [
        (10, 70.0, 10),
        (10, 90.0, 10),
        (10, 64.0, 13),  # 10 * 80 / 64 = 12.5
        (10, 8.0, 20),  # ten times as many, but ten more at most
        (10, 0.0, 20),
        (100, 100.0, 80),
        (100, 91.0, 87),  # 100 * 80 / 91 = 87.9
        (100, 800.0, 80),
        (195, 8.0, 200),
        (1, 91.0, 1),
        (2, 91.0, 1),
        (10, None, 10),
        (10, nan, 10),
    ],
)
def test_the_counter_moves_the_users_in_proportion_within_the_limits(
    users: int, value: float | None, following: int
) -> None:
    assert adjust(GOAL, users, value) == following


def test_where_more_users_lower_the_counter_the_rule_is_turned_round() -> None:
    memory = replace(GOAL, more_is_less=True)
    assert adjust(memory, 10, 100.0) == 13  # 10 * 100 / 80 = 12.5
    assert adjust(memory, 100, 64.0) == 80
    assert adjust(memory, 100, 0.0) == 80


@given(goal=goals(), users=st.integers(0, 1000), value=values)
def test_the_next_number_keeps_to_the_limits_and_goes_the_right_way(goal: Goal, users: int, value: float | None) -> None:
    assert list(judge_load(goal)) == []
    users = min(max(users, goal.minimum), goal.maximum)
    following = adjust(goal, users, value)
    assert goal.minimum <= following <= goal.maximum
    assert -goal.most_removed <= following - users <= goal.most_added
    if value is None or value != value or reached(goal, value):
        assert following == users
    else:
        wants_more = (value < goal.low) != goal.more_is_less
        assert following >= users if wants_more else following <= users
        free = users < goal.maximum and goal.most_added if wants_more else users > goal.minimum and goal.most_removed
        assert not free or following != users


def test_the_goal_is_reached_within_the_bounds() -> None:
    assert [reached(GOAL, value) for value in (69.9, 70.0, 80.0, 90.0, 90.1, None, nan)] == [
        False,
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@given(goal=goals(), count=st.integers(1, 40))
def test_the_shares_add_up_to_the_goal(goal: Goal, count: int) -> None:
    shares = [share(goal, segment) for segment in split(count)]
    for name in ("initial", "minimum", "maximum", "most_added", "most_removed"):
        assert sum(getattr(each, name) for each in shares) == getattr(goal, name)
    assert all(each.minimum <= each.initial <= each.maximum for each in shares)


@given(goal=goals(), count=st.integers(1, 40))
def test_bounds_are_divided_only_where_the_counter_adds_up(goal: Goal, count: int) -> None:
    shares = [share(goal, segment) for segment in split(count)]
    if goal.counter in (GoalCounter.RESPONSE_TIME, GoalCounter.PAGE_TIME, GoalCounter.GENERATOR_CPU):
        assert {(each.low, each.high) for each in shares} == {(goal.low, goal.high)}
    elif goal.maximum:
        assert sum(each.low for each in shares) == pytest.approx(goal.low)
        assert sum(each.high for each in shares) == pytest.approx(goal.high)


@given(count=st.integers(1, 9), per_user=st.floats(0.5, 20))
def test_segments_that_each_follow_their_share_reach_the_goal_of_the_whole(count: int, per_user: float) -> None:
    goal = replace(GOAL, maximum=2000)
    shares = [share(goal, segment) for segment in split(count)]
    users = [each.initial for each in shares]
    for _ in range(300):
        users = [adjust(each, now, now * per_user) for each, now in zip(shares, users, strict=True)]
    # whole users: every segment may be off by what one user brings
    total = sum(users) * per_user
    assert 70.0 - count * per_user <= total <= 90.0 + count * per_user
