"""What the three pipeline tasks sent, in their order and spelling (reference: clt-service, sections 1.2, 2.3, 3.7 and 8).

They are PowerShell: names of members in any case, numbers as text, and every answer must be JSON that they can read.
"""

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.serving import TOKEN, Served
from tests.site import Site

SPS = "951917AC-A960-4999-8464-E3F0AA25B381"
CLT = "6C404D78-EF65-4E65-8B6A-DF19D6361EAE"
MIXES = [
    {"browserName": "Internet Explorer 11.0", "browserPercentage": 60.0},
    {"browserName": "Chrome 2", "browserPercentage": 40.0},
]
PATIENCE = 60
FILES = {
    "Load/Shop.loadtest": """<?xml version="1.0" encoding="utf-8"?>
<LoadTest Name="Shop" CurrentRunConfig="Run" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Scenarios>
    <Scenario Name="Day" MaxTestIterations="0" IPSwitching="false" TestMixType="PercentageOfTestsStarted">
      <ThinkProfile Value="0" Pattern="Off" />
      <LoadProfile Pattern="Constant" InitialUsers="2" />
      <TestMix>
        <TestProfile Name="look" Path="look.webtest" Id="7f53ef61-f667-413c-be42-09a3340a1094" Percentage="100"
          Type="Microsoft.VisualStudio.TestTools.WebStress.DeclarativeWebTestElement, Microsoft.VisualStudio.LoadTest" />
      </TestMix>
      <BrowserMix>
        <BrowserProfile Percentage="100"><Browser Name="Chrome 2" MaxConnections="6" /></BrowserProfile>
      </BrowserMix>
    </Scenario>
  </Scenarios>
  <RunConfigurations><RunConfiguration Name="Run" RunDuration="2" WarmupTime="0" SampleRate="1" /></RunConfigurations>
</LoadTest>
""",
    "Load/look.webtest": """<?xml version="1.0" encoding="utf-8"?>
<WebTest Name="look" Id="1" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Items><Request Method="GET" Version="1.1" Url="{url}" ThinkTime="0" /></Items>
</WebTest>
""",
}


class Task:
    """A task that has found the service."""

    def __init__(self, client: httpx2.Client, account: str) -> None:
        self._client = client
        self._base = self._locate(self._locate(account, SPS), CLT)

    def _locate(self, base: str, service: str) -> str:
        answer = self._client.get(f"{base}/_apis/servicedefinitions/LocationService2/{service}")
        assert answer.status_code == 200, answer.text
        location: str = answer.json()["locationMappings"][0]["location"]
        return location

    def send(self, method: str, path: str, body: Any = None, version: str = "api-version=1.0") -> Any:
        """The JSON of an answer; the tasks let PowerShell raise what is no success."""
        question = "&" if "?" in path else "?"
        url = f"{self._base}/_apis/clt/{path}" + (f"{question}{version}" if version else "")
        answer = self._client.request(method, url, json=body) if body else self._client.request(method, url)
        assert answer.is_success, answer.text
        assert answer.elapsed.total_seconds() < 60
        return answer.json() if answer.content else None

    def queue(self, run: Any) -> Any:
        """Starts the run, and asks for it at once: anything but queued or inProgress counts as its end."""
        assert self.send("PATCH", f"testruns/{run['id']}", {"state": "queued"}) is None
        return self.send("GET", f"testruns/{run['id']}")

    def states(self, run: Any) -> Iterator[Any]:
        """The run again and again, up to the first state at which the task stops to ask."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            current = self.send("GET", f"testruns/{run['id']}")
            yield current
            if current["state"] not in ("queued", "inProgress"):
                return
            time.sleep(0.1)  # 15 seconds, in the tasks
        raise AssertionError("the run did not end")

    def show_messages(self, run: Any) -> list[Any]:
        messages = self.send("GET", f"testruns/{run['id']}/messages")["value"]
        return sorted(messages, key=lambda message: str(message["loggedDate"]))


@pytest.fixture
def client(service: Served) -> Iterator[httpx2.Client]:
    """Says Bearer, as the tasks do without a connection of a name, and a content type whatever it asks."""
    headers = {
        "User-Agent": "QuickPerfTestBuildTask",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {TOKEN}",
    }
    with httpx2.Client(headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(params=["/Fabrikam", "/Fabrikam/", ""])
def account(service: Served, request: pytest.FixtureRequest) -> str:
    """The account as the task was given it: with an organization, with a slash too much, or a whole host of its own."""
    return f"{service.base}{request.param}"


def test_quick_perf_test(client: httpx2.Client, account: str, site: Site) -> None:
    task = Task(client, account)
    definition = {
        "loadTestName": "Quick.loadtest",
        "runDuration": "2",
        "urls": [f"{site.url}/slow/20"],
        "browserMixs": MIXES,
        "loadPatternName": "Constant",
        "maxVusers": "4",
        "loadGenerationGeoLocations": [{"Location": "Default", "Percentage": 100}],
    }
    drop = task.send("POST", "testdrops", {"dropType": "InplaceDrop", "loadTestDefinition": definition})
    assert drop["dropType"].lower() == "inplacedrop"
    run = task.send(
        "POST",
        "testruns",
        {
            "name": "Quick.loadtest",
            "description": "Quick perf test from automation task",
            "testSettings": {"cleanupCommand": "", "hostProcessPlatform": "x64", "setupCommand": ""},
            "superSedeRunSettings": {"loadGeneratorMachinesType": "0"},
            "testDrop": {"id": drop["id"]},
            "runSourceIdentifier": "build/7/512",
        },
    )
    assert task.queue(run)["state"] in ("queued", "inProgress")
    *_, last = task.states(run)
    assert last["state"] == "completed"
    assert (last["runNumber"], last["name"]) == (run["runNumber"], "Quick.loadtest"), "the task prints both"
    assert "error" not in [message["messageType"] for message in task.show_messages(run)]
    assert client.get(last["webResultUrl"]).status_code == 200
    summary = task.send("GET", f"testruns/{run['id']}/ResultSummary", version="")
    average = summary["overallRequestSummary"]["averageResponseTime"]
    assert average > 0, "the task raises where it is missing or 0"
    assert average * 1000 >= 20, "it is held against a threshold in milliseconds"
    assert run["id"] in [each["id"] for each in task.send("GET", "testruns?runsourceidentifier=build/7/512")]


@pytest.mark.parametrize("account", ["/Fabrikam"], indirect=True)
def test_quick_perf_test_on_own_agents(client: httpx2.Client, account: str, site: Site) -> None:
    """In the group that the task suggests, which is the one that is always there."""
    task = Task(client, account)
    definition = {"loadTestName": "q", "runDuration": 1, "urls": [site.url], "maxVusers": 2, "loadPatternName": "Constant"}
    drop = task.send("POST", "testdrops", {"dropType": "InplaceDrop", "loadTestDefinition": definition})

    def run_on(group: str) -> Any:
        static = {"loadGeneratorMachinesType": "userLoadAgent", "staticAgentGroupName": group}
        run = task.send(
            "POST",
            "testruns",
            {
                "name": "q",
                "testSettings": {"cleanupCommand": "", "hostProcessPlatform": "x64", "setupCommand": ""},
                "superSedeRunSettings": {"loadGeneratorMachinesType": "2", "staticAgentRunSettings": static},
                "testDrop": {"id": drop["id"]},
                "runSpecificDetails": {
                    "virtualUserCount": "2",
                    "duration": "1",
                    "agentCount": "1",
                    "loadGeneratorMachinesType": "userLoadAgent",
                },
            },
        )
        task.queue(run)
        *_, last = task.states(run)
        return last

    assert run_on("default")["state"] == "completed"
    refused = run_on("ours")
    assert refused["state"] == "aborted"
    assert "The agent group 'ours' has no agents" in refused["abortMessage"]["details"][0]


@pytest.mark.parametrize("account", ["/Fabrikam"], indirect=True)
def test_cloud_load_test(client: httpx2.Client, account: str, site: Site) -> None:
    """With the files of the load test's folder, as AzCopy brings them: it asks for each first, and finds none."""
    task = Task(client, account)
    drop = task.send("POST", "testdrops", {"dropType": "TestServiceBlobDrop"})
    drop = task.send("GET", f"testdrops/{drop['id']}")
    assert drop["dropType"] == "TestServiceBlobDrop"
    upload(client, drop, FILES, site.url)
    run = task.send(
        "POST",
        "testruns",
        {
            "name": "Shop.loadtest",
            "description": "Load test triggered from build task",
            "testSettings": {"cleanupCommand": "", "hostProcessPlatform": "x64", "setupCommand": ""},
            "superSedeRunSettings": {"loadGeneratorMachinesType": "1"},
            "testDrop": {"id": drop["id"]},
            "runSourceIdentifier": "build/7/513",
        },
    )
    assert task.queue(run)["state"] in ("queued", "inProgress")
    violations = 0
    for current in task.states(run):
        if current["state"] == "inProgress":
            errors = task.send("GET", f"testruns/{run['id']}/errors?type=ThresholdMessage&detailed=True")
            critical = [kind for each in errors["types"] for kind in each["subTypes"] if kind["subTypeName"] == "Critical"]
            violations = sum(kind["occurrences"] for kind in critical)
    assert violations == 0
    last = task.send("GET", f"testruns/{run['id']}")
    assert last["state"] == "completed", last["abortMessage"]["details"]
    assert {message["messageType"] for message in task.show_messages(run)}.isdisjoint({"error", "critical"})
    assert task.send("GET", f"testruns/{run['id']}/errors?detailed=true")["types"] == []


@pytest.mark.parametrize("account", ["/Fabrikam"], indirect=True)
def test_apache_jmeter_load_test_up_to_its_refusal(client: httpx2.Client, account: str) -> None:
    task = Task(client, account)
    hints = {
        "loadTestName": "Shop.jmx",
        "runDuration": 60,
        "maxVusers": -1,
        "agentCount": 2,
        "coresPerAgent": 2,
        "coreCount": 4,
        "samplingRate": 15,
        "loadGenerationGeoLocations": [{"Location": "East US 2", "Percentage": 100}],
    }
    drop = task.send("POST", "testdrops", {"dropType": "TestServiceBlobDrop", "loadTestDefinition": hints})
    drop = task.send("GET", f"testdrops/{drop['id']}")
    assert (drop["dropType"], drop["loadTestDefinition"]["maxVusers"]) == ("TestServiceBlobDrop", -1)
    run = task.send(
        "POST",
        "testruns",
        {
            "name": "Shop.jmx",
            "description": "",
            "testSettings": {"cleanupCommand": "", "hostProcessPlatform": "x86", "setupCommand": ""},
            "superSedeRunSettings": {"loadGeneratorMachinesType": "0"},
            "testDrop": {"id": drop["id"]},
            "runSpecificDetails": {"coreCount": "2", "duration": "60", "samplingInterval": 15},
            "runType": "jMeterLoadTest",
            "runSourceIdentifier": "build/7/514",
        },
    )
    assert (run["runType"], run["runSpecificDetails"]["coreCount"]) == ("jMeterLoadTest", 2)
    task.queue(run)
    *_, last = task.states(run)
    assert (last["state"], last["abortMessage"]["source"]) == ("aborted", "Validation")
    told = [message["message"] for message in task.show_messages(run) if message["messageType"] == "error"]
    assert any("jMeterLoadTest" in message for message in told)
    assert task.send("PATCH", f"testruns/{run['id']}", {"state": "aborted"}) is None, "the task may stop what is over"


def upload(client: httpx2.Client, drop: Any, files: dict[str, str], target: str) -> None:
    """As AzCopy and its library do with small files."""
    access = drop["accessData"]
    for name, text in files.items():
        url = f"{access['dropContainerUrl']}/{name}{access['sasKey']}"
        assert httpx2.head(url).status_code == 404
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2017-04-17"}
        assert httpx2.put(url, content=text.replace("{url}", target).encode(), headers=headers).status_code == 201
