"""Runs: list, make of a plan, start, stop, delete, and what they have to say."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Query, Response

from headrace.api.context import Asked, Context
from headrace.api.runs import find_run
from headrace.api.v1.run_shapes import MessageShape, NewRunShape, RunChangeShape, RunShape, RunsQuery, show_message, show_run
from headrace.api.v1.shape import Cursor, Page
from headrace.api.wire.enums import RUN_KIND, STATE
from headrace.runs.errors import Invalid
from headrace.runs.model import Identity, Run
from headrace.runs.operations import AskedDetails, RunRequest, abort_run, create_run, delete_run, queue_run
from headrace.runs.pages import Order
from headrace.runs.pages import Page as RunPage
from headrace.runs.plan_drops import create_plan_drop
from headrace.runs.search import RunFilter
from headrace.runs.store import Runs

router = APIRouter(prefix="/api/v1/runs", tags=["v1: runs"])

_LARGEST_POSITION = 2**31 - 1


@router.get("")
def list_runs(query: Annotated[RunsQuery, Query()], asked: Asked) -> Page[RunShape]:
    """The runs of the organization, the newest first unless `sort` says otherwise."""
    wanted = RunFilter(
        name=query.name,
        requested_by=asked.identity.id if query.user == "@me" else query.user,
        states=[STATE.read(state) for state in query.state] or None,
        kind=None if query.type is None else RUN_KIND.read(query.type),
        created_after=query.created_after,
        created_before=query.created_before,
        changed_after=query.changed_after,
        changed_before=query.changed_before,
    )
    order = Order(query.sort.removeprefix("-"))
    page = RunPage(order, query.sort.startswith("-"), query.limit, query.cursor)
    found, cursor = asked.services.runs.page(asked.organization, wanted, page)
    return Page(items=[show_run(run) for run in found], next_cursor=cursor)


@router.post("", status_code=201)
def create_run_of_plan(body: NewRunShape, asked: Asked, response: Response) -> RunShape:
    """Makes a run of a plan.yaml, and starts it where `start` is true. A plan that cannot be run is refused."""
    services, now = asked.services, asked.services.now()
    drop = create_plan_drop(
        services.drops, services.settings, asked.organization, body.plan, asked.identity, now, called="plan"
    )
    named = {
        "users": body.users,
        "duration": body.duration,
        "warm_up": body.warm_up,
        "sampling_interval": body.sampling_interval,
    }
    request = RunRequest(
        name=body.name or str((drop.definition or {})["load_test_name"]),
        drop_id=drop.id,
        description=body.description,
        details=cast(AskedDetails, {name: value for name, value in named.items() if value is not None}),
    )
    run = create_run(services.runs, services.drops, services.settings, asked.organization, request, asked.identity, now)
    response.headers["Location"] = f"{asked.links.base}/api/v1/runs/{run.id}"
    return _take(queue_run, run.id, asked) if body.start else show_run(run)


@router.get("/{run_id}")
def get_run(run_id: str, asked: Asked) -> RunShape:
    return show_run(find_run(asked, run_id))


@router.patch("/{run_id}")
def change_run(run_id: str, body: RunChangeShape, asked: Asked) -> RunShape:
    """Starts the run (`queued`), or ends its load as soon as possible (`aborted`). What has been done already is no error;
    a run that is over cannot be started again."""
    step = queue_run if body.state == "queued" else abort_run
    return _take(step, run_id, asked)


@router.delete("/{run_id}", status_code=204)
def delete_one_run(run_id: str, asked: Asked) -> None:
    """Deletes the run with all that it measured. One that is under way must be stopped first."""
    run = find_run(asked, run_id)
    delete_run(asked.services.runs, asked.organization, run.id, asked.holder, asked.services.now())


@router.get("/{run_id}/messages")
def list_messages_of_run(
    run_id: str,
    asked: Asked,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[Cursor, Query()] = None,
) -> Page[MessageShape]:
    """What was said about the run, the oldest first."""
    run = find_run(asked, run_id)
    found = asked.services.runs.messages_after(run.id, _position_of(cursor), limit + 1)
    shown = [show_message(position, message) for position, message in found[:limit]]
    return Page(items=shown, next_cursor=str(shown[-1].position) if len(found) > limit else None)


def _take(step: Callable[[Runs, str, str, Identity, datetime], Run], run_id: str, asked: Context) -> RunShape:
    run = step(asked.services.runs, asked.organization, find_run(asked, run_id).id, asked.identity, asked.services.now())
    asked.services.ring()
    return show_run(run)


def _position_of(cursor: str | None) -> int:
    if cursor is None:
        return -1
    if cursor.isascii() and cursor.isdigit() and len(cursor) <= 10 and int(cursor) <= _LARGEST_POSITION:
        return int(cursor)
    raise Invalid("cursor", "is none of this list; take what the page before gave, or none")
