"""Test definitions as the wire spells them (reference: clt-service, section 6.2).

The shapes of query parameters, headers, bodies, extraction rules, data sources and global parameters were never published:
they are kept as they come and given back so. What `plan/readers/test_definition.py` understands of them can be run.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from headrace.api.failures import shown
from headrace.api.wire.dates import write_date
from headrace.api.wire.definitions import write_definition
from headrace.api.wire.enums import DEFINITION_KIND, MACHINES, Machines
from headrace.api.wire.requests import (
    LARGEST,
    LONGEST_TEXT,
    BrowserMix,
    GeoLocation,
    Lenient,
    Name,
    Number,
    Setting,
    StaticAgentRunSettings,
    Text,
    Whole,
)
from headrace.api.wire.runs import NOBODY, Json, present, write_access, write_identity
from headrace.blobs.drop_files import Access
from headrace.plan.readers.test_definition import CONSTANT, URL_TEST
from headrace.runs.model import DefinitionKind, TestDefinition

MOST_ENTRIES = 1000

# As the old service wrote System.Version: what a version does not have is -1.
_NO_MORE_OF_A_VERSION = {"build": -1, "revision": -1, "majorRevision": -1, "minorRevision": -1}


def _named(*names: str) -> BeforeValidator:
    """A name of an enumeration of which only these first members are published; another name is kept as it is."""

    def read(value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST:
            value = str(value)
        if not isinstance(value, str):
            raise ValueError(f"{shown(value)} is neither a name nor a number")
        known = {name.lower(): name for name in names} | {str(number): name for number, name in enumerate(names)}
        return known.get(value.strip().lower(), value)

    return BeforeValidator(read)


class RunSettings(Lenient):
    """Durations and the interval are seconds; 0 is as if absent."""

    duration: Setting | None = None
    warm_up_duration: Setting | None = None
    core_count: Setting | None = None
    cores_per_agent: Setting | None = None
    agent_count: Setting | None = None
    sampling_interval: Setting | None = None
    load_generator_machines_type: Annotated[Machines, BeforeValidator(MACHINES.read)] | None = None


class LoadPattern(Lenient):
    user_load: Annotated[Whole, Field(ge=0, le=LARGEST)] | None = None
    load_pattern_type: Annotated[Name, _named(CONSTANT)] = CONSTANT


class HttpMethod(Lenient):
    method: Name


class HttpVersion(Lenient):
    major: Annotated[Whole, Field(ge=0, le=LARGEST)] = 1
    minor: Annotated[Whole, Field(ge=0, le=LARGEST)] = 1


class UrlEntry(Lenient):
    """One request of a URL test."""

    label: Name | None = None
    service_url: Text | None = None
    http_method: HttpMethod | None = None
    http_version: HttpVersion = HttpVersion()
    query_parameters: Any = None
    request_headers: Any = None
    http_body: Any = None
    extraction_rules: Any = None


class TestMix(Lenient):
    __test__ = False  # not a pytest class

    test_name: Name | None = None
    test_type: Annotated[Name, _named(URL_TEST)] = URL_TEST
    mix_percentage: Annotated[Number, Field(ge=0, le=LARGEST)] | None = None
    url_list: Annotated[tuple[UrlEntry, ...], Field(max_length=MOST_ENTRIES)] = ()
    data_sources: Any = None
    global_parameters: Any = None


class ScenarioDetails(Lenient):
    scenario_name: Name | None = None
    load_pattern: LoadPattern | None = None
    browser_mixs: Annotated[list[BrowserMix], Field(max_length=100)] | None = None
    test_mix: Annotated[tuple[TestMix, ...], Field(max_length=MOST_ENTRIES)] = ()


class TestDetails(Lenient):
    __test__ = False

    visual_studio_load_test_file_name: Name | None = None
    scenarios: Annotated[list[ScenarioDetails], Field(max_length=MOST_ENTRIES)] | None = None


class TestDefinitionBody(Lenient):
    """A definition to be created or, with its id, replaced. Dates, identities and access data are the service's to give."""

    __test__ = False

    id: Name | None = None
    name: Annotated[Text, Field(min_length=1, max_length=256)]
    description: Annotated[Text, Field(max_length=LONGEST_TEXT)] | None = None
    load_test_type: Annotated[DefinitionKind, BeforeValidator(DEFINITION_KIND.read)] = DefinitionKind.VISUAL_STUDIO
    load_test_definition_source: Name | None = None
    run_settings: RunSettings | None = None
    load_generation_geo_locations: Annotated[list[GeoLocation], Field(max_length=100)] | None = None
    static_agent_run_settings: StaticAgentRunSettings | None = None
    test_details: TestDetails | None = None


def read_content(body: TestDefinitionBody) -> Json:
    """What is kept of a definition beside its id, name and kind, under our keys (`runs/test_definitions.py`)."""
    content: Json = body.model_dump(exclude={"id", "name", "load_test_type"}, exclude_none=True)
    return content


def write_test_definition(definition: TestDefinition, access: Access | None, identities: bool = True) -> Json:
    """TestDefinition; `access` is to its files, `identities` says whether it tells who did what."""
    content = definition.content
    written = write_definition({name: value for name, value in content.items() if name != "test_details"})
    for settings in (written.get("runSettings") or {}, written.get("staticAgentRunSettings") or {}):
        if "loadGeneratorMachinesType" in settings:
            settings["loadGeneratorMachinesType"] = MACHINES.write(Machines(settings["loadGeneratorMachinesType"]))
    return {
        **written,
        **({"testDetails": _write_details(content["test_details"])} if "test_details" in content else {}),
        **_write_basic(definition),
        **(
            {"createdBy": write_identity(definition.created_by), "lastModifiedBy": write_identity(definition.modified_by)}
            if identities
            else {}
        ),
        "accessData": write_access(access),
    }


def write_basic_test_definition(definition: TestDefinition, identities: bool = True) -> Json:
    """TestDefinitionBasic, as lists have it: of who and where to, only the empty shapes."""
    return {
        **_write_basic(definition),
        **({"createdBy": NOBODY, "lastModifiedBy": NOBODY} if identities else {}),
        "accessData": {"sasKey": "", "dropContainerUrl": ""},
    }


def _write_basic(definition: TestDefinition) -> Json:
    return {
        "id": definition.id,
        "name": definition.name,
        "createdDate": write_date(definition.created_at),
        "lastModifiedDate": write_date(definition.modified_at),
        "loadTestType": DEFINITION_KIND.write(definition.kind),
    }


def _write_details(details: Json) -> Json:
    return {
        "visualStudioLoadTestFileName": details.get("visual_studio_load_test_file_name") or None,
        "scenarios": [_write_scenario(scenario) for scenario in details.get("scenarios") or ()],
    }


def _write_scenario(scenario: Json) -> Json:
    pattern = scenario.get("load_pattern")
    return present(
        {
            "scenarioName": scenario.get("scenario_name"),
            "loadPattern": None if pattern is None else write_definition(pattern),
            "browserMixs": [write_definition(each) for each in scenario.get("browser_mixs") or ()],
            "testMix": [_write_test(test) for test in scenario["test_mix"]],
        }
    )


def _write_test(test: Json) -> Json:
    return {
        **present({"testName": test.get("test_name"), "mixPercentage": test.get("mix_percentage")}),
        "testType": test["test_type"],
        "globalParameters": test.get("global_parameters", []),
        "dataSources": test.get("data_sources", []),
        "urlList": [_write_url(entry) for entry in test["url_list"]],
    }


def _write_url(entry: Json) -> Json:
    return {
        "serviceUrl": entry.get("service_url"),
        "label": entry.get("label"),
        "httpMethod": entry.get("http_method"),
        "httpVersion": {**entry["http_version"], **_NO_MORE_OF_A_VERSION},
        "requestHeaders": entry.get("request_headers", []),
        "queryParameters": entry.get("query_parameters", []),
        "httpBody": entry.get("http_body"),
        "extractionRules": entry.get("extraction_rules", []),
    }
