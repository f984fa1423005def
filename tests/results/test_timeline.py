import pytest

from headrace.results.timeline import Interval, Measurement, Timeline
from headrace.ticks.tick import Load, Name, Tick
from tests.results.build import by_name, errors, home, iterations, requests, tick


def begin(sampling_interval: int) -> tuple[Timeline, dict[tuple[str, str], int]]:
    """A timeline that has started, and the ids of its totals by category and name."""
    timeline = Timeline(sampling_interval)
    return timeline, {(counter.category, counter.name): counter.id for counter in timeline.start().new_counters}


def measured(interval: Interval, counter_id: int) -> Measurement:
    (found,) = [at for at in interval.measurements if at.counter_id == counter_id]
    return found


@pytest.mark.parametrize("sampling_interval", [0, -5])
def test_a_sampling_interval_is_at_least_a_second(sampling_interval: int) -> None:
    with pytest.raises(ValueError, match=rf"sampling_interval is {sampling_interval} seconds; it must be at least 1"):
        Timeline(sampling_interval)


def test_interval_0_is_the_start_and_all_zero() -> None:
    start = Timeline(5).start()
    assert (start.number, start.elapsed_us, start.tick) == (0, 0, None)
    assert all(counter.instance == "_Total" for counter in start.new_counters)
    assert start.measurements == [Measurement(counter.id, 0, 0, 0.0) for counter in start.new_counters]


def test_an_interval_ends_with_its_last_second() -> None:
    timeline, _ = begin(3)
    assert [timeline.add(tick(second))[1] for second in (0, 1)] == [[], []]
    assert timeline.interval_open
    (interval,) = timeline.add(tick(2))[1]
    assert not timeline.interval_open
    assert (interval.number, interval.last_second, interval.elapsed_us) == (1, 2, 3_000_000)
    assert timeline.finish() == []


def test_an_interval_whose_last_second_is_missing_ends_with_the_next_second() -> None:
    timeline, _ = begin(3)
    timeline.add(tick(0))
    (interval,) = timeline.add(tick(3))[1]
    assert (interval.number, interval.last_second, interval.elapsed_us) == (1, 0, 3_000_000)
    assert timeline.interval_open


def test_one_second_can_end_two_intervals() -> None:
    timeline, _ = begin(2)
    timeline.add(tick(0))
    assert [interval.number for interval in timeline.add(tick(5))[1]] == [1, 3]


def test_the_rates_after_an_interval_without_ticks_are_over_all_the_time() -> None:
    timeline, ids = begin(2)
    timeline.add(tick(1, requests=home(1, 1)))
    (interval,) = timeline.add(tick(5, requests=home(*[1] * 8)))[1]
    assert interval.number == 3
    assert measured(interval, ids["LoadTest:Request", "Requests/Sec"]).value == 2.0


def test_the_last_interval_ends_with_its_last_tick() -> None:
    timeline, ids = begin(5)
    timeline.add(tick(0, requests=home(1)))
    timeline.add(tick(1, elapsed=2.5, requests=home(1, 1, 1, 1)))
    (interval,) = timeline.finish()
    assert interval.elapsed_us == 2_500_000
    assert measured(interval, ids["LoadTest:Request", "Requests/Sec"]).value == 2.0
    assert timeline.finish() == []


@pytest.mark.parametrize("second", [0, 1, 4])
def test_seconds_come_in_order(second: int) -> None:
    timeline, _ = begin(3)
    timeline.add(tick(4))
    with pytest.raises(ValueError, match=f"the tick of second {second} came after second 4 was over"):
        timeline.add(tick(second))


def test_raw_numbers_are_since_the_start_and_values_of_the_interval() -> None:
    timeline, ids = begin(1)
    response_time = ids["LoadTest:Request", "Avg. Response Time"]
    (first,) = timeline.add(tick(0, requests=home(100, 300)))[1]
    (second,) = timeline.add(tick(1, requests=home(50)))[1]
    assert measured(first, response_time) == Measurement(response_time, 4_000_000, 2, 0.2)
    assert measured(second, response_time) == Measurement(response_time, 4_500_000, 3, 0.05)


def test_user_load_is_that_at_the_end_of_the_interval() -> None:
    timeline, ids = begin(2)
    timeline.add(tick(0, users=7))
    (interval,) = timeline.add(tick(1, users=3))[1]
    user_load = ids["LoadTest:Scenario", "User Load"]
    assert measured(interval, user_load) == Measurement(user_load, 3, 0, 3.0)


def test_least_and_most_users_are_of_the_ends_of_intervals() -> None:
    timeline, _ = begin(2)
    for second, users in enumerate((1, 5, 90, 8, 6)):
        timeline.add(tick(second, users=users))
    scenario = timeline.summary().scenario
    assert (scenario.least_users, scenario.most_users) == (5, 8)


def test_the_interval_under_way_counts_among_least_and_most_users() -> None:
    timeline, _ = begin(2)
    timeline.add(tick(0, users=4))
    assert timeline.summary().scenario.least_users == timeline.summary().scenario.most_users == 4


def test_a_counter_that_appears_late_has_a_rate_over_its_own_interval() -> None:
    timeline, _ = begin(5)
    timeline.add(tick(4, requests=home(1)))
    (interval,) = timeline.add(tick(9, requests={Name("s", "t", "/late"): requests(*[1] * 10)}))[1]
    rate = by_name(interval.new_counters, "Requests/Sec", "/late")
    assert measured(interval, rate.id).value == 2.0


def test_every_counter_is_measured_in_every_interval() -> None:
    timeline, ids = begin(1)
    (first,) = timeline.add(tick(0, requests=home(1), tests={Name("s", "t", ""): iterations(1)}))[1]
    (second,) = timeline.add(Tick(1, 2.0, load={"s": Load(1, 1)}, errors=errors("HttpError", 1)))[1]
    known = {*ids.values(), *(counter.id for counter in first.new_counters)}
    assert {at.counter_id for at in first.measurements} == {at.counter_id for at in second.measurements} == known
    assert second.new_counters == []
