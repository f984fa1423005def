"""The one way to agents: what the service needs of them, whoever they are and wherever they run.

A pool lists agents and reserves some for a run. A reservation hands each its segment of the plan, starts all at one instant,
yields what they measure, and says when one is lost. Before and after it runs the scripts of the plan on them.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from headrace.plan.model import Plan
from headrace.plan.scripts import Script
from headrace.ticks.machine import Machine
from headrace.ticks.tick import Tick


class AgentError(Exception):
    """Agents could not be had, or did not do what they were told; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A machine that generates load. `cores` engine processes run on it at most."""

    id: str
    name: str
    cores: int


@dataclass(frozen=True, slots=True)
class Second:
    """A second of an agent is over; its engine processes are added up. `machine` is what its machine did since the last."""

    agent: Agent
    tick: Tick
    machine: Machine | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """An agent, or a `part` of it, is gone with the load it had: `share` of the agent's, 0 < share <= 1."""

    agent: Agent
    part: str
    reason: str
    share: float


@dataclass(frozen=True, slots=True)
class Ended:
    """An agent has ended its load and reported all of it, or has nothing left that could."""

    agent: Agent


Frame = Second | Lost | Ended


@dataclass(frozen=True, slots=True)
class ScriptLines:
    """A script has written these lines on an agent, to its error output where `error`."""

    agent: Agent
    lines: tuple[str, ...]
    error: bool


@dataclass(frozen=True, slots=True)
class ScriptEnded:
    """A script has ended on an agent. `failure` says why it did not succeed, as what follows "it"; "" where it did."""

    agent: Agent
    failure: str
    last: tuple[str, ...] = ()


ScriptNews = ScriptLines | ScriptEnded


class Reservation(Protocol):
    """The agents of one run, from `reserve` to `release`."""

    @property
    def agents(self) -> tuple[Agent, ...]: ...

    async def equip(self, plan: Plan) -> None:
        """Gives every agent the scripts of the plan, in a fresh folder. Raises AgentError where one could not run them."""

    def run_script(self, script: Script) -> AsyncIterator[ScriptNews]:
        """Runs a script of the plan on all agents, until each has sent ScriptEnded. `equip` them first."""

    async def prepare(self, plan: Plan) -> None:
        """Gives every agent its segment; returns when all are ready to start. Raises AgentError."""

    async def start(self, at: float) -> None:
        """Starts the load on all agents at this instant, in seconds since the epoch."""

    def frames(self) -> AsyncIterator[Frame]:
        """What the agents report, until each has sent Ended."""

    async def stop(self, grace: float) -> None:
        """Ends the load now; requests under way may take `grace` seconds more. The frames then come to their end.

        A script under way is killed; one that is run later is not."""

    async def release(self) -> None:
        """Gives the agents back, whatever state they are in; no load is left behind, nor anything of a script."""


class AgentPool(Protocol):
    """All agents of a service."""

    async def list(self) -> list[Agent]: ...

    async def reserve(self, run_id: str, agents: int) -> Reservation:
        """Reserves this many agents for a run. Raises AgentError where there are not as many."""
