"""Our answers against the published examples: every member that an example has is there, and of the same type.

The examples slip in places, and clients fail on what they show there (reference: section 0, lines 1 to 3, and 2.11): a list
of runs and the counter groups are arrays, geo locations are an array of objects with a number, what is deleted is told as a
string, and agents of a name are a list. What else differs is in docs/api.md.
"""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.runs import life
from tests.api.server import CLT, Server

EXAMPLES = Path(__file__).parents[3] / "shared/api/6.1/httpExamples"
pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the published examples (../shared) are not here")

# What this version does not have; no client reads it.
NOT_HERE = {"diagnostics"}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


# GET each of these paths; those named in the other constants have tests of their own.
ANSWERS = {
    "testruns/GET__TestRuns.json": "/testruns",
    "testruns/GET__TestRuns__filter__detailed_.json": "/testruns?detailed=true",
    "testruns/GET__TestRuns__filter__name_.json": "/testruns?name=shop.LOADTEST",
    "testruns/GET__TestRuns__filter__date_.json": "/testruns?fromDate=20140623T061334Z&toDate=20300623T061422Z",
    "testruns/GET__TestRuns__filter__status_.json": "/testruns?status=completed",
    "testruns/GET__TestRuns__filter__user_.json": "/testruns?requestedBy=ada",
    "testruns/GET__TestRuns__testRunId_.json": "/TestRuns/{run}",
    "testdrops/GET__TestDrops__testDropId_.json": "/TestDrops/{drop}",
    "results/GET__TestResults_.json": "/TestRuns/{run}/results",
    "counterinstances/GET__CounterInstances__run_.json": (
        "/testRuns/{run}/CounterInstances?groupNames=Performance%2CThroughput%2CApplication"
    ),
    "errors/errortype.json": "/testRuns/{run}/Errors?type=HttpError",
    "errors/errortypesubtype.json": "/testRuns/{run}/Errors?type=HttpError&subtype=404%20-%20NotFound",
    "errors/errortypesubtypedetailed.json": "/testRuns/{run}/Errors?type=HttpError&subtype=404%20-%20NotFound&detailed=true",
    "errors/GetTestRunErrorsDetailedTrue.json": "/testRuns/{run}/Errors?detailed=True",
    "messages/GET__messages_.json": "/testRuns/{run}/Messages",
    "testdefinitions/GET__TestDefinitions.json": "/testdefinitions",
    "testdefinitions/GET__TestDefinitions_testDefinitionId.json": "/testdefinitions?testdefinitionId={definition}",
    "agentgroups/GET__AgentGroups.json": "/agentgroups",
    "agentgroups/GET__AgentGroups_agentGroupId.json": "/agentgroups/{made_group}",
    "agentgroups/GET__AgentGroups_agentGroupName.json": "/agentgroups?agentGroupName=Made",
    "agents/GET__Agents_agentGroupId.json": "/agentgroups/{group}/agents",
    "agents/GET__Agents_agentName.json": "/agentgroups/{group}/agents?agentName=HOST",
    "plugins/GET__ApmPlugins.json": "/apm/plugins",
    "plugins/GET__ApmPlugins__type_.json": "/apm/plugins/applicationinsights",
}
CREATIONS = (
    "testdrops/POST__TestDrops__dropType_.json",
    "testruns/POST__TestRuns.json",
    "testdefinitions/POST__TestDefinitions.json",
    "testdefinitions/PUT__TestDefinitions.json",
    "agentgroups/POST__AgentGroups.json",
)
CHANGES = ("testruns/PATCH__TestRuns__testRunId_Queued.json", "testruns/PATCH__TestRuns__testRunId_Aborted.json")
SAMPLES = "countersamples/POST__CounterSamples__run_.json"
DELETION = "agents/DELETE__Agents_agentName.json"
NO_APPLICATIONS = ("applications/GET__ApmApplications__type_.json", "counters/GET__ApmCounters.json")


def published(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8-sig"))["responses"]


def sent(name: str) -> Any:
    """The body that an example sends."""
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8-sig"))["parameters"]["body"]


def example(name: str) -> Any:
    """The body that an example was answered with."""
    body = json.loads((EXAMPLES / name).read_text(encoding="utf-8-sig"))["responses"]["200"]["body"]
    if name == "results/GET__TestResults_.json":
        body["counterGroups"] = body["counterGroups"]["value"]
    if name == "agents/GET__Agents_agentName.json":
        (body["value"],) = body["value"]
    if name == "testruns/GET__TestRuns__testRunId_.json":
        body["loadGenerationGeoLocations"] = [{"location": "East US 2", "percentage": 100}]
    return body["value"] if name.startswith("testruns/GET__TestRuns") and "value" in body else body


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "date" if DATE.fullmatch(value) else "text"
    return type(value).__name__


def missing(published: Any, ours: Any, place: str = "") -> list[str]:
    """What an example has that we do not answer alike, by its place."""
    if published is None or place in NOT_HERE:
        return []
    if ours is None and place == "accessData":
        return []
    if kind(published) != kind(ours):
        return [f"{place}: {kind(published)}, ours {kind(ours)}"]
    if isinstance(published, dict):
        found = []
        for name, value in published.items():
            inner = f"{place}.{name}".removeprefix(".")
            if inner not in NOT_HERE and name not in ours:
                found.append(f"{inner}: missing")
            else:
                found += missing(value, ours.get(name), inner)
        return found
    if isinstance(published, list) and published:
        return missing(published[0], ours[0], f"{place}[]") if ours else [f"{place}: empty"]
    return []


@pytest.fixture
def run_id(server: Server) -> str:
    details = {"coreCount": 1, "warmUpDuration": 0}
    settings = {"cleanupCommand": "", "hostProcessPlatform": "x86", "setupCommand": ""}
    return server.measured_run(runSpecificDetails=details, testSettings=settings)


def test_every_published_example_is_held_against_an_answer() -> None:
    """Of both published versions, which have the same ones."""
    held = {*ANSWERS, *CREATIONS, *CHANGES, SAMPLES, DELETION, *NO_APPLICATIONS}
    for version in ("4.1", "6.1"):
        folder = EXAMPLES.parents[1] / version / "httpExamples"
        assert {str(file.relative_to(folder)) for file in folder.rglob("*.json")} == held
        for name in held:
            assert json.loads((folder / name).read_text(encoding="utf-8-sig"))["responses"] == published(name)


@pytest.mark.parametrize(("name", "path"), ANSWERS.items())
def test_an_answer_has_what_the_published_one_has(server: Server, run_id: str, name: str, path: str) -> None:
    server.services.agents.beat("host", server.time)
    drop_id = server.post("/testdrops", {"dropType": "TestServiceBlobDrop"}).json()["id"]
    server.post("/testruns", {"name": "shop.loadtest", "testDrop": {"id": drop_id}})
    ids = {
        "run": run_id,
        "drop": drop_id,
        "definition": server.post("/testdefinitions", sent("testdefinitions/POST__TestDefinitions.json")).json()["id"],
        "made_group": server.post("/agentgroups", {"groupName": "made"}).json()["groupId"],
        "group": server.get("/agentgroups").json()["value"][0]["groupId"],
    }
    answer = server.client.get(CLT + path.format(**ids))
    assert answer.status_code == 200, answer.text
    ours = answer.json()
    if name == "agentgroups/GET__AgentGroups.json":
        ours["value"].pop(0)  # nobody has made the first, so nothing says when
    assert missing(example(name), ours) == []


@pytest.mark.parametrize("name", CREATIONS)
def test_a_published_body_is_answered_as_published(server: Server, name: str) -> None:
    body = sent(name)
    if name.startswith("testruns/"):
        body["testDrop"]["id"] = server.new_drop()["id"]
    if "/PUT__" in name:
        body["id"] = server.post("/testdefinitions", body).json()["id"]
    method = "PUT" if "/PUT__" in name else "POST"
    answer = server.client.request(method, f"{CLT}/{name.partition('/')[0]}?api-version=6.1-preview.1", json=body)
    assert answer.status_code == 200, answer.text
    assert missing(example(name), answer.json()) == []


@pytest.mark.parametrize("name", ["testdefinitions/POST__TestDefinitions.json", "testdefinitions/PUT__TestDefinitions.json"])
def test_a_definition_comes_back_value_by_value(server: Server, name: str) -> None:
    """All but what is the service's own to give: ids, dates and people."""
    body = sent(name)
    made = server.post("/testdefinitions", body).json()
    ours = server.client.put(f"{CLT}/testdefinitions?api-version=6.1", json={**body, "id": made["id"]}).json()
    for member in (
        "name",
        "loadTestType",
        "loadTestDefinitionSource",
        "runSettings",
        "loadGenerationGeoLocations",
        "testDetails",
    ):
        assert ours[member] == example(name)[member]


def test_the_published_changes_are_made(server: Server) -> None:
    run_id = server.new_run()["id"]
    for name, state in zip(CHANGES, ("queued", "stopping"), strict=True):
        assert server.patch(f"/testruns/{run_id}", sent(name)).status_code == 202
        assert server.run(run_id)["state"] == state


def test_the_published_question_for_samples_is_answered_as_published(server: Server, run_id: str) -> None:
    answer = server.post(f"/testRuns/{run_id}/CounterSamples", sent(SAMPLES)).json()
    assert missing(example(SAMPLES), answer) == []
    assert {sample["counterType"] for values in answer["values"] for sample in values["values"]} == {"AverageTimer32"}


def test_a_deleted_agent_is_told_in_the_published_words(server: Server) -> None:
    """As a string, which is what the contract says; the example has an object around it."""
    server.services.agents.beat("test", server.time - timedelta(days=1))
    group = server.get("/agentgroups").json()["value"][0]["groupId"]
    answer = server.client.delete(f"{CLT}/agentgroups/{group}/agents?agentName=test")
    assert answer.json() == example(DELETION)["value"]


@pytest.mark.parametrize("name", NO_APPLICATIONS)
def test_there_are_no_applications_under_test_but_their_lists_are_published_ones(server: Server, name: str) -> None:
    path = "counters" if name.startswith("counters/") else "applications?pluginType=ApplicationInsights"
    assert server.get(f"/apm/{path}").json().keys() == example(name).keys()


def test_a_failed_validation_is_told_as_published(server: Server) -> None:
    published = example("testruns/GET__TestRuns__filter__detailed_.json")[2]["abortMessage"]
    run_id = server.new_run()["id"]
    server.queue(run_id)
    finding = Diagnostic(Severity.ERROR, "no")
    server.lead(run_id, life.begin_validation, lambda at: life.fail_validation(at, [finding], server.time))
    ours = server.run(run_id)["abortMessage"]
    assert missing(published, ours) == []
    assert ours["source"] == published["source"]
    detail = re.compile(r" Error , \d+/\d+/\d{4} \d+:\d\d:\d\d [AP]M , .+ ")
    assert detail.fullmatch(published["details"][0])
    assert detail.fullmatch(ours["details"][0])


def test_the_published_counters_have_their_published_ids_units_and_groups(server: Server, run_id: str) -> None:
    published = example("counterinstances/GET__CounterInstances__run_.json")
    ours = server.get(f"/testruns/{run_id}/counterinstances", groupNames="Performance,Throughput,Application").json()
    assert ours == published
