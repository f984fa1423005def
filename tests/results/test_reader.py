from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from headrace.results.counters import CounterKind
from headrace.results.errors import Errors
from headrace.results.instances import USER_LOAD, CounterSummary
from headrace.results.reader import Results, Sample
from headrace.results.recorder import Recorder
from headrace.results.summary import Summary
from headrace.results.verdict import Verdict
from headrace.ticks.tick import Load, Name, Tick
from tests.results.build import by_name, errors, everything, home, iterations, tick


@pytest.fixture
def recorder(database: Engine, run_id: str) -> Recorder:
    """The recorder of a run of 7 seconds, sampled every 2, not yet closed."""
    recorder = Recorder(database, run_id, 2)
    for second in range(7):
        recorder.add(tick(second, users=second + 1, requests=home(*[10 * (second + 1)] * 4), errors=errors("HttpError", 1)))
    return recorder


def test_a_run_without_results_is_empty(database: Engine, run_id: str) -> None:
    results = Results(database)
    assert results.summary(run_id) == Summary()
    assert results.errors(run_id) == Errors()
    assert results.counters(run_id) == results.counters(run_id, summarize=True) == []
    assert results.samples(run_id, USER_LOAD) == results.history(run_id) == []
    assert results.load(run_id) == {}
    assert results.total(run_id) == Tick(0, 0.0)
    assert results.verdict(run_id) is None
    assert results.examples(run_id) == []


def test_recovering_a_run_that_measured_nothing_leaves_it_empty(database: Engine, run_id: str) -> None:
    Results(database).recover(run_id, 5)
    assert not any(everything(database, run_id).values())


def test_a_run_under_way_is_answered_from_its_recorder(database: Engine, recorder: Recorder) -> None:
    results = Results(database)
    results.attach(recorder)
    assert results.summary(recorder.run_id).request.total == 28
    assert results.errors(recorder.run_id).occurrences == 7
    assert results.errors(recorder.run_id, "Exception").occurrences == 0
    assert len(results.history(recorder.run_id)) == 7
    assert results.load(recorder.run_id) == {"s": Load(7, 7)}
    assert results.verdict(recorder.run_id) == recorder.verdict() == Verdict()


def test_a_run_that_is_over_is_answered_from_the_database(database: Engine, recorder: Recorder) -> None:
    results = Results(database)
    results.attach(recorder)
    recorder.close()
    results.detach(recorder.run_id)
    assert results.summary(recorder.run_id) == recorder.summary()
    assert results.errors(recorder.run_id) == recorder.errors()
    assert results.errors(recorder.run_id, "HttpError", "sub").occurrences == 7
    assert results.errors(recorder.run_id, "HttpError", "another") == Errors()
    assert results.history(recorder.run_id) == []


def test_samples_carry_all_that_the_published_formulas_need(database: Engine, recorder: Recorder) -> None:
    results = Results(database)
    response_time = by_name(results.counters(recorder.run_id), "Avg. Response Time")
    timer = CounterKind.AVERAGE_TIMER
    assert results.samples(recorder.run_id, response_time.id) == [
        Sample(0, timer, 0, 0, 0, 0.0),
        Sample(1, timer, 1_200_000, 8, 20_000_000, 0.015),
        Sample(2, timer, 4_000_000, 16, 40_000_000, 0.035),
        Sample(3, timer, 8_400_000, 24, 60_000_000, 0.055),
    ]


@pytest.mark.parametrize(
    ("first", "last", "intervals"),
    [
        (0, -1, [0, 1, 2, 3, 4]),
        (2, -1, [2, 3, 4]),
        (1, 3, [1, 2, 3]),
        (3, 3, [3]),
        (0, 99, [0, 1, 2, 3, 4]),
        (-1, -1, [4]),
        (3, 1, []),
        (5, -1, []),
        (0, 2**70, [0, 1, 2, 3, 4]),
        (2**70, -1, []),
        (0, -(2**70), [0, 1, 2, 3, 4]),
    ],
)
def test_samples_are_had_by_interval_numbers_both_included(
    database: Engine, recorder: Recorder, first: int, last: int, intervals: list[int]
) -> None:
    recorder.close()
    found = Results(database).samples(recorder.run_id, USER_LOAD, first, last)
    assert [sample.interval for sample in found] == intervals


def test_samples_are_had_in_batches(database: Engine, recorder: Recorder) -> None:
    found = Results(database).samples(recorder.run_id, USER_LOAD, limit=2)
    assert [sample.interval for sample in found] == [0, 1]
    assert Results(database).samples(recorder.run_id, USER_LOAD, limit=0) == []


@pytest.mark.parametrize("counter_id", [12345, 2**31, -(2**31) - 1, 2**80])
def test_a_counter_that_is_not_there_has_no_samples(database: Engine, recorder: Recorder, counter_id: int) -> None:
    assert Results(database).samples(recorder.run_id, counter_id) == []


def test_samples_of_one_run_are_not_those_of_another(
    database: Engine, recorder: Recorder, new_run: Callable[[], str]
) -> None:
    other = Recorder(database, new_run(), 2)
    assert len(Results(database).samples(other.run_id, USER_LOAD)) == 1


def test_counters_come_with_the_totals_first(database: Engine, recorder: Recorder) -> None:
    instances = [counter.instance for counter in Results(database).counters(recorder.run_id)]
    assert instances == ["_Total"] * 38 + ["s"] * 2 + ["/"] * 11


def test_counters_are_had_by_group_in_any_case(database: Engine, recorder: Recorder) -> None:
    results = Results(database)

    def names(*groups: str) -> list[str]:
        return [counter.name for counter in results.counters(recorder.run_id, groups)]

    assert names("performance") == ["Avg. Test Time", "Avg. Page Time", "Avg. Response Time", "User Load"]
    assert names("Throughput") == ["User Load", "Tests/Sec", "Pages/Sec", "Requests/Sec", "Errors/Sec"]
    assert names("APPLICATION") == ["User Load"]
    assert len(names("Default")) == len(names("Performance", "Throughput", "Application")) == 8
    assert len(names("All")) == 51
    assert names("another") == names() == []


def test_a_counters_summary_leaves_out_the_start(database: Engine, recorder: Recorder) -> None:
    counters = Results(database).counters(recorder.run_id, summarize=True)
    assert by_name(counters, "User Load").summary == CounterSummary(average=4.0, least=2.0, most=6.0)
    assert by_name(counters, "Requests/Sec", "/").summary == CounterSummary(4.0, 4.0, 4.0)


def test_the_summary_of_a_counter_without_intervals_is_zero(database: Engine, run_id: str) -> None:
    Recorder(database, run_id, 5)
    counters = Results(database).counters(run_id, summarize=True)
    assert {counter.summary for counter in counters} == {CounterSummary(0.0, 0.0, 0.0)}


def test_many_counters_are_summarised_at_once(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 1)
    recorder.add(tick(0, tests={Name("s", f"t{number}", ""): iterations(10) for number in range(200)}))
    counters = Results(database).counters(run_id, summarize=True)
    assert len(counters) == 38 + 2 + 1600
    assert by_name(counters, "Avg. Test Time", "t199").summary == CounterSummary(0.01, 0.01, 0.01)
