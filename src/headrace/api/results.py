"""What a run measured: counters, samples, errors, summary and the results file (reference: 2.6 to 2.9 and 5)."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from headrace.api import signing
from headrace.api.context import Asked, Links, base_of
from headrace.api.failures import invalid, not_found
from headrace.api.runs import find_run, wrapped
from headrace.api.services import services_of
from headrace.api.wire.queries import CounterQuery, ErrorQuery, SummaryQuery
from headrace.api.wire.requests import SampleQueries
from headrace.api.wire.results import (
    COUNTER_GROUPS,
    read_counter_id,
    write_counter,
    write_errors,
    write_samples,
    write_summary,
)
from headrace.api.wire.runs import present, write_message, write_run
from headrace.results.export import export
from headrace.runs.model import Run

router = APIRouter(prefix="/_apis/clt/testruns/{run_id}", tags=["results"])
files = APIRouter(prefix="/files", tags=["files"])

MOST_SAMPLES = 2000
"""Samples in one answer; the rest is had by asking again from the interval after the last."""

# The name is the old service's, which clients check; in it is our own export (see `results/export.py`).
_FILE = "TestResult/LoadTest.ltrar.zip"


@router.get("/results")
def get_results(run_id: str, asked: Asked) -> dict[str, Any]:
    run = find_run(asked, run_id)
    groups = (*COUNTER_GROUPS, "All")
    return present(
        {
            "resultsUrl": _file_url(run, asked.links, asked.services.signing_key, asked.services.now()),
            "counterGroups": [{"groupName": group, "url": asked.links.counter_group(run.id, group)} for group in groups],
        }
    )


@router.get("/resultsummary")
def get_summary(run_id: str, query: Annotated[SummaryQuery, Query()], asked: Asked) -> dict[str, Any]:
    """So far, or final where the run is over."""
    run, results = find_run(asked, run_id), asked.services.results
    return write_summary(results.summary(run.id), results.examples(run.id) if query.examples else None)


@router.get("/counterinstances")
def list_counters(run_id: str, query: Annotated[CounterQuery, Query()], asked: Asked) -> dict[str, Any]:
    run = find_run(asked, run_id)
    found = asked.services.results.counters(run.id, query.group_names, summarize=query.include_summary)
    return wrapped([write_counter(counter) for counter in found])


@router.post("/countersamples")
def get_samples(run_id: str, body: SampleQueries, asked: Asked) -> Response:
    """MOST_SAMPLES together, in the order asked for. What has no samples, or does not exist, is answered with none."""
    run = find_run(asked, run_id)
    start = run.life.execution_started_at or run.life.created_at
    interval = timedelta(seconds=run.details.sampling_interval)
    left = MOST_SAMPLES
    values = []
    for query in body.value:
        counter = read_counter_id(query.counter_instance_id)
        samples = (
            asked.services.results.samples(run.id, counter, query.from_interval, query.to_interval, left)
            if counter is not None and left
            else []
        )
        left -= len(samples)
        values.append(write_samples(query.counter_instance_id, samples, start, interval))
    answer = {
        "totalSamplesCount": MOST_SAMPLES - left,
        "maxBatchSize": MOST_SAMPLES,
        "count": len(values),
        "values": values,
    }
    # As a dictionary it would be copied member by member first, which takes as long as all the rest
    return Response(msgspec.json.encode(answer), media_type="application/json")


@router.get("/errors")
def get_errors(run_id: str, query: Annotated[ErrorQuery, Query()], asked: Asked) -> dict[str, Any]:
    run = find_run(asked, run_id)
    if query.sub_type is not None and query.type is None:
        raise invalid("subType", "cannot be given without 'type'.")
    errors = asked.services.results.errors(run.id, query.type, query.sub_type)
    return write_errors(errors, run.id, asked.links, query.detailed)


@files.get("/{run_id}/" + _FILE.lower())
def download_results(run_id: str, request: Request) -> StreamingResponse:
    """Needs no token: the signature in the link is the permission."""
    services = services_of(request)
    organization: str = request.state.organization
    signing.check(services.signing_key, _signed_path(organization, run_id), request.query_params, services.now())
    run = services.runs.get(organization, run_id)
    if run is None:
        raise not_found("test run", run_id)
    results, links = services.results, Links(base_of(request, services.settings))
    told = {
        "run": write_run(run, links),
        "summary": write_summary(results.summary(run.id), results.examples(run.id)),
        "errors": write_errors(results.errors(run.id), run.id, links, detailed=True),
        "messages": [write_message(message, links) for message in services.runs.messages(run.id)],
    }
    return StreamingResponse(
        export(results, run.id, told),
        media_type="application/gzip",
        headers={"Content-Disposition": f'attachment; filename="{_FILE.rpartition("/")[2]}"'},
    )


def _file_url(run: Run, links: Links, key: bytes, now: datetime) -> str | None:
    """A fresh link; None while the run is under way, and where it ended before its load began: nothing was measured."""
    if not run.life.state.terminal or run.life.execution_started_at is None:
        return None
    query = signing.sign(key, _signed_path(run.organization, run.id), now)
    return f"{links.base}/files/{run.id}/{_FILE}?{query}"


def _signed_path(organization: str, run_id: str) -> str:
    return f"/{organization}/files/{run_id}/{_FILE.lower()}"
