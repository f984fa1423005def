import pytest

from headrace.plan.counter_names import AGENT_COUNTERS, LOAD_TEST_COUNTERS
from headrace.results.counters import COUNTERS, CounterKind, Reading, computed, counted
from headrace.results.machine_counters import MACHINE_COUNTERS
from headrace.ticks.tick import PageStats, RequestStats, TestStats
from tests.results.build import histogram, requests, transactions

NOTHING = Reading(0, 0, 0)


def test_the_published_example_of_an_average_timer_is_reproduced() -> None:
    first = Reading(253147077, 25, 5 * 3312793)
    second = Reading(796156915, 65, 10 * 3312793)
    assert computed(CounterKind.AVERAGE_TIMER, NOTHING, first, 3312793) == pytest.approx(3.0566, abs=5e-5)
    assert computed(CounterKind.AVERAGE_TIMER, first, second, 3312793) == pytest.approx(4.097825, abs=5e-7)


def test_a_rate_is_over_the_time_between_the_readings() -> None:
    assert computed(CounterKind.RATE, Reading(100, 0, 50_000_000), Reading(160, 0, 80_000_000)) == 20.0


def test_a_number_of_items_is_what_it_is() -> None:
    assert computed(CounterKind.NUMBER_OF_ITEMS, Reading(12, 0, 10), Reading(7, 0, 20)) == 7.0


def test_an_average_count_is_per_unit_of_its_base() -> None:
    assert computed(CounterKind.AVERAGE_COUNT, Reading(100, 10, 0), Reading(160, 14, 0)) == 15.0


@pytest.mark.parametrize(
    "kind", [CounterKind.AVERAGE_TIMER, CounterKind.AVERAGE_COUNT, CounterKind.SAMPLE_FRACTION, CounterKind.RATE]
)
def test_a_value_without_anything_to_divide_by_is_zero(kind: CounterKind) -> None:
    same = Reading(5, 5, 5)
    assert computed(kind, same, same) == 0.0


def test_there_are_the_counters_of_the_reference() -> None:
    names = {category: [name for its, name in COUNTERS if its == category] for category, _ in COUNTERS}
    assert names == {
        "LoadTest:Scenario": ["User Load", "Tests Running"],
        "LoadTest:Test": [
            "Total Tests",
            "Passed Tests",
            "Failed Tests",
            "Tests/Sec",
            "Passed Tests/Sec",
            "Failed Tests/Sec",
            "Avg. Requests/Test",
            "Avg. Test Time",
        ],
        "LoadTest:Transaction": ["Total Transactions", "Avg. Transaction Time", "Avg. Response Time", "Transactions/Sec"],
        "LoadTest:Page": [
            "Total Pages",
            "Avg. Page Time",
            "Page Response Time Goal",
            "% Pages Meeting Goal",
            "Pages/Sec",
        ],
        "LoadTest:Request": [
            "Total Requests",
            "Passed Requests",
            "Failed Requests",
            "Cached Requests",
            "Requests/Sec",
            "Passed Requests/Sec",
            "Failed Requests/Sec",
            "Avg. First Byte Time",
            "Avg. Response Time",
            "Avg. Connection Wait Time",
            "Avg. Content Length",
        ],
        "LoadTest:Errors": [
            "Http Errors",
            "Validation Rule Errors",
            "Extraction Rule Errors",
            "Requests Timed Out",
            "Exceptions",
            "Total Errors",
            "Errors/Sec",
            "Threshold Violations/Sec",
        ],
    }


def test_times_are_raw_in_units_of_100_ns_and_count_their_requests() -> None:
    stats = requests(20, 30)
    stats.first_byte_us, stats.first_bytes, stats.wait_us, stats.waits = 45_000, 2, 900, 1

    def read(name: str) -> tuple[int, int]:
        counter = COUNTERS["LoadTest:Request", name]
        return counter.raw(stats), counter.base(stats)

    assert read("Avg. Response Time") == (500_000, 2)
    assert read("Avg. First Byte Time") == (450_000, 2)
    assert read("Avg. Connection Wait Time") == (9_000, 1)


def test_a_sample_fraction_is_the_percentage_between_the_readings() -> None:
    assert computed(CounterKind.SAMPLE_FRACTION, Reading(10, 100, 0), Reading(13, 104, 0)) == 75.0


def test_a_transaction_is_timed_with_and_without_the_pauses_in_it() -> None:
    stats = transactions(30, 50, pauses=10)

    def read(name: str) -> tuple[int, int]:
        counter = COUNTERS["LoadTest:Transaction", name]
        return counter.raw(stats), counter.base(stats)

    assert read("Avg. Transaction Time") == (800_000, 2)
    assert read("Avg. Response Time") == (600_000, 2)
    assert read("Total Transactions") == (2, 0)


def test_goals_are_those_of_the_pages_that_have_one() -> None:
    stats = PageStats(passed=9, goals=4, goals_met=3, goal_us=4_000_000)

    def read(name: str) -> tuple[int, int]:
        counter = COUNTERS["LoadTest:Page", name]
        return counter.raw(stats), counter.base(stats)

    assert read("Page Response Time Goal") == (40_000_000, 4)
    assert read("% Pages Meeting Goal") == (3, 4)


def test_what_a_cache_answered_is_counted_apart() -> None:
    stats = RequestStats(passed=2, cached=5)
    assert COUNTERS["LoadTest:Request", "Cached Requests"].raw(stats) == 5
    assert COUNTERS["LoadTest:Request", "Total Requests"].raw(stats) == 2


def test_content_length_is_of_the_answers() -> None:
    stats = RequestStats(passed=2, failed=1, first_bytes=2, content_bytes=3000)
    counter = COUNTERS["LoadTest:Request", "Avg. Content Length"]
    assert (counter.raw(stats), counter.base(stats)) == (3000, 2)


def test_requests_are_counted_per_test_that_ended() -> None:
    stats = TestStats(passed=3, failed=1, requests=12, time=histogram(1, 1, 1, 1))
    counter = COUNTERS["LoadTest:Test", "Avg. Requests/Test"]
    assert (counter.raw(stats), counter.base(stats)) == (12, 4)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("Http Errors", 4),
        ("Validation Rule Errors", 1),
        ("Extraction Rule Errors", 2),
        ("Requests Timed Out", 3),
        ("Exceptions", 5),
        ("Total Errors", 16),
        ("Errors/Sec", 16),
        ("Threshold Violations/Sec", 40),
    ],
)
def test_errors_are_counted_by_kind_and_a_violated_threshold_is_no_error(name: str, raw: int) -> None:
    by_kind = {
        "HttpError": 4,
        "ValidationRuleError": 1,
        "ExtractionRuleError": 2,
        "Timeout": 3,
        "Exception": 5,
        "TestError": 1,
        "ThresholdMessage": 40,
    }
    assert COUNTERS["LoadTest:Errors", name].raw(by_kind) == raw


def test_a_raw_fraction_is_the_percentage_now() -> None:
    assert computed(CounterKind.RAW_FRACTION, Reading(10, 20, 0), Reading(30, 40, 0)) == 75.0
    assert computed(CounterKind.RAW_FRACTION, Reading(10, 20, 0), Reading(0, 0, 0)) == 0.0


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (CounterKind.AVERAGE_TIMER, False),
        (CounterKind.AVERAGE_COUNT, False),
        (CounterKind.SAMPLE_FRACTION, False),
        (CounterKind.RAW_FRACTION, True),
        (CounterKind.RATE, True),
        (CounterKind.NUMBER_OF_ITEMS, True),
    ],
)
def test_there_is_no_average_of_nothing_but_a_rate_of_0(kind: CounterKind, value: bool) -> None:
    assert counted(kind, Reading(5, 5, 0), Reading(5, 5, 10)) is value
    assert counted(kind, Reading(5, 5, 0), Reading(6, 6, 10))
    assert not counted(CounterKind.RAW_FRACTION, NOTHING, NOTHING)


def test_the_counters_that_thresholds_may_be_on_are_those_that_are_measured() -> None:
    known = {(category, name) for category, names in LOAD_TEST_COUNTERS.items() for name in names}
    assert known == set(COUNTERS) - {("LoadTest:Errors", "Threshold Violations/Sec")}
    of_agents = {(category, name) for category, names in AGENT_COUNTERS.items() for name in names}
    assert of_agents == set(MACHINE_COUNTERS)
