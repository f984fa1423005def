"""runs/life.py: the life of a run (reference: clt-service, sections 2.5, 3.1 to 3.3)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.runs import life
from headrace.runs.life import IllegalTransition
from headrace.runs.model import Abort, Identity, Life, State, Substate

ADA, BOB = Identity("1", "Ada"), Identity("2", "Bob")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOST_AGENT = Abort("The agent went away.", "Start it again.", "Agent", START)

Step = Callable[[Life, datetime], Life]

STEPS: dict[str, Step] = {
    "queue": lambda before, at: life.queue(before, ADA, at),
    "abort": lambda before, at: life.abort(before, BOB, at),
    "begin_validation": lambda before, at: life.begin_validation(before),
    "fail_validation": lambda before, at: life.fail_validation(before, [Diagnostic(Severity.ERROR, "no URL")], at),
    "acquire": lambda before, at: life.acquire(before),
    "configure": life.configure,
    "set_up": lambda before, at: life.set_up(before),
    "warm_up": life.warm_up,
    "run": life.run,
    "clean_up": life.clean_up,
    "collect": life.collect,
    "complete": life.complete,
    "complete_partially": lambda before, at: life.complete(before, at, partial=True),
    "end_load": life.end_load,
    "end_stopping": life.end_stopping,
    "abort_with": lambda before, at: life.abort_with(before, LOST_AGENT, at),
    "fault": lambda before, at: life.fault(before, "The service was restarted.", at),
}


def second(number: float) -> datetime:
    return START + timedelta(seconds=number)


def live(*steps: str) -> Life:
    """A run that was created in second 0 and took these steps in seconds 1, 2, 3..."""
    lived = Life(created_at=START)
    for number, step in enumerate(steps, 1):
        lived = STEPS[step](lived, second(number))
    return lived


QUEUED = ("queue",)
VALIDATING = (*QUEUED, "begin_validation")
ACQUIRING = (*VALIDATING, "acquire")
CONFIGURING = (*ACQUIRING, "configure")
SETTING_UP = (*CONFIGURING, "set_up")
WARMING_UP = (*CONFIGURING, "warm_up")
RUNNING = (*CONFIGURING, "run")
CLEANING_UP = (*RUNNING, "clean_up")
COLLECTING = (*RUNNING, "collect")
STOPPING = (*RUNNING, "abort")

WAYS: dict[str, tuple[str, ...]] = {
    "pending": (),
    "queued": QUEUED,
    "validating": VALIDATING,
    "acquiring": ACQUIRING,
    "configuring": CONFIGURING,
    "setting up": SETTING_UP,
    "warming up": WARMING_UP,
    "running": RUNNING,
    "cleaning up": CLEANING_UP,
    "collecting": COLLECTING,
    "stopping": STOPPING,
    "success": (*COLLECTING, "complete"),
    "partial success": (*COLLECTING, "complete_partially"),
    "aborted": (*STOPPING, "end_stopping"),
    "error": (*RUNNING, "fault"),
}
UNDER_WAY = [
    "queued",
    "validating",
    "acquiring",
    "configuring",
    "setting up",
    "warming up",
    "running",
    "cleaning up",
    "collecting",
]
OVER = ["success", "partial success", "aborted", "error"]


@pytest.mark.parametrize(
    ("steps", "state", "substate"),
    [
        ((), State.PENDING, Substate.NONE),
        (QUEUED, State.QUEUED, Substate.NONE),
        (VALIDATING, State.QUEUED, Substate.VALIDATING),
        (ACQUIRING, State.QUEUED, Substate.ACQUIRING_RESOURCES),
        (CONFIGURING, State.IN_PROGRESS, Substate.CONFIGURING_AGENTS),
        (SETTING_UP, State.IN_PROGRESS, Substate.SETUP_SCRIPT),
        (WARMING_UP, State.IN_PROGRESS, Substate.WARMING_UP),
        ((*SETTING_UP, "warm_up"), State.IN_PROGRESS, Substate.WARMING_UP),
        (RUNNING, State.IN_PROGRESS, Substate.RUNNING),
        ((*SETTING_UP, "run"), State.IN_PROGRESS, Substate.RUNNING),
        ((*WARMING_UP, "run"), State.IN_PROGRESS, Substate.RUNNING),
        (CLEANING_UP, State.IN_PROGRESS, Substate.CLEANUP_SCRIPT),
        (COLLECTING, State.IN_PROGRESS, Substate.COLLECTING_RESULTS),
        ((*CLEANING_UP, "collect"), State.IN_PROGRESS, Substate.COLLECTING_RESULTS),
        ((*COLLECTING, "complete"), State.COMPLETED, Substate.SUCCESS),
        ((*COLLECTING, "complete_partially"), State.COMPLETED, Substate.PARTIAL_SUCCESS),
    ],
)
def test_a_run_goes_through_the_states_of_the_reference(steps: tuple[str, ...], state: State, substate: Substate) -> None:
    lived = live(*steps)
    assert (lived.state, lived.substate) == (state, substate)


def test_the_dates_of_a_normal_run() -> None:
    """Table 3.2, first column, with a warm-up."""
    assert live(*WARMING_UP, "run", "collect", "complete") == Life(
        created_at=START,
        state=State.COMPLETED,
        substate=Substate.SUCCESS,
        queued_at=second(1),
        started_at=second(4),
        warm_up_started_at=second(5),
        execution_started_at=second(6),
        execution_finished_at=second(7),
        finished_at=second(8),
        started_by=ADA,
    )


def test_the_dates_of_a_run_without_warm_up() -> None:
    lived = live(*COLLECTING, "complete")
    assert lived.warm_up_started_at is None
    assert lived.execution_started_at == second(5)


def test_the_load_has_ended_when_the_clean_up_script_begins() -> None:
    assert live(*CLEANING_UP, "collect").execution_finished_at == second(6)


@pytest.mark.parametrize("before", [CONFIGURING, SETTING_UP, WARMING_UP])
def test_a_clean_up_without_a_load_dates_no_end_of_one(before: tuple[str, ...]) -> None:
    lived = live(*before, "clean_up", "abort_with")
    assert (lived.state, lived.execution_finished_at) == (State.ABORTED, None)


def test_the_dates_of_a_run_that_its_user_stops() -> None:
    """Table 3.2, second column: no abortMessage, only who stopped it."""
    lived = life.end_stopping(life.end_load(live(*STOPPING), second(7)), second(9))
    assert (lived.state, lived.substate) == (State.ABORTED, Substate.NONE)
    assert lived.stopped_by == BOB
    assert lived.abort is None
    assert lived.execution_finished_at == second(7)
    assert lived.finished_at == second(9)


def test_the_load_of_a_stopped_run_has_ended_at_the_latest_when_the_run_has() -> None:
    lived = life.end_stopping(live(*STOPPING), second(9))
    assert lived.execution_finished_at == second(9)


def test_a_load_that_never_began_never_ends() -> None:
    lived = life.end_stopping(life.end_load(live(*WARMING_UP, "abort"), second(7)), second(9))
    assert lived.warm_up_started_at == second(5)
    assert lived.execution_started_at is None
    assert lived.execution_finished_at is None


def test_a_failed_validation_aborts_the_run_and_says_why_in_the_published_form() -> None:
    """Table 3.2, third column, and section 3.3; but finished_at is when the run ended."""
    at = datetime(2015, 5, 18, 10, 21, 4, 500_000, tzinfo=timezone(timedelta(hours=2)))
    findings = [
        Diagnostic(Severity.ERROR, "urls[0], 'x', is neither an http:// nor an https:// address"),
        Diagnostic(Severity.WARNING, "the browser 'Lynx' is not known"),
    ]
    before = Life(created_at=at, state=State.QUEUED, substate=Substate.VALIDATING, queued_at=at)
    lived = life.fail_validation(before, findings, at)
    assert (lived.state, lived.substate) == (State.ABORTED, Substate.NONE)
    assert lived.finished_at == at
    assert lived.started_at is None
    assert lived.stopped_by is None
    assert lived.abort is not None
    assert lived.abort.source == "Validation"
    assert lived.abort.logged_at == at
    assert lived.abort.cause.startswith("The test run has been aborted and marked as 'Aborted' due to validation failures.")
    assert lived.abort.action.startswith("Fix the validation errors and try running the test again.")
    assert lived.abort.details == (
        " Error , 5/18/2015 8:21:04 AM , urls[0], 'x', is neither an http:// nor an https:// address ",
        " Warning , 5/18/2015 8:21:04 AM , the browser 'Lynx' is not known ",
    )


@pytest.mark.parametrize(
    ("hour", "written"),
    [(0, "3/1/2026 12:05:09 AM"), (11, "3/1/2026 11:05:09 AM"), (12, "3/1/2026 12:05:09 PM"), (23, "3/1/2026 11:05:09 PM")],
)
def test_the_date_of_a_detail_has_twelve_hours(hour: int, written: str) -> None:
    at = datetime(2026, 3, 1, hour, 5, 9, tzinfo=UTC)
    before = Life(created_at=at, state=State.QUEUED, substate=Substate.VALIDATING)
    lived = life.fail_validation(before, [Diagnostic(Severity.ERROR, "no")], at)
    assert lived.abort is not None
    assert lived.abort.details == (f" Error , {written} , no ",)


@pytest.mark.parametrize("stage", ["queued", "acquiring", "running", "stopping"])
def test_a_run_fails_its_validation_only_while_it_is_validated(stage: str) -> None:
    with pytest.raises(IllegalTransition):
        STEPS["fail_validation"](live(*WAYS[stage]), second(99))


# Section 2.5: each request on each state.


def test_queue_on_pending_queues_the_run() -> None:
    lived = live("queue")
    assert (lived.state, lived.substate) == (State.QUEUED, Substate.NONE)
    assert lived.queued_at == second(1)
    assert lived.started_by == ADA


@pytest.mark.parametrize("stage", UNDER_WAY)
def test_queue_on_a_run_under_way_changes_nothing(stage: str) -> None:
    before = live(*WAYS[stage])
    assert life.queue(before, BOB, second(99)) == before


@pytest.mark.parametrize("stage", ["stopping", *OVER])
def test_queue_on_a_run_that_is_stopping_or_over_is_illegal(stage: str) -> None:
    before = live(*WAYS[stage])
    with pytest.raises(IllegalTransition, match=f"A run that is {before.state}.* cannot be queued"):
        life.queue(before, BOB, second(99))


def test_abort_on_pending_ends_the_run_at_once() -> None:
    lived = life.abort(live(), BOB, second(3))
    assert lived == Life(created_at=START, state=State.ABORTED, stopped_by=BOB, finished_at=second(3))


@pytest.mark.parametrize("stage", UNDER_WAY)
def test_abort_on_a_run_under_way_begins_to_stop_it(stage: str) -> None:
    before = live(*WAYS[stage])
    assert life.abort(before, BOB, second(99)) == replace(
        before, state=State.STOPPING, substate=Substate.NONE, stopped_by=BOB
    )


@pytest.mark.parametrize("stage", ["stopping", *OVER])
def test_abort_on_a_run_that_is_stopping_or_over_changes_nothing(stage: str) -> None:
    before = live(*WAYS[stage])
    assert life.abort(before, ADA, second(99)) == before


# Section 3.1: which step is legal where. queue and abort are above.
LEGAL_FROM = {
    "begin_validation": ["queued"],
    "fail_validation": ["validating"],
    "acquire": ["validating"],
    "configure": ["acquiring"],
    "set_up": ["configuring"],
    "warm_up": ["configuring", "setting up"],
    "run": ["configuring", "setting up", "warming up"],
    "clean_up": ["configuring", "setting up", "warming up", "running"],
    "collect": ["running", "cleaning up"],
    "complete": ["collecting"],
    "complete_partially": ["collecting"],
    "end_load": ["stopping"],
    "end_stopping": ["stopping"],
    "abort_with": [*UNDER_WAY, "stopping"],
    "fault": ["pending", *UNDER_WAY, "stopping"],
}


@pytest.mark.parametrize("stage", WAYS)
@pytest.mark.parametrize("step", LEGAL_FROM)
def test_a_step_is_legal_exactly_where_the_reference_has_it(step: str, stage: str) -> None:
    before = live(*WAYS[stage])
    if stage in LEGAL_FROM[step]:
        assert STEPS[step](before, second(99)) != before
    else:
        with pytest.raises(IllegalTransition):
            STEPS[step](before, second(99))


@pytest.mark.parametrize("stage", [stage for stage in WAYS if stage not in (*OVER, "stopping")])
def test_a_fault_of_the_service_ends_any_run_as_an_error(stage: str) -> None:
    lived = life.fault(live(*WAYS[stage]), "The service was restarted.", second(99))
    assert (lived.state, lived.substate) == (State.ERROR, Substate.NONE)
    assert lived.finished_at == second(99)
    assert lived.abort is not None
    assert lived.abort.source == "Service"
    assert lived.abort.cause == "The service was restarted."
    assert lived.abort.logged_at == second(99)


@pytest.mark.parametrize("step", ["fault", "abort_with", "end_stopping"])
def test_a_run_that_is_stopping_ends_as_aborted_whatever_happens(step: str) -> None:
    lived = STEPS[step](live(*STOPPING), second(99))
    assert (lived.state, lived.substate) == (State.ABORTED, Substate.NONE)
    assert lived.stopped_by == BOB


def test_a_fault_while_stopping_is_not_hidden() -> None:
    lived = live(*STOPPING, "fault")
    assert lived.abort is not None
    assert lived.abort.cause == "The service was restarted."


@pytest.mark.parametrize("stage", UNDER_WAY)
def test_a_problem_on_the_side_of_the_user_aborts_the_run_with_its_reason(stage: str) -> None:
    lived = life.abort_with(live(*WAYS[stage]), LOST_AGENT, second(99))
    assert (lived.state, lived.substate) == (State.ABORTED, Substate.NONE)
    assert lived.abort == LOST_AGENT
    assert lived.stopped_by is None


def test_a_clock_that_is_set_back_does_not_make_a_life_run_backwards() -> None:
    lived = life.configure(live(*ACQUIRING), START - timedelta(hours=1))
    assert lived.started_at == lived.queued_at == second(1)


def test_what_is_illegal_is_said_in_plain_words() -> None:
    with pytest.raises(IllegalTransition, match=r"^A run that is in progress \(warming up\) cannot complete\.$"):
        life.complete(live(*WARMING_UP), second(99))


LEGAL_STAGES = {(lived.state, lived.substate) for lived in (live(*way) for way in WAYS.values())}
DATES = (
    "created_at",
    "queued_at",
    "started_at",
    "warm_up_started_at",
    "execution_started_at",
    "execution_finished_at",
    "finished_at",
)


class AnyLife(RuleBasedStateMachine):
    """Calls the steps in any order, at any time, and holds what comes out against the reference."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(created_at=START)
        self.now = START
        self.taken: list[str] = []

    @initialize(way=st.sampled_from(sorted(WAYS.values())))
    def begin_anywhere(self, way: tuple[str, ...]) -> None:
        """Steps drawn blindly rarely get far; starting at every stage reaches the late ones too."""
        self.life, self.now, self.taken = live(*way), second(len(way)), list(way)

    @rule(step=st.sampled_from(sorted(STEPS)), passed=st.floats(-5, 5))
    def take(self, step: str, passed: float) -> None:
        self.now += timedelta(seconds=passed)
        before = self.life
        try:
            self.life = STEPS[step](before, self.now)
        except IllegalTransition:
            assert step != "abort", "a stop is never refused"
            return
        if before.state.terminal:
            assert self.life == before, f"{step} changed a run that was over"
        if self.life != before:
            self.taken.append(step)
        self._nothing_known_is_taken_back(before)
        if before.state is State.STOPPING:
            assert self.life.state in (State.STOPPING, State.ABORTED)
        if self.life.state is State.COMPLETED:
            assert "abort" not in self.taken, "a natural end has shown `stopping`"

    def _nothing_known_is_taken_back(self, before: Life) -> None:
        for name in (*DATES, "started_by", "stopped_by", "abort"):
            known = getattr(before, name)
            assert known is None or getattr(self.life, name) == known, name

    @invariant()
    def the_stage_is_legal(self) -> None:
        assert (self.life.state, self.life.substate) in LEGAL_STAGES

    @invariant()
    def the_dates_are_in_order(self) -> None:
        dates = [date for name in DATES if (date := getattr(self.life, name)) is not None]
        assert dates == sorted(dates)

    @invariant()
    def exactly_the_dates_of_the_table_are_there(self) -> None:
        lived = self.life
        expected: dict[str, Any] = {
            "queued_at": "queue" in self.taken,
            "started_by": "queue" in self.taken,
            "started_at": "configure" in self.taken,
            "warm_up_started_at": "warm_up" in self.taken,
            "execution_started_at": "run" in self.taken,
            "finished_at": lived.state.terminal,
            "stopped_by": "abort" in self.taken,
            "abort": bool({"fail_validation", "abort_with", "fault"} & set(self.taken)),
        }
        assert {name: getattr(lived, name) is not None for name in expected} == expected
        load_is_over = lived.state.terminal or bool({"clean_up", "collect", "end_load"} & set(self.taken))
        assert (lived.execution_finished_at is not None) is ("run" in self.taken and load_is_over)

    @invariant()
    def an_error_is_always_explained(self) -> None:
        if self.life.state is State.ERROR:
            assert self.life.abort is not None
            assert self.life.stopped_by is None


AnyLife.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestAnyLife = AnyLife.TestCase
