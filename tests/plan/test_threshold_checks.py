"""plan/threshold_checks.py, through check_plan: what is wrong or doubtful with thresholds."""

import pytest
from msgspec.structs import replace

from headrace.plan.checks import check_plan
from headrace.plan.counter_names import AGENT_COUNTERS, LOAD_TEST_COUNTERS
from headrace.plan.diagnostics import Severity
from headrace.plan.threshold_checks import MOST_THRESHOLDS
from headrace.plan.thresholds import CounterName, Threshold
from tests.plan.test_checks import plan_of

RATE = CounterName("LoadTest:Request", "Requests/Sec")
CPU = CounterName("Processor", "% Processor Time")
TRAFFIC = CounterName("Network Interface", "Bytes Total/sec")


def told(*thresholds: Threshold) -> list[str]:
    """Errors and warnings, both as they begin."""
    return [f"{finding.severity}: {finding.message}" for finding in check_plan(plan_of(thresholds=thresholds))]


@pytest.mark.parametrize("agents", [False, True])
def test_there_is_no_doubt_about_what_is_measured(agents: bool) -> None:
    names = AGENT_COUNTERS if agents else LOAD_TEST_COUNTERS
    several = [
        Threshold(
            CounterName(category, name, "*"), agents=agents, warning=1, critical=2, relative_to=CounterName(category, name)
        )
        for category, counters in names.items()
        for name in counters
    ]
    assert told(*several) == []


def test_names_may_be_in_any_case_and_instances_of_pages_and_requests_are_known_at_run_time_only() -> None:
    assert told(Threshold(CounterName("LOADTEST:request", "requests/sec", "/anything"), critical=1)) == []


def test_a_limit_is_needed() -> None:
    assert told(Threshold(RATE)) == ["error: thresholds[0], warning and critical are both left out; give at least one."]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e300])
def test_limits_are_numbers(number: float) -> None:
    assert any("error: thresholds[0], critical is" in each for each in told(Threshold(RATE, critical=number)))
    assert any("error: thresholds[0], warning is" in each for each in told(Threshold(RATE, warning=number, critical=1)))


def test_names_and_their_number_are_bounded() -> None:
    long = CounterName("LoadTest:Request", "Requests/Sec", "x" * 1001)
    assert told(Threshold(long, critical=1)) == [
        "error: thresholds[0], counter.instance has 1001 characters; give at most 1000."
    ]
    many = (Threshold(RATE, critical=1),) * (MOST_THRESHOLDS + 1)
    assert told(*many) == [f"error: thresholds has {MOST_THRESHOLDS + 1} entries; at most {MOST_THRESHOLDS} are taken."]


def test_a_limit_cannot_be_relative_to_several() -> None:
    on = Threshold(RATE, critical=1, relative_to=replace(RATE, instance="*"))
    assert told(on) == [
        "error: thresholds[0], relative_to.instance is '*'; leave it out to compare with the same instance, or name one."
    ]


@pytest.mark.parametrize(
    ("on", "doubt"),
    [
        (
            Threshold(CounterName("LoadTest:Requests", "Requests/Sec"), critical=1),
            "counter.category 'LoadTest:Requests' is none of the load test, so it has no effect; there are "
            "'LoadTest:Scenario', 'LoadTest:Test', 'LoadTest:Transaction', 'LoadTest:Page', 'LoadTest:Request', "
            "'LoadTest:Errors'",
        ),
        (
            Threshold(CounterName("PhysicalDisk", "% Idle Time", "*"), critical=1, agents=True),
            "counter.category 'PhysicalDisk' is none of agents' machines, so it has no effect; there are "
            "'Processor', 'Memory', 'Network Interface'",
        ),
        (
            Threshold(CPU, critical=1),
            "counter.category 'Processor' is none of the load test, so it has no effect; write agents: true",
        ),
        (
            Threshold(RATE, critical=1, agents=True),
            "counter.category 'LoadTest:Request' is none of agents' machines, so it has no effect; leave out agents",
        ),
        (
            Threshold(CounterName("LoadTest:Scenario", "Users"), critical=1),
            "counter.counter 'Users' is not measured, so it has no effect; there are 'User Load', 'Tests Running'",
        ),
        (
            Threshold(RATE, critical=1, relative_to=CounterName("LoadTest:Scenario", "Users")),
            "relative_to.counter 'Users' is not measured, so it has no effect; there are 'User Load', 'Tests Running'",
        ),
        (
            Threshold(CounterName("LoadTest:Scenario", "User Load", "Night"), critical=1),
            "counter.instance 'Night' is no scenario, so it has no effect; there are 'Day'",
        ),
        (
            Threshold(CounterName("LoadTest:Test", "Tests/Sec", "Sell"), critical=1),
            "counter.instance 'Sell' is no test, so it has no effect; there are 'Buy'",
        ),
        (
            Threshold(TRAFFIC, critical=1, agents=True),
            "counter.instance is left out, but interfaces have no total; write '*' for each, or name one",
        ),
        (Threshold(RATE, True, 2, 1), "warning is 2, over critical 1, so it never shows; exchange them"),
        (Threshold(RATE, False, 1, 2), "warning is 1, under critical 2, so it never shows; exchange them"),
    ],
)
def test_what_has_no_effect_is_doubted_and_runs(on: Threshold, doubt: str) -> None:
    assert told(on) == [f"warning: thresholds[0], {doubt}."]


@pytest.mark.parametrize("instance", ["Buy", "buy", "Day.Buy", "_Total", "*", ""])
def test_the_instances_of_tests_are_their_names_also_behind_those_of_scenarios(instance: str) -> None:
    assert told(Threshold(CounterName("LoadTest:Test", "Tests/Sec", instance), critical=1)) == []


def test_the_violations_themselves_are_nothing_to_watch() -> None:
    on = Threshold(CounterName("LoadTest:Errors", "Threshold Violations/Sec"), critical=1)
    assert [finding.severity for finding in check_plan(plan_of(thresholds=(on,)))] == [Severity.WARNING]
