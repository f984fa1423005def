"""The scripts of a run: what they write becomes messages, and how they end a sentence."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from headrace.plan.scripts import Script, split_command
from headrace.rig.pool import AgentError, Reservation, ScriptEnded, ScriptLines
from headrace.runs.model import Severity, Source

_LONGEST_SHOWN = 300  # characters of a last line

Log = Callable[[Severity, Sequence[str], Source, str], Awaitable[None]]  # lines; the last is the agent's name


class SetupError(Exception):
    """The setup script has failed; the message is for the user."""


@dataclass(frozen=True, slots=True)
class ScriptStage:
    """Before the load, or after it."""

    name: str
    source: Source


SETUP = ScriptStage("setup", Source.SETUP_SCRIPT)
CLEANUP = ScriptStage("cleanup", Source.CLEANUP_SCRIPT)


async def run_script(script: Script, stage: ScriptStage, reservation: Reservation, log: Log) -> list[str]:
    """Runs the script on all agents. Returns a sentence for each on which it failed."""
    what = f"The {stage.name} script '{split_command(script.command)[0]}'"  # its arguments may be secrets
    failures = []
    try:
        async for news in reservation.run_script(script):
            agent = news.agent.name
            if isinstance(news, ScriptLines):
                await log(Severity.ERROR if news.error else Severity.OUTPUT, news.lines, stage.source, agent)
            elif news.failure:
                failures.append(f"{what} failed on agent '{agent}': it {news.failure}.{_last_lines(news)}")
            else:
                await log(Severity.INFO, (f"{what} has succeeded.",), stage.source, agent)
    except AgentError as error:
        failures.append(f"{what} failed: {error}.")
    return failures


def _last_lines(ended: ScriptEnded) -> str:
    if not ended.last:
        return " It wrote nothing."
    lines = " | ".join(line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 1] + "…" for line in ended.last)
    return f" The last it wrote: {lines}"
