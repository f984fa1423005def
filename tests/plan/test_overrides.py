import pytest
from msgspec.structs import replace

from headrace.plan.browsers import DEFAULT
from headrace.plan.load import Constant, Stages
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.overrides import override
from headrace.plan.requests import Request

SCENARIO = Scenario("Day", (TestShare("Buy"),), Constant(10), (BrowserShare(DEFAULT, 1.0),))
PLAN = Plan("Shop", (Test("Buy", (Request("http://shop.test/"),)),), (SCENARIO,), 60.0)


def test_what_is_not_given_stays() -> None:
    assert override(PLAN) == PLAN


def test_what_is_given_is_changed() -> None:
    changed = override(PLAN, users=3, duration=5.0, warm_up=0.0, sampling_interval=1, verify=False)
    assert changed.scenarios[0].load == Constant(3)
    assert (changed.duration, changed.warm_up, changed.sampling_interval, changed.tls.verify) == (5.0, 0.0, 1, False)


def test_users_of_several_scenarios_cannot_be_changed_from_outside() -> None:
    with pytest.raises(ValueError, match="has 2 scenarios with users of their own"):
        override(replace(PLAN, scenarios=(SCENARIO, SCENARIO)), users=3)


def test_users_of_another_shape_cannot_be_changed_from_outside() -> None:
    with pytest.raises(ValueError, match="has the shape 'stages'; change its users in the plan"):
        override(replace(PLAN, scenarios=(replace(SCENARIO, load=Stages(())),)), users=3)
