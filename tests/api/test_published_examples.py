"""Our answers against the published examples: every member that an example has is there, and of the same type.

The examples slip in places, and clients fail on what they show there (reference: section 0, lines 1 to 3): a list of
runs and the counter groups are arrays, and geo locations are an array of objects with a number.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.runs import life
from tests.api.server import CLT, Server

EXAMPLES = Path(__file__).parents[3] / "shared/api/6.1/httpExamples"
pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the published examples (../shared) are not here")

# What this version does not measure or have.
NOT_HERE = {"diagnostics"}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def example(name: str) -> Any:
    body = json.loads((EXAMPLES / name).read_text(encoding="utf-8-sig"))["responses"]["200"]["body"]
    if name == "results/GET__TestResults_.json":
        body["counterGroups"] = body["counterGroups"]["value"]
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


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("testruns/GET__TestRuns.json", "/testruns"),
        ("testruns/GET__TestRuns__filter__detailed_.json", "/testruns?detailed=true"),
        ("testruns/GET__TestRuns__filter__name_.json", "/testruns?name=shop.LOADTEST"),
        ("testruns/GET__TestRuns__filter__date_.json", "/testruns?fromDate=20140623T061334Z&toDate=20300623T061422Z"),
        ("testruns/GET__TestRuns__filter__status_.json", "/testruns?status=completed"),
        ("testruns/GET__TestRuns__filter__user_.json", "/testruns?requestedBy=ada"),
        ("testruns/GET__TestRuns__testRunId_.json", "/TestRuns/{run}"),
        ("testdrops/GET__TestDrops__testDropId_.json", "/TestDrops/{drop}"),
        ("results/GET__TestResults_.json", "/TestRuns/{run}/results"),
        (
            "counterinstances/GET__CounterInstances__run_.json",
            "/testRuns/{run}/CounterInstances?groupNames=Performance%2CThroughput%2CApplication",
        ),
        ("errors/errortype.json", "/testRuns/{run}/Errors?type=HttpError"),
        ("errors/errortypesubtype.json", "/testRuns/{run}/Errors?type=HttpError&subtype=404%20-%20NotFound"),
        (
            "errors/errortypesubtypedetailed.json",
            "/testRuns/{run}/Errors?type=HttpError&subtype=404%20-%20NotFound&detailed=true",
        ),
        ("errors/GetTestRunErrorsDetailedTrue.json", "/testRuns/{run}/Errors?detailed=True"),
        ("messages/GET__messages_.json", "/testRuns/{run}/Messages"),
    ],
)
def test_an_answer_has_what_the_published_one_has(server: Server, run_id: str, name: str, path: str) -> None:
    drop_id = server.run(run_id)["testDrop"]["id"]
    answer = server.client.get(CLT + path.format(run=run_id, drop=drop_id))
    assert answer.status_code == 200, answer.text
    assert missing(example(name), answer.json()) == []


def test_the_published_body_of_a_drop_is_answered_as_published(server: Server) -> None:
    name = "testdrops/POST__TestDrops__dropType_.json"
    body = json.loads((EXAMPLES / name).read_text(encoding="utf-8-sig"))["parameters"]["body"]
    assert missing(example(name), server.post("/TestDrops", body).json()) == []


def test_the_published_body_of_a_run_is_answered_as_published(server: Server) -> None:
    name = "testruns/POST__TestRuns.json"
    body = json.loads((EXAMPLES / name).read_text(encoding="utf-8-sig"))["parameters"]["body"]
    body["testDrop"]["id"] = server.new_drop()["id"]
    answer = server.post("/TestRuns", body)
    assert answer.status_code == 200, answer.text
    assert missing(example(name), answer.json()) == []


def test_the_published_changes_are_made(server: Server) -> None:
    run_id = server.new_run()["id"]
    for name, state in (("Queued", "queued"), ("Aborted", "stopping")):
        file = EXAMPLES / f"testruns/PATCH__TestRuns__testRunId_{name}.json"
        body = json.loads(file.read_text(encoding="utf-8-sig"))["parameters"]["body"]
        assert server.patch(f"/testruns/{run_id}", body).status_code == 202
        assert server.run(run_id)["state"] == state


def test_the_published_question_for_samples_is_answered_as_published(server: Server, run_id: str) -> None:
    name = "countersamples/POST__CounterSamples__run_.json"
    body = json.loads((EXAMPLES / name).read_text(encoding="utf-8-sig"))["parameters"]["body"]
    answer = server.post(f"/testRuns/{run_id}/CounterSamples", body).json()
    assert missing(example(name), answer) == []
    assert {sample["counterType"] for values in answer["values"] for sample in values["values"]} == {"AverageTimer32"}


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
