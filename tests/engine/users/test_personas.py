"""Who is which browser behind which network, and which programs it has."""

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.engine.http.requests import Requests
from headrace.engine.measuring.measures import Measures
from headrace.engine.users.personas import Persona, deal, make_personas
from headrace.engine.users.program import Compiler, Program
from headrace.plan.model import Browser, BrowserShare, Network, NetworkShare, Plan, Scenario, TestShare
from headrace.plan.segment import Segment
from tests.engine.running import plan


def program(name: str, browser: Browser) -> Program:
    """A program that says whose it is."""
    measures = Measures()
    made = plan("http://shop.test/")
    test = replace(made.tests[0], name=name)
    return Compiler(made, Requests(measures), measures).program(made.scenarios[0], test, browser)


def scenario(browsers: list[float], networks: list[float] = [], **more: object) -> Scenario:  # noqa: B006
    made = plan("http://shop.test/").scenarios[0]
    return replace(
        made,
        browsers=tuple(BrowserShare(Browser(str(number), ()), weight) for number, weight in enumerate(browsers)),
        networks=tuple(NetworkShare(Network(f"n{number}"), weight) for number, weight in enumerate(networks)),
        **more,
    )


def dealt(scenario: Scenario, users: int) -> list[Persona]:
    return list(islice(deal(make_personas(scenario, program)), users))


@given(st.integers(1, 500), st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_users_are_shared_out_among_the_browsers_as_exactly_as_whole_users_allow(users: int, weights: list[int]) -> None:
    made = [
        (Persona(Browser(str(number), ()), None, (), None, None), float(weight)) for number, weight in enumerate(weights)
    ]
    counts = Counter(persona.browser.name for persona in islice(deal(made), users))
    for number, weight in enumerate(weights):
        assert abs(counts[str(number)] - users * weight / sum(weights)) < 1
    assert counts.total() == users


@pytest.mark.parametrize(
    ("users", "weights", "counts"),
    [
        (10, [60, 40], [6, 4]),
        (300, [33.3, 33.3, 33.4], [100, 100, 100]),
        (4, [1, 0, 1], [2, 0, 2]),
        (100, [0.1, 0.2, 0.7], [10, 20, 70]),
    ],
)
def test_a_mix_of_browsers_is_shared_out(users: int, weights: list[float], counts: list[int]) -> None:
    found = Counter(persona.browser.name for persona in dealt(scenario(weights), users))
    assert [found[str(number)] for number in range(len(weights))] == counts


def test_browsers_and_networks_are_chosen_independently_of_each_other() -> None:
    found = Counter(
        (persona.browser.name, persona.network.name if persona.network else None)
        for persona in dealt(scenario([50, 50], [75, 25]), 80)
    )
    assert found == {("0", "n0"): 30, ("1", "n0"): 30, ("0", "n1"): 10, ("1", "n1"): 10}


def test_without_networks_nobody_sits_behind_one() -> None:
    assert {persona.network for persona in dealt(scenario([1, 2]), 10)} == {None}


def test_segments_deal_out_what_the_whole_test_does() -> None:
    made = scenario([60, 30, 10], [1, 1])
    whole = [persona.browser.name for persona in dealt(made, 60)]
    for index in range(3):
        mine = islice(deal(make_personas(made, program)), index, 60, 3)
        assert [persona.browser.name for persona in mine] == [whole[user] for user in Segment(index, 3).users(60)]


def test_a_persona_has_a_program_for_each_test_of_the_mix_and_those_around_them() -> None:
    made = scenario([1, 1], mix=(TestShare("a"), TestShare("b"), TestShare("a")), first="in", last="out")
    one, two = (persona for persona, _ in make_personas(made, program))
    assert [each.name for each in one.programs] == ["a", "b", "a"]
    assert one.first is not None
    assert one.last is not None
    assert (one.first.name, one.last.name) == ("in", "out")
    assert not set(one.programs) & set(two.programs)  # each browser sends its own headers
    without = make_personas(scenario([1]), program)[0][0]
    assert (without.first, without.last) == (None, None)


def test_a_test_that_cannot_be_executed_is_refused_before_the_start() -> None:
    made: Plan = plan("ftp://shop.test/")
    measures = Measures()
    compiler = Compiler(made, Requests(measures), measures)
    with pytest.raises(ValueError, match="neither an http"):
        make_personas(made.scenarios[0], lambda name, browser: compiler.program(made.scenarios[0], made.tests[0], browser))
