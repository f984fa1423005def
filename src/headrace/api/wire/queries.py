"""Query parameters (reference: clt-service, sections 2.4, 2.7 to 2.9 and 2.11).

Names come in lower case, see `addressing.py`.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from headrace.api.failures import shown
from headrace.api.wire.dates import read_date
from headrace.api.wire.enums import RETENTION, RUN_KIND, STATE
from headrace.api.wire.requests import Flag, Text, Whole
from headrace.blobs.names import LONGEST
from headrace.runs.model import Retention, RunKind, State
from headrace.runs.search import MOST_FOUND

GROUPS = ("Performance", "Throughput", "Application", "Default", "All")
"""Counter groups: the published three, what the C# sample asks for, and ours that holds every counter."""

# As the parameters are published that are not in lower case; messages name them so.
PUBLISHED_NAMES = {
    name.lower(): name
    for name in (
        "requestedBy",
        "runType",
        "fromDate",
        "toDate",
        "runSourceIdentifier",
        "retentionState",
        "runIds",
        "groupNames",
        "includeSummary",
        "subType",
        "testDefinitionId",
        "agentGroupId",
        "agentGroupName",
        "agentName",
        "machineSetupInput",
        "machineAccessData",
        "outgoingRequestUrls",
    )
}


class _Query(BaseModel):
    """A parameter without a value says nothing, as a form field that was left empty."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", ""), frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value != ""} if isinstance(data, dict) else data


def _read_date(value: Any) -> datetime:
    try:
        return read_date(value)
    except ValueError as error:
        raise ValueError(f"{shown(value)} {error}") from None


def _read_kind(value: Any) -> RunKind | None:
    return None if value == "*" else RUN_KIND.read(value)


def _read_list(values: list[str]) -> list[str]:
    """`a,b` and a parameter given twice mean the same."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _read_groups(values: list[str]) -> list[str]:
    known = {group.lower(): group for group in GROUPS}
    groups = _read_list(values)
    for group in groups:
        if group.lower() not in known:
            raise ValueError(f"{shown(group)} is none of {', '.join(GROUPS)}")
    if not groups:
        raise ValueError(f"names no group; known are {', '.join(GROUPS)}")
    return [known[group.lower()] for group in groups]


Date = Annotated[datetime, BeforeValidator(_read_date)]


class RunQuery(_Query):
    """Which runs to list. The old service left out what was older than 7 days; this one lists all unless a date is given."""

    name: Text | None = None
    requested_by: Text | None = None
    status: Annotated[State, BeforeValidator(STATE.read)] | None = None
    run_type: Annotated[RunKind | None, BeforeValidator(_read_kind)] = None
    from_date: Date | None = None
    to_date: Date | None = None
    detailed: Flag = False
    top: Annotated[Whole, Field(ge=1, le=MOST_FOUND)] = MOST_FOUND
    run_source_identifier: Text | None = None
    retention_state: Annotated[Retention, BeforeValidator(RETENTION.read)] | None = None
    run_ids: Annotated[list[str], BeforeValidator(_read_list)] | None = None


class DefinitionQuery(_Query):
    """Which test definitions to list, by the dates of their creation."""

    test_definition_id: Text | None = None
    from_date: Date | None = None
    to_date: Date | None = None
    top: Annotated[Whole, Field(ge=1, le=MOST_FOUND)] = MOST_FOUND


class AgentGroupQuery(_Query):
    """The three switches ask for something else than groups."""

    agent_group_id: Text | None = None
    agent_group_name: Text | None = None
    machine_setup_input: Flag = False
    machine_access_data: Flag = False
    outgoing_request_urls: Flag = False


class AgentQuery(_Query):
    agent_name: Text | None = None


class CounterQuery(_Query):
    group_names: Annotated[list[str], BeforeValidator(_read_groups)]
    include_summary: Flag = False


class SummaryQuery(_Query):
    """`examples` is ours: requests with their responses, in the extension."""

    examples: Flag = False


class ErrorQuery(_Query):
    type: Text | None = None
    sub_type: Text | None = None
    detailed: Flag = False


class DropQuery(_Query):
    """Ours: what the access in the answer shall allow, letters of `rcwdl` ("": all of them), and for which file only."""

    permissions: Annotated[Text, Field(pattern="^r?c?w?d?l?$")] = ""
    blob: Annotated[Text, Field(max_length=LONGEST)] = ""
