"""The description of both APIs in OpenAPI 3.1: FastAPI's, and what it cannot know.

That is: what the old API answers, whose endpoints write JSON by hand; how errors look; where tokens and the api-version go;
and how the wire spells what routes know in lower case.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from headrace.api.failures import PROBLEMS_BELOW
from headrace.api.wire import published, published_setup
from headrace.api.wire.enums import (
    AGENT_STATE,
    DEFINITION_KIND,
    DROP_KIND,
    MACHINES,
    PLATFORM,
    RETENTION,
    RUN_KIND,
    SEVERITY,
    SOURCE,
    STATE,
    SUBSTATE,
)
from headrace.api.wire.queries import PUBLISHED_NAMES

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"
_OLD = "/_apis"
_RUN = "/_apis/clt/testruns/{run_id}"
_DEFINITIONS = "/_apis/clt/testdefinitions"
_GROUPS = "/_apis/clt/agentgroups"
_APM = "/_apis/clt/apm"

# What the old API answers, where it answers well.
_ANSWERS: Mapping[tuple[str, str], Any] = {
    ("post", "/_apis/clt/testdrops"): published.TestDropAnswer,
    ("get", "/_apis/clt/testdrops/{drop_id}"): published.TestDropAnswer,
    ("delete", "/_apis/clt/testdrops/{drop_id}"): published_setup.Nothing,
    ("post", "/_apis/clt/testruns"): published.TestRunAnswer,
    ("get", "/_apis/clt/testruns"): list[published.TestRunAnswer | published.TestRunBasic],
    ("get", _RUN): published.TestRunAnswer,
    ("delete", _RUN): published_setup.Nothing,
    ("get", f"{_RUN}/messages"): published.TestRunMessages,
    ("get", f"{_RUN}/results"): published.TestResults,
    ("get", f"{_RUN}/resultsummary"): published.TestResultsSummary,
    ("get", f"{_RUN}/counterinstances"): published.TestRunCounterInstances,
    ("post", f"{_RUN}/countersamples"): published.CounterSamplesResult,
    ("get", f"{_RUN}/errors"): published.LoadTestErrors,
    ("post", _DEFINITIONS): published_setup.TestDefinitionAnswer,
    ("put", _DEFINITIONS): published_setup.TestDefinitionAnswer,
    ("get", _DEFINITIONS): published_setup.TestDefinitions | published_setup.TestDefinitionAnswer,
    ("get", f"{_DEFINITIONS}/{{definition_id}}"): published_setup.TestDefinitionAnswer,
    ("post", _GROUPS): published_setup.AgentGroupAnswer,
    ("get", _GROUPS): published_setup.AgentGroups
    | published_setup.AgentGroupAnswer
    | published_setup.MachineInput
    | published_setup.Addresses,
    ("get", f"{_GROUPS}/{{group_id}}"): published_setup.AgentGroupAnswer
    | published_setup.MachineInput
    | published_setup.Addresses,
    ("get", f"{_GROUPS}/{{group_id}}/agents"): published_setup.StaticAgents,
    ("get", f"{_APM}/plugins"): published_setup.Plugins,
    ("get", f"{_APM}/plugins/{{plugin_type}}"): published_setup.Plugin,
    ("get", f"{_APM}/applications"): published_setup.Applications,
    ("get", f"{_APM}/applications/{{application_id}}"): published_setup.Application,
    ("get", f"{_APM}/counters"): published_setup.ApplicationCounterList,
    ("get", "/_apis/clt/configuration"): published_setup.TenantDetails,
    ("get", "/_apis/connectiondata"): published_setup.ConnectionData,
    ("get", "/_apis/servicedefinitions"): published.ServiceDefinitions,
    ("get", "/_apis/servicedefinitions/locationservice2"): published.ServiceDefinitions,
    ("get", "/_apis/servicedefinitions/locationservice2/{identifier}"): published.ServiceDefinition,
    ("get", "/_apis/resourceareas"): published.ResourceAreas,
    ("get", "/_apis/resourceareas/{area_id}"): published.ResourceArea,
    ("options", "/_apis"): published.ApiResources,
    ("options", "/_apis/{area}"): published.ApiResources,
}

_ID = "5b7a2c9e-3a0b-4f7e-8a43-0d9a6c1f2b11"
_DEFINITION = {
    "loadTestName": "shop.loadtest",
    "urls": ["https://shop.example.com/"],
    "maxVusers": 5,
    "runDuration": 60,
    "loadPatternName": "Constant",
}
_TEST_DEFINITION = {
    "name": "shop",
    "loadTestType": "visualStudioLoadTest",
    "runSettings": {"duration": 60},
    "testDetails": {
        "scenarios": [
            {
                "loadPattern": {"userLoad": 5, "loadPatternType": "constant"},
                "testMix": [{"urlList": [{"serviceUrl": "https://shop.example.com/", "httpMethod": {"method": "GET"}}]}],
            }
        ]
    },
}
# What is sent, for operations whose models have no example of their own.
_ASKED: Mapping[tuple[str, str], Json] = {
    ("post", "/_apis/clt/testdrops"): {"dropType": "InPlaceDrop", "loadTestDefinition": _DEFINITION},
    ("post", "/_apis/clt/testruns"): {"name": "shop.loadtest", "testDrop": {"id": _ID}},
    ("patch", _RUN): {"state": "queued"},
    ("post", _DEFINITIONS): _TEST_DEFINITION,
    ("put", _DEFINITIONS): {"id": _ID, **_TEST_DEFINITION},
    ("post", _GROUPS): {"groupName": "rig"},
    ("post", f"{_RUN}/countersamples"): {"value": [{"counterInstanceId": "Els~1", "fromInterval": 0, "toInterval": -1}]},
}

_ERRORS = {
    "400": "The request cannot be understood, or a value in it will not do.",
    "401": "No token, or one that is unknown, revoked or expired.",
    "403": "The token's role or scope does not allow this.",
    "404": "There is nothing of this name or id in this organization.",
}
_ERRORS_WITH_A_BODY = {
    "408": "The body did not arrive in time.",
    "413": "The body is larger than the settings allow.",
    "415": "The body is not JSON.",
}
_NO_FILES = {"503": "The place where the files of test drops are kept cannot be reached."}
_FURTHER_ERRORS = {
    ("post", "/_apis/clt/testdrops"): _NO_FILES,
    ("delete", "/_apis/clt/testdrops/{drop_id}"): _NO_FILES,
    ("post", _DEFINITIONS): _NO_FILES,
    ("post", "/api/v1/runs"): {"409": "The run was changed meanwhile."},
    ("patch", "/api/v1/runs/{run_id}"): {"409": "The run is over."},
    ("delete", "/api/v1/runs/{run_id}"): {"409": "The run is under way."},
    ("get", "/api/v1/runs/{run_id}/events"): {"503": "Too many clients follow runs."},
    ("post", "/api/v1/tokens"): {"409": "The name is taken."},
    ("post", "/api/v1/organizations"): {"409": "The name is taken."},
}

_PROBLEM = {
    "title": "Problem",
    "description": "What went wrong, as in RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "The kind of problem, for programs."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do, for people."},
    },
    "examples": [
        {
            "type": "urn:headrace:problem:test-run-not-found",
            "title": "Not Found",
            "status": 404,
            "detail": f"There is no test run '{_ID}' here.",
        }
    ],
}

_SPELLINGS = {
    spelling.kind.__name__: spelling.names
    for spelling in (
        AGENT_STATE,
        DEFINITION_KIND,
        DROP_KIND,
        MACHINES,
        PLATFORM,
        RETENTION,
        RUN_KIND,
        SEVERITY,
        SOURCE,
        STATE,
        SUBSTATE,
    )
}

_DESCRIPTION = """\
Two APIs on the same runs: `/_apis/clt` is the Cloud Load Test API of Visual Studio Team Services, `/api/v1` is for new
clients. Before each path goes the organization, `/{organization}/api/v1/runs`; without one it is `default`.

A token is sent as the password of Basic credentials, with any user name, or as Bearer.
"""


def describe(app: FastAPI) -> Json:
    """The description; made once, since it takes a moment and never changes."""
    if app.openapi_schema is None:
        app.openapi_schema = _complete(FastAPI.openapi(app))
    return app.openapi_schema


def _complete(description: Json) -> Json:
    description["info"]["description"] = _DESCRIPTION
    schemas: Json = description["components"]["schemas"]
    schemas["Problem"] = _PROBLEM
    _add(schemas, published.WrappedException)
    for method, path, operation in _operations(description):
        _answer(schemas, method, path, operation)
        _fail(method, path, operation)
        if path.startswith(_OLD):
            _spell_as_published(method, operation)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name, spelt in _SPELLINGS.items():
        if name in schemas:
            schemas[name]["enum"] = spelt
    description["components"]["securitySchemes"] = {
        "basic": {"type": "http", "scheme": "basic", "description": "The token as the password."},
        "bearer": {"type": "http", "scheme": "bearer"},
    }
    description["servers"] = [
        {"url": "/", "description": "The organization `default`."},
        {"url": "/{organization}", "variables": {"organization": {"default": "default"}}},
    ]
    description["security"] = [{"basic": []}, {"bearer": []}]
    return description


def _operations(description: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _answer(schemas: Json, method: str, path: str, operation: Json) -> None:
    answer = _ANSWERS.get((method, path))
    if answer is not None:
        operation["responses"]["200"]["content"] = {"application/json": {"schema": _add(schemas, answer)}}
    if (method, path) in _ASKED:
        operation["requestBody"]["content"]["application/json"]["example"] = _ASKED[method, path]


def _fail(method: str, path: str, operation: Json) -> None:
    """The errors that the operation may end with."""
    responses: Json = operation["responses"]
    responses.pop("422", None)  # what will not do is 400 here
    errors = dict(_ERRORS)
    if method == "options" or path.startswith("/files/"):
        operation["security"] = []
        del errors["401"]
    if "requestBody" in operation:
        errors |= _ERRORS_WITH_A_BODY
    errors |= _FURTHER_ERRORS.get((method, path), {})
    old = not path.startswith(PROBLEMS_BELOW)
    kind, model = ("application/json", "WrappedException") if old else ("application/problem+json", "Problem")
    for status, meaning in errors.items():
        schema = {"$ref": _REFERENCE.format(model=model)}
        responses[status] = {"description": meaning, "content": {kind: {"schema": schema}}}


def _spell_as_published(method: str, operation: Json) -> None:
    parameters: list[Json] = operation.setdefault("parameters", [])
    for parameter in parameters:
        if parameter["in"] == "query":
            parameter["name"] = PUBLISHED_NAMES.get(parameter["name"], parameter["name"])
    parameters.append(
        {
            "name": "api-version",
            "in": "query",
            "required": method in ("post", "put", "patch"),
            "description": "1.0 to 7.x; it may stand in the Accept or Content-Type header instead.",
            "schema": {"type": "string", "pattern": r"^[1-7]\.[0-9]{1,2}(-preview(\.[0-9]{1,2})?)?$"},
            "example": "7.1",
        }
    )


def _add(schemas: Json, model: Any) -> Json:
    """The schema of a model or type; what it refers to is added to the components."""
    schema = TypeAdapter(model).json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    for name, definition in schema.pop("$defs", {}).items():
        schemas.setdefault(name, definition)
    if "title" in schema and isinstance(model, type):
        schemas[model.__name__] = schema
        return {"$ref": _REFERENCE.format(model=model.__name__)}
    return schema
