"""visual_studio/load_profiles.py: how many users there are at every second, from the text of the file on."""

from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.diagnostics import Severity
from headrace.plan.goals import adjust, reached
from headrace.plan.load import Constant, Goal, GoalCounter, Load, Steps
from headrace.plan.readers.visual_studio.load_profiles import read_load_profile
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.shapes import judge_load, users_at
from tests.plan.readers.visual_studio.load_test_files import messages, new_reading, tree

GOAL = (
    'Pattern="GoalBased" InitialUsers="10" MachineName="DEVBOX" CategoryName="LoadTest:Request" CounterName="Requests/Sec" '
    'InstanceName="_Total" MinUserCount="1" MaxUserCount="200" MaxUserCountIncrease="10" MaxUserCountDecrease="20" '
    'MinTargetValue="70" MaxTargetValue="90" HigherValuesBetter="false" StopAdjustingAtGoal="false"'
)


def read(attributes: str, interval: int = 15) -> tuple[Load | None, Reading]:
    reading = new_reading()
    return read_load_profile(reading, tree(f"<Scenario><LoadProfile {attributes} /></Scenario>"), interval), reading


def test_a_constant_load() -> None:
    load, reading = read('Pattern="Constant" InitialUsers="25"')
    assert load == Constant(25)
    assert reading.findings == []


def test_a_step_load_to_the_second() -> None:
    """The example of the documentation: from 100 to 200 users over 20 s, 5 a second, each level for 1800 s in all."""
    load, reading = read(
        'Pattern="Step" InitialUsers="100" MaxUsers="400" StepUsers="100" StepDuration="1800" StepRampTime="20"'
    )
    assert isinstance(load, Steps)
    assert reading.findings == []
    assert {users_at(load, second) for second in range(1800)} == {100}
    assert [users_at(load, 1800 + second) for second in range(21)] == [100 + 5 * second for second in range(21)]
    assert {users_at(load, second) for second in range(1820, 3600)} == {200}
    assert [users_at(load, 3600 + second) for second in (0, 10, 20)] == [200, 250, 300]
    assert {users_at(load, second) for second in range(5420, 20_000, 7)} == {400}


@given(
    initial=st.integers(0, 50),
    maximum=st.integers(1, 100),
    step=st.integers(0, 30),
    every=st.integers(1, 20),
    ramp=st.integers(0, 20),
    at=st.integers(0, 400),
)
def test_a_step_load_is_what_the_reference_says_at_every_second(
    initial: int, maximum: int, step: int, every: int, ramp: int, at: int
) -> None:
    ramp = min(ramp, every)
    load, _ = read(
        f'Pattern="Step" InitialUsers="{initial}" MaxUsers="{maximum}" StepUsers="{step}" StepDuration="{every}" '
        f'StepRampTime="{ramp}"'
    )
    assert isinstance(load, Steps)
    assert list(judge_load(load)) == []

    def level(number: int) -> int:
        return min(maximum, initial + number * step)

    number, into = divmod(at, every)
    expected = level(number)
    if number >= 1 and into < ramp:
        # whole users: one comes when the line reaches its number
        expected = level(number - 1) + floor((level(number) - level(number - 1)) * into / ramp)
    assert users_at(load, at) == expected


def test_a_step_load_that_is_written_oddly_is_read_as_visual_studio_would_run_it() -> None:
    load, reading = read('Pattern="Step" InitialUsers="50" MaxUsers="20" StepUsers="5" StepDuration="10" StepRampTime="30"')
    assert load == Steps(20, 5, 10.0, 20, 10.0)
    initial, ramp = messages(reading.findings, Severity.WARNING)
    assert initial.endswith("<LoadProfile>: InitialUsers is 50, above MaxUsers; there are 20 from the start.")
    assert ramp.endswith("StepRampTime is 30, longer than a step lasts; users come over all of its 10 s.")


def test_a_goal_is_followed_from_one_sample_to_the_next() -> None:
    load, reading = read(GOAL, interval=5)
    assert load == Goal(GoalCounter.REQUESTS_PER_SECOND, 70.0, 90.0, 10, 1, 200, 10, 20, interval=5.0)
    assert reading.findings == []
    users, seen = load.initial, []
    for value in (40.0, 64.0, None, 80.0, 100.0, 1000.0, 8.0):
        users = adjust(load, users, value)
        seen.append(users)
    # 10 * 80/40; 20 * 80/64; not readable; within; 25 * 80/100; at most 20 fewer but one is left; at most 10 more and 80/8
    assert seen == [20, 25, 25, 25, 20, 1, 10]
    assert [reached(load, value) for value in (69.9, 70.0, 90.0)] == [False, True, True]


def test_a_goal_may_be_the_other_way_round_and_end_where_it_is_reached() -> None:
    load, _ = read(
        GOAL.replace('HigherValuesBetter="false"', 'HigherValuesBetter="True"').replace(
            'StopAdjustingAtGoal="false"', 'StopAdjustingAtGoal="true"'
        )
    )
    assert isinstance(load, Goal)
    assert load.more_is_less
    assert load.stop_at_goal
    assert adjust(load, 10, 100.0) == 13


@pytest.mark.parametrize(
    ("machine", "category", "counter", "instance", "expected"),
    [
        ("", "LoadTest:Request", "Avg. Response Time", "_Total", GoalCounter.RESPONSE_TIME),
        ("", "loadtest:page", "avg. page time", "", GoalCounter.PAGE_TIME),
        ("DEVBOX", "LoadTest:Test", "Tests/Sec", "_Total", GoalCounter.TESTS_PER_SECOND),
        ("", "LoadTest:Errors", "Errors/Sec", "_Total", GoalCounter.ERRORS_PER_SECOND),
        ("", "Processor", "% Processor Time", "_Total", GoalCounter.GENERATOR_CPU),
        ("Agent0", "Processor", "% Processor Time", "_Total", GoalCounter.GENERATOR_CPU),
        ("[AGENT MACHINES]", "Processor", "% Processor Time", "_Total", GoalCounter.GENERATOR_CPU),
        ("WEB01", "Processor", "% Processor Time", "_Total", None),  # the target's
        ("", "Processor", "% Processor Time", "0", None),
        ("", "Memory", "Available MBytes", "", None),
        ("", "LoadTest:Page", "Avg. Page Time", "http://shop.test/", None),
    ],
)
def test_a_goal_is_for_what_the_test_or_its_agents_measure(
    machine: str, category: str, counter: str, instance: str, expected: GoalCounter | None
) -> None:
    load, reading = read(
        GOAL.replace('"DEVBOX"', f'"{machine}"')
        .replace('"LoadTest:Request"', f'"{category}"')
        .replace('"Requests/Sec"', f'"{counter}"')
        .replace('"_Total"', f'"{instance}"')
    )
    assert (load.counter if isinstance(load, Goal) else load) == expected
    told = messages(reading.findings, Severity.ERROR)
    if expected is None:
        assert len(told) == 1
        assert counter in told[0]
        assert "is not measured here; possible are Requests/Sec" in told[0]
    else:
        assert told == []


def test_the_users_of_a_goal_begin_within_its_bounds() -> None:
    load, reading = read(GOAL.replace('InitialUsers="10"', 'InitialUsers="500"'))
    assert isinstance(load, Goal)
    assert load.initial == 200
    assert list(judge_load(load)) == []
    assert len(messages(reading.findings, Severity.WARNING)) == 1


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ('Pattern="Wave"', "Pattern is 'Wave'; give Constant, Step or GoalBased"),
        ('Pattern="Constant"', "InitialUsers is missing; give a number of users"),
        ('Pattern="Constant" InitialUsers="0"', "InitialUsers is 0; give 1 to 1000000"),
        ('Pattern="Constant" InitialUsers="many"', "InitialUsers is 'many'; give a whole number"),
        ('Pattern="Step" InitialUsers="1" MaxUsers="9" StepUsers="2"', "StepDuration is missing or 0"),
        (
            GOAL.replace('MinTargetValue="70"', 'MinTargetValue="95"'),
            "MinTargetValue is 95, above MaxTargetValue, which is 90",
        ),
        (GOAL.replace('MinUserCount="1"', 'MinUserCount="201"'), "MinUserCount is 201, above MaxUserCount, which is 200"),
    ],
)
def test_what_makes_no_sense_is_an_error(attributes: str, said: str) -> None:
    _, reading = read(attributes)
    told = messages(reading.findings, Severity.ERROR)
    assert len(told) == 1
    assert told[0].startswith(f"Shop.loadtest, line 1, <LoadProfile>: {said}")


def test_a_scenario_without_a_load_profile_is_an_error() -> None:
    reading = new_reading()
    assert read_load_profile(reading, tree('<Scenario Name="Day" />'), 15) is None
    (told,) = messages(reading.findings, Severity.ERROR)
    assert told.startswith("Shop.loadtest, line 1, <Scenario Name='Day'>: it has no LoadProfile")
