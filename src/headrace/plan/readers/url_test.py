"""Reads a URL test: a list of URLs that every user requests in order, again and again (reference: clt-service, 6.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.load import Constant
from headrace.plan.model import Plan, Scenario, Test, TestShare, Tls
from headrace.plan.readers.browser_mix import read_browsers
from headrace.plan.requests import Request
from headrace.plan.targets import TargetRule
from headrace.plan.templates import literal
from headrace.plan.urls import check_url

_SHOWN = 100  # characters of a value in a message


@dataclass(frozen=True, slots=True)
class UrlTest:
    """A URL test as it was asked for, not judged yet.

    Times are seconds; `think_time` is the pause between two iterations. `browsers` are names and weights among the users.
    """

    name: str
    urls: tuple[str, ...]
    users: int
    duration: float
    think_time: float = 0.0
    browsers: tuple[tuple[str, float], ...] = ()
    sampling_interval: int = 15
    pattern: str = "Constant"
    warm_up: float = 0.0
    verify_certificates: bool = True
    request_timeout: float = 60.0


def read_url_test(test: UrlTest, targets: TargetRule) -> tuple[Plan, list[Diagnostic]]:
    """The Plan of a URL test, and what there is to say about it. Do not run the Plan where one of these is an error."""
    diagnostics = [*_judge_numbers(test), *_judge_pattern(test)]
    requests = _read_urls(test, targets, diagnostics)
    browsers = read_browsers(test.browsers, diagnostics)
    stem = test.name[: -len(".loadtest")] if test.name.lower().endswith(".loadtest") else test.name
    plan = Plan(
        name=test.name,
        tests=(Test(stem or test.name, tuple(requests)),),
        scenarios=(
            Scenario(
                name="Scenario1",
                mix=(TestShare(stem or test.name),),
                load=Constant(test.users),
                browsers=browsers,
                think_time=test.think_time,
            ),
        ),
        duration=test.duration,
        warm_up=test.warm_up,
        sampling_interval=test.sampling_interval,
        request_timeout=test.request_timeout,
        tls=Tls(verify=test.verify_certificates),
        targets=targets,
    )
    return plan, diagnostics


def _judge_numbers(test: UrlTest) -> Iterator[Diagnostic]:
    if test.users < 1:
        yield _error(f"users is {test.users}; a test needs at least 1")
    if test.sampling_interval < 1:
        yield _error(f"sampling_interval is {test.sampling_interval}; give whole seconds, at least 1")
    for name, value in (("duration", test.duration), ("request_timeout", test.request_timeout)):
        if not (isfinite(value) and value > 0):
            yield _error(f"{name} is {value}; give seconds, more than 0")
    for name, value in (("warm_up", test.warm_up), ("think_time", test.think_time)):
        if not (isfinite(value) and value >= 0):
            yield _error(f"{name} is {value}; give seconds, 0 or more")


def _judge_pattern(test: UrlTest) -> Iterator[Diagnostic]:
    if test.pattern.strip().lower() != "constant":
        yield _error(f"the load pattern {_shown(test.pattern)} is not known for a URL test; use 'Constant'")


def _read_urls(test: UrlTest, targets: TargetRule, diagnostics: list[Diagnostic]) -> list[Request]:
    if not test.urls:
        diagnostics.append(_error("urls is empty; name at least one URL"))
    requests = []
    for index, url in enumerate(test.urls):
        try:
            checked = check_url(url)
        except ValueError as error:
            diagnostics.append(_error(f"urls[{index}], {_shown(url)}, {error}"))
            continue
        refusal = targets.refuse_url(checked)
        if refusal is None:
            requests.append(Request(literal(checked), name=literal(url)))
        else:
            diagnostics.append(
                _error(f"urls[{index}], {_shown(url)}, must not be tested: {refusal}. Ask the operator to allow it")
            )
    return requests


def _error(message: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, message)


def _shown(value: str) -> str:
    """A value from outside, fit for a message: quoted, its control characters escaped, not too long."""
    return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…")
