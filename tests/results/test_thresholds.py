"""results/thresholds.py, and how the timeline has it judge the intervals of a run."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.thresholds import CounterName, Threshold
from headrace.results.bounds import FURTHER_ERRORS, Bounds
from headrace.results.counters import CounterKind
from headrace.results.errors import ErrorDetail
from headrace.results.instances import CounterInstance
from headrace.results.thresholds import MOST_VIOLATED, Violated, Violation, violated
from headrace.results.timeline import Interval, Timeline
from headrace.ticks.machine import Machine
from headrace.ticks.tick import ErrorName, ErrorStats, Name, Tick
from tests.results.build import errors, home, iterations, machine, pages, requests, tick, transactions

REQUEST, PAGE = "LoadTest:Request", "LoadTest:Page"
RESPONSE_TIME = CounterName(REQUEST, "Avg. Response Time")
RATE = CounterName(REQUEST, "Requests/Sec")
CPU = CounterName("Processor", "% Processor Time")


def told(*ticks: Tick, on: Threshold | tuple[Threshold, ...], interval: int = 1) -> list[tuple[str, str, int]]:
    """The violations of a run of these ticks: sub-kind, text and how often, in the order in which they came up."""
    timeline = Timeline(interval, thresholds=on if isinstance(on, tuple) else (on,))
    timeline.start()
    for each in ticks:
        timeline.add(each)
    timeline.finish()
    assert {error[2:6] for error in timeline.total.errors if error.kind == "ThresholdMessage"} <= {("", "", "", "")}
    return [
        (error.subkind, error.message, stats.count)
        for error, stats in timeline.total.errors.items()
        if error.kind == "ThresholdMessage"
    ]


def subkinds(*ticks: Tick, on: Threshold, interval: int = 1) -> list[str]:
    return [subkind for subkind, _, times in told(*ticks, on=on, interval=interval) for _ in range(times)]


def test_the_published_text_is_reproduced_to_the_letter() -> None:
    busy = machine(busy=1.0)
    on = Threshold(CounterName("Processor", "% Processor Time", "0"), critical=90, agents=True)
    assert told(tick(0, machines={"Agent0": busy}), on=on) == [
        (
            "Critical",
            '["Agent0","Processor","% Processor Time","0"] : The value 100 exceeds the critical threshold value of 90.',
            1,
        )
    ]


def test_a_value_that_is_too_low_is_said_to_be_below() -> None:
    on = Threshold(CounterName("Memory", "Available MBytes"), over=False, warning=100, critical=50, agents=True)
    assert told(tick(0, machines={"Agent0": machine(free=80)}), on=on) == [
        (
            "Warning",
            '["Agent0","Memory","Available MBytes",""] : The value 80 is below the warning threshold value of 100.',
            1,
        )
    ]


def test_the_load_tests_own_counters_are_of_the_controller() -> None:
    on = Threshold(RESPONSE_TIME, critical=0.2)
    assert told(tick(0, requests=home(300, 350)), on=on) == [
        (
            "Critical",
            '["ELSCONTROLLER","LoadTest:Request","Avg. Response Time","_Total"] : '
            "The value 0.325 exceeds the critical threshold value of 0.2.",
            1,
        )
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100.0, "100"),
        (0.1 + 0.2, "0.3"),
        (96.873184, "96.87318"),
        (1234567.0, "1234567"),
        (12345678.0, "1.234568E+07"),
        (1e10, "1E+10"),
        (0.0001, "0.0001"),
        (0.00001, "1E-05"),
        (0.0, "0"),
        (-2.5, "-2.5"),
    ],
)
def test_numbers_are_written_as_dot_net_writes_a_single(value: float, text: str) -> None:
    counter = CounterInstance(1, "c", "n", "i", "", CounterKind.RATE)
    message = Violation(counter, "Warning", True, value, 90.0).error.message
    assert message == f'["ELSCONTROLLER","c","n","i"] : The value {text} exceeds the warning threshold value of 90.'


@given(st.text(), st.text())
def test_names_cannot_break_out_of_the_array(name: str, instance: str) -> None:
    counter = CounterInstance(1, "c", name, instance, "", CounterKind.RATE)
    message = Violation(counter, "Critical", False, 1.0, 2.0).error.message
    place, _, rest = message.rpartition(" : ")
    assert json.loads(place) == ["ELSCONTROLLER", "c", name, instance]
    assert rest == "The value 1 is below the critical threshold value of 2."


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(100, []), (101, ["Warning"]), (200, ["Warning"]), (201, ["Critical"]), (9000, ["Critical"])],
)
def test_over_is_over_and_not_at_and_critical_goes_before_warning(milliseconds: int, expected: list[str]) -> None:
    assert subkinds(tick(0, requests=home(milliseconds)), on=Threshold(RESPONSE_TIME, True, 0.1, 0.2)) == expected


@pytest.mark.parametrize(("count", "expected"), [(5, []), (4, ["Warning"]), (2, ["Warning"]), (1, ["Critical"])])
def test_under_is_under_and_not_at_and_critical_goes_before_warning(count: int, expected: list[str]) -> None:
    assert subkinds(tick(0, requests=home(*[1] * count)), on=Threshold(RATE, False, 5.0, 2.0)) == expected


def test_a_threshold_may_have_one_limit_only() -> None:
    slow = tick(0, requests=home(500))
    assert subkinds(slow, on=Threshold(RESPONSE_TIME, warning=0.1)) == ["Warning"]
    assert subkinds(slow, on=Threshold(RESPONSE_TIME, critical=0.1)) == ["Critical"]
    assert subkinds(slow, on=Threshold(RESPONSE_TIME, warning=0.1, critical=0.6)) == ["Warning"]


def test_every_interval_is_judged_by_its_own_value_the_last_one_too() -> None:
    """0.1 s over the first two seconds, 0.3 s over the next two, 0.3 s in what is left."""
    seconds = [tick(second, requests=home(ms)) for second, ms in enumerate((50, 150, 200, 400, 300))]
    assert subkinds(*seconds, on=Threshold(RESPONSE_TIME, critical=0.25), interval=2) == ["Critical"] * 2


def test_violations_with_the_same_text_add_up_and_are_dated_by_the_end_of_their_interval() -> None:
    timeline = Timeline(2, thresholds=[Threshold(RESPONSE_TIME, critical=0.2)])
    timeline.begins = 1_000_000.0
    timeline.start()
    for second in range(4):
        timeline.add(tick(second, requests=home(300)))
    (kind,) = timeline.errors().types
    ((subkind,), (detail,)) = (kind.subtypes, kind.subtypes[0].details)
    assert (kind.name, subkind.name, subkind.occurrences) == ("ThresholdMessage", "Critical", 2)
    assert detail == ErrorDetail(2, "", "", "", "", detail.message, 1_000_004.0)


def counted(interval: Interval, ids: dict[str, int]) -> dict[str, tuple[int, float]]:
    names = {number: name for name, number in ids.items()}
    return {names[at.counter_id]: (at.raw, at.value) for at in interval.measurements if at.counter_id in names}


def test_violations_count_in_the_interval_they_are_of_and_in_no_counter_of_errors() -> None:
    timeline = Timeline(2, thresholds=[Threshold(RESPONSE_TIME, critical=0.2), Threshold(RATE, warning=0.5)])
    ids = {at.name: at.id for at in timeline.start().new_counters if at.category == "LoadTest:Errors"}
    timeline.add(tick(0, requests=home(300), errors=errors("HttpError", 3)))
    (first,) = timeline.add(tick(1, requests=home(300)))[1]
    timeline.add(tick(2, requests=home(300)))
    (second,) = timeline.add(tick(3, requests=home(1)))[1]
    found = counted(first, ids)
    assert (found["Total Errors"], found["Errors/Sec"], found["Exceptions"]) == ((3, 3.0), (3, 1.5), (0, 0.0))
    assert found["Threshold Violations/Sec"] == (2, 1.0)
    assert counted(second, ids)["Threshold Violations/Sec"] == (3, 0.5)
    assert first.tick is not None
    assert sum(stats.count for stats in first.tick.errors.values()) == 3 + 2


def test_counters_of_errors_can_have_thresholds_too() -> None:
    failing = tick(0, errors=errors("HttpError", 3))
    assert subkinds(failing, on=Threshold(CounterName("LoadTest:Errors", "Errors/Sec"), critical=2)) == ["Critical"]
    assert subkinds(failing, on=Threshold(CounterName("LoadTest:Errors", "Http Errors"), critical=3)) == []


@pytest.mark.parametrize(
    "counter",
    [
        RESPONSE_TIME,
        CounterName(PAGE, "Avg. Page Time"),
        CounterName(PAGE, "% Pages Meeting Goal"),
        CounterName("LoadTest:Test", "Avg. Requests/Test"),
        CounterName("LoadTest:Transaction", "Avg. Transaction Time"),
    ],
    ids=lambda counter: counter.counter,
)
def test_an_average_of_nothing_violates_nothing(counter: CounterName) -> None:
    assert subkinds(tick(0), on=Threshold(counter, over=False, critical=1000)) == []


@pytest.mark.parametrize(
    "counter", [RATE, CounterName("LoadTest:Test", "Passed Tests"), CounterName("LoadTest:Test", "Tests/Sec")]
)
def test_a_rate_or_number_of_0_is_a_value(counter: CounterName) -> None:
    assert subkinds(tick(0), on=Threshold(counter, over=False, critical=1000)) == ["Critical"]


def test_an_interval_of_which_nothing_was_reported_is_not_judged() -> None:
    """Interval 2 is missing: there is no value of it, and the rate of the third is over both."""
    seconds = [tick(second, requests=home(*[1] * 4)) for second in (0, 1, 4, 5)]
    assert [text for _, text, _ in told(*seconds, on=Threshold(RATE, critical=1), interval=2)] == [
        f'["ELSCONTROLLER","LoadTest:Request","Requests/Sec","_Total"] : The value {rate} exceeds the critical threshold '
        "value of 1."
        for rate in (4, 2)
    ]


SEVERAL = tick(
    0,
    requests={Name("s", "t", "/a"): requests(100), Name("s", "t", "/b"): requests(300), Name("s", "t", "/c"): requests(500)},
    pages={Name("s", "t", "/a"): pages(1000), Name("s", "t", "/b"): pages(1000)},
    tests={Name("s", "Buy", ""): iterations(100, made=3)},
    transactions={Name("s", "t", "Log in"): transactions(700)},
)


def instances(on: Threshold, second: Tick = SEVERAL) -> list[tuple[str, str]]:
    return [tuple(json.loads(text.rpartition(" : ")[0])[::3]) for _, text, _ in told(second, on=on)]


def test_an_instance_left_out_is_the_whole_and_a_star_is_each() -> None:
    def at(instance: str) -> list[str]:
        on = Threshold(CounterName(REQUEST, "Avg. Response Time", instance), critical=0.2)
        return [name for _, name in instances(on)]

    assert at("") == ["_Total"]
    assert at("_Total") == ["_Total"]
    assert at("*") == ["/b", "/c"]
    assert at("/b") == at("/B") == ["/b"]
    assert at("/nowhere") == []


@pytest.mark.parametrize(
    ("category", "counter", "instance"),
    [
        ("LoadTest:Scenario", "User Load", "s"),
        ("LoadTest:Test", "Avg. Requests/Test", "Buy"),
        ("LoadTest:Transaction", "Avg. Response Time", "Log in"),
        (PAGE, "Avg. Page Time", "/a"),
        (REQUEST, "Avg. Response Time", "/a"),
    ],
)
def test_every_category_has_its_names(category: str, counter: str, instance: str) -> None:
    on = Threshold(CounterName(category, counter, instance), critical=0.01)
    assert instances(on) == [("ELSCONTROLLER", instance)]


def test_names_of_counters_are_found_in_any_case() -> None:
    assert subkinds(SEVERAL, on=Threshold(CounterName("loadtest:REQUEST", "avg. response time"), critical=0.2)) == [
        "Critical"
    ]


def test_an_instance_that_appears_late_is_judged_from_then_on() -> None:
    on = Threshold(CounterName(REQUEST, "Total Requests", "/late"), critical=0)
    late = {Name("s", "t", "/late"): requests(1)}
    assert subkinds(tick(0, requests=home(1)), tick(1, requests=late), tick(2), on=on) == ["Critical"] * 2


def test_limits_that_are_relative_are_factors_of_the_other_counter() -> None:
    on = Threshold(RESPONSE_TIME, warning=0.25, critical=0.5, relative_to=CounterName(PAGE, "Avg. Page Time"))
    assert told(SEVERAL, on=on) == [
        (
            "Warning",
            '["ELSCONTROLLER","LoadTest:Request","Avg. Response Time","_Total"] : '
            "The value 0.3 exceeds the warning threshold value of 0.25.",
            1,
        )
    ]


def test_a_relative_limit_is_of_the_same_instance_or_of_the_one_that_is_named() -> None:
    def at(other: str) -> list[tuple[str, str]]:
        counter = CounterName(REQUEST, "Avg. Response Time", "*")
        return instances(Threshold(counter, critical=0.2, relative_to=CounterName(PAGE, "Avg. Page Time", other)))

    assert at("") == [("ELSCONTROLLER", "/b")]  # there is no page /c to compare with
    assert at("_total") == at("/A") == [("ELSCONTROLLER", "/b"), ("ELSCONTROLLER", "/c")]
    assert at("/nowhere") == []


def test_a_relative_limit_without_a_value_to_compare_with_violates_nothing() -> None:
    on = Threshold(RESPONSE_TIME, critical=0.0001, relative_to=CounterName(PAGE, "Avg. Page Time"))
    assert subkinds(tick(0, requests=home(500)), on=on) == []
    assert subkinds(
        tick(0, requests=home(500), pages={Name("s", "t", "/"): pages(500)}), tick(1, requests=home(500)), on=on
    ) == ["Critical"]


def two_agents(**second: Machine) -> Tick:
    return tick(0, machines=second or {"Agent0": machine(busy=0.9, sent=70), "Agent1": machine(busy=0.1, sent=30)})


def test_agents_are_judged_each_for_itself() -> None:
    on = Threshold(CPU, critical=40, agents=True)
    assert instances(on, two_agents()) == [("Agent0", "_Total")]
    each = Threshold(CounterName("Processor", "% Processor Time", "*"), critical=5, agents=True)
    assert instances(each, two_agents()) == [("Agent0", "0"), ("Agent1", "0")]


def test_agents_counters_and_the_load_tests_own_are_kept_apart() -> None:
    busy = two_agents(Agent0=machine(busy=1.0))
    assert subkinds(busy, on=Threshold(CPU, critical=0)) == []
    assert subkinds(busy, on=Threshold(RATE, over=False, critical=9, agents=True)) == []


def test_interfaces_are_compared_with_their_own_bandwidth_where_it_is_known() -> None:
    counter = CounterName("Network Interface", "Bytes Total/sec", "*")
    bandwidth = CounterName("Network Interface", "Current Bandwidth")
    on = Threshold(counter, critical=0.6, agents=True, relative_to=bandwidth)
    second = two_agents(
        Agent0=machine(sent=70, bandwidth=100), Agent1=machine(sent=50, bandwidth=100), Agent2=machine(sent=70)
    )
    assert instances(on, second) == [("Agent0", "eth0")]


def test_an_agent_that_reports_no_more_is_not_judged_by_what_it_said_last() -> None:
    on = Threshold(CounterName("Memory", "Available MBytes"), over=False, critical=100, agents=True)
    low = {"Agent0": machine(free=10)}
    assert subkinds(tick(0, machines=low), tick(1), tick(2, machines=low), on=on) == ["Critical"] * 2


def test_the_processor_time_of_an_interval_is_over_all_its_seconds() -> None:
    seconds = [tick(second, machines={"Agent0": machine(busy=busy)}) for second, busy in enumerate((1.0, 0.0, 0.4, 0.4))]
    on = Threshold(CounterName("Processor", "% Processor Time", "0"), warning=45, agents=True)
    ((_, text, times),) = told(*seconds, on=on, interval=2)
    assert ("The value 50 exceeds" in text, times) == (True, 1)


def test_the_first_violations_are_kept_and_all_are_counted() -> None:
    """Requests have a bound of their own: neither takes the other's place."""
    timeline = Timeline(1, Bounds(most_errors=3), [Threshold(RATE, critical=0)])
    timeline.start()
    for second in range(10):
        timeline.add(tick(second, requests=home(*[1] * (second + 1)), errors=errors("HttpError", 1, f"error {second}")))
    found = {name: stats.count for name, stats in timeline.total.errors.items() if name.kind == "ThresholdMessage"}
    assert sum(found.values()) == 10
    assert len(found) == 4
    assert found[ErrorName("ThresholdMessage", "Critical", "", "", "", "", FURTHER_ERRORS)] == 7
    assert sum(1 for name in timeline.total.errors if name.kind == "HttpError") == 4


def test_thresholds_without_anything_to_judge_are_named() -> None:
    nowhere = Threshold(CounterName(REQUEST, "Requests/Sec", "/nowhere"), critical=1)
    twice = Threshold(CounterName(PAGE, "Avg. Page Time"), critical=1)
    timeline = Timeline(1, thresholds=[Threshold(RATE, critical=1), nowhere, twice, Threshold(twice.counter, warning=2)])
    timeline.start()
    timeline.add(tick(0, requests=home(1)))
    assert timeline.watch.unjudged == ["LoadTest:Request, Requests/Sec, /nowhere", "LoadTest:Page, Avg. Page Time"]
    timeline.add(tick(1, pages={Name("s", "t", "/"): pages(5)}))
    assert timeline.watch.unjudged == ["LoadTest:Request, Requests/Sec, /nowhere"]


def violation(counter: str, value: int, subkind: str = "Critical") -> ErrorName:
    its = CounterInstance(1, "c", "n", counter, "", CounterKind.RATE)
    return Violation(its, subkind, True, value, 0.0).error


def test_what_was_violated_is_told_by_counter_the_critical_first() -> None:
    found: dict[ErrorName, Any] = {
        violation("a", 1): ErrorStats(1, 10.0),
        violation("a", 2): ErrorStats(2, 30.0),
        violation("a", 3): ErrorStats(1, 20.0),
        violation("b", 1, "Warning"): ErrorStats(9, 5.0),
        violation("c", 1): ErrorStats(5, 5.0),
        **errors("HttpError", 50),
    }
    place = '["ELSCONTROLLER","c","n","%s"]'
    assert violated(found) == (
        Violated(place % "c", "Critical", 5, violation("c", 1).message, 5.0),
        Violated(place % "a", "Critical", 4, violation("a", 2).message, 30.0),
        Violated(place % "b", "Warning", 9, violation("b", 1, "Warning").message, 5.0),
    )


def test_what_is_told_of_violations_is_bounded() -> None:
    found = {violation(str(number), 1): ErrorStats(1, 1.0) for number in range(MOST_VIOLATED + 5)}
    further = ErrorName("ThresholdMessage", "Critical", "", "", "", "", FURTHER_ERRORS)
    several = violated({**found, further: ErrorStats(7, 1.0)})
    assert len(several) == MOST_VIOLATED
    assert (several[0].counter, several[0].times) == (FURTHER_ERRORS, 7)
