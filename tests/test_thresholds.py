"""Thresholds through the whole service, read as the old CloudLoadTest task reads them (reference: clt-service, 3.7)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.serving import TOKEN, Served, eventually, headrace, serving
from tests.site import Site, serving_site

# What no target and no machine keeps to, and the last what each does.
PLAN = """\
name: Watched
duration: %d
sampling_interval: 1
tests:
- name: Buy
  steps:
  - {step: request, url: '%s/slow/10', name: Basket}
scenarios:
- name: Day
  mix: [{test: Buy}]
  load: {shape: constant, users: 2}
thresholds:
- counter: {category: 'LoadTest:Request', counter: Avg. Response Time, instance: Basket}
  warning: 0.001
  critical: 0.005
- counter: {category: 'LoadTest:Request', counter: Requests/Sec}
  over: false
  warning: 1000000
- counter: {category: Memory, counter: Available MBytes}
  agents: true
  over: false
  critical: 1000000000
- counter: {category: Processor, counter: '%% Processor Time'}
  agents: true
  warning: 0
- counter: {category: 'LoadTest:Errors', counter: Total Errors}
  critical: 0
"""
CRITICAL = {
    ("Agent0", "Memory", "Available MBytes", "", "is below the critical threshold value of 1E+09."),
    ("ELSCONTROLLER", "LoadTest:Request", "Avg. Response Time", "Basket", "exceeds the critical threshold value of 0.005."),
}
WARNING = {
    ("Agent0", "Processor", "% Processor Time", "_Total", "exceeds the warning threshold value of 0."),
    ("ELSCONTROLLER", "LoadTest:Request", "Requests/Sec", "_Total", "is below the warning threshold value of 1000000."),
}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


def start(service: Served, site: Site, seconds: int) -> str:
    drop = service.call("POST", "testdrops", {"dropType": "InplaceDrop", "headracePlan": PLAN % (seconds, site.url)})
    run_id: str = service.call("POST", "testruns", {"name": "watched", "testDrop": {"id": drop["id"]}})["id"]
    service.queue(run_id)
    return run_id


def threshold_errors(service: Served, run_id: str) -> Any:
    return service.call("GET", f"testruns/{run_id}/errors?type=ThresholdMessage&detailed=True")


def critical_violations(service: Served, run_id: str) -> int:
    """What the task compares with its limit, in its own way."""
    violations = 0
    for kind in threshold_errors(service, run_id)["types"]:
        if kind["typeName"] == "ThresholdMessage":
            for subkind in kind["subTypes"]:
                if subkind["subTypeName"] == "Critical":
                    violations += subkind["occurrences"]
    return violations


def parts_of(details: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """Machine, category, counter, instance and what the text says after the value."""
    found = set()
    for detail in details:
        names, _, text = detail["messageText"].rpartition(" : ")
        words = text.split(" ", 3)
        assert words[:2] == ["The", "value"]
        float(words[2])
        found.add((*json.loads(names), words[3]))
    return found


def test_violated_thresholds_are_read_as_the_old_task_reads_them_also_after_a_restart(tmp_path: Path, site: Site) -> None:
    with serving(tmp_path / "data") as service:
        run_id = start(service, site, 3)
        run = service.wait_for(run_id)
        assert (run["state"], run["subState"]) == ("completed", "success")
        errors = threshold_errors(service, run_id)
        (kind,) = errors["types"]
        subkinds = {subkind["subTypeName"]: subkind for subkind in kind["subTypes"]}
        assert {name: subkind["occurrences"] for name, subkind in subkinds.items()} == {"Critical": 6, "Warning": 6}
        assert parts_of(subkinds["Critical"]["errorDetailList"]) == CRITICAL
        assert parts_of(subkinds["Warning"]["errorDetailList"]) == WARNING
        for detail in (*subkinds["Critical"]["errorDetailList"], *subkinds["Warning"]["errorDetailList"]):
            assert (detail["testCaseName"], detail["scenarioName"], detail["request"], detail["stackTrace"]) == (
                "",
                "",
                "",
                "",
            )
            assert run["executionStartedDate"] < detail["lastErrorDate"] <= run["executionFinishedDate"]
        everything = service.call("GET", f"testruns/{run_id}/errors")
        assert everything["occurrences"] == errors["occurrences"] == 12
        page = httpx2.get(run["webResultUrl"], auth=("", TOKEN)).text
        assert "Violated thresholds" in page
        assert "Agent0: least memory free" in page
    with serving(tmp_path / "data") as service:
        assert threshold_errors(service, run_id)["types"][0]["subTypes"][0]["errorDetailList"] is not None
        assert critical_violations(service, run_id) == 6
        told = service.call("GET", f"testruns/{run_id}/ResultSummary")["headrace"]
        assert [(each["subType"], each["occurrences"]) for each in told["violatedThresholds"]] == [
            ("Critical", 3),
            ("Critical", 3),
            ("Warning", 3),
            ("Warning", 3),
        ]
        (machine,) = told["generator"]["machines"]
        assert (machine["machineName"], 0 < machine["averageProcessorTime"] <= 100) == ("Agent0", True)
        assert machine["leastAvailableMBytes"] > 0


def samples_of(service: Served, run_id: str, machine: str, counter: str, instance: str) -> list[dict[str, Any]]:
    counters = service.call("GET", f"testruns/{run_id}/counterinstances?groupNames=All")["value"]
    wanted = (machine, counter, instance)
    (found,) = [at for at in counters if (at["machineName"], at["counterName"], at["instanceName"]) == wanted]
    body = {"value": [{"counterInstanceId": found["counterInstanceId"]}]}
    samples: list[dict[str, Any]] = service.call("POST", f"testruns/{run_id}/countersamples", body)["values"][0]["values"]
    return samples


def test_a_run_under_way_shows_its_violations_and_a_killed_service_keeps_them(tmp_path: Path, site: Site) -> None:
    with serving(tmp_path / "data") as service:
        run_id = start(service, site, 60)
        before = eventually(lambda: (times := critical_violations(service, run_id)) >= 4 and times)
        service.process.kill()
        service.process.wait()
    with serving(tmp_path / "data") as service:
        run = service.wait_for(run_id)
        assert run["state"] == "error"
        critical = critical_violations(service, run_id)
        violations = samples_of(service, run_id, "ELSCONTROLLER", "Threshold Violations/Sec", "_Total")
        assert before <= critical
        assert violations[-1]["rawValue"] == 2 * critical  # as many warnings
        assert [sample["computedValue"] for sample in violations[:3]] == [0.0, 4.0, 4.0]
        (kind,) = threshold_errors(service, run_id)["types"]
        for subkind in kind["subTypes"]:
            for detail in subkind["errorDetailList"]:
                assert run["executionStartedDate"] < detail["lastErrorDate"]


def test_agents_are_counters_of_the_run_and_in_no_published_group(tmp_path: Path, site: Site) -> None:
    with serving(tmp_path / "data") as service:
        run_id = service.start_run(f"{site.url}/slow/5", seconds=2)
        service.wait_for(run_id)
        published = service.call("GET", f"testruns/{run_id}/counterinstances?groupNames=Performance,Throughput,Default")
        assert {counter["machineName"] for counter in published["value"]} == {"ELSCONTROLLER"}
        cpu = samples_of(service, run_id, "Agent0", "% Processor Time", "_Total")
        assert (len(cpu), cpu[0]["computedValue"], cpu[0]["counterType"]) == (3, 0.0, "SampleFraction")
        assert all(0 < sample["computedValue"] <= 100 for sample in cpu[1:])
        memory = samples_of(service, run_id, "Agent0", "Available MBytes", "")
        assert all(sample["computedValue"] == sample["rawValue"] > 0 for sample in memory[1:])


def test_a_critical_threshold_fails_headrace_run_and_a_warning_does_not(tmp_path: Path, site: Site) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN % (1, site.url))
    done = headrace("run", "plan.yaml", folder=tmp_path)
    assert done.returncode == 1
    assert "Violated thresholds" in done.stdout
    assert (
        'Failed: A critical threshold was violated once, at last: ["Agent0","Memory","Available MBytes",""]' in done.stderr
    )
    mild = (PLAN % (1, site.url)).replace("critical: 0.005", "critical: 60").replace("critical: 1000000000", "critical: 1")
    (tmp_path / "plan.yaml").write_text(mild)
    done = headrace("run", "plan.yaml", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "warning once, at last:" in done.stdout
