import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.authentication import read_token
from tests.api.server import CLT, Server, basic


@pytest.mark.parametrize("user", ["", " ", "anything", "user@example.org", "ü"])
def test_the_password_is_the_token_whatever_the_user_name(server: Server, user: str) -> None:
    assert server.stranger.get(f"{CLT}/testruns", headers=basic(server.token, user)).status_code == 200


def test_the_user_name_may_be_in_any_encoding(server: Server) -> None:
    credentials = base64.b64encode("üsér:".encode("latin-1") + server.token.encode()).decode()
    assert server.stranger.get(f"{CLT}/testruns", headers={"Authorization": f"Basic {credentials}"}).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_taken_too(server: Server, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {server.token}"}
    assert server.stranger.get(f"{CLT}/testruns", headers=headers).status_code == 200


def test_the_user_name_is_never_the_token(server: Server) -> None:
    credentials = base64.b64encode(f"{server.token}:".encode()).decode()
    assert server.stranger.get(f"{CLT}/testruns", headers={"Authorization": f"Basic {credentials}"}).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b":\xff\xfe").decode(),
        "Basic " + base64.b64encode(b":wrong").decode(),
        "Bearer",
        "Bearer wrong",
        "Digest x",
        "Negotiate " + "x" * 10_000,
        "Basic " + base64.b64encode(b":" + b"x" * 10_000).decode(),
    ],
)
def test_whoever_has_no_token_is_told_so_in_json(server: Server, header: str | None) -> None:
    answer = server.stranger.get(f"{CLT}/testruns", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["typeKey"] == "UnauthorizedRequestException"
    assert answer.json()["message"]
    assert answer.headers["www-authenticate"].startswith('Basic realm="Headrace"')
    assert answer.headers["content-type"].startswith("application/json")


def test_a_revoked_token_is_none(server: Server) -> None:
    server.services.tokens.revoke(server.holder.id, server.time)
    assert server.get("/testruns").status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/_apis/clt/testruns", "/_apis/clt/nothing", "/_apis/resourceareas", "/runs/x", "/acme/runs/x", "/", "/api/v1/runs"],
)
def test_everything_needs_a_token_even_what_is_not_there(server: Server, path: str) -> None:
    assert server.stranger.get(path).status_code == 401


def test_the_body_of_a_stranger_is_not_looked_at(server: Server) -> None:
    answer = server.stranger.post(f"{CLT}/testruns", content=b"{" * 100, headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert isinstance(read_token(header), str)
    assert isinstance(read_token("Basic " + header), str)
