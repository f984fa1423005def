"""Step and goal profiles to the second, by the formulas of the reference (visual-studio-formats, 5.2)."""

from math import floor
from typing import Any

import pytest

from headrace.plan.load import Constant, Goal, GoalCounter, Load, Steps
from tests.engine.users.simulation import Service, Simulation, mixed


def at_once(path: str, users: int) -> float:
    return 0.001


def loaded(
    monkeypatch: pytest.MonkeyPatch, load: Load, segments: int = 1, service: Service = at_once, **more: Any
) -> Simulation:
    """Users under this load who each make a request a second."""
    more = {"think_time": 0.999} | more
    return Simulation(monkeypatch, mixed(mix={"a": 100.0}, load=load, **more), service, segments)


# Steps


def stepped(load: Steps, at: int) -> int:
    """The reference's formula, word by word."""

    def base(number: int) -> int:
        return min(load.maximum, load.initial + number * load.step)

    number = floor(at / load.every)
    since = at - number * load.every
    if number >= 1 and since < load.ramp:
        return floor(base(number - 1) + (base(number) - base(number - 1)) * since / load.ramp + 1e-9)
    return base(number)


@pytest.mark.parametrize("segments", [1, 3, 8])
@pytest.mark.parametrize(
    "load",
    [
        Steps(initial=10, step=10, every=10.0, maximum=35),
        Steps(initial=1, step=7, every=20.0, maximum=50, ramp=10.0),
        Steps(initial=0, step=4, every=15.0, maximum=12, ramp=15.0),
    ],
)
def test_the_users_of_all_engines_follow_the_steps(monkeypatch: pytest.MonkeyPatch, load: Steps, segments: int) -> None:
    simulation = loaded(monkeypatch, load, segments).run(100)
    assert simulation.users == [stepped(load, at) for at in range(1, 101)]


def test_the_documented_step_from_100_to_200_users_over_20_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Steps(initial=100, step=100, every=1800.0, maximum=400, ramp=20.0)
    users = loaded(monkeypatch, load, segments=2, think_time=600.0).run(1850).users
    assert set(users[:1799]) == {100}
    assert users[1799:1820] == [100 + 5 * second for second in range(21)]  # five users a second
    assert set(users[1820:]) == {200}


def test_a_profile_begins_when_its_scenario_does(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Steps(initial=1, step=1, every=10.0, maximum=3)
    late = loaded(monkeypatch, load, delay=5.0).run(40)
    assert late.users == [0] * 4 + [1] * 10 + [2] * 10 + [3] * 16
    warm = loaded(monkeypatch, load, warm_up=5.0).run(40)  # its first users, and its time begins when the warm-up is over
    assert warm.users == [1] * 14 + [2] * 10 + [3] * 16
    idle = loaded(monkeypatch, load, warm_up=5.0, delay=5.0, idle_in_warm_up=True).run(40)
    assert idle.users == [0] * 9 + [1] * 10 + [2] * 10 + [3] * 11


@pytest.mark.parametrize("segments", [1, 4])
def test_users_arrive_evenly_over_the_warm_up(monkeypatch: pytest.MonkeyPatch, segments: int) -> None:
    simulation = loaded(monkeypatch, Constant(20), segments, warm_up=10.0, ramp_in_warm_up=True).run(20)
    arriving = simulation.users[:10]
    assert all(abs(users - 2 * (second + 1)) <= segments for second, users in enumerate(arriving))
    assert simulation.users[9:] == [20] * 11


# Goals


def goal(**more: Any) -> Goal:
    fields: dict[str, Any] = {"low": 0.35, "high": 0.65, "initial": 10, "minimum": 1, "maximum": 100, "interval": 5.0}
    return Goal(GoalCounter.RESPONSE_TIME, most_added=10, most_removed=15, **fields | more)


def slower(path: str, users: int) -> float:
    """A target whose answers take 10 ms for each user there is."""
    return 0.01 * users


def test_users_are_added_interval_by_interval_until_the_goal_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    # 0.1 s asks for 50 users and so do 0.2 and 0.3 s, ten more at most are given; at 40 users 0.4 s is within the goal
    simulation = loaded(monkeypatch, goal(), service=slower).run(30)
    assert simulation.users == [10] * 4 + [20] * 5 + [30] * 5 + [40] * 16


def test_users_are_taken_away_in_proportion_and_no_faster_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    # 1 s asks for half of 100 users, 15 less at most are taken: 85, 70, then 0.7 s asks for 50 and 0.55 s is within the goal
    simulation = loaded(monkeypatch, goal(initial=100), service=lambda path, users: 0.01 * simulation.loads[0].target)
    wanted = [simulation.run(1).loads[0].target for _ in range(30)]
    assert wanted == [100] * 4 + [85] * 5 + [70] * 5 + [55] * 16
    assert simulation.users[-1] == 55  # who was one too many ended its iteration first


def test_nothing_is_adjusted_in_the_warm_up_and_before_the_scenario_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    warm = loaded(monkeypatch, goal(), service=slower, warm_up=20.0).run(35)
    assert warm.users == [10] * 24 + [20] * 5 + [30] * 5 + [40]
    late = loaded(monkeypatch, goal(), service=slower, delay=20.0).run(30)
    assert late.users == [0] * 19 + [10] * 5 + [20] * 5 + [30]


def test_the_limits_hold_where_the_goal_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = loaded(monkeypatch, goal(maximum=25), service=at_once).run(20)
    assert quick.users == [10] * 4 + [20] * 5 + [25] * 11
    slow = loaded(monkeypatch, goal(minimum=7), service=lambda path, users: 2.0).run(20)
    assert [slow.users[3], slow.users[19]] == [10, 7]


def test_a_goal_that_was_reached_may_stop_the_adjusting(monkeypatch: pytest.MonkeyPatch) -> None:
    def ageing(path: str, users: int) -> float:
        return 0.01 * users if simulation.clock.now < 1_030_000_000_000 else 2.0

    for stops, users in ((True, 40), (False, 1)):
        simulation = loaded(monkeypatch, goal(stop_at_goal=stops), service=ageing)
        assert simulation.run(30).users[-1] == 40
        assert simulation.run(30).users[-1] == users


def test_where_more_users_lower_the_counter_lower_values_take_users_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def quicker(path: str, users: int) -> float:
        return 20.0 / users

    # 2 s asks for 40 of 10 users, 20 at most are given: then 1 s for 40, then 0.67 s for 40
    simulation = loaded(monkeypatch, goal(more_is_less=True, interval=30.0), service=quicker).run(200)
    assert simulation.users[29] == 20
    assert simulation.users[59] == 30
    assert simulation.users[89] == 40
    assert set(simulation.users[89:]) == {40}  # 0.5 s


@pytest.mark.parametrize("segments", [2, 5])
def test_engines_each_follow_their_share_of_the_goal(monkeypatch: pytest.MonkeyPatch, segments: int) -> None:
    load = goal(initial=10, maximum=100)
    simulation = loaded(monkeypatch, load, segments, service=slower).run(30)
    assert simulation.users == [10] * 4 + [20] * 5 + [30] * 5 + [40] * 16
