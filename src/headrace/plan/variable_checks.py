"""Which variables a test uses that nothing gives a value."""

from collections.abc import Iterator

from headrace.plan.model import Plan, Test
from headrace.plan.requests import Request
from headrace.plan.rules import ExtractHiddenFields, ExtractRegex, Scope
from headrace.plan.steps import ForEach, Repeat, SetVariables, TakeRow
from headrace.plan.templates import Call, Variable, parse_template
from headrace.plan.walk import requests_of, templates, walk

# What the engine sets.
STANDING = frozenset({"$user", "$user_id", "$iteration", "$scenario", "$test", "$agent", "$agents"})
_OF_VARIABLES = frozenset({"$url_encode", "$html_decode", "$upper", "$lower", "$length"})


class _Names:
    """Names of variables: whole ones, and beginnings of which many follow."""

    def __init__(self) -> None:
        self.whole: set[str] = set()
        self.beginnings: set[str] = set()

    def add(self, other: "_Names") -> None:
        self.whole |= other.whole
        self.beginnings |= other.beginnings

    def __contains__(self, name: str) -> bool:
        return name in self.whole or name.startswith(tuple(self.beginnings))


def judge_variables(plan: Plan) -> Iterator[str]:
    """A sentence for each variable that a test uses and nothing sets, wherever the order of the steps would have it."""
    general = _Names()
    general.whole |= STANDING | {name for name, _ in plan.variables}
    firsts = {scenario.first for scenario in plan.scenarios}
    for test in plan.tests:
        general.add(_set_by(plan, test, lasting=test.name not in firsts))
        if test.name in firsts:  # what it leaves, the iterations begin with
            general.whole |= {name for name, _ in test.variables}
    for test in plan.tests:
        known = _set_by(plan, test, lasting=False)
        known.add(general)
        known.whole |= {name for name, _ in test.variables}
        told = set()
        for place, name in () if test.keep_unknown else _used(test):
            if name not in known and name not in told:
                told.add(name)
                missing = f"nothing gives the variable '{name}' a value; set it, extract it, or take a row"
                yield f"test '{test.name}', {place}: {missing}"


def _set_by(plan: Plan, test: Test, lasting: bool) -> _Names:
    """The variables that the steps of a test set: those that live as long as the user where `lasting`, else all."""
    names = _Names()
    columns = {source.name: source.columns for source in plan.data}
    for _, _, step in walk(test.steps):
        match step:
            case SetVariables() if not lasting or step.scope is Scope.USER:
                names.whole |= {name for name, _ in step.variables}
            case TakeRow() if not lasting:
                names.whole |= set(columns.get(step.source, ()))
            case Repeat() | ForEach() if not lasting:
                names.whole.add(step.variable)
        for _, request in requests_of(step):
            _add_extracted(names, request, lasting)
    return names


def _add_extracted(names: _Names, request: Request, lasting: bool) -> None:
    for rule in request.extract:
        if lasting and rule.scope is not Scope.USER:
            continue
        if isinstance(rule, ExtractHiddenFields):
            names.beginnings.add(f"$HIDDEN{rule.variable}.")
        names.whole.add(rule.variable)
        if rule.match == "all" or isinstance(rule, ExtractRegex):  # that one also sets its groups, in JMeter's way
            names.beginnings.add(f"{rule.variable}_")


def _used(test: Test) -> Iterator[tuple[str, str]]:
    """The variables that the templates of a test name, with their places."""
    yield from _named(test.variables, "variables")
    yield from _named(test.credentials, "credentials")
    for place, _, step in walk(test.steps):
        yield from _named(step, place)


def _named(value: object, place: str) -> Iterator[tuple[str, str]]:
    for where, text in templates(value, place):
        try:
            parts = parse_template(text)
        except ValueError:
            continue  # told with the other templates that cannot be read
        for part in parts:
            if isinstance(part, Variable):
                yield where, part.name
            elif isinstance(part, Call) and part.function in _OF_VARIABLES:
                yield where, part.arguments[0]
