"""What the C# sample sent: its models as .NET writes them, with every member, enumerations as numbers, dates that nobody set
(reference: clt-service, sections 0, 1.2 and 8). Its own models are read back with members that have no place for a null.
"""

import gzip
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.serving import TOKEN, Served
from tests.site import Site

NEVER = "0001-01-01T00:00:00"
PENDING, QUEUED, ABORTED = 0, 1, 5
VALUES = re.compile(r"(Date|Number|count|duration|Count|Interval|Minutes)$")


@pytest.fixture
def client(service: Served) -> Iterator[httpx2.Client]:
    """The user name is a blank; the version goes behind every address."""
    headers = {"User-Agent": "API-Sample-Revision-1"}
    base = f"{service.base}/Fabrikam/_apis/clt/"
    with httpx2.Client(
        base_url=base, auth=(" ", TOKEN), headers=headers, params={"api-version": "1.0"}, timeout=30
    ) as client:
        yield client


def run_body(drop_id: str, **members: Any) -> dict[str, Any]:
    """A TestRun, most of it never set."""
    nobody = {"DisplayName": None, "Id": None}
    return {
        "Id": None,
        "Name": "SampleLoadTest.loadtest",
        "RunNumber": 0,
        "CreatedBy": nobody,
        "CreatedDate": NEVER,
        "QueuedDate": NEVER,
        "StartedDate": NEVER,
        "FinishedDate": NEVER,
        "ExecutionStartedDate": NEVER,
        "WarmUpStartedDate": NEVER,
        "StartedBy": nobody,
        "StoppedBy": nobody,
        "Description": "Running from the sample",
        "State": PENDING,
        "SubState": 0,
        "TestDrop": {"Id": drop_id, "Url": None},
        "TestSettings": {"CleanupCommand": None, "HostProcessPlatform": 2, "SetupCommand": None},
        "RunSpecificDetails": {
            "Duration": 0,
            "WarmUpDuration": 0,
            "VirtualUserCount": 0,
            "CoreCount": 0,
            "SamplingInterval": 0,
            "LoadGeneratorMachinesType": 0,
        },
        "SuperSedeRunSettings": None,
        "AbortMessage": None,
        "Url": None,
        **members,
    }


def drop_body(**members: Any) -> dict[str, Any]:
    return {
        "Id": None,
        "DropType": "TestServiceBlobDrop",
        "CreatedDate": NEVER,
        "AccessData": None,
        "TestRunId": None,
        "LoadTestDefinition": None,
        **members,
    }


def read(answer: httpx2.Response) -> Any:
    """The JSON; fails where a date or a number is null, for then the sample sees no object at all."""
    assert answer.is_success, answer.text
    body = answer.json()
    for entry in body if isinstance(body, list) else [body]:
        for name, value in entry.items():
            assert value is not None or not VALUES.search(name), name
    return body


def test_the_sample_from_drop_to_results(client: httpx2.Client, site: Site) -> None:
    definition = {
        "LoadTestName": "SampleLoadTest",
        "Urls": [f"{site.url}/"],
        "BrowserMixs": [{"BrowserName": "Chrome 2", "BrowserPercentage": 100.0}],
        "LoadPatternName": "Constant",
        "LoadPatternType": 0,
        "MaxVusers": 2,
        "RunDuration": 2,
        "SamplingRate": 1,
        "ThinkTime": 0,
        "AgentCount": 0,
        "CoreCount": 0,
        "CoresPerAgent": 0,
        "LoadGenerationGeoLocations": [{"Location": "Default", "Percentage": 100}],
    }
    drop = read(client.post("testdrops", json=drop_body(DropType="InPlaceDrop", LoadTestDefinition=definition)))
    run = read(client.post("testruns", json=run_body(drop["id"])))
    assert run["runSpecificDetails"].items() >= {"duration": 2, "virtualUserCount": 2, "samplingInterval": 1}.items()

    changed = client.patch(f"testruns/{run['id']}", json=run_body(drop["id"], Id=run["id"], State=QUEUED))
    assert (changed.status_code, changed.content) == (202, b"")
    end = time.monotonic() + 60
    while run["state"] not in ("completed", "aborted", "error"):
        assert time.monotonic() < end
        time.sleep(0.1)
        run = read(client.get(f"testruns/{run['id']}"))
    assert run["state"] == "completed"

    counters = read(client.get(f"testruns/{run['id']}/counterinstances", params={"groupNames": "Default"}))["value"]
    wanted = [each for each in counters if each["counterName"] in ("Avg. Response Time", "User Load")]
    assert len(wanted) == 2
    asked = [{"CounterInstanceId": each["counterInstanceId"], "FromInterval": 0, "ToInterval": -1} for each in wanted]
    samples = read(client.post(f"testruns/{run['id']}/countersamples", json={"Count": 2, "Value": asked}))
    assert [len(each["values"]) == each["count"] > 1 for each in samples["values"]] == [True, True]

    assert read(client.get(f"testruns/{run['id']}/errors"))["types"] == []
    assert run["id"] in [each["id"] for each in read(client.get("testruns"))], "a bare array"
    file = httpx2.get(read(client.get(f"testruns/{run['id']}/results"))["resultsUrl"])
    assert json.loads(gzip.decompress(file.content))["format"] == "headrace-results"


def test_a_run_that_is_stopped(client: httpx2.Client, site: Site) -> None:
    definition = {"LoadTestName": "Long", "Urls": [site.url], "MaxVusers": 1, "RunDuration": 60}
    drop = read(client.post("testdrops", json=drop_body(DropType=" inplacedrop ", LoadTestDefinition=definition)))
    run = read(client.post("testruns", json=run_body(drop["id"])))
    for state in (QUEUED, QUEUED, ABORTED, ABORTED):
        assert client.patch(f"testruns/{run['id']}", json={"State": state, "SubState": 0}).status_code == 202
    end = time.monotonic() + 60
    while run["state"] != "aborted":
        assert time.monotonic() < end
        time.sleep(0.1)
        run = read(client.get(f"testruns/{run['id']}"))
    assert run["stoppedBy"]["displayName"]


def test_what_is_refused_has_a_message_that_the_sample_shows(client: httpx2.Client) -> None:
    answer = client.post("testruns", json=run_body("6419a171-aead-4e12-8625-4c7ce99c4c5a"))
    assert answer.status_code == 400
    assert "testDrop.id: there is no test drop" in answer.json()["message"]
