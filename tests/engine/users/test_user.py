"""What a virtual user does: its pages, with their dependents, again and again."""

from collections import Counter

import pytest

from headrace.plan.model import Browser
from tests.engine.running import once, page, plan, run
from tests.engine.target import (
    Target,
    answer,
    redirect,
    response,
    send,
)

pytestmark = pytest.mark.anyio

NARROW = Browser("Narrow", (), connections_per_host=2)


# Pages


async def test_pages_follow_each_other_in_order_and_iterations_each_other() -> None:
    async with Target(pause=0.01) as target:
        outcome = await run(plan(target.url("/1"), target.url("/2"), target.url("/3"), duration=0.5))
    paths = [seen.path for seen in target.seen]
    assert paths == [f"/{number % 3 + 1}" for number in range(len(paths))]
    assert outcome.pages.total == len(paths)  # the last page is never cut: its one request was under way
    assert outcome.tests.total == len(paths) // 3
    assert outcome.tests.requests == outcome.tests.total * 3


async def test_a_failed_page_does_not_end_the_iteration_but_fails_it() -> None:
    async with Target({"/bad": answer(500)}) as target:
        outcome = await once(target.url("/bad"), target.url("/good"))
    assert target.by_path() == Counter({"/bad": 1, "/good": 1})
    assert (outcome.pages.passed, outcome.pages.failed) == (1, 1)
    assert (outcome.tests.passed, outcome.tests.failed, outcome.tests.requests) == (0, 1, 2)


async def test_page_time_runs_over_redirects_and_dependents_and_iteration_time_over_pages() -> None:
    slow = 0.25  # much longer than the noise of a busy machine; timers may be 1 ms early
    routes = {"/start": redirect("/middle"), "/middle": redirect("/end")}
    async with Target(routes, pause=slow) as target:
        outcome = await once(page(target.url("/start"), target.url("/dependent")), target.url("/second"))
    first = outcome.whole.pages[next(name for name in outcome.whole.pages if name.item == target.url("/start"))]
    assert 3.9 * slow <= first.time.low / 1e6 < 4.9 * slow
    assert 4.9 * slow <= outcome.tests.time.low / 1e6 < 6.9 * slow
    assert all(stats.response.low < 2 * slow * 1e6 for stats in outcome.whole.requests.values())
    assert outcome.tests.requests == outcome.requests.total == 5


# Dependents


async def test_dependents_follow_their_page_and_are_fetched_in_parallel() -> None:
    async with Target(pause=0.1) as target:
        dependents = [target.url(f"/{number}") for number in range(6)]
        outcome = await once(page(target.url("/page"), *dependents))
    assert target.seen[0].path == "/page"
    assert target.most_under_way == 6
    assert 0.19e6 <= outcome.pages.time.low < 0.65e6  # 0.7 one after the other
    assert outcome.by_name == dict.fromkeys([target.url("/page"), *dependents], 1)


async def test_a_user_opens_no_more_connections_to_a_host_than_its_browser() -> None:
    async with Target(pause=0.03) as target, Target(pause=0.03) as other:
        dependents = [server.url(f"/{number}") for number in range(9) for server in (target, other)]
        outcome = await once(page(target.url("/page"), *dependents), browsers=[NARROW])
    assert (target.most_under_way, other.most_under_way) == (2, 2)
    assert (target.connections, other.connections) == (2, 2)
    assert outcome.requests.passed == 19
    assert outcome.pages.passed == 1
    # those that waited for a connection say so: the time from the wish is longer than from the sending
    assert outcome.requests.wait_us > 100_000


async def test_dependents_of_a_failed_page_are_not_fetched() -> None:
    async with Target({"/page": answer(404)}) as target:
        outcome = await once(page(target.url("/page"), target.url("/dependent")))
    assert target.by_path() == Counter({"/page": 1})
    assert outcome.pages.failed == 1


async def test_dependents_that_fail_each_fail_and_the_page_once() -> None:
    async with Target({"/2": answer(404), "/3": send(then="close"), "/4": redirect("ftp://x/")}) as target:
        outcome = await once(page(target.url("/page"), *(target.url(f"/{number}") for number in range(1, 6))))
    assert target.by_path().total() == 6
    assert (outcome.requests.passed, outcome.requests.failed) == (3, 3)
    assert (outcome.pages.failed, outcome.tests.failed) == (1, 1)
    assert len(outcome.errors) == 3


async def test_dependents_on_a_host_that_cannot_be_reached_all_fail_and_the_user_goes_on() -> None:
    """More of them than connections: those that wait for a connection must not wait for ever."""
    async with Target() as target:
        dependents = [f"http://127.0.0.1:1/{number}" for number in range(20)]
        outcome = await once(page(target.url("/page"), *dependents), target.url("/next"), browsers=[NARROW])
    assert outcome.requests.failed == 20
    assert (outcome.pages.passed, outcome.pages.failed) == (1, 1)
    assert outcome.whole.abandoned == 0


async def test_dependents_that_all_time_out_do_so_together() -> None:
    async with Target({f"/{number}": send(then="silence") for number in range(10)}) as target:
        dependents = [target.url(f"/{number}") for number in range(10)]
        outcome = await once(page(target.url("/page"), *dependents), browsers=[NARROW], request_timeout=0.2)
    assert outcome.requests.failed == 10
    assert outcome.pages.failed == 1
    assert outcome.requests.response.high < 1.5e6  # 2 one after the other


async def test_connections_that_the_server_closes_after_each_answer_make_room_for_those_that_wait() -> None:
    closing = send(response(200, "Connection: close"), then="close")
    async with Target({f"/{number}": closing for number in range(10)}) as target:
        dependents = [target.url(f"/{number}") for number in range(10)]
        outcome = await once(page(target.url("/page"), *dependents), browsers=[NARROW])
    assert outcome.requests.passed == len(target.seen) == 11
    assert target.connections == 10  # that of the page is used once more
