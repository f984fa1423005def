"""What no client can do, whatever it sends."""

from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.runs.model import DropKind
from tests.api.server import CLT, DEFINITION, Server

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["InplaceDrop", "queued", "1", "-1", "x64", "http://a.test/", "0001-01-01T00:00:00", "\0", "9" * 400]),
)
names = st.sampled_from(
    [
        *DEFINITION,
        "name",
        "dropType",
        "loadTestDefinition",
        "testDrop",
        "id",
        "testSettings",
        "hostProcessPlatform",
        "runSpecificDetails",
        "virtualUserCount",
        "duration",
        "superSedeRunSettings",
        "staticAgentRunSettings",
        "runType",
        "state",
        "retentionState",
        "value",
        "counterInstanceId",
        "fromInterval",
        "browserName",
        "browserPercentage",
        "location",
        "percentage",
        "thinkTime",
    ]
).flatmap(lambda name: st.sampled_from([name, name.upper(), name.lower()]))
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=6)), max_leaves=20
)
objects = st.dictionaries(names, values, max_size=8)

# The fixture's server is only ever added to.
anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(body=objects)
@anything
def test_no_drop_makes_a_fault(server: Server, body: dict[str, Any]) -> None:
    _answered(server, "POST", "/testdrops", body)


@given(changes=objects)
@anything
def test_no_definition_makes_a_fault_and_what_is_kept_can_be_read(server: Server, changes: dict[str, Any]) -> None:
    answer = _answered(
        server, "POST", "/testdrops", {"dropType": "InplaceDrop", "loadTestDefinition": {**DEFINITION, **changes}}
    )
    if answer.status_code == 200:
        assert server.get(f"/testdrops/{answer.json()['id']}").json() == answer.json()


@given(body=objects)
@anything
def test_no_run_makes_a_fault_and_what_is_kept_can_be_read(server: Server, body: dict[str, Any]) -> None:
    drop = server.services.drops.create("default", DropKind.IN_PLACE, {"max_vusers": 1, "run_duration": 1}, server.time)
    answer = _answered(server, "POST", "/testruns", {"name": "a", "testDrop": {"id": drop.id}, **body})
    if answer.status_code == 200:
        assert server.run(answer.json()["id"]) == answer.json()


@given(body=objects)
@anything
def test_no_change_makes_a_fault(server: Server, body: dict[str, Any]) -> None:
    drop = server.services.drops.create("default", DropKind.IN_PLACE, {"max_vusers": 1, "run_duration": 1}, server.time)
    run = server.post("/testruns", {"name": "a", "testDrop": {"id": drop.id}}).json()
    _answered(server, "PATCH", f"/testruns/{run['id']}", body)


@given(body=objects)
@anything
def test_no_question_for_samples_makes_a_fault(server: Server, body: dict[str, Any]) -> None:
    drop = server.services.drops.create("default", DropKind.IN_PLACE, {"max_vusers": 1, "run_duration": 1}, server.time)
    run = server.post("/testruns", {"name": "a", "testDrop": {"id": drop.id}}).json()
    _answered(server, "POST", f"/testruns/{run['id']}/countersamples", body)


@given(
    query=st.dictionaries(
        st.sampled_from(
            ["name", "requestedBy", "status", "runType", "fromDate", "toDate", "detailed", "top", "runIds", "retentionState"]
        ),
        st.text(st.characters(exclude_categories=["Cs"])),
        max_size=3,
    )
)
@anything
def test_no_filter_makes_a_fault(server: Server, query: dict[str, str]) -> None:
    assert server.get("/testruns", **query).status_code in (200, 400)


@given(body=st.binary())
@anything
def test_no_bytes_make_a_fault(server: Server, body: bytes) -> None:
    answer = server.client.post(
        f"{CLT}/testdrops?api-version=1.0", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (200, 400)


@given(path=st.text(st.characters(exclude_categories=["Cs"])))
@anything
def test_no_address_makes_a_fault(server: Server, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        assert server.client.request(method, "/_apis/" + quote(path)).status_code in (200, 400, 404, 405)


def _answered(server: Server, method: str, path: str, body: dict[str, Any]) -> Any:
    """The answer, which is a success or the client's fault."""
    answer = server.client.request(method, f"{CLT}{path}?api-version=1.0", json=body)
    assert answer.status_code in (200, 202, 400, 413), answer.text
    if answer.is_error:
        assert answer.json()["message"]
    return answer
