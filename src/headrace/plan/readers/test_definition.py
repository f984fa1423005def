"""Reads a test definition of the old portal: scenarios that mix URL tests, with methods, headers, query parameters and
bodies (reference: clt-service, section 6.2).

How the portal wrote headers, parameters and bodies was never published. Read are `{"name", "value"}` and, for a body, a
text, `{"contentType", "text"}` or a list of such fields. Anything else is an error: a test that sends something else than
its author meant measures something else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.load import Constant
from headrace.plan.model import Plan, Scenario, Test, TestShare
from headrace.plan.readers.browser_mix import read_browsers
from headrace.plan.requests import Body, Form, Parameter, Request, Text
from headrace.plan.step_checks import shown
from headrace.plan.targets import TargetRule
from headrace.plan.templates import literal

CONSTANT, URL_TEST = "constant", "urlTest"
_CONTENT_TYPE = "content-type"
_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class DefinedRequest:
    """An entry of a `urlList`; `headers`, `query`, `body` and `extractions` are the JSON that a client sent."""

    url: str
    label: str = ""
    method: str = "GET"
    headers: Any = None
    query: Any = None
    body: Any = None
    extractions: Any = None


@dataclass(frozen=True, slots=True)
class DefinedTest:
    """A test of a scenario and its weight; `data` and `parameters` are the JSON that a client sent."""

    name: str
    requests: tuple[DefinedRequest, ...]
    weight: float = 100.0
    kind: str = URL_TEST
    data: Any = None
    parameters: Any = None


@dataclass(frozen=True, slots=True)
class DefinedScenario:
    name: str
    users: int
    tests: tuple[DefinedTest, ...]
    pattern: str = CONSTANT
    browsers: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class DefinedLoad:
    """A definition as it was given, not judged yet. Times are seconds."""

    name: str
    scenarios: tuple[DefinedScenario, ...]
    duration: float
    warm_up: float = 0.0
    sampling_interval: int = 15
    request_timeout: float = 60.0


def read_test_definition(load: DefinedLoad, targets: TargetRule) -> tuple[Plan, list[Diagnostic]]:
    """The Plan, and what could not be read; do not run it where one of these is an error, nor without `check_plan`."""
    found: list[Diagnostic] = []
    tests: dict[str, Test] = {}
    plan = Plan(
        name=load.name,
        scenarios=tuple(_read_scenario(scenario, tests, found) for scenario in load.scenarios),
        tests=tuple(tests.values()),
        duration=load.duration,
        warm_up=load.warm_up,
        sampling_interval=load.sampling_interval,
        request_timeout=load.request_timeout,
        targets=targets,
    )
    return plan, found


def _read_scenario(scenario: DefinedScenario, tests: dict[str, Test], found: list[Diagnostic]) -> Scenario:
    place = f"scenario {shown(scenario.name)}"
    if scenario.pattern.lower() != CONSTANT:
        found.append(_error(f"{place} has the load pattern {shown(scenario.pattern)}; the only one known is '{CONSTANT}'"))
    return Scenario(
        name=scenario.name,
        mix=tuple(
            TestShare(_add_test(_read_test(test, f"{place}, test {shown(test.name)}", found), scenario, tests), test.weight)
            for test in scenario.tests
        ),
        load=Constant(scenario.users),
        browsers=read_browsers(scenario.browsers, found, f"browserMixs of {place}"),
    )


def _add_test(test: Test, scenario: DefinedScenario, tests: dict[str, Test]) -> str:
    """The name of the test in the plan, where names are unique: two scenarios may each have another `WebScenario1`."""
    name, number = test.name, 1
    while name in tests and tests[name].steps != test.steps:
        number += 1
        name = f"{test.name} ({scenario.name})" if number == 2 else f"{test.name} ({scenario.name} {number - 1})"
    tests[name] = Test(name, test.steps)
    return name


def _read_test(test: DefinedTest, place: str, found: list[Diagnostic]) -> Test:
    if test.kind.lower() != URL_TEST.lower():
        found.append(_error(f"{place} is of the type {shown(test.kind)}; the only one known is '{URL_TEST}'"))
    for name, value in (("dataSources", test.data), ("globalParameters", test.parameters)):
        if value:
            found.append(_not_run(f"{name} of {place}"))
    requests = (_read_request(request, f"urlList[{index}] of {place}", found) for index, request in enumerate(test.requests))
    return Test(test.name, tuple(requests))


def _read_request(request: DefinedRequest, place: str, found: list[Diagnostic]) -> Request:
    """Braces mean nothing in a definition, so every text becomes a template without variables."""
    if request.extractions:
        found.append(_not_run(f"extractionRules of {place}"))
    headers = _read_fields(request.headers, f"requestHeaders of {place}", found)
    content_type = next((value for name, value in headers if name.lower() == _CONTENT_TYPE), "")
    body = _read_body(request.body, content_type, f"httpBody of {place}", found)
    if body is not None:  # it brings its own
        headers = [(name, value) for name, value in headers if name.lower() != _CONTENT_TYPE]
    query = _read_fields(request.query, f"queryParameters of {place}", found)
    return Request(
        url=literal(request.url),
        method=request.method.strip().upper(),
        name=literal(request.label or request.url),
        query=_parameters(query),
        headers=tuple((literal(name), literal(value)) for name, value in headers),
        body=body,
    )


def _read_body(value: Any, content_type: str, place: str, found: list[Diagnostic]) -> Body | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return Text(literal(value), literal(content_type or _PLAIN))
    if isinstance(value, list):
        if content_type and content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            found.append(_error(f"{place} is a form, but the request's Content-Type is {shown(content_type)}; leave it out"))
        return Form(_parameters(_read_fields(value, place, found)))
    members = _fold(value)
    text, own = members.get("text"), members.get("contenttype", "")
    if not isinstance(text, str) or not isinstance(own, str) or not members.keys() <= {"contenttype", "text"}:
        found.append(
            _error(
                f"{place} has a form that is not known; give a text, "
                '{"contentType": "...", "text": "..."} or, for a form, a list of {"name": "...", "value": "..."}'
            )
        )
        return None
    return Text(literal(text), literal(own or content_type or _PLAIN))


def _read_fields(value: Any, place: str, found: list[Diagnostic]) -> list[tuple[str, str]]:
    if value is None:
        return []
    if not isinstance(value, list):
        found.append(_error(f'{place} is no list; give a list of {{"name": "...", "value": "..."}}'))
        return []
    return list(_fields(value, place, found))


def _fields(entries: Sequence[Any], place: str, found: list[Diagnostic]) -> Iterator[tuple[str, str]]:
    for index, entry in enumerate(entries):
        members = _fold(entry)
        name, text = members.get("name"), members.get("value", "")
        if isinstance(name, str) and name and isinstance(text, str) and members.keys() <= {"name", "value"}:
            yield name, text
        else:
            told = f'{place}: entry {index} has a form that is not known; give it as {{"name": "...", "value": "..."}}'
            found.append(_error(told))


def _fold(value: Any) -> dict[str, Any]:
    """The members of a JSON object with their names in lower case; those that are null are left out."""
    members = value.items() if isinstance(value, dict) else ()
    return {name.lower(): inner for name, inner in members if inner is not None}


def _parameters(fields: Sequence[tuple[str, str]]) -> tuple[Parameter, ...]:
    return tuple(Parameter(literal(name), literal(value)) for name, value in fields)


def _not_run(what: str) -> Diagnostic:
    return _error(f"{what} are not understood by this version, and without them the test would be another; take them out")


def _error(message: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, f"{message}.")
