"""The lines of section 0 of the reference ("the facts that break clients if missed") that are about the server, each by its
number; the tests of the single modules go further. Line 9 is the run's life (tests/runs), line 18 is in the clients."""

import gzip
import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from headrace.runs import life
from tests.api.server import CLT, DEFINITION, Server, a_tick, basic

GUID = "951917AC-A960-4999-8464-E3F0AA25B381"


def test_1_the_list_of_runs_is_a_bare_array_and_other_lists_are_wrapped(server: Server) -> None:
    run_id = server.measured_run(seconds=1)
    assert isinstance(server.get("/testruns").json(), list)
    assert isinstance(server.get("/testruns", detailed="true").json(), list)
    for path in (f"/testruns/{run_id}/messages", f"/testruns/{run_id}/counterinstances?groupNames=All"):
        answer = server.get(path).json()
        assert set(answer) == {"count", "value"}
        assert answer["count"] == len(answer["value"]) > 0


def test_2_counter_groups_are_a_bare_array(server: Server) -> None:
    assert isinstance(server.get(f"/testruns/{server.new_run()['id']}/results").json()["counterGroups"], list)


def test_3_geo_locations_are_an_array(server: Server) -> None:
    assert isinstance(server.new_run()["loadGenerationGeoLocations"], list)
    assert isinstance(server.new_drop()["loadTestDefinition"]["loadGenerationGeoLocations"], list)


def test_4_what_comes_in_is_read_leniently(server: Server) -> None:
    definition = {name.upper(): value for name, value in DEFINITION.items()}
    definition |= {"MAXVUSERS": "7", "RUNDURATION": " 30 ", "NoSuchMember": {"a": [1]}, "SamplingRate": None}
    drop = server.post("/testdrops", {"DROPTYPE": "inplacedrop", "loadtestdefinition": definition}).json()
    body = {
        "NAME": "a",
        "TestDrop": {"ID": drop["id"]},
        "superSedeRunSettings": {"LoadGeneratorMachinesType": "2"},
        "runType": "VISUALSTUDIOLOADTEST",
        "RunSpecificDetails": {"CoreCount": "1", "duration": None},
        "createdDate": "0001-01-01T00:00:00",
        "state": 0,
        "subState": None,
    }
    run = server.post("/testruns", body).json()
    assert run["runSpecificDetails"] == {"virtualUserCount": 7, "duration": 30, "coreCount": 1, "samplingInterval": 15}
    assert run["supersedeRunSettings"] == {"loadGeneratorMachinesType": "userLoadAgent"}
    for queued in ({"state": "queued"}, {"State": 1, "SubState": 0}, {"STATE": "1"}):
        assert server.patch(f"/testruns/{run['id']}", queued).status_code == 202


def test_5_no_date_and_no_number_is_ever_null(server: Server) -> None:
    run_id = server.new_run()["id"]
    answers = [server.run(run_id)]
    server.queue(run_id)
    answers.append(server.run(run_id))
    answers += server.get("/testruns").json()
    answers += server.get("/testruns", detailed="true").json()
    answers.append(server.run(server.measured_run(seconds=1)))
    for answer in answers:
        assert None not in answer.values()
        assert None not in answer["runSpecificDetails"].values()


def test_6_names_in_addresses_are_read_in_any_case(server: Server) -> None:
    run_id = server.measured_run(seconds=1)
    for path in (
        f"TestRuns/{run_id}",
        f"testRuns/{run_id.upper()}/CounterInstances?GROUPNAMES=Default",
        f"TESTRUNS/{run_id}/Errors?TYPE=HttpError&subtype=404",
        f"testRuns/{run_id}/Results",
        f"testruns/{run_id}/ResultSummary",
        "TestRuns?fromdate=2020-01-01&TODATE=2030-01-01",
    ):
        assert server.client.get(f"/_apis/clt/{path}").status_code == 200, path
    body = {"Value": [{"CounterInstanceId": "Els~1"}]}
    assert server.post(f"/TestRuns/{run_id}/CounterSamples", body).status_code == 200


def test_7_doubled_slashes_are_tolerated_and_not_handed_out(server: Server) -> None:
    location = server.client.get(f"http://load.test//_apis/servicedefinitions/LocationService2/{GUID}").json()
    assert not location["locationMappings"][0]["location"].endswith("/")
    assert server.client.get("http://load.test/acme//_apis//clt/testruns").status_code == 200


def test_8_a_run_is_queued_when_the_answer_is_there(server: Server) -> None:
    run_id = server.new_run()["id"]
    answer = server.patch(f"/testruns/{run_id}", {"state": "queued"})
    assert (answer.status_code, answer.content) == (202, b"")
    assert server.run(run_id)["state"] == "queued"


def test_10_stopping_a_finished_run_is_no_error(server: Server) -> None:
    run_id = server.measured_run(seconds=1)
    assert server.patch(f"/testruns/{run_id}", {"state": "aborted"}).status_code == 202


def test_11_summary_and_errors_are_final_when_the_run_is_over(server: Server) -> None:
    """They were the same just before: whoever reads them at once reads what stays."""
    run_id = server.new_run()["id"]
    recorder = server.start(run_id)
    recorder.add(a_tick(0))
    server.lead(run_id, lambda at: life.collect(at, server.time))

    def results() -> list[Any]:
        return [server.get(f"/testruns/{run_id}/{part}").json() for part in ("resultsummary", "errors?detailed=true")]

    before = results()
    recorder.close()
    server.lead(run_id, lambda at: life.complete(at, server.time))
    assert server.run(run_id)["state"] == "completed"
    assert results() == before
    server.services.results.detach(run_id)
    assert results() == before


def test_12_the_average_response_time_is_in_seconds(server: Server) -> None:
    run_id = server.measured_run(seconds=1)
    summary = server.get(f"/testruns/{run_id}/ResultSummary").json()
    assert summary["overallRequestSummary"]["averageResponseTime"] == pytest.approx(0.03)


def test_13_the_user_name_is_ignored(server: Server) -> None:
    for user in ("", " ", "someone"):
        assert server.stranger.get(f"{CLT}/testruns", headers=basic(server.token, user)).status_code == 200
    assert server.stranger.get(f"{CLT}/testruns", headers={"Authorization": f"Bearer {server.token}"}).status_code == 200


def test_14_only_a_change_needs_a_version(server: Server) -> None:
    run_id = server.new_run()["id"]
    assert server.client.get(f"{CLT}/testruns/{run_id}/ResultSummary").status_code == 200
    assert server.client.get(f"/_apis/servicedefinitions/LocationService2/{GUID}").status_code == 200
    assert server.client.patch(f"{CLT}/testruns/{run_id}", json={"state": "queued"}).status_code == 400
    assert server.run(run_id)["state"] == "pending"


def test_15_discovery_has_versions_as_text_and_ids_in_lower_case(server: Server) -> None:
    for resource in server.stranger.options("/_apis").json()["value"]:
        assert isinstance(resource["minVersion"], str)
        assert isinstance(resource["maxVersion"], str)
        assert isinstance(resource["releasedVersion"], str)
        assert resource["id"].islower()


def test_16_an_organization_is_matched_in_any_case(server: Server) -> None:
    drop = server.client.post("/FabriKam/_apis/clt/testdrops?api-version=1.0", json={}).json()
    assert server.client.get(f"/fabrikam/_apis/clt/testdrops/{drop['id']}").status_code == 200


def test_17_an_error_is_json_with_a_message(server: Server) -> None:
    for answer in (
        server.stranger.get(f"{CLT}/testruns"),
        server.get("/testruns/x"),
        server.get("/nothing"),
        server.post("/testruns", {}),
        server.client.post(f"{CLT}/testruns?api-version=1.0", content=b"{", headers={"Content-Type": "application/json"}),
    ):
        assert answer.is_error
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["message"]


def test_19_the_results_file_is_a_gzip_stream_at_an_address_that_ends_in_zip(server: Server) -> None:
    run_id = server.measured_run(seconds=1)
    url = server.get(f"/testruns/{run_id}/results").json()["resultsUrl"]
    assert url.partition("?")[0].endswith("/LoadTest.ltrar.zip")
    answer = server.stranger.get(url)
    assert json.loads(gzip.decompress(answer.content))["format"] == "headrace-results"


@pytest.fixture
def port(server: Server) -> Iterator[int]:
    """The port of the API behind a real web server."""
    web = uvicorn.Server(uvicorn.Config(server.app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=web.run, daemon=True)
    thread.start()
    while not web.started:
        time.sleep(0.01)
    yield web.servers[0].sockets[0].getsockname()[1]
    web.should_exit = True
    thread.join()


def test_20_a_client_that_waits_to_be_told_to_go_on_is_told(server: Server, port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = json.dumps({"dropType": "TestServiceBlobDrop"}).encode()
    headers = {
        **basic(server.token),
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Expect": "100-continue",
    }
    connection.putrequest("POST", f"{CLT}/testdrops?api-version=1.0")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.sock.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.send(body)
    answer = connection.getresponse()
    assert answer.status == 200
    assert json.loads(answer.read())["dropType"] == "TestServiceBlobDrop"
    connection.close()
