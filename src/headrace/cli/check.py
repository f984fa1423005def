"""`headrace check`: what was understood of a plan, on a terminal."""

from itertools import islice

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from headrace.cli.durations import show_duration
from headrace.cli.step_words import branches, describe, pause
from headrace.plan.arrivals import rate_at
from headrace.plan.limits import LONGEST
from headrace.plan.load import Arrivals, Goal, Load
from headrace.plan.model import Mix, Plan, Scenario, Test
from headrace.plan.shapes import judge_load, most_users, users_at
from headrace.plan.steps import Step
from headrace.plan.walk import requests_of, walk

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 40  # bars of a curve
_MOST_STEPS = 200  # of a test


def show_plan(console: Console, plan: Plan) -> None:
    """Prints a plan; one with errors in it too, as far as it makes sense."""
    warm_up = f", after a warm-up of {show_duration(plan.warm_up)}" if plan.warm_up else ""
    console.print(f"[bold]{escape(plan.name)}[/]: {show_duration(plan.duration)} of load{warm_up}", highlight=False)
    console.print(_counts(plan), highlight=False)
    for scenario in plan.scenarios:
        _show_scenario(console, scenario, plan.warm_up + plan.duration)
    for test in plan.tests:
        console.print()
        console.print(_tree(test), highlight=False)
    if plan.data:
        console.print(_data(plan))
    _show_scripts(console, plan)


def _counts(plan: Plan) -> str:
    steps = [step for test in plan.tests for _, _, step in walk(test.steps)]
    requests = sum(len(requests_of(step)) for step in steps)
    parts = ((len(plan.scenarios), "scenario"), (len(plan.tests), "test"), (len(steps), "step"), (requests, "request"))
    return ", ".join(_counted(number, what) for number, what in parts)


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


def _show_scripts(console: Console, plan: Plan) -> None:
    if plan.setup is None and plan.cleanup is None:
        return
    console.print("\n[bold]Scripts[/]")
    for what, script in (("setup", plan.setup), ("cleanup", plan.cleanup)):
        if script is not None:
            text = f"{script.command}, for {show_duration(script.timeout)} at most"
            console.print(f"  [cyan]{what:<11}[/]{escape(text)}", highlight=False, soft_wrap=True)
    files = ", ".join(f"{file.name} ({len(file.content):,} bytes)" for file in plan.files)
    console.print(f"  [cyan]{'files':<11}[/]{escape(files)}", highlight=False, soft_wrap=True)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
