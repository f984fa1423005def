"""What the definition in an in-place drop says.

The API keeps it under these keys, checked by type, absent ones left out or None: `load_test_name`, `urls`, `run_duration`
(seconds), `max_vusers` (-1: not known), `load_pattern_name`, `think_time` (seconds),
`browser_mixs` (each `browser_name`, `browser_percentage`), `load_generation_geo_locations` (each `location`, `percentage`),
`sampling_rate` (seconds), `agent_count`, `cores_per_agent`, `core_count`, and our own `verify_certificates` and
`request_timeout` (seconds).
"""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from headrace.plan.model import Plan
from headrace.plan.overrides import override
from headrace.plan.readers.url_test import UrlTest
from headrace.plan.shapes import most_users
from headrace.runs.model import Run, RunDetails

_NOT_KNOWN = -1


def details_of(definition: Mapping[str, Any]) -> RunDetails:
    """The details that a run of this definition has where its own request does not say otherwise."""
    users = definition.get("max_vusers")
    locations = definition.get("load_generation_geo_locations") or ()
    standard = RunDetails()
    return RunDetails(
        users=None if users == _NOT_KNOWN else users,
        duration=definition.get("run_duration"),
        sampling_interval=definition.get("sampling_rate") or standard.sampling_interval,
        agents=definition.get("agent_count"),
        cores=definition.get("core_count"),
        cores_per_agent=definition.get("cores_per_agent"),
        locations=tuple((place["location"], place["percentage"]) for place in locations) or standard.locations,
    )


def definition_of(plan: Plan) -> dict[str, Any]:
    """What a plan comes to in the terms of a definition: whole seconds, and the most users that there may be."""
    return {
        "load_test_name": plan.name,
        "run_duration": ceil(plan.duration),
        "max_vusers": sum(most_users(scenario.load) for scenario in plan.scenarios),
        "sampling_rate": plan.sampling_interval,
    }


def as_planned(details: RunDetails, plan: Plan) -> RunDetails:
    """The details as a plan has them that was read after the run was asked for."""
    planned = details_of(definition_of(plan))
    return replace(
        details,
        users=planned.users,
        duration=planned.duration,
        warm_up=ceil(plan.warm_up) or None,
        sampling_interval=planned.sampling_interval,
    )


def plan_for(run: Run, plan: Plan) -> Plan:
    """The plan as `run` is to execute it: what the run's details say otherwise than the plan holds.

    Raises ValueError where they ask for other users than a plan of this kind can have.
    """
    details, usual = run.details, details_of(definition_of(plan))
    return override(
        plan,
        users=None if details.users == usual.users else details.users,
        duration=None if details.duration == usual.duration else details.duration,
        warm_up=details.warm_up,
        sampling_interval=None if details.sampling_interval == usual.sampling_interval else details.sampling_interval,
    )


def url_test_of(run: Run, definition: Mapping[str, Any], request_timeout: float) -> UrlTest:
    """The URL test that `run` is to execute; users and duration as in the run's details, which may differ.

    `request_timeout` holds where the definition names none.
    """
    details = run.details
    return UrlTest(
        name=definition.get("load_test_name") or run.name,
        urls=tuple(definition.get("urls") or ()),
        users=details.users or 0,
        duration=details.duration or 0,
        think_time=definition.get("think_time") or 0.0,
        browsers=tuple(
            (browser["browser_name"], browser["browser_percentage"]) for browser in definition.get("browser_mixs") or ()
        ),
        sampling_interval=details.sampling_interval,
        pattern=definition.get("load_pattern_name") or "Constant",
        warm_up=details.warm_up or 0,
        verify_certificates=definition.get("verify_certificates") is not False,
        request_timeout=definition.get("request_timeout") or request_timeout,
    )
