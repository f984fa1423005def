import re
from collections.abc import Callable
from typing import Any

import pytest

from headrace.runs.access import Role, Scope
from headrace.runs.tokens import Grant
from tests.api.server import CLT, DEFINITION, Server, basic


def test_an_in_place_drop_is_answered_with_its_definition(server: Server) -> None:
    drop = server.new_drop(thinkTime=2)
    assert drop["dropType"] == "InPlaceDrop"
    assert drop["createdDate"] == "2026-03-01T12:00:00.1234560Z"
    assert drop["accessData"] is None
    assert drop["testRunId"] is None
    assert drop["loadTestDefinition"]["urls"] == DEFINITION["urls"]
    assert drop["loadTestDefinition"]["thinkTime"] == 2
    assert drop["loadTestDefinition"]["loadGenerationGeoLocations"] == [{"location": "Default", "percentage": 100}]
    assert server.get(f"/testdrops/{drop['id']}").json() == drop


def test_a_drop_without_a_type_is_one_for_files(server: Server) -> None:
    drop = server.post("/testdrops", {}).json()
    assert (drop["dropType"], drop["loadTestDefinition"]) == ("TestServiceBlobDrop", None)
    container, drop_id = drop["accessData"]["dropContainerUrl"].rsplit("/", 2)[1:]
    assert re.fullmatch("ets-containerfor-[0-9a-f-]{36}", container)
    assert drop_id == drop["id"]
    assert drop["accessData"]["sasKey"].startswith("?sv=")


def test_each_get_of_a_drop_gives_a_signature_for_two_hours(server: Server) -> None:
    drop = server.post("/testdrops", {}).json()
    assert "se=2026-03-01T14%3A00%3A00Z" in drop["accessData"]["sasKey"]
    server.pass_time(3600)
    assert "se=2026-03-01T15%3A00%3A00Z" in server.get(f"/testdrops/{drop['id']}").json()["accessData"]["sasKey"]


@pytest.mark.parametrize("query", [{"permissions": "x"}, {"permissions": "lr"}, {"blob": "../a"}, {"blob": "a\0b"}])
def test_a_signature_for_what_there_is_not_is_refused(server: Server, query: dict[str, str]) -> None:
    drop_id = server.post("/testdrops", {}).json()["id"]
    assert server.get(f"/testdrops/{drop_id}", **query).status_code == 400


@pytest.mark.parametrize("grant", [Grant(role=Role.VIEWER), Grant(scopes=frozenset({Scope.READ}))], ids=["role", "scope"])
def test_who_may_only_read_gets_a_signature_for_reading(server: Server, grant: Grant) -> None:
    drop = server.post("/testdrops", {"dropType": "TestServiceBlobDrop"}).json()["id"]
    definition = server.post("/testdefinitions", {"name": "shop"}).json()["id"]
    headers = basic(server.services.tokens.create("Bob", server.time, grant)[0])
    for path in (f"/testdrops/{drop}", f"/testdrops/{drop}?permissions=r", f"/testdefinitions/{definition}"):
        access = server.stranger.get(f"{CLT}{path}", headers=headers).json()["accessData"]
        file = f"{access['dropContainerUrl']}/a.txt{access['sasKey']}"
        assert server.stranger.put(file, content=b"a", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 403
        assert server.stranger.get(file).status_code == 404
    answer = server.stranger.get(f"{CLT}/testdrops/{drop}?permissions=rw", headers=headers)
    assert (answer.status_code, answer.json()["typeKey"]) == (403, "AccessDeniedException")


def test_a_drop_of_others_is_deleted_by_an_administrator_only(server: Server) -> None:
    drop = server.new_drop()["id"]
    secrets = [server.services.tokens.create(role, server.time, Grant("default", role))[0] for role in Role]
    answers = [server.stranger.delete(f"{CLT}/testdrops/{drop}", headers=basic(secret)) for secret in secrets]
    assert [answer.status_code for answer in answers] == [403, 403, 200]
    assert "role admin is needed to delete tests of others" in answers[1].json()["message"]


def test_a_drop_is_deleted_with_its_files(server: Server) -> None:
    drop = server.post("/testdrops", {}).json()
    access = drop["accessData"]
    put = server.stranger.put(
        f"{access['dropContainerUrl']}/a.txt{access['sasKey']}", content=b"a", headers={"x-ms-blob-type": "BlockBlob"}
    )
    assert put.status_code == 201
    answer = server.client.delete(f"{CLT}/testdrops/{drop['id'].upper()}?api-version=1.0")
    assert (answer.status_code, answer.json()) == (200, {})
    assert server.get(f"/testdrops/{drop['id']}").status_code == 404
    gone = server.stranger.get(f"{access['dropContainerUrl']}/a.txt{access['sasKey']}")
    assert (gone.status_code, gone.headers["x-ms-error-code"]) == (404, "ContainerNotFound")
    assert [path for path in (server.services.settings.data / "drops").rglob("*") if path.is_file()] == []


def test_a_drop_that_a_queued_run_needs_is_not_deleted(server: Server) -> None:
    run = server.new_run()
    server.queue(run["id"])
    answer = server.client.delete(f"{CLT}/testdrops/{run['testDrop']['id']}")
    assert answer.status_code == 400
    assert f"The test run '{run['id']}' is queued and needs the test drop." in answer.json()["message"]


def test_nobody_deletes_the_drop_of_another_organization(server: Server) -> None:
    drop_id = server.new_drop()["id"]
    assert server.client.delete(f"/acme{CLT}/testdrops/{drop_id}").status_code == 404
    assert server.client.delete(f"{CLT}/testdrops/nonsense").status_code == 404
    assert server.get(f"/testdrops/{drop_id}").status_code == 200


def test_a_blob_drop_keeps_the_hints_of_the_jmeter_task(server: Server) -> None:
    hints = {"loadTestName": "x.jmx", "maxVusers": -1, "runDuration": 60, "urls": None, "agentCount": 2, "coreCount": 4}
    answer = server.post("/testdrops", {"dropType": "TestServiceBlobDrop", "loadTestDefinition": hints})
    assert answer.status_code == 200, answer.text
    assert answer.json()["loadTestDefinition"] == {name: value for name, value in hints.items() if value is not None}


@pytest.mark.parametrize("spelling", ["InplaceDrop", "InPlaceDrop", "inplacedrop", "INPLACEDROP"])
def test_the_type_of_a_drop_is_read_in_any_case(server: Server, spelling: str) -> None:
    answer = server.post("/testdrops", {"DropType": spelling, "LoadTestDefinition": DEFINITION})
    assert answer.json()["dropType"] == "InPlaceDrop"


def test_a_drop_names_the_run_that_uses_it(server: Server) -> None:
    run = server.new_run()
    assert server.get(f"/testdrops/{run['testDrop']['id']}").json()["testRunId"] == run["id"]


def test_our_own_members_of_a_definition_are_kept(server: Server) -> None:
    drop = server.new_drop(verifyCertificates=False, requestTimeout=2.5, thinkTime="0.5")
    definition = drop["loadTestDefinition"]
    assert (definition["verifyCertificates"], definition["requestTimeout"], definition["thinkTime"]) == (False, 2.5, 0.5)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"urls": []}, "loadTestDefinition.urls: has 0 entries; give 1 to 1000."),
        ({"urls": None}, "loadTestDefinition.urls: has 0 entries"),
        ({"urls": "http://site.test/"}, "loadTestDefinition.urls: 'http://site.test/' is no list"),
        ({"urls": ["http://a.test/"] * 1001}, "loadTestDefinition.urls: has 1001 entries"),
        ({"urls": ["http://a.test/", "ftp://a.test/"]}, "loadTestDefinition.urls[1]: 'ftp://a.test/'"),
        ({"urls": ["javascript:alert(1)"]}, "loadTestDefinition.urls[0]: 'javascript:alert(1)'"),
        ({"urls": [7]}, "loadTestDefinition.urls[0]: 7 is no text"),
        ({"urls": ["http://a.test/\0"]}, "loadTestDefinition.urls[0]: contains a control character"),
        ({"maxVusers": -5}, "loadTestDefinition.maxVusers: -5 is too small"),
        ({"maxVusers": -1}, "loadTestDefinition.maxVusers: is -1; give 1 to 20000"),
        ({"maxVusers": 0}, "loadTestDefinition.maxVusers: is 0; give 1 to 20000"),
        ({"maxVusers": 1_000_000_000}, "loadTestDefinition.maxVusers: is 1000000000; give 1 to 20000"),
        ({"maxVusers": 10**30}, "loadTestDefinition.maxVusers: 1000000000000000000000000000000 is too large"),
        ({"maxVusers": True}, "loadTestDefinition.maxVusers: True is no whole number"),
        ({"maxVusers": "many"}, "loadTestDefinition.maxVusers: 'many' is no whole number"),
        ({"maxVusers": 2.5}, "loadTestDefinition.maxVusers: 2.5 is no whole number"),
        ({"maxVusers": [1]}, "loadTestDefinition.maxVusers: [1] is no whole number"),
        ({"runDuration": 0}, "loadTestDefinition.runDuration: is 0; give 1 to 172800"),
        ({"runDuration": 172801}, "loadTestDefinition.runDuration: is 172801; give 1 to 172800"),
        ({"thinkTime": -1}, "loadTestDefinition.thinkTime: -1 is too small"),
        ({"thinkTime": "soon"}, "loadTestDefinition.thinkTime: 'soon' is no number"),
        ({"samplingRate": 4000}, "loadTestDefinition.samplingRate: 4000 is too large"),
        ({"verifyCertificates": "maybe"}, "loadTestDefinition.verifyCertificates: 'maybe' is neither true nor false"),
        ({"requestTimeout": 0}, "loadTestDefinition.requestTimeout: 0 is too small"),
        ({"loadTestName": "x" * 257}, "… (257 characters)' has 257 characters; at most 256 are allowed"),
        ({"browserMixs": [{"browserName": "Chrome"}]}, "loadTestDefinition.browserMixs[0].browserPercentage: is missing"),
        ({"browserMixs": [5]}, "loadTestDefinition.browserMixs[0]: 5 is no JSON object"),
        ({"loadGenerationGeoLocations": [{"location": "Moon", "percentage": 100}]}, "'Moon'"),
        ({"loadGenerationGeoLocations": [{"location": "Default", "percentage": 50}]}, "add up to 50 percent"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused_by_its_member_and_value(
    server: Server, changes: dict[str, Any], complaint: str
) -> None:
    answer = server.post("/testdrops", {"dropType": "InplaceDrop", "loadTestDefinition": {**DEFINITION, **changes}})
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


def test_an_in_place_drop_without_a_definition_is_refused(server: Server) -> None:
    answer = server.post("/testdrops", {"dropType": "InplaceDrop", "loadTestDefinition": None})
    assert answer.status_code == 400
    assert answer.json()["message"] == "loadTestDefinition: is missing; an InPlaceDrop consists of it."


def test_an_unknown_type_of_drop_is_refused_with_the_known_ones(server: Server) -> None:
    answer = server.post("/testdrops", {"dropType": "Tape"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "dropType: 'Tape' is none of TestServiceBlobDrop, InPlaceDrop."


def test_the_limits_are_the_operators(new_server: Callable[..., Server]) -> None:
    server = new_server(max_users=3, max_urls=1, max_duration=10)
    for changes in ({"maxVusers": 4}, {"urls": ["http://a.test/"] * 2}, {"runDuration": 11}):
        definition = {**DEFINITION, "maxVusers": 3, "runDuration": 10, **changes}
        answer = server.post("/testdrops", {"dropType": "InplaceDrop", "loadTestDefinition": definition})
        assert answer.status_code == 400, changes


@pytest.mark.parametrize("drop_id", ["00000000-0000-0000-0000-000000000001", "nonsense", "%00", "a" * 3000])
def test_an_unknown_drop_is_404_with_a_message(server: Server, drop_id: str) -> None:
    answer = server.get(f"/testdrops/{drop_id}")
    assert answer.status_code == 404
    assert answer.json()["typeKey"] == "TestDropNotFoundException"


def test_a_drop_of_another_organization_looks_like_an_unknown_one(server: Server) -> None:
    drop_id = server.new_drop()["id"]
    unknown = "00000000-0000-0000-0000-000000000001"
    foreign = server.client.get(f"/acme/_apis/clt/testdrops/{drop_id}")
    assert foreign.status_code == 404
    assert foreign.json()["message"].replace(drop_id, unknown) == server.get(f"/testdrops/{unknown}").json()["message"]
