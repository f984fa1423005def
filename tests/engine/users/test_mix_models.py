"""The four mix models to the second (reference: visual-studio-formats, 5.4), and what new users do (5.5)."""

from collections import Counter
from itertools import pairwise

import pytest
from msgspec.structs import replace

from headrace.plan.conditions import VariableExists
from headrace.plan.data import Access, DataSource
from headrace.plan.load import Arrivals, Constant, Stage, Stages
from headrace.plan.model import Mix, TestShare
from headrace.plan.requests import Request
from headrace.plan.rules import Scope
from headrace.plan.steps import Ending, If, SetVariables, Stop, TakeRow, UsedUp
from tests.engine.users.simulation import Service, Simulation, asking, mixed


def lasting(**seconds: float) -> Service:
    """How long the answers to these paths take; to others a second."""
    return lambda path, users: seconds.get(path, 1.0)


# Shares of the tests started


@pytest.mark.parametrize("users", [1, 7, 40])
def test_the_tests_started_keep_their_shares_at_every_second(monkeypatch: pytest.MonkeyPatch, users: int) -> None:
    shares = {"a": 50.0, "b": 30.0, "c": 20.0}
    made = mixed(mix=shares, load=Constant(users))
    simulation = Simulation(monkeypatch, made, lasting(a=0.3, b=1.7, c=11.0))  # however long they last
    for _ in range(120):
        simulation.run(1)
        total = len(simulation.starts)
        assert all(abs(simulation.counts[test] - total * share / 100) < 1 for test, share in shares.items())


def test_shares_need_not_add_up_to_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(monkeypatch, mixed(mix={"a": 80.0, "b": 40.0}), lasting()).run(299)
    assert simulation.counts == {"a": 200, "b": 100}


# Shares of the users who run each test


@pytest.mark.parametrize("segments", [1, 3])
def test_the_users_running_each_test_keep_their_shares_at_every_second(
    monkeypatch: pytest.MonkeyPatch, segments: int
) -> None:
    shares = {"a": 50.0, "b": 30.0, "c": 20.0}
    made = mixed(mix=shares, mix_by=Mix.USERS_RUNNING, load=Constant(20))
    seconds = {"a": 0.7, "b": 3.1, "c": 13.0}
    simulation = Simulation(monkeypatch, made, lasting(**seconds), segments)
    for _ in range(60):
        simulation.run(1)
        now = len(simulation.users)
        running = Counter(start.path for start in simulation.starts if start.at <= now < start.at + seconds[start.path])
        assert running == {"a": 10, "b": 6, "c": 4}
    # so the quick one is started more often than its share
    assert simulation.counts["a"] == pytest.approx(10 * 60 / 0.7, abs=10)
    assert simulation.counts["c"] == 4 * 5


# Pacing


def test_a_user_runs_each_test_so_often_an_hour_and_to_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(mix={"a": 360.0, "b": 120.0, "c": 0.125}, mix_by=Mix.PACING, think_time=100.0)  # which is not used
    simulation = Simulation(monkeypatch, made, lasting()).run(95)
    # every 10, every 30 and every 28,800 seconds; what is due while another runs begins when that has ended
    assert simulation.of(0)[:7] == [(0, "a"), (1, "b"), (2, "c"), (10, "a"), (20, "a"), (30, "a"), (31, "b")]
    assert simulation.counts == {"a": 10, "b": 4, "c": 1}
    assert simulation.errors == {}


def test_paced_users_begin_at_times_of_their_own_and_never_faster_than_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(mix={"a": 360.0}, mix_by=Mix.PACING, load=Constant(20))
    simulation = Simulation(monkeypatch, made, lasting(), segments=2).run(600)
    assert sum(start.at < 600 for start in simulation.starts) == 20 * 60
    firsts = sorted(simulation.of(user)[0][0] for user in range(20))
    assert firsts[0] == 0
    assert max(second - first for first, second in pairwise([*firsts, 10.0])) < 1.0
    for user in range(20):
        starts = [at for at, _ in simulation.of(user)]
        assert all(second - first == pytest.approx(10.0, abs=1e-6) for first, second in pairwise(starts))


def test_an_iteration_that_overruns_its_pacing_is_an_error_and_the_next_begins_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stalling(path: str, users: int) -> float:
        return 25.0 if len(simulation.starts) == 2 else 1.0

    simulation = Simulation(monkeypatch, mixed(mix={"a": 360.0}, mix_by=Mix.PACING), stalling)
    simulation.run(80)
    # due every 10 seconds; the second lasts from 10 to 35, and what was due at 20 and 30 follows
    assert [at for at, _ in simulation.of(0)] == [0, 10, 35, 36, 40, 50, 60, 70, 80]
    (message,) = simulation.errors
    assert message == "An iteration of the test 'a' lasted longer than its pacing of 10 seconds; the next one begins late."
    assert simulation.errors[message] == 2  # that of 20 is through at 36, 16 seconds after its time
    for number, (at, _) in enumerate(simulation.of(0)):
        assert at >= 10 * number  # never before its time


def test_pacing_may_be_distributed_and_keeps_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(mix={"a": 360.0}, mix_by=Mix.PACING, pacing_deviation=0.2, load=Constant(5))
    simulation = Simulation(monkeypatch, made, lasting(a=0.5)).run(3600)
    assert len(simulation.starts) == pytest.approx(5 * 360, abs=5)
    gaps = [second - first for user in range(5) for (first, _), (second, _) in pairwise(simulation.of(user))]
    assert 2 < min(gaps) < 8
    assert 12 < max(gaps) < 18


# In order


def test_each_user_runs_all_tests_in_order_and_thinks_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(mix={"a": 0.0, "b": 0.0, "c": 0.0}, mix_by=Mix.SEQUENTIAL, think_time=4.0, load=Constant(2))
    simulation = Simulation(monkeypatch, made, lasting(a=1.0, b=2.0, c=3.0)).run(24)
    for user in range(2):
        assert simulation.of(user) == [(0, "a"), (5, "b"), (11, "c"), (18, "a"), (23, "b")]


# Data that is used up


def rows(number: int) -> tuple[DataSource, ...]:
    return (DataSource("rows", ("row",), tuple((str(row),) for row in range(number)), Access.UNIQUE),)


ROW = TakeRow("rows", UsedUp.LEAVE_OUT_TEST)


@pytest.mark.parametrize("users", [1, 4])
@pytest.mark.parametrize("mix_by", [Mix.TESTS_STARTED, Mix.USERS_RUNNING, Mix.SEQUENTIAL])
def test_a_test_without_rows_is_left_out_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, mix_by: Mix, users: int
) -> None:
    tests = (asking("a", ROW, path="a{{row}}"), asking("b"), asking("c"))
    made = mixed(*tests, mix={"a": 50.0, "b": 25.0, "c": 25.0}, mix_by=mix_by, load=Constant(users), data=rows(5))
    simulation = Simulation(monkeypatch, made, lasting()).run(100)
    assert {path: count for path, count in simulation.counts.items() if path[0] == "a"} == {f"a{row}": 1 for row in range(5)}
    rest = [start.path for start in simulation.starts if start.at > 30]
    assert len(rest) == 70 * users  # nobody has stopped
    if users > 1 or mix_by is not Mix.USERS_RUNNING:  # where one user runs, it runs one test
        assert abs(rest.count("b") - rest.count("c")) <= 2
    assert simulation.errors == {}
    assert not simulation.over


def test_a_paced_test_without_rows_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = (asking("a", ROW, path="a{{row}}"), asking("b"))
    made = mixed(*tests, mix={"a": 720.0, "b": 360.0}, mix_by=Mix.PACING, data=rows(3))
    simulation = Simulation(monkeypatch, made, lasting()).run(100)
    assert [path for at, path in simulation.of(0) if at > 20] == ["b"] * 8
    assert simulation.loads[0].load().dropped == 1  # the start that found no row


@pytest.mark.parametrize("mix_by", list(Mix))
@pytest.mark.parametrize("segments", [1, 3])
def test_a_scenario_without_a_test_that_has_rows_is_over(
    monkeypatch: pytest.MonkeyPatch, mix_by: Mix, segments: int
) -> None:
    tests = (asking("a", ROW, path="a{{row}}"), asking("b", ROW, path="b{{row}}"))
    made = mixed(*tests, mix={"a": 720.0, "b": 720.0}, mix_by=mix_by, load=Constant(6), data=rows(20))
    simulation = Simulation(monkeypatch, made, lasting(), segments).run(120)
    assert sorted(int(start.path[1:]) for start in simulation.starts) == list(range(20))
    assert simulation.over
    assert simulation.users[-1] == 0


def test_an_iteration_that_found_no_row_is_made_by_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = (asking("a", ROW, path="a{{row}}"), asking("b"))
    made = mixed(*tests, mix={"a": 50.0, "b": 50.0}, data=rows(3), iterations=20)
    simulation = Simulation(monkeypatch, made, lasting()).run(30)
    assert len(simulation.starts) == 20
    assert simulation.over


def test_a_user_may_stop_instead_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = (asking("a", TakeRow("rows"), path="a{{row}}"), asking("b"))
    made = mixed(*tests, mix={"a": 0.0, "b": 0.0}, mix_by=Mix.SEQUENTIAL, load=Constant(2), data=rows(3))
    simulation = Simulation(monkeypatch, made, lasting()).run(20)
    assert simulation.counts == {"a0": 1, "a1": 1, "a2": 1, "b": 3}
    assert simulation.over


def test_rows_are_not_kept_for_engines_without_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(asking("a", ROW, path="a{{row}}"), mix={"a": 1.0}, load=Constant(2), data=rows(9))
    simulation = Simulation(monkeypatch, made, lasting(), segments=4).run(20)
    assert sorted(simulation.counts) == [f"a{row}" for row in range(9)]


# So many iterations of all


@pytest.mark.parametrize("segments", [1, 3, 8])
@pytest.mark.parametrize("iterations", [1, 5, 100])
def test_all_scenarios_together_make_so_many_iterations(
    monkeypatch: pytest.MonkeyPatch, segments: int, iterations: int
) -> None:
    made = mixed(mix={"a": 1.0, "b": 1.0}, load=Constant(5), iterations=iterations)
    quick = made.scenarios[0]
    slow = replace(quick, name="Slow", mix=(TestShare("b"),), load=Constant(2), think_time=3.0)
    simulation = Simulation(monkeypatch, replace(made, scenarios=(quick, slow)), lasting(), segments).run(200)
    assert len(simulation.starts) == iterations
    assert simulation.over
    assert simulation.users[-1] == 0


def test_every_scenario_takes_from_all_iterations_and_its_own_limit_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(mix={"a": 1.0, "b": 1.0}, iterations=30)
    limited = replace(made.scenarios[0], mix=(TestShare("a"),), iterations=4)
    other = replace(made.scenarios[0], name="Other", mix=(TestShare("b"),))
    simulation = Simulation(monkeypatch, replace(made, scenarios=(limited, other)), lasting()).run(60)
    assert simulation.counts == {"a": 4, "b": 26}
    assert simulation.over


def test_a_scenario_that_would_begin_later_is_over_when_others_have_made_all(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(mix={"a": 1.0}, iterations=5)
    first = made.scenarios[0]
    late = replace(first, name="Late", delay=1000.0, first="a")
    arriving = replace(first, name="Arriving", load=Arrivals(0.001, users=3))
    simulation = Simulation(monkeypatch, replace(made, scenarios=(first, late, arriving)), lasting()).run(10)
    assert len(simulation.starts) == 5
    assert simulation.over


def test_users_who_come_when_all_iterations_have_begun_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = (asking("in"), asking("a"), asking("out"))
    load = Stages((Stage(0.0, 2), Stage(6.0, 2), Stage(0.0, 50), Stage(1e5, 50)))
    made = mixed(*tests, mix={"a": 1.0}, load=load, first="in", last="out", iterations=4)
    simulation = Simulation(monkeypatch, made, lasting(a=4.0)).run(30)
    assert simulation.counts == {"in": 2, "a": 4, "out": 2}
    assert simulation.over


# New users


IN, OUT = asking("in"), asking("out")


def whole(simulation: Simulation) -> list[str]:
    """What each client asked for, one after the other, such as `in a a out`."""
    clients = dict.fromkeys(start.client for start in simulation.starts)
    return [" ".join(start.path for start in simulation.starts if start.client is client) for client in clients]


def test_a_new_user_always_runs_the_first_test_one_of_the_mix_and_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(IN, asking("a"), OUT, mix={"a": 1.0}, first="in", last="out", new_users=100.0, load=Constant(3))
    simulation = Simulation(monkeypatch, made, lasting()).run(30)
    assert Counter(whole(simulation)) == {"in a out": 30, "in": 3}  # the last three have just begun
    assert simulation.of(0)[:4] == [(0, "in"), (1, "a"), (2, "out"), (3, "in")]


def test_a_returning_user_runs_them_once_around_all_its_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(IN, asking("a"), OUT, mix={"a": 1.0}, first="in", last="out", load=Constant(2), iterations=10)
    simulation = Simulation(monkeypatch, made, lasting()).run(30)
    assert whole(simulation) == ["in a a a a a out"] * 2
    assert simulation.over


def test_new_users_and_returning_ones_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(
        IN, asking("a"), OUT, mix={"a": 1.0}, first="in", last="out", new_users=40.0, load=Constant(5), iterations=200
    )
    simulation = Simulation(monkeypatch, made, lasting(), segments=2).run(400)
    found = Counter(whole(simulation))
    new = found.pop("in a out")
    assert all(each.startswith("in a ") and each.endswith(" a out") for each in found)  # each once in, once out
    assert found.total() == 5
    assert 50 <= new <= 110  # of 200 iterations
    assert simulation.counts["a"] == 200


def test_the_last_test_is_not_run_where_the_load_ends_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for new_users in (0.0, 100.0):
        made = mixed(IN, asking("a"), OUT, mix={"a": 1.0}, first="in", last="out", new_users=new_users)
        simulation = Simulation(monkeypatch, made, lasting(a=10.0)).run(5)
        simulation.end()
        simulation.run(20)
        assert simulation.paths == "in a"
        assert simulation.users[-1] == 0


def test_a_user_who_is_one_too_many_ends_what_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Stages((Stage(0.0, 3), Stage(10.0, 3), Stage(0.0, 1), Stage(1e5, 1)))
    made = mixed(IN, asking("a"), OUT, mix={"a": 1.0}, load=load, first="in", last="out", think_time=100.0)
    returning = Simulation(monkeypatch, made, lasting()).run(50)
    assert returning.counts == {"in": 3, "a": 3, "out": 2}
    made = replace(made, scenarios=(replace(made.scenarios[0], new_users=100.0),))
    new = Simulation(monkeypatch, made, lasting()).run(50)
    assert new.counts == {"in": 3, "a": 3, "out": 3}  # and nothing for who would have come back


def test_a_user_who_has_to_stop_runs_the_last_test(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = replace(asking("a"), steps=(*asking("a").steps, Stop(Ending.USER)))
    for new_users in (0.0, 100.0):
        made = mixed(IN, stopping, OUT, mix={"a": 1.0}, first="in", last="out", new_users=new_users)
        simulation = Simulation(monkeypatch, made, lasting()).run(20)
        assert simulation.paths == "in a out"
        assert simulation.users[-1] == 0


def test_arrivals_may_be_those_of_new_users(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(IN, asking("a"), OUT, mix={"a": 1.0}, first="in", last="out", new_users=100.0, load=Arrivals(0.1, users=1))
    simulation = Simulation(monkeypatch, made, lasting()).run(35)
    assert [(round(at), path) for at, path in simulation.of(0)][:6] == [
        (0, "in"),
        (1, "a"),
        (2, "out"),
        (10, "in"),
        (11, "a"),
        (12, "out"),
    ]


# What the first test leaves


def test_iterations_begin_with_what_the_first_test_left(monkeypatch: pytest.MonkeyPatch) -> None:
    first = asking("in", SetVariables((("session", "{{$user}}-{{$iteration}}"),)), variables=(("city", "Basel"),))
    test = asking(
        "a",
        variables=(("session", "none"), ("city", "none"), ("own", "mine")),
        path="{{session}}/{{city}}/{{own}}/{{$test}}",
    )
    made = mixed(first, test, mix={"a": 1.0}, first="in", load=Constant(2), iterations=6)
    simulation = Simulation(monkeypatch, made, lasting()).run(20)
    assert simulation.counts == {"in": 2, "1-1/Basel/mine/a": 3, "2-1/Basel/mine/a": 3}


def test_the_plans_variables_go_before_what_the_first_test_left_and_what_is_set_before_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = asking("in", SetVariables((("x", "first"), ("y", "first"), ("z", "first")), Scope.USER))
    test = asking("a", variables=(("x", "own"), ("y", "own"), ("z", "own")), path="{{x}}{{y}}{{z}}")
    test = replace(test, steps=(SetVariables((("z", "set"),)), *test.steps))
    made = mixed(first, test, mix={"a": 1.0}, first="in", variables=(("y", "plan"), ("z", "plan")), iterations=2)
    simulation = Simulation(monkeypatch, made, lasting()).run(20)
    assert simulation.paths == "in firstplanset firstplanset"


def test_what_a_new_users_first_test_left_is_gone_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first = asking("in", SetVariables((("id", "{{$iteration}}"),)))
    made = mixed(first, asking("a", path="{{id}}"), mix={"a": 1.0}, first="in", new_users=50.0, iterations=40)
    simulation = Simulation(monkeypatch, made, lasting()).run(100)
    for asked in whole(simulation):
        assert len(set(asked.split())) == 2  # in, and one value
    assert len(whole(simulation)) > 10


def test_variables_are_made_anew_for_each_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = If(VariableExists("$HIDDEN1.id"), (Request("http://shop.test/again"),), (Request("http://shop.test/new"),))
    test = asking("a", seen, SetVariables((("$HIDDEN1.id", "1"), ("n", "{{n}}x"))), variables=(("n", "n"),), path="{{n}}")
    simulation = Simulation(monkeypatch, mixed(test, mix={"a": 1.0}, iterations=3), lasting()).run(20)
    assert simulation.paths == "new nx new nx new nx"


def test_users_of_all_scenarios_have_numbers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mixed(asking("a", path="{{$user_id}}"), mix={"a": 1.0}, load=Constant(3), think_time=100.0)
    first = made.scenarios[0]
    both = replace(made, scenarios=(first, replace(first, name="Second", load=Constant(5))))
    for plan, users in ((made, ["0", "1", "2"]), (both, ["0", "1", "2", "3", "4", "5", "7", "9"])):
        assert sorted(Simulation(monkeypatch, plan, lasting(), segments=2).run(5).counts) == users


def test_a_test_knows_its_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    test = asking("a", path="{{$agent}}of{{$agents}}")
    made = mixed(test, mix={"a": 1.0}, load=Constant(4), iterations=4)
    assert Simulation(monkeypatch, made, lasting(), segments=2).run(5).counts == {"0of2": 2, "1of2": 2}
