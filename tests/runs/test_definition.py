"""runs/definition.py: what the definition in an in-place drop says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from headrace.plan.browsers import DEFAULT
from headrace.plan.load import Arrivals, Constant, RateStage
from headrace.plan.model import BrowserShare, Plan, Scenario, TestShare
from headrace.plan.readers.url_test import UrlTest
from headrace.runs.definition import definition_of, details_of, plan_for, url_test_of
from headrace.runs.model import Identity, Life, Run, RunDetails

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL: dict[str, Any] = {
    "load_test_name": "Shop.loadtest",
    "urls": ["http://shop.test/", "http://shop.test/cart"],
    "run_duration": 60,
    "max_vusers": 25,
    "load_pattern_name": "Constant",
    "think_time": 0.5,
    "browser_mixs": [
        {"browser_name": "Internet Explorer 11.0", "browser_percentage": 60.0},
        {"browser_name": "Chrome 2", "browser_percentage": 40.0},
    ],
    "load_generation_geo_locations": [
        {"location": "West Europe", "percentage": 70},
        {"location": "East US", "percentage": 30},
    ],
    "sampling_rate": 5,
    "agent_count": 2,
    "cores_per_agent": 4,
    "core_count": 8,
    "verify_certificates": False,
    "request_timeout": 12.5,
}


def run_with(details: RunDetails) -> Run:
    return Run("1", "acme", 1, "The run", "2", Identity("3", "Ada"), Life(NOW), NOW, details=details)


def test_a_definition_gives_the_details_of_its_runs() -> None:
    assert details_of(FULL) == RunDetails(
        users=25,
        duration=60,
        sampling_interval=5,
        agents=2,
        cores=8,
        cores_per_agent=4,
        locations=(("West Europe", 70), ("East US", 30)),
    )


@pytest.mark.parametrize("definition", [{}, dict.fromkeys(FULL), {"load_generation_geo_locations": []}, {"max_vusers": -1}])
def test_what_a_definition_does_not_say_is_left_open(definition: dict[str, Any]) -> None:
    assert details_of(definition) == RunDetails()


def test_a_run_executes_the_definition_with_its_own_details() -> None:
    run = run_with(RunDetails(users=10, duration=30, warm_up=5, sampling_interval=1))
    assert url_test_of(run, FULL, request_timeout=60) == UrlTest(
        name="Shop.loadtest",
        urls=("http://shop.test/", "http://shop.test/cart"),
        users=10,
        duration=30,
        think_time=0.5,
        browsers=(("Internet Explorer 11.0", 60.0), ("Chrome 2", 40.0)),
        sampling_interval=1,
        pattern="Constant",
        warm_up=5,
        verify_certificates=False,
        request_timeout=12.5,
    )


@pytest.mark.parametrize("definition", [{}, dict.fromkeys(FULL)])
def test_what_nobody_said_is_as_usual(definition: dict[str, Any]) -> None:
    run = run_with(RunDetails(users=10, duration=30))
    assert url_test_of(run, definition, request_timeout=7) == UrlTest(
        name="The run", urls=(), users=10, duration=30, request_timeout=7
    )


SCENARIO = Scenario("Day", (TestShare("Buy"),), Constant(20), (BrowserShare(DEFAULT, 1.0),))
PLAN = Plan("Shop", (), (SCENARIO,), 90.5, sampling_interval=5)


def test_a_plan_comes_to_whole_seconds_and_the_most_users_there_may_be() -> None:
    open_load = replace(SCENARIO, load=Arrivals(1.0, 30, (RateStage(1.0, 2.0),)))
    assert definition_of(replace(PLAN, scenarios=(SCENARIO, open_load))) == {
        "load_test_name": "Shop",
        "run_duration": 91,
        "max_vusers": 50,
        "sampling_rate": 5,
    }


def test_a_run_with_the_details_of_its_plan_executes_the_plan() -> None:
    assert plan_for(run_with(details_of(definition_of(PLAN))), PLAN) == PLAN


def test_a_run_with_details_of_its_own_changes_the_plan() -> None:
    plan = plan_for(run_with(RunDetails(users=2, duration=9, warm_up=1, sampling_interval=3)), PLAN)
    assert (plan.scenarios[0].load, plan.duration, plan.warm_up, plan.sampling_interval) == (Constant(2), 9, 1, 3)
