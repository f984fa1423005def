"""Runs by the new API."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from headrace.runs.model import Severity, Source, State
from headrace.runs.organizations import DEFAULT
from tests.api.server import Server
from tests.api.v1.client import PLAN, Client, problem


def names(page: Any) -> list[str]:
    return [run["name"] for run in page["items"]]


def test_a_run_is_made_of_a_plan_in_one_call(v1: Client) -> None:
    answer = v1.ask("POST", "/api/v1/runs", {"plan": PLAN, "description": "the first", "samplingInterval": 5})
    run = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"http://load.test/api/v1/runs/{run['id']}"
    assert (run["name"], run["number"], run["state"], run["users"], run["duration"]) == ("Shop", 1, "pending", 5, 60)
    assert (run["description"], run["samplingInterval"], run["warmUp"]) == ("the first", 5, None)
    assert run["createdBy"] == {"id": v1.server.holder.id, "name": "Ada"}
    assert run["createdAt"] == "2026-03-01T12:00:00.123456Z"
    assert v1.get(f"/runs/{run['id']}") == run
    assert v1.server.rings == 0


def test_a_run_may_be_started_with_the_call_that_makes_it(v1: Client) -> None:
    run = v1.run(start=True, name="nightly", users=2, duration=10)
    assert (run["state"], run["name"], run["users"], run["duration"]) == ("queued", "nightly", 2, 10)
    assert run["startedBy"]["name"] == "Ada"
    assert v1.server.rings == 1


def test_both_apis_see_the_same_run(v1: Client) -> None:
    run = v1.run()
    assert v1.server.run(run["id"])["runNumber"] == run["number"]
    old = v1.server.new_run()
    assert v1.get(f"/runs/{old['id']}")["name"] == "shop.loadtest"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "plan: is missing"),
        ({"plan": ""}, "plan: is empty"),
        ({"plan": "name: a"}, "plan: cannot be run."),
        ({"plan": PLAN, "nmae": "a"}, "nmae: Extra inputs are not permitted"),
        ({"plan": PLAN, "users": 0}, "users: 0 is too small; at least 1 is allowed"),
        ({"plan": PLAN, "users": 20_001}, "users: is 20001; give 1 to 20000."),
        ({"plan": PLAN, "name": "a\0"}, "name: contains the control character U+0000"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(v1: Client, body: Any, told: str) -> None:
    refusal = v1.refused("POST", "/runs", body)
    assert refusal["status"] == 400
    assert told in refusal["detail"]


def test_a_run_is_started_and_stopped(v1: Client) -> None:
    run = v1.run()
    for _ in range(2):  # it may be said again
        answer = v1.ask("PATCH", f"/api/v1/runs/{run['id']}", {"state": "queued"})
        assert (answer.status_code, answer.json()["state"]) == (200, "queued")
    answer = v1.ask("PATCH", f"/api/v1/runs/{run['id']}", {"state": "aborted"})
    assert (answer.json()["state"], answer.json()["stoppedBy"]["name"]) == ("stopping", "Ada")


def test_a_run_that_is_over_is_not_started_again(v1: Client) -> None:
    run = v1.run()
    v1.ask("PATCH", f"/api/v1/runs/{run['id']}", {"state": "aborted"})
    assert v1.refused("PATCH", f"/runs/{run['id']}", {"state": "queued"})["status"] == 409


def test_a_run_is_deleted(v1: Client) -> None:
    run = v1.run()
    answer = v1.ask("DELETE", f"/api/v1/runs/{run['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert v1.refused("GET", f"/runs/{run['id']}")["status"] == 404


def test_a_run_under_way_is_not_deleted(v1: Client) -> None:
    run = v1.run(start=True)
    assert v1.refused("DELETE", f"/runs/{run['id']}")["status"] == 409


@pytest.mark.parametrize("run_id", ["00000000-0000-4000-8000-000000000000", "nothing", "%00", "x" * 500])
def test_a_run_that_is_not_there_is_a_problem(v1: Client, run_id: str) -> None:
    for path in ("", "/summary", "/errors", "/counters", "/messages", "/events"):
        assert v1.refused("GET", f"/runs/{run_id}{path}")["status"] == 404


def test_the_newest_runs_come_first_page_by_page(v1: Client) -> None:
    for name in "abcde":
        v1.run(name=name)
    first = v1.get("/runs", limit=2)
    second = v1.get("/runs", limit=2, cursor=first["nextCursor"])
    third = v1.get("/runs", limit=2, cursor=second["nextCursor"])
    assert [names(page) for page in (first, second, third)] == [["e", "d"], ["c", "b"], ["a"]]
    assert third["nextCursor"] is None


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("number", "bAaC"),
        ("-number", "CaAb"),
        ("name", "AabC"),
        ("-name", "CbaA"),
        ("changed", "AaCb"),
        ("-changed", "bCaA"),
    ],
)
def test_lists_are_sorted_and_every_page_goes_on_where_the_one_before_ended(v1: Client, sort: str, order: str) -> None:
    runs = []
    for name in "bAaC":
        v1.server.pass_time(1)
        runs.append(v1.run(name=name))
    v1.server.pass_time(1)
    v1.ask("PATCH", f"/api/v1/runs/{runs[0]['id']}", {"state": "queued"})
    found, cursor = "", None
    while True:
        page = v1.get("/runs", limit=1, sort=sort, **({"cursor": cursor} if cursor else {}))
        found += "".join(names(page))
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert found == order


def test_runs_are_found_by_what_they_are(v1: Client) -> None:
    first = v1.run(name="Shop")
    v1.server.pass_time(10)
    v1.run(name="Other", start=True)
    other, _ = v1.server.services.tokens.create("Grace", v1.server.time)
    v1.ask("POST", "/api/v1/runs", {"plan": PLAN, "name": "Third"}, token=other)

    def found(**query: Any) -> list[str]:
        return names(v1.get("/runs", **query))

    assert found(name="SHOP") == ["Shop"]
    assert found(state="queued") == ["Other"]
    assert found(state=["queued", "pending"], sort="number") == ["Shop", "Other", "Third"]
    assert found(user="grace") == found(user=v1.ask("GET", "/api/v1/me", token=other).json()["id"]) == ["Third"]
    assert found(user="@me") == ["Other", "Shop"]
    assert found(type="jMeterLoadTest") == []
    assert found(type="visualStudioLoadTest", createdBefore="2026-03-01T12:00:05Z") == ["Shop"]
    assert found(createdAfter=first["createdAt"]) == ["Third", "Other"]
    assert found(changedAfter="2026-03-01T12:00:05+00:00", user="ada") == ["Other"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"limit": "0"}, "limit: '0' is too small"),
        ({"limit": "201"}, "limit: '201' is too large"),
        ({"state": "none"}, "state.0: "),
        ({"sort": "users"}, "sort: "),
        ({"cursor": "x"}, "cursor: is none of this list"),
        ({"cursor": ""}, "cursor: is none of this list"),
        ({"cursor": "x" * 5000}, "cursor: "),
        ({"createdAfter": "2026-03-01T12:00:05"}, "createdAfter: "),
        ({"staet": "queued"}, "staet: Extra inputs are not permitted"),
        ({"name": "\0"}, "name: "),
    ],
)
def test_a_list_that_cannot_be_given_is_refused(v1: Client, query: Any, told: str) -> None:
    refusal = v1.refused("GET", "/runs", **query)
    assert refusal["status"] == 400
    assert told in refusal["detail"]


def test_a_cursor_of_another_order_is_refused(v1: Client) -> None:
    for _ in range(2):
        v1.run()
    cursor = v1.get("/runs", limit=1)["nextCursor"]
    for sort in ("number", "name", "-changed"):
        assert "cursor: is none of this list" in v1.refused("GET", "/runs", sort=sort, cursor=cursor)["detail"]


def test_messages_come_oldest_first_page_by_page(v1: Client) -> None:
    run = v1.run()
    for text in ("one", "two"):
        v1.server.services.runs.log(run["id"], Severity.INFO, Source.OTHER, text, at=v1.server.time)
    first = v1.get(f"/runs/{run['id']}/messages", limit=2)
    rest = v1.get(f"/runs/{run['id']}/messages", limit=2, cursor=first["nextCursor"])
    assert [message["text"] for message in first["items"]] == ["This run was requested by 'Ada'.", "one"]
    assert [message["text"] for message in rest["items"]] == ["two"]
    assert rest["nextCursor"] is None
    assert "cursor" in v1.refused("GET", f"/runs/{run['id']}/messages", cursor="-1")["detail"]


def test_what_a_request_must_be_is_told_as_a_problem_too(v1: Client) -> None:
    server = v1.server
    assert problem(server.stranger.get("/api/v1/runs"))["status"] == 401
    assert problem(server.client.get("/api/v1/nothing"))["status"] == 404
    assert problem(server.client.put("/api/v1/runs", json={}))["status"] == 405
    assert problem(server.client.post("/api/v1/runs", content=b"a=b"))["status"] == 415
    assert problem(server.client.get("/a%20b/api/v1/runs"))["status"] == 404
    assert problem(v1.ask("POST", "/api/v1/runs", {"plan": "x" * (17 * 1024 * 1024)}))["status"] == 413


def test_a_fault_is_a_problem_that_tells_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the secret of the operator")

    monkeypatch.setattr(type(server.services.runs), "page", fail)
    client = TestClient(server.app, raise_server_exceptions=False)
    answer = client.get("/api/v1/runs", headers={"Authorization": f"Bearer {server.token}"})
    assert "secret of the operator" not in answer.text
    assert problem(answer)["status"] == 500


def test_the_states_of_a_run_are_all_listed(v1: Client) -> None:
    run = v1.run()
    v1.server.start(run["id"])
    stored = v1.server.services.runs.get(DEFAULT, run["id"])
    assert stored is not None
    assert stored.life.state is State.IN_PROGRESS
    assert names(v1.get("/runs", state="inProgress")) == ["Shop"]
