"""A server that stands still for a while: the response time tells of all who would have come meanwhile (no coordinated
omission), in the open form and in the paced closed form; the service time beside it tells what the server did.

The truth comes from two sides. Arithmetic: where requests should begin evenly, one that should begin `x` before the end of a
stall waits `x`. And the server's record: the plan says how far apart requests should begin, the earliest of them says from
when on, and the record says when each was answered.
"""

from collections import defaultdict
from dataclasses import dataclass
from time import perf_counter_ns, time

import pytest

from headrace.plan.load import Arrivals, Constant
from tests.engine.running import Outcome
from tests.truth.performing import ATTEMPTS, Witness, percentile, perform, plan_of, scenario, witnessing
from tests.truth.server import Record

pytestmark = pytest.mark.alone

PERCENTS = (95, 99)


@dataclass(frozen=True)
class Stall:
    """The server stands still for `length` of every `period` seconds; 200 requests a second come in `duration` seconds.

    `users` of the closed form, so that few requests are under way in a stall against those that should be.
    """

    length: float
    period: float
    duration: float
    users: int
    rate: float = 200.0

    @property
    def path(self) -> str:
        return f"/stall/{self.length * 1000:g}/{self.period * 1000:g}"

    @property
    def expected(self) -> int:
        return round(self.rate * self.duration)

    @property
    def pacing(self) -> float:
        return self.users / self.rate

    def share_above(self, wait: float) -> float:
        """The share of requests that wait longer than this (seconds)."""
        return (self.length - wait) / self.period

    def analytic(self, percent: float) -> float:
        """The percentile of the response time in seconds, by arithmetic."""
        return self.length - self.period * (1 - percent / 100)

    def start(self) -> float:
        """When to start: the load must begin and end while the server is well, or the end would cut a stall short."""
        ahead = 0.2 + (self.length * 1.5 - perf_counter_ns() / 1e9 - 0.2) % self.period
        return time() + ahead


SHORT = Stall(0.2, 1.0, 5.0, users=4)
LONG = Stall(1.0, 5.0, 20.0, users=20)
STALLS = [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=[pytest.mark.long, pytest.mark.timeout(200)])]


def test_the_arithmetic() -> None:
    assert LONG.analytic(95) == pytest.approx(0.75)
    assert LONG.analytic(99) == pytest.approx(0.95)
    assert SHORT.share_above(SHORT.analytic(95)) == pytest.approx(0.05)


@pytest.mark.parametrize("stall", STALLS)
def test_the_open_form_tells_the_whole_wait(stall: Stall) -> None:
    with witnessing() as server:
        for _ in range(ATTEMPTS):
            outcome, record = run_open(server, stall)
            off = compare(stall, outcome, waits_of_arrivals(stall, record))
            if not off:
                break
    assert not off, off
    assert outcome.requests.total == len(record)
    assert len(record) == pytest.approx(stall.expected, rel=0.005)
    (load,) = outcome.whole.load.values()
    assert load.dropped == 0
    assert load.due == pytest.approx(stall.expected, rel=0.005)


@pytest.mark.parametrize("stall", STALLS)
def test_the_paced_closed_form_tells_the_whole_wait_and_the_service_time_shows_who_was_left_out(stall: Stall) -> None:
    with witnessing() as server:
        for _ in range(ATTEMPTS):
            outcome, record = run_paced(server, stall)
            off = compare(stall, outcome, waits_of_users(stall, record))
            if not off:
                break
    assert not off, off
    assert outcome.requests.total == len(record)
    assert len(record) == pytest.approx(stall.expected, rel=0.005)
    # Only the users' own requests met the stall: one each. The others were sent when it was over.
    assert outcome.requests.service.percentile(95) < 0.1 * outcome.requests.response.percentile(95)
    served = [(answered - arrived) / 1e9 for _, arrived, answered in record]
    assert outcome.requests.service.percentile(99) / 1e6 == pytest.approx(percentile(served, 99), rel=0.05, abs=0.003)
    assert outcome.requests.service.high > 0.9e6 * stall.length * 0.5


def run_open(server: Witness, stall: Stall) -> tuple[Outcome, Record]:
    server.forget()
    load = Arrivals(stall.rate, users=round(3 * stall.rate * stall.length))
    plan = plan_of(scenario("open", load, server.url + stall.path), duration=stall.duration)
    return perform(plan, at=stall.start()), server.record()


def run_paced(server: Witness, stall: Stall) -> tuple[Outcome, Record]:
    server.forget()
    url = f"{server.url}{stall.path}?user={{{{$user}}}}"
    plan = plan_of(scenario("paced", Constant(stall.users), url, pacing=stall.pacing), duration=stall.duration)
    return perform(plan, at=stall.start()), server.record()


def waits_of_arrivals(stall: Stall, record: Record) -> list[float]:
    """How long each request of the open form waited, in seconds, by the server's record."""
    arrived = sorted(seen[1] for seen in record)
    answered = sorted(seen[2] for seen in record)
    return _since_intended([round(number * 1e9 / stall.rate) for number in range(len(record))], arrived, answered)


def waits_of_users(stall: Stall, record: Record) -> list[float]:
    """The same of the paced closed form: each user has a schedule of its own."""
    by_user = defaultdict(list)
    for target, arrived, answered in record:
        by_user[target].append((arrived, answered))
    assert len(by_user) == stall.users
    waits = []
    for seen in by_user.values():
        schedule = [round(number * stall.pacing * 1e9) for number in range(len(seen))]
        waits += _since_intended(schedule, sorted(one[0] for one in seen), sorted(one[1] for one in seen))
    return waits


def _since_intended(schedule: list[int], arrived: list[int], answered: list[int]) -> list[float]:
    """`schedule` from 0 on; its real beginning is such that no request came before it should."""
    begin = min(came - due for came, due in zip(arrived, schedule, strict=True))
    return [(done - begin - due) / 1e9 for done, due in zip(answered, schedule, strict=True)]


def compare(stall: Stall, outcome: Outcome, waits: list[float]) -> list[str]:
    """What is more than 5 % off."""
    response = outcome.requests.response
    off = []
    for percent in PERCENTS:
        told, arithmetic, seen = response.percentile(percent) / 1e6, stall.analytic(percent), percentile(waits, percent)
        line = f"p{percent}: reported {told:.4f} s, by arithmetic {arithmetic:.4f} s, by the server {seen:.4f} s"
        print(line)  # noqa: T201 - shown where it fails, and with -s
        if abs(told / arithmetic - 1) > 0.05 or abs(told / seen - 1) > 0.05:
            off.append(line)
    return off
