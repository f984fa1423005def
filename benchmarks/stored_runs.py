"""How long the API takes with 100,000 stored runs, on SQLite and on PostgreSQL.

    python benchmarks/stored_runs.py [--runs 100000] [--times 40]

Whole requests to the application in this process: the token, the query, the JSON. Held against the goals: a list with any
filter p95 under 30 ms, a run under 10 ms, the samples of 10 counters of an hour (200 requests, every 15 s) under 50 ms.
CPU is what this process used for a request on average, PostgreSQL's server apart: on a busy machine it says more. Exit
code 1 where a goal does not hold.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import Engine, insert, text
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.private_postgresql import NotInstalledError, private_postgresql

from headrace.api.app import Services, create_app
from headrace.blobs.local import LocalFiles
from headrace.results.counters import COUNTERS
from headrace.results.reader import Results
from headrace.runs.agents import Agents
from headrace.runs.audit import Audit
from headrace.runs.drops import Drops
from headrace.runs.ids import new_id
from headrace.runs.model import Identity, Life, Run, RunKind, State, Substate
from headrace.runs.organizations import Organizations
from headrace.runs.rows import run_values
from headrace.runs.store import Runs
from headrace.runs.test_definitions import TestDefinitions
from headrace.runs.tokens import Tokens
from headrace.settings import Settings
from headrace.store.database import open_database, writing
from headrace.store.schema import counters, organizations, runs

START = datetime(2026, 1, 1, tzinfo=UTC)
INTERVALS = 240
REQUESTS = 200
GOALS = {"list": 30.0, "get": 10.0, "samples": 50.0}
"""Milliseconds, at the 95th percentile."""

_SAMPLES = text(
    """
    WITH RECURSIVE number(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i < :last)
    INSERT INTO samples (run_id, counter_id, "interval", raw, base, elapsed_us, value)
    SELECT counters.run_id, counters.id, number.i, number.i * 1000, number.i, number.i * CAST(15000000 AS BIGINT), number.i
    FROM counters, number WHERE counters.run_id = :run
    """
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=100_000)
    options.add_argument("--times", type=int, default=40, help="how often each request is made")
    arguments = options.parse_args()
    held = True
    for name, database in _databases():
        began = perf_counter()
        stored = fill(database, arguments.runs)
        print(f"{name}: {len(stored):,} runs stored in {perf_counter() - began:.0f} s", flush=True)
        held &= measure(database, stored, arguments.times)
    sys.exit(0 if held else 1)


def _databases() -> Iterator[tuple[str, Engine]]:
    with tempfile.TemporaryDirectory() as folder, _opened(f"sqlite:///{folder}/headrace.db") as engine:
        yield "SQLite", engine
    try:
        with private_postgresql() as socket, _opened(f"postgresql://postgres@/postgres?host={socket}") as engine:
            yield "PostgreSQL", engine
    except NotInstalledError as missing:
        print(f"skipped: {missing}")


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


def fill(database: Engine, count: int) -> list[Run]:
    """Stores runs, two thirds of one organization, and the results of an hour for the middle one."""
    people = [Identity(new_id(), f"person {number}") for number in range(50)]
    numbers = {"default": 0, "other": 0}
    stored = []
    for position in range(count):
        organization = "other" if position % 3 == 2 else "default"
        numbers[organization] += 1
        stored.append(_run(position, organization, numbers[organization], people))
    with writing(database) as connection:
        rows = [run_values(run) for run in stored]
        for first in range(0, count, 1000):
            connection.execute(insert(runs), rows[first : first + 1000])
        connection.execute(insert(organizations), [{"name": n, "last_run_number": last} for n, last in numbers.items()])
        hour = stored[_middle(stored)]
        instances = ["_Total", *(f"http://shop.test/page/{number}" for number in range(REQUESTS))]
        requests = [name for category, name in COUNTERS if category == "LoadTest:Request"]
        places = [(name, instance) for instance in instances for name in requests]
        connection.execute(
            insert(counters),
            [
                {
                    "run_id": hour.id,
                    "id": number,
                    "position": number,
                    "category": "LoadTest:Request",
                    "name": name,
                    "instance": instance,
                }
                for number, (name, instance) in enumerate(places)
            ],
        )
        connection.execute(_SAMPLES, {"last": INTERVALS, "run": hour.id})
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.dialect.name == "postgresql" else "SELECT 1"))
    return stored


def _middle(stored: list[Run]) -> int:
    return len(stored) // 2 // 3 * 3  # one of the default organization


def _run(position: int, organization: str, number: int, people: list[Identity]) -> Run:
    at = START + timedelta(minutes=position)
    done = Life(at, State.COMPLETED, Substate.SUCCESS, at, at, None, at, at, at + timedelta(hours=1), people[0])
    life = done if position % 100 else replace(done, state=State.ABORTED, substate=Substate.NONE)
    if position % 5000 == 0:
        life = Life(at)
    return Run(
        id=new_id(),
        organization=organization,
        number=number,
        name=f"Shop {position % 1000}",
        drop_id=new_id(),
        created_by=people[position % len(people)],
        life=life,
        modified_at=at + timedelta(hours=1, seconds=position * 7919 % 3600),
        kind=RunKind.JMETER if position % 20_000 == 1 else RunKind.VISUAL_STUDIO,
        source_identifier=f"build/{position % 500}",
    )


def questions(stored: list[Run]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """(name, query) of requests by path; each list is on a page of 50."""
    last = len(stored)
    early, late = (START + timedelta(minutes=last * share // 100) for share in (2, 98))
    shown = {"early": early.isoformat().replace("+00:00", "Z"), "late": late.isoformat().replace("+00:00", "Z")}
    person = stored[3].created_by
    new: list[tuple[str, dict[str, Any]]] = [
        ("all", {}),
        ("one state, common", {"state": "completed"}),
        ("one state, rare", {"state": "pending"}),
        ("one state, none", {"state": "queued"}),
        ("two states, rare", {"state": ["pending", "aborted"]}),
        ("name", {"name": "shop 7"}),
        ("name, none", {"name": "nothing"}),
        ("user by name", {"user": person.name}),
        ("user by id", {"user": person.id}),
        ("type, rare", {"type": "jMeterLoadTest"}),
        ("created early", {"createdBefore": shown["early"]}),
        ("created late", {"createdAfter": shown["late"]}),
        ("changed early", {"changedBefore": shown["early"]}),
        ("changed late", {"changedAfter": shown["late"]}),
        ("user and state", {"user": person.name, "state": "aborted"}),
        ("name and created early", {"name": "shop 7", "createdBefore": shown["early"]}),
        ("type and changed early", {"type": "jMeterLoadTest", "changedBefore": shown["early"]}),
    ]
    sorts = [(f"{name}, by {sort}", {**query, "sort": sort}) for name, query in new for sort in ("name", "-changed")]
    old: list[tuple[str, dict[str, Any]]] = [
        ("old: all", {"top": 50}),
        ("old: status", {"top": 50, "status": "aborted"}),
        ("old: requestedBy", {"top": 50, "requestedBy": person.name}),
        ("old: runSourceIdentifier", {"top": 50, "runSourceIdentifier": "build/7"}),
        ("old: retentionState", {"top": 50, "retentionState": "retain"}),
        ("old: fromDate, toDate", {"top": 50, "fromDate": shown["early"], "toDate": shown["late"]}),
        ("old: runType", {"top": 50, "runType": "jMeterLoadTest"}),
    ]
    return {"/api/v1/runs": [*new, *sorts], "/_apis/clt/testruns": old}


def measure(database: Engine, stored: list[Run], times: int) -> bool:
    """Prints a line for each request, and says whether all goals hold."""
    tokens, runs_store = Tokens(database), Runs(database)
    secret, _ = tokens.create("bench", START)
    services = Services(
        settings=Settings(),
        runs=runs_store,
        drops=Drops(database),
        tokens=tokens,
        organizations=Organizations(database),
        audit=Audit(database),
        results=Results(database),
        definitions=TestDefinitions(database),
        agents=Agents(database),
        ring=lambda: None,
        now=lambda: datetime.now(UTC),
        signing_key=b"k" * 32,
        files=LocalFiles(database, Settings(), b"k" * 32),
    )
    hour = stored[_middle(stored)]
    ids = list(range(11, 21))  # ten counters of one request
    asked = {"value": [{"counterInstanceId": f"Els~{number}"} for number in ids]}
    held = True
    with TestClient(create_app(services), headers={"Authorization": f"Bearer {secret}"}) as client:
        for path, queries in questions(stored).items():
            for name, query in queries:
                held &= _time(name, "list", times, lambda path=path, query=query: client.get(path, params=query))
        cursor = None
        for _ in range(20):
            page = client.get("/api/v1/runs", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
            cursor = page["nextCursor"] or cursor
        held &= _time("far down the list", "list", times, lambda: client.get("/api/v1/runs", params={"cursor": cursor}))
        held &= _time("get", "get", times, lambda: client.get(f"/api/v1/runs/{hour.id}"))
        held &= _time("old: get", "get", times, lambda: client.get(f"/_apis/clt/testruns/{hour.id}"))
        held &= _time(
            "samples", "samples", times, lambda: client.get(f"/api/v1/runs/{hour.id}/samples", params={"counter": ids})
        )
        held &= _time(
            "old: samples",
            "samples",
            times,
            lambda: client.post(f"/_apis/clt/testruns/{hour.id}/countersamples?api-version=7.1", json=asked),
        )
    return held


def _time(name: str, goal: str, times: int, request: Any) -> bool:
    took = []
    cpu = process_time()
    for _ in range(times):
        began = perf_counter()
        answer = request()
        took.append((perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    cpu = (process_time() - cpu) * 1000 / times
    p50, p95 = (quantiles(took, n=100)[percent - 1] for percent in (50, 95))
    holds = p95 <= GOALS[goal]
    cells = [f"p50 {p50:6.1f} ms", f"p95 {p95:6.1f} ms", f"CPU {cpu:6.1f} ms", f"{p95 / GOALS[goal]:5.2f} of the goal"]
    print(f"  {name:<36}", *cells, "" if holds else "MISSED", sep="  ", flush=True)
    return holds


if __name__ == "__main__":
    main()
