"""Test runs, drops and messages as answers spell them (reference: clt-service, sections 2.2 to 2.5, 2.10, 3.2, 3.3).

Absent dates and numbers are left out, never null: the C# model has no place for a null.
"""

from typing import Any

from headrace.api.context import Links
from headrace.api.wire.dates import write_date
from headrace.api.wire.definitions import write_definition
from headrace.api.wire.enums import (
    DROP_KIND,
    MACHINES,
    PLATFORM,
    RETENTION,
    RUN_KIND,
    SEVERITY,
    SOURCE,
    STATE,
    SUBSTATE,
    Machines,
    Platform,
)
from headrace.blobs.drop_files import Access
from headrace.runs.model import Abort, Drop, Identity, Life, Message, Run, RunDetails, State, Substate

Json = dict[str, Any]

NOBODY = {"id": "", "displayName": ""}
_BEFORE_THE_START_SIGNAL = (Substate.NONE, Substate.CONFIGURING_AGENTS)


def present(members: Json) -> Json:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def write_drop(drop: Drop, access: Access | None = None) -> Json:
    """TestDrop, with `headracePlan` where it has one. `accessData` is null where the drop has no files."""
    plan = {} if drop.plan is None else {"headracePlan": drop.plan}
    return {
        **plan,
        "id": drop.id,
        "dropType": DROP_KIND.write(drop.kind),
        "createdDate": write_date(drop.created_at),
        "accessData": write_access(access),
        "testRunId": drop.run_id,
        "loadTestDefinition": None if drop.definition is None else write_definition(drop.definition),
    }


def write_access(access: Access | None) -> Json | None:
    """DropAccessData."""
    return None if access is None else {"sasKey": access.sas, "dropContainerUrl": access.url}


def write_basic_run(run: Run, links: Links, identities: bool = True) -> Json:
    """TestRunBasic; `identities` says whether it tells who did what."""
    life = run.life
    return present(
        {
            "id": run.id,
            "name": run.name,
            "runNumber": run.number,
            "createdDate": write_date(life.created_at),
            "finishedDate": write_date(life.finished_at) if life.finished_at else None,
            "runSpecificDetails": _write_details(run.details),
            "loadGenerationGeoLocations": [
                {"location": location, "percentage": percentage} for location, percentage in run.details.locations
            ],
            "runType": RUN_KIND.write(run.kind),
            "createdBy": write_identity(run.created_by) if identities else None,
            "state": STATE.write(life.state),
            "url": links.run(run.id),
        }
    )


def write_run(run: Run, links: Links, identities: bool = True) -> Json:
    """TestRun; `identities` says whether it tells who did what."""
    life = run.life
    dates = {
        "queuedDate": life.queued_at,
        "startedDate": life.started_at,
        "warmUpStartedDate": life.warm_up_started_at,
        "executionStartedDate": life.execution_started_at,
        "executionFinishedDate": life.execution_finished_at,
    }
    return {
        **write_basic_run(run, links, identities),
        **{name: write_date(at) for name, at in dates.items() if at is not None},
        **(_write_actors(life) if identities else {}),
        **present(
            {
                "subState": SUBSTATE.write(life.substate),
                "description": run.description,
                "chargeable": True if _was_started(life) else None,
                "testSettings": {
                    "cleanupCommand": run.details.cleanup_command or "",
                    "hostProcessPlatform": PLATFORM.write(Platform(run.details.platform or Platform.X86)),
                    "setupCommand": run.details.setup_command or "",
                },
                "testDrop": {"id": run.drop_id, "url": links.drop(run.drop_id)},
                "abortMessage": _write_abort(life.abort) if life.abort else None,
                "retentionState": RETENTION.write(run.retention),
                "runSourceIdentifier": run.source_identifier,
                "supersedeRunSettings": _write_superseding(run.details),
                "webResultUrl": links.page(run.id),
            }
        ),
    }


def write_message(message: Message, links: Links) -> Json:
    """TestRunMessage."""
    return present(
        {
            "messageId": message.id,
            "testRunId": message.run_id,
            "agentId": message.agent,
            "messageType": SEVERITY.write(message.severity),
            "messageSource": SOURCE.write(message.source),
            "loggedDate": write_date(message.logged_at),
            "message": message.text,
            "errorCode": message.code,
            "url": f"{links.run(message.run_id)}/Messages",
        }
    )


def _was_started(life: Life) -> bool:
    """Whether its agents were configured and the start signal was sent."""
    under_way = life.state is State.IN_PROGRESS and life.substate not in _BEFORE_THE_START_SIGNAL
    return under_way or life.warm_up_started_at is not None or life.execution_started_at is not None


def write_identity(identity: Identity) -> Json:
    return {"id": identity.id, "displayName": identity.name}


def _write_actors(life: Life) -> Json:
    """Nobody has stopped a run that was started and not stopped: that is said, not left out."""
    actors = {}
    if life.started_by:
        actors["startedBy"] = write_identity(life.started_by)
    if life.started_by or life.stopped_by:
        actors["stoppedBy"] = write_identity(life.stopped_by) if life.stopped_by else NOBODY
    return actors


def _write_abort(abort: Abort) -> Json:
    return {
        "cause": abort.cause,
        "action": abort.action,
        "source": abort.source,
        "loggedDate": write_date(abort.logged_at),
        "details": list(abort.details),
    }


def _write_details(details: RunDetails) -> Json:
    return present(
        {
            "duration": details.duration,
            "warmUpDuration": details.warm_up,
            "virtualUserCount": details.users,
            "coreCount": details.cores,
            "coresPerAgent": details.cores_per_agent,
            "agentCount": details.agents,
            "samplingInterval": details.sampling_interval,
            "loadGeneratorMachinesType": _write_machines(details.machines),
        }
    )


def _write_superseding(details: RunDetails) -> Json | None:
    if details.superseding_machines is None and details.agent_group is None:
        return None
    machines = _write_machines(details.superseding_machines)
    group = (
        None
        if details.agent_group is None
        else present({"loadGeneratorMachinesType": machines, "staticAgentGroupName": details.agent_group})
    )
    return present({"loadGeneratorMachinesType": machines, "staticAgentRunSettings": group})


def _write_machines(machines: str | None) -> str | None:
    return None if machines is None else MACHINES.write(Machines(machines))
