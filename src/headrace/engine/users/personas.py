"""Who the users of a scenario are: which browser, behind which network, with which programs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from headrace.engine.users.program import Program
from headrace.plan.mix import StartedMix
from headrace.plan.model import Browser, Network, Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Persona:
    """A browser behind a network. `programs` are the tests of the mix in its order, `first` and `last` those around them."""

    browser: Browser
    network: Network | None
    programs: tuple[Program, ...]
    first: Program | None
    last: Program | None


def make_personas(scenario: Scenario, compile_test: Callable[[str, Browser], Program]) -> list[tuple[Persona, float]]:
    """Every persona of a scenario with its weight: browsers and networks are chosen independently of each other."""
    networks: list[tuple[Network | None, float]] = [(share.network, share.weight) for share in scenario.networks]
    personas = []
    for share in scenario.browsers:
        programs = tuple(compile_test(part.test, share.browser) for part in scenario.mix)
        first = compile_test(scenario.first, share.browser) if scenario.first else None
        last = compile_test(scenario.last, share.browser) if scenario.last else None
        for network, weight in networks or [(None, 1.0)]:
            personas.append((Persona(share.browser, network, programs, first, last), share.weight * weight))
    return personas


def deal(personas: list[tuple[Persona, float]]) -> Iterator[Persona]:
    """The personas of users 0, 1, 2 ...: after any number of users, every persona has its share, give or take one."""
    mix = StartedMix([weight for _, weight in personas])
    while True:
        yield personas[mix.next()][0]
