"""What a client can do with test runs, whichever way it asks. What is refused raises one of `runs/errors.py`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypedDict

from headrace.blobs.drop_files import DropFiles
from headrace.runs import life
from headrace.runs.access import Action, Holder, permit
from headrace.runs.defined_load import details_of_drop
from headrace.runs.drops import Drops
from headrace.runs.errors import Conflict, Invalid, NotFound
from headrace.runs.limits import check_details
from headrace.runs.model import DropKind, Identity, Life, Retention, Run, RunDetails, RunKind, Severity, Source, State
from headrace.runs.store import NewRun, Runs
from headrace.runs.text import check_line, check_text
from headrace.settings import Settings

LONGEST_NAME = 256
LONGEST_DESCRIPTION = 4096
LONGEST_SOURCE_IDENTIFIER = 1024


class AskedDetails(TypedDict, total=False):
    """The details that a request names itself; the others are those of the drop's definition. As in `RunDetails`."""

    users: int
    duration: int
    warm_up: int
    sampling_interval: int
    agents: int
    cores: int
    cores_per_agent: int
    machines: str
    setup_command: str
    cleanup_command: str
    platform: str
    superseding_machines: str
    agent_group: str
    locations: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that a client asks for."""

    name: str
    drop_id: str
    description: str | None = None
    kind: RunKind = RunKind.VISUAL_STUDIO
    source_identifier: str | None = None
    details: AskedDetails = field(default_factory=AskedDetails)


def create_run(
    runs: Runs, drops: Drops, settings: Settings, organization: str, request: RunRequest, by: Identity, at: datetime
) -> Run:
    """Creates a pending run. Raises Invalid, whose `field` is `name`, `description`, `source_identifier`, `drop_id`, or
    `details.` and the name of a detail."""
    check_line("name", request.name, LONGEST_NAME)
    check_text("description", request.description or "", LONGEST_DESCRIPTION)
    check_text("source_identifier", request.source_identifier or "", LONGEST_SOURCE_IDENTIFIER, allowed="")
    drop = drops.get(organization, request.drop_id)
    if drop is None:
        raise Invalid("drop_id", f"there is no test drop {request.drop_id[:100]!r}; create it first")
    details = replace(details_of_drop(drop), **request.details)
    check_details(details, settings)
    if drop.kind is DropKind.IN_PLACE and request.kind is RunKind.VISUAL_STUDIO:
        _require_load(details)
    new = NewRun(
        organization=organization,
        name=request.name,
        drop_id=drop.id,
        description=request.description,
        kind=request.kind,
        source_identifier=request.source_identifier,
        details=details,
    )
    run = runs.create(new, by, at)
    drops.used_by(drop.id, run.id)
    runs.log(run.id, Severity.INFO, Source.OTHER, f"This run was requested by '{by.name}'.", at=at)
    return run


def queue_run(runs: Runs, organization: str, run_id: str, by: Identity, at: datetime) -> Run:
    """Starts a run, or leaves one that is under way already as it is. Raises NotFound, and Conflict where it is over."""
    return _step(runs, organization, run_id, lambda before: life.queue(before, by, at))


def abort_run(runs: Runs, organization: str, run_id: str, by: Identity, at: datetime) -> Run:
    """Stops a run, or leaves one that is over as it is. Raises NotFound."""
    return _step(runs, organization, run_id, lambda before: life.abort(before, by, at))


def delete_run(runs: Runs, organization: str, run_id: str, by: Holder, at: datetime) -> None:
    """Deletes a run with all that it measured.

    Raises NotFound, Forbidden where it is not for this holder to delete, and Conflict while it is under way.
    """
    while True:  # until nobody changes it meanwhile
        run = _find(runs, organization, run_id)
        if run.created_by.id != by.identity.id:
            permit(by, Action.DELETE_OTHERS)
        if not run.life.state.terminal and run.life.state is not State.PENDING:
            raise Conflict(f"The test run {run.id} is under way; stop it first, and delete it when it has ended.")
        if runs.delete(run, by.identity, at):
            return


def set_retention(runs: Runs, organization: str, run_id: str, retention: Retention) -> Run:
    """Says how long a run is to be kept. Raises NotFound, and Invalid for `deleted`."""
    if retention is Retention.DELETED:
        raise Invalid("retention", "a deleted run is gone, so none is kept in that state; delete it with DELETE instead")
    run = _find(runs, organization, run_id)
    return runs.change(run.id, lambda before: replace(before, retention=retention))


def delete_drop(
    runs: Runs, drops: Drops, files: DropFiles, organization: str, drop_id: str, by: Holder, at: datetime
) -> None:
    """Deletes a drop with its files; runs that were made of it keep their results.

    Raises NotFound, Forbidden where it is not for this holder to delete, and Conflict while a run of it waits to be read.
    """
    drop = drops.get(organization, drop_id)
    if drop is None:
        raise NotFound(f"There is no test drop {drop_id[:100]!r} here.")
    if drop.created_by_id != by.identity.id:
        permit(by, Action.DELETE_OTHERS)
    waiting = next((run for run in runs.in_states(State.QUEUED) if run.drop_id == drop.id), None)
    if waiting is not None:
        raise Conflict(f"The test run '{waiting.id}' is queued and needs the test drop. Abort the run, or let it begin.")
    if drop.kind is DropKind.BLOB:
        files.remove(drop.id)  # first: where it fails, the drop is still there to be deleted
    drops.delete(organization, drop.id, by.identity, at)


def _require_load(details: RunDetails) -> None:
    for name, value in (("users", details.users), ("duration", details.duration)):
        if value is None:
            raise Invalid(f"details.{name}", "is given neither by the run nor by the definition in its drop; give one")


def _step(runs: Runs, organization: str, run_id: str, step: Callable[[Life], Life]) -> Run:
    run = _find(runs, organization, run_id)
    try:
        return runs.change(run.id, lambda before: replace(before, life=step(before.life)))
    except life.IllegalTransition as error:
        raise Conflict(str(error)) from error


def _find(runs: Runs, organization: str, run_id: str) -> Run:
    run = runs.get(organization, run_id)
    if run is None:
        raise NotFound(f"There is no test run {run_id[:100]!r} here.")
    return run
