from typing import Any

import pytest
from httpx2 import Response

from headrace.runs.drops import Drops
from tests.api.server import Server

FREE: dict[str, Any] = {
    "queryParameters": [{"name": "a", "value": "b"}, {"What": {"is": ["this", None, 1.5]}}],
    "requestHeaders": {"any": None},
    "httpBody": {"bodyString": "x\u0000"},
    "extractionRules": ["rule"],
}
URL: dict[str, Any] = {
    "label": "Request1",
    "serviceUrl": "http://shop.test/",
    "httpMethod": {"method": "POST"},
    "httpVersion": {"major": 1, "minor": 0, "build": 0, "revision": 0, "majorRevision": 0, "minorRevision": 0},
    **FREE,
}
TEST: dict[str, Any] = {
    "testName": "Web",
    "testType": 0,
    "mixPercentage": 100,
    "urlList": [URL],
    "dataSources": [{"a": None}],
    "globalParameters": [1],
}
SCENARIO: dict[str, Any] = {
    "scenarioName": "Scenario",
    "loadPattern": {"userLoad": 25, "loadPatternType": 0},
    "browserMixs": [{"browserName": "Chrome 2", "browserPercentage": 40}],
    "testMix": [TEST],
}
DEFINITION: dict[str, Any] = {
    "id": None,
    "name": "Shop",
    "createdDate": "0001-01-01T00:00:00",
    "createdBy": None,
    "loadTestType": 0,
    "runSettings": {"duration": 120, "warmUpDuration": 0, "coreCount": 0, "samplingInterval": 15},
    "loadGenerationGeoLocations": [{"location": "East US", "percentage": 100}],
    "staticAgentRunSettings": {"loadGeneratorMachinesType": 2, "staticAgentGroupName": "default"},
    "testDetails": {"visualStudioLoadTestFileName": "", "scenarios": [SCENARIO]},
}
PLAIN = {
    **DEFINITION,
    "testDetails": {"scenarios": [{**SCENARIO, "testMix": [{"urlList": [{"serviceUrl": "http://a.test/"}]}]}]},
}


def put(server: Server, body: Any) -> Response:
    return server.client.put("/_apis/clt/testdefinitions?api-version=6.1", json=body)


def new(server: Server, **changes: Any) -> dict[str, Any]:
    answer = server.post("/testdefinitions", {**DEFINITION, **changes})
    assert answer.status_code == 200, answer.text
    definition: dict[str, Any] = answer.json()
    return definition


def test_a_definition_is_answered_with_its_id_dates_and_names_for_numbers(server: Server) -> None:
    made = new(server)
    holder = {"id": server.holder.id, "displayName": "Ada"}
    assert made == {
        "id": made["id"],
        "name": "Shop",
        "createdDate": "2026-03-01T12:00:00.1234560Z",
        "createdBy": holder,
        "lastModifiedDate": "2026-03-01T12:00:00.1234560Z",
        "lastModifiedBy": holder,
        "accessData": made["accessData"],
        "loadTestType": "visualStudioLoadTest",
        "runSettings": {"duration": 120, "samplingInterval": 15},
        "loadGenerationGeoLocations": [{"location": "East US", "percentage": 100}],
        "staticAgentRunSettings": {"loadGeneratorMachinesType": "userLoadAgent", "staticAgentGroupName": "default"},
        "testDetails": {
            "visualStudioLoadTestFileName": None,
            "scenarios": [
                {
                    **SCENARIO,
                    "loadPattern": {"userLoad": 25, "loadPatternType": "constant"},
                    "testMix": [
                        {
                            **TEST,
                            "testType": "urlTest",
                            "urlList": [
                                {
                                    **URL,
                                    "httpVersion": {
                                        "major": 1,
                                        "minor": 0,
                                        "build": -1,
                                        "revision": -1,
                                        "majorRevision": -1,
                                        "minorRevision": -1,
                                    },
                                }
                            ],
                        }
                    ],
                }
            ],
        },
    }
    assert server.get(f"/testdefinitions/{made['id'].upper()}").json() == made
    assert server.get("/testDefinitions", testDefinitionId=made["id"]).json() == made


def test_what_is_left_out_of_a_request_is_answered_as_empty(server: Server) -> None:
    made = new(server, testDetails={"scenarios": [{"testMix": [{"urlList": [{"serviceUrl": "http://a.test/"}]}]}]})
    (scenario,) = made["testDetails"]["scenarios"]
    (test,) = scenario["testMix"]
    assert (test["testType"], test["dataSources"], test["globalParameters"]) == ("urlTest", [], [])
    (url,) = test["urlList"]
    assert (url["queryParameters"], url["requestHeaders"], url["httpBody"], url["extractionRules"]) == ([], [], None, [])


@pytest.mark.parametrize(("sent", "answered"), [("step", "step"), (3, "3"), ("CONSTANT", "constant"), ("0", "constant")])
def test_names_that_were_never_published_are_kept(server: Server, sent: Any, answered: str) -> None:
    scenario = {"loadPattern": {"userLoad": 1, "loadPatternType": sent}}
    made = new(server, testDetails={"scenarios": [scenario]})
    assert made["testDetails"]["scenarios"][0]["loadPattern"]["loadPatternType"] == answered


def test_a_definition_is_replaced_as_a_whole(server: Server) -> None:
    made = new(server)
    server.pass_time(60)
    answer = put(server, {"id": made["id"], "name": "Market", "loadTestType": "jmeter"})
    assert answer.status_code == 200
    replaced = answer.json()
    assert server.get(f"/testdefinitions/{made['id']}").json() == replaced
    assert replaced.pop("accessData")["dropContainerUrl"] == made["accessData"]["dropContainerUrl"]
    assert replaced == {
        **{name: made[name] for name in ("id", "createdDate", "createdBy", "lastModifiedBy")},
        "name": "Market",
        "loadTestType": "jMeter",
        "lastModifiedDate": "2026-03-01T12:01:00.1234560Z",
    }


def test_the_list_is_wrapped_and_shows_neither_people_nor_addresses(server: Server) -> None:
    first = new(server)
    server.pass_time(60)
    second = new(server, name="Market")
    answer = server.get("/testdefinitions").json()
    nobody = {"id": "", "displayName": ""}
    assert answer["count"] == 2
    assert answer["value"][0] == {
        **{name: first[name] for name in ("id", "name", "createdDate", "lastModifiedDate", "loadTestType")},
        "createdBy": nobody,
        "lastModifiedBy": nobody,
        "accessData": {"sasKey": "", "dropContainerUrl": ""},
    }

    def found(**query: Any) -> list[str]:
        return [each["name"] for each in server.get("/testdefinitions", **query).json()["value"]]

    assert found(top=1) == found(fromDate="2026-03-01T12:00:30Z") == [second["name"]]
    assert found(toDate="20260301T120030Z") == ["Shop"]


def test_what_is_not_there_is_404_and_what_cannot_be_is_400(server: Server) -> None:
    unknown = "6419a171-aead-4e12-8625-4c7ce99c4c5a"
    for answer in (
        server.get(f"/testdefinitions/{unknown}"),
        server.get("/testdefinitions", testDefinitionId=unknown),
        server.client.get(f"/other/_apis/clt/testdefinitions/{new(server)['id']}"),
    ):
        assert (answer.status_code, answer.json()["typeKey"]) == (404, "TestDefinitionNotFoundException")
    assert put(server, {**DEFINITION, "id": unknown}).status_code == 404
    for body, said in (
        ({**DEFINITION, "name": None}, "name: is missing"),
        ({**DEFINITION, "name": " "}, "name: is empty"),
        ({**DEFINITION, "loadTestType": 7}, "loadTestType: 7 is none of"),
        ({**DEFINITION, "testDetails": {"scenarios": 5}}, "testDetails.scenarios: 5 is no list"),
        ({**DEFINITION, "testDetails": {"scenarios": [{"loadPattern": {"userLoad": -1}}]}}, "too small"),
    ):
        answer = server.post("/testdefinitions", body)
        assert answer.status_code == 400
        assert said in answer.json()["message"]
    answer = put(server, DEFINITION)
    assert (answer.status_code, answer.json()["message"]) == (400, "id: is missing; name the definition to be replaced.")


def test_a_run_is_made_of_a_definition_by_naming_it_as_its_drop(server: Server) -> None:
    made = new(server, **PLAIN)
    answer = server.post("/testruns", {"name": "Shop", "testDrop": {"id": made["id"]}})
    assert answer.status_code == 200, answer.text
    run = answer.json()
    assert run["runSpecificDetails"] == {"virtualUserCount": 25, "duration": 120, "samplingInterval": 15}
    assert run["supersedeRunSettings"]["staticAgentRunSettings"]["staticAgentGroupName"] == "default"
    assert run["loadGenerationGeoLocations"] == [{"location": "East US", "percentage": 100}]
    drop = server.get(f"/testdrops/{run['testDrop']['id']}").json()
    assert (drop["dropType"], drop["testRunId"]) == ("InPlaceDrop", run["id"])
    assert drop["loadTestDefinition"]["urls"] == ["http://a.test/"]
    kept = Drops(server.database).get("default", drop["id"])
    assert kept is not None
    assert kept.test_definition is not None


def test_what_a_run_asks_for_goes_before_its_definition(server: Server) -> None:
    made = new(server, **PLAIN)
    details = {"duration": 30, "warmUpDuration": 5}
    run = server.post("/testruns", {"name": "a", "testDrop": {"id": made["id"]}, "runSpecificDetails": details}).json()
    assert run["runSpecificDetails"] == {
        "virtualUserCount": 25,
        "duration": 30,
        "warmUpDuration": 5,
        "samplingInterval": 15,
    }


def test_a_definition_without_users_or_duration_makes_no_run(server: Server) -> None:
    made = new(server, testDetails=None)
    answer = server.post("/testruns", {"name": "a", "testDrop": {"id": made["id"]}})
    assert answer.status_code == 400
    assert "runSpecificDetails.virtualUserCount: is given neither" in answer.json()["message"]


def test_a_definition_of_another_organization_makes_no_run(server: Server) -> None:
    made = new(server)
    body = {"name": "a", "testDrop": {"id": made["id"]}}
    answer = server.client.post("/other/_apis/clt/testruns?api-version=1.0", json=body)
    assert answer.status_code == 400
    assert "testDrop.id: there is no test drop" in answer.json()["message"]


def test_clients_that_cannot_read_identities_get_none(server: Server) -> None:
    server.client.headers["User-Agent"] = "python/3.8 msrest/0.6 vsts/0.1.25"
    made = server.post("/testdefinitions", DEFINITION, version="4.1").json()
    listed = server.get("/testdefinitions", **{"api-version": "4.1"}).json()["value"][0]
    assert "createdBy" not in made
    assert "lastModifiedBy" not in listed


def test_its_files_are_where_its_access_data_say_and_a_run_of_it_reads_them(server: Server) -> None:
    made = new(server, testDetails={"visualStudioLoadTestFileName": "shop.loadtest"})
    access = made["accessData"]
    assert access["dropContainerUrl"].endswith(f"/{made['id']}")
    headers = {"x-ms-blob-type": "BlockBlob"}
    url = f"{access['dropContainerUrl']}/shop.loadtest{access['sasKey']}"
    assert server.stranger.put(url, content=b"<LoadTest/>", headers=headers).status_code == 201
    assert server.stranger.get(url).content == b"<LoadTest/>"
    run = server.post("/testruns", {"name": "shop.loadtest", "testDrop": {"id": made["id"]}}).json()
    assert run["testDrop"]["id"] == made["id"]


def test_without_its_drop_it_has_no_access(server: Server) -> None:
    made = new(server)
    assert server.client.delete(f"/_apis/clt/testdrops/{made['id']}").status_code == 200
    assert server.get(f"/testdefinitions/{made['id']}").json()["accessData"] is None
