"""DELETE of runs, an addition of ours (reference: clt-service, section 9, line 10)."""

import pytest
from sqlalchemy import func, select

from headrace.runs import life
from headrace.runs.access import SERVICE, Role
from headrace.runs.tokens import Grant
from headrace.store.database import reading
from headrace.store.schema import metadata
from tests.api.server import CLT, Server, basic


def rows(server: Server, run_id: str) -> dict[str, int]:
    """How many rows of this run each table has."""
    tables = [table for table in metadata.sorted_tables if "run_id" in table.c]
    with reading(server.database) as connection:
        return {
            table.name: connection.execute(
                select(func.count()).select_from(table).where(table.c.run_id == run_id)
            ).scalar_one()
            for table in tables
        }


def test_a_run_is_deleted_with_everything_recorded_of_it(server: Server) -> None:
    run_id = server.measured_run()
    other = server.measured_run()
    drop_id = server.run(run_id)["testDrop"]["id"]
    before = rows(server, other)
    assert {"messages", "counters", "samples", "intervals", "results"} <= {
        name for name, n in rows(server, run_id).items() if n
    }
    answer = server.client.delete(f"{CLT}/TestRuns/{run_id.upper()}?api-version=1.0")
    assert (answer.status_code, answer.json()) == (200, {})
    assert set(rows(server, run_id).values()) == {0}
    assert rows(server, other) == before
    assert [run["id"] for run in server.get("/testruns").json()] == [other]
    for path in ("", "/messages", "/results", "/resultsummary", "/errors", "/counterinstances?groupNames=All"):
        assert server.get(f"/testruns/{run_id}{path}").status_code == 404
    assert server.get(f"/testdrops/{drop_id}").json()["testRunId"] is None


def test_a_link_to_its_results_leads_nowhere_afterwards(server: Server) -> None:
    run_id = server.measured_run(seconds=1)
    link = server.get(f"/testruns/{run_id}/results").json()["resultsUrl"]
    assert server.stranger.get(link).status_code == 200
    server.client.delete(f"{CLT}/testruns/{run_id}")
    assert server.stranger.get(link).status_code == 404


def test_a_run_under_way_is_not_deleted(server: Server) -> None:
    run_id = server.new_run()["id"]
    server.queue(run_id)
    for step in (life.begin_validation, life.acquire, lambda at: life.configure(at, server.time)):
        answer = server.client.delete(f"{CLT}/testruns/{run_id}")
        assert (answer.status_code, answer.json()["typeKey"]) == (400, "InvalidOperationException")
        assert "is under way; stop it first, and delete it when it has ended" in answer.json()["message"]
        server.lead(run_id, step)
    server.patch(f"/testruns/{run_id}", {"state": "aborted"})
    assert server.client.delete(f"{CLT}/testruns/{run_id}").status_code == 400
    server.lead(run_id, lambda at: life.end_stopping(at, server.time))
    assert server.client.delete(f"{CLT}/testruns/{run_id}").status_code == 200


def test_a_run_that_was_never_started_is_deleted(server: Server) -> None:
    run_id = server.new_run()["id"]
    assert server.client.delete(f"{CLT}/testruns/{run_id}").status_code == 200
    assert server.client.delete(f"{CLT}/testruns/{run_id}").status_code == 404


def test_an_administrator_may_delete_it(server: Server) -> None:
    run_id = server.new_run()["id"]
    secret, _ = server.services.tokens.create("Bob", server.time, Grant("default", Role.ADMIN))
    assert server.stranger.delete(f"{CLT}/testruns/{run_id}", headers=basic(secret)).status_code == 200
    assert server.get(f"/testruns/{run_id}").status_code == 404


@pytest.mark.parametrize("organization", ["", "/other"])
def test_of_runners_only_its_creator_may_delete_it_and_only_in_its_organization(server: Server, organization: str) -> None:
    run_id = server.new_run()["id"]
    secret, _ = server.services.tokens.create("Bob", server.time, Grant(SERVICE, Role.RUNNER))
    answer = server.stranger.delete(f"{organization}{CLT}/testruns/{run_id}", headers=basic(secret))
    if organization:
        assert answer.status_code == 404
    else:
        assert (answer.status_code, answer.json()["typeKey"]) == (403, "AccessDeniedException")
        assert "role admin is needed to delete tests of others" in answer.json()["message"]
    assert server.run(run_id)["state"] == "pending"


def test_a_deleted_runs_number_is_not_given_again(server: Server) -> None:
    first = server.new_run()
    server.client.delete(f"{CLT}/testruns/{first['id']}")
    assert server.new_run()["runNumber"] == first["runNumber"] + 1
