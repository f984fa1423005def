"""A whole API on a real database, a clock that a test sets, and runs that are led through their life by hand."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from httpx2 import Response
from sqlalchemy import Engine
from starlette.testclient import TestClient

from headrace.api.app import create_app
from headrace.api.services import Services
from headrace.api.signing import DROPS, load_key
from headrace.blobs.local import LocalFiles
from headrace.report.run_page import run_page
from headrace.results.reader import Results
from headrace.results.recorder import Recorder
from headrace.runs import life
from headrace.runs.agents import Agents
from headrace.runs.audit import Audit
from headrace.runs.drops import Drops
from headrace.runs.model import Life, Run
from headrace.runs.organizations import Organizations
from headrace.runs.store import Runs
from headrace.runs.test_definitions import TestDefinitions
from headrace.runs.tokens import Tokens
from headrace.settings import Settings
from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import ErrorName, ErrorStats, Load, Name, PageStats, RequestStats, TestStats, Tick

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
CLT = "/_apis/clt"
SITE = "http://site.test/"
USERS = 5

DEFINITION: dict[str, Any] = {
    "loadTestName": "shop.loadtest",
    "runDuration": 60,
    "urls": [SITE],
    "browserMixs": [
        {"browserName": "Internet Explorer 11.0", "browserPercentage": 60.0},
        {"browserName": "Chrome 2", "browserPercentage": 40.0},
    ],
    "loadPatternName": "Constant",
    "maxVusers": USERS,
    "loadGenerationGeoLocations": [{"Location": "Default", "Percentage": 100}],
}


def basic(token: str, user: str = "") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{token}".encode()).decode()}


def _take(step: Callable[[Life], Life], run: Run) -> Run:
    return replace(run, life=step(run.life))


class Server:
    """`rings` counts how often the API woke whoever carries out runs."""

    def __init__(self, database: Engine, **settings: Any) -> None:
        self.time = START
        self.rings = 0
        self.database = database
        self.services = Services(
            settings=Settings(**settings),
            runs=Runs(database, self.now),
            drops=Drops(database),
            tokens=Tokens(database),
            organizations=Organizations(database),
            audit=Audit(database),
            results=Results(database),
            definitions=TestDefinitions(database),
            agents=Agents(database),
            ring=self._ring,
            now=self.now,
            signing_key=load_key(database),
            files=LocalFiles(database, Settings(**settings), load_key(database, DROPS)),
        )
        self.token, self.holder = self.services.tokens.create("Ada", self.time)
        self.app = create_app(self.services, [run_page(self.services.runs, self.services.results)])
        self.client = TestClient(self.app, base_url="http://load.test", follow_redirects=False)
        self.stranger = TestClient(self.app, base_url="http://load.test", follow_redirects=False)
        self.client.headers.update(basic(self.token))

    def now(self) -> datetime:
        return self.time

    def pass_time(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def get(self, path: str, **query: Any) -> Response:
        return self.client.get(CLT + path, params=query or None)

    def post(self, path: str, body: Any, version: str = "1.0") -> Response:
        return self.client.post(f"{CLT}{path}?api-version={version}", json=body)

    def patch(self, path: str, body: Any) -> Response:
        return self.client.patch(f"{CLT}{path}?api-version=1.0", json=body)

    def new_drop(self, **changes: Any) -> dict[str, Any]:
        answer = self.post("/testdrops", {"dropType": "InplaceDrop", "loadTestDefinition": {**DEFINITION, **changes}})
        assert answer.status_code == 200, answer.text
        drop: dict[str, Any] = answer.json()
        return drop

    def new_run(self, name: str = "shop.loadtest", **members: Any) -> dict[str, Any]:
        answer = self.post("/testruns", {"name": name, "testDrop": {"id": self.new_drop()["id"]}, **members})
        assert answer.status_code == 200, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def run(self, run_id: str) -> dict[str, Any]:
        answer = self.get(f"/testruns/{run_id}")
        assert answer.status_code == 200, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def queue(self, run_id: str) -> None:
        assert self.patch(f"/testruns/{run_id}", {"state": "queued"}).status_code == 202

    def lead(self, run_id: str, *steps: Callable[[Life], Life]) -> Run:
        """Leads a run on; a second passes before each step."""
        for step in steps:
            self.pass_time(1)
            run = self.services.runs.change(run_id, partial(_take, step))
        return run

    def start(self, run_id: str, interval: int = 15) -> Recorder:
        """Brings a new run to where its load begins."""
        self.queue(run_id)
        self.lead(
            run_id,
            life.begin_validation,
            life.acquire,
            lambda at: life.configure(at, self.time),
            lambda at: life.run(at, self.time),
        )
        recorder = Recorder(self.database, run_id, interval)
        self.services.results.attach(recorder)
        return recorder

    def finish(self, run_id: str, recorder: Recorder) -> None:
        """Ends the run as its duration would."""
        self.lead(run_id, lambda at: life.collect(at, self.time))
        recorder.close()
        self.services.results.detach(run_id)
        self.lead(run_id, lambda at: life.complete(at, self.time))

    def measured_run(self, seconds: int = 30, **members: Any) -> str:
        """The id of a run that is over: each second has a request of 20 ms that passed and one of 40 ms that failed."""
        run_id: str = self.new_run(**members)["id"]
        recorder = self.start(run_id)
        for second in range(seconds):
            recorder.add(a_tick(second))
        self.finish(run_id, recorder)
        return run_id

    def _ring(self) -> None:
        self.rings += 1


def a_tick(second: int) -> Tick:
    tick = Tick(second, second + 1.0)
    tick.load["Scenario1"] = Load(USERS, USERS)
    tick.requests[Name("Scenario1", "shop", SITE)] = RequestStats(1, 0, _times(20), _times(20))
    tick.requests[Name("Scenario1", "shop", SITE + "gone")] = RequestStats(0, 1, _times(40), _times(40))
    tick.pages[Name("Scenario1", "shop", SITE)] = PageStats(1, 0, _times(20))
    tick.tests[Name("Scenario1", "shop", "")] = TestStats(0, 1, 2, _times(60))
    error = ErrorName("HttpError", "404 - NotFound", "Scenario1", "shop", SITE + "gone", "GET", "The server answered 404.")
    tick.errors[error] = ErrorStats(1, START.timestamp() + second)
    return tick


def _times(*milliseconds: int) -> Histogram:
    histogram = Histogram()
    for ms in milliseconds:
        histogram.record(ms * 1000)
    return histogram
