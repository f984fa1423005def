"""What a test definition comes to: the load that a run of it generates, and its details in the terms of a run.

`content` is that of a drop made of a definition: with its `name`, else as `runs/test_definitions.py` says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from headrace.plan.readers.test_definition import (
    CONSTANT,
    URL_TEST,
    DefinedLoad,
    DefinedRequest,
    DefinedScenario,
    DefinedTest,
)
from headrace.runs.definition import details_of
from headrace.runs.model import Drop, Run, RunDetails

Content = Mapping[str, Any]


def load_test_of(content: Content) -> dict[str, Any]:
    """The definition in the terms of a LoadTestDefinition, which has a place for less (`runs/definition.py`)."""
    settings = content.get("run_settings") or {}
    said = {
        "load_test_name": content["name"],
        "urls": [entry.get("service_url") for test in _tests(content) for entry in test.get("url_list") or ()],
        "run_duration": settings.get("duration"),
        "max_vusers": sum(_users(scenario) for scenario in _scenarios(content)) or None,
        "load_generation_geo_locations": content.get("load_generation_geo_locations"),
        "sampling_rate": settings.get("sampling_interval"),
        "agent_count": settings.get("agent_count"),
        "core_count": settings.get("core_count"),
        "cores_per_agent": settings.get("cores_per_agent"),
    }
    return {name: value for name, value in said.items() if value is not None}


def details_of_drop(drop: Drop) -> RunDetails:
    """The details that a run of this drop has where its own request does not say otherwise."""
    details = details_of(drop.definition or {})
    content = drop.test_definition
    if content is None:
        return details
    settings, static = content.get("run_settings") or {}, content.get("static_agent_run_settings") or {}
    return replace(
        details,
        warm_up=settings.get("warm_up_duration"),
        machines=settings.get("load_generator_machines_type"),
        superseding_machines=static.get("load_generator_machines_type"),
        agent_group=static.get("static_agent_group_name"),
    )


def defined_load_of(run: Run, content: Content, request_timeout: float) -> DefinedLoad:
    """The load of a definition; its users are the definition's own, the rest is as the run has it."""
    return DefinedLoad(
        name=content["name"],
        scenarios=tuple(_scenario(scenario) for scenario in _scenarios(content)),
        duration=run.details.duration or 0,
        warm_up=run.details.warm_up or 0,
        sampling_interval=run.details.sampling_interval,
        request_timeout=request_timeout,
    )


def url_count(content: Content) -> int:
    """How many URLs all its tests list together."""
    return sum(len(test.get("url_list") or ()) for test in _tests(content))


def _scenarios(content: Content) -> list[Content]:
    return (content.get("test_details") or {}).get("scenarios") or []


def _tests(content: Content) -> Iterator[Content]:
    for scenario in _scenarios(content):
        yield from scenario.get("test_mix") or ()


def _users(scenario: Content) -> int:
    users: int | None = (scenario.get("load_pattern") or {}).get("user_load")
    return users or 0


def _scenario(scenario: Content) -> DefinedScenario:
    return DefinedScenario(
        name=scenario.get("scenario_name") or "Scenario",
        users=_users(scenario),
        tests=tuple(_test(test) for test in scenario.get("test_mix") or ()),
        pattern=(scenario.get("load_pattern") or {}).get("load_pattern_type") or CONSTANT,
        browsers=tuple((each["browser_name"], each["browser_percentage"]) for each in scenario.get("browser_mixs") or ()),
    )


def _test(test: Content) -> DefinedTest:
    share = test.get("mix_percentage")
    return DefinedTest(
        name=test.get("test_name") or "WebScenario",
        requests=tuple(_request(entry) for entry in test.get("url_list") or ()),
        weight=100.0 if share is None else share,
        kind=test.get("test_type") or URL_TEST,
        data=test.get("data_sources"),
        parameters=test.get("global_parameters"),
    )


def _request(entry: Content) -> DefinedRequest:
    return DefinedRequest(
        url=entry.get("service_url") or "",
        label=entry.get("label") or "",
        method=(entry.get("http_method") or {}).get("method") or "GET",
        headers=entry.get("request_headers"),
        query=entry.get("query_parameters"),
        body=entry.get("http_body"),
        extractions=entry.get("extraction_rules"),
    )
