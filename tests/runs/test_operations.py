"""runs/operations.py: what a client can do with test runs, and what it is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from headrace.runs.drops import Drops
from headrace.runs.errors import Conflict, Invalid, NotFound
from headrace.runs.model import Drop, DropKind, Identity, Retention, Run, RunDetails, RunKind, Severity, Source, State
from headrace.runs.operations import AskedDetails, RunRequest, abort_run, create_run, queue_run, set_retention
from headrace.runs.search import RunFilter
from headrace.runs.store import Runs
from headrace.settings import Settings

ADA, BOB = Identity(str(uuid4()), "Ada"), Identity(str(uuid4()), "Bob")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)
DEFINITION = {"urls": ["http://shop.test/"], "run_duration": 60, "max_vusers": 25, "sampling_rate": 5}


class Desk:
    """The stores, and how a client uses them."""

    def __init__(self, database: Engine) -> None:
        self.runs = Runs(database, lambda: NOW)
        self.drops = Drops(database)
        self.settings = Settings(max_users=1000, max_duration=3600)

    def drop(self, definition: dict[str, Any] | None = None, kind: DropKind = DropKind.IN_PLACE) -> Drop:
        return self.drops.create("acme", kind, definition, NOW)

    def create(self, drop: Drop | None = None, name: str = "Shop.loadtest", organization: str = "acme", **more: Any) -> Run:
        drop = drop or self.drop(DEFINITION)
        request = RunRequest(name=name, **{"drop_id": drop.id, **more})
        return create_run(self.runs, self.drops, self.settings, organization, request, ADA, NOW)


@pytest.fixture
def desk(database: Engine) -> Desk:
    return Desk(database)


def test_a_run_takes_its_details_from_the_definition_in_its_drop(desk: Desk) -> None:
    run = desk.create()
    assert run.life.state is State.PENDING
    assert run.created_by == ADA
    assert run.details == RunDetails(users=25, duration=60, sampling_interval=5, locations=(("Default", 100),))
    assert desk.runs.get("acme", run.id) == run


def test_what_the_request_says_itself_comes_first(desk: Desk) -> None:
    asked = AskedDetails(users=3, sampling_interval=15, warm_up=10, locations=(("West Europe", 100),), agent_group="rig")
    run = desk.create(details=asked, description="Two\r\nlines", source_identifier="build/1/2", kind=RunKind.VISUAL_STUDIO)
    assert run.details == RunDetails(
        users=3, duration=60, warm_up=10, sampling_interval=15, locations=(("West Europe", 100),), agent_group="rig"
    )
    assert (run.description, run.source_identifier) == ("Two\r\nlines", "build/1/2")


def test_a_new_run_has_the_message_who_requested_it(desk: Desk) -> None:
    (message,) = desk.runs.messages(desk.create().id)
    assert (message.severity, message.source) == (Severity.INFO, Source.OTHER)
    assert message.text == "This run was requested by 'Ada'."
    assert message.logged_at == NOW


def test_the_drop_names_the_run_that_uses_it(desk: Desk) -> None:
    drop = desk.drop(DEFINITION)
    run = desk.create(drop)
    used = desk.drops.get("acme", drop.id)
    assert used is not None
    assert used.run_id == run.id


def test_a_run_of_a_drop_with_files_need_not_say_its_load(desk: Desk) -> None:
    """A .loadtest or .jmx file in the drop says it."""
    assert desk.create(desk.drop(kind=DropKind.BLOB)).details == RunDetails()


def test_a_jmeter_run_need_not_say_its_users(desk: Desk) -> None:
    drop = desk.drop({"max_vusers": -1, "run_duration": 60})
    assert desk.create(drop, kind=RunKind.JMETER).details.users is None


@pytest.mark.parametrize(("missing", "field"), [("max_vusers", "users"), ("run_duration", "duration")])
def test_a_url_test_of_which_nobody_says_the_load_is_refused(desk: Desk, missing: str, field: str) -> None:
    drop = desk.drop({**DEFINITION, missing: None})
    with pytest.raises(Invalid) as raised:
        desk.create(drop)
    assert raised.value.field == f"details.{field}"
    assert "neither by the run nor by the definition" in raised.value.message


def refuse(desk: Desk, **request: Any) -> Invalid:
    with pytest.raises(Invalid) as raised:
        desk.create(**request)
    assert desk.runs.find("acme", RunFilter()) == []
    return raised.value


@pytest.mark.parametrize(
    "drop_id", ["00000000-0000-4000-8000-000000000000", "", "not an id", "\0", pytest.param("x" * 100_000, id="long")]
)
def test_a_drop_that_does_not_exist_is_refused(desk: Desk, drop_id: str) -> None:
    error = refuse(desk, drop_id=drop_id)
    assert error.field == "drop_id"
    assert error.message.startswith("there is no test drop '")
    assert len(error.message) < 500


def test_the_drop_of_another_organization_does_not_exist(desk: Desk) -> None:
    drop = desk.drop(DEFINITION)
    with pytest.raises(Invalid, match="there is no test drop"):
        desk.create(drop, organization="globex")


@pytest.mark.parametrize(
    ("request_", "field", "reason"),
    [
        ({"name": "a\nb"}, "name", "U+000A at position 1"),
        ({"name": "x" * 257}, "name", "at most 256"),
        ({"description": "x" * 4097}, "description", "at most 4096"),
        ({"source_identifier": "x" * 1025}, "source_identifier", "at most 1024"),
        ({"details": {"users": 1001}}, "details.users", "give 1 to 1000"),
        ({"details": {"duration": 3601}}, "details.duration", "give 1 to 3600"),
    ],
)
def test_what_is_not_acceptable_is_refused_by_name(desk: Desk, request_: dict[str, Any], field: str, reason: str) -> None:
    error = refuse(desk, **request_)
    assert error.field == field
    assert reason in error.message
    assert str(error) == f"{field}: {error.message}"


@pytest.mark.parametrize("name", ["x", "x" * 256, "Straße ☃.loadtest", "a'; DROP TABLE runs; --"])
def test_any_other_line_is_a_name(desk: Desk, name: str) -> None:
    assert desk.create(name=name).name == name
    assert [run.name for run in desk.runs.find("acme", RunFilter(name=name.upper()))] == [name]


def test_the_limits_hold_for_the_definition_too(desk: Desk) -> None:
    error = refuse(desk, drop=desk.drop({**DEFINITION, "max_vusers": 1001}))
    assert error.field == "details.users"


def test_a_pending_run_is_queued(desk: Desk) -> None:
    run = queue_run(desk.runs, "acme", desk.create().id, BOB, LATER)
    assert (run.life.state, run.life.started_by, run.life.queued_at) == (State.QUEUED, BOB, LATER)
    assert desk.runs.get("acme", run.id) == run


def test_queueing_again_changes_nothing(desk: Desk) -> None:
    run = queue_run(desk.runs, "acme", desk.create().id, BOB, NOW)
    assert queue_run(desk.runs, "acme", run.id, ADA, LATER) == run


def test_a_run_that_is_over_is_not_queued_again(desk: Desk) -> None:
    run = abort_run(desk.runs, "acme", desk.create().id, BOB, NOW)
    with pytest.raises(Conflict, match=r"A run that is aborted cannot be queued\."):
        queue_run(desk.runs, "acme", run.id, ADA, LATER)


def test_a_pending_run_is_aborted_at_once_and_a_queued_one_begins_to_stop(desk: Desk) -> None:
    pending, queued = desk.create(), queue_run(desk.runs, "acme", desk.create().id, ADA, NOW)
    assert abort_run(desk.runs, "acme", pending.id, BOB, LATER).life.state is State.ABORTED
    stopping = abort_run(desk.runs, "acme", queued.id, BOB, LATER)
    assert (stopping.life.state, stopping.life.stopped_by) == (State.STOPPING, BOB)


def test_aborting_again_changes_nothing(desk: Desk) -> None:
    run = abort_run(desk.runs, "acme", desk.create().id, BOB, NOW)
    assert abort_run(desk.runs, "acme", run.id, ADA, LATER) == run


@pytest.mark.parametrize("retention", [Retention.RETAIN, Retention.MARKED_FOR_DELETION, Retention.NONE])
def test_retention_is_set(desk: Desk, retention: Retention) -> None:
    run = set_retention(desk.runs, "acme", desk.create().id, retention)
    assert run.retention is retention
    assert desk.runs.get("acme", run.id) == run


def test_deleting_is_refused_with_what_to_do_instead(desk: Desk) -> None:
    run = desk.create()
    with pytest.raises(Invalid, match="a deleted run is gone, so none is kept in that state") as raised:
        set_retention(desk.runs, "acme", run.id, Retention.DELETED)
    assert raised.value.field == "retention"
    assert desk.runs.get("acme", run.id) == run


@pytest.mark.parametrize("organization", ["acme", "globex"])
def test_an_unknown_run_is_not_found_and_one_of_another_organization_neither(desk: Desk, organization: str) -> None:
    run_id = str(uuid4()) if organization == "acme" else desk.create().id
    operations: list[Callable[[], object]] = [
        lambda: queue_run(desk.runs, organization, run_id, ADA, NOW),
        lambda: abort_run(desk.runs, organization, run_id, ADA, NOW),
        lambda: set_retention(desk.runs, organization, run_id, Retention.RETAIN),
    ]
    for operation in operations:
        with pytest.raises(NotFound, match=run_id):
            operation()
