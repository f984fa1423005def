"""A client that does as azure-devops-go-api did (reference: clt-service, sections 1.2, 1.3 and 2.1).

It lower-cases every address, discovers first, and reads versions as text, ids as UUIDs, and lists from `value`.
"""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.serving import TOKEN, Served
from tests.site import Site

VERSION = "5.1"
AREA = UUID("7ae6d0a6-cda5-44cf-a261-28c392bed25c")
AGENT_GROUPS = UUID("ab8d91c1-12d9-4ec5-874d-1ddb23e17720")
AGENTS = UUID("87e4b63d-7142-4b50-801e-72ba9ff8ee9b")
APPLICATIONS = UUID("2c986dce-8e8d-4142-b541-d016d5aff764")
APPLICATION_COUNTERS = UUID("c1275ce9-6d26-4bc6-926b-b846502e812d")
PLUGINS = UUID("7dcb0bb2-42d5-4729-9958-c0401d5e7693")
COUNTERS = UUID("29265ea4-b5a5-4b2e-b054-47f5f6f00183")
SAMPLES = UUID("bad18480-7193-4518-992a-37289c5bb92d")
ERRORS = UUID("b52025a7-3fb4-4283-8825-7079e75bd402")
MESSAGES = UUID("2e7ba122-f522-4205-845b-2d270e59850a")
RESULTS = UUID("5ed69bd8-4557-4cec-9b75-1ad67d0c257b")
DEFINITIONS = UUID("a8f9b135-f604-41ea-9d74-d9a5fd32fcd8")
DROPS = UUID("d89d0e08-505c-4357-96f6-9729311ce8ad")
RUNS = UUID("b41a84ff-ff03-4ac1-b76e-e7ea25c92aba")


class GoClient:
    """Knows the resources of the service that it was led to by the organization's list of areas."""

    def __init__(self, organization: str, http: httpx2.Client) -> None:
        self._http = http
        self._base = organization.lower().rstrip("/")
        locations = self._discover(self._base)
        areas = self._http.get(
            f"{self._base}/{self._expand(locations[UUID('e81700f7-3be2-46de-8624-2eb35882fcaa')], {})}",
            headers={"Accept": "application/json;api-version=5.1-preview.1"},
        ).json()
        (area,) = [area for area in areas["value"] if UUID(area["id"]) == AREA]
        self._base = area["locationUrl"].lower().rstrip("/")
        self._locations = self._discover(self._base)

    def _discover(self, base: str) -> dict[UUID, dict[str, Any]]:
        answer = self._http.request("OPTIONS", f"{base}/_apis", headers={"Accept": "application/json"})
        found = answer.json()
        assert found["count"] == len(found["value"])
        for resource in found["value"]:
            for name in ("minVersion", "maxVersion", "releasedVersion"):
                assert isinstance(resource[name], str), "*string"
            assert isinstance(resource["resourceVersion"], int)
        return {UUID(resource["id"]): resource for resource in found["value"]}

    def _expand(self, resource: dict[str, Any], values: dict[str, str]) -> str:
        """The template with its values; segments without one are dropped."""
        known = {"area": resource["area"], "resource": resource["resourceName"], **values}
        segments = []
        for segment in resource["routeTemplate"].split("/"):
            value = known.get(segment.strip("{}*"), "") if segment.startswith("{") else segment
            if value:
                segments.append(value)
        return "/".join(segments)

    def _negotiate(self, resource: dict[str, Any]) -> str:
        """Go compares versions as texts here."""
        latest, released = str(resource["maxVersion"]), str(resource["releasedVersion"])
        version = min(VERSION, latest)
        return version + "-preview" if released < version else version

    def send(self, method: str, location: UUID, body: Any = None, query: Any = None, **values: str) -> Any:
        resource = self._locations[location]
        url = f"{self._base}/{self._expand(resource, values)}".lower()
        headers = {"Accept": f"application/json;api-version={self._negotiate(resource)}"}
        if body is not None:
            headers["Content-Type"] = "application/json;charset=utf-8"
        answer = self._http.request(method, url, json=body, params=query, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def list(self, location: UUID, query: Any = None, **values: str) -> list[Any]:
        """What is behind `value`: nothing else is a list to it."""
        found = self.send("GET", location, query=query, **values)["value"]
        assert isinstance(found, list)
        return found


@pytest.fixture
def go(service: Served) -> Iterator[GoClient]:
    headers = {"User-Agent": "go/1.13 (linux amd64) azure-devops-go-api/0.0.0", "X-TFS-FedAuthRedirect": "Suppress"}
    with httpx2.Client(auth=("", TOKEN), headers=headers, timeout=30) as http:
        yield GoClient(f"{service.base}/FabriKam/", http)


def test_a_run_from_drop_to_results(go: GoClient, site: Site) -> None:
    definition = {
        "loadTestName": "go",
        "urls": [f"{site.url}/status/500"],
        "maxVusers": 2,
        "runDuration": 1,
        "samplingRate": 1,
    }
    drop = go.send("POST", DROPS, {"dropType": "InPlaceDrop", "loadTestDefinition": definition})
    assert go.send("GET", DROPS, testDropId=drop["id"])["id"] == drop["id"]
    run = go.send("POST", RUNS, {"name": "go", "testDrop": {"id": drop["id"]}})
    assert go.send("PATCH", RUNS, {"state": "queued"}, testRunId=run["id"]) is None
    end = time.monotonic() + 60
    while (run := go.send("GET", RUNS, testRunId=run["id"]))["state"] not in ("completed", "aborted", "error"):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert run["state"] == "completed"
    assert run["id"] in [each["id"] for each in go.send("GET", RUNS, query={"status": "completed", "detailed": "true"})]

    of_run = {"testRunId": run["id"].upper()}
    assert go.list(MESSAGES, **of_run)
    counters = go.list(COUNTERS, {"groupNames": "Performance,Throughput"}, **of_run)
    asked = [{"counterInstanceId": each["counterInstanceId"]} for each in counters]
    samples = go.send("POST", SAMPLES, {"count": len(asked), "value": asked}, **of_run)
    for sample in (sample for entry in samples["values"] for sample in entry["values"]):
        for name in ("rawValue", "baseValue", "timeStamp", "counterFrequency", "systemFrequency"):
            assert isinstance(sample[name], int), "uint64"
            assert sample[name] >= 0
    assert go.send("GET", ERRORS, query={"detailed": "true"}, **of_run)["count"] == 1
    groups = go.send("GET", RESULTS, **of_run)["counterGroups"]
    assert "Performance" in [group["groupName"] for group in groups]


def test_definitions_agents_and_application_counters(go: GoClient) -> None:
    made = go.send("POST", DEFINITIONS, {"name": "go", "loadTestType": "visualStudioLoadTest", "testDetails": {}})
    assert go.send("PUT", DEFINITIONS, {**made, "name": "gone"})["name"] == "gone"
    assert go.send("GET", DEFINITIONS, testDefinitionId=made["id"])["name"] == "gone"
    assert made["id"] in [each["id"] for each in go.list(DEFINITIONS, {"top": "1000"})]

    group = go.send("POST", AGENT_GROUPS, {"groupName": "go"})
    assert UUID(group["groupId"])
    assert go.send("GET", AGENT_GROUPS, agentGroupId=group["groupId"])["groupName"] == "go"
    assert [each["groupId"] for each in go.list(AGENT_GROUPS, {"agentGroupName": "go"})] == [group["groupId"]]
    assert go.list(AGENTS, agentGroupId=group["groupId"]) == []

    assert [each["type"] for each in go.list(PLUGINS)] == ["ApplicationInsights"]
    assert go.send("GET", PLUGINS, type="ApplicationInsights")["isEnabled"] is False
    assert go.list(APPLICATIONS, {"type": "ApplicationInsights"}) == go.list(APPLICATION_COUNTERS) == []
