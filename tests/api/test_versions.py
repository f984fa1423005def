import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from headrace.api.failures import ApiError
from headrace.api.versions import read_version
from tests.api.server import CLT, Server

SERVED = [
    "1.0",
    "1.0-preview",
    "1.0-preview.1",
    "4.1",
    "5.0-preview.1",
    "5.2-preview.2",
    "6.1-preview.2",
    "7.1",
    "7.2-Preview.3",
]


@pytest.mark.parametrize("method", ["post", "patch", "put"])
def test_a_change_without_a_version_is_refused_in_the_published_words(server: Server, method: str) -> None:
    answer = server.client.request(method, f"{CLT}/testruns", json={})
    assert answer.status_code == 400
    assert answer.json()["typeKey"] == "VssVersionNotSpecifiedException"
    assert answer.json()["message"] == (
        f'No api-version was supplied for the "{method.upper()}" request. The version must be supplied either as part of '
        'the Accept header (e.g. "application/json; api-version=1.0") or as a query parameter (e.g. "?api-version=1.0").'
    )


def test_a_question_without_a_version_is_answered_in_the_latest(server: Server) -> None:
    answer = server.get("/testruns")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8; api-version=7.1"


@pytest.mark.parametrize("version", SERVED)
def test_a_version_is_taken_from_query_accept_or_content_type_and_echoed(server: Server, version: str) -> None:
    for query, headers in (
        (f"?api-version={version}", {}),
        (f"?API-Version={version}", {}),
        ("", {"Accept": f"application/json; api-version={version}"}),
        ("", {"Accept": f"application/json;api-version={version};excludeUrls=true, text/html"}),
        ("", {"Accept": f'text/html, application/json; API-VERSION="{version}"'}),
        ("", {"Content-Type": f"application/json; charset=utf-8; api-version={version}; res-version=1"}),
    ):
        answer = server.client.post(
            f"{CLT}/testdrops{query}", content=b"{}", headers={"Content-Type": "application/json", **headers}
        )
        assert answer.status_code == 200, (query, headers, answer.text)
        assert answer.headers["content-type"] == f"application/json; charset=utf-8; api-version={version}"


def test_the_query_wins_over_accept_and_accept_over_the_content_type(server: Server) -> None:
    headers = {"Accept": "application/json; api-version=4.1", "Content-Type": "application/json; api-version=5.0"}
    assert "=2.0" in server.client.get(f"{CLT}/testruns?api-version=2.0", headers=headers).headers["content-type"]
    assert "=4.1" in server.client.get(f"{CLT}/testruns", headers=headers).headers["content-type"]


@pytest.mark.parametrize("version", ["0.9", "8.0", "8.0-preview.1", "999.9"])
def test_a_version_out_of_range_is_refused_with_the_latest(server: Server, version: str) -> None:
    answer = server.get("/testruns", **{"api-version": version})
    assert answer.status_code == 400
    assert answer.json()["typeKey"] == "VssVersionOutOfRangeException"
    assert answer.json()["message"] == (
        f"The requested REST API version of {version} is out of range for this server. The latest REST API version this "
        "server supports is 7.1."
    )


@pytest.mark.parametrize("version", ["one", "1", "1.0.0", "1.0-beta", "1.0\r\nX: y", "١.٠", "9" * 5000 + ".0"])
def test_a_version_that_is_none_is_refused(server: Server, version: str) -> None:
    answer = server.get("/testruns", **{"api-version": version})
    assert answer.status_code == 400
    assert "is no version; write it like 7.1 or 6.1-preview.1" in answer.json()["message"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8; api-version=7.1"


@given(st.sampled_from(["GET", "POST", "PATCH"]), st.binary(), st.text(st.characters(max_codepoint=255)))
def test_any_text_is_a_version_or_refused(method: str, query: bytes, accept: str) -> None:
    headers = Headers(raw=[(b"accept", accept.encode("latin-1"))])
    with contextlib.suppress(ApiError):
        assert read_version(method, b"api-version=" + query, headers).isascii()


def test_every_version_from_1_0_to_7_x_is_served_in_every_spelling() -> None:
    """Including those that no published contract has: Rust's crates ask for 7.2, Go for 5.1-preview.2."""
    for major in range(1, 8):
        for minor in (0, 1, 2, 9):
            for suffix in ("", "-preview", "-preview.1", "-preview.2"):
                version = f"{major}.{minor}{suffix}"
                assert read_version("GET", f"api-version={version}".encode(), Headers({})) == version
                assert read_version("PUT", b"", Headers({"accept": f"application/json;api-version={version}"})) == version


def test_the_form_of_old_net_clients_is_read(server: Server) -> None:
    """They write version 1 so; `res-version` says which form of the resource they know (reference: 1.2)."""
    headers = {"Content-Type": "application/json; charset=utf-8; api-version=1.0-preview; res-version=1"}
    answer = server.client.post(f"{CLT}/testdrops", content=b"{}", headers=headers)
    assert answer.headers["content-type"].endswith("api-version=1.0-preview")


def test_a_deletion_needs_no_version(server: Server) -> None:
    assert server.client.delete(f"{CLT}/testruns/{server.new_run()['id']}").status_code == 200
