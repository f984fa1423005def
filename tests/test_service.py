"""The whole service, as a process: real load on a real site, through the REST API."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.serving import TOKEN, Served, engines, eventually, serving
from tests.site import Site, serving_site


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("service") / "data") as served:
        yield served


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


def test_what_is_reported_is_what_the_target_saw(service: Served, site: Site) -> None:
    run_id = service.start_run(f"{site.url}/", f"{site.url}/status/404", f"{site.url}/slow/20", users=5, seconds=3)
    run = service.wait_for(run_id)
    assert (run["state"], run["subState"]) == ("completed", "success")
    seen = site.seen
    requests = service.call("GET", f"testruns/{run_id}/ResultSummary")["overallRequestSummary"]
    assert requests["totalRequests"] == seen.total() > 0
    assert requests["failedRequests"] == seen["/status/404"]
    assert requests["passedRequests"] + requests["failedRequests"] == requests["totalRequests"]
    errors = service.call("GET", f"testruns/{run_id}/errors?detailed=true")
    assert [(kind["typeName"], kind["occurrences"]) for kind in errors["types"]] == [("HttpError", seen["/status/404"])]
    samples = service.samples(run_id, "User Load", "Requests/Sec")
    assert [sample["computedValue"] for sample in samples["User Load"]] == [0, 5, 5, 5]
    assert samples["Requests/Sec"][-1]["rawValue"] == seen.total()


def test_samples_can_be_read_while_the_run_goes_on(service: Served, site: Site) -> None:
    run_id = service.start_run(f"{site.url}/slow/10", seconds=20)
    rates = eventually(lambda: service.samples(run_id, "Requests/Sec").get("Requests/Sec", [])[1:])
    assert rates[0]["computedValue"] > 0
    assert service.run(run_id)["state"] == "inProgress"
    service.call("PATCH", f"testruns/{run_id}", {"state": "aborted"})
    service.wait_for(run_id)


def test_the_load_ends_with_the_run_when_the_user_stops_it(service: Served, site: Site) -> None:
    run_id = service.start_run(f"{site.url}/slow/5", seconds=60)
    eventually(lambda: site.seen.total() > 10)
    service.call("PATCH", f"testruns/{run_id}", {"state": "aborted"})
    run = service.wait_for(run_id)
    total = site.seen.total()
    assert (run["state"], run["stoppedBy"]["displayName"]) == ("aborted", "administrator")
    assert engines(service.process.pid) == []
    assert service.call("GET", f"testruns/{run_id}/ResultSummary")["overallRequestSummary"]["totalRequests"] == total


def test_the_warm_up_is_load_but_not_measured(service: Served, site: Site) -> None:
    drop = service.call(
        "POST",
        "testdrops",
        {
            "dropType": "InPlaceDrop",
            "loadTestDefinition": {"urls": [f"{site.url}/slow/50"], "maxVusers": 2, "runDuration": 2, "samplingRate": 1},
        },
    )
    details = {"warmUpDuration": 2}
    body = {"name": "warm", "testDrop": {"id": drop["id"]}, "runSpecificDetails": details}
    run_id = service.call("POST", "testruns", body)["id"]
    service.queue(run_id)
    eventually(lambda: service.run(run_id)["subState"] == "warmingUp")
    eventually(lambda: site.seen.total() > 0)
    run = service.wait_for(run_id)
    assert run["state"] == "completed"
    assert run["warmUpStartedDate"] < run["executionStartedDate"]
    total = service.call("GET", f"testruns/{run_id}/ResultSummary")["overallRequestSummary"]["totalRequests"]
    assert 0 < total < site.seen.total()


def test_a_test_that_cannot_be_run_is_aborted_by_validation(service: Served) -> None:
    drop = service.call("POST", "testdrops", {"dropType": "TestServiceBlobDrop"})
    run_id = service.call("POST", "testruns", {"name": "old.loadtest", "testDrop": {"id": drop["id"]}})["id"]
    service.queue(run_id)
    run = service.wait_for(run_id)
    assert (run["state"], run["subState"], run["abortMessage"]["source"]) == ("aborted", "none", "Validation")
    assert "The test drop has no files. Upload the test" in run["abortMessage"]["details"][0]
    assert "startedDate" not in run


def test_a_target_that_the_operator_denies_is_not_reached(tmp_path: Path, site: Site) -> None:
    with serving(tmp_path / "data", HEADRACE_TARGETS_DENY='["127.0.0.0/8"]') as service:
        by_address = service.wait_for(service.start_run(site.url))
        by_name = service.start_run(site.url.replace("127.0.0.1", "localhost"), seconds=1)
        assert service.wait_for(by_name)["state"] == "completed"
        errors = service.call("GET", f"testruns/{by_name}/errors?detailed=true")
    assert by_address["state"] == "aborted"
    assert "127.0.0.0/8" in by_address["abortMessage"]["details"][0]
    assert errors["types"][0]["subTypes"][0]["subTypeName"] == "TargetNotAllowedException"
    assert site.seen.total() == 0


def test_runs_over_the_limit_wait_in_the_queue(tmp_path: Path, site: Site) -> None:
    with serving(tmp_path / "data", HEADRACE_MAX_CONCURRENT_RUNS="1") as service:
        first = service.start_run(f"{site.url}/slow/10", seconds=60)
        service.wait_for(first, "inProgress")
        second = service.start_run(f"{site.url}/slow/10", seconds=1)
        assert service.run(second)["state"] == "queued"
        service.call("PATCH", f"testruns/{first}", {"state": "aborted"})
        assert service.wait_for(second)["state"] == "completed"
        assert service.run(first)["finishedDate"] < service.run(second)["startedDate"]


def test_two_runs_at_a_time_do_not_disturb_each_other(service: Served, site: Site) -> None:
    paths = ("/slow/7", "/slow/9")
    runs = {path: service.start_run(site.url + path, users=2, seconds=2) for path in paths}
    for run_id in runs.values():
        assert service.wait_for(run_id)["state"] == "completed"
    for path, run_id in runs.items():
        summary = service.call("GET", f"testruns/{run_id}/ResultSummary")
        assert summary["overallRequestSummary"]["totalRequests"] == site.seen[path]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors: with one engine, losing it loses all")
def test_a_lost_engine_costs_its_share_and_is_told(service: Served, site: Site) -> None:
    run_id = service.start_run(f"{site.url}/slow/10", users=4, seconds=3)
    eventually(lambda: site.seen.total() > 0)
    os.kill(engines(service.process.pid)[0], signal.SIGKILL)
    run = service.wait_for(run_id)
    assert (run["state"], run["subState"]) == ("completed", "partialSuccess")
    texts = [message["message"] for message in service.call("GET", f"testruns/{run_id}/messages")["value"]]
    assert any("was killed by signal 9" in text and "planned load" in text for text in texts)


def test_a_run_that_loses_all_engines_is_aborted_with_what_was_measured(service: Served, site: Site) -> None:
    run_id = service.start_run(f"{site.url}/slow/10", users=4, seconds=60)
    eventually(lambda: service.samples(run_id, "Requests/Sec").get("Requests/Sec", [])[1:])
    for engine in engines(service.process.pid):
        os.kill(engine, signal.SIGKILL)
    run = service.wait_for(run_id)
    assert (run["state"], run["abortMessage"]["source"]) == ("aborted", "Agent")
    assert service.call("GET", f"testruns/{run_id}/ResultSummary")["overallRequestSummary"]["totalRequests"] > 0


def test_a_service_that_is_killed_ends_its_runs_as_error_when_it_is_back(tmp_path: Path, site: Site) -> None:
    data = tmp_path / "data"
    with serving(data) as service:
        run_id = service.start_run(f"{site.url}/slow/10", seconds=60)
        waiting = service.create_run(f"{site.url}/", seconds=1)
        recorded = eventually(lambda: service.samples(run_id, "Requests/Sec").get("Requests/Sec", [])[2:])
        orphans = engines(service.process.pid)
        service.process.kill()
        service.process.wait()
    eventually(lambda: not any(Path(f"/proc/{engine}").exists() for engine in orphans))
    total = site.seen.total()
    with serving(data) as service:
        run = service.wait_for(run_id)
        assert (run["state"], run["subState"], run["abortMessage"]["source"]) == ("error", "none", "Service")
        samples = service.samples(run_id, "Requests/Sec")["Requests/Sec"]
        assert samples[1 : 1 + len(recorded)] != []
        assert samples[-1]["rawValue"] >= recorded[-1]["rawValue"]
        requests = service.call("GET", f"testruns/{run_id}/ResultSummary")["overallRequestSummary"]
        assert recorded[-1]["rawValue"] <= requests["totalRequests"] <= total
        assert service.run(waiting)["state"] == "pending"


def test_a_service_that_is_told_to_stop_ends_load_and_runs_at_once(tmp_path: Path, site: Site) -> None:
    data = tmp_path / "data"
    with serving(data) as service:
        run_id = service.start_run(f"{site.url}/slow/10", seconds=60)
        eventually(lambda: site.seen.total() > 0)
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(15)
        assert engines(service.process.pid) == []
    total = site.seen.total()
    with serving(data) as service:
        assert service.run(run_id)["state"] == "error"
        assert service.call("GET", f"testruns/{run_id}/ResultSummary")["overallRequestSummary"]["totalRequests"] == total


def test_the_results_file_is_read_without_a_token_by_its_signed_link_only(service: Served, site: Site) -> None:
    run_id = service.start_run(site.url, seconds=1)
    service.wait_for(run_id)
    url = service.call("GET", f"testruns/{run_id}/results")["resultsUrl"]
    assert httpx2.get(url).content[:2] == b"\x1f\x8b"
    assert httpx2.get(url.partition("?")[0]).status_code in (401, 403)


def test_the_page_of_the_run_asks_for_the_token_and_shows_the_summary(service: Served, site: Site) -> None:
    run_id = service.start_run(site.url, seconds=1)
    page = service.wait_for(run_id)["webResultUrl"]
    stranger = httpx2.get(page)
    assert (stranger.status_code, stranger.headers["WWW-Authenticate"][:5]) == (401, "Basic")
    assert site.url in httpx2.get(page, auth=("", TOKEN)).text
