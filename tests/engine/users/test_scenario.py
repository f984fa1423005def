"""Load shapes for real: how many users come and go, when their iterations begin, and which tests they run."""

import asyncio
from collections import Counter
from itertools import pairwise
from time import time

import pytest
from msgspec.structs import replace

from headrace.engine.load import SegmentLoad
from headrace.plan.load import Arrivals, Constant, Goal, GoalCounter, Stage, Stages, Steps
from headrace.plan.model import (
    Browser,
    Connections,
    Mix,
    Network,
    NetworkShare,
    Plan,
    Test,
    TestShare,
)
from headrace.plan.requests import Request
from headrace.plan.rules import Scope
from headrace.plan.segment import Segment
from headrace.plan.steps import Ending, Repeat, SetVariables, Stop, Think
from headrace.ticks.tick import Tick
from tests.engine.running import ONCE, Outcome, page, plan, run
from tests.engine.target import Target, answer

pytestmark = pytest.mark.anyio


def of(made: Plan, **more: object) -> Plan:
    """The plan with another scenario."""
    return replace(made, scenarios=(replace(made.scenarios[0], **more),))


async def watched(made: Plan, every: float = 0.05) -> tuple[Outcome, list[int]]:
    """Runs a plan; also how many users there were, every now and then."""
    counts: list[int] = []

    async def watch(load: SegmentLoad) -> None:
        (scenario,) = load.scenarios
        while not scenario.ending and not scenario.over.is_set():
            counts.append(len(scenario.users))
            await asyncio.sleep(every)

    return await run(made, watch), counts


# Closed shapes


async def test_users_come_and_go_as_the_stages_say_and_leave_after_their_iteration() -> None:
    load = Stages((Stage(0.5, 6), Stage(0.2, 6), Stage(0.5, 2), Stage(60.0, 2)))
    async with Target(pause=0.03) as target:
        outcome, counts = await watched(plan(target.url("/1"), target.url("/2"), load=load, duration=1.6))
    assert max(counts) == 6
    assert counts[-1] == 2
    peak = counts.index(6)
    assert counts[: peak + 1] == sorted(counts[: peak + 1])
    assert counts[peak:] == sorted(counts[peak:], reverse=True)
    assert len(set(counts)) == 7  # one after the other
    # nobody was cut: all pages of all iterations but the last two users' are there
    assert outcome.requests.failed == outcome.whole.abandoned == 0
    assert 0 <= target.count("/1") - target.count("/2") <= 2
    assert outcome.ticks[-1].load["Scenario"].users == 2


async def test_users_come_in_steps() -> None:
    load = Steps(initial=2, step=3, every=0.35, maximum=7)
    async with Target(pause=0.02) as target:
        outcome, counts = await watched(plan(target.url(), load=load, duration=1.2))
    assert set(counts) - {0} == {2, 5, 7}
    assert counts == sorted(counts)
    assert outcome.ticks[-1].load["Scenario"].users == 7


async def test_many_users_at_once_all_come() -> None:
    async with Target() as target:
        outcome = await run(plan(target.url(), users=450, duration=1.0, think_time=ONCE))
    assert len(target.seen) == outcome.requests.passed == outcome.ticks[-1].load["Scenario"].users == 450


async def test_a_user_who_is_one_too_many_goes_at_once_where_it_only_thinks() -> None:
    load = Stages((Stage(0.0, 5), Stage(0.4, 5), Stage(0.0, 1), Stage(60.0, 1)))
    async with Target() as target:
        outcome, counts = await watched(plan(target.url(), load=load, duration=0.9, think_time=ONCE))
        assert counts[-1] == 1
        assert len(target.seen) == 5
        assert outcome.tests.passed == 5


async def test_users_that_come_again_are_new_ones() -> None:
    load = Stages((Stage(0.0, 2), Stage(0.3, 2), Stage(0.0, 0), Stage(0.2, 0), Stage(0.0, 2), Stage(60.0, 2)))
    async with Target() as target:
        made = plan(Request(target.url("/{{$user}}")), load=load, duration=1.0, think_time=ONCE)
        outcome = await run(made)
    assert target.by_path() == Counter({"/1": 1, "/2": 1, "/3": 1, "/4": 1})
    assert outcome.whole.elapsed >= 0.95  # that there was nobody for a while did not end it


async def test_what_is_under_way_at_the_end_is_waited_for_also_if_there_was_nobody_before() -> None:
    load = Stages((Stage(0.0, 1), Stage(0.2, 1), Stage(0.0, 0), Stage(0.2, 0), Stage(0.0, 3), Stage(60.0, 3)))
    async with Target(pause=0.1, routes={"/": answer(delay=0.3)}) as target:
        outcome = await run(plan(target.url(), load=load, duration=0.7))
    assert outcome.requests.failed == 0
    assert outcome.requests.passed == len(target.seen) == 4


async def test_a_goal_is_reached_by_adding_and_removing_users() -> None:
    def goal(low: float, high: float, initial: int) -> Goal:
        return Goal(GoalCounter.REQUESTS_PER_SECOND, low, high, initial, 1, 12, 3, 3, interval=1.0)

    async with Target(pause=0.1) as target:  # 10 requests a second and user, at most
        more, less = await asyncio.gather(
            run(plan(target.url(), load=goal(60, 70, 1), duration=4.5)),
            run(plan(target.url(), load=goal(15, 25, 12), duration=4.5)),
        )
    growing = [tick.load["Scenario"].users for tick in more.ticks]
    assert growing[0] == 1
    assert growing == sorted(growing)
    assert 6 <= growing[-1] <= 10
    shrinking = [tick.load["Scenario"].users for tick in less.ticks]
    assert shrinking[0] == 12
    assert 1 <= shrinking[-1] <= 5


async def test_a_goal_that_begins_with_nobody_is_not_over() -> None:
    goal = Goal(GoalCounter.REQUESTS_PER_SECOND, 5, 1000, 0, 0, 3, 3, 3, interval=1.0)
    async with Target(pause=0.05) as target:
        outcome = await run(plan(target.url(), load=goal, duration=1.7))
    assert outcome.ticks[0].load["Scenario"].users == 0
    assert len(target.seen) > 3


# Iterations


@pytest.mark.parametrize("users", [1, 3, 20])
async def test_a_scenario_ends_after_so_many_iterations_in_all(users: int) -> None:
    async with Target(pause=0.01) as target:
        outcome = await run(plan(target.url("/1"), target.url("/2"), users=users, duration=60.0, iterations=10))
    assert target.by_path() == Counter({"/1": 10, "/2": 10})
    assert outcome.tests.passed == 10
    assert outcome.whole.elapsed < 20.0


async def test_a_user_ends_after_so_many_iterations_of_its_own() -> None:
    async with Target() as target:
        made = plan(Request(target.url("/{{$user}}")), users=4, duration=60.0, iterations_per_user=3, think_time=0.01)
        outcome = await run(made)
    assert target.by_path() == Counter({"/1": 3, "/2": 3, "/3": 3, "/4": 3})
    assert outcome.whole.elapsed < 20.0


async def test_a_load_with_several_scenarios_is_over_when_all_are() -> None:
    async with Target(pause=0.01) as target:
        made = plan(target.url(), duration=60.0, iterations=3)
        first = made.scenarios[0]
        second = replace(first, name="Second", iterations=30)
        outcome = await run(replace(made, scenarios=(first, second)))
    counts = {name.scenario: stats.total for name, stats in outcome.whole.tests.items()}
    assert counts == {"Scenario": 3, "Second": 30}
    assert outcome.whole.elapsed < 20.0


async def test_a_load_is_over_when_all_its_scenarios_together_have_made_so_many_iterations() -> None:
    async with Target(pause=0.01) as target:
        made = plan(target.url("/1"), target.url("/2"), users=3, duration=60.0, delay=0.0)
        first = made.scenarios[0]
        others = (replace(first, name="Second", load=Constant(1)), replace(first, name="Late", delay=50.0))
        outcome = await in_segments(replace(made, scenarios=(first, *others), iterations=25), 2)
    assert target.by_path() == Counter({"/1": 25, "/2": 25})
    counts = {name.scenario: stats.total for name, stats in outcome.whole.tests.items()}
    assert counts["Scenario"] + counts["Second"] == outcome.tests.passed == 25
    assert outcome.whole.elapsed < 20.0


async def test_an_iteration_that_a_leaving_user_had_before_it_is_made_by_another() -> None:
    load = Stages((Stage(0.0, 4), Stage(0.3, 4), Stage(0.0, 1), Stage(60.0, 1)))
    async with Target() as target:
        made = plan(target.url(), load=load, duration=60.0, iterations=8, think_time=0.5)
        outcome = await run(made)
    assert outcome.tests.passed == len(target.seen) == 8


# Times before and after


async def test_a_scenario_can_begin_later() -> None:
    async with Target() as target:
        made = plan(target.url("/now"), duration=1.0, think_time=ONCE)
        test = replace(made.tests[0], name="Later", steps=(page(target.url("/later")),))
        later = replace(made.scenarios[0], name="Later", mix=(TestShare("Later"),), delay=0.5)
        await run(replace(made, tests=(*made.tests, test), scenarios=(*made.scenarios, later)))
    now, then = target.seen
    assert (now.path, then.path) == ("/now", "/later")
    assert then.at - now.at > 0.4


async def test_a_scenario_can_be_idle_in_the_warm_up() -> None:
    async with Target() as target:
        made = plan(target.url(), duration=0.5, warm_up=1.1, think_time=ONCE, users=3)
        outcome = await run(of(made, idle_in_warm_up=True))
    assert outcome.ticks[0].load["Scenario"].users == 0
    assert len(target.seen) == outcome.requests.passed == 3


async def test_users_can_arrive_over_the_warm_up() -> None:
    async with Target() as target:
        made = plan(target.url(), duration=0.3, warm_up=1.0, think_time=ONCE, users=5, ramp_in_warm_up=True)
        outcome, counts = await watched(made, every=0.02)
    gaps = [second.at - first.at for first, second in pairwise(target.seen)]
    assert len(gaps) == 4
    assert all(gap > 0.05 for gap in gaps)  # 0.2 each
    assert set(counts) >= {1, 2, 3, 4, 5}
    assert outcome.requests.total == 0


async def test_the_shape_begins_after_the_warm_up_with_its_first_users_before() -> None:
    load = Steps(initial=2, step=2, every=0.5, maximum=4)
    async with Target(pause=0.02) as target:
        outcome, counts = await watched(plan(target.url(), load=load, warm_up=0.5, duration=0.8))
    assert outcome.ticks[0].load["Scenario"].users == 2  # at the end of the warm-up
    assert counts[-1] == 4


async def test_iterations_under_way_may_go_on_for_a_while_after_the_end() -> None:
    async with Target(pause=0.1) as target:
        pages = [target.url(f"/{number}") for number in range(5)]
        cut = await run(plan(*pages, users=2, duration=0.3))
        whole = await run(plan(*pages, users=2, duration=0.3, cool_down=20.0))
    assert cut.tests.total == 0
    assert (whole.tests.passed, whole.requests.passed) == (2, 10)  # and no new one begins
    assert whole.whole.elapsed < 10.0
    assert [tick.second for tick in whole.ticks] == list(range(len(whole.ticks)))


async def test_a_cool_down_has_an_end() -> None:
    async with Target(pause=0.05) as target:
        outcome = await run(plan(Repeat("-1", (Request(target.url()),)), duration=0.2, cool_down=1.0))
    assert outcome.tests.total == 0
    assert 1.0 <= outcome.whole.elapsed < 5.0


async def test_the_whole_test_may_be_stopped_in_the_cool_down() -> None:
    steps = (Think(0.4), Stop(Ending.TEST))
    async with Target(pause=0.05) as target:
        slow = Test("Slow", (Request(target.url()), Think(600.0)))
        made = plan(*steps, duration=0.2, cool_down=60.0)
        second = replace(made.scenarios[0], name="Second", mix=(TestShare("Slow"),))
        outcome = await run(replace(made, tests=(*made.tests, slow), scenarios=(*made.scenarios, second)))
    assert outcome.whole.elapsed < 20.0


# Mixes


def mixed(target: Target, mix_by: Mix, users: int = 1, delays: str = "", **shares: float) -> Plan:
    """A test for each share, whose only page has its name."""
    made = plan(target.url(), users=users, duration=60.0)
    tests = tuple(Test(name, (page(target.url(f"/{name}")),)) for name in shares)
    mix = tuple(TestShare(name, share) for name, share in shares.items())
    scenario = replace(made.scenarios[0], mix=mix, mix_by=mix_by)
    return replace(made, tests=tests, scenarios=(scenario,))


async def test_a_mix_by_tests_started_keeps_its_shares_whatever_the_users() -> None:
    for users in (1, 7):
        async with Target(pause=0.002) as target:
            outcome = await run(of(mixed(target, Mix.TESTS_STARTED, users, a=50, b=30, c=20, d=0), iterations=100))
        assert target.by_path() == Counter({"/a": 50, "/b": 30, "/c": 20})
        assert {name.test: stats.total for name, stats in outcome.whole.tests.items()} == {"a": 50, "b": 30, "c": 20}


async def test_a_mix_by_users_keeps_so_many_in_each_test() -> None:
    async with Target({"/a": answer(delay=0.02), "/b": answer(delay=0.2)}) as target:
        made = replace(mixed(target, Mix.USERS_RUNNING, 10, a=50, b=50), duration=1.2)
        outcome = await run(made)
    counts = {name.test: stats.total for name, stats in outcome.whole.tests.items()}
    # five users in each: those of the quick test make ten times as many
    assert counts["a"] > 4 * counts["b"]
    assert 20 <= counts["b"] <= 35


async def test_users_who_leave_while_they_wait_do_not_count_in_a_mix_by_users() -> None:
    ups = [stage for _ in range(4) for stage in (Stage(0.0, 4), Stage(0.1, 4), Stage(0.0, 0), Stage(0.02, 0))]
    load = Stages((*ups, Stage(0.0, 4), Stage(60.0, 4)))
    async with Target() as target:
        made = of(mixed(target, Mix.USERS_RUNNING, a=75, b=25), load=load, think_time=ONCE)
        await run(replace(made, duration=0.9))
    assert target.by_path() == Counter({"/a": 15, "/b": 5})  # three and one, five times


async def test_a_mix_by_order_runs_all_tests_one_after_the_other() -> None:
    async with Target() as target:
        await run(of(mixed(target, Mix.SEQUENTIAL, a=0, b=1, c=1), iterations=7))
    assert [seen.path for seen in target.seen] == ["/a", "/b", "/c", "/a", "/b", "/c", "/a"]


async def test_a_mix_by_pacing_runs_each_test_so_often_an_hour() -> None:
    async with Target() as target:
        made = replace(mixed(target, Mix.PACING, 2, a=3600 * 5, b=3600 * 2.5), duration=1.5)
        outcome = await run(made)
    counts = target.by_path()
    assert 13 <= counts["/a"] <= 17
    assert 6 <= counts["/b"] <= 10
    assert outcome.tests.total == len(target.seen)


async def test_each_user_runs_a_test_before_all_others_and_one_after_them() -> None:
    async with Target() as target:
        made = mixed(target, Mix.SEQUENTIAL, 2, a=1, b=1)
        around = tuple(Test(name, (Request(target.url(f"/{name}-{{{{$user}}}}")),)) for name in ("in", "out"))
        made = replace(made, tests=(*made.tests, *around))
        outcome = await run(of(made, first="in", last="out", iterations_per_user=4))
    assert target.by_path() == Counter({"/in-1": 1, "/in-2": 1, "/a": 4, "/b": 4, "/out-1": 1, "/out-2": 1})
    paths = [seen.path for seen in target.seen]
    for user in "12":
        assert paths.index(f"/in-{user}") < 2 + 4
        assert paths.index(f"/out-{user}") > 4
    assert {name.test: stats.total for name, stats in outcome.whole.tests.items()} == {"a": 4, "b": 4, "in": 2, "out": 2}


async def test_users_whom_the_shape_sends_away_run_the_last_test_and_those_at_the_end_do_not() -> None:
    load = Stages((Stage(0.0, 5), Stage(0.4, 5), Stage(0.0, 2), Stage(60.0, 2)))
    for think in (ONCE, 0.0):
        async with Target(pause=0.01) as target:
            made = mixed(target, Mix.TESTS_STARTED, a=1)
            made = replace(made, tests=(*made.tests, Test("out", (page(target.url("/out")),))), duration=1.0)
            await run(of(made, last="out", load=load, think_time=think))
        assert target.count("/out") == 3


async def test_a_first_test_runs_before_the_arrival_s_own() -> None:
    async with Target() as target:
        made = mixed(target, Mix.TESTS_STARTED, a=1)
        made = replace(made, tests=(*made.tests, Test("in", (page(target.url("/in")),))), duration=1.0)
        await run(of(made, first="in", load=Arrivals(20.0, users=10)))
    assert target.count("/a") == 20
    assert 1 <= target.count("/in") <= 10
    assert target.seen[0].path == "/in"


# New users, connections, networks


async def test_some_iterations_are_those_of_new_users() -> None:
    routes = {"/": answer(200, "Set-Cookie: a=b"), "/cached": answer(200, "Cache-Control: max-age=60")}
    for percent in (0.0, 100.0, 50.0):
        async with Target(routes) as target:
            steps = (
                Request(target.url()),
                Request(target.url("/cached"), cache=True),
                SetVariables((("kept", "x"),), Scope.USER),
            )
            await run(plan(*steps, duration=60.0, iterations=40, new_users=percent))
        known = [seen.header("Cookie") is not None for seen in target.seen if seen.path == "/"]
        new = known.count(False)
        assert new == {0.0: 1, 100.0: 40}.get(percent, new)
        assert target.connections == target.count("/cached") == new
        assert percent != 50.0 or 8 < new < 32


@pytest.mark.parametrize(
    ("connections", "least", "most"),
    [(Connections.PER_USER, 3, 3), (Connections.PER_ITERATION, 30, 30), (Connections.POOLED, 1, 2)],
)
async def test_connections_live_as_long_as_the_plan_says(connections: Connections, least: int, most: int) -> None:
    async with Target() as target:
        outcome = await run(
            plan(
                target.url("/1"),
                target.url("/2"),
                users=3,
                duration=60.0,
                iterations=30,
                connections=connections,
                pool_size=2,
            )
        )
    assert outcome.requests.passed == 60
    assert least <= target.connections <= most


async def test_users_of_a_pool_wait_for_a_connection() -> None:
    async with Target(pause=0.02, routes={"/{{$user}}": answer()}) as target:
        made = plan(
            Request(target.url("/{{$user}}")),
            users=8,
            duration=60.0,
            iterations_per_user=5,
            connections=Connections.POOLED,
            pool_size=3,
            new_users=50.0,
        )
        outcome = await run(made)
    assert (target.connections, target.most_under_way) == (3, 3)
    assert target.by_path() == Counter({f"/{user}": 5 for user in range(1, 9)})
    assert outcome.requests.passed == 40
    assert outcome.requests.wait_us > 100_000  # in the response times
    assert outcome.whole.abandoned == 0


async def test_users_sit_behind_their_networks() -> None:
    fast, slow = Network("LAN"), Network("Far away", latency_down=0.1, latency_up=0.1)
    async with Target() as target:
        made = plan(Request(target.url("/{{$user}}")), users=4, duration=60.0, iterations_per_user=1)
        outcome = await run(of(made, networks=(NetworkShare(fast, 1.0), NetworkShare(slow, 3.0))))
    # connecting and asking: two round trips of 0.2 s each
    times = outcome.requests.response
    assert outcome.requests.passed == 4
    assert times.low < 200_000
    assert times.percentile(50) >= 390_000  # three of the four


# Segments


async def in_segments(made: Plan, count: int) -> Outcome:
    ticks: list[Tick] = []
    loads = [SegmentLoad(made, segment, ticks.append) for segment in Segment(0, 1).split(count)]
    start = time() + 0.05
    await asyncio.gather(*(load.run(start) for load in loads))
    return Outcome(sorted(ticks, key=lambda tick: (tick.second, tick.elapsed)))


async def test_the_segments_of_arrivals_add_up_to_all_of_them() -> None:
    async with Target() as target:
        outcome = await in_segments(plan(target.url(), load=Arrivals(40.0, users=40), duration=1.0), 3)
    assert len(target.seen) == sum(tick.load["Scenario"].due for tick in outcome.ticks) == 40
    gaps = [second.at - first.at for first, second in pairwise(sorted(target.seen, key=lambda seen: seen.at))]
    assert sum(gap > 0.005 for gap in gaps) > 25  # one after the other, not three at a time


async def test_the_segments_of_iterations_browsers_and_users_add_up() -> None:
    browsers = [Browser("One", (("User-Agent", "one"),)), Browser("Two", (("User-Agent", "two"),))]
    async with Target() as target:
        made = plan(
            Request(target.url("/{{$user}}")),
            users=8,
            duration=60.0,
            iterations=20,
            think_time=0.01,
            browsers=browsers,
        )
        outcome = await in_segments(made, 3)
    assert len(target.seen) == outcome.tests.passed == 20
    assert set(target.by_path()) == {f"/{user}" for user in range(1, 9)}
    by_user = {seen.path: seen.header("User-Agent") for seen in target.seen}
    assert Counter(by_user.values()) == {"one": 4, "two": 4}


async def test_the_engines_of_an_agent_have_its_number() -> None:
    async with Target() as target:
        made = plan(Request(target.url("/{{$agent}}of{{$agents}}-{{$user}}")), users=4, duration=0.3, think_time=ONCE)
        segments = [engine for agent in Segment(0, 1).split(2) for engine in agent.split(2)]
        ticks: list[Tick] = []
        loads = [SegmentLoad(made, segment, ticks.append, processes=2) for segment in segments]
        await asyncio.gather(*(load.run(time()) for load in loads))
    assert set(target.by_path()) == {"/0of2-1", "/1of2-2", "/0of2-3", "/1of2-4"}


async def test_the_segments_of_a_mix_by_users_add_up_to_its_shares() -> None:
    async with Target() as target:
        await in_segments(replace(of(mixed(target, Mix.USERS_RUNNING, 12, a=75, b=25), think_time=ONCE), duration=0.5), 4)
    assert target.by_path() == Counter({"/a": 9, "/b": 3})


async def test_a_segment_without_a_user_is_over_and_the_others_go_on() -> None:
    async with Target() as target:
        outcome = await in_segments(plan(target.url(), users=1, duration=0.5, think_time=ONCE), 3)
    assert len(target.seen) == outcome.tests.passed == 1


async def test_a_segment_without_a_user_has_no_share_of_the_iterations() -> None:
    async with Target() as target:
        outcome = await in_segments(plan(target.url(), users=2, iterations=10, duration=60.0), 3)
    assert outcome.tests.total == len(target.seen) == 10
