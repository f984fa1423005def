"""The plans that are measured, and how `headrace run` is told to run one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from headrace.plan.browsers import DEFAULT
from headrace.plan.data import DataSource
from headrace.plan.load import Arrivals, Constant, Load, Stage, Stages
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.requests import Request
from headrace.plan.rules import ExtractCookie, ExtractHiddenFields, Scope
from headrace.plan.steps import Choose, Option, Step, TakeRow, Think
from headrace.plan.targets import TargetRule
from headrace.plan.writers.plan_yaml import write_plan
from measuring import TOOL_PROCESSOR, BenchmarkError, Tool, output_of
from tools import headrace_command, headrace_requests

NUMBERS = 10_000
SCENARIO = Path(__file__).with_name("scenario") / "plan.yaml"
_WRITTEN_FOR = "http://127.0.0.1:8080"
# More users than the settings allow by default are asked for.
ENVIRONMENT = {"HEADRACE_MAX_USERS": "1000000"}


def login_plan(site: str, users: int, seconds: int) -> Plan:
    """The scenario of issue 3. Raises BenchmarkError where the file is no plan any more."""
    text = SCENARIO.read_text().replace(_WRITTEN_FOR, site)
    plan, diagnostics = read_plan(text, SCENARIO.name, TargetRule())
    if plan is None:
        raise BenchmarkError("; ".join(diagnostic.message for diagnostic in diagnostics))
    scenario = replace(plan.scenarios[0], load=Constant(users))
    return replace(plan, scenarios=(scenario,), duration=float(seconds))


def arrival_plan(site: str, rate: float, users: int, seconds: int) -> Plan:
    """An open load whose k-th iteration requests `/k`, with k counted again from 0 at NUMBERS."""
    numbers = DataSource("numbers", ("number",), tuple((str(number),) for number in range(NUMBERS)))
    steps = (TakeRow("numbers"), Request(f"{site}/{{{{number}}}}", name="arrival"))
    return replace(_plan("arrivals", steps, Arrivals(rate, users), seconds), data=(numbers,))


def idle_plan(sites: list[str], users: int, arriving: float, seconds: int) -> Plan:
    """Users who arrive over so many seconds, get a form, keep cookie and token as variables, and think to the end."""
    kept = (
        ExtractHiddenFields(variable="1", scope=Scope.USER),
        ExtractCookie(variable="session", cookie="sid", scope=Scope.USER),
    )
    forms = tuple(Option((Request(f"{site}/login", name="login form", extract=kept),)) for site in sites)
    load = Stages((Stage(arriving, users),)) if arriving else Constant(users)
    return _plan("idle", (Choose(forms) if len(forms) > 1 else forms[0].steps[0], Think(float(seconds * 10))), load, seconds)


def _plan(name: str, steps: tuple[Step, ...], load: Load, seconds: int) -> Plan:
    scenario = Scenario(name, (TestShare(name),), load, (BrowserShare(DEFAULT, 100.0),))
    return Plan(name, (Test(name, steps),), (scenario,), float(seconds), sampling_interval=1)


def headrace_login(site: str, users: int, folder: Path, processors: str = TOOL_PROCESSOR) -> Tool:
    """The login scenario by the whole command."""
    result, file = folder / "headrace-login.json", folder / "login.yaml"

    def run(seconds: int) -> int:
        file.write_text(write_plan(login_plan(site, users, seconds)))
        output_of(_command(file, result), processors, ENVIRONMENT)
        return headrace_requests(result)

    return Tool("headrace, scenario", run)


@contextmanager
def running(plan: Plan, folder: Path, processors: str = TOOL_PROCESSOR) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A run under way and the file that its result will be in; at the end of the block it is stopped."""
    result, file = folder / f"{plan.name}.json", folder / f"{plan.name}.yaml"
    file.write_text(write_plan(plan))
    process = subprocess.Popen(
        ["taskset", "-c", processors, *_command(file, result)],
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, result
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()


def _command(file: Path, result: Path) -> list[str]:
    return [headrace_command(), "run", str(file), "--quiet", "--json", str(result)]
