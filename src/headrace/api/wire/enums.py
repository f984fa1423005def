"""Enumerations as the wire spells them: by name in any case, by number, or by number in a string (reference: 0, line 4)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar

from headrace.api.failures import shown
from headrace.runs.agents import AgentState
from headrace.runs.model import DefinitionKind, DropKind, Retention, RunKind, Severity, Source, State, Substate

E = TypeVar("E", bound=StrEnum)


class Platform(StrEnum):
    """hostProcessPlatform: what scripts on agents were to run as. Kept and shown; it changes nothing here."""

    NONE = "none"
    MSIL = "msil"
    X86 = "x86"
    IA64 = "ia64"
    AMD64 = "amd64"
    ARM = "arm"


class Machines(StrEnum):
    """loadGeneratorMachinesType: whose agents make the load."""

    DEFAULT = "default"
    SERVICE = "service"
    OWN = "own"


class Spelling(Generic[E]):
    """How the members of an enumeration are written; their order gives their numbers. `synonyms` are read, never written."""

    def __init__(self, names: Mapping[E, str], synonyms: Mapping[str, E] | None = None) -> None:
        self._names = dict(names)
        self._members = list(names)
        self._by_name = {name.lower(): member for member, name in names.items()}
        self._by_name.update(synonyms or {})

    @property
    def kind(self) -> type[E]:
        return type(self._members[0])

    @property
    def names(self) -> list[str]:
        return list(self._names.values())

    def write(self, member: E) -> str:
        return self._names[member]

    def read(self, value: Any) -> E:
        """Raises ValueError, naming what is allowed."""
        if isinstance(value, str):
            text = value.strip()
            member = self._by_name.get(text.lower())
            if member is not None:
                return member
            number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
        else:
            number = value if isinstance(value, int) and not isinstance(value, bool) else -1
        if 0 <= number < len(self._members):
            return self._members[number]
        raise ValueError(f"{shown(value)} is none of {', '.join(self._names.values())}")


STATE = Spelling(
    {
        State.PENDING: "pending",
        State.QUEUED: "queued",
        State.IN_PROGRESS: "inProgress",
        State.STOPPING: "stopping",
        State.COMPLETED: "completed",
        State.ABORTED: "aborted",
        State.ERROR: "error",
    }
)
SUBSTATE = Spelling(
    {
        Substate.NONE: "none",
        Substate.VALIDATING: "validatingTestRun",
        Substate.ACQUIRING_RESOURCES: "acquiringResources",
        Substate.CONFIGURING_AGENTS: "configuringAgents",
        Substate.SETUP_SCRIPT: "executingSetupScript",
        Substate.WARMING_UP: "warmingUp",
        Substate.RUNNING: "runningTest",
        Substate.CLEANUP_SCRIPT: "executingCleanupScript",
        Substate.COLLECTING_RESULTS: "collectingResults",
        Substate.SUCCESS: "success",
        Substate.PARTIAL_SUCCESS: "partialSuccess",
    }
)
RETENTION = Spelling(
    {
        Retention.NONE: "none",
        Retention.MARKED_FOR_DELETION: "markedForDeletion",
        Retention.DELETED: "deleted",
        Retention.RETAIN: "retain",
    }
)
RUN_KIND = Spelling({RunKind.VISUAL_STUDIO: "visualStudioLoadTest", RunKind.JMETER: "jMeterLoadTest"})
DEFINITION_KIND = Spelling(
    {
        DefinitionKind.VISUAL_STUDIO: "visualStudioLoadTest",
        DefinitionKind.JMETER: "jMeter",
        DefinitionKind.OLD_FILE: "oldLoadTestFile",
    }
)
# The tasks ask for "InplaceDrop" and expect "InPlaceDrop": only the case differs.
DROP_KIND = Spelling({DropKind.BLOB: "TestServiceBlobDrop", DropKind.IN_PLACE: "InPlaceDrop"})
SEVERITY = Spelling(
    {
        Severity.INFO: "info",
        Severity.OUTPUT: "output",
        Severity.ERROR: "error",
        Severity.WARNING: "warning",
        Severity.CRITICAL: "critical",
    }
)
SOURCE = Spelling(
    {
        Source.SETUP_SCRIPT: "setupScript",
        Source.CLEANUP_SCRIPT: "cleanupScript",
        Source.VALIDATION: "validation",
        Source.OTHER: "other",
        Source.APPLICATION_COUNTERS: "autCounterCollection",
    }
)
AGENT_STATE = Spelling({AgentState.FREE: "Free", AgentState.BUSY: "Busy", AgentState.OFFLINE: "Offline"})
PLATFORM = Spelling({platform: platform.value for platform in Platform}, {"x64": Platform.AMD64})
MACHINES = Spelling({Machines.DEFAULT: "default", Machines.SERVICE: "cltLoadAgent", Machines.OWN: "userLoadAgent"})
