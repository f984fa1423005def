"""Every kind of step does what the Plan says, against a real server that keeps what it saw."""

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from headrace.engine.load import SegmentLoad
from headrace.plan.conditions import AllOf, Compare, LastPassed, LastStatus, Not, Operator, Probability, VariableExists
from headrace.plan.data import Access, DataSource
from headrace.plan.model import OnError
from headrace.plan.requests import Page, Request
from headrace.plan.rules import ExtractRegex, Scope
from headrace.plan.steps import (
    Chance,
    Choose,
    Ending,
    ForEach,
    ForTime,
    If,
    Once,
    Option,
    Repeat,
    SetVariables,
    Shuffle,
    Step,
    Stop,
    TakeRow,
    Think,
    Transaction,
    While,
)
from headrace.ticks.tick import Name, TransactionStats
from tests.engine.running import Outcome, once, plan, run, until
from tests.engine.target import Route, Target, answer

pytestmark = pytest.mark.anyio


class Site:
    """Runs steps whose requests are named by their paths; `paths` are those that came, in order."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def get(self, path: str, **more: Any) -> Request:
        return Request(self.target.url(path), **more)

    @property
    def paths(self) -> str:
        """All that came, without the slashes: `/a`, `/b` is `a b`."""
        return " ".join(seen.path.removeprefix("/") for seen in self.target.seen)


def visits(site: Site, text: str) -> tuple[Step, ...]:
    """A request for each word."""
    return tuple(site.get(f"/{word}") for word in text.split())


async def visited(*steps: Any, **more: Any) -> str:
    """What one user asks for in one iteration. A step is one, or makes several of a site."""
    paths, _ = await tried(*steps, **more)
    return paths


async def tried(*steps: Any, routes: dict[str, Route] | None = None, **more: Any) -> tuple[str, Outcome]:
    async with Target(routes or {}) as target:
        site = Site(target)
        made: list[Step] = []
        for step in steps:
            each = step(site) if callable(step) else step
            made += each if isinstance(each, tuple) else [each]
        outcome = await once(*made, **more)
    return site.paths, outcome


async def iterations(number: int, *steps: Any, routes: dict[str, Route] | None = None, **more: Any) -> tuple[str, Outcome]:
    """What the users ask for in so many iterations each."""
    async with Target(routes or {}) as target:
        site = Site(target)
        made: list[Step] = []
        for step in steps:
            each = step(site) if callable(step) else step
            made += each if isinstance(each, tuple) else [each]
        outcome = await run(plan(*made, duration=20.0, iterations_per_user=number, **more))
    assert outcome.whole.elapsed < 15.0
    return site.paths, outcome


def go(text: str) -> Any:
    return lambda site: visits(site, text)


# Order


async def test_steps_run_in_their_order_whatever_is_nested_in_them() -> None:
    steps = (
        go("a"),
        lambda site: Transaction("T", (*visits(site, "b"), Transaction("U", visits(site, "c d")), Think(0.01))),
        SetVariables((("x", "e"),)),
        go("{{x}}"),
        lambda site: Page(site.get("/f"), (site.get("/g"),)),
        Think(0.0),
        go("h"),
    )
    assert await visited(*steps) == "a b c d e f g h"


async def test_a_thinking_user_waits_and_its_pause_is_no_response_time() -> None:
    async with Target() as target:
        site = Site(target)
        outcome = await once(*visits(site, "a"), Think(0.3), *visits(site, "b"))
    first, second = target.seen
    assert second.at - first.at >= 0.3
    assert outcome.requests.response.high < 250_000
    assert outcome.tests.time.low >= 300_000


# Loops


@pytest.mark.parametrize(
    ("times", "paths"),
    [("3", "p1 p2 p3"), ("{{n}}", "p1 p2"), ("0", ""), (" 2 ", "p1 p2"), ("+1", "p1")],
)
async def test_a_loop_runs_so_many_times_and_counts(times: str, paths: str) -> None:
    loop = lambda site: Repeat(times, visits(site, "p{{i}}"), variable="i")  # noqa: E731
    assert await visited(SetVariables((("n", "2"),)), loop, go("end")) == f"{paths} end".strip()


@pytest.mark.parametrize(
    ("first", "increment", "paths"),
    [
        (1, 1, "1 2 3"),
        (10, -5, "10 5 0"),
        (0.5, 0.25, "0.5 0.75 1"),
        (20261231, 1, "20261231 20261232 20261233"),
        (0.1, 0.1, "0.1 0.2 0.3"),
    ],
)
async def test_a_loop_counts_as_it_is_told(first: float, increment: float, paths: str) -> None:
    loop = lambda site: Repeat("3", visits(site, "{{i}}"), variable="i", first=first, increment=increment)  # noqa: E731
    assert await visited(loop) == paths


@pytest.mark.parametrize("times", ["many", "", "{{nobody}}", "nan", "inf", "1e999"])
async def test_a_loop_whose_number_is_none_runs_no_times_and_is_an_error(times: str) -> None:
    loop = lambda site: Repeat(times, visits(site, "in"))  # noqa: E731
    paths, outcome = await tried(loop, go("end"))
    assert paths == "end"
    assert (outcome.tests.passed, outcome.tests.failed, outcome.requests.failed) == (0, 1, 0)
    assert outcome.error.kind == "ConditionalRuleError"


async def test_a_loop_of_less_than_no_times_has_no_end() -> None:
    async with Target() as target:

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) > 500)
            load.stop(grace=1.0)

        outcome = await run(plan(Repeat("-1", visits(Site(target), "p")), duration=60.0), stop)
    assert outcome.requests.total == len(target.seen) > 500
    assert outcome.tests.total == 0  # it was cut short


async def test_loops_may_be_nested_and_empty() -> None:
    inner = lambda site: Repeat("2", (Repeat("3", visits(site, "{{i}}{{j}}"), variable="j"),), variable="i")  # noqa: E731
    assert await visited(inner, Repeat("1000", ())) == "11 12 13 21 22 23"


async def test_a_while_loop_asks_before_each_pass() -> None:
    def loop(site: Site) -> Step:
        more = Compare("{{n}}", Operator.LESS, "3", numeric=True)
        again = Request(site.target.url("/n{{n}}"), extract=(ExtractRegex(variable="n", pattern="next=([0-9]+)"),))
        return While(more, (again,))

    routes = {f"/n{number}": answer(body=f"next={number + 1}".encode()) for number in range(9)}
    assert await visited(SetVariables((("n", "0"),)), loop, routes=routes) == "n0 n1 n2"
    assert await visited(SetVariables((("n", "3"),)), loop, go("end"), routes=routes) == "end"


async def test_a_while_loop_runs_at_most_so_many_times() -> None:
    always = Compare("a", Operator.EQUAL, "a")
    assert await visited(lambda site: While(always, visits(site, "p"), at_most=4), go("end")) == "p p p p end"
    assert await visited(lambda site: While(always, visits(site, "p"), at_most=0), go("end")) == "end"
    assert await visited(lambda site: While(Not(always), visits(site, "p")), go("end")) == "end"


async def test_a_loop_for_each_takes_the_numbered_values_until_one_is_missing() -> None:
    values = SetVariables((("v_1", "a"), ("v_2", "b"), ("v_3", "c"), ("v_5", "e"), ("v_matchNr", "9")))

    def loop(**more: int) -> Any:
        return lambda site: ForEach("v", "each", visits(site, "{{each}}"), **more)

    assert await visited(values, loop()) == "a b c"
    assert await visited(values, loop(first=2)) == "b c"
    assert await visited(values, loop(first=2, last=2)) == "b"
    assert await visited(values, loop(first=5)) == "e"
    assert await visited(values, loop(first=4), go("end")) == "end"
    assert await visited(loop(), go("end")) == "end"


async def test_a_loop_for_a_time_ends_after_it() -> None:
    async with Target(pause=0.05) as target:
        site = Site(target)
        await once(ForTime(0.4, visits(site, "p")), *visits(site, "end"))
    *during, last = target.seen
    assert last.path == "/end"
    assert 2 <= len(during) <= 8
    assert last.at - during[0].at >= 0.35  # a page before it ended was under way
    assert await visited(lambda site: ForTime(0.0, visits(site, "p")), go("end")) == "end"


ENDLESS = [
    Repeat("-1", ()),
    Repeat("-1", (SetVariables((("a", "b"),)),)),
    While(Compare("a", Operator.EQUAL, "a"), (Repeat("10", ()),)),
    ForTime(3600.0, (Think(0.0),)),
    Repeat("-1", (Repeat("-1", ()),)),
    Repeat("99", (Repeat("99", (Repeat("99", (Repeat("99", (SetVariables((("a", "b"),)),)),)),)),)),
]


@pytest.mark.parametrize("loop", ENDLESS, ids=["empty", "setting", "while", "for time", "nested", "short ones nested"])
async def test_a_loop_that_never_waits_does_not_keep_others_from_theirs_and_can_be_stopped(loop: Step) -> None:
    async with Target() as target:
        site = Site(target)
        mine = If(Compare("{{$user}}", Operator.EQUAL, "1"), (loop,), visits(site, "p"))

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) > 50)
            load.stop(grace=1.0)

        outcome = await run(plan(mine, users=2, duration=60.0), stop)
    assert outcome.tests.total > 45  # of the second user
    assert outcome.whole.abandoned == 0
    assert outcome.whole.health.loop_lag_us < 1_000_000


async def test_a_test_that_never_waits_does_not_keep_others_from_theirs() -> None:
    async with Target() as target:
        mine = If(Compare("{{$user}}", Operator.EQUAL, "1"), (), visits(Site(target), "p"))

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) > 50)
            load.stop(grace=1.0)

        outcome = await run(plan(mine, users=2, duration=60.0), stop)
    assert outcome.tests.passed == outcome.tests.total > 50


# Choices


async def test_a_branch_is_taken_by_its_condition() -> None:
    def branch(name: str) -> Any:
        return lambda site: If(VariableExists(name), visits(site, "then"), visits(site, "otherwise"))

    assert await visited(SetVariables((("a", ""),)), branch("a"), branch("b"), go("end")) == "then otherwise end"
    only = lambda site: If(VariableExists("b"), visits(site, "then"))  # noqa: E731
    assert await visited(only, go("end")) == "end"


async def test_conditions_know_the_last_page_and_its_status() -> None:
    def told(site: Site) -> Step:
        return If(
            AllOf((LastPassed(), LastStatus((200, 204)))),
            visits(site, "fine"),
            (If(LastStatus((404,)), visits(site, "missing"), visits(site, "broken")),),
        )

    routes = {"/404": answer(404), "/500": answer(500)}
    paths = await visited(go("200"), told, go("404"), told, go("500"), told, routes=routes)
    assert paths == "200 fine 404 missing 500 broken"


async def test_a_condition_that_cannot_be_judged_is_false_and_an_error() -> None:
    branch = lambda site: If(  # noqa: E731
        Compare("{{nobody}}", Operator.EQUAL, "1"), visits(site, "then"), visits(site, "otherwise")
    )
    paths, outcome = await tried(branch)
    assert paths == "otherwise"
    assert outcome.tests.failed == 1
    assert outcome.error.kind == "ConditionalRuleError"


@pytest.mark.parametrize(
    "wrong", [Compare("{{nobody}}", Operator.EQUAL, "1"), Compare("x", Operator.LESS, "1", numeric=True)]
)
async def test_a_condition_that_cannot_be_judged_is_an_error_like_that_of_a_request(wrong: Compare) -> None:
    branch = lambda site: If(wrong, visits(site, "then"), visits(site, "otherwise"))  # noqa: E731
    for on_error, visits_made in ((OnError.CONTINUE, "otherwise end"), (OnError.STOP_ITERATION, "")):
        paths, outcome = await tried(branch, go("end"), on_error=on_error)
        assert paths == visits_made
        assert outcome.tests.failed == 1
        assert outcome.error.kind == "ConditionalRuleError"


def choice(by: Chance, **weights: float) -> Any:
    return lambda site: Choose(tuple(Option(visits(site, path), weight) for path, weight in weights.items()), by)


async def test_a_choice_in_turn_keeps_its_weights_exactly() -> None:
    paths, _ = await iterations(40, choice(Chance.IN_TURN, a=50, b=30, c=20, never=0))
    assert Counter(paths.split()) == {"a": 20, "b": 12, "c": 8}
    first = Counter(paths.split()[:10])
    assert first == {"a": 5, "b": 3, "c": 2}  # not only in the end


async def test_two_choices_in_turn_do_not_count_together() -> None:
    paths, _ = await iterations(2, choice(Chance.IN_TURN, a=1, b=1), choice(Chance.IN_TURN, c=1, d=1))
    assert paths == "a c b d"


async def test_a_choice_by_lot_keeps_its_weights_about_and_is_the_same_with_the_same_seed() -> None:
    lot = choice(Chance.RANDOM, a=3, b=1, never=0)
    (one, _), (two, _), (other, _) = [await iterations(200, lot, seed=seed) for seed in (7, 7, 8)]
    counts = Counter(one.split())
    assert set(counts) == {"a", "b"}
    assert 110 < counts["a"] < 185
    assert one == two
    assert one != other


async def test_every_user_has_its_own_luck() -> None:
    async with Target() as target:
        site = Site(target)
        lots = tuple(Option(visits(site, f"{{{{$user}}}}-{number}")) for number in range(10))
        await run(plan(Choose(lots), users=8, duration=20.0, iterations_per_user=10))
    drawn: dict[str, list[str]] = {}
    for seen in target.seen:
        user, _, number = seen.path.removeprefix("/").partition("-")
        drawn.setdefault(user, []).append(number)
    assert len(drawn) == 8
    assert len({tuple(numbers) for numbers in drawn.values()}) == 8


async def test_shuffled_steps_all_run_once_in_another_order() -> None:
    steps = lambda site: Shuffle(visits(site, "a b c d e"))  # noqa: E731
    paths, _ = await iterations(20, steps)
    orders = [tuple(paths.split()[start : start + 5]) for start in range(0, 100, 5)]
    assert all(sorted(order) == list("abcde") for order in orders)
    assert len(set(orders)) > 10
    assert paths == (await iterations(20, steps))[0]


async def test_chance_can_be_a_condition() -> None:
    chance = lambda site: If(Probability(30.0), visits(site, "y"), visits(site, "n"))  # noqa: E731
    counts = Counter((await iterations(200, chance))[0].split())
    assert 30 < counts["y"] < 95
    assert counts["y"] + counts["n"] == 200


async def test_what_is_done_once_is_done_in_a_users_first_iteration_only() -> None:
    once_only = lambda site: Once(visits(site, "login{{$user}}"))  # noqa: E731
    another = lambda site: Once(visits(site, "banner"))  # noqa: E731
    paths, _ = await iterations(3, once_only, another, go("p"), users=2)
    assert Counter(paths.split()) == {"login1": 1, "login2": 1, "banner": 2, "p": 6}


# Stopping


@pytest.mark.parametrize("failed", [False, True])
async def test_a_stop_can_end_the_iteration(failed: bool) -> None:
    paths, outcome = await iterations(2, go("a"), Repeat("5", (Stop(failed=failed),)), go("never"))
    assert paths == "a a"
    assert (outcome.tests.passed, outcome.tests.failed) == ((0, 2) if failed else (2, 0))
    assert outcome.errors == {}


async def test_a_stop_can_end_the_user() -> None:
    mine = If(Compare("{{$user}}", Operator.EQUAL, "1"), (Stop(Ending.USER),))
    async with Target() as target:
        outcome = await run(plan(*visits(Site(target), "{{$user}}"), mine, users=2, duration=0.5))
    counts = Counter(seen.path for seen in target.seen)
    assert counts["/1"] == 1
    assert counts["/2"] > 1
    assert outcome.ticks[-1].load["Scenario"].users == 1


async def test_when_all_users_have_stopped_the_load_is_over() -> None:
    async with Target() as target:
        outcome = await run(plan(*visits(Site(target), "p"), Stop(Ending.USER), users=3, duration=60.0))
    assert len(target.seen) == outcome.tests.passed == 3
    assert outcome.whole.elapsed < 10.0


async def test_a_stop_can_end_the_whole_test() -> None:
    mine = If(Compare("{{$user}} {{$iteration}}", Operator.EQUAL, "2 3"), (Stop(Ending.TEST),))
    async with Target(pause=0.01) as target:
        outcome = await run(plan(*visits(Site(target), "p"), mine, users=3, duration=60.0))
    assert outcome.whole.elapsed < 10.0
    assert outcome.requests.total == len(target.seen)
    assert outcome.tests.failed == 0


@pytest.mark.parametrize(
    ("on_error", "paths"),
    [
        (OnError.CONTINUE, "bad good bad good"),
        (OnError.STOP_ITERATION, "bad bad"),
        (OnError.STOP_USER, "bad"),
        (OnError.STOP_TEST, "bad"),
    ],
)
async def test_what_follows_a_failure_is_the_tests_to_say(on_error: OnError, paths: str) -> None:
    came, outcome = await iterations(2, go("bad good"), routes={"/bad": answer(500)}, on_error=on_error)
    assert came == paths
    assert outcome.tests.failed == outcome.tests.total == paths.count("bad")
    assert outcome.pages.failed == paths.count("bad")


async def test_a_failure_of_a_dependent_or_of_an_unmade_request_is_one_too() -> None:
    for bad in ("/bad", "/{{nobody}}"):
        step = lambda site, bad=bad: Page(site.get("/page"), (site.get(bad),))  # noqa: E731
        paths, outcome = await tried(step, go("never"), routes={"/bad": answer(500)}, on_error=OnError.STOP_ITERATION)
        assert paths.split()[0] == "page"
        assert "never" not in paths
        assert outcome.tests.failed == 1


# Variables


async def test_variables_live_as_long_as_their_scope() -> None:
    def steps(site: Site) -> tuple[Step, ...]:
        return (
            If(VariableExists("mine"), visits(site, "mine-{{mine}}")),
            If(VariableExists("kept"), visits(site, "kept-{{kept}}")),
            SetVariables((("mine", "{{$iteration}}"),)),
            SetVariables((("kept", "{{$iteration}}"),), Scope.USER),
            *visits(site, "{{mine}}{{kept}}"),
        )

    assert (await iterations(3, steps))[0] == "11 kept-1 22 kept-2 33"


async def test_an_iteration_begins_with_the_variables_of_plan_and_test_and_those_the_user_keeps() -> None:
    async with Target() as target:
        steps = (
            *visits(Site(target), "{{a}}-{{b}}-{{c}}-{{d}}"),
            SetVariables((("a", "changed"), ("b", "changed"))),
            SetVariables((("c", "kept"),), Scope.USER),
        )
        made = plan(*steps, duration=20.0, iterations_per_user=2)
        test = replace(made.tests[0], variables=(("d", "{{a}}{{b}}"), ("b", "test"), ("c", "test")))
        await run(replace(made, tests=(test,), variables=(("a", "plan"), ("b", "plan"))))
    assert Site(target).paths == "plan-plan-test-planplan plan-plan-kept-planplan"


async def test_every_user_and_iteration_has_a_number_from_1() -> None:
    paths, _ = await iterations(2, go("{{$user}}.{{$iteration}}.{{$scenario}}.{{$test}}"), users=2)
    assert sorted(paths.split()) == sorted(f"{user}.{number}.Scenario.Test" for user in (1, 2) for number in (1, 2))


async def test_users_do_not_see_each_others_variables() -> None:
    paths, _ = await iterations(
        3, SetVariables((("a", "{{$user}}"),), Scope.USER), Think(0.01), go("{{$user}}-{{a}}"), users=4
    )
    assert all(path.split("-")[0] == path.split("-")[1] for path in paths.split())


async def test_a_variable_without_a_value_fails_what_needs_it_and_only_that() -> None:
    paths, outcome = await tried(SetVariables((("a", "{{nobody}}"), ("b", "1"))), go("x{{a}} y{{b}}"))
    assert paths == "y1"
    assert {error.message.split("'")[1]: count for error, count in outcome.errors.items()} == {"nobody": 1, "a": 1}
    assert (outcome.tests.failed, outcome.requests.passed, outcome.requests.failed) == (1, 1, 1)


async def test_unknown_variables_may_be_sent_as_they_are_written() -> None:
    paths, outcome = await tried(SetVariables((("a", "1"),)), go("{{a}}-{{nobody}}"), keep_unknown=True)
    assert paths == "1-%7B%7Bnobody%7D%7D"
    assert outcome.tests.passed == 1


async def test_a_variable_of_the_plan_that_cannot_be_made_is_an_error_of_each_iteration() -> None:
    paths, outcome = await iterations(2, go("p{{b}}"), variables=(("a", "{{nobody}}"), ("b", "1")))
    assert paths == "p1 p1"
    assert outcome.error.message == "Context parameter 'nobody' not found in test context"
    assert outcome.tests.failed == 2


# Rows


def source(access: Access, **more: Any) -> DataSource:
    return DataSource("rows", ("name", "word"), tuple((f"n{number}", f"w{number}") for number in range(3)), access, **more)


async def test_rows_are_taken_one_after_the_other_by_all_users() -> None:
    paths, _ = await iterations(2, TakeRow("rows"), go("{{name}}-{{word}}"), users=2, data=(source(Access.SEQUENTIAL),))
    assert Counter(paths.split()) == {"n0-w0": 2, "n1-w1": 1, "n2-w2": 1}


async def test_each_user_may_go_through_the_rows_for_itself() -> None:
    paths, _ = await iterations(
        4, TakeRow("rows"), go("{{$user}}-{{name}}"), users=2, data=(source(Access.SEQUENTIAL, per_user=True),)
    )
    for user in ("1", "2"):
        mine = [path.split("-")[1] for path in paths.split() if path.startswith(f"{user}-")]
        assert mine == ["n0", "n1", "n2", "n0"]


async def test_a_user_who_finds_no_unique_row_leaves() -> None:
    async with Target() as target:
        made = plan(
            TakeRow("rows"), *visits(Site(target), "{{name}}"), users=2, duration=60.0, data=(source(Access.UNIQUE),)
        )
        outcome = await run(made)
    assert sorted(Site(target).paths.split()) == ["n0", "n1", "n2"]
    assert outcome.whole.elapsed < 10.0
    assert outcome.errors == {}
    assert outcome.tests.total == 3  # an iteration that found no row is none
    assert max(tick.load["Scenario"].users for tick in outcome.ticks) == 2  # although all are gone when the second ends


async def test_rows_are_taken_where_the_step_is_and_as_often() -> None:
    assert await visited(
        TakeRow("rows"), go("{{name}}"), TakeRow("rows"), go("{{name}}"), data=(source(Access.SEQUENTIAL),)
    ) == ("n0 n1")
    assert await visited(TakeRow("rows"), go("{{name}}"), TakeRow("rows"), go("{{name}}"), data=(source(Access.FIXED),)) == (
        "n0 n0"
    )


# Transactions


def transactions(outcome: Outcome) -> dict[str, TransactionStats]:
    return {name.item: stats for name, stats in outcome.whole.transactions.items()}


async def test_a_transaction_is_timed_with_its_pauses_and_without() -> None:
    def steps(site: Site) -> Step:
        return Transaction("outer", (*visits(site, "a"), Think(0.4), Transaction("inner", visits(site, "b")), Think(0.2)))

    _, outcome = await tried(steps, Think(0.5))
    found = transactions(outcome)
    assert set(outcome.whole.transactions) == {Name("Scenario", "Test", "outer"), Name("Scenario", "Test", "inner")}
    outer, inner = found["outer"], found["inner"]
    assert (outer.passed, outer.failed, inner.passed, inner.failed) == (1, 0, 1, 0)
    assert 600_000 <= outer.time.low < 1_050_000
    assert outer.response.low <= outer.time.low - 590_000
    assert inner.time.low == inner.response.low < 300_000


async def test_a_transaction_fails_with_anything_in_it_and_is_counted_even_if_it_is_left() -> None:
    def steps(site: Site) -> tuple[Step, ...]:
        return (
            Transaction("fine", visits(site, "a")),
            Transaction("outer", (*visits(site, "a"), Transaction("inner", (*visits(site, "bad never"), Think(60.0))))),
        )

    _, outcome = await tried(steps, routes={"/bad": answer(500)}, on_error=OnError.STOP_ITERATION)
    counts = {name: (stats.passed, stats.failed) for name, stats in transactions(outcome).items()}
    assert counts == {"fine": (1, 0), "outer": (0, 1), "inner": (0, 1)}
    assert outcome.tests.failed == 1


async def test_a_transaction_in_a_loop_is_counted_each_time() -> None:
    loop = lambda site: Repeat("4", (Transaction("T", visits(site, "p{{i}}")),), variable="i")  # noqa: E731
    _, outcome = await tried(loop, routes={"/p2": answer(404)})
    assert (transactions(outcome)["T"].passed, transactions(outcome)["T"].failed) == (3, 1)


async def test_a_transaction_that_was_cut_is_not_counted() -> None:
    async with Target() as target:
        site = Site(target)

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: target.seen)
            load.stop(grace=0.5)

        outcome = await run(plan(Transaction("T", (*visits(site, "a"), Think(60.0))), duration=60.0), stop)
    assert outcome.whole.transactions == {}
    assert outcome.requests.passed == 1
