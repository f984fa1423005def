"""What `headrace run` was asked for: URLs with options, or a plan in a file that options may change."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from headrace.cli.client import LoadTest, PlanTest, UrlTest
from headrace.cli.options import WRONG_USAGE, fail
from headrace.cli.plan_file import AS_WRITTEN, PLAN_SUFFIXES, FileError, print_findings, read_test, refuse_choices
from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity, in_order
from headrace.plan.overrides import override
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.targets import TargetRule
from headrace.plan.writers.plan_yaml import write_plan

_USERS = 10
_DURATION = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command; None where one was not given. Times are seconds. `scripts`: a plan may have some."""

    users: int | None
    duration: float | None
    think: float | None
    warm_up: float | None
    insecure: bool
    scripts: bool = True
    choices: Choices = AS_WRITTEN
    quiet: bool = False


def test_of(arguments: list[str], asked: Asked, targets: TargetRule) -> LoadTest:
    """The test that the arguments name. Ends the command where there is none that could be run."""
    for option, seconds in (("--duration", asked.duration), ("--warmup", asked.warm_up)):
        if seconds is not None and (seconds != int(seconds) or (option == "--duration" and seconds < 1)):
            fail(WRONG_USAGE, f"{option} must be whole seconds, and the duration at least 1s; it is {seconds:g}s.")
    if not any(map(_is_file, arguments)):
        return _url_test(arguments, asked)
    if len(arguments) > 1 or asked.think is not None:
        fail(WRONG_USAGE, "A plan is run alone and has think times of its own: give one FILE, and no --think.")
    return _plan_test(Path(arguments[0]), asked, targets)


def _is_file(argument: str) -> bool:
    return "://" not in argument and (Path(argument).suffix.lower() in PLAN_SUFFIXES or Path(argument).exists())


def _interval(duration: float) -> int:
    """The sampling interval in seconds: short tests are looked at closely."""
    return 1 if duration <= 600 else 15


def _url_test(urls: list[str], asked: Asked) -> LoadTest:
    try:
        for url in urls:
            refuse_choices(url, asked.choices)
    except FileError as error:
        fail(WRONG_USAGE, str(error))
    duration = _DURATION if asked.duration is None else asked.duration
    return UrlTest(
        urls=tuple(urls),
        users=asked.users or _USERS,
        duration=duration,
        think_time=asked.think or 0.0,
        warm_up=asked.warm_up or 0.0,
        verify_certificates=not asked.insecure,
        sampling_interval=_interval(duration),
    )


def _plan_test(file: Path, asked: Asked, targets: TargetRule) -> LoadTest:
    try:
        plan, findings = read_test(file, targets, asked.choices)
    except FileError as error:
        fail(WRONG_USAGE, str(error))
    # What is doubtful in the plan itself becomes messages of its run; what its reader doubts is told here only.
    told = [finding for finding in findings if finding.severity is not Severity.INFO and not asked.quiet]
    wrong = [finding for finding in (*findings, *(check_plan(plan) if plan else ())) if finding.severity is Severity.ERROR]
    print_findings(Console(stderr=True), in_order(dict.fromkeys([*told, *wrong])))
    if plan is None or wrong:
        fail(WRONG_USAGE, f"'{file}' cannot be run, see above.")
    if not asked.scripts and (plan.setup is not None or plan.cleanup is not None):
        fail(
            WRONG_USAGE,
            f"'{file}' has a setup or cleanup script, which can do on this machine all that you can. "
            "Read it, and give --allow-scripts where you trust it.",
        )
    duration = plan.duration if asked.duration is None else asked.duration
    # Thresholds are on the values of a sampling interval: another interval would make others of them.
    interval = plan.sampling_interval if plan.thresholds else min(plan.sampling_interval, _interval(duration))
    try:
        plan = override(
            plan,
            users=asked.users,
            duration=asked.duration,
            warm_up=asked.warm_up,
            sampling_interval=interval,
            verify=False if asked.insecure else None,
        )
    except ValueError as error:
        fail(WRONG_USAGE, f"--users {asked.users}: {error}.")
    return PlanTest(write_plan(plan), plan.name, plan.duration)
