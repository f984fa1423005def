import pytest

from headrace.blobs.drop_files import tenant_of
from tests.api.server import Server

SPS = "951917AC-A960-4999-8464-E3F0AA25B381"
AREA = "7ae6d0a6-cda5-44cf-a261-28c392bed25c"
CLT_SERVICE = "6C404D78-EF65-4E65-8B6A-DF19D6361EAE"


@pytest.mark.parametrize("guid", [SPS, CLT_SERVICE, SPS.lower(), CLT_SERVICE.lower()])
@pytest.mark.parametrize("organization", ["", "/acme"])
def test_a_location_service_leads_back_here_without_a_slash_at_the_end(server: Server, guid: str, organization: str) -> None:
    answer = server.client.get(f"{organization}/_apis/servicedefinitions/LocationService2/{guid}")
    assert answer.status_code == 200
    body = answer.json()
    assert body["serviceType"] == "LocationService2"
    assert body["identifier"] == guid.lower()
    assert body["locationMappings"] == [
        {"accessMappingMoniker": "PublicAccessMapping", "location": f"http://load.test{organization}"}
    ]


def test_an_unknown_location_service_is_404(server: Server) -> None:
    answer = server.client.get("/_apis/servicedefinitions/LocationService2/00000000-0000-0000-0000-000000000001")
    assert answer.status_code == 404
    assert answer.json()["typeKey"] == "LocationServiceNotFoundException"


def test_discovery_needs_no_token_and_names_versions_as_text_and_ids_in_lower_case(server: Server) -> None:
    for path in ("/_apis", "/_apis/", "/acme/_apis/"):
        answer = server.stranger.options(path)
        assert answer.status_code == 200
        body = answer.json()
        assert body["count"] == len(body["value"]) > 0
        for resource in body["value"]:
            assert resource["id"] == resource["id"].lower()
            assert [resource[name] for name in ("minVersion", "maxVersion", "releasedVersion")] == ["1.0", "7.1", "7.1"]


@pytest.mark.parametrize(("area", "known"), [("clt", "clt"), ("CloudLoadTest", "clt"), ("Location", "Location")])
def test_discovery_can_be_of_one_area(server: Server, area: str, known: str) -> None:
    found = server.stranger.options(f"/_apis/{area}").json()["value"]
    assert {resource["area"] for resource in found} == {known}


def test_discovery_of_an_unknown_area_is_404(server: Server) -> None:
    assert server.stranger.options("/_apis/build").status_code == 404


def test_discovery_has_every_published_resource(server: Server) -> None:
    """The table of section 1.3, by area and name."""
    found = server.stranger.options("/_apis/?allHostTypes=true").json()["value"]
    assert {(resource["area"], resource["resourceName"], resource["resourceVersion"]) for resource in found} == {
        ("clt", "agentGroups", 1),
        ("clt", "agents", 1),
        ("clt", "applications", 1),
        ("clt", "counters", 1),
        ("clt", "plugins", 1),
        ("clt", "counterInstances", 1),
        ("clt", "counterSamples", 1),
        ("clt", "errors", 2),
        ("clt", "messages", 1),
        ("clt", "results", 1),
        ("clt", "testDefinitions", 1),
        ("clt", "testDrops", 1),
        ("clt", "testRuns", 1),
        ("Location", "ResourceAreas", 1),
        ("Location", "ServiceDefinitions", 1),
        ("Location", "ConnectionData", 1),
    }
    assert len({resource["id"] for resource in found}) == 16


@pytest.mark.parametrize("with_ids", [True, False])
def test_every_discovered_template_is_served(server: Server, with_ids: bool) -> None:
    """With its ids, and, as far as the clients leave them out, without: they drop the segments that have no value."""
    definition = server.post("/testdefinitions", {"name": "Shop"}).json()["id"]
    optional = {
        "testDefinitionId": definition,
        "testDropId": server.new_drop()["id"],
        "areaId": AREA,
        "identifier": SPS,
        "type": "ApplicationInsights",
        "applicationId": "",
    }
    ids = {
        "testRunId": server.new_run()["id"],
        "serviceType": "LocationService2",
        "agentGroupId": server.get("/agentgroups").json()["value"][0]["groupId"],
    }
    for resource in server.stranger.options("/_apis").json()["value"]:
        values = {**(optional if with_ids else dict.fromkeys(optional, "")), **ids}
        path = "/" + resource["routeTemplate"].format(area=resource["area"], resource=resource["resourceName"], **values)
        answer = server.client.get(path, params={"groupNames": "All"})
        only_posted = resource["resourceName"] == "counterSamples" or path.endswith("/testDrops/")
        assert answer.status_code == (405 if only_posted else 200), path


def test_the_connection_data_say_who_is_signed_in(server: Server) -> None:
    answer = server.client.get("/Acme/_apis/connectionData?connectOptions=1").json()
    assert answer["authenticatedUser"]["providerDisplayName"] == "Ada"
    assert answer["authenticatedUser"]["id"] == server.holder.id
    assert answer["instanceId"] == tenant_of("acme")
    assert answer["locationServiceData"]["accessMappings"][0]["accessPoint"] == "http://load.test/Acme"
    assert server.stranger.get("/_apis/connectionData").status_code == 401


def test_the_resource_areas_have_ours(server: Server) -> None:
    area = {"id": AREA, "name": "clt", "locationUrl": "http://load.test/Acme/"}
    assert server.client.get("/Acme/_apis/ResourceAreas").json() == {"count": 1, "value": [area]}
    assert server.client.get(f"/Acme/_apis/ResourceAreas/{area['id'].upper()}").json() == area
    assert server.client.get("/_apis/ResourceAreas/00000000-0000-0000-0000-000000000001").status_code == 404


def test_the_description_of_the_api_is_answered_from_here(server: Server) -> None:
    description = server.client.get("/openapi.json").json()
    assert "/_apis/clt/testruns/{run_id}" in description["paths"]
