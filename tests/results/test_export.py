import gzip
import json
from typing import Any

import pytest
from sqlalchemy import Engine

from headrace.plan.browsers import DEFAULT
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare
from headrace.plan.requests import AuthScheme, Credentials, Request
from headrace.plan.thresholds import CounterName, Threshold
from headrace.results import export as export_module
from headrace.results.export import export
from headrace.results.reader import Results
from headrace.results.recorder import Recorder
from headrace.ticks.tick import Health, Name
from tests.results.build import errors, histogram, home, iterations, machine, pages, requests, tick, transactions


def exported(database: Engine, run_id: str, **header: Any) -> dict[str, Any]:
    document = json.loads(gzip.decompress(b"".join(export(Results(database), run_id, header))))
    assert isinstance(document, dict)
    return document


def test_a_run_without_results_is_a_whole_document(database: Engine, run_id: str) -> None:
    document = exported(database, run_id, run={"number": 7, "name": "a “run”"})
    assert (document["format"], document["version"]) == ("headrace-results", 1)
    assert document["run"] == {"number": 7, "name": "a “run”"}
    assert document["plan"] is None
    assert document["thresholds"] == []
    assert document["counters"] == document["tests"] == document["pages"] == document["requests"] == []
    assert document["transactions"] == []


def test_everything_that_was_recorded_is_in_the_document(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 2)
    recorder.add(tick(0, requests=home(1, 3), tests={Name("s", "t", ""): iterations(4, made=2)}))
    recorder.add(tick(1, requests=home(3), pages={Name("s", "t", "Home"): pages(3)}, errors=errors("HttpError", 5)))
    late = {Name("s", "t", "/b"): requests(100, failed=1)}
    recorder.add(tick(2, requests=late, machines={"Agent0": machine()}))
    recorder.close()
    results = Results(database)
    document = exported(database, run_id)
    assert [counter["id"] for counter in document["counters"]] == [counter.id for counter in results.counters(run_id)]
    assert {counter["machine"] for counter in document["counters"]} == {"ELSCONTROLLER", "Agent0"}
    for counter in document["counters"]:
        assert counter["samples"] == [
            [sample.interval, sample.raw, sample.base, sample.timestamp, sample.value]
            for sample in results.samples(run_id, counter["id"])
        ]
    (test,) = document["tests"]
    assert (test["scenario"], test["test"], test["passed"], test["requests"]) == ("s", "t", 1, 2)
    assert [page["name"] for page in document["pages"]] == ["Home"]
    first, second = document["requests"]
    assert first["response"] == {
        "count": 3,
        "total_us": 7000,
        "low_us": 1000,
        "high_us": 3000,
        "buckets": [[1000, 1], [3001, 2]],
    }
    assert (second["name"], second["failed"], second["service"]["count"]) == ("/b", 1, 1)


def test_transactions_and_send_lags_are_in_the_document(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 2)
    pay = {Name("s", "t", "Pay"): transactions(30, 50, failed=1, pauses=10)}
    recorder.add(tick(0, transactions=pay, health=Health(send_lag=histogram(2))))
    recorder.close()
    document = exported(database, run_id)
    (transaction,) = document["transactions"]
    assert (transaction["name"], transaction["passed"], transaction["failed"]) == ("Pay", 1, 1)
    assert (transaction["time"]["total_us"], transaction["response"]["total_us"]) == (80_000, 60_000)
    assert document["send_lag"]["total_us"] == 2000


def test_the_plan_without_its_secrets_and_the_thresholds_are_in_the_document(database: Engine, run_id: str) -> None:
    threshold = Threshold(CounterName("LoadTest:Request", "Requests/Sec"), over=False, warning=10)
    Recorder(database, run_id, 2, (threshold,)).close()
    test = Test("Buy", (Request("http://shop.test/"),), credentials=Credentials(AuthScheme.BASIC, "sesame", "ada"))
    scenario = Scenario("Day", (TestShare("Buy"),), Constant(1), (BrowserShare(DEFAULT, 100),))
    Results(database).keep_plan(run_id, Plan("Shop", (test,), (scenario,), 60))
    document = exported(database, run_id)
    assert "http://shop.test/" in document["plan"]
    assert "user: ada" in document["plan"]
    assert "sesame" not in document["plan"]
    (kept,) = document["thresholds"]
    assert kept == {
        "counter": {"category": "LoadTest:Request", "counter": "Requests/Sec"},
        "over": False,
        "warning": 10,
    }


def test_a_run_under_way_is_exported_up_to_its_last_second(database: Engine, run_id: str) -> None:
    recorder = Recorder(database, run_id, 5)
    results = Results(database)
    results.attach(recorder)
    recorder.add(tick(0, requests=home(1, 3)))
    document = json.loads(gzip.decompress(b"".join(export(results, run_id, {}))))
    assert document["requests"][0]["passed"] == 2


def test_the_document_comes_in_pieces(database: Engine, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "_PIECE", 1)
    recorder = Recorder(database, run_id, 1)
    for second in range(40):
        recorder.add(
            tick(second, requests={Name("s", "t", f"/{number}"): requests(second + number + 1) for number in range(40)})
        )
    recorder.close()
    pieces = list(export(Results(database), run_id, {}))
    assert len(pieces) > 1
    document = json.loads(gzip.decompress(b"".join(pieces)))
    assert by_name_in(document["counters"], "Total Requests", "_Total")["samples"][-1][1] == 1600


def by_name_in(counters: list[dict[str, Any]], name: str, instance: str) -> dict[str, Any]:
    (counter,) = [counter for counter in counters if (counter["name"], counter["instance"]) == (name, instance)]
    return counter
