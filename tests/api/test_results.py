import gzip
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from headrace.runs import life
from headrace.ticks.tick import Example, ExampleKind, Health, Load, Name, TransactionStats
from tests.api.server import SITE, Server, a_tick
from tests.results.build import histogram

USER_LOAD, RESPONSE_TIME, REQUESTS = "Els~-1828439162", "Els~-1854500553", "Els~1226640887"


@pytest.fixture
def run_id(server: Server) -> str:
    """A run of 30 measured seconds, so two sampling intervals, that is over."""
    return server.measured_run()


def ask(server: Server, run_id: str, *queries: dict[str, Any]) -> dict[str, Any]:
    answer = server.post(f"/testruns/{run_id}/countersamples", {"count": len(queries), "value": list(queries)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# --- the links to results ---


def test_counter_groups_are_a_bare_array_of_the_published_groups_and_one_of_all(server: Server, run_id: str) -> None:
    groups = server.get(f"/testruns/{run_id}/results").json()["counterGroups"]
    assert [group["groupName"] for group in groups] == ["Performance", "Throughput", "Application", "All"]
    for group in groups:
        assert group["url"].startswith(f"http://load.test/_apis/clt/testRuns/{run_id}/CounterInstances?groupNames=")
        assert server.client.get(group["url"]).json()["count"] > 0


def test_the_results_file_has_no_address_until_the_run_is_over(server: Server) -> None:
    run_id = server.new_run()["id"]
    assert "resultsUrl" not in server.get(f"/testruns/{run_id}/results").json()
    recorder = server.start(run_id)
    recorder.add(a_tick(0))
    assert "resultsUrl" not in server.get(f"/testruns/{run_id}/results").json()
    server.finish(run_id, recorder)
    assert "resultsUrl" in server.get(f"/testruns/{run_id}/results").json()


def test_a_run_that_ended_before_its_load_has_no_results_file(server: Server) -> None:
    run_id = server.new_run()["id"]
    server.patch(f"/testruns/{run_id}", {"state": "aborted"})
    assert "resultsUrl" not in server.get(f"/testruns/{run_id}/results").json()


def test_the_results_file_is_a_gzip_stream_that_needs_no_token(server: Server, run_id: str) -> None:
    url = server.get(f"/testruns/{run_id}/results").json()["resultsUrl"]
    assert urlsplit(url).path.endswith("/LoadTest.ltrar.zip")
    answer = server.stranger.get(url)
    assert answer.status_code == 200
    document = json.loads(gzip.decompress(answer.content))
    assert document["run"] == server.run(run_id)
    for member, path in (("summary", "resultsummary?examples=true"), ("errors", "errors?detailed=true")):
        assert document[member] == server.get(f"/testruns/{run_id}/{path}").json()
    assert document["messages"] == server.get(f"/testruns/{run_id}/messages").json()["value"][::-1]


def test_a_link_of_an_organization_leads_to_its_results_file(server: Server) -> None:
    base = "/Acme/_apis/clt"
    details = {"virtualUserCount": 1, "duration": 1}
    drop = server.client.post(f"{base}/testdrops?api-version=1.0", json={}).json()
    body = {"name": "a", "testDrop": {"id": drop["id"]}, "runSpecificDetails": details}
    run_id = server.client.post(f"{base}/testruns?api-version=1.0", json=body).json()["id"]
    server.client.patch(f"{base}/testruns/{run_id}?api-version=1.0", json={"state": "queued"})
    server.lead(
        run_id,
        life.begin_validation,
        life.acquire,
        lambda at: life.configure(at, server.time),
        lambda at: life.run(at, server.time),
        lambda at: life.collect(at, server.time),
        lambda at: life.complete(at, server.time),
    )
    url = server.client.get(f"{base}/testruns/{run_id}/results").json()["resultsUrl"]
    assert url.startswith(f"http://load.test/Acme/files/{run_id}/")
    assert server.stranger.get(url).status_code == 200
    assert server.stranger.get(url.replace("/Acme/", "/acme/")).status_code == 200
    assert server.stranger.get(url.replace("/Acme/", "/other/")).status_code == 403


def test_a_link_has_the_parameters_of_a_shared_access_signature_and_is_good_for_two_hours(
    server: Server, run_id: str
) -> None:
    url = server.get(f"/testruns/{run_id}/results").json()["resultsUrl"]
    query = parse_qs(urlsplit(url).query)
    assert set(query) == {"sv", "se", "sr", "sig"}
    assert query["sr"] == ["b"]
    server.time += timedelta(hours=2, seconds=-2)
    assert server.stranger.get(url).status_code == 200
    server.pass_time(2)
    late = server.stranger.get(url)
    assert late.status_code == 403
    assert "expired" in late.json()["message"]


@pytest.mark.parametrize("parameter", ["sig", "se"])
@pytest.mark.parametrize("value", ["", "nonsense", "2999-01-01T00:00:00Z", "%FF", "é"])
def test_a_link_that_was_changed_is_refused(server: Server, run_id: str, parameter: str, value: str) -> None:
    url = urlsplit(server.get(f"/testruns/{run_id}/results").json()["resultsUrl"])
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    answer = server.stranger.get(url.path, params={**query, parameter: value})
    assert answer.status_code == 403
    assert answer.json()["typeKey"] == "AuthenticationFailedException"


def test_a_link_leads_to_no_other_run(server: Server, run_id: str) -> None:
    other = server.measured_run(seconds=1)
    url = server.get(f"/testruns/{run_id}/results").json()["resultsUrl"]
    assert server.stranger.get(url.replace(run_id, other)).status_code == 403
    assert server.stranger.get(urlsplit(url).path).status_code == 403
    assert server.client.get(urlsplit(url).path).status_code == 403


# --- the summary ---


def test_the_summary_is_in_seconds_and_adds_up(server: Server, run_id: str) -> None:
    summary = server.get(f"/testRuns/{run_id}/ResultSummary").json()
    request = summary["overallRequestSummary"]
    assert (request["totalRequests"], request["passedRequests"], request["failedRequests"]) == (60, 30, 30)
    assert request["averageResponseTime"] == pytest.approx(0.03)
    assert request["requestsPerSec"] == pytest.approx(2.0)
    assert [entry["percentile"] for entry in request["percentileData"]] == [50, 75, 90, 95, 99]
    assert request["percentileData"][-1]["percentileValue"] == pytest.approx(0.04, rel=0.001)
    assert summary["overallTestSummary"]["totalTests"] == 30
    assert summary["overallTestSummary"]["averageTestTime"] == pytest.approx(0.06)
    assert summary["overallPageSummary"]["totalPages"] == 30
    assert summary["overallScenarioSummary"]["maxUserLoad"] == 5
    assert [entry["requestUrl"] for entry in summary["topSlowRequests"]] == [SITE + "gone", SITE]
    assert summary["topSlowTests"][0]["testName"] == "shop"
    assert summary["topSlowPages"][0]["pageUrl"] == SITE
    assert summary["topSlowTransactions"] == []


def test_the_summary_of_a_run_under_way_is_that_so_far(server: Server) -> None:
    run_id = server.new_run()["id"]
    assert server.get(f"/testruns/{run_id}/resultsummary").json()["overallRequestSummary"]["totalRequests"] == 0
    recorder = server.start(run_id)
    recorder.add(a_tick(0))
    assert server.get(f"/testruns/{run_id}/resultsummary").json()["overallRequestSummary"]["totalRequests"] == 2


# --- our extension of the summary ---


def test_the_summary_has_the_verdict_and_what_the_old_service_had_no_place_for(server: Server) -> None:
    run_id = server.new_run()["id"]
    recorder = server.start(run_id)
    tick = a_tick(0)
    tick.load["Scenario1"] = Load(5, 5, due=10, dropped=4)
    tick.health = Health(loop_lag_us=2000, processes=2, send_lag=histogram(3), open_files=7, file_limit=100)
    tick.transactions[Name("Scenario1", "shop", "Pay")] = TransactionStats(1, 2, histogram(30), histogram(20))
    recorder.add(tick)
    server.finish(run_id, recorder)
    summary = server.get(f"/testruns/{run_id}/resultsummary").json()
    told = summary["headrace"]
    assert told["verdict"] == "invalid"
    (reason,) = told["reasons"]
    assert (reason["name"], reason["verdict"]) == ("dropped_arrivals", "invalid")
    assert reason["message"].startswith("4 of 10 arrivals (40 %) were dropped")
    generator = told["generator"]
    assert (generator["arrivalsDue"], generator["arrivalsDropped"], generator["measuredSeconds"]) == (10, 4, 1)
    assert (generator["sendLag"]["iterations"], generator["sendLag"]["average"]) == (1, 0.003)
    assert told["overallRequest"]["averageServiceTime"] == pytest.approx(0.03)
    assert [entry["percentile"] for entry in told["overallRequest"]["serviceTimePercentileData"]] == [50, 75, 90, 95, 99]
    assert len(told["topSlowRequests"]) == len(summary["topSlowRequests"]) == 2
    (transaction,) = summary["topSlowTransactions"]
    assert (transaction["transactionName"], transaction["totalTransactions"]) == ("Pay", 3)
    assert (transaction["averageResponseTime"], transaction["averageTransactionTime"]) == (0.02, 0.03)
    assert told["topSlowTransactions"] == [{"passedTransactions": 1, "failedTransactions": 2}]
    assert "examples" not in told


def test_examples_are_in_the_summary_where_they_are_asked_for(server: Server) -> None:
    run_id = server.new_run()["id"]
    recorder = server.start(run_id)
    example = Example(
        *(ExampleKind.FAILED, Name("Scenario1", "shop", "gone"), 1_700_000_000.5, 40_000, 30_000, SITE + "gone", "GET"),
        *(404, "The server answered 404.", "GET /gone HTTP/1.1", "HTTP/1.1 404 Not Found"),
    )
    recorder.add(replace(a_tick(0), examples=[example]))
    expected = {
        "kind": "failed",
        "scenarioName": "Scenario1",
        "testName": "shop",
        "requestName": "gone",
        "date": "2023-11-14T22:13:20.5000000Z",
        "responseTime": 0.04,
        "serviceTime": 0.03,
        "method": "GET",
        "url": SITE + "gone",
        "status": 404,
        "error": "The server answered 404.",
        "request": "GET /gone HTTP/1.1",
        "response": "HTTP/1.1 404 Not Found",
    }
    assert server.get(f"/testruns/{run_id}/resultsummary", examples="true").json()["headrace"]["examples"] == [expected]
    server.finish(run_id, recorder)
    assert server.get(f"/testruns/{run_id}/resultsummary", examples="true").json()["headrace"]["examples"] == [expected]


def test_a_run_that_measured_nothing_is_not_judged(server: Server) -> None:
    run_id = server.new_run()["id"]
    told = server.get(f"/testruns/{run_id}/resultsummary", examples="true").json()["headrace"]
    assert (told["verdict"], told["reasons"], told["examples"]) == (None, [], [])


# --- counters ---


@pytest.mark.parametrize("spelling", ["Performance,Throughput,Application", "performance%2CTHROUGHPUT%2Capplication"])
def test_the_published_groups_have_the_published_counters(server: Server, run_id: str, spelling: str) -> None:
    answer = server.get(f"/testruns/{run_id}/counterinstances?groupNames={spelling}").json()
    assert answer["count"] == len(answer["value"]) == 8
    assert [counter["counterName"] for counter in answer["value"]] == [
        "Avg. Test Time",
        "Avg. Page Time",
        "Avg. Response Time",
        "User Load",
        "Tests/Sec",
        "Pages/Sec",
        "Requests/Sec",
        "Errors/Sec",
    ]
    assert answer["value"][3] == {
        "counterInstanceId": USER_LOAD,
        "machineName": "ELSCONTROLLER",
        "categoryName": "LoadTest:Scenario",
        "counterName": "User Load",
        "counterUnits": "vusers",
        "instanceName": "_Total",
        "uniqueName": None,
        "isPreselectedCounter": True,
        "partOfCounterGroups": ["Performance", "Throughput", "Application"],
    }


def test_the_group_that_the_csharp_sample_asks_for_has_what_it_looks_for(server: Server, run_id: str) -> None:
    names = [
        counter["counterName"]
        for counter in server.get(f"/testruns/{run_id}/counterinstances", groupNames="Default").json()["value"]
    ]
    assert {"Avg. Response Time", "User Load", "Requests/Sec"} <= set(names)
    assert len(set(names)) == len(names), "clients take the first counter of a name"


def test_the_group_of_all_has_the_counters_of_each_request(server: Server, run_id: str) -> None:
    counters = server.get(f"/testruns/{run_id}/counterinstances", groupNames="all").json()["value"]
    instances = {counter["instanceName"] for counter in counters if counter["categoryName"] == "LoadTest:Request"}
    assert instances == {"_Total", SITE, SITE + "gone"}


def test_a_counter_is_summarized_where_that_is_asked_for(server: Server, run_id: str) -> None:
    (counter,) = [
        counter
        for counter in server.get(
            f"/testruns/{run_id}/counterinstances", groupNames="Throughput", includeSummary="true"
        ).json()["value"]
        if counter["counterName"] == "Requests/Sec"
    ]
    assert counter["summaryData"] == {"average": 2.0, "max": 2.0, "min": 2.0}


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({}, "groupNames: is missing"),
        ({"groupNames": ""}, "groupNames: names no group; known are Performance, Throughput, Application, Default, All"),
        ({"groupNames": "Performance,Weather"}, "groupNames: 'Weather' is none of Performance,"),
        ({"groupNames": "All", "includeSummary": "often"}, "includeSummary: 'often' is neither true nor false"),
    ],
)
def test_counters_that_make_no_sense_are_refused(server: Server, run_id: str, query: dict[str, str], complaint: str) -> None:
    answer = server.get(f"/testruns/{run_id}/counterinstances", **query)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


# --- samples ---


def test_samples_start_at_zero_and_step_by_the_interval(server: Server, run_id: str) -> None:
    answer = ask(server, run_id, {"counterInstanceId": REQUESTS}, {"counterInstanceId": USER_LOAD})
    assert (answer["totalSamplesCount"], answer["maxBatchSize"], answer["count"]) == (6, 2000, 2)
    requests, load = answer["values"]
    assert [sample["computedValue"] for sample in load["values"]] == [0, 5, 5]
    # the load began 5 s into the test: a second for each step of its life
    assert requests == {
        "counterInstanceId": REQUESTS,
        "nextRefreshTime": "2026-03-01T12:00:49.1234560Z",
        "count": 3,
        "values": [
            sample(REQUESTS, 0, "2026-03-01T12:00:04.1234560Z", 0, 0.0),
            sample(REQUESTS, 1, "2026-03-01T12:00:19.1234560Z", 30, 2.0),
            sample(REQUESTS, 2, "2026-03-01T12:00:34.1234560Z", 60, 2.0),
        ],
    }


def sample(counter: str, interval: int, end: str, raw: int, value: float) -> dict[str, Any]:
    return {
        "counterInstanceId": counter,
        "intervalNumber": interval,
        "intervalEndDate": end,
        "rawValue": raw,
        "baseValue": 0,
        "counterFrequency": 10_000_000,
        "systemFrequency": 10_000_000,
        "timeStamp": interval * 15 * 10_000_000,
        "counterType": "RateOfCountsPerSecond32",
        "computedValue": value,
    }


def test_the_published_formula_gives_the_computed_value_of_a_timer(server: Server, run_id: str) -> None:
    (timer,) = ask(server, run_id, {"counterInstanceId": RESPONSE_TIME})["values"]
    for before, after in zip(timer["values"], timer["values"][1:], strict=False):
        assert after["counterType"] == "AverageTimer32"
        seconds = (after["rawValue"] - before["rawValue"]) / after["counterFrequency"]
        assert after["computedValue"] == pytest.approx(seconds / (after["baseValue"] - before["baseValue"]))


@pytest.mark.parametrize(
    ("bounds", "intervals"),
    [
        ({"fromInterval": 0, "toInterval": -1}, [0, 1, 2]),
        ({"FromInterval": "1", "ToInterval": "-1"}, [1, 2]),
        ({"fromInterval": 1, "toInterval": 1}, [1]),
        ({"fromInterval": 3}, []),
        ({"fromInterval": None, "toInterval": None}, [0, 1, 2]),
        ({"fromInterval": 2, "toInterval": 1}, []),
    ],
)
def test_samples_are_those_of_the_intervals_asked_for(
    server: Server, run_id: str, bounds: dict[str, Any], intervals: list[int]
) -> None:
    (found,) = ask(server, run_id, {"CounterInstanceId": REQUESTS, **bounds})["values"]
    assert [sample["intervalNumber"] for sample in found["values"]] == intervals
    assert found["count"] == len(intervals)


@pytest.mark.parametrize("counter", ["Els~1", "Els~99999999999", "ApplicationInsights~0", "", "'; drop table samples"])
def test_an_unknown_counter_has_no_samples(server: Server, run_id: str, counter: str) -> None:
    answer = ask(server, run_id, {"counterInstanceId": counter})
    assert (answer["totalSamplesCount"], answer["count"]) == (0, 1)
    assert (answer["values"][0]["count"], answer["values"][0]["values"]) == (0, [])
    assert answer["values"][0]["counterInstanceId"] == counter


def test_an_answer_has_2000_samples_at_most_and_the_rest_is_had_by_asking_again(server: Server) -> None:
    run_id = server.new_run(runSpecificDetails={"samplingInterval": 1})["id"]
    recorder = server.start(run_id, interval=1)
    for second in range(1100):
        recorder.add(a_tick(second))
    first = ask(server, run_id, {"counterInstanceId": REQUESTS}, {"counterInstanceId": USER_LOAD})
    assert first["totalSamplesCount"] == first["maxBatchSize"] == 2000
    assert [values["count"] for values in first["values"]] == [1101, 899]
    rest = ask(server, run_id, {"counterInstanceId": USER_LOAD, "fromInterval": 899})
    assert (rest["values"][0]["values"][0]["intervalNumber"], rest["totalSamplesCount"]) == (899, 202)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "value: is missing"),
        ({"value": "Els~1"}, "value: 'Els~1' is no list"),
        ({"value": [{}]}, "value[0].counterInstanceId: is missing"),
        ({"value": [{"counterInstanceId": "Els~1", "fromInterval": "soon"}]}, "value[0].fromInterval: 'soon' is no whole"),
        ({"value": [{"counterInstanceId": "Els~1", "toInterval": -2}]}, "value[0].toInterval: -2 is too small"),
        ({"value": [{"counterInstanceId": "Els~1"}] * 1001}, "1001 entries; at most 1000 are allowed"),
    ],
)
def test_a_question_for_samples_that_makes_no_sense_is_refused(
    server: Server, run_id: str, body: dict[str, Any], complaint: str
) -> None:
    answer = server.post(f"/testruns/{run_id}/countersamples", body)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


def test_samples_of_an_unknown_run_are_404(server: Server) -> None:
    unknown = "00000000-0000-0000-0000-000000000001"
    assert server.post(f"/testruns/{unknown}/countersamples", {"value": []}).status_code == 404


# --- errors ---


def test_errors_are_a_tree_whose_addresses_lead_further_down(server: Server, run_id: str) -> None:
    base = f"http://load.test/_apis/clt/testRuns/{run_id}/Errors"
    tree = server.get(f"/testruns/{run_id}/errors").json()
    assert tree == {
        "types": [
            {
                "typeName": "HttpError",
                "count": 1,
                "occurrences": 30,
                "url": f"{base}?type=HttpError&detailed=true",
                "subTypes": [
                    {
                        "subTypeName": "404 - NotFound",
                        "count": 1,
                        "occurrences": 30,
                        "url": f"{base}?type=HttpError&subtype=404%20-%20NotFound&detailed=true",
                        "errorDetailList": None,
                    }
                ],
            }
        ],
        "count": 1,
        "occurrences": 30,
        "url": f"{base}?detailed=true",
    }
    assert server.client.get(tree["types"][0]["subTypes"][0]["url"]).json()["occurrences"] == 30


def test_detailed_errors_say_where_and_when(server: Server, run_id: str) -> None:
    base = f"http://load.test/_apis/clt/testRuns/{run_id}/Errors"
    tree = server.get(f"/testruns/{run_id}/errors", detailed="True").json()
    (kind,) = tree["types"]
    (subkind,) = kind["subTypes"]
    assert (tree["url"], kind["url"]) == (f"{base}?detailed=true", f"{base}?type=HttpError")
    assert subkind["url"] == f"{base}?type=HttpError&subtype=404%20-%20NotFound"
    assert subkind["errorDetailList"] == [
        {
            "occurrences": 30,
            "testCaseName": "shop",
            "scenarioName": "Scenario1",
            "request": f"{SITE}gone----{{GET}}",
            "stackTrace": "",
            "messageText": "The server answered 404.",
            "lastErrorDate": "2026-03-01T12:00:29.1234560Z",
        }
    ]


@pytest.mark.parametrize(
    ("query", "occurrences"),
    [
        ({"type": "HttpError"}, 30),
        ({"type": "httperror", "subtype": "404 - notfound"}, 30),
        ({"type": "HttpError", "subType": "500 - Oops"}, 0),
        ({"type": "ThresholdMessage", "detailed": "True"}, 0),
    ],
)
def test_errors_are_filtered_by_type_and_subtype(
    server: Server, run_id: str, query: dict[str, str], occurrences: int
) -> None:
    tree = server.get(f"/testruns/{run_id}/errors", **query).json()
    assert tree["occurrences"] == occurrences
    assert tree["count"] == len(tree["types"]) == (1 if occurrences else 0)


def test_a_subtype_without_its_type_is_refused(server: Server, run_id: str) -> None:
    answer = server.get(f"/testruns/{run_id}/errors", subType="404")
    assert answer.status_code == 400
    assert answer.json()["message"] == "subType: cannot be given without 'type'."


def test_a_run_without_errors_has_an_empty_tree(server: Server) -> None:
    run_id = server.new_run()["id"]
    tree = server.get(f"/testruns/{run_id}/errors").json()
    assert (tree["types"], tree["count"], tree["occurrences"]) == ([], 0, 0)
