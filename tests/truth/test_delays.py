"""Percentiles of the service time against what the server itself took.

2500 requests a second, each at a moment of its own, take about a third of an engine process (in a load without pauses one
does ten times as many, because then one wake-up serves many requests). The service time has the way there and back in it,
which the server does not see: some 50 to 100 µs.
"""

from collections import defaultdict
from collections.abc import Callable
from time import perf_counter_ns, time

import pytest

from headrace.plan.load import Arrivals, Constant, Load, Spacing
from headrace.plan.pauses import Uniform
from tests.engine.running import Outcome
from tests.truth.performing import ATTEMPTS, Witness, percentile, perform, plan_of, scenario, witnessing
from tests.truth.server import Record

pytestmark = pytest.mark.alone

PATHS = {"1 ms": "/delay/1", "5 ms": "/delay/5", "20 ms": "/delay/20", "100 ms": "/delay/100", "5 or 50 ms": "/mix/5/50/10"}
PERCENTS = (50, 95, 99)
RATE = 500.0
"""Requests a second to each path."""
WARM_UP = 1.0
MEAN_DELAYS = {"1 ms": 0.001, "5 ms": 0.005, "20 ms": 0.02, "100 ms": 0.1, "5 or 50 ms": 0.0095}


def closed(name: str) -> tuple[Load, dict[str, object]]:
    users = 100 + round(RATE * MEAN_DELAYS[name])
    pause = users / RATE - MEAN_DELAYS[name]
    return Constant(users), {"think_time": Uniform(0.2 * pause, 1.8 * pause)}


def open_(name: str) -> tuple[Load, dict[str, object]]:
    return Arrivals(RATE, 600, spacing=Spacing.POISSON), {}


@pytest.mark.parametrize("form", [closed, open_], ids=["closed", "open"])
def test_percentiles_are_those_of_the_server(
    form: Callable[[str], tuple[Load, dict[str, object]]], record_property: Callable[[str, object], None]
) -> None:
    with witnessing() as server:
        for attempt in range(ATTEMPTS):
            seconds = 3.0
            outcome, record = measure(server, form, seconds)
            rows, off = compare(outcome, record)
            record_property(f"attempt {attempt + 1}", "\n".join(rows))
            print("\n".join(rows))  # noqa: T201 - shown where it fails, and with -s
            if not off:
                break
    assert not off, "\n".join(rows)
    assert abs(outcome.requests.total - len(record)) < 20  # those of the instant in which the warm-up ended
    assert len(record) > 0.9 * RATE * len(PATHS) * seconds
    assert outcome.requests.failed == 0


def measure(
    server: Witness, form: Callable[[str], tuple[Load, dict[str, object]]], seconds: float
) -> tuple[Outcome, Record]:
    server.forget()
    scenarios = []
    for name, path in PATHS.items():
        load, fields = form(name)
        scenarios.append(scenario(name, load, server.url + path, **fields))
    at = time() + 0.05
    measured_from = perf_counter_ns() + round((at + WARM_UP - time()) * 1e9)
    outcome = perform(plan_of(*scenarios, duration=seconds, warm_up=WARM_UP), at=at)
    return outcome, [seen for seen in server.record() if seen[1] >= measured_from]


def compare(outcome: Outcome, record: Record) -> tuple[list[str], list[str]]:
    """All lines of the comparison, and those where report and record differ by more than 3 % and 0.3 ms."""
    took = defaultdict(list)
    for target, arrived, answered in record:
        took[target].append((answered - arrived) / 1e6)
    lines, off = [], []
    for name, path in PATHS.items():
        (stats,) = [stats for key, stats in outcome.whole.requests.items() if key.scenario == name]
        for percent in PERCENTS:
            truth, told = percentile(took[path], percent), stats.service.percentile(percent) / 1000
            line = f"{name:>10} p{percent}: server {truth:8.3f} ms, reported {told:8.3f} ms, {told - truth:+.3f} ms"
            lines.append(line)
            if abs(told - truth) > max(0.3, 0.03 * truth):
                off.append(line)
    return lines, off
