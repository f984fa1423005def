from datetime import timedelta

import pytest

from headrace.blobs.drop_files import tenant_of
from headrace.runs.agents import MISSED
from tests.api.server import Server

UNKNOWN = "6419a171-aead-4e12-8625-4c7ce99c4c5a"


@pytest.fixture
def default(server: Server) -> str:
    """The id of the group that is always there, with an agent in it."""
    server.services.agents.beat("host", server.time)
    group_id: str = server.get("/agentgroups").json()["value"][0]["groupId"]
    return group_id


def test_a_group_is_made_and_answered_as_published(server: Server) -> None:
    made = server.post("/AgentGroups", {"GroupName": "Ours"}).json()
    assert made == {
        "tenantId": tenant_of("default"),
        "groupName": "Ours",
        "groupId": made["groupId"],
        "createdBy": {"id": server.holder.id, "displayName": "Ada"},
        "creationTime": "2026-03-01T12:00:00.1234560Z",
        "machineConfiguration": None,
        "machineAccessData": None,
    }
    for path in (f"/agentGroups/{made['groupId']}", f"/agentgroups?agentGroupId={made['groupId'].upper()}"):
        assert server.client.get(f"/_apis/clt{path}").json() == made
    assert server.get("/agentgroups", agentGroupName="OURS").json() == {"count": 1, "value": [made]}


def test_the_default_group_is_always_there_and_made_by_nobody(server: Server) -> None:
    (group,) = server.get("/agentgroups").json()["value"]
    assert group["groupName"] == "default"
    assert group["createdBy"] == {"id": "", "displayName": ""}
    assert "creationTime" not in group


def test_what_is_not_there_is_404(server: Server, default: str) -> None:
    for path in (
        f"/_apis/clt/agentgroups/{UNKNOWN}",
        "/_apis/clt/agentgroups/x",
        f"/_apis/clt/agentgroups?agentGroupId={UNKNOWN}",
        f"/_apis/clt/agentgroups/{UNKNOWN}/agents",
        f"/other/_apis/clt/agentgroups/{default}",
    ):
        assert server.client.get(path).status_code == 404, path
    assert server.get("/agentgroups", agentGroupName="theirs").json() == {"count": 0, "value": []}


@pytest.mark.parametrize("body", [{}, {"groupName": ""}, {"groupName": " "}, {"groupName": 5}, {"groupName": "a\nb"}])
def test_a_group_needs_a_name(server: Server, body: dict[str, object]) -> None:
    answer = server.post("/agentgroups", body)
    assert answer.status_code == 400
    assert "groupName" in answer.json()["message"] or answer.json()["message"].startswith("name: ")


@pytest.mark.parametrize(
    ("version", "member"), [("4.1", "vSTSAccountUri"), ("5.0", "vSTSAccountUri"), ("5.1", "vstsAccountUri")]
)
def test_the_three_switches_ask_for_something_else(server: Server, default: str, version: str, member: str) -> None:
    asked = {"api-version": version}
    for path in ("/agentgroups", f"/agentgroups/{default}"):
        urls = server.get(path, outgoingRequestUrls="true", **asked).json()
        assert urls == {"count": 2, "value": ["http://load.test", "http://load.test"]}
        assert server.get(path, machineAccessData="true", **asked).json() == {"count": 0, "value": []}
    machine = server.get(f"/agentgroups/{default}", machineSetupInput="true", **asked).json()
    assert machine == {
        "machineGroupId": default,
        "machineType": "userLoadAgent",
        "setupConfiguration": {"configurations": {}},
        "supportedRunTypes": ["visualStudioLoadTest"],
        "agentGroupName": "default",
        "tenantId": tenant_of("default"),
        "userLoadAgentResourcesUri": None,
        member: "http://load.test",
    }
    assert server.get("/agentgroups", machineSetupInput="true", **asked).json() == {"count": 1, "value": [machine]}


def test_agents_are_listed_with_their_heart_beat_and_state(server: Server, default: str) -> None:
    agent = {
        "name": "host",
        "agentGroupName": "default",
        "agentGroupId": default,
        "lastHeartBeat": "2026-03-01T12:00:00.1234560Z",
        "state": "Free",
    }
    path = f"/agentgroups/{default}/agents"
    assert server.get(path).json() == server.get(path, agentName="HOST").json() == {"count": 1, "value": [agent]}
    assert server.get(path, agentName="other").json() == {"count": 0, "value": []}
    run_id = server.new_run()["id"]
    server.start(run_id)
    assert server.get(path).json()["value"][0]["state"] == "Busy"


def test_only_an_agent_that_is_offline_is_deleted_and_the_answer_is_a_string(server: Server, default: str) -> None:
    path = f"/_apis/clt/agentgroups/{default}/agents?agentName=host"
    answer = server.client.delete(path)
    assert (answer.status_code, answer.json()["typeKey"]) == (400, "InvalidOperationException")
    assert "is online" in answer.json()["message"]
    server.time += MISSED + timedelta(seconds=1)
    assert server.get(f"/agentgroups/{default}/agents").json()["value"][0]["state"] == "Offline"
    answer = server.client.delete(path)
    assert (answer.status_code, answer.json()) == (200, "Successfully deleted the agent with name as host")
    assert server.client.delete(path).status_code == 404
    answer = server.client.delete(f"/_apis/clt/agentgroups/{default}/agents")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "agentName: is missing; name the agent to be deleted.",
    )


@pytest.mark.usefixtures("default")
def test_the_configuration_names_the_places_and_the_machines(server: Server) -> None:
    answer = server.get("/configuration").json()
    assert answer["id"] == tenant_of("default")
    assert {"Default", "West Europe", "North Europe"} <= set(answer["validGeoLocations"])
    assert answer["staticMachines"] == [
        {"machineName": "host", "status": "Free", "lastHeartBeat": "2026-03-01T12:00:00.1234560Z"}
    ]
