"""When iterations begin that have an intended time: open shapes and paced users."""

import asyncio
from itertools import pairwise
from time import sleep, time

import pytest

from headrace.engine.load import SegmentLoad
from headrace.plan.arrivals import arrivals_until
from headrace.plan.load import Arrivals, RateStage, Spacing
from headrace.plan.requests import Request
from headrace.plan.segment import Segment
from headrace.ticks.tick import Tick
from tests.engine.running import plan, run, until
from tests.engine.target import Target, after, answer

pytestmark = pytest.mark.anyio


# Open shapes


async def test_arrivals_come_at_their_rate_and_times_whatever_becomes_of_them() -> None:
    async with Target(pause=0.15) as target:
        outcome = await run(plan(target.url(), load=Arrivals(50.0, users=100), duration=1.4))
    assert len(target.seen) == outcome.tests.total == 70
    whole = outcome.whole.load["Scenario"]
    assert (sum(tick.load["Scenario"].due for tick in outcome.ticks), whole.dropped) == (70, 0)
    # evenly: however late the machine is, they do not come before their time
    times = [seen.at - target.seen[0].at for seen in target.seen]
    late = [at - number / 50 for number, at in enumerate(times)]
    assert sorted(late)[35] < 0.05
    assert min(late) > -0.1
    assert sum(tick.health.send_lag.count for tick in outcome.ticks) == 70


async def test_the_rate_of_arrivals_may_rise_and_fall() -> None:
    load = Arrivals(0.0, 100, (RateStage(0.8, 100.0), RateStage(0.8, 0.0)))
    async with Target() as target:
        outcome = await run(plan(target.url(), load=load, duration=1.8))
    assert len(target.seen) == arrivals_until(load, 1.8) == 80
    times = [seen.at - target.seen[0].at for seen in target.seen]
    middle = sum(0.4 < at + 0.1 < 1.2 for at in times)
    assert 45 < middle < 75  # 60 of 80
    assert outcome.tests.passed == 80


async def test_arrivals_at_random_keep_the_rate_and_come_again_with_the_same_seed() -> None:
    load = Arrivals(100.0, 200, spacing=Spacing.POISSON)

    async def counts(seed: int) -> int:
        async with Target() as target:
            outcome = await run(plan(target.url(), load=load, duration=1.5, seed=seed))
        assert sum(tick.load["Scenario"].due for tick in outcome.ticks) == len(target.seen)
        gaps = [second.at - first.at for first, second in pairwise(target.seen)]
        assert len([gap for gap in gaps if gap > 0.02]) > 5  # 13 % of them, were it even: none
        return len(target.seen)

    one, two, other = await asyncio.gather(counts(3), counts(3), counts(4))
    assert one == two
    assert {one, other} <= set(range(95, 215))


async def test_an_arrival_that_finds_no_user_free_is_dropped_and_counted() -> None:
    async with Target(pause=0.5) as target:
        outcome = await run(plan(target.url(), load=Arrivals(40.0, users=5), duration=1.2))
    due = sum(tick.load["Scenario"].due for tick in outcome.ticks)
    dropped = sum(tick.load["Scenario"].dropped for tick in outcome.ticks)
    assert due == 48
    assert due - dropped == len(target.seen) == outcome.tests.total
    assert 10 <= len(target.seen) <= 15
    assert target.most_under_way == 5


async def test_users_of_arrivals_come_when_they_are_needed_and_are_used_again() -> None:
    async with Target() as target:
        outcome = await run(plan(Request(target.url("/{{$user}}")), load=Arrivals(20.0, users=50), duration=1.0))
    assert len(target.seen) == 20
    assert len(target.by_path()) < 10  # a user that is free takes the next
    assert outcome.tests.passed == 20


async def test_the_response_time_counts_from_the_intended_start() -> None:
    """One user for each arrival, and a generator that is held up itself."""
    async with Target() as target:

        async def block(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) > 5)
            sleep(0.4)  # noqa: ASYNC251 - what it is about

        outcome = await run(plan(target.url(), load=Arrivals(50.0, users=100), duration=1.5), block)
    assert outcome.requests.passed == 75  # none is left out
    assert outcome.requests.response.high > 300_000
    assert outcome.requests.response.percentile(90) > 100_000
    assert outcome.tests.time.high > 300_000
    assert outcome.whole.health.send_lag.high > 300_000


async def test_arrivals_of_the_warm_up_are_not_counted() -> None:
    async with Target() as target:
        outcome = await run(plan(target.url(), load=Arrivals(20.0, users=50), warm_up=0.5, duration=0.5))
    assert len(target.seen) == 20
    assert sum(tick.load["Scenario"].due for tick in outcome.ticks) == outcome.requests.total == 10


async def test_arrivals_end_after_so_many_iterations() -> None:
    async with Target(pause=0.1) as target:
        outcome = await run(plan(target.url(), load=Arrivals(50.0, users=20), duration=60.0, iterations=15))
    assert len(target.seen) == outcome.tests.passed == 15
    assert outcome.whole.elapsed < 20.0


async def test_a_user_of_arrivals_who_made_all_its_iterations_is_followed_by_another() -> None:
    async with Target() as target:
        made = plan(Request(target.url("/{{$user}}")), load=Arrivals(50.0, users=3), duration=1.0, iterations_per_user=10)
        outcome = await run(made)
    assert outcome.tests.passed == len(target.seen) == 50
    assert max(target.by_path().values()) == 10


# Pacing


async def test_paced_iterations_never_begin_faster_and_users_do_not_begin_together() -> None:
    async with Target() as target:
        made = plan(Request(target.url("/{{$user}}")), users=4, duration=1.9, pacing=0.4)
        outcome = await run(made)
    assert 4 * 4 <= outcome.tests.total <= 4 * 5
    for path in target.by_path():
        starts = [seen.at for seen in target.seen if seen.path == path]
        assert starts[-1] - starts[0] > 0.4 * (len(starts) - 1) - 0.15
    firsts = sorted(next(seen.at for seen in target.seen if seen.path == path) for path in target.by_path())
    assert len(firsts) == 4
    assert firsts[-1] - firsts[0] > 0.15


async def test_a_late_iteration_begins_at_once_and_counts_from_when_it_should_have() -> None:
    stalls = after(answer(), answer(delay=0.9), answer())
    async with Target({"/": stalls}) as target:
        outcome = await run(plan(target.url(), duration=2.3, pacing=0.2))
    # one at 0, 0.2 (until 1.1), then those of 0.4, 0.6, 0.8 and 1.0 at once, then in time again
    assert outcome.tests.total == len(target.seen) == 12
    response = outcome.requests.response
    assert response.high > 850_000
    assert response.percentile(70) > 90_000  # 5 of 12 waited: 900, 700, 500, 300, 100 ms
    assert outcome.tests.time.high > 850_000
    service = outcome.requests.service
    assert service.percentile(70) < response.percentile(70)


async def test_a_stall_at_the_end_takes_no_request_out_of_the_results() -> None:
    async with Target({"/": after(answer(), answer(), answer(delay=1.0), answer())}) as target:
        outcome = await run(plan(target.url(), duration=1.0, pacing=0.1))
    # those of 0, 0.1 and 0.2 (until 1.2), then what is owed: 0.3 to 0.9
    assert outcome.tests.total == len(target.seen) == 10
    assert outcome.requests.response.percentile(50) > 300_000
    assert outcome.whole.elapsed == 1.0  # so the rate is the planned one
    load = outcome.whole.load["Scenario"]
    assert (load.due, load.dropped) == (10, 0)


async def test_what_is_still_owed_when_the_load_is_stopped_is_dropped() -> None:
    async with Target({"/": after(answer(), answer(delay=30.0))}) as target:

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) == 2)
            await asyncio.sleep(0.5)
            load.stop(grace=0.1)

        outcome = await run(plan(target.url(), duration=60.0, pacing=0.1), stop)
    load = outcome.whole.load["Scenario"]
    assert outcome.requests.total == len(target.seen) == 2
    assert load.dropped >= 3
    assert load.due == 2 + load.dropped


async def test_few_users_are_not_missed_by_engines_that_have_none() -> None:
    async with Target() as target:
        ticks: list[Tick] = []
        whole = plan(target.url(), load=Arrivals(40.0, users=1), duration=0.5)
        loads = [SegmentLoad(whole, segment, ticks.append) for segment in Segment(0, 1).split(2)]
        await asyncio.gather(*(load.run(time()) for load in loads))
    assert len(target.seen) == 20
    assert sum(tick.load["Scenario"].dropped for tick in ticks) == 0


async def test_pacing_may_deviate_and_keeps_its_rate() -> None:
    async with Target() as target:
        outcome = await run(plan(target.url(), users=10, duration=1.5, pacing=0.2, pacing_deviation=0.3))
    assert 62 <= outcome.tests.total <= 80
    assert len(target.seen) == outcome.tests.total


async def test_a_user_behind_its_pace_has_the_whole_time_out_for_each_request() -> None:
    """At the end the users are 2 s late; an answer takes a tenth of a second."""
    async with Target({"/": answer(delay=0.1)}) as target:
        outcome = await run(plan(target.url(), users=4, duration=2.2, pacing=0.01, request_timeout=0.5))
    assert outcome.requests.failed == 0
    assert outcome.requests.response.high > 1_000_000
