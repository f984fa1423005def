from collections import Counter as Tally

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.results import instances
from headrace.results.instances import PUBLISHED, Register, counter_number
from headrace.ticks.tick import Load, Name, Tick
from tests.results.build import errors, iterations, machine, pages, requests, transactions
from tests.ticks.strategies import ticks

WIRE = {
    -2020039322: ("LoadTest:Test", "Avg. Test Time", "sec", ("Performance",)),
    -1543222480: ("LoadTest:Page", "Avg. Page Time", "sec", ("Performance",)),
    -1854500553: ("LoadTest:Request", "Avg. Response Time", "sec", ("Performance",)),
    -1828439162: ("LoadTest:Scenario", "User Load", "vusers", ("Performance", "Throughput", "Application")),
    -46855952: ("LoadTest:Test", "Tests/Sec", "", ("Throughput",)),
    424850519: ("LoadTest:Page", "Pages/Sec", "", ("Throughput",)),
    1226640887: ("LoadTest:Request", "Requests/Sec", "", ("Throughput",)),
    -1525400324: ("LoadTest:Errors", "Errors/Sec", "", ("Throughput",)),
}


def names_of(tick: Tick) -> list[tuple[str, str]]:
    register = Register()
    register.totals()
    return list(dict.fromkeys((counter.category, counter.instance) for counter in register.meet(tick)))


def test_the_published_counters_come_first_with_their_numbers_units_and_groups() -> None:
    first = Register().totals()[:8]
    assert {c.id: (c.category, c.name, c.unit, c.groups[:-2]) for c in first} == WIRE
    assert [c.id for c in first] == list(WIRE)
    assert all(c.groups[-2:] == ("Default", "All") and c.instance == "_Total" for c in first)


def test_only_user_load_is_preselected() -> None:
    assert [c.name for c in Register().totals() if c.preselected] == ["User Load"]


def test_a_name_is_unique_in_the_published_groups() -> None:
    register = Register()
    found = register.totals() + register.meet(Tick(0, 1.0, load={"s": Load()}, requests={Name("s", "t", "/"): requests(1)}))
    names = Tally(c.name for c in found if set(c.groups) - {"All"})
    assert set(names.values()) == {1}
    assert all("All" in c.groups for c in found)


def test_each_scenario_test_transaction_page_and_request_has_its_instances() -> None:
    tick = Tick(
        0,
        1.0,
        load={"shop": Load()},
        tests={Name("shop", "buy", ""): iterations(1)},
        transactions={Name("shop", "buy", "Pay"): transactions(1)},
        pages={Name("shop", "buy", "Home"): pages(1)},
        requests={Name("shop", "buy", "Home"): requests(1), Name("shop", "buy", "logo"): requests(1)},
        errors=errors("HttpError", 1),
    )
    assert names_of(tick) == [
        ("LoadTest:Scenario", "shop"),
        ("LoadTest:Test", "buy"),
        ("LoadTest:Transaction", "Pay"),
        ("LoadTest:Page", "Home"),
        ("LoadTest:Request", "Home"),
        ("LoadTest:Request", "logo"),
    ]


def test_an_item_whose_name_is_taken_is_told_by_scenario_and_test() -> None:
    names = [Name("a", "t", "/"), Name("b", "t", "/"), Name("b", "u", "/"), Name("", "", "b.t./"), Name("a", "t", "_Total")]
    tick = Tick(0, 1.0, requests={name: requests(1) for name in names})
    assert [instance for _, instance in names_of(tick)] == ["/", "b.t./", "b.u./", "b.t./ (2)", "a.t._Total"]


def test_a_nul_in_a_name_is_replaced_for_the_database() -> None:
    assert names_of(Tick(0, 1.0, pages={Name("a", "t", "/\0"): pages(1)})) == [("LoadTest:Page", "/\ufffd")]


def test_an_instance_is_met_once() -> None:
    register = Register()
    register.totals()
    tick = Tick(0, 1.0, requests={Name("s", "t", "/"): requests(1)})
    assert len(register.meet(tick)) == 11
    assert register.meet(tick) == []


@given(ticks(second=0), ticks(second=1))
def test_the_same_ticks_give_the_same_instances_and_no_number_twice(one: Tick, two: Tick) -> None:
    def run() -> list[instances.CounterInstance]:
        register = Register()
        return register.totals() + register.meet(one) + register.meet(two)

    assert run() == run()
    assert set(Tally(counter.id for counter in run()).values()) == {1}


@given(ticks(second=0), ticks(second=1))
def test_a_total_is_the_sum_of_its_instances(one: Tick, two: Tick) -> None:
    register = Register()
    by_id = {counter.id: counter for counter in register.totals()}
    total = Tick(0, 0.0)
    for tick in (one, two):
        by_id |= {counter.id: counter for counter in register.meet(tick)}
        total.add_later(tick)
    values = list(register.read(total))
    assert sorted(value.id for value in values) == sorted(by_id)
    sums: Tally[tuple[str, str]] = Tally()
    totals = {}
    for value in values:
        counter = by_id[value.id]
        if counter.instance == "_Total":
            totals[counter.category, counter.name] = value.raw
        else:
            sums[counter.category, counter.name] += value.raw
    assert all(raw == sums[key] for key, raw in totals.items() if key[0] != "LoadTest:Errors")


def test_a_scenario_that_is_gone_has_no_users() -> None:
    register = Register()
    register.totals()
    found = register.meet(Tick(0, 1.0, load={"a": Load(3, 1), "b": Load(2, 2)}))
    (users_of_a,) = [counter.id for counter in found if (counter.name, counter.instance) == ("User Load", "a")]
    values = {value.id: value.raw for value in register.read(Tick(1, 2.0, load={"b": Load(2, 2)}))}
    assert values[users_of_a] == 0
    assert values[instances.USER_LOAD] == 2


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_number_is_a_signed_32_bit_hash(text: str) -> None:
    assert -(2**31) <= counter_number(text) < 2**31


def test_numbers_do_not_change_between_versions() -> None:
    assert counter_number("LoadTest:Request|Avg. Response Time|/") == -1371236530


def test_a_number_that_is_taken_is_hashed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # All hashes fall into a handful, and some on published numbers, so that collisions are the rule.
    few = [*(published.id for published in PUBLISHED.values()), *range(200)]
    monkeypatch.setattr(instances, "counter_number", lambda text: few[counter_number(text) % len(few)])
    register = Register()
    found = register.totals() + register.meet(
        Tick(0, 1.0, requests={Name("s", "t", str(n)): requests(1) for n in range(10)})
    )
    assert len({counter.id for counter in found}) == len(found) == 38 + 110
    assert {counter.id for counter in found[:8]} == set(WIRE)


def test_the_counters_of_machines_are_in_no_published_group_and_have_numbers_of_their_own() -> None:
    register = Register()
    register.totals()
    found = register.meet(Tick(0, 1.0, machines={"Agent0": machine(bandwidth=1000), "Agent1": machine()}))
    assert {counter.groups for counter in found} == {("All",)}
    assert len({counter.id for counter in found}) == len(found)
    assert [(at.machine, at.category, at.name, at.instance) for at in found if at.machine == "Agent0"] == [
        *(
            ("Agent0", "Processor", name, instance)
            for instance in ("_Total", "0", "1")
            for name in ("% Processor Time", "% User Time", "% Privileged Time")
        ),
        ("Agent0", "Memory", "Available MBytes", ""),
        ("Agent0", "Memory", "% Committed Bytes In Use", ""),
        *(("Agent0", "Network Interface", f"Bytes {what}/sec", "eth0") for what in ("Total", "Sent", "Received")),
        ("Agent0", "Network Interface", "Current Bandwidth", "eth0"),
    ]
    assert not any(at.name == "Current Bandwidth" for at in found if at.machine == "Agent1")  # it does not know


def test_a_machine_has_the_same_numbers_in_every_run() -> None:
    def numbers(*machines: str) -> dict[tuple[str, str, str], int]:
        register = Register()
        register.totals()
        found = register.meet(Tick(0, 1.0, machines={name: machine() for name in machines}))
        return {(at.machine, at.name, at.instance): at.id for at in found}

    one, both = numbers("Agent0"), numbers("Agent1", "Agent0")
    assert one.items() <= both.items()
