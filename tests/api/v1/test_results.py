"""What a run measured, by the new API."""

from tests.api.server import SITE, USERS
from tests.api.v1.client import Client


def test_the_summary_says_what_the_old_one_does(v1: Client) -> None:
    run_id = v1.server.measured_run()
    summary = v1.get(f"/runs/{run_id}/summary")
    old = v1.server.get(f"/testruns/{run_id}/ResultSummary").json()
    assert summary["request"]["total"] == old["overallRequestSummary"]["totalRequests"] == 60
    assert summary["request"]["meanResponseTime"] == old["overallRequestSummary"]["averageResponseTime"]
    assert summary["request"]["percentiles"]["95"] == old["overallRequestSummary"]["percentileData"][3]["percentileValue"]
    assert summary["verdict"]["kind"] == old["headrace"]["verdict"]
    assert [request["name"] for request in summary["slowestRequests"]] == [SITE + "gone", SITE]
    assert summary["scenario"] == {"leastUsers": USERS, "mostUsers": USERS}


def test_the_summary_of_a_run_that_measured_nothing_is_empty(v1: Client) -> None:
    summary = v1.get(f"/runs/{v1.run()['id']}/summary")
    assert (summary["request"]["total"], summary["verdict"], summary["slowestPages"]) == (0, None, [])


def test_errors_are_a_list(v1: Client) -> None:
    errors = v1.get(f"/runs/{v1.server.measured_run()}/errors")
    assert errors["occurrences"] == 30
    (error,) = errors["items"]
    assert (error["type"], error["subtype"], error["url"], error["method"]) == (
        "HttpError",
        "404 - NotFound",
        SITE + "gone",
        "GET",
    )
    assert error["lastAt"] == "2026-03-01T12:00:29.123456Z"


def test_counters_of_a_group_with_their_values(v1: Client) -> None:
    run_id = v1.server.measured_run()
    every = v1.get(f"/runs/{run_id}/counters")["items"]
    some = v1.get(f"/runs/{run_id}/counters", group=["Throughput"], summary="true")["items"]
    assert len(every) > len(some) > 0
    assert all("Throughput" in counter["groups"] for counter in some)
    (rate,) = (counter for counter in some if counter["name"] == "Requests/Sec")
    assert rate["summary"] == {"average": 2.0, "least": 2.0, "most": 2.0}
    assert every[0]["summary"] is None


def test_samples_of_several_counters_at_once(v1: Client) -> None:
    run_id = v1.server.measured_run(seconds=30)
    ids = [counter["id"] for counter in v1.get(f"/runs/{run_id}/counters", group="Throughput")["items"]]
    series = v1.get(f"/runs/{run_id}/samples", counter=[*ids, 1])["items"]
    assert [one["counter"] for one in series] == [*ids, 1]
    assert [sample["interval"] for sample in series[0]["samples"]] == [0, 1, 2]
    assert [sample["at"] for sample in series[0]["samples"]] == [0.0, 15.0, 30.0]
    assert series[-1] == {"counter": 1, "samples": [], "next": None}
    later = v1.get(f"/runs/{run_id}/samples", counter=ids[0], **{"from": 2})["items"]
    assert later[0]["samples"] == series[0]["samples"][2:]


def test_what_is_left_of_many_samples_is_asked_for_again(v1: Client) -> None:
    run_id = v1.server.measured_run(seconds=1530)  # 102 intervals and the start, of which 20 counters get 100 each
    counter = v1.get(f"/runs/{run_id}/counters")["items"][0]["id"]
    first = v1.get(f"/runs/{run_id}/samples", counter=[counter] * 20)["items"][0]
    assert (len(first["samples"]), first["next"]) == (100, 100)
    rest = v1.get(f"/runs/{run_id}/samples", counter=[counter] * 20, **{"from": first["next"]})["items"][0]
    assert ([sample["interval"] for sample in rest["samples"]], rest["next"]) == ([100, 101, 102], None)


def test_samples_are_asked_for_with_bounds(v1: Client) -> None:
    run = v1.run()
    path = f"/runs/{run['id']}/samples"
    assert "counter: is missing" in v1.refused("GET", path)["detail"]
    assert "at most 20 are allowed" in v1.refused("GET", path, counter=["1"] * 21)["detail"]
    assert "counter.0: " in v1.refused("GET", path, counter="9" * 30)["detail"]
    assert "from: " in v1.refused("GET", path, counter="1", **{"from": "-1"})["detail"]
