import pytest

from tests.api.server import Server

SPS = "951917AC-A960-4999-8464-E3F0AA25B381"
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


def test_every_discovered_template_is_served(server: Server) -> None:
    """A template without its ids expands to a route, as the clients expand it."""
    run_id = server.new_run()["id"]
    ids = {"testRunId": run_id, "testDropId": server.new_drop()["id"], "areaId": "", "serviceType": "LocationService2"}
    for resource in server.stranger.options("/_apis").json()["value"]:
        values = {**ids, "area": resource["area"], "resource": resource["resourceName"], "identifier": SPS}
        path = "/" + resource["routeTemplate"].format(**values)
        answer = server.client.get(path, params={"groupNames": "All"})
        assert answer.status_code == (405 if resource["resourceName"] == "counterSamples" else 200), path


def test_the_resource_areas_have_ours(server: Server) -> None:
    area = {"id": "7ae6d0a6-cda5-44cf-a261-28c392bed25c", "name": "clt", "locationUrl": "http://load.test/Acme/"}
    assert server.client.get("/Acme/_apis/ResourceAreas").json() == {"count": 1, "value": [area]}
    assert server.client.get(f"/Acme/_apis/ResourceAreas/{area['id'].upper()}").json() == area
    assert server.client.get("/_apis/ResourceAreas/00000000-0000-0000-0000-000000000001").status_code == 404


def test_the_description_of_the_api_is_answered_from_here(server: Server) -> None:
    description = server.client.get("/openapi.json").json()
    assert "/_apis/clt/testruns/{run_id}" in description["paths"]
