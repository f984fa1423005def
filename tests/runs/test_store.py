"""runs/store.py and runs/search.py: test runs and their messages, kept and found."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from headrace.runs import life
from headrace.runs.errors import Invalid, NotFound
from headrace.runs.model import (
    Abort,
    Identity,
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
from headrace.runs.search import RunFilter
from headrace.runs.store import NewRun, Runs

ADA, BOB = Identity(str(uuid4()), "Ada Łovelace"), Identity(str(uuid4()), "Bob")
START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def second(number: float) -> datetime:
    return START + timedelta(seconds=number)


class Clock:
    """Shows the time it was set to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runs(database: Engine, clock: Clock) -> Runs:
    return Runs(database, clock)


def new_run(name: str = "Shop.loadtest", organization: str = "acme", **more: Any) -> NewRun:
    return NewRun(organization=organization, name=name, drop_id=str(uuid4()), **more)


def test_a_new_run_is_pending_and_comes_back_as_it_was_created(runs: Runs) -> None:
    new = new_run(
        description="Two lines\nof text",
        kind=RunKind.JMETER,
        source_identifier="build/7/42",
        details=RunDetails(
            users=25,
            duration=60,
            warm_up=5,
            sampling_interval=5,
            agents=1,
            cores=2,
            cores_per_agent=2,
            machines="own",
            setup_command="setup.cmd",
            cleanup_command="cleanup.cmd",
            platform="amd64",
            superseding_machines="default",
            agent_group="rig",
            locations=(("West Europe", 60), ("East US", 40)),
        ),
    )
    run = runs.create(new, ADA, START)
    assert (run.life.state, run.life.substate, run.number) == (State.PENDING, Substate.NONE, 1)
    assert run.life.created_at == run.modified_at == START
    assert run.details == new.details
    assert runs.get("acme", run.id) == run
    assert runs.get("acme", run.id.upper()) == run


def test_a_whole_life_comes_back_as_it_was_lived(runs: Runs) -> None:
    run = runs.create(new_run(), ADA, START)

    def live(before: Run) -> Run:
        lived = life.acquire(life.begin_validation(life.queue(before.life, BOB, second(1))))
        lived = life.run(life.warm_up(life.configure(lived, second(2)), second(3)), second(4))
        lived = life.abort(lived, ADA, second(5))
        reason = Abort("Lost", "Look", "Agent", second(6), (" Error , 3/1/2026 12:00:06 PM , gone ",))
        return replace(before, life=life.abort_with(lived, reason, second(7)), retention=Retention.RETAIN)

    changed = runs.change(run.id, live)
    assert changed.life.abort is not None
    assert changed.life.execution_finished_at == second(7)
    assert runs.get("acme", run.id) == changed


def test_a_run_is_not_there_for_another_organization(runs: Runs) -> None:
    run = runs.create(new_run(), ADA, START)
    assert runs.get("globex", run.id) is None


@pytest.mark.parametrize(
    "run_id",
    ["00000000-0000-4000-8000-000000000000", "", "1", pytest.param("x" * 10_000, id="long"), "\0", "\ud800", "' OR 1=1 --"],
)
def test_an_unknown_id_is_no_run(runs: Runs, run_id: str) -> None:
    assert runs.get("acme", run_id) is None
    with pytest.raises(NotFound, match="There is no test run"):
        runs.change(run_id, lambda run: run)


def test_runs_are_numbered_within_their_organization(runs: Runs) -> None:
    numbers = [runs.create(new_run(organization=name), ADA, START).number for name in ("acme", "globex", "acme", "acme")]
    assert numbers == [1, 1, 2, 3]


def test_runs_created_at_once_get_distinct_numbers_without_gaps(runs: Runs) -> None:
    threads, turns = 8, 10
    start = Barrier(threads)

    def create(_: int) -> list[int]:
        start.wait()
        return [runs.create(new_run(), ADA, START).number for _ in range(turns)]

    with ThreadPoolExecutor(threads) as pool:
        numbers = [number for some in pool.map(create, range(threads)) for number in some]
    assert sorted(numbers) == list(range(1, threads * turns + 1))


def test_changes_made_at_once_are_all_kept(runs: Runs) -> None:
    threads, turns = 8, 10
    run = runs.create(new_run(description="0"), ADA, START)
    start = Barrier(threads)

    def count_up(before: Run) -> Run:
        return replace(before, description=str(int(before.description or "0") + 1))

    def change(_: int) -> None:
        start.wait()
        for _ in range(turns):
            runs.change(run.id, count_up)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(change, range(threads)))
    changed = runs.get("acme", run.id)
    assert changed is not None
    assert changed.description == str(threads * turns)
    assert changed.version == threads * turns


def test_a_stop_and_a_step_of_the_service_at_once_are_both_kept(runs: Runs) -> None:
    """The step sees the run as it was, the user stops it meanwhile, and the step is taken again on what is there now."""
    run = runs.create(new_run(), ADA, START)
    runs.change(run.id, lambda before: replace(before, life=life.queue(before.life, ADA, second(1))))
    seen = []

    def step(before: Run) -> Run:
        seen.append(before.life.state)
        if before.life.state is State.STOPPING:
            return replace(before, life=life.end_stopping(before.life, second(3)))
        runs.change(run.id, lambda current: replace(current, life=life.abort(current.life, BOB, second(2))))
        return replace(before, life=life.begin_validation(before.life))

    changed = runs.change(run.id, step)
    assert seen == [State.QUEUED, State.STOPPING]
    assert changed.life.state is State.ABORTED
    assert changed.life.stopped_by == BOB


def test_a_change_is_dated(runs: Runs, clock: Clock) -> None:
    run = runs.create(new_run(), ADA, START)
    clock.now = second(5)
    assert runs.change(run.id, lambda before: replace(before, description="x")).modified_at == second(5)
    clock.now = second(2)  # set back
    assert runs.change(run.id, lambda before: replace(before, description="y")).modified_at == second(5)


def test_a_step_that_changes_nothing_leaves_no_trace(runs: Runs, clock: Clock) -> None:
    run = runs.create(new_run(), ADA, START)
    clock.now = second(5)
    assert runs.change(run.id, lambda before: replace(before)) == run
    assert runs.get("acme", run.id) == run


def test_a_step_that_is_refused_changes_nothing(runs: Runs) -> None:
    run = runs.create(new_run(), ADA, START)
    with pytest.raises(life.IllegalTransition):
        runs.change(run.id, lambda before: replace(before, life=life.complete(before.life, second(1))))
    assert runs.get("acme", run.id) == run


def test_runs_are_found_by_ascending_number(runs: Runs) -> None:
    for name in ("a", "b", "c"):
        runs.create(new_run(name), ADA, START)
    runs.create(new_run("d", organization="globex"), ADA, START)
    assert [run.name for run in runs.find("acme", RunFilter())] == ["a", "b", "c"]
    assert runs.find("nobody", RunFilter()) == []


def test_top_leaves_the_newest(runs: Runs) -> None:
    for name in ("a", "b", "c"):
        runs.create(new_run(name), ADA, START)
    assert [run.name for run in runs.find("acme", RunFilter(top=2))] == ["b", "c"]


@pytest.fixture
def shelf(runs: Runs, clock: Clock) -> dict[str, Run]:
    """Four runs that differ in everything that can be filtered by. They were last changed in second 1, 2, 3 and 4."""
    kept = {
        "first": runs.create(new_run("Shop.loadtest", source_identifier="build/1/1"), ADA, START),
        "second": runs.create(new_run("SHOP.LOADTEST"), BOB, START),
        "third": runs.create(new_run("Straße.jmx", kind=RunKind.JMETER, source_identifier="build/1/2"), ADA, START),
        "fourth": runs.create(new_run("Cart.loadtest"), BOB, START),
    }
    changes = {
        "first": {"life": life.queue(kept["first"].life, ADA, second(1))},
        "second": {"life": life.abort(kept["second"].life, ADA, second(1))},
        "third": {"retention": Retention.RETAIN},
        "fourth": {"retention": Retention.MARKED_FOR_DELETION},
    }
    for number, (name, change) in enumerate(changes.items(), 1):
        clock.now = second(number)
        kept[name] = runs.change(kept[name].id, lambda before, change=change: replace(before, **change))  # type: ignore[misc]
    return kept


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RunFilter(), ["first", "second", "third", "fourth"]),
        (RunFilter(name="shop.LoadTest"), ["first", "second"]),
        (RunFilter(name="STRASSE.JMX"), ["third"]),
        (RunFilter(name="shop"), []),
        (RunFilter(name="%"), []),
        (RunFilter(requested_by="ada łOVELACE"), ["first", "third"]),
        (RunFilter(requested_by=BOB.id), ["second", "fourth"]),
        (RunFilter(requested_by=BOB.id.upper()), ["second", "fourth"]),
        (RunFilter(requested_by="Ada"), []),
        (RunFilter(states=[State.QUEUED]), ["first"]),
        (RunFilter(states=[State.QUEUED, State.PENDING]), ["first", "third", "fourth"]),
        (RunFilter(states=[]), []),
        (RunFilter(kind=RunKind.VISUAL_STUDIO), ["first", "second", "fourth"]),
        (RunFilter(kind=RunKind.JMETER), ["third"]),
        (RunFilter(changed_after=second(2)), ["third", "fourth"]),
        (RunFilter(changed_before=second(2)), ["first"]),
        (RunFilter(changed_after=second(1), changed_before=second(4)), ["second", "third"]),
        (RunFilter(changed_after=datetime.min.replace(tzinfo=UTC)), ["first", "second", "third", "fourth"]),
        (RunFilter(changed_after=datetime.max.replace(tzinfo=UTC)), []),
        (RunFilter(source_identifier="build/1/2"), ["third"]),
        (RunFilter(source_identifier="BUILD/1/2"), []),
        (RunFilter(retention=Retention.RETAIN), ["third"]),
        (RunFilter(retention=Retention.NONE), ["first", "second"]),
        (RunFilter(ids=[]), []),
        (RunFilter(ids=["no id", str(uuid4())]), []),
        (RunFilter(requested_by=BOB.name, kind=RunKind.VISUAL_STUDIO, top=1), ["fourth"]),
        (RunFilter(requested_by=BOB.name, states=[State.ABORTED], name="shop.loadtest"), ["second"]),
    ],
)
def test_runs_are_found_by_what_they_have_in_common(
    runs: Runs, shelf: dict[str, Run], wanted: RunFilter, found: list[str]
) -> None:
    assert runs.find("acme", wanted) == [shelf[name] for name in found]


def test_runs_are_found_by_their_ids(runs: Runs, shelf: dict[str, Run]) -> None:
    ids = [shelf["third"].id.upper(), shelf["first"].id]
    assert runs.find("acme", RunFilter(ids=ids)) == [shelf["first"], shelf["third"]]
    assert runs.find("globex", RunFilter(ids=ids)) == []


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"top": 0}, "top"),
        ({"top": 1001}, "top"),
        ({"ids": ["x"] * 1001}, "ids"),
        ({"name": "a\0b"}, "name"),
        ({"requested_by": "\ud800"}, "requested_by"),
        ({"source_identifier": "\0"}, "source_identifier"),
    ],
)
def test_a_filter_that_no_database_could_answer_is_refused(bad: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        RunFilter(**bad)
    assert raised.value.field == field


def test_runs_in_some_states_come_in_the_order_they_were_queued(runs: Runs) -> None:
    late = runs.create(new_run("late", organization="globex"), ADA, second(0))
    early = runs.create(new_run("early"), ADA, second(1))
    runs.create(new_run("pending"), ADA, second(2))
    for run, at in ((late, second(9)), (early, second(5))):
        runs.change(run.id, lambda before, at=at: replace(before, life=life.queue(before.life, ADA, at)))  # type: ignore[misc]
    assert [run.name for run in runs.in_states(State.QUEUED)] == ["early", "late"]
    assert [run.name for run in runs.in_states(State.QUEUED, State.PENDING)] == ["pending", "early", "late"]
    assert runs.in_states() == []


def test_messages_come_back_in_the_order_they_were_logged(runs: Runs) -> None:
    run, other = runs.create(new_run(), ADA, START), runs.create(new_run(), ADA, START)
    logged = [
        runs.log(run.id, Severity.INFO, Source.OTHER, "one", at=second(1)),
        runs.log(run.id, Severity.WARNING, Source.VALIDATION, "two", at=second(1)),
        runs.log(run.id, Severity.OUTPUT, Source.SETUP_SCRIPT, "three", at=second(1), agent="Agent0", code="VS1550084"),
    ]
    runs.log(other.id, Severity.INFO, Source.OTHER, "other", at=second(1))
    assert runs.messages(run.id) == logged
    assert logged[0] == Message(logged[0].id, run.id, second(1), Severity.INFO, Source.OTHER, "one", "", None)
    assert runs.messages(str(uuid4())) == []


def test_lines_are_messages_one_after_the_other_by_position_and_date(runs: Runs) -> None:
    run = runs.create(new_run(), ADA, START)
    runs.log(run.id, Severity.INFO, Source.OTHER, "before", at=second(1))
    runs.log_lines(run.id, Severity.OUTPUT, Source.SETUP_SCRIPT, ("one", "two", "one"), at=second(2), agent="Agent0")
    runs.log_lines(run.id, Severity.OUTPUT, Source.SETUP_SCRIPT, (), at=second(3))
    messages = runs.messages(run.id)
    assert [message.text for message in messages] == ["before", "one", "two", "one"]
    assert [(message.severity, message.source, message.agent) for message in messages[1:]] == [
        (Severity.OUTPUT, Source.SETUP_SCRIPT, "Agent0")
    ] * 3
    assert messages == sorted(messages, key=lambda message: message.logged_at)
    assert len({message.logged_at for message in messages}) == 4


def test_messages_logged_at_once_are_all_kept(runs: Runs) -> None:
    threads, turns = 6, 10
    run = runs.create(new_run(), ADA, START)
    start = Barrier(threads)

    def log(thread: int) -> None:
        start.wait()
        for turn in range(turns):
            runs.log(run.id, Severity.INFO, Source.OTHER, f"{thread} {turn}", at=START)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(log, range(threads)))
    texts = [message.text for message in runs.messages(run.id)]
    assert sorted(texts) == sorted(f"{thread} {turn}" for thread in range(threads) for turn in range(turns))
    for thread in range(threads):
        assert [text for text in texts if text.startswith(f"{thread} ")] == [f"{thread} {turn}" for turn in range(turns)]


def test_a_message_for_an_unknown_run_is_refused(runs: Runs) -> None:
    with pytest.raises(NotFound, match="There is no test run"):
        runs.log(str(uuid4()), Severity.INFO, Source.OTHER, "text", at=START)
    with pytest.raises(NotFound, match="There is no test run"):
        runs.log_lines(str(uuid4()), Severity.INFO, Source.OTHER, ("text",), at=START)


def test_a_run_that_somebody_has_changed_meanwhile_is_not_deleted(runs: Runs) -> None:
    seen = runs.create(new_run(), ADA, START)
    changed = runs.change(seen.id, lambda run: replace(run, description="changed"))
    assert not runs.delete(seen, ADA, START)
    assert runs.get(changed.organization, changed.id) == changed
    assert runs.delete(changed, ADA, START)
    assert runs.get(changed.organization, changed.id) is None
    assert not runs.delete(changed, ADA, START)
