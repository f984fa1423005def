"""/openapi.json and /docs: what they say is so."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.server import Server


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return {}


@pytest.fixture
def description(server: Server, kept: dict[str, Any]) -> Any:
    """The description, asked for once: making it takes a moment."""
    if not kept:
        answer = server.stranger.get("/openapi.json")
        assert answer.headers["content-type"] == "application/json"
        kept.update(answer.json())
    return kept


def operations(description: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_it_is_openapi_3_1_and_both_apis_are_in_it(description: Any) -> None:
    assert description["openapi"].startswith("3.1")
    assert {"/_apis/clt/testruns/{run_id}", "/api/v1/runs/{run_id}"} <= set(description["paths"])


def test_every_operation_has_a_schema_for_what_it_answers_well(description: Any) -> None:
    for method, path, operation in operations(description):
        good = {status: response for status, response in operation["responses"].items() if status < "300"}
        assert len(good) == 1, (method, path)
        for status, response in good.items():
            if path.startswith("/files/") or status == "204" or (method == "patch" and status == "202"):
                continue
            for content in response["content"].values():
                schema = content["schema"]
                assert schema.get("$ref") or schema.get("anyOf") or schema["type"] in ("array", "string"), (
                    method,
                    path,
                    schema,
                )


def test_every_operation_names_its_errors_in_the_shape_of_its_api(description: Any) -> None:
    for method, path, operation in operations(description):
        errors = {status: response for status, response in operation["responses"].items() if status >= "400"}
        assert {"400", "403", "404"} <= set(errors), (method, path)
        assert ("401" in errors) == (operation.get("security") != []), (method, path)
        kind = "application/problem+json" if path.startswith("/api/") else "application/json"
        assert all(list(response["content"]) == [kind] for response in errors.values()), (method, path)
        assert "422" not in errors


def test_every_reference_leads_somewhere(description: Any) -> None:
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(description)))
    assert names <= set(description["components"]["schemas"])


def test_every_body_has_an_example(description: Any) -> None:
    for method, path, operation in operations(description):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            model = content["schema"]["$ref"].rpartition("/")[2]
            properties = description["components"]["schemas"][model]["properties"].values()
            assert "example" in content or any("examples" in one or "enum" in one for one in properties), (method, path)


def test_names_and_enumerations_are_spelt_as_on_the_wire(description: Any) -> None:
    parameters = {one["name"] for one in description["paths"]["/_apis/clt/testruns"]["get"]["parameters"]}
    assert {"requestedBy", "fromDate", "api-version"} <= parameters
    assert "inProgress" in description["components"]["schemas"]["State"]["enum"]


def test_the_examples_of_bodies_are_taken(server: Server, description: Any) -> None:
    drop = description["paths"]["/_apis/clt/testdrops"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert server.post("/testdrops", drop).status_code == 200
    definition = description["paths"]["/_apis/clt/testdefinitions"]["post"]["requestBody"]["content"]["application/json"]
    made = server.post("/testdefinitions", definition["example"])
    assert made.status_code == 200, made.text
    assert server.post("/testruns", {"name": "a", "testDrop": {"id": made.json()["id"]}}).status_code == 200
    plan = description["components"]["schemas"]["NewRunShape"]["properties"]["plan"]["examples"][0]
    answer = server.client.post("/api/v1/runs", json={"plan": plan})
    assert answer.status_code == 201, answer.text


def test_the_page_names_every_operation_and_needs_nothing_from_elsewhere(server: Server, description: Any) -> None:
    answer = server.stranger.get("/docs")
    assert answer.status_code == 200
    for method, path, _ in operations(description):
        assert f"<b>{method.upper()}</b><code>{path}</code>" in answer.text
    for name in description["components"]["schemas"]:
        assert f'id="{name}"' in answer.text
    assert set(re.findall(r'href="([^#"]+)"', answer.text)) == {"openapi.json"}
    assert not re.search(r"<script|<link|<img|src=|@import|url\(", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_whoever_has_no_token_learns_nothing_of_this_service(server: Server) -> None:
    run = server.new_run("a secret name")
    for path in ("/openapi.json", "/docs"):
        text = server.stranger.get(path).text
        assert run["id"] not in text
        assert "a secret name" not in text
        assert server.stranger.post(path).status_code == 401
