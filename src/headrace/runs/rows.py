"""How a run and its messages stand in their tables."""

from typing import Any, TypeVar

import msgspec
from sqlalchemy import RowMapping

from headrace.runs.model import (
    Abort,
    Identity,
    Life,
    Message,
    Retention,
    Run,
    RunDetails,
    RunKind,
    Severity,
    Source,
    State,
    Substate,
)

T = TypeVar("T")


def run_values(run: Run) -> dict[str, Any]:
    """What the columns of `runs` hold for this run."""
    life = run.life
    return {
        "id": run.id,
        "organization": run.organization,
        "number": run.number,
        "name": run.name,
        "folded_name": run.name.casefold(),
        "description": run.description,
        "kind": run.kind.value,
        "drop_id": run.drop_id,
        "source_identifier": run.source_identifier,
        "retention": run.retention.value,
        "details": msgspec.to_builtins(run.details),
        "state": life.state.value,
        "substate": life.substate.value,
        "created_at": life.created_at,
        "modified_at": run.modified_at,
        "queued_at": life.queued_at,
        "started_at": life.started_at,
        "warm_up_started_at": life.warm_up_started_at,
        "execution_started_at": life.execution_started_at,
        "execution_finished_at": life.execution_finished_at,
        "finished_at": life.finished_at,
        "created_by": msgspec.to_builtins(run.created_by),
        "created_by_id": run.created_by.id,
        "created_by_name": run.created_by.name.casefold(),
        "started_by": msgspec.to_builtins(life.started_by),
        "stopped_by": msgspec.to_builtins(life.stopped_by),
        "abort": msgspec.to_builtins(life.abort),
        "version": run.version,
    }


def read_run(row: RowMapping) -> Run:
    """The run of a row of `runs`."""
    return Run(
        id=row["id"],
        organization=row["organization"],
        number=row["number"],
        name=row["name"],
        drop_id=row["drop_id"],
        created_by=msgspec.convert(row["created_by"], Identity),
        life=Life(
            created_at=row["created_at"],
            state=State(row["state"]),
            substate=Substate(row["substate"]),
            queued_at=row["queued_at"],
            started_at=row["started_at"],
            warm_up_started_at=row["warm_up_started_at"],
            execution_started_at=row["execution_started_at"],
            execution_finished_at=row["execution_finished_at"],
            finished_at=row["finished_at"],
            started_by=_optional(row["started_by"], Identity),
            stopped_by=_optional(row["stopped_by"], Identity),
            abort=_optional(row["abort"], Abort),
        ),
        modified_at=row["modified_at"],
        description=row["description"],
        kind=RunKind(row["kind"]),
        source_identifier=row["source_identifier"],
        retention=Retention(row["retention"]),
        details=msgspec.convert(row["details"], RunDetails),
        version=row["version"],
    )


def message_values(message: Message, position: int) -> dict[str, Any]:
    """What the columns of `messages` hold for this message."""
    return {
        "id": message.id,
        "run_id": message.run_id,
        "position": position,
        "logged_at": message.logged_at,
        "severity": message.severity.value,
        "source": message.source.value,
        "agent": message.agent,
        "text": message.text,
        "code": message.code,
    }


def read_message(row: RowMapping) -> Message:
    """The message of a row of `messages`."""
    return Message(
        id=row["id"],
        run_id=row["run_id"],
        logged_at=row["logged_at"],
        severity=Severity(row["severity"]),
        source=Source(row["source"]),
        text=row["text"],
        agent=row["agent"],
        code=row["code"],
    )


def _optional(value: Any, kind: type[T]) -> T | None:
    return None if value is None else msgspec.convert(value, kind)
