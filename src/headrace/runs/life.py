"""The life of a run: which step is legal when, and which date it sets (reference: clt-service, sections 2.5, 3.1 to 3.3).

Pure functions: each takes a Life and the time, and returns the Life that follows. An illegal step raises IllegalTransition.
Two rules hold everywhere: a terminal Life never changes, and a run that is stopping can only end as aborted, whatever
happens to it on the way. A natural end never passes through `stopping`, because clients stop polling at that state.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from headrace.plan.diagnostics import Diagnostic
from headrace.runs.model import Abort, Identity, Life, State, Substate

Stage = tuple[State, Substate]

_PENDING: Stage = (State.PENDING, Substate.NONE)
_QUEUED: Stage = (State.QUEUED, Substate.NONE)
_VALIDATING: Stage = (State.QUEUED, Substate.VALIDATING)
_ACQUIRING: Stage = (State.QUEUED, Substate.ACQUIRING_RESOURCES)
_CONFIGURING: Stage = (State.IN_PROGRESS, Substate.CONFIGURING_AGENTS)
_SETUP: Stage = (State.IN_PROGRESS, Substate.SETUP_SCRIPT)
_WARMING_UP: Stage = (State.IN_PROGRESS, Substate.WARMING_UP)
_RUNNING: Stage = (State.IN_PROGRESS, Substate.RUNNING)
_CLEANUP: Stage = (State.IN_PROGRESS, Substate.CLEANUP_SCRIPT)
_COLLECTING: Stage = (State.IN_PROGRESS, Substate.COLLECTING_RESULTS)
_STOPPING: Stage = (State.STOPPING, Substate.NONE)
_SUCCESS: Stage = (State.COMPLETED, Substate.SUCCESS)
_PARTIAL_SUCCESS: Stage = (State.COMPLETED, Substate.PARTIAL_SUCCESS)
_ABORTED: Stage = (State.ABORTED, Substate.NONE)
_ERROR: Stage = (State.ERROR, Substate.NONE)

_WAITING = frozenset({_QUEUED, _VALIDATING, _ACQUIRING})
_BUSY = frozenset({_CONFIGURING, _SETUP, _WARMING_UP, _RUNNING, _CLEANUP, _COLLECTING})

# Where each stage may be entered from. What is not here is illegal.
FROM: dict[Stage, frozenset[Stage]] = {
    _QUEUED: frozenset({_PENDING}),
    _VALIDATING: frozenset({_QUEUED}),
    _ACQUIRING: frozenset({_VALIDATING}),
    _CONFIGURING: frozenset({_ACQUIRING}),
    _SETUP: frozenset({_CONFIGURING}),
    _WARMING_UP: frozenset({_CONFIGURING, _SETUP}),
    _RUNNING: frozenset({_CONFIGURING, _SETUP, _WARMING_UP}),
    _CLEANUP: frozenset({_CONFIGURING, _SETUP, _WARMING_UP, _RUNNING}),  # whatever became of what it cleans up after
    _COLLECTING: frozenset({_RUNNING, _CLEANUP}),
    _SUCCESS: frozenset({_COLLECTING}),
    _PARTIAL_SUCCESS: frozenset({_COLLECTING}),
    _STOPPING: _WAITING | _BUSY,
    _ABORTED: frozenset({_PENDING, _STOPPING}) | _WAITING | _BUSY,
    _ERROR: frozenset({_PENDING}) | _WAITING | _BUSY,
}


class IllegalTransition(ValueError):  # noqa: N818 - it is what happened that counts
    """The run's state does not allow this step."""


def queue(life: Life, by: Identity, at: datetime) -> Life:
    """The user starts the run. Asking again while it is queued or in progress changes nothing, so that clients can retry."""
    if life.state in (State.QUEUED, State.IN_PROGRESS):
        return life
    return _enter(life, _QUEUED, "be queued", queued_at=_not_before(life, at), started_by=by)


def abort(life: Life, by: Identity, at: datetime) -> Life:
    """The user stops the run. One that is already stopping or over is left as it is: a stop may race with the end."""
    if life.state is State.STOPPING or life.state.terminal:
        return life
    if life.state is State.PENDING:
        return _finish(life, _ABORTED, "be aborted", at, stopped_by=by)
    return _enter(life, _STOPPING, "be stopped", stopped_by=by)


def begin_validation(life: Life) -> Life:
    return _enter(life, _VALIDATING, "be validated")


def fail_validation(life: Life, details: Sequence[Diagnostic], at: datetime) -> Life:
    """The test cannot be run as it is; `details` says why.

    Differs from the old service on purpose: there the run was finished at the instant it was created, here when it ended.
    """
    if _stage(life) != _VALIDATING:
        raise _illegal(life, "fail its validation")
    abort = Abort(
        cause="The test run has been aborted and marked as 'Aborted' due to validation failures. "
        "The details below and the messages of the run name each of them.",
        action="Fix the validation errors and try running the test again.",
        source="Validation",
        logged_at=_not_before(life, at),
        details=tuple(_detail(diagnostic, at) for diagnostic in details),
    )
    return abort_with(life, abort, at)


def acquire(life: Life) -> Life:
    """The test is valid; the run waits for agents."""
    return _enter(life, _ACQUIRING, "acquire resources")


def configure(life: Life, at: datetime) -> Life:
    """The agents are there and get their share of the plan: the run is in progress."""
    return _enter(life, _CONFIGURING, "configure agents", started_at=_not_before(life, at))


def set_up(life: Life) -> Life:
    """The set-up script runs on the agents."""
    return _enter(life, _SETUP, "run its set-up script")


def warm_up(life: Life, at: datetime) -> Life:
    """Load begins that is not measured yet."""
    return _enter(life, _WARMING_UP, "warm up", warm_up_started_at=_not_before(life, at))


def run(life: Life, at: datetime) -> Life:
    """The load proper begins."""
    return _enter(life, _RUNNING, "run its test", execution_started_at=_not_before(life, at))


def clean_up(life: Life, at: datetime) -> Life:
    """The load has ended, or will not begin, and the clean-up script runs on the agents."""
    return _enter(life, _CLEANUP, "run its clean-up script", execution_finished_at=_load_end(life, at))


def collect(life: Life, at: datetime) -> Life:
    """The load has ended and the last results come in."""
    return _enter(life, _COLLECTING, "collect results", execution_finished_at=_load_end(life, at))


def complete(life: Life, at: datetime, partial: bool = False) -> Life:
    """The natural end. `partial`: the load ended as planned, but an agent or a part of the results was lost."""
    return _finish(life, _PARTIAL_SUCCESS if partial else _SUCCESS, "complete", at)


def end_load(life: Life, at: datetime) -> Life:
    """The load of a run that is being stopped has ended; the run itself has not. Changes nothing where no load had begun."""
    if life.state is not State.STOPPING:
        raise _illegal(life, "end its load early")
    return replace(life, execution_finished_at=_load_end(life, at))


def end_stopping(life: Life, at: datetime) -> Life:
    """The user's stop is carried out."""
    if life.state is not State.STOPPING:
        raise _illegal(life, "end as stopped")
    return _finish(life, _ABORTED, "end as stopped", at)


def abort_with(life: Life, reason: Abort, at: datetime) -> Life:
    """The run cannot go on for a reason on the user's side: scripts, agents, the test itself."""
    if life.state is State.PENDING:
        raise _illegal(life, "be aborted by the service")
    return _finish(life, _ABORTED, "be aborted", at, abort=reason)


def fault(life: Life, cause: str, at: datetime) -> Life:
    """The service itself failed the run: it ends as `error`, or, where its user was stopping it, as aborted."""
    reason = Abort(
        cause=cause,
        action="Run the test again. If it fails again, give the operator of this service the id of the run.",
        source="Service",
        logged_at=_not_before(life, at),
    )
    end = _ABORTED if life.state is State.STOPPING else _ERROR
    return _finish(life, end, "end with an error", at, abort=reason)


def _finish(life: Life, stage: Stage, what: str, at: datetime, **changes: Any) -> Life:
    return _enter(life, stage, what, execution_finished_at=_load_end(life, at), finished_at=_not_before(life, at), **changes)


def _enter(life: Life, stage: Stage, what: str, **changes: Any) -> Life:
    if _stage(life) not in FROM[stage]:
        raise _illegal(life, what)
    state, substate = stage
    return replace(life, state=state, substate=substate, **changes)


def _illegal(life: Life, what: str) -> IllegalTransition:
    substate = "" if life.substate is Substate.NONE else f" ({_words(life.substate)})"
    return IllegalTransition(f"A run that is {_words(life.state)}{substate} cannot {what}.")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _stage(life: Life) -> Stage:
    return life.state, life.substate


def _load_end(life: Life, at: datetime) -> datetime | None:
    """When the load ended: the first time that was noticed; None where it never began."""
    if life.execution_started_at is None or life.execution_finished_at is not None:
        return life.execution_finished_at
    return _not_before(life, at)


def _not_before(life: Life, at: datetime) -> datetime:
    """`at`, but not before what has happened already: a clock that is set back must not make a life run backwards."""
    past = (
        life.created_at,
        life.queued_at,
        life.started_at,
        life.warm_up_started_at,
        life.execution_started_at,
        life.execution_finished_at,
    )
    return max(at, *(date for date in past if date is not None))


def _detail(diagnostic: Diagnostic, at: datetime) -> str:
    """A detail as the old service wrote it: blanks at both ends, the date as in the United States, in UTC."""
    at = at.astimezone(UTC)
    half = "AM" if at.hour < 12 else "PM"
    date = f"{at.month}/{at.day}/{at.year:04} {at.hour % 12 or 12}:{at:%M:%S} {half}"
    return f" {diagnostic.severity.capitalize()} , {date} , {diagnostic.message} "
