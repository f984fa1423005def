from collections.abc import Callable
from typing import Any

import pytest

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.runs import life
from headrace.runs.model import Retention, Source
from headrace.runs.model import Severity as MessageSeverity
from tests.api.server import DEFINITION, Server, basic

UNKNOWN = "00000000-0000-0000-0000-000000000001"
NOBODY = {"id": "", "displayName": ""}

# As the pipeline task for a URL test sends it.
TASK_BODY: dict[str, Any] = {
    "name": "shop.loadtest",
    "description": "Quick perf test from automation task",
    "testSettings": {"cleanupCommand": "", "hostProcessPlatform": "x64", "setupCommand": ""},
    "superSedeRunSettings": {"loadGeneratorMachinesType": "0"},
    "runSourceIdentifier": "build/12/345",
}


def test_a_new_run_is_pending_and_knows_what_its_definition_says(server: Server) -> None:
    drop = server.new_drop()
    answer = server.post("/testruns", {**TASK_BODY, "testDrop": {"id": drop["id"]}})
    assert answer.status_code == 200
    run = answer.json()
    assert run == {
        "id": run["id"],
        "name": "shop.loadtest",
        "runNumber": 1,
        "createdDate": "2026-03-01T12:00:00.1234560Z",
        "runSpecificDetails": {"duration": 60, "virtualUserCount": 5, "samplingInterval": 15},
        "loadGenerationGeoLocations": [{"location": "Default", "percentage": 100}],
        "runType": "visualStudioLoadTest",
        "createdBy": {"id": server.holder.id, "displayName": "Ada"},
        "state": "pending",
        "url": f"http://load.test/_apis/clt/TestRuns/{run['id']}",
        "subState": "none",
        "description": "Quick perf test from automation task",
        "testSettings": {"cleanupCommand": "", "hostProcessPlatform": "amd64", "setupCommand": ""},
        "testDrop": {"id": drop["id"], "url": f"http://load.test/_apis/clt/TestDrops/{drop['id']}"},
        "retentionState": "none",
        "runSourceIdentifier": "build/12/345",
        "supersedeRunSettings": {"loadGeneratorMachinesType": "default"},
        "webResultUrl": f"http://load.test/runs/{run['id']}",
    }
    assert server.run(run["id"]) == run


def test_what_the_run_says_itself_wins_over_its_definition(server: Server) -> None:
    details = {
        "virtualUserCount": "7",
        "duration": "90",
        "warmUpDuration": 5,
        "samplingInterval": 5,
        "coreCount": "2",
        "coresPerAgent": 2,
        "agentCount": 1,
        "loadGeneratorMachinesType": "userLoadAgent",
    }
    run = server.new_run(runSpecificDetails=details)
    assert run["runSpecificDetails"] == {
        "virtualUserCount": 7,
        "duration": 90,
        "warmUpDuration": 5,
        "samplingInterval": 5,
        "coreCount": 2,
        "coresPerAgent": 2,
        "agentCount": 1,
        "loadGeneratorMachinesType": "userLoadAgent",
    }


def test_a_run_on_own_agents_says_so(server: Server) -> None:
    superseding = {
        "loadGeneratorMachinesType": 2,
        "staticAgentRunSettings": {"loadGeneratorMachinesType": "userLoadAgent", "staticAgentGroupName": "rack"},
    }
    run = server.new_run(superSedeRunSettings=superseding)
    assert run["supersedeRunSettings"] == {
        "loadGeneratorMachinesType": "userLoadAgent",
        "staticAgentRunSettings": {"loadGeneratorMachinesType": "userLoadAgent", "staticAgentGroupName": "rack"},
    }


def test_the_body_of_the_csharp_sample_is_understood(server: Server) -> None:
    """PascalCase, integers for enumerations, zeros and year 1 for what is not set."""
    drop = server.new_drop()
    body = {
        "Id": None,
        "Name": "shop.loadtest",
        "RunNumber": 0,
        "CreatedDate": "0001-01-01T00:00:00",
        "FinishedDate": "0001-01-01T00:00:00",
        "State": 0,
        "SubState": 0,
        "TestDrop": {"Id": drop["id"].upper()},
        "TestSettings": {"SetupCommand": None, "HostProcessPlatform": 2},
        "RunSpecificDetails": {"Duration": 0, "VirtualUserCount": 0, "SamplingInterval": 0, "AgentCount": 0},
        "RunType": 0,
    }
    answer = server.post("/testruns", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["runSpecificDetails"] == {"duration": 60, "virtualUserCount": 5, "samplingInterval": 15}
    assert answer.json()["testSettings"]["hostProcessPlatform"] == "x86"


def test_the_old_name_of_the_reference_to_the_drop_is_understood(server: Server) -> None:
    answer = server.post("/testruns", {"name": "a", "testDropRef": {"Id": server.new_drop()["id"]}})
    assert answer.status_code == 200


def test_runs_of_one_name_take_rising_numbers_in_each_organization(server: Server) -> None:
    assert [server.new_run()["runNumber"] for _ in range(3)] == [1, 2, 3]
    drop = server.client.post("/acme/_apis/clt/testdrops?api-version=1.0", json={}).json()
    run = server.client.post(
        "/acme/_apis/clt/testruns?api-version=1.0",
        json={
            "name": "a",
            "testDrop": {"id": drop["id"]},
            "runSpecificDetails": {"virtualUserCount": 1, "duration": 1},
        },
    )
    assert run.json()["runNumber"] == 1


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": None}, "name: is missing"),
        ({"name": ""}, "name: is empty"),
        ({"name": "  "}, "name: is empty"),
        ({"name": 5}, "name: 5 is no text"),
        ({"name": "x" * 257}, "has 257 characters; at most 256 are allowed"),
        ({"name": "a\0b"}, "name: contains a control character"),
        ({"name": "a\nb"}, "name: contains the control character U+000A"),
        ({"description": "x" * 4097}, "description: 'xxx"),
        ({"testDrop": None}, "testDrop: is missing"),
        ({"testDrop": {}}, "testDrop.id: is missing"),
        ({"testDrop": "abc"}, "testDrop: 'abc' is no JSON object"),
        ({"testDrop": {"id": UNKNOWN}}, f"testDrop.id: there is no test drop '{UNKNOWN}'"),
        ({"testDrop": {"id": "nonsense"}}, "testDrop.id: there is no test drop 'nonsense'"),
        ({"runType": "unitTest"}, "runType: 'unitTest' is none of visualStudioLoadTest, jMeterLoadTest"),
        ({"runType": 2}, "runType: 2 is none of"),
        ({"testSettings": {"hostProcessPlatform": "sparc"}}, "testSettings.hostProcessPlatform: 'sparc' is none of none,"),
        ({"testSettings": []}, "testSettings: [] is no JSON object"),
        ({"runSpecificDetails": {"virtualUserCount": -1}}, "runSpecificDetails.virtualUserCount: -1 is too small"),
        (
            {"runSpecificDetails": {"virtualUserCount": 10**9}},
            "runSpecificDetails.virtualUserCount: is 1000000000; give 1 to",
        ),
        ({"runSpecificDetails": {"duration": 172801}}, "runSpecificDetails.duration: is 172801; give 1 to 172800"),
        ({"runSpecificDetails": {"warmUpDuration": 172801}}, "runSpecificDetails.warmUpDuration: is 172801"),
        ({"runSpecificDetails": {"samplingInterval": 3601}}, "runSpecificDetails.samplingInterval: is 3601; give 1 to"),
        ({"runSpecificDetails": {"loadGeneratorMachinesType": 9}}, "loadGeneratorMachinesType: 9 is none of default"),
        ({"runSourceIdentifier": "x" * 1025}, "runSourceIdentifier: 'xxx"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused_by_its_member_and_value(
    server: Server, changes: dict[str, Any], complaint: str
) -> None:
    body = {**TASK_BODY, "testDrop": {"id": server.new_drop()["id"]}, **changes}
    answer = server.post("/testruns", body)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]
    assert server.get("/testruns").json() == []


def test_an_in_place_run_must_know_its_users_and_duration(server: Server) -> None:
    definition = {"loadTestName": "a", "urls": DEFINITION["urls"]}
    drop = server.post("/testdrops", {"dropType": "InplaceDrop", "loadTestDefinition": definition}).json()
    answer = server.post("/testruns", {"name": "a", "testDrop": {"id": drop["id"]}})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("runSpecificDetails.virtualUserCount: is given neither by")
    details = {"virtualUserCount": 1, "duration": 1}
    answer = server.post("/testruns", {"name": "a", "testDrop": {"id": drop["id"]}, "runSpecificDetails": details})
    assert answer.status_code == 200


def test_a_drop_of_another_organization_cannot_be_used(server: Server) -> None:
    body = {"name": "a", "testDrop": {"id": server.new_drop()["id"]}}
    answer = server.client.post("/acme/_apis/clt/testruns?api-version=1.0", json=body)
    assert answer.status_code == 400
    assert "there is no test drop" in answer.json()["message"]


# --- start and stop ---


@pytest.mark.parametrize("body", [{"state": "queued"}, {"State": 1, "SubState": 0}, {"state": "QUEUED"}, {"state": "1"}])
def test_a_run_is_queued_at_once_and_the_conductor_woken(server: Server, body: dict[str, Any]) -> None:
    run_id = server.new_run()["id"]
    server.pass_time(1)
    answer = server.patch(f"/testruns/{run_id}", body)
    assert (answer.status_code, answer.content) == (202, b"")
    run = server.run(run_id)
    assert (run["state"], run["subState"]) == ("queued", "none")
    assert run["queuedDate"] == "2026-03-01T12:00:01.1234560Z"
    assert run["startedBy"] == {"id": server.holder.id, "displayName": "Ada"}
    assert run["stoppedBy"] == NOBODY
    assert "startedDate" not in run
    assert server.rings == 1


def test_queueing_twice_changes_nothing(server: Server) -> None:
    run_id = server.new_run()["id"]
    server.queue(run_id)
    before = server.run(run_id)
    server.pass_time(1)
    server.queue(run_id)
    assert server.run(run_id) == before


def test_a_run_that_is_over_cannot_be_queued_again(server: Server) -> None:
    run_id = server.measured_run(seconds=1)
    answer = server.patch(f"/testruns/{run_id}", {"state": "queued"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "A run that is completed (success) cannot be queued."


def test_a_pending_run_is_aborted_at_once(server: Server) -> None:
    run_id = server.new_run()["id"]
    assert server.patch(f"/testruns/{run_id}", {"state": "aborted"}).status_code == 202
    run = server.run(run_id)
    assert (run["state"], run["subState"], run["stoppedBy"]["displayName"]) == ("aborted", "none", "Ada")
    assert "abortMessage" not in run


def test_a_run_under_way_is_stopping_first_and_says_who_stopped_it(server: Server) -> None:
    run_id = server.new_run()["id"]
    server.start(run_id)
    assert server.patch(f"/testruns/{run_id}", {"state": 5}).status_code == 202
    assert server.run(run_id)["state"] == "stopping"
    server.lead(run_id, lambda at: life.end_stopping(at, server.time))
    run = server.run(run_id)
    assert (run["state"], run["stoppedBy"]["displayName"]) == ("aborted", "Ada")


def test_stopping_what_is_stopping_or_over_is_no_error(server: Server) -> None:
    stopping = server.new_run()["id"]
    server.start(stopping)
    over = server.measured_run(seconds=1)
    for run_id in (stopping, stopping, over):
        assert server.patch(f"/testruns/{run_id}", {"state": "aborted"}).status_code == 202
    assert server.run(over)["state"] == "completed"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "The body names neither 'state' (queued or aborted) nor 'retentionState'."),
        ({"state": "completed"}, "state: 'completed' cannot be asked for; ask for queued or aborted."),
        ({"state": "running"}, "state: 'running' is none of pending, queued,"),
        ({"state": [1]}, "state: [1] is none of"),
        ({"retentionState": "deleted"}, "retentionState: a deleted run is gone, so none is kept in that state"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_and_nothing_is_changed(
    server: Server, body: dict[str, Any], complaint: str
) -> None:
    before = server.new_run()
    answer = server.patch(f"/testruns/{before['id']}", body)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]
    assert server.run(before["id"]) == before


def test_a_state_that_cannot_be_asked_for_keeps_the_retention_from_being_changed(server: Server) -> None:
    before = server.new_run()
    answer = server.patch(f"/testruns/{before['id']}", {"retentionState": "retain", "state": "completed"})
    assert answer.status_code == 400
    assert server.run(before["id"]) == before


def test_a_run_can_be_retained(server: Server) -> None:
    run_id = server.new_run()["id"]
    assert server.patch(f"/testruns/{run_id}", {"retentionState": "retain"}).status_code == 202
    assert server.run(run_id)["retentionState"] == "retain"
    assert server.run(run_id)["state"] == "pending"
    assert server.rings == 0


# --- one run ---


def test_a_run_that_is_over_has_every_date_of_its_life(server: Server) -> None:
    run = server.run(server.measured_run(seconds=1))
    assert (run["state"], run["subState"], run["chargeable"]) == ("completed", "success", True)
    dates = [
        run[name]
        for name in (
            "createdDate",
            "startedDate",
            "executionStartedDate",
            "executionFinishedDate",
            "finishedDate",
        )
    ]
    assert dates == sorted(dates)
    assert "warmUpStartedDate" not in run


def test_a_warm_up_has_its_date(server: Server) -> None:
    run_id = server.new_run()["id"]
    server.queue(run_id)
    server.lead(run_id, life.begin_validation, life.acquire, lambda at: life.configure(at, server.time))
    run = server.run(run_id)
    assert (run["state"], run["subState"], run.get("chargeable")) == ("inProgress", "configuringAgents", None)
    server.lead(run_id, lambda at: life.warm_up(at, server.time))
    run = server.run(run_id)
    assert (run["subState"], run["warmUpStartedDate"], run["chargeable"]) == (
        "warmingUp",
        "2026-03-01T12:00:04.1234560Z",
        True,
    )


def test_a_run_that_failed_its_validation_says_why(server: Server) -> None:
    run_id = server.new_run()["id"]
    server.queue(run_id)
    finding = Diagnostic(Severity.ERROR, "there is no such host")
    server.lead(run_id, life.begin_validation, lambda at: life.fail_validation(at, [finding], server.time))
    run = server.run(run_id)
    assert (run["state"], run["subState"]) == ("aborted", "none")
    assert run["abortMessage"]["source"] == "Validation"
    assert run["abortMessage"]["details"] == [" Error , 3/1/2026 12:00:02 PM , there is no such host "]
    assert run["abortMessage"]["loggedDate"] == "2026-03-01T12:00:02.1234560Z"
    assert "chargeable" not in run


@pytest.mark.parametrize("run_id", [UNKNOWN, "nonsense", "%00", "%F0%9F%92%A9"])
@pytest.mark.parametrize(
    "part", ["", "/results", "/resultsummary", "/counterinstances?groupNames=All", "/errors", "/messages"]
)
def test_an_unknown_run_is_404_with_a_message(server: Server, run_id: str, part: str) -> None:
    answer = server.get(f"/testruns/{run_id}{part}")
    assert answer.status_code == 404
    assert answer.json()["typeKey"] == "TestRunNotFoundException"
    assert "There is no test run" in answer.json()["message"]


def test_changing_an_unknown_run_is_404(server: Server) -> None:
    assert server.patch(f"/testruns/{UNKNOWN}", {"state": "queued"}).status_code == 404


def test_a_run_of_another_organization_looks_like_an_unknown_one(server: Server) -> None:
    run_id = server.new_run()["id"]
    foreign = server.client.get(f"/acme/_apis/clt/testruns/{run_id}")
    assert foreign.status_code == 404
    assert foreign.json()["message"].replace(run_id, UNKNOWN) == server.get(f"/testruns/{UNKNOWN}").json()["message"]
    assert server.client.patch(f"/acme/_apis/clt/testruns/{run_id}?api-version=1.0", json={"state": "aborted"}).is_error
    assert server.run(run_id)["state"] == "pending"


# --- the list ---


@pytest.fixture
def listed(server: Server) -> dict[str, str]:
    """Three runs that differ in everything a filter can ask for; their ids by name."""
    done = server.measured_run(seconds=1, name="Shop.loadtest", runSourceIdentifier="build/1/2")
    server.pass_time(3600)
    waiting = server.new_run(name="other.loadtest")["id"]
    server.queue(waiting)
    server.services.runs.change(waiting, lambda run: type(run)(**{**_fields(run), "retention": Retention.RETAIN}))
    server.pass_time(3600)
    secret, _ = server.services.tokens.create("Grace Hopper", server.time)
    jmeter = server.stranger.post(
        "/_apis/clt/testruns?api-version=1.0",
        json={
            "name": "plan.jmx",
            "runType": "jMeterLoadTest",
            "testDrop": {"id": server.new_drop()["id"]},
        },
        headers=basic(secret),
    ).json()["id"]
    return {"done": done, "waiting": waiting, "jmeter": jmeter}


def _fields(run: Any) -> dict[str, Any]:
    return {name: getattr(run, name) for name in run.__dataclass_fields__}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["done", "waiting", "jmeter"]),
        ({"name": "sHOP.loadtest"}, ["done"]),
        ({"name": "shop"}, []),
        ({"name": ""}, ["done", "waiting", "jmeter"]),
        ({"requestedBy": "@Me"}, ["done", "waiting"]),
        ({"requestedBy": "@me"}, ["done", "waiting"]),
        ({"requestedBy": "grace hopper"}, ["jmeter"]),
        ({"requestedBy": "nobody"}, []),
        ({"status": "completed"}, ["done"]),
        ({"status": "QUEUED"}, ["waiting"]),
        ({"status": "4"}, ["done"]),
        ({"runType": "*"}, ["done", "waiting", "jmeter"]),
        ({"runType": "jmeterloadtest"}, ["jmeter"]),
        ({"runType": "0"}, ["done", "waiting"]),
        ({"fromDate": "2026-03-01T13:00:00.0000000Z"}, ["waiting", "jmeter"]),
        ({"fromDate": "20260301T130000Z"}, ["waiting", "jmeter"]),
        ({"fromDate": "2026-03-01"}, ["done", "waiting", "jmeter"]),
        ({"fromDate": "2026-03-02"}, []),
        ({"toDate": "2026-03-01T13:00:00.0000000Z"}, ["done"]),
        ({"toDate": "2026-03-01"}, []),
        ({"fromDate": "20260301T123000Z", "toDate": "20260301T133000Z"}, ["waiting"]),
        ({"runSourceIdentifier": "build/1/2"}, ["done"]),
        ({"runsourceidentifier": "BUILD/1/2"}, []),
        ({"retentionState": "retain"}, ["waiting"]),
        ({"RETENTIONSTATE": "0"}, ["done", "jmeter"]),
        ({"top": "2"}, ["waiting", "jmeter"]),
        ({"runIds": f"{UNKNOWN},nonsense"}, []),
        ({"status": "completed", "name": "other.loadtest"}, []),
    ],
)
def test_a_filter_finds_the_runs_that_match_it(
    server: Server, listed: dict[str, str], query: dict[str, str], found: list[str]
) -> None:
    answer = server.get("/testruns", **query)
    assert answer.status_code == 200, answer.text
    assert isinstance(answer.json(), list)
    assert [run["id"] for run in answer.json()] == [listed[name] for name in found]


def test_runs_are_found_by_their_ids(server: Server, listed: dict[str, str]) -> None:
    wanted = [listed["done"], listed["jmeter"].upper()]
    answer = server.get("/testruns", runIds=", ".join(wanted))
    assert [run["id"] for run in answer.json()] == [listed["done"], listed["jmeter"]]


def test_the_list_is_of_basic_runs_unless_details_are_asked_for(server: Server, listed: dict[str, str]) -> None:
    basic_run = server.get("/testruns", name="shop.loadtest").json()[0]
    assert "subState" not in basic_run
    assert basic_run["finishedDate"]
    for spelling in ("true", "True"):
        (full,) = server.get("/testruns", name="shop.loadtest", detailed=spelling).json()
        assert full == server.run(listed["done"])


def test_the_list_has_nothing_of_another_organization(server: Server, listed: dict[str, str]) -> None:
    assert server.client.get("/acme/_apis/clt/testruns").json() == []


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"status": "asleep"}, "status: 'asleep' is none of pending, queued, inProgress,"),
        ({"runType": "unit"}, "runType: 'unit' is none of"),
        (
            {"fromDate": "yesterday"},
            "fromDate: 'yesterday' is no date; write it like 2024-01-01T00:00:00.0000000Z, 2024-01-01",
        ),
        ({"toDate": "2024-13-01"}, "toDate: '2024-13-01' is no date"),
        ({"detailed": "perhaps"}, "detailed: 'perhaps' is neither true nor false"),
        ({"top": "0"}, "top: '0' is too small; at least 1 is allowed"),
        ({"top": "1001"}, "top: '1001' is too large; at most 1000 is allowed"),
        ({"top": "ten"}, "top: 'ten' is no whole number"),
        ({"retentionState": "forever"}, "retentionState: 'forever' is none of none, markedForDeletion, deleted, retain"),
        ({"runIds": ",".join([UNKNOWN] * 1001)}, "runIds: 1001 ids are too many"),
        ({"name": "a\0"}, "name: contains a control character"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_its_name(server: Server, query: dict[str, str], complaint: str) -> None:
    answer = server.get("/testruns", **query)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


# --- messages ---


def test_messages_are_wrapped_and_the_newest_comes_first(server: Server) -> None:
    run_id = server.new_run()["id"]
    server.pass_time(1)
    server.services.runs.log(
        run_id, MessageSeverity.WARNING, Source.VALIDATION, "beware", at=server.time, agent="a1", code="VS1"
    )
    answer = server.get(f"/testruns/{run_id}/messages").json()
    assert answer["count"] == len(answer["value"]) == 2
    newest, oldest = answer["value"]
    assert newest == {
        "messageId": newest["messageId"],
        "testRunId": run_id,
        "agentId": "a1",
        "messageType": "warning",
        "messageSource": "validation",
        "loggedDate": "2026-03-01T12:00:01.1234560Z",
        "message": "beware",
        "errorCode": "VS1",
        "url": f"http://load.test/_apis/clt/TestRuns/{run_id}/Messages",
    }
    assert (oldest["messageType"], oldest["messageSource"], oldest["agentId"]) == ("info", "other", "")
    assert oldest["message"] == "This run was requested by 'Ada'."
    assert "errorCode" not in oldest


# --- clients that cannot read identities ---


@pytest.mark.parametrize(
    ("user_agent", "version", "told"),
    [
        ("python/3.11 msrest/0.6.21 vsts/0.1.25", "4.1", False),
        ("python/3.11 msrest/0.6.21 azure-devops/5.1.0b7", "5.0", False),
        ("python/3.11 msrest/0.6.21 azure-devops/5.1.0b7", "5.0-preview.1", False),
        ("python/3.11 msrest/0.6.21 azure-devops/5.1.0b7", "5.1", True),
        ("QuickPerfTestBuildTask", "4.1", True),
    ],
)
def test_identities_are_left_out_for_the_python_clients_that_choke_on_them(
    server: Server, user_agent: str, version: str, told: bool
) -> None:
    run_id = server.new_run()["id"]
    server.queue(run_id)
    headers = {"User-Agent": user_agent, "Accept": f"application/json;api-version={version}"}
    for path in (f"/testruns/{run_id}", "/testruns?detailed=true"):
        answer = server.client.get(f"/_apis/clt{path}", headers=headers).json()
        run = answer[0] if isinstance(answer, list) else answer
        assert {"createdBy", "startedBy", "stoppedBy"} & set(run) == (
            {"createdBy", "startedBy", "stoppedBy"} if told else set()
        )


def test_addresses_are_those_of_the_public_url_where_it_is_set(new_server: Callable[..., Server]) -> None:
    server = new_server(public_url="https://load.example.org/headrace/")
    run_id = server.new_run()["id"]
    assert server.run(run_id)["url"] == f"https://load.example.org/headrace/_apis/clt/TestRuns/{run_id}"
