"""What a load reports equals what its target saw, however the load ends."""

import asyncio
import contextlib
import os
from collections import Counter
from time import sleep, time

import pytest
from msgspec.structs import replace

from headrace.engine.load import SegmentLoad
from headrace.engine.measuring.measures import Measures
from headrace.plan.load import Constant
from headrace.plan.model import Browser, BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.requests import Page
from headrace.plan.segment import Segment
from headrace.ticks.tick import Tick
from tests.engine.running import ONCE, Outcome, page, plan, run, run_once, until
from tests.engine.target import Target, answer, endlessly, redirect, send

pytestmark = pytest.mark.anyio


def assert_adds_up(outcome: Outcome, target: Target) -> None:
    """Every request is reported once, under its name, as passed or failed, or counted as given up."""
    whole, requests = outcome.whole, outcome.requests
    assert requests.total + whole.abandoned == len(target.seen)
    assert requests.passed + requests.failed == requests.total
    assert requests.response.count == requests.total
    assert requests.service.count == requests.waits <= requests.total
    assert sum(outcome.errors.values()) == requests.failed
    assert [tick.second for tick in outcome.ticks] == list(range(outcome.ticks[0].second, outcome.ticks[-1].second + 1))
    assert [tick.elapsed for tick in outcome.ticks] == sorted(tick.elapsed for tick in outcome.ticks)


async def test_a_load_that_ends_by_itself_reports_what_the_target_saw() -> None:
    async with Target({"/gone": answer(404)}) as target:
        outcome = await run(plan(target.url("/"), target.url("/gone"), users=20, duration=2.0))
    assert_adds_up(outcome, target)
    assert outcome.by_name == {target.url(path): count for path, count in target.by_path().items()}
    assert outcome.requests.failed == target.count("/gone") > 20
    assert [tick.second for tick in outcome.ticks] == [0, 1]
    assert outcome.ticks[0].elapsed == 1.0
    assert 2.0 <= outcome.ticks[1].elapsed < 4.0
    assert all(sum(stats.total for stats in tick.requests.values()) > 20 for tick in outcome.ticks)
    assert all(tick.health.processes == 1 and tick.health.cpu_us > 10_000 for tick in outcome.ticks)
    assert outcome.whole.abandoned == 0


async def test_a_load_that_is_stopped_reports_what_the_target_saw_and_when_it_ended() -> None:
    async with Target(pause=0.02) as target:

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) > 100)
            load.stop(grace=0.5)

        outcome = await run(plan(target.url(), users=10, duration=60.0), stop)
    assert_adds_up(outcome, target)
    assert outcome.requests.total > 100
    assert outcome.whole.abandoned == 0
    assert 0.1 < outcome.whole.elapsed < 5.0


async def test_a_load_that_is_stopped_before_it_begins_reports_nothing() -> None:
    async with Target() as target:
        ticks: list[object] = []
        load = SegmentLoad(plan(target.url()), Segment(0, 1), ticks.append)
        load.stop(grace=0.5)
        await load.run(2**31)
        assert ticks == []
        assert target.seen == []


async def test_requests_that_no_answer_comes_to_have_failed_when_the_load_is_over() -> None:
    async with Target({"/silent": send(then="silence")}) as target:

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: target.count("/silent") == 5)
            load.stop(grace=0.2)

        outcome = await run(plan(target.url("/"), target.url("/silent"), users=5, duration=60.0), stop)
        await until(lambda: target.open == 0)  # and their connections are closed
    assert_adds_up(outcome, target)
    assert outcome.whole.abandoned == 0
    assert (outcome.requests.passed, outcome.requests.failed) == (5, 5)
    assert outcome.error.kind == "Timeout"
    assert "The load ended" in outcome.error.message
    assert outcome.tests.total == 0  # an iteration that was cut short is none


async def test_answers_that_come_after_the_end_belong_to_the_last_second() -> None:
    async with Target(pause=0.4) as target:
        outcome = await run(plan(target.url(), users=5, duration=0.6))
    assert_adds_up(outcome, target)
    assert [sum(stats.total for stats in tick.requests.values()) for tick in outcome.ticks] == [10]
    assert outcome.whole.elapsed == 0.6  # the load itself ended on time, and rates are by that


async def test_a_stop_shortens_the_wait_for_the_last_answers() -> None:
    async with Target({"/": send(then="silence")}) as target:
        ended = False

        async def stop(load: SegmentLoad) -> None:
            nonlocal ended
            await until(lambda: len(target.seen) == 3)
            await asyncio.sleep(0.4)  # the load is over, its last answers are waited for
            load.stop(grace=0.1)

        outcome = await run(plan(target.url(), users=3, duration=0.2), stop)
    assert outcome.requests.failed == 3
    assert outcome.whole.elapsed < 4.0


async def test_users_that_think_or_wait_for_a_connection_do_not_delay_the_end() -> None:
    browser = Browser("Narrow", (), connections_per_host=1)
    async with Target(pause=0.3) as target:
        dependents = [target.url(f"/{number}") for number in range(10)]
        thinking = plan(target.url(), duration=0.2, think_time=ONCE)
        waiting = plan(page(target.url(), *dependents), duration=0.5, browsers=[browser])
        first, second = await asyncio.gather(run(thinking), run(waiting))
    assert first.tests.total == 1
    assert first.whole.elapsed < 4.0
    assert second.whole.elapsed < 4.0
    assert second.tests.total == second.pages.total == 0
    assert first.requests.total + second.requests.total == len(target.seen)


async def test_a_load_begins_at_its_instant_and_never_before() -> None:
    async with Target() as target:
        ticks: list[Tick] = []
        loads = [SegmentLoad(plan(target.url(), think_time=ONCE), Segment(0, 1), ticks.append) for _ in range(8)]
        start = time() + 0.1
        await asyncio.gather(*(load.run(start + number * 0.02095) for number, load in enumerate(loads)))
    # a request that went out a moment before the start would belong to the warm-up, and be missing here
    assert Outcome(ticks).requests.total == len(target.seen) == 8


async def test_what_begins_in_the_warm_up_is_not_measured() -> None:
    async with Target(pause=0.3) as target:
        outcome = await run(plan(target.url(), users=5, warm_up=1.0, duration=1.0))
    # each user sends at 0, 0.3, 0.6 and 0.9 s in the warm-up; the last of these is answered in the measured second
    assert [tick.second for tick in outcome.ticks] == [-1, 0]
    assert outcome.ticks[0].requests == outcome.ticks[0].pages == outcome.ticks[0].tests == {}
    assert outcome.ticks[0].load["Scenario"].users == 5
    assert outcome.ticks[0].elapsed == 0.0
    assert outcome.requests.total == outcome.pages.total == outcome.tests.total == len(target.seen) - 20


async def test_failures_of_the_warm_up_are_not_measured() -> None:
    routes = {"/": answer(500), "/loop": redirect("/loop")}
    async with Target(routes) as target:

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: target.count("/") > 10)
            load.stop(grace=0.5)

        pages = (target.url(), target.url("/loop"), "http://127.0.0.1:1/")
        outcome = await run(plan(*pages, warm_up=60.0, max_redirects=2), stop)
    assert outcome.errors == {}
    assert outcome.requests.total == 0


async def test_users_think_between_iterations_not_between_pages() -> None:
    async with Target() as target:
        outcome = await run(plan(target.url("/1"), target.url("/2"), users=4, duration=1.0, think_time=0.3))
    # iterations begin about 0.3 s apart, so 3 or 4 of them (the last at 0.9 s) have room in a second
    assert target.count("/1") == target.count("/2") == outcome.tests.total
    assert 4 * 3 <= outcome.tests.total <= 4 * 4
    assert outcome.tests.time.high < 250_000


async def test_the_load_is_the_users_and_those_inside_an_iteration() -> None:
    async with Target({"/silent": send(then="silence")}) as target:
        thinking = plan(target.url("/"), users=3, think_time=ONCE)
        waiting = plan(target.url("/silent"), users=2)
        scenarios = (
            replace(thinking.scenarios[0], name="Thinking"),
            replace(waiting.scenarios[0], name="Waiting", mix=(TestShare("Silent"),)),
        )
        tests = (*thinking.tests, replace(waiting.tests[0], name="Silent"))
        both = Plan("plan", tests, scenarios, 0.4, request_timeout=0.6)
        outcome = await run(both)
    for tick in outcome.ticks:
        assert (tick.load["Thinking"].users, tick.load["Thinking"].running) == (3, 0)
        assert (tick.load["Waiting"].users, tick.load["Waiting"].running) == (2, 2)
    assert outcome.requests.failed == 2


async def test_the_segments_of_a_plan_add_up_to_its_users() -> None:
    async with Target() as target:
        whole = plan(target.url(), users=7, duration=0.3, think_time=ONCE)
        ticks: list[Tick] = []
        loads = [SegmentLoad(whole, segment, ticks.append) for segment in Segment(0, 1).split(3)]
        await asyncio.gather(*(load.run(time()) for load in loads))
    assert sorted(tick.load["Scenario"].users for tick in ticks) == [2, 2, 3]
    assert len(target.seen) == 7


async def test_a_delay_of_the_generator_itself_shows() -> None:
    async with Target() as target:

        async def block(load: SegmentLoad) -> None:
            await until(lambda: target.seen)
            sleep(0.3)  # noqa: ASYNC251 - what it is about

        outcome = await run(plan(target.url(), duration=0.7, think_time=ONCE), block)
    assert outcome.whole.health.loop_lag_us > 150_000


async def test_an_error_of_the_engine_itself_ends_the_load_and_is_raised(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Measures, *_: object) -> None:
        raise IndexError("a fault")

    monkeypatch.setattr(Measures, "error", fail)
    async with Target({"/": answer(500)}) as target:
        with pytest.raises(IndexError, match="a fault"):
            await run(plan(target.url(), duration=60.0))


async def test_bodies_without_end_do_not_outlive_the_time_out() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    async with Target({"/": endlessly(head, bytes(65536))}) as target:
        outcome = await run_once(plan(target.url(), duration=60.0, think_time=ONCE, request_timeout=0.2))
    assert_adds_up(outcome, target)
    assert outcome.error.kind == "Timeout"
    assert outcome.requests.received_bytes >= 65536


async def test_a_browser_mix_shows_at_the_target_in_its_shares() -> None:
    browsers = [Browser("One", (("User-Agent", "one"), ("X-Odd", "a: b"))), Browser("Two", (("User-Agent", "two"),))]
    async with Target() as target:
        mix = plan(target.url("/a?b=c"), users=10, duration=0.4, think_time=ONCE)
        shares = (BrowserShare(browsers[0], 30.0), BrowserShare(browsers[1], 70.0))
        await run(replace(mix, scenarios=(replace(mix.scenarios[0], browsers=shares),)))
        agents = [seen.header("User-Agent") for seen in target.seen]
        assert Counter(agents) == {"one": 3, "two": 7}
        one = next(seen for seen in target.seen if seen.header("User-Agent") == "one")
        assert one.headers == [("Host", f"127.0.0.1:{target.port}"), ("User-Agent", "one"), ("X-Odd", "a: b")]
        assert (one.method, one.path) == ("GET", "/a?b=c")


async def test_scenarios_run_side_by_side_and_are_told_apart() -> None:
    async with Target() as target:
        browsers = plan(target.url()).scenarios[0].browsers
        tests = tuple(Test(f"{name}s", (page(target.url(f"/{name}")),)) for name in ("buy", "look"))
        scenarios = tuple(
            Scenario(name, (TestShare(f"{name}s"),), Constant(users), browsers) for name, users in (("buy", 2), ("look", 3))
        )
        outcome = await run(Plan("plan", tests, scenarios, 0.5))
    counts = {name.scenario: stats.total for name, stats in outcome.whole.requests.items()}
    assert counts == {"buy": target.count("/buy"), "look": target.count("/look")}
    assert {name.test for name in outcome.whole.tests} == {"buys", "looks"}


async def test_a_load_leaves_no_task_and_no_connection_behind() -> None:
    before = {task.get_coro() for task in asyncio.all_tasks()}
    sockets = open_sockets()
    routes = {"/silent": send(then="silence"), "/half": send(b"HTTP/1.1 200 OK\r\n", then="silence")}
    async with Target(routes) as target:
        urls = [target.url(path) for path in ("/", "/silent", "/half")]
        dependents = page(target.url("/"), *urls, "http://127.0.0.1:1/")
        pages: list[str | Page] = [*urls, dependents]
        plans = [plan(url, users=3, duration=600.0, think_time=0.5) for url in pages]

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) > 20)
            load.stop(grace=0.1)

        await asyncio.gather(*(run(each, stop) for each in plans))
        await until(lambda: target.open == 0)
    await until(lambda: {task.get_coro() for task in asyncio.all_tasks()} <= before)
    await until(lambda: open_sockets() <= sockets)


def open_sockets() -> int:
    found = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
    return found
