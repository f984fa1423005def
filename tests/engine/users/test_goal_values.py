"""What the counter of a goal stands at."""

import pytest

from headrace.engine.users.goal_values import goal_value
from headrace.plan.load import Goal, GoalCounter
from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import ErrorName, ErrorStats, Health, Name, PageStats, RequestStats, TestStats, Tick


def histogram(*values: int) -> Histogram:
    result = Histogram()
    for value in values:
        result.record(value)
    return result


def tick(second: int, requests: tuple[int, ...], pages: tuple[int, ...], tests: int, errors: int, cpu_us: int) -> Tick:
    """A second with requests and pages of these times in µs, each under a name of its own."""
    made = Tick(second, second + 1.0, health=Health(cpu_us=cpu_us))
    for number, time in enumerate(requests):
        made.requests[Name("s", "t", str(number))] = (
            RequestStats(0, 1, histogram(time)) if number else RequestStats(1, 0, histogram(time))
        )
    for number, time in enumerate(pages):
        made.pages[Name("s", "t", str(number))] = PageStats(1, 0, histogram(time))
    made.tests[Name("s", "t", "")] = TestStats(tests, 1, 0, histogram(1))
    for number in range(errors):
        made.errors[ErrorName("k", "s", "s", "t", str(number), "", "m")] = ErrorStats(2, 1.0)
    return made


TICKS = [
    tick(0, (1_000_000, 2_000_000), (4_000_000,), tests=3, errors=1, cpu_us=500_000),
    tick(1, (3_000_000,), (), tests=5, errors=2, cpu_us=1_500_000),
]


@pytest.mark.parametrize(
    ("counter", "value"),
    [
        (GoalCounter.REQUESTS_PER_SECOND, 1.5),
        (GoalCounter.TESTS_PER_SECOND, 5.0),  # failed ones too
        (GoalCounter.ERRORS_PER_SECOND, 3.0),
        (GoalCounter.RESPONSE_TIME, 2.0),
        (GoalCounter.PAGE_TIME, 4.0),
        (GoalCounter.GENERATOR_CPU, 100.0),  # one processor of this process
    ],
)
def test_a_counter_is_taken_over_all_names_and_seconds(counter: GoalCounter, value: float) -> None:
    goal = Goal(counter, 0, 1, 1, 1, 1, 1, 1)
    assert goal_value(goal, TICKS) == pytest.approx(value)


@pytest.mark.parametrize("counter", list(GoalCounter))
def test_seconds_in_which_nothing_happened_have_a_rate_of_0_and_no_times(counter: GoalCounter) -> None:
    goal = Goal(counter, 0, 1, 1, 1, 1, 1, 1)
    value = goal_value(goal, [Tick(0, 1.0), Tick(1, 2.0)])
    assert value == (None if counter in (GoalCounter.RESPONSE_TIME, GoalCounter.PAGE_TIME) else 0.0)
