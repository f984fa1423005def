"""What the counter of a goal-based load stands at, from what this process measured."""

from collections.abc import Sequence

from headrace.plan.load import Goal, GoalCounter
from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import Tick


def goal_value(goal: Goal, ticks: Sequence[Tick]) -> float | None:
    """The value over these seconds; None where there was nothing to take it from. Times are seconds."""
    seconds = len(ticks)
    match goal.counter:
        case GoalCounter.REQUESTS_PER_SECOND:
            return sum(stats.total for tick in ticks for stats in tick.requests.values()) / seconds
        case GoalCounter.TESTS_PER_SECOND:
            return sum(stats.total for tick in ticks for stats in tick.tests.values()) / seconds
        case GoalCounter.ERRORS_PER_SECOND:
            return sum(stats.count for tick in ticks for stats in tick.errors.values()) / seconds
        case GoalCounter.RESPONSE_TIME:
            return _mean([stats.response for tick in ticks for stats in tick.requests.values()])
        case GoalCounter.PAGE_TIME:
            return _mean([stats.time for tick in ticks for stats in tick.pages.values()])
        case GoalCounter.GENERATOR_CPU:
            return sum(tick.health.cpu_us for tick in ticks) / seconds / 10_000


def _mean(histograms: Sequence[Histogram]) -> float | None:
    count = sum(histogram.count for histogram in histograms)
    return sum(histogram.total for histogram in histograms) / count / 1e6 if count else None
