"""Runs and what is said about them, as `/api/v1` spells them. States, substates and types have the old API's names."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from headrace.api.v1.shape import Answer, Cursor, Question
from headrace.api.wire.enums import RETENTION, RUN_KIND, SEVERITY, SOURCE, STATE, SUBSTATE
from headrace.runs.model import Message, Run
from headrace.runs.operations import LONGEST_DESCRIPTION, LONGEST_NAME
from headrace.runs.pages import LARGEST

StateName = Literal["pending", "queued", "inProgress", "stopping", "completed", "aborted", "error"]
SubstateName = Literal[
    "none",
    "validatingTestRun",
    "acquiringResources",
    "configuringAgents",
    "executingSetupScript",
    "warmingUp",
    "runningTest",
    "executingCleanupScript",
    "collectingResults",
    "success",
    "partialSuccess",
]
TypeName = Literal["visualStudioLoadTest", "jMeterLoadTest"]
RetentionName = Literal["none", "markedForDeletion", "deleted", "retain"]
SeverityName = Literal["info", "output", "error", "warning", "critical"]
SourceName = Literal["setupScript", "cleanupScript", "validation", "other", "autCounterCollection"]
Sort = Literal["number", "-number", "name", "-name", "changed", "-changed"]

_EXAMPLE = """\
name: Shop
duration: 60s
tests:
- name: Buy
  steps:
  - step: request
    url: https://shop.example.com/
scenarios:
- name: Buyers
  mix:
  - {test: Buy}
  load: {shape: constant, users: 5}
"""

Seconds = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Person(Answer):
    """Who did something: the id and the name of a token."""

    id: str
    name: str


class AbortShape(Answer):
    """Why a run ended without its user's wish."""

    cause: str
    action: str
    source: str
    logged_at: datetime
    details: list[str]


class RunShape(Answer):
    """A test run. Durations are seconds; dates are null until it came to that."""

    id: Annotated[str, Field(examples=["5b7a2c9e-3a0b-4f7e-8a43-0d9a6c1f2b11"])]
    number: int
    name: str
    description: str | None
    type: TypeName
    state: StateName
    substate: SubstateName
    drop_id: str
    source_identifier: str | None
    retention: RetentionName
    users: int | None
    duration: int | None
    warm_up: int | None
    sampling_interval: int
    created_by: Person
    started_by: Person | None
    stopped_by: Person | None
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    load_started_at: datetime | None
    load_finished_at: datetime | None
    finished_at: datetime | None
    changed_at: datetime
    abort: AbortShape | None


class MessageShape(Answer):
    """A status message of a run; `agent` is empty where no agent speaks."""

    position: int
    logged_at: datetime
    severity: SeverityName
    source: SourceName
    agent: str
    text: str
    code: str | None


class NewRunShape(Question):
    """A run to be made of a plan.yaml. What is left out is as the plan says."""

    plan: Annotated[
        str,
        Field(
            min_length=1,
            description="The text of a plan.yaml, its data in it; see docs/plan.md.",
            examples=[_EXAMPLE],
        ),
    ]
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None = None
    description: Annotated[str, Field(max_length=LONGEST_DESCRIPTION)] | None = None
    users: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    duration: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    warm_up: Seconds | None = None
    sampling_interval: Annotated[int, Field(ge=1, le=3600)] | None = None
    start: Annotated[bool, Field(description="Whether it is to be started at once.")] = False


class RunChangeShape(Question):
    """What a run should become: `queued` starts it, `aborted` stops it."""

    state: Literal["queued", "aborted"]


class RunsQuery(Question):
    """Which runs to list, and in which order: `-` before it turns it round."""

    state: list[StateName] = Field(default_factory=list, max_length=7, description="Any of these.")
    name: Annotated[str, Field(max_length=LONGEST_NAME, description="In any case.")] | None = None
    user: (
        Annotated[str, Field(max_length=256, description="The id or the name of whoever created it; `@me` is the asker.")]
        | None
    ) = None
    type: TypeName | None = None
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None
    changed_after: AwareDatetime | None = None
    changed_before: AwareDatetime | None = None
    sort: Sort = "-number"
    limit: Annotated[int, Field(ge=1, le=LARGEST)] = 50
    cursor: Cursor = None


def show_run(run: Run) -> RunShape:
    life, details = run.life, run.details
    return RunShape.model_validate(
        {
            "id": run.id,
            "number": run.number,
            "name": run.name,
            "description": run.description,
            "type": RUN_KIND.write(run.kind),
            "state": STATE.write(life.state),
            "substate": SUBSTATE.write(life.substate),
            "drop_id": run.drop_id,
            "source_identifier": run.source_identifier,
            "retention": RETENTION.write(run.retention),
            "users": details.users,
            "duration": details.duration,
            "warm_up": details.warm_up,
            "sampling_interval": details.sampling_interval,
            "created_by": run.created_by,
            "started_by": life.started_by,
            "stopped_by": life.stopped_by,
            "created_at": life.created_at,
            "queued_at": life.queued_at,
            "started_at": life.started_at,
            "load_started_at": life.execution_started_at,
            "load_finished_at": life.execution_finished_at,
            "finished_at": life.finished_at,
            "changed_at": run.modified_at,
            "abort": life.abort,
        }
    )


def show_message(position: int, message: Message) -> MessageShape:
    return MessageShape.model_validate(
        {
            "position": position,
            "logged_at": message.logged_at,
            "severity": SEVERITY.write(message.severity),
            "source": SOURCE.write(message.source),
            "agent": message.agent,
            "text": message.text,
            "code": message.code,
        }
    )
