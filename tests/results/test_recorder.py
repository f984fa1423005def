import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from headrace.plan.thresholds import CounterName, Threshold
from headrace.results.reader import Results
from headrace.results.recorder import HISTORY, Recorder, Second
from headrace.results.verdict import Verdict
from headrace.store.schema import counters, examples, intervals, losses, results, samples, ticks
from headrace.ticks.tick import Health, Load, Name, Tick
from tests.results.build import by_name, errors, everything, example, home, machine, pages, requests, rows, tick
from tests.ticks.strategies import ticks as any_tick

on_one_database = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def statements(database: Engine, what: Callable[[], object]) -> list[str]:
    """The statements that the database was sent meanwhile; one for many rows counts once."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(database, "before_cursor_execute", note)
    try:
        what()
    finally:
        event.remove(database, "before_cursor_execute", note)
    return sent


@contextmanager
def refusing(database: Engine) -> Iterator[None]:
    """A database that answers every statement with an error."""

    def refuse(*_: Any) -> None:
        raise OperationalError("any statement", {}, Exception("the disk is full"))

    event.listen(database, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(database, "before_cursor_execute", refuse)


def test_opening_writes_the_totals_at_zero(database: Engine, run_id: str) -> None:
    Recorder(database, run_id, 5)
    assert {row[4] for row in rows(database, counters, run_id)} == {"_Total"}
    assert {row[1:] for row in rows(database, samples, run_id)} == {(0, 0, 0, 0, 0.0)}
    assert len(rows(database, samples, run_id)) == len(rows(database, counters, run_id)) == 38


def test_a_second_is_in_the_database_once_it_is_added(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.add(tick(0, requests=home(1)))
    recorder.add(tick(1, requests=home(2)))
    assert [row[0] for row in rows(database, ticks, run_id)] == [0, 1]
    assert rows(database, intervals, run_id) == []


def test_an_interval_takes_the_place_of_its_seconds(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 2)
    for second in range(5):
        recorder.add(tick(second, requests=home(second + 1)))
    assert [row[0] for row in rows(database, ticks, run_id)] == [4]
    assert [row[0] for row in rows(database, intervals, run_id)] == [1, 2]


def test_samples_are_there_as_soon_as_their_interval_is_over(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 2)
    recorder.add(tick(0, requests=home(10)))
    results = Results(database)
    per_second = by_name(results.counters(run_id), "Requests/Sec")
    assert [sample.interval for sample in results.samples(run_id, per_second.id)] == [0]
    recorder.add(tick(1, requests=home(10, 10, 10)))
    assert [(sample.interval, sample.value) for sample in results.samples(run_id, per_second.id)] == [(0, 0.0), (1, 2.0)]


def test_closing_keeps_the_interval_under_way_the_summary_and_the_errors(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.add(tick(0, requests=home(10), errors=errors("HttpError", 2)))
    recorder.add(tick(1, elapsed=2.25, requests=home(20, 30)))
    live = (recorder.summary(), recorder.errors())
    recorder.close()
    kept = Results(database)
    assert (kept.summary(run_id), kept.errors(run_id)) == live
    assert live[0].request.per_second == 3 / 2.25
    assert rows(database, ticks, run_id) == []
    assert {row[4] for row in rows(database, samples, run_id) if row[1] == 1} == {2_250_000}


def test_closing_twice_is_closing_once(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.add(tick(0, requests=home(10)))
    recorder.close()
    kept = everything(database, run_id)
    recorder.close()
    assert everything(database, run_id) == kept


def test_nothing_is_added_after_closing(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.close()
    with pytest.raises(ValueError, match="is closed; second 0 came too late"):
        recorder.add(tick(0))


def test_a_second_that_comes_late_changes_nothing(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.add(tick(3, users=4))
    kept = everything(database, run_id)
    with pytest.raises(ValueError, match="the tick of second 3 came after second 3 was over"):
        recorder.add(tick(3, users=9))
    assert everything(database, run_id) == kept
    assert recorder.load() == {"s": Load(4, 4)}


def test_a_second_of_an_interval_that_is_over_is_late_after_a_restart_too(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 2)
    recorder.add(tick(0))
    recorder.add(tick(1))
    with pytest.raises(ValueError, match="the tick of second 1 came after second 1 was over"):
        Recorder(database, run_id, 2).add(tick(1))


def test_the_values_of_the_first_interval_after_a_restart_are_of_that_interval(database: Engine, run_id: str) -> None:
    Recorder(database, run_id, 1).add(tick(0, requests=home(100, 300)))
    Recorder(database, run_id, 1).add(tick(1, requests=home(50)))
    results = Results(database)
    found = results.counters(run_id)
    values = {
        name: [sample.value for sample in results.samples(run_id, by_name(found, name).id)]
        for name in ("Requests/Sec", "Avg. Response Time")
    }
    assert values == {"Requests/Sec": [0.0, 2.0, 1.0], "Avg. Response Time": [0.0, 0.2, 0.05]}


def test_the_load_and_the_history_of_seconds_in_no_interval_survive_a_restart(database: Engine, run_id: str) -> None:
    Recorder(database, run_id, 5).add(tick(3, users=4))
    again = Recorder(database, run_id, 5)
    assert again.load() == {"s": Load(4, 4)}
    assert [at.second for at in again.history()] == [3]


def test_the_warm_up_shows_its_load_and_is_not_recorded(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.add(tick(-2, users=3, requests=home(5)))
    assert recorder.load() == {"s": Load(3, 3)}
    recorder.close()
    assert recorder.summary() == Results(database).summary(run_id)
    assert recorder.summary().request.total == recorder.summary().scenario.most_users == 0
    assert rows(database, intervals, run_id) == []


def test_a_counter_that_appears_late_is_zero_in_the_intervals_before(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 2)
    for second in range(4):
        recorder.add(tick(second, requests=home(1)))
    late = {Name("s", "t", "/late"): requests(10, 10)}
    recorder.add(tick(5, requests=late))
    results = Results(database)
    total = by_name(results.counters(run_id), "Total Requests", "/late")
    found = results.samples(run_id, total.id)
    assert [(sample.interval, sample.timestamp, sample.value) for sample in found] == [
        (0, 0, 0.0),
        (1, 20_000_000, 0.0),
        (2, 40_000_000, 0.0),
        (3, 60_000_000, 2.0),
    ]


def test_an_interval_costs_the_same_number_of_statements_however_many_requests(database: Engine, new_run: Any) -> None:
    def sent(count: int) -> list[str]:
        recorder = Recorder(database, new_run(), 1)
        many = tick(0, requests={Name("s", "t", f"/{number}"): requests(5) for number in range(count)})
        return statements(database, lambda: recorder.add(many))

    assert len(sent(200)) == len(sent(1)) <= 7


def test_requests_over_the_bound_are_added_up_and_not_dropped(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 1)
    recorder.add(tick(0, requests={Name("s", "t", f"/{number}"): requests(5) for number in range(1003)}))
    recorder.add(tick(1, pages={Name("s", "t", f"/{number}"): pages(5) for number in range(1002)}))
    recorder.close()
    results = Results(database)
    found = results.counters(run_id)
    assert len({counter.instance for counter in found if counter.category == "LoadTest:Request"}) == 1 + 1000 + 1
    for name, instance, total in (
        ("Total Requests", "(other requests)", 3),
        ("Total Requests", "_Total", 1003),
        ("Total Pages", "(other pages)", 2),
        ("Total Pages", "_Total", 1002),
    ):
        assert results.samples(run_id, by_name(found, name, instance).id)[-1].raw == total
    assert results.summary(run_id).request.total == 1003


def test_examples_are_kept_once_however_many_intervals_there_are(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 1)
    for second in range(5):
        recorder.add(tick(second, examples=[example(at=10.0 - second)]))
    assert len(rows(database, examples, run_id)) == 1
    assert all(b"HTTP/1.1" not in zlib.decompress(row[1]) for row in rows(database, intervals, run_id))
    recorder.close()
    first = [example(at=at) for at in (6.0, 7.0, 8.0, 9.0, 10.0)]
    assert Results(database).examples(run_id) == Results(database).total(run_id).examples == recorder.examples() == first


def test_examples_that_did_not_change_are_not_written_again(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 1)
    recorder.add(tick(0, examples=[example()]))
    sent = statements(database, lambda: recorder.add(tick(1, examples=[example()])))
    assert not any("examples" in statement for statement in sent)


def test_examples_of_a_run_under_way_are_there_before_its_interval_is_over(database: Engine, run_id: str) -> None:
    recorder, reader = Recorder(database, run_id, 2), Results(database)
    for second in range(3):
        recorder.add(tick(second, examples=[example(at=second)]))
    assert reader.examples(run_id) == [example(at=0), example(at=1), example(at=2)]
    reader.attach(recorder)
    assert reader.examples(run_id) == [example(at=0), example(at=1), example(at=2)]


def test_a_loss_is_known_at_once_and_after_a_restart(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.add(tick(0))
    assert recorder.verdict() == Verdict()
    recorder.note_loss(0.25)
    again = Recorder(database, run_id, 5)
    again.note_loss(0.5)
    again.close()
    for summary in (again.summary(), Results(database).summary(run_id)):
        assert summary.generator.lost == 0.75
        assert summary.verdict is not None
        assert [reason.name for reason in summary.verdict.reasons] == ["lost_generators"]
    assert Results(database).verdict(run_id) == again.verdict()


def test_a_loss_that_the_database_refused_is_written_with_the_next_second(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    with refusing(database), pytest.raises(DBAPIError):
        recorder.note_loss(0.25)
    recorder.add(tick(0))
    assert rows(database, losses, run_id) == [(0, 0.25)]


def test_there_is_no_verdict_where_no_second_was_measured(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.add(tick(-1))
    recorder.close()
    assert recorder.verdict() is Results(database).verdict(run_id) is None


def test_seconds_are_judged_one_by_one_however_they_were_recorded(database: Engine, run_id: str) -> None:
    """Two busy seconds of six, one of them in an interval that is over, and one second that never came."""
    busy = Health(busiest_cpu_us=990_000, loop_lag_us=100_000)
    for second in (0, 1, 2, 3, 5, 6):
        Recorder(database, run_id, 3).add(tick(second, health=busy if second in (1, 6) else Health()))
    summary = Recorder(database, run_id, 3).summary()
    assert (summary.generator.seconds, summary.generator.busy_seconds, summary.generator.missing_seconds) == (6, 2, 1)
    assert summary.verdict is not None
    assert {reason.name for reason in summary.verdict.reasons} == {"generator_cpu", "loop_lag", "missing_seconds"}


def test_the_history_is_of_the_last_seconds(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 1000)
    both = {Name("s", "t", "/a"): requests(10, 20, failed=1), Name("s", "t", "/b"): requests(100)}
    recorder.add(tick(0, users=5, requests=both, errors=errors("HttpError", 2)))
    assert recorder.history() == [Second(second=0, users=5, requests=3, failed=1, p95_us=100_000, errors=2)]


def test_the_history_is_bounded(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 1000)
    for second in range(HISTORY + 5):
        recorder.add(tick(second))
    assert [at.second for at in recorder.history()] == list(range(5, HISTORY + 5))


def test_what_the_database_refused_is_written_with_the_next_second(database: Engine, new_run: Any) -> None:
    untroubled, troubled = (Recorder(database, new_run(), 2) for _ in range(2))
    for second in range(7):
        untroubled.add(tick(second, requests=home(second + 1)))
        if second in (1, 2, 4):
            with refusing(database), pytest.raises(DBAPIError):
                troubled.add(tick(second, requests=home(second + 1)))
        else:
            troubled.add(tick(second, requests=home(second + 1)))
    assert everything(database, troubled.run_id) == everything(database, untroubled.run_id)


def test_closing_can_be_tried_again_where_the_database_refused(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    recorder.add(tick(0, requests=home(7)))
    with refusing(database), pytest.raises(DBAPIError):
        recorder.close()
    recorder.close()
    assert Results(database).summary(run_id).request.total == 1
    assert [row[0] for row in rows(database, intervals, run_id)] == [1]
    assert len(rows(database, results, run_id)) == 1


def test_readers_in_other_threads_see_whole_seconds(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 3)
    seen: list[tuple[int, int]] = []

    def read() -> None:
        while not seen or seen[-1][0] < 120:
            summary = recorder.summary()
            seen.append((summary.request.total, summary.page.total))

    reader = Thread(target=read, daemon=True)
    reader.start()
    for second in range(30):
        recorder.add(tick(second, requests=home(1, 2, 3, 4), pages={Name("s", "t", "/"): pages(5, 5)}))
    reader.join(timeout=30)
    assert seen[-1] == (120, 60)
    assert all(requests_seen == 2 * pages_seen for requests_seen, pages_seen in seen)


def test_thresholds_of_a_run_are_judged_after_a_restart_too_and_dated_by_its_begin(database: Engine, run_id: str) -> None:
    """Interval 1 was judged before the service died, interval 2 is when its results are recovered."""
    began = datetime(2026, 3, 1, 12, tzinfo=UTC)
    recorder = Recorder(database, run_id, 2, [Threshold(CounterName("LoadTest:Request", "Requests/Sec"), critical=0.9)])
    recorder.begin(began)
    for second in range(3):
        recorder.add(tick(second, requests=home(5)))
    results = Results(database)
    results.recover(run_id, 2, began)
    (kind,) = results.errors(run_id, "ThresholdMessage").types
    (detail,) = kind.subtypes[0].details
    assert (kind.subtypes[0].name, detail.occurrences, detail.last) == ("Critical", 2, began.timestamp() + 3)
    rate = by_name(results.counters(run_id), "Threshold Violations/Sec")
    assert [sample.raw for sample in results.samples(run_id, rate.id)] == [0, 1, 2]
    (violated,) = results.summary(run_id).violated
    assert (violated.subkind, violated.times) == ("Critical", 2)


def test_thresholds_without_a_value_are_named_until_they_have_one(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 1, [Threshold(CounterName("LoadTest:Page", "Avg. Page Time"), critical=1)])
    recorder.add(tick(0))
    assert recorder.unjudged() == ["LoadTest:Page, Avg. Page Time"]
    recorder.add(tick(1, pages={Name("s", "t", "/"): pages(5)}))
    assert recorder.unjudged() == []


def test_the_counters_of_a_machine_are_kept_with_its_name(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 2)
    for second in range(4):
        recorder.add(tick(second, machines={"Agent0": machine(busy=second / 4, free=100 + second, sent=10)}))
    results = Results(database)
    found = [counter for counter in results.counters(run_id) if counter.machine == "Agent0"]
    assert {counter.groups for counter in found} == {("All",)}
    values = {
        name: [(sample.raw, sample.base, sample.value) for sample in results.samples(run_id, by_name(found, name, its).id)]
        for name, its in (("% Processor Time", "0"), ("Available MBytes", ""), ("Bytes Total/sec", "eth0"))
    }
    assert values["% Processor Time"] == [(0, 0, 0.0), (250_000, 2_000_000, 12.5), (1_500_000, 4_000_000, 62.5)]
    assert values["Available MBytes"] == [(0, 0, 0.0), (101, 0, 101.0), (103, 0, 103.0)]
    assert values["Bytes Total/sec"] == [(0, 0, 0.0), (20, 0, 10.0), (40, 0, 10.0)]
    assert results.samples(run_id, by_name(found, "% Committed Bytes In Use", "").id)[-1].value == pytest.approx(89.7)
    assert {counter.machine for counter in results.counters(run_id, ["Default", "Performance"])} == {"ELSCONTROLLER"}


@st.composite
def runs_of_ticks(draw: st.DrawFn) -> list[Tick]:
    """The seconds of a run: some are missing, and the last also holds what came in afterwards."""
    seconds = sorted(draw(st.sets(st.integers(0, 12), max_size=8)))
    recorded = [draw(any_tick(second=second)) for second in seconds]
    if recorded:
        recorded[-1].elapsed += draw(st.sampled_from([-0.5, 0.0, 2.25]))
    for each in recorded:
        each.machines = {
            name: machine(draw(st.floats(0, 1))) for name in draw(st.sets(st.sampled_from(["Agent0", "Agent1"])))
        }
    return recorded


# Some intervals of such runs violate them, and some do not.
WATCHED = (
    Threshold(CounterName("LoadTest:Request", "Requests/Sec", "*"), warning=0.5, critical=2.0),
    Threshold(CounterName("LoadTest:Errors", "Errors/Sec"), critical=5.0),
    Threshold(CounterName("Processor", "% Processor Time", "0"), warning=30, critical=60, agents=True),
)


@given(runs_of_ticks(), st.integers(1, 5))
@on_one_database
def test_what_is_recorded_is_what_was_added(
    database: Engine, new_run: Callable[[], str], added: list[Tick], sampling_interval: int
) -> None:
    recorder = Recorder(database, new_run(), sampling_interval)
    whole = Tick(0, 0.0)
    for each in added:
        recorder.add(each)
        whole.add_later(each)
    assert Results(database).total(recorder.run_id) == whole
    recorder.close()
    assert Results(database).total(recorder.run_id) == whole


@given(runs_of_ticks(), st.integers(1, 5), st.data())
@on_one_database
def test_a_recorder_that_is_killed_at_any_point_goes_on_as_if_it_had_not_been(
    database: Engine, new_run: Callable[[], str], added: list[Tick], sampling_interval: int, data: st.DataObject
) -> None:
    killed_at, lost_at = (data.draw(st.sets(st.integers(0, 12))) for _ in range(2))
    whole = Recorder(database, new_run(), sampling_interval, WATCHED)
    broken = Recorder(database, new_run(), sampling_interval, WATCHED)
    for index, each in enumerate(added):
        if index in killed_at:
            broken = Recorder(database, broken.run_id, sampling_interval)
        for recorder in (whole, broken):
            recorder.add(each)
            if index in lost_at:
                recorder.note_loss(0.03)
    assert broken.summary() == whole.summary()
    assert broken.errors() == whole.errors()
    assert broken.examples() == whole.examples()
    whole.close()
    broken.close()
    assert everything(database, broken.run_id) == everything(database, whole.run_id)


@given(runs_of_ticks(), st.integers(1, 5))
@on_one_database
def test_a_run_that_is_recovered_is_as_one_that_was_closed(
    database: Engine, new_run: Callable[[], str], added: list[Tick], sampling_interval: int
) -> None:
    closed = Recorder(database, new_run(), sampling_interval, WATCHED)
    killed = Recorder(database, new_run(), sampling_interval, WATCHED)
    for each in added:
        closed.add(each)
        killed.add(each)
    closed.close()
    results = Results(database)
    results.recover(killed.run_id, sampling_interval)
    assert everything(database, killed.run_id) == everything(database, closed.run_id)
    assert results.summary(killed.run_id) == closed.summary()
    assert results.errors(killed.run_id) == closed.errors()
    results.recover(killed.run_id, sampling_interval)
    assert everything(database, killed.run_id) == everything(database, closed.run_id)
