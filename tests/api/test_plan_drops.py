"""Drops with a plan.yaml in them: an addition of ours to the API."""

from collections.abc import Callable

import pytest

from tests.api.server import CLT, DEFINITION, Server

PLAN = """\
name: Shop plan
duration: 90.5
warm_up: 10
sampling_interval: 5
tests:
- name: Buy
  steps:
  - {step: request, url: 'http://shop.test/'}
scenarios:
- name: Day
  mix: [{test: Buy}]
  load: {shape: constant, users: 20}
- name: Night
  mix: [{test: Buy}]
  load: {shape: stages, start: 1, stages: [{duration: 60, users: 4}]}
"""
DROP = {"dropType": "InplaceDrop", "headracePlan": PLAN}


def refusal(server: Server, plan: str) -> str:
    answer = server.post("/testdrops", {**DROP, "headracePlan": plan})
    assert answer.status_code == 400
    message: str = answer.json()["message"]
    return message


def test_a_drop_with_a_plan_is_answered_with_it_and_what_it_comes_to(server: Server) -> None:
    answer = server.post("/testdrops", DROP)
    assert answer.status_code == 200, answer.text
    drop = answer.json()
    assert drop["headracePlan"] == PLAN
    assert drop["loadTestDefinition"] == {
        "loadTestName": "Shop plan",
        "runDuration": 91,
        "maxVusers": 24,
        "samplingRate": 5,
    }
    assert server.get(f"/testdrops/{drop['id']}").json() == drop


def test_a_run_of_it_has_the_users_and_the_duration_of_the_plan(server: Server) -> None:
    drop = server.post("/testdrops", DROP).json()
    run = server.post("/testruns", {"name": "shop", "testDrop": {"id": drop["id"]}}).json()
    details = run["runSpecificDetails"]
    assert (details["virtualUserCount"], details["duration"], details["samplingInterval"]) == (24, 91, 5)


def test_a_plan_goes_before_the_definition_beside_it(server: Server) -> None:
    definition = {**DEFINITION, "agentCount": 2}
    kept = server.post("/testdrops", {**DROP, "loadTestDefinition": definition}).json()["loadTestDefinition"]
    assert (kept["maxVusers"], kept["runDuration"], kept["agentCount"]) == (24, 91, 2)


def test_other_drops_have_no_such_member(server: Server) -> None:
    assert "headracePlan" not in server.new_drop()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "users: 20",
            "users: many",
            "cannot be run. headracePlan, line 12: scenarios[0].load.users is 'many'",
        ),
        (
            "test: Buy",
            "test: By",
            "headracePlan: cannot be run. scenario 'Day', mix[0].test is 'By', and there",
        ),
        ("http://shop.test/", "http://169.254.169.254/", "must not be tested"),
        ("users: 20", "users: 30000", "headracePlan: users is 30004; give 1 to 20000."),
        ("duration: 90.5", "duration: 2d", "give seconds, or a time such as"),
        ("warm_up: 10", "warm_up: 50h", "headracePlan: warm_up is 180000; give 0 to 172800."),
        (
            "scenarios:",
            "data: [{name: users, file: users.csv}]\nscenarios:",
            "there are no files here. Write its",
        ),
        ("scenarios:", "data: [{name: users, file: /etc/passwd}]\nscenarios:", "there are no files here"),
        ("scenarios:", "targets: {}\nscenarios:", "targets is the operator's"),
        ("name: Shop plan", "name: *x", "*x refers to another place"),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(server: Server, right: str, wrong: str, said: str) -> None:
    assert said in refusal(server, PLAN.replace(right, wrong, 1))


def test_not_all_of_very_much_is_told(server: Server) -> None:
    said = refusal(server, "".join(f"x{number}: 1\n" for number in range(50)))
    assert said.count("is not known here") == 5
    assert said.endswith("more.")


def test_only_an_in_place_drop_takes_a_plan(server: Server) -> None:
    answer = server.post("/testdrops", {**DROP, "dropType": "TestServiceBlobDrop"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "headracePlan: is only taken by a drop of the type InPlaceDrop."


def with_data(size: int) -> str:
    """A plan with so many bytes of data."""
    row = "    " + "x" * 95 + "\n"
    return PLAN + "data:\n- name: users\n  columns: [a]\n  rows: |\n" + row * (size // 100)


def test_a_plan_may_be_larger_than_other_requests(server: Server) -> None:
    answer = server.post("/testdrops", {**DROP, "headracePlan": with_data(10_000_000)})
    assert answer.status_code == 200, answer.text[:500]
    assert len(answer.json()["headracePlan"]) > 10_000_000


def test_a_plan_has_a_largest_size_of_its_own(new_server: Callable[..., Server]) -> None:
    server = new_server(max_body=2000, max_plan=10_000)
    assert server.post("/testdrops", {**DROP, "headracePlan": with_data(5000)}).status_code == 200
    refused = server.post("/testdrops", {**DROP, "headracePlan": with_data(20_000)})
    assert refused.status_code == 413
    assert refused.json()["message"] == "The body is larger than the 10000 bytes this server takes (its setting max_plan)."


def test_only_a_new_drop_may_be_that_large(new_server: Callable[..., Server]) -> None:
    server = new_server(max_body=2000, max_plan=10_000)
    answer = server.post("/testruns", {"name": "x", "description": "x" * 3000, "headracePlan": ""})
    assert answer.status_code == 413
    assert "max_body" in answer.json()["message"]
    assert server.client.post(f"{CLT}/testdrops?api-version=1.0", json={"x": "y" * 3000}).status_code == 413
