"""What is reported is what the server saw, request by request: from several engine processes to the REST API's answers."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from headrace.plan.load import Arrivals, Constant
from headrace.plan.model import Plan
from headrace.plan.requests import Page, Request
from headrace.plan.writers.plan_yaml import write_plan
from headrace.results.rows import read_intervals
from headrace.store.database import open_database, reading
from tests.engine.running import Outcome
from tests.serving import Served, eventually, serving
from tests.truth.performing import Engines, Witness, perform, plan_of, scenario, witnessing

USERS = 4


@pytest.fixture(scope="module")
def server() -> Iterator[Witness]:
    with witnessing() as server:
        yield server


def everything(server: Witness, duration: float) -> Plan:
    """Answers good and bad, redirects, dependents, time-outs, resets, at random moments and at fixed ones."""
    url = server.url
    page = Page(Request(f"{url}/page"), tuple(Request(f"{url}/{path}") for path in ("one", "status/404", "redirect/2")))
    return plan_of(
        scenario("good", Constant(USERS), f"{url}/redirect/3", page, f"{url}/delay/7"),
        scenario("silent", Constant(USERS), Request(f"{url}/silent", timeout=0.3)),
        scenario("reset", Constant(USERS), f"{url}/reset", f"{url}/after", think_time=0.02),
        scenario("failing", Constant(USERS), f"{url}/status/503", think_time=0.005),
        scenario("slow page", Constant(USERS), Page(Request(f"{url}/delay/3"), (Request(f"{url}/silent", timeout=0.4),))),
        scenario("open", Arrivals(300.0, 100), f"{url}/mix/1/400/50"),
        duration=duration,
    )


def by_path(outcome: Outcome) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, stats in outcome.whole.requests.items():
        counts[urlsplit(name.item).path] += stats.total
    return counts


def assert_adds_up(outcome: Outcome, server: Witness) -> None:
    requests = outcome.requests
    assert by_path(outcome) == Counter(target for target, _, _ in server.record())
    assert requests.passed + requests.failed == requests.total == requests.response.count
    assert requests.service.count == requests.total  # each was sent, and took its time
    assert sum(outcome.errors.values()) == requests.failed
    answered = sum(1 for _, _, answered in server.record() if answered)
    assert requests.passed <= answered
    seconds = [sum(stats.total for stats in tick.requests.values()) for tick in outcome.ticks]
    assert sum(seconds) == requests.total
    assert seconds[0] > 0 < seconds[1]


@pytest.mark.parametrize("cores", [1, 3], ids=["one engine process", "three engine processes"])
def test_after_a_natural_end(server: Witness, cores: int) -> None:
    server.forget()
    outcome = perform(everything(server, duration=1.5), cores)
    assert_adds_up(outcome, server)
    assert {error.kind for error in outcome.errors} == {"Timeout", "HttpError", "Exception"}
    assert outcome.whole.health.processes == cores


def test_after_a_stop_in_the_middle(server: Witness) -> None:
    server.forget()

    async def stop(engines: Engines) -> None:
        await asyncio.sleep(1.6337)  # any moment will do: it is the middle of something everywhere
        await engines.stop(0.1)

    outcome = perform(everything(server, duration=600.0), 2, meanwhile=stop)
    assert_adds_up(outcome, server)
    assert any("The load ended" in error.message for error in outcome.errors)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("counts")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Served]:
    with serving(folder / "data") as service:
        yield service


def start(service: Served, plan: Plan) -> str:
    drop = service.call("POST", "testdrops", {"dropType": "InPlaceDrop", "headracePlan": write_plan(plan)})
    run = service.call("POST", "testruns", {"name": "counts", "testDrop": {"id": drop["id"]}})
    service.queue(run["id"])
    return str(run["id"])


@pytest.mark.parametrize("stopped", [False, True], ids=["natural end", "stop"])
def test_through_the_service_and_its_database(service: Served, server: Witness, folder: Path, stopped: bool) -> None:
    server.forget()
    plan = everything(server, duration=600.0 if stopped else 2.0)
    run_id = start(service, plan_with_short_intervals(plan))
    if stopped:
        eventually(lambda: len(service.samples(run_id, "Requests/Sec").get("Requests/Sec", [])) > 2)
        service.call("PATCH", f"testruns/{run_id}", {"state": "aborted"})
    assert service.wait_for(run_id)["state"] == ("aborted" if stopped else "completed")
    seen = server.record()

    summary = service.call("GET", f"testruns/{run_id}/ResultSummary")["overallRequestSummary"]
    assert summary["totalRequests"] == len(seen)
    assert summary["passedRequests"] + summary["failedRequests"] == summary["totalRequests"]
    errors = service.call("GET", f"testruns/{run_id}/errors?detailed=true")
    assert sum(kind["occurrences"] for kind in errors["types"]) == summary["failedRequests"]
    raw = [sample["rawValue"] for sample in service.samples(run_id, "Requests/Sec")["Requests/Sec"]]
    assert raw == sorted(raw)
    assert raw[-1] == summary["totalRequests"]

    database = open_database(f"sqlite:///{folder / 'data' / 'headrace.db'}")
    with reading(database) as connection:
        intervals = [tick for _, tick, _ in read_intervals(connection, run_id)]
    database.dispose()
    counts = [sum(stats.total for stats in tick.requests.values()) for tick in intervals]
    assert sum(counts) == summary["totalRequests"]
    assert [after - before for before, after in pairwise(raw)] == counts  # interval 0 is the start


def plan_with_short_intervals(plan: Plan) -> Plan:
    return Plan(plan.name, plan.tests, plan.scenarios, plan.duration, sampling_interval=1)
