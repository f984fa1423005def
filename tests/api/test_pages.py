"""The page of a run, behind the same door as the API."""

import pytest

from tests.api.server import SITE, Server


def test_the_link_in_a_run_leads_to_its_page(server: Server) -> None:
    run_id = server.measured_run(name="Größe <b>")
    answer = server.client.get(server.run(run_id)["webResultUrl"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Größe &lt;b&gt;" in answer.text
    assert f"{SITE}gone" in answer.text
    assert "HttpError" in answer.text
    assert "This run was requested by" in answer.text


def test_a_page_lets_nothing_in_or_out(server: Server) -> None:
    headers = server.client.get(f"/runs/{server.new_run()['id']}").headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "script-src" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_a_browser_is_asked_for_the_token(server: Server) -> None:
    answer = server.stranger.get(f"/runs/{server.new_run()['id']}")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("path", ["/acme/runs/{run}", "/runs/nonsense", "/runs/00000000-0000-0000-0000-000000000001"])
def test_there_is_no_page_of_what_is_not_here(server: Server, path: str) -> None:
    answer = server.client.get(path.format(run=server.new_run()["id"]))
    assert answer.status_code == 404
    assert "There is no test run" in answer.json()["message"]


def test_a_page_is_found_under_its_organization_in_any_case(server: Server) -> None:
    run_id = server.new_run()["id"]
    assert server.client.get(f"/DEFAULT/Runs/{run_id.upper()}").status_code == 200
