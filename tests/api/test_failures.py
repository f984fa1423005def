from urllib.parse import unquote

import pytest
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from headrace.api.app import create_app
from tests.api.server import CLT, Server, basic

MEMBERS = {"$id", "innerException", "message", "typeName", "typeKey", "errorCode", "eventId"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/_apis/clt/nothing?api-version=1.0", 404),
        ("POST", "/_apis/clt/nothing?api-version=1.0", 404),
        ("DELETE", "/_apis/clt/testruns?api-version=1.0", 405),
        ("POST", "/_apis/clt/testruns", 400),
        ("GET", "/_apis/clt/testruns?top=x", 400),
        ("GET", "/_apis/clt/testruns/x", 404),
        ("GET", "/runs/x", 404),
        ("GET", "/files/x/testresult/loadtest.ltrar.zip", 403),
        ("GET", "/a b/_apis", 404),
    ],
)
def test_every_error_has_the_published_shape(server: Server, method: str, path: str, status: int) -> None:
    answer = server.client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert set(body) == MEMBERS
    assert body["message"]
    assert body["typeName"] == f"Headrace.{body['typeKey']}, Headrace"
    assert unquote(answer.headers["x-tfs-serviceerror"]) == body["message"]


def test_what_is_not_allowed_says_what_is(server: Server) -> None:
    answer = server.client.delete(f"{CLT}/testruns?api-version=1.0")
    assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]
    assert answer.json()["message"] == "DELETE is not possible at /_apis/clt/testruns."


def test_a_message_about_something_long_is_short(server: Server) -> None:
    answer = server.get("/testruns", status="x" * 20_000)
    assert "… (20000 characters)" in answer.json()["message"]
    assert len(answer.json()["message"]) < 500


def test_a_message_about_many_things_names_the_first_few(server: Server) -> None:
    answer = server.post("/testruns/00000000-0000-0000-0000-000000000001/countersamples", {"value": [{}] * 900})
    assert answer.json()["message"].endswith("; and 895 more.")


def test_a_message_in_any_language_fits_into_the_header(server: Server) -> None:
    answer = server.get("/testruns", status="läuft\r\nX: 慢")
    assert answer.status_code == 400
    assert "läuft" in unquote(answer.headers["x-tfs-serviceerror"])


def test_a_fault_of_the_server_is_told_by_a_reference_that_is_in_the_log(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(request: Request) -> None:
        raise RuntimeError("the password is swordfish")

    app = create_app(server.services, [Route("/break", break_down)])
    answer = TestClient(app, raise_server_exceptions=False).get("/break", headers=basic(server.token))
    assert answer.status_code == 500
    assert set(answer.json()) == MEMBERS
    message = answer.json()["message"]
    assert "swordfish" not in message
    reference = message.removesuffix(".").rpartition(" ")[2]
    assert reference in capsys.readouterr().out
