"""A test run and what belongs to it, as values; the wire's spellings are in `api/`.

States, substates and dates are those of the Cloud Load Test service (reference: clt-service, section 3).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    PENDING = "pending"
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    STOPPING = "stopping"
    COMPLETED = "completed"
    ABORTED = "aborted"
    ERROR = "error"

    @property
    def terminal(self) -> bool:
        return self in (State.COMPLETED, State.ABORTED, State.ERROR)


class Substate(StrEnum):
    NONE = "none"
    VALIDATING = "validating"
    ACQUIRING_RESOURCES = "acquiring_resources"
    CONFIGURING_AGENTS = "configuring_agents"
    SETUP_SCRIPT = "setup_script"
    WARMING_UP = "warming_up"
    RUNNING = "running"
    CLEANUP_SCRIPT = "cleanup_script"
    COLLECTING_RESULTS = "collecting_results"
    SUCCESS = "success"
    PARTIAL_SUCCESS = "partial_success"


class Retention(StrEnum):
    NONE = "none"
    MARKED_FOR_DELETION = "marked_for_deletion"
    DELETED = "deleted"
    RETAIN = "retain"


class RunKind(StrEnum):
    VISUAL_STUDIO = "visual_studio"
    JMETER = "jmeter"


class DropKind(StrEnum):
    IN_PLACE = "in_place"
    BLOB = "blob"


class DefinitionKind(StrEnum):
    VISUAL_STUDIO = "visual_studio"
    JMETER = "jmeter"
    OLD_FILE = "old_file"


class Severity(StrEnum):
    INFO = "info"
    OUTPUT = "output"
    ERROR = "error"
    WARNING = "warning"
    CRITICAL = "critical"


class Source(StrEnum):
    """Who speaks in a message."""

    SETUP_SCRIPT = "setup_script"
    CLEANUP_SCRIPT = "cleanup_script"
    VALIDATION = "validation"
    OTHER = "other"
    APPLICATION_COUNTERS = "application_counters"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who did something: the id and the display name of a token."""

    id: str
    name: str


OPERATOR = Identity("operator", "the operator")
"""Who has the database itself in hand: the command line, and the service at its start."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Why a run ended without its user's wish. `source`: Validation, SetupScript, CleanupScript, Agent, Service, Other."""

    cause: str
    action: str
    source: str
    logged_at: datetime
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """Where a run is in its life, and when it got there. Changed only by the functions of `runs/life.py`."""

    created_at: datetime
    state: State = State.PENDING
    substate: Substate = Substate.NONE
    queued_at: datetime | None = None
    started_at: datetime | None = None
    warm_up_started_at: datetime | None = None
    execution_started_at: datetime | None = None
    execution_finished_at: datetime | None = None
    finished_at: datetime | None = None
    started_by: Identity | None = None
    stopped_by: Identity | None = None
    abort: Abort | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """A test drop. `definition` is the LoadTestDefinition of an in-place drop, as read and checked by the API.

    A `plan` (the text of a plan.yaml) goes before it, and so does a `test_definition` (the content of one, with its
    `name`): then the definition is what they come to in those terms. `created_by_id` is empty where it was not noted.
    """

    id: str
    organization: str
    kind: DropKind
    created_at: datetime
    definition: dict[str, Any] | None = None
    run_id: str | None = None
    plan: str | None = None
    test_definition: dict[str, Any] | None = None
    created_by_id: str = ""


@dataclass(frozen=True, slots=True)
class TestDefinition:
    """A test that is kept under a name, to be run again and again. `content`: `runs/test_definitions.py`."""

    __test__ = False  # not a pytest class

    id: str
    organization: str
    name: str
    kind: DefinitionKind
    content: dict[str, Any]
    created_at: datetime
    created_by: Identity
    modified_at: datetime
    modified_by: Identity


@dataclass(frozen=True, slots=True)
class RunDetails:
    """What a run was asked to be; None where the request did not say. Durations and the interval are seconds."""

    users: int | None = None
    duration: int | None = None
    warm_up: int | None = None
    sampling_interval: int = 15
    agents: int | None = None
    cores: int | None = None
    cores_per_agent: int | None = None
    machines: str | None = None
    setup_command: str | None = None
    cleanup_command: str | None = None
    platform: str | None = None
    superseding_machines: str | None = None
    agent_group: str | None = None
    locations: tuple[tuple[str, int], ...] = (("Default", 100),)


@dataclass(frozen=True, slots=True)
class Run:
    """A test run. `number` counts up within the organization."""

    id: str
    organization: str
    number: int
    name: str
    drop_id: str
    created_by: Identity
    life: Life
    modified_at: datetime
    description: str | None = None
    kind: RunKind = RunKind.VISUAL_STUDIO
    source_identifier: str | None = None
    retention: Retention = Retention.NONE
    details: RunDetails = field(default_factory=RunDetails)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A status message of a run; `agent` is "" where no agent speaks."""

    id: str
    run_id: str
    logged_at: datetime
    severity: Severity
    source: Source
    text: str
    agent: str = ""
    code: str | None = None
