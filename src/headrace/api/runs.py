"""Test runs: create, find, start, stop, and what they have to say (reference: clt-service, sections 2.3 to 2.5 and 2.10)."""

from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Response

from headrace.api.context import Asked, Context
from headrace.api.failures import ApiError, invalid, not_found
from headrace.api.wire.enums import STATE
from headrace.api.wire.queries import RunQuery
from headrace.api.wire.requests import TestRun, TestRunChange
from headrace.api.wire.runs import write_basic_run, write_message, write_run
from headrace.runs.errors import Invalid
from headrace.runs.model import Run, State
from headrace.runs.operations import AskedDetails, RunRequest, abort_run, create_run, delete_run, queue_run, set_retention
from headrace.runs.search import RunFilter
from headrace.runs.test_definitions import drop_of

router = APIRouter(prefix="/_apis/clt/testruns", tags=["test runs"])

# Where what `runs/operations.py` may refuse stands in a request.
_MEMBERS = {
    "drop_id": "testDrop.id",
    "source_identifier": "runSourceIdentifier",
    "details.users": "runSpecificDetails.virtualUserCount",
    "details.duration": "runSpecificDetails.duration",
    "details.warm_up": "runSpecificDetails.warmUpDuration",
    "details.sampling_interval": "runSpecificDetails.samplingInterval",
    "details.agents": "runSpecificDetails.agentCount",
    "details.cores": "runSpecificDetails.coreCount",
    "details.cores_per_agent": "runSpecificDetails.coresPerAgent",
    "details.machines": "runSpecificDetails.loadGeneratorMachinesType",
    "details.setup_command": "testSettings.setupCommand",
    "details.cleanup_command": "testSettings.cleanupCommand",
    "details.platform": "testSettings.hostProcessPlatform",
    "details.superseding_machines": "supersedeRunSettings.loadGeneratorMachinesType",
    "details.agent_group": "supersedeRunSettings.staticAgentRunSettings.staticAgentGroupName",
    "details.locations": "loadGenerationGeoLocations",
    "plan": "headracePlan",
    "requested_by": "requestedBy",
    "ids": "runIds",
    "retention": "retentionState",
}


@router.post("")
def create_test_run(body: TestRun, asked: Asked) -> dict[str, Any]:
    drop = body.test_drop or body.test_drop_ref
    if drop is None:
        raise invalid("testDrop", 'is missing; name the test drop as {"testDrop": {"id": "..."}}.')
    services, now = asked.services, asked.services.now()
    request = RunRequest(
        name=body.name,
        drop_id=drop_of(services.definitions, services.drops, asked.organization, drop.id, asked.identity, now),
        description=body.description,
        kind=body.run_type,
        source_identifier=body.run_source_identifier,
        details=_details_of(body),
    )
    run = create_run(services.runs, services.drops, services.settings, asked.organization, request, asked.identity, now)
    return write_run(run, asked.links, asked.shows_identities)


@router.get("")
def list_test_runs(query: Annotated[RunQuery, Query()], asked: Asked) -> list[dict[str, Any]]:
    """A bare array: clients read it as such, unlike all other lists."""
    requested_by = query.requested_by
    if requested_by is not None and requested_by.lower() == "@me":
        requested_by = asked.identity.id
    wanted = RunFilter(
        name=query.name,
        requested_by=requested_by,
        states=None if query.status is None else [query.status],
        kind=query.run_type,
        changed_after=query.from_date,
        changed_before=query.to_date,
        source_identifier=query.run_source_identifier,
        retention=query.retention_state,
        ids=query.run_ids,
        top=query.top,
    )
    write = write_run if query.detailed else write_basic_run
    return [write(run, asked.links, asked.shows_identities) for run in asked.services.runs.find(asked.organization, wanted)]


@router.get("/{run_id}")
def get_test_run(run_id: str, asked: Asked) -> dict[str, Any]:
    return write_run(find_run(asked, run_id), asked.links, asked.shows_identities)


@router.patch("/{run_id}", status_code=202, response_class=Response)
def change_test_run(run_id: str, body: TestRunChange, asked: Asked) -> Response:
    """Starts or stops a run. Safe to repeat: what has been done already is no error."""
    services = asked.services
    run = find_run(asked, run_id)
    if body.state is None and body.retention_state is None:
        raise ApiError(400, "The body names neither 'state' (queued or aborted) nor 'retentionState'.")
    if body.state not in (None, State.QUEUED, State.ABORTED):
        raise invalid("state", f"'{STATE.write(body.state)}' cannot be asked for; ask for queued or aborted.")
    if body.retention_state is not None:
        set_retention(services.runs, asked.organization, run.id, body.retention_state)
    if body.state is not None:
        step = queue_run if body.state is State.QUEUED else abort_run
        step(services.runs, asked.organization, run.id, asked.identity, services.now())
        services.ring()
    return Response(status_code=202)


@router.delete("/{run_id}")
def delete_test_run(run_id: str, asked: Asked) -> dict[str, Any]:
    """An addition of ours: the old service deleted runs through an older API only, and answered so."""
    run = find_run(asked, run_id)
    delete_run(asked.services.runs, asked.organization, run.id, asked.holder, asked.services.now())
    return {}


@router.get("/{run_id}/messages")
def list_messages(run_id: str, asked: Asked) -> dict[str, Any]:
    """The newest first, as the published example has them."""
    run = find_run(asked, run_id)
    messages = asked.services.runs.messages(run.id)
    return wrapped([write_message(message, asked.links) for message in reversed(messages)])


def find_run(asked: Context, run_id: str) -> Run:
    """Raises ApiError (404) where the organization has no such run; one of another organization looks like none at all."""
    run = asked.services.runs.get(asked.organization, run_id)
    if run is None:
        raise not_found("test run", run_id)
    return run


def wrapped(values: list[dict[str, Any]]) -> dict[str, Any]:
    """A list as all clients but those of `GET testruns` read it."""
    return {"count": len(values), "value": values}


def explain_invalid(error: Invalid) -> ApiError:
    """What `runs/` refused, under the name of the member or the query parameter."""
    return invalid(_MEMBERS.get(error.field, error.field), f"{error.message}.")


def _details_of(body: TestRun) -> AskedDetails:
    """What the request says itself; what it leaves open is the definition's to say."""
    details = body.run_specific_details
    static = body.supersede_run_settings.static_agent_run_settings
    asked: dict[str, Any] = {
        "users": details.virtual_user_count,
        "duration": details.duration,
        "warm_up": details.warm_up_duration,
        "sampling_interval": details.sampling_interval,
        "agents": details.agent_count,
        "cores": details.core_count,
        "cores_per_agent": details.cores_per_agent,
        "machines": details.load_generator_machines_type,
        "setup_command": body.test_settings.setup_command,
        "cleanup_command": body.test_settings.cleanup_command,
        "platform": body.test_settings.host_process_platform,
        "superseding_machines": body.supersede_run_settings.load_generator_machines_type,
        "agent_group": static.static_agent_group_name if static else None,
    }
    if body.load_generation_geo_locations:
        asked["locations"] = tuple((place.location, place.percentage) for place in body.load_generation_geo_locations)
    return cast(AskedDetails, {name: value for name, value in asked.items() if value is not None})
