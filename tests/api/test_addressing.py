import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.addressing import fold_names, read_path
from headrace.api.failures import ApiError
from tests.api.server import Server

segments = st.sampled_from(["_apis", "_APIS", "runs", "Files", "clt", "TestRuns", "acme", "", "a b", "x" * 200, "."])
paths = st.one_of(st.lists(segments).map("/".join), st.text()).map(lambda path: "/" + path)


@pytest.mark.parametrize(
    ("path", "organization", "rest"),
    [
        ("/_apis/clt/testruns", "", "/_apis/clt/testruns"),
        ("//_apis/clt//TestRuns/", "", "/_apis/clt/testruns"),
        ("/Fabrikam/_apis/CLT/TestRuns", "Fabrikam", "/_apis/clt/testruns"),
        ("//Fabrikam//_Apis", "Fabrikam", "/_apis"),
        ("/Acme.Corp-1_2/runs/ABC", "Acme.Corp-1_2", "/runs/abc"),
        ("/runs/abc", "", "/runs/abc"),
        ("/files/abc/x", "", "/files/abc/x"),
        ("/acme", "", "/acme"),
        ("/", "", "/"),
    ],
)
def test_a_path_is_an_organization_and_a_route(path: str, organization: str, rest: str) -> None:
    assert read_path(path) == (organization, rest)


@pytest.mark.parametrize("organization", ["a b", "x" * 129, "é", "a:b", "<x>"])
def test_an_organization_that_is_no_name_is_404(server: Server, organization: str) -> None:
    answer = server.client.get(f"/{organization}/_apis/clt/testruns")
    assert answer.status_code == 404
    assert "is no organization" in answer.json()["message"]


@given(paths)
def test_a_route_is_its_own_address(path: str) -> None:
    try:
        _, once = read_path(path)
    except ApiError:
        return
    assert read_path(once) == ("", once)


@given(st.binary())
def test_names_of_parameters_are_folded_once_and_for_all(query: bytes) -> None:
    once = fold_names(query)
    assert fold_names(once) == once


def test_only_the_names_of_parameters_are_folded() -> None:
    assert fold_names(b"Name=Shop%20A&api-version=1.0&group%4Eames=A%2CB&$Top=1&flag") == (
        b"name=Shop%20A&api-version=1.0&groupnames=A%2CB&$top=1&flag"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/_apis/clt/testruns",
        "/default/_apis/clt/testruns",
        "/DEFAULT/_APIS/CLT/TESTRUNS",
        "//_apis/clt/testruns",
        "/_apis/clt/testruns/",
    ],
)
def test_one_list_has_many_spellings(server: Server, path: str) -> None:
    run_id = server.new_run()["id"]
    # httpx would take "//_apis" for a host, so the whole address
    answer = server.client.get(f"http://load.test{path}")
    assert [run["id"] for run in answer.json()] == [run_id]


def test_links_carry_the_organization_as_typed_and_match_it_in_any_case(server: Server) -> None:
    drop = server.client.post("/Fabrikam/_apis/clt/testdrops?api-version=1.0", json={}).json()
    answer = server.client.get(f"/fabriKAM/_apis/clt/testdrops/{drop['id']}")
    assert answer.status_code == 200
    location = server.client.get(
        "/Fabrikam/_apis/servicedefinitions/LocationService2/6C404D78-EF65-4E65-8B6A-DF19D6361EAE"
    ).json()
    assert location["locationMappings"][0]["location"] == "http://load.test/Fabrikam"


@pytest.mark.parametrize("host", ["load.test:8080", "127.0.0.1:1", "[::1]:8080"])
def test_links_name_the_host_that_was_asked(server: Server, host: str) -> None:
    answer = server.client.get("/_apis/resourceareas", headers={"Host": host})
    assert answer.json()["value"][0]["locationUrl"] == f"http://{host}/"


@pytest.mark.parametrize("host", ["", "evil.test/x", 'a"b', "a b"])
def test_a_host_that_is_none_is_not_linked_to(server: Server, host: str) -> None:
    answer = server.client.get("/_apis/resourceareas", headers={"Host": host})
    assert answer.status_code == 400
    assert "Host header" in answer.json()["message"]
