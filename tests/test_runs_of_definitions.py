"""A test definition of the old portal, run by the real service against a site that notes what it is asked."""

from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.serving import Served, serving

GET: dict[str, Any] = {"label": "Look", "httpMethod": {"method": "GET"}}
ORDER: dict[str, Any] = {
    "label": "Order",
    "httpMethod": {"method": "PUT"},
    "queryParameters": [{"name": "which", "value": "größe & more"}],
    "requestHeaders": [{"name": "X-Who", "value": "Ada"}, {"name": "Content-Type", "value": "application/json"}],
    "httpBody": '{"pieces": 2}',
}


class Shop:
    """`seen` counts method, path with query, header X-Who, content type and body of what was asked."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen: Counter[tuple[str, str, str | None, str | None, str]] = Counter()


@pytest.fixture
def shop() -> Iterator[Shop]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            made.seen[self.command, self.path, self.headers["X-Who"], self.headers["Content-Type"], body] += 1
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Shop(server.server_address[1])
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("definitions")
    with serving(folder / "data") as served:
        yield served


def scenario(name: str, users: int, *tests: dict[str, Any]) -> dict[str, Any]:
    return {"scenarioName": name, "loadPattern": {"userLoad": users, "loadPatternType": 0}, "testMix": tests}


def run_of(service: Served, *scenarios: dict[str, Any], **members: Any) -> Any:
    """The run of these scenarios, when it is over."""
    settings = {"duration": 2, "samplingInterval": 1}
    body = {"name": "Shop", "runSettings": settings, "testDetails": {"scenarios": scenarios}}
    definition = service.call("POST", "testdefinitions", body)
    run = service.call("POST", "testruns", {"name": "Shop", "testDrop": {"id": definition["id"]}, **members})
    service.queue(run["id"])
    return service.wait_for(run["id"])


def test_its_scenarios_send_what_it_says_with_their_users_and_mixes(service: Served, shop: Shop) -> None:
    look = {"testName": "Look", "mixPercentage": 75, "urlList": [{**GET, "serviceUrl": f"{shop.url}/look"}]}
    order = {"testName": "Order", "mixPercentage": 25, "urlList": [{**ORDER, "serviceUrl": f"{shop.url}/order"}]}
    night = {"testName": "Look", "mixPercentage": 100, "urlList": [{**GET, "serviceUrl": f"{shop.url}/night"}]}
    run = run_of(service, scenario("Day", 2, look, order), scenario("Night", 1, night))
    assert (run["state"], run["subState"]) == ("completed", "success"), run
    assert run["runSpecificDetails"]["virtualUserCount"] == 3
    looks = ("GET", "/look", None, None, "")
    orders = ("PUT", "/order?which=gr%C3%B6%C3%9Fe+%26+more", "Ada", "application/json", '{"pieces": 2}')
    nights = ("GET", "/night", None, None, "")
    assert set(shop.seen) == {looks, orders, nights}
    assert shop.seen[looks] / shop.seen[orders] == pytest.approx(3, rel=0.1)
    counters = service.call("GET", f"testruns/{run['id']}/counterinstances?groupNames=All&includeSummary=true")["value"]
    users = {each["instanceName"]: each["summaryData"]["max"] for each in counters if each["counterName"] == "User Load"}
    assert users == {"_Total": 3, "Day": 2, "Night": 1}
    requests = {each["instanceName"] for each in counters if each["counterName"] == "Total Requests"}
    assert requests >= {"Look", "Order"}


def test_what_a_run_asks_for_goes_before_the_definition(service: Served, shop: Shop) -> None:
    look = {"testName": "Look", "urlList": [{**GET, "serviceUrl": f"{shop.url}/"}]}
    run = run_of(service, scenario("Day", 5, look), runSpecificDetails={"virtualUserCount": 2, "duration": 1})
    assert run["state"] == "completed"
    assert max(sample["computedValue"] for sample in service.samples(run["id"], "User Load")["User Load"]) == 2


def test_what_it_cannot_mean_ends_the_run_with_every_finding(service: Served, shop: Shop) -> None:
    broken = {**GET, "serviceUrl": "ftp://shop.test/", "extractionRules": [{"any": 1}], "httpBody": {"bytes": "AA=="}}
    run = run_of(service, scenario("Day", 2, {"testName": "Look", "urlList": [broken]}))
    assert run["state"] == "aborted"
    assert run["abortMessage"]["source"] == "Validation"
    told = " ".join(run["abortMessage"]["details"])
    for said in ("extractionRules of urlList[0]", "httpBody of urlList[0]", "neither an http:// nor an https:// address"):
        assert said in told
    messages = service.call("GET", f"testruns/{run['id']}/messages")["value"]
    assert sum(message["messageType"] == "error" for message in messages) == 3
    assert not shop.seen
