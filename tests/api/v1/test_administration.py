"""Tokens, the audit log and organizations, by the new API."""

import pytest

from headrace.runs.access import Role, Scope
from tests.api.v1.client import Client

ACME = "/acme/api/v1"


def test_a_token_says_what_it_is_good_for(v1: Client) -> None:
    me = v1.get("/me")
    assert (me["name"], me["organization"], me["role"], me["scopes"]) == ("Ada", None, "admin", ["loadtest_write"])
    token = v1.token("acme", Role.VIEWER)
    me = v1.ask("GET", f"{ACME}/me", token=token).json()
    assert (me["organization"], me["role"], me["scopes"]) == ("acme", "viewer", ["loadtest"])


def test_an_administrator_makes_lists_and_revokes_tokens(v1: Client) -> None:
    admin = v1.token("acme", Role.ADMIN)
    v1.server.pass_time(1)
    made = v1.ask("POST", f"{ACME}/tokens", {"name": "ci", "expiresAt": "2026-04-01T00:00:00Z"}, admin).json()
    assert (made["role"], made["scopes"], made["organization"]) == ("runner", ["loadtest_write"], "acme")
    assert made["expiresAt"] == "2026-04-01T00:00:00Z"
    assert v1.ask("GET", f"{ACME}/runs", token=made["secret"]).status_code == 200

    listed = v1.ask("GET", f"{ACME}/tokens", token=admin)
    assert [token["name"] for token in listed.json()["items"]] == ["acme admin ", "ci"]
    assert listed.json()["items"][1]["lastUsedAt"] == "2026-03-01T12:00:01.123456Z"
    assert made["secret"] not in listed.text

    assert v1.ask("DELETE", f"{ACME}/tokens/{made['id']}", token=admin).status_code == 204
    assert v1.ask("GET", f"{ACME}/runs", token=made["secret"]).status_code == 401
    assert v1.ask("DELETE", f"{ACME}/tokens/{made['id']}", token=admin).status_code == 404


def test_an_administrator_reaches_no_token_of_others(v1: Client) -> None:
    admin = v1.token("acme", Role.ADMIN)
    v1.token("globex", Role.VIEWER)
    other = v1.server.services.tokens.all("globex")[0]
    unknown = v1.ask("DELETE", f"{ACME}/tokens/{'0' * 8}-0000-4000-8000-{'0' * 12}", token=admin)
    theirs = v1.ask("DELETE", f"{ACME}/tokens/{other.id}", token=admin)
    assert (theirs.status_code, unknown.status_code) == (404, 404)
    assert theirs.json()["type"] == unknown.json()["type"]
    assert other.id not in v1.ask("GET", f"{ACME}/tokens", token=admin).text
    assert v1.ask("DELETE", f"{ACME}/tokens/{v1.server.holder.id}", token=admin).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "a\n"},
        {"name": "x" * 129},
        {"name": "a", "role": "root"},
        {"name": "a", "scopes": ["all"]},
        {"name": "a", "expiresAt": "2026-03-01T12:00:00Z"},
        {"name": "a", "expiresAt": "soon"},
        {"name": "a", "organization": "globex"},
    ],
)
def test_a_token_that_cannot_be_is_refused(v1: Client, body: dict[str, str]) -> None:
    assert v1.refused("POST", "/tokens", body)["status"] == 400


def test_a_name_that_is_taken_is_a_conflict(v1: Client) -> None:
    v1.ask("POST", "/api/v1/tokens", {"name": "ci"})
    assert v1.refused("POST", "/tokens", {"name": "ci"})["status"] == 409


def test_the_audit_log_says_who_did_what(v1: Client) -> None:
    run = v1.run()
    v1.ask("PATCH", f"/api/v1/runs/{run['id']}", {"state": "aborted"})
    v1.server.patch(f"/testruns/{v1.server.new_run()['id']}", {"state": "queued"})
    page = v1.get("/audit", limit=2)
    assert [(entry["act"], entry["by"]["name"], entry["name"]) for entry in page["items"]] == [
        ("run.start", "Ada", "shop.loadtest"),
        ("run.create", "Ada", "shop.loadtest"),
    ]
    rest = v1.get("/audit", limit=200, cursor=page["nextCursor"])
    assert [entry["act"] for entry in rest["items"]] == ["drop.create", "run.stop", "run.create", "drop.create"]
    assert rest["items"][1]["subject"] == run["id"]
    assert rest["nextCursor"] is None


def test_only_an_administrator_of_the_service_makes_organizations(v1: Client) -> None:
    assert v1.ask("POST", "/api/v1/organizations", {"name": "Acme"}).json()["name"] == "acme"
    assert v1.refused("POST", "/organizations", {"name": "acme"})["status"] == 409
    assert v1.refused("POST", "/organizations", {"name": "a/b"})["status"] == 400
    assert [one["name"] for one in v1.get("/organizations")["items"]] == ["default", "acme"]
    for role in Role:
        token = v1.token("acme", role)
        assert v1.ask("GET", f"{ACME}/organizations", token=token).status_code == 403
        assert v1.ask("POST", f"{ACME}/organizations", {"name": "new"}, token).status_code == 403
    reader = v1.token("", Role.ADMIN, Scope.READ)
    assert v1.ask("POST", "/api/v1/organizations", {"name": "new"}, reader).status_code == 403
