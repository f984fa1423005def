"""What /openapi.json promises is kept, whatever is sent: schemathesis makes requests that fit it, and some that do not.

The application is the whole one on a real store, with runs, drops and tokens that the requests name half of the time.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from headrace.api.openapi import describe
from tests.api.server import Server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 6
"""Requests for each operation and mode; all together they take half a minute."""


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as said", "not as said"])
@pytest.mark.parametrize("prefix", ["/_apis", "/api/v1", "/files"])
def test_no_request_gets_an_answer_that_is_not_described(server: Server, prefix: str, mode: GenerationMode) -> None:
    known = populate(server)
    schema = schemathesis.openapi.from_dict(describe(server.app))
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    chosen = [operation for operation in operations if operation.path.startswith(prefix)]
    assert chosen
    with server.stranger:  # one event loop for all requests
        for operation in chosen:
            hold(server, operation, mode, known)


def hold(
    server: Server, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, known: dict[str, list[str]]
) -> None:
    """Sends requests to one operation."""

    @seed(20260301)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def ask(case: Case[Any], data: st.DataObject) -> None:
        for name in case.path_parameters or {}:
            if name in known and data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
        if operation.path.endswith("/events"):
            case.path_parameters["run_id"] = known["run_id"][0]  # one that is over: its stream ends
        case.validate_response(send(server, case), checks=CHECKS)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # an operation of which nothing can be wrong


def send(server: Server, case: Case[Any]) -> Any:
    """The answer of the application to a case."""
    arguments = case.as_transport_kwargs(base_url="http://load.test")
    headers = {**arguments.pop("headers", {}), "Authorization": f"Bearer {server.token}"}
    arguments.pop("cookies", None)
    if isinstance(arguments.get("data"), bytes):
        arguments["content"] = arguments.pop("data")
    return server.stranger.request(**arguments, headers=headers)


def populate(server: Server) -> dict[str, list[str]]:
    """Ids that there are, by the parameters that name them; the first run is over and has results."""
    runs = [server.measured_run(), server.new_run()["id"], server.new_run("other")["id"]]
    server.queue(runs[2])
    return {
        "run_id": runs,
        "drop_id": [server.new_drop()["id"]],
        "definition_id": [server.post("/testdefinitions", {"name": "shop"}).json()["id"]],
        "group_id": [group["groupId"] for group in server.get("/agentgroups").json()["value"]],
        "plugin_type": ["ApplicationInsights"],
        "token_id": [server.services.tokens.create(f"token {number}", server.time)[1].id for number in range(3)],
        "area": ["clt", "Location"],
        "identifier": ["951917ac-a960-4999-8464-e3f0aa25b381"],
        "area_id": ["7ae6d0a6-cda5-44cf-a261-28c392bed25c"],
    }
