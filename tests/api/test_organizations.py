"""Organizations keep to themselves, and every operation of both APIs asks for the rights it needs."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.api.openapi import describe
from headrace.api.permissions import action_of
from headrace.runs.access import NEEDS, Action, Role, Scope
from headrace.runs.model import OPERATOR
from headrace.runs.tokens import Grant
from tests.api.server import CLT, Server

UNKNOWN = "11111111-2222-4333-8444-555555555555"


OF_AGENTS = ("group_id", "plugin_type", "application_id")


class Operation(NamedTuple):
    method: str
    path: str

    def at(self, organization: str, known: str) -> str:
        """The address at which an id of ours, `known`, is named wherever the operation names one."""
        path = self.path
        for parameter in ("run_id", "drop_id", "token_id", "identifier", "area_id", "area", "definition_id", *OF_AGENTS):
            path = path.replace("{" + parameter + "}", known)
        assert "{" not in path, f"a new kind of parameter in {self.path}"
        return f"/{organization}{path}"


def operations(server: Server) -> Iterator[Operation]:
    for path, methods in describe(server.app)["paths"].items():
        for method in methods:
            operation = Operation(method.upper(), path)
            if method != "options" and not path.startswith("/files/"):  # these need no token
                yield operation


def ask(server: Server, method: str, address: str, token: str) -> Response:
    """The answer to a request with the body that says the least."""
    body = {"name": "a", "state": "queued", "plan": "x", "value": []} if method in ("POST", "PATCH", "PUT") else None
    query = "?api-version=7.1" if "/_apis" in address else ""
    return server.stranger.request(method, address + query, json=body, headers=bearer(token))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token_of(server: Server, organization: str, role: Role = Role.ADMIN, *scopes: Scope) -> str:
    name = f"{organization} {role} {' '.join(scopes)}"
    return server.services.tokens.create(name, server.time, Grant(organization, role, frozenset(scopes)))[0]


def test_a_token_of_an_organization_is_good_for_that_one(server: Server) -> None:
    token = token_of(server, "acme")
    for address in (f"/acme{CLT}/testruns", f"/ACME{CLT}/testruns", "/acme/api/v1/runs"):
        assert server.stranger.get(address, headers=bearer(token)).status_code == 200


def test_other_organizations_look_as_if_they_were_not_there(server: Server) -> None:
    token = token_of(server, "acme")
    server.services.organizations.create("globex", OPERATOR, server.time)
    server.client.post(f"/globex{CLT}/testdrops?api-version=1.0", json={})
    for operation in operations(server):
        there = ask(server, operation.method, operation.at("globex", UNKNOWN), token)
        nowhere = ask(server, operation.method, operation.at("nobody", UNKNOWN), token)
        assert there.status_code == nowhere.status_code == 404, operation
        assert there.text.replace("globex", "nobody") == nowhere.text


def test_without_an_organization_in_the_address_it_is_the_default_one(server: Server) -> None:
    answer = server.stranger.get(f"{CLT}/testruns", headers=bearer(token_of(server, "acme")))
    assert answer.status_code == 404
    assert "Addresses of its own begin with /acme/." in answer.json()["message"]
    default = bearer(token_of(server, "default"))
    assert server.stranger.get(f"{CLT}/testruns", headers=default).status_code == 200


def test_no_operation_tells_an_id_of_another_organization_from_one_that_is_not_there(server: Server) -> None:
    ours = token_of(server, "acme")
    run = server.measured_run()
    drop = server.new_drop()["id"]
    token = server.holder.id
    definition = server.post("/testdefinitions", {"name": "ours"}).json()["id"]
    group = server.post("/agentgroups", {"groupName": "ours"}).json()["groupId"]
    before = [server.run(run), server.get(f"/testdrops/{drop}").json(), len(server.services.audit.read("default"))]
    for operation in operations(server):
        for theirs in (run, drop, token, definition, group):
            leaking = ask(server, operation.method, operation.at("acme", theirs), ours)
            unknown = ask(server, operation.method, operation.at("acme", UNKNOWN), ours)
            assert leaking.status_code == unknown.status_code, operation
            if leaking.status_code >= 400:
                assert leaking.text.replace(theirs, UNKNOWN) == unknown.text, operation
            else:
                assert run not in leaking.text, operation
    assert before == [
        server.run(run),
        server.get(f"/testdrops/{drop}").json(),
        len(server.services.audit.read("default")),
    ]


def test_no_run_is_made_of_a_drop_of_another_organization(server: Server) -> None:
    token = token_of(server, "acme")
    drop = server.new_drop()["id"]
    said = [
        server.stranger.post(
            f"/acme{CLT}/testruns?api-version=1.0", json={"name": "a", "testDrop": {"id": key}}, headers=bearer(token)
        )
        for key in (drop, UNKNOWN)
    ]
    assert said[0].status_code == said[1].status_code == 400
    assert said[0].text.replace(drop, UNKNOWN) == said[1].text


GRANTS = [(role, scope) for role in Role for scope in Scope]


@pytest.mark.parametrize(("role", "scope"), GRANTS, ids=str)
def test_every_operation_asks_for_what_its_action_needs(server: Server, role: Role, scope: Scope) -> None:
    token = token_of(server, "acme", role, scope)
    for operation in operations(server):
        need = NEEDS[action_of(*operation)]
        allowed = role in need.roles and scope in (need.scope, Scope.WRITE) and not need.spans
        answer = ask(server, operation.method, operation.at("acme", UNKNOWN), token)
        assert (answer.status_code == 403) == (not allowed), (operation, answer.text)


def test_what_reads_is_told_from_what_changes(server: Server) -> None:
    """The whole table, so that a new operation is looked at by somebody."""
    reading = {operation for operation in operations(server) if action_of(*operation) is Action.READ}
    assert {operation for operation in reading if operation.method != "GET"} == {
        Operation("POST", "/_apis/clt/testruns/{run_id}/countersamples")
    }
    assert {operation for operation in operations(server) if action_of(*operation) is Action.DELETE_OTHERS} == {
        Operation("DELETE", "/_apis/clt/agentgroups/{group_id}/agents")
    }
    special = {Action.READ_AUDIT, Action.GRANT, Action.FOUND}
    assert {operation.path for operation in operations(server) if action_of(*operation) in special} == {
        "/api/v1/audit",
        "/api/v1/tokens",
        "/api/v1/tokens/{token_id}",
        "/api/v1/organizations",
    }


def test_a_viewer_may_not_even_learn_whether_there_is_such_a_run(server: Server) -> None:
    token = token_of(server, "default", Role.VIEWER)
    run = server.new_run()["id"]
    answers = [
        server.stranger.patch(f"{CLT}/testruns/{key}?api-version=1.0", json={"state": "queued"}, headers=bearer(token))
        for key in (run, UNKNOWN)
    ]
    assert answers[0].status_code == answers[1].status_code == 403
    assert answers[0].json() == answers[1].json()
    assert "role runner or admin is needed" in answers[0].json()["message"]
    assert server.run(run)["state"] == "pending"


def test_an_expired_token_is_none(server: Server) -> None:
    secret, _ = server.services.tokens.create("ci", server.time, Grant("acme", expires_at=server.time.replace(year=2027)))
    assert server.stranger.get("/acme/api/v1/runs", headers=bearer(secret)).status_code == 200
    server.time = server.time.replace(year=2027)
    assert server.stranger.get("/acme/api/v1/runs", headers=bearer(secret)).status_code == 401


names = st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True).filter(lambda name: name.lower() != "acme")


@given(name=names)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_other_name_lets_a_token_in(server: Server, name: str) -> None:
    known = [token for token in server.services.tokens.all("acme") if token.revoked_at is None]
    for token in known:
        server.services.tokens.revoke(token.id, server.time)
    secret = token_of(server, "acme")
    answers: list[Any] = [
        server.stranger.get(f"/{name}{path}", headers=bearer(secret)) for path in (f"{CLT}/testruns", "/api/v1/runs")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
