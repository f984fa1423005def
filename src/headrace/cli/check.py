"""`headrace check`: what was understood of a plan, on a terminal, and for machines."""

import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from headrace.cli.durations import show_duration
from headrace.cli.step_words import branches, describe, pause
from headrace.plan.arrivals import rate_at
from headrace.plan.diagnostics import Diagnostic, forbid_running
from headrace.plan.limits import LONGEST
from headrace.plan.load import Arrivals, Goal, Load
from headrace.plan.model import Mix, Plan, Scenario, Test
from headrace.plan.shapes import judge_load, most_users, users_at
from headrace.plan.steps import Step
from headrace.plan.thresholds import CounterName, Threshold
from headrace.plan.walk import requests_of, walk

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 40  # bars of a curve
_MOST_STEPS = 200  # of a test
_MOST_ROWS = 100  # of a table
_KEYS = ("scenarios", "tests", "steps", "requests", "dataSources", "thresholds")  # of _sizes


def show_plan(console: Console, plan: Plan) -> None:
    """Prints a plan; one with errors in it too, as far as it makes sense."""
    warm_up = f", after a warm-up of {show_duration(plan.warm_up)}" if plan.warm_up else ""
    many = f", {plan.iterations:,} iterations at most" if plan.iterations is not None else ""
    console.print(f"[bold]{escape(plan.name)}[/]: {show_duration(plan.duration)} of load{many}{warm_up}", highlight=False)
    console.print(_counts(plan), highlight=False)
    for scenario in plan.scenarios:
        _show_scenario(console, scenario, plan.warm_up + plan.duration)
    for test in plan.tests:
        console.print()
        console.print(_tree(test), highlight=False)
    if plan.data:
        console.print(_data(plan))
    if plan.thresholds:
        console.print(_thresholds(plan))
    _show_scripts(console, plan)


def as_json(plan: Plan | None, findings: Iterable[Diagnostic]) -> str:
    """What was found, for programs: whether it can be run, how much there is of what, and all findings with their places."""
    told = list(findings)
    found: list[dict[str, Any]] = [
        {"severity": each.severity.value, "message": each.message, "file": each.file or None, "line": each.line or None}
        for each in told
    ]
    whole: dict[str, Any] = {
        "canRun": plan is not None and not forbid_running(told),
        "name": plan.name if plan is not None else None,
        "counts": dict(zip(_KEYS, (number for number, _ in _sizes(plan)), strict=True)) if plan is not None else None,
        "findings": found,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _counts(plan: Plan) -> str:
    always = ("scenario", "test", "step", "request")
    return ", ".join(_counted(number, what) for number, what in _sizes(plan) if number or what in always)


def _sizes(plan: Plan) -> list[tuple[int, str]]:
    steps = [step for test in plan.tests for _, _, step in walk(test.steps)]
    requests = sum(len(requests_of(step)) for step in steps)
    return [
        (len(plan.scenarios), "scenario"),
        (len(plan.tests), "test"),
        (len(steps), "step"),
        (requests, "request"),
        (len(plan.data), "data source"),
        (len(plan.thresholds), "threshold"),
    ]


def _show_scenario(console: Console, scenario: Scenario, seconds: float) -> None:
    console.print(f"\n[bold]Scenario {escape(scenario.name)}[/]", highlight=False)
    rows = [("load", _load(scenario.load, min(max(0.0, seconds - scenario.delay), LONGEST))), ("mix", _mix(scenario))]
    rows += [(what, f"'{name}'") for what, name in (("first", scenario.first), ("last", scenario.last)) if name]
    rows.append(("browsers", _shares([(share.browser.name, share.weight) for share in scenario.browsers])))
    if scenario.networks:
        rows.append(("networks", _shares([(share.network.name, share.weight) for share in scenario.networks])))
    if scenario.pacing is not None:
        rows.append(("pacing", f"an iteration of each user every {scenario.pacing:g} s"))
    rows.append(("think time", f"{pause(scenario.think_time)} between iterations"))
    for what, number in (("in all", scenario.iterations), ("a user", scenario.iterations_per_user)):
        if number is not None:
            rows.append(("iterations", f"{number:,} {what}"))
    if scenario.delay:
        rows.append(("delay", show_duration(scenario.delay)))
    for what, text in rows:
        console.print(f"  [cyan]{what:<11}[/]{escape(text)}", highlight=False, soft_wrap=True)


def _load(load: Load, seconds: float) -> str:
    kind = type(load).__name__.lower()
    if any(True for _ in judge_load(load)):
        return f"{kind}, with errors"
    instants = [seconds * index / _WIDTH for index in range(_WIDTH)]
    match load:
        case Goal():
            return (
                f"goal: {load.minimum:,} to {load.maximum:,} users, beginning with {load.initial:,}, so that "
                f"{load.counter.value} stays from {load.low:g} to {load.high:g}"
            )
        case Arrivals():
            rates = [rate_at(load, at) for at in instants]
            said = f"{kind}: {min(rates):g} to {max(rates):g} iterations a second, at most {load.users:,} users at once"
            return f"{said}  {_curve(rates)}"
        case _:
            users = [users_at(load, at) for at in instants]
            span = f"{users[0]:,}" if min(users) == max(users) else f"{min(users):,} to {max(users):,}"
            return f"{kind}: {span} users, {most_users(load):,} at most  {_curve(users)}"


def _curve(values: list[int] | list[float]) -> str:
    highest = max(values) or 1
    return "".join(_BARS[min(7, int(value / highest * 8))] for value in values)


def _mix(scenario: Scenario) -> str:
    match scenario.mix_by:
        case Mix.SEQUENTIAL:
            return "in order: " + ", ".join(f"'{share.test}'" for share in scenario.mix)
        case Mix.PACING:
            each = ", ".join(f"'{share.test}' {share.share:g} times" for share in scenario.mix)
            return f"{each} an hour and user"
    return f"{_shares([(share.test, share.share) for share in scenario.mix])} of the {scenario.mix_by.value}"


def _shares(weights: list[tuple[str, float]]) -> str:
    total = sum(weight for _, weight in weights) or 1.0
    return ", ".join(f"'{name}' {100 * weight / total:.3g} %" for name, weight in weights)


def _tree(test: Test) -> Tree:
    tree = Tree(f"[bold]Test {escape(test.name)}[/]", guide_style="dim")
    left = _grow(tree, test.steps, _MOST_STEPS)
    if left < 0:
        number = sum(1 for _ in walk(test.steps))
        tree.add(f"[dim]... {_counted(number, 'step')} in all[/]")
    return tree


def _grow(tree: Tree, steps: tuple[Step, ...], left: int) -> int:
    """Adds the steps as long as there is room for more lines; returns how many are left, below 0 where there were none."""
    for step in steps:
        if left <= 0:
            return -1
        node = tree.add(escape(describe(step)))
        left -= 1
        for heading, inner in branches(step):
            left = _grow(node.add(f"[dim]{heading}[/]") if heading else node, inner, left)
            if left < 0:
                return left
    return left


def _data(plan: Plan) -> Table:
    table = Table(title="\nData", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for heading in ("name", "rows", "taken", "columns"):
        table.add_column(heading, justify="right" if heading == "rows" else "left", overflow="fold")
    for source in plan.data:
        taken = source.access.value + (", by each user for itself" if source.per_user else "")
        columns = ", ".join(islice(source.columns, 20))
        table.add_row(escape(source.name), f"{len(source.rows):,}", taken, escape(columns))
    return table


def _thresholds(plan: Plan) -> Table:
    table = Table(title="\nThresholds", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for heading in ("counter", "of", "warning", "critical"):
        table.add_column(heading, overflow="fold")
    for threshold in plan.thresholds[:_MOST_ROWS]:
        of = "each agent" if threshold.agents else "the load test"
        warning, critical = _limit(threshold, threshold.warning), _limit(threshold, threshold.critical)
        table.add_row(escape(_counter(threshold.counter)), of, escape(warning), escape(critical))
    if len(plan.thresholds) > _MOST_ROWS:
        table.add_row(f"[dim]... {len(plan.thresholds):,} in all[/]")
    return table


def _limit(threshold: Threshold, value: float | None) -> str:
    if value is None:
        return ""
    other = f" x {_counter(threshold.relative_to)}" if threshold.relative_to is not None else ""
    return f"{'over' if threshold.over else 'under'} {value:g}{other}"


def _counter(counter: CounterName) -> str:
    instance = f" ({counter.instance})" if counter.instance else ""
    return f"{counter.category}: {counter.counter}{instance}"


def _show_scripts(console: Console, plan: Plan) -> None:
    if plan.setup is None and plan.cleanup is None:
        return
    console.print("\n[bold]Scripts[/]")
    for what, script in (("setup", plan.setup), ("cleanup", plan.cleanup)):
        if script is not None:
            text = f"{script.command}, for {show_duration(script.timeout)} at most"
            console.print(f"  [cyan]{what:<11}[/]{escape(text)}", highlight=False, soft_wrap=True)
    files = ", ".join(f"{file.name} ({len(file.content):,} bytes)" for file in plan.files[:_MOST_ROWS])
    console.print(f"  [cyan]{'files':<11}[/]{escape(files)}", highlight=False, soft_wrap=True)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
