from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.plan.diagnostics import Severity
from headrace.plan.load import Constant
from headrace.rig.validation import plan_of
from headrace.runs.model import Drop, DropKind, Identity, Life, Run, RunDetails, RunKind
from headrace.settings import Settings
from tests.rig.kept_files import KeptFiles

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DEFINITION: dict[str, Any] = {"load_test_name": "shop.loadtest", "urls": ["http://site.test/"]}
DROP = Drop("drop", "acme", DropKind.IN_PLACE, NOW, DEFINITION)
RUN = Run(
    id="run",
    organization="acme",
    number=1,
    name="shop.loadtest",
    drop_id="drop",
    created_by=Identity("1", "Ada"),
    life=Life(NOW),
    modified_at=NOW,
    details=RunDetails(users=5, duration=60, sampling_interval=5, warm_up=3),
)


PLAN = """\
name: Shop plan
duration: 90.5
tests:
- name: Buy
  steps:
  - {step: request, url: 'http://site.test/{{id}}'}
scenarios:
- name: Day
  mix: [{test: Buy}]
  load: {shape: constant, users: 20}
"""
PLAN_DROP = replace(DROP, plan=PLAN, definition={"run_duration": 91, "max_vusers": 20, "sampling_rate": 15})
PLAN_RUN = replace(RUN, details=RunDetails(users=20, duration=91, sampling_interval=15))


NO_FILES = KeptFiles()
BLOB_DROP = replace(DROP, kind=DropKind.BLOB, definition=None)
# What a client asks for who leaves everything to the test.
BLOB_RUN = replace(RUN, name="plan.yaml", details=RunDetails())


def refusal(run: Run = RUN, drop: Drop | None = DROP, files: KeptFiles = NO_FILES, **settings: Any) -> str:
    plan, findings = plan_of(run, drop, Settings(**settings), files)
    assert plan is None
    return " ".join(finding.message for finding in findings if finding.severity is Severity.ERROR)


def test_a_url_test_becomes_a_plan_with_what_the_run_asked_for_and_the_operator_set() -> None:
    plan, findings = plan_of(RUN, DROP, Settings(request_timeout=7, targets_allow=("site.test",)), NO_FILES)
    assert plan is not None
    assert findings == []
    assert (plan.scenarios[0].load, plan.duration, plan.warm_up, plan.sampling_interval) == (Constant(5), 60, 3, 5)
    assert (plan.request_timeout, plan.targets.allow) == (7, ("site.test",))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (replace(RUN, kind=RunKind.JMETER), "jMeterLoadTest"),
        (replace(RUN, details=replace(RUN.details, agent_group="ours")), "agent group 'ours' has no agents"),
    ],
)
def test_what_this_version_does_not_run_is_refused_by_name(run: Run, said: str) -> None:
    assert said in refusal(run)


def test_a_test_in_the_files_of_a_drop_is_run_as_it_is() -> None:
    files = KeptFiles({"plan.yaml": PLAN.encode() + b"sampling_interval: 5\n"})
    plan, findings = plan_of(BLOB_RUN, BLOB_DROP, Settings(targets_allow=("site.test",)), files)
    assert plan is not None
    assert (plan.name, plan.duration, plan.sampling_interval) == ("Shop plan", 90.5, 5)
    assert plan.targets.allow == ("site.test",)
    assert not [each for each in findings if each.severity is Severity.ERROR]


def test_a_run_of_files_may_ask_for_another_duration_and_interval() -> None:
    run = replace(BLOB_RUN, details=RunDetails(users=7, duration=30, sampling_interval=10))
    plan, _ = plan_of(run, BLOB_DROP, Settings(), KeptFiles({"plan.yaml": PLAN.encode()}))
    assert plan is not None
    assert (plan.scenarios[0].load, plan.duration, plan.sampling_interval) == (Constant(7), 30, 10)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_users": 19}, "The test's users is 20; give 1 to 19."),
        ({"max_duration": 90}, "The test's duration is 91; give 1 to 90."),
        ({"targets_deny": ("site.test",)}, "site.test"),
    ],
)
def test_a_test_in_files_is_held_to_the_operators_limits(settings: dict[str, Any], said: str) -> None:
    assert said in refusal(BLOB_RUN, BLOB_DROP, KeptFiles({"plan.yaml": PLAN.encode()}), **settings)


def test_files_that_cannot_be_reached_are_an_error_of_the_run() -> None:
    said = refusal(BLOB_RUN, BLOB_DROP, KeptFiles(fault="the Azure Storage account says: no"))
    assert said == "The files of the test drop cannot be read: the Azure Storage account says: no."


def test_files_that_are_left_out_are_told() -> None:
    files = KeptFiles({"plan.yaml": PLAN.encode()}, unusable=("The file 'a:b' is left out.",))
    _, findings = plan_of(BLOB_RUN, BLOB_DROP, Settings(), files)
    assert findings[0].message == "The file 'a:b' is left out."


def test_a_drop_that_is_gone_is_named() -> None:
    assert "test drop 'drop' of this run does not exist any more" in refusal(drop=None)


def test_a_target_that_the_operator_denies_is_refused() -> None:
    assert "site.test" in refusal(targets_deny=("site.test",))


def test_everything_that_is_wrong_is_told_at_once() -> None:
    said = refusal(replace(RUN, kind=RunKind.JMETER, details=replace(RUN.details, setup_command="a", cleanup_command="b")))
    assert [word in said for word in ("jMeterLoadTest", "setupCommand", "cleanupCommand")] == [True] * 3


def test_a_plan_in_the_drop_is_read_with_the_operators_targets() -> None:
    plan, findings = plan_of(PLAN_RUN, PLAN_DROP, Settings(targets_allow=("site.test",)), NO_FILES)
    assert plan is not None
    assert (plan.name, plan.duration, plan.scenarios[0].load) == ("Shop plan", 90.5, Constant(20))
    assert plan.targets.allow == ("site.test",)
    assert [(finding.severity, "nothing gives the variable 'id' a value" in finding.message) for finding in findings] == [
        (Severity.WARNING, True)
    ]


def test_what_the_run_asks_for_otherwise_goes_before_its_plan() -> None:
    details = RunDetails(users=3, duration=10, warm_up=2, sampling_interval=1)
    plan, _ = plan_of(replace(PLAN_RUN, details=details), PLAN_DROP, Settings(), NO_FILES)
    assert plan is not None
    assert (plan.scenarios[0].load, plan.duration, plan.warm_up, plan.sampling_interval) == (Constant(3), 10, 2, 1)


def test_users_that_the_plan_cannot_have_are_refused() -> None:
    ramp = PLAN.replace("{shape: constant, users: 20}", "{shape: stages, start: 20, stages: []}")
    said = refusal(replace(PLAN_RUN, details=RunDetails(users=3, duration=91)), replace(PLAN_DROP, plan=ramp))
    assert "virtualUserCount is 3, but the load of the plan's scenario has the shape 'stages'" in said


def test_a_plan_is_judged_again_when_it_is_run() -> None:
    assert "denied by the target rule" in refusal(
        PLAN_RUN, replace(PLAN_DROP, plan=PLAN.replace("/{{id}}", "/")), targets_deny=("site.test",)
    )
    assert "line 2: duration is 'soon'" in refusal(PLAN_RUN, replace(PLAN_DROP, plan=PLAN.replace("90.5", "soon")))
