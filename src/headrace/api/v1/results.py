"""What a run measured."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from headrace.api.context import Asked
from headrace.api.runs import find_run
from headrace.api.v1.result_shapes import (
    CounterShape,
    CountersQuery,
    CountersShape,
    ErrorShape,
    ErrorsShape,
    SampleShape,
    SamplesQuery,
    SamplesShape,
    SeriesShape,
    SummaryShape,
)
from headrace.results.counters import FREQUENCY
from headrace.results.reader import Results

router = APIRouter(prefix="/api/v1/runs/{run_id}", tags=["v1: results"])

MOST_SAMPLES = 2000
"""Samples in one answer, shared out evenly among the counters asked for."""


@router.get("/summary")
def get_summary_of_run(run_id: str, asked: Asked) -> SummaryShape:
    """What happened in all, what was slowest, and whether the numbers can be trusted."""
    return SummaryShape.model_validate(asked.services.results.summary(find_run(asked, run_id).id))


@router.get("/errors")
def list_errors_of_run(run_id: str, asked: Asked) -> ErrorsShape:
    errors = asked.services.results.errors(find_run(asked, run_id).id)
    items = [
        ErrorShape(
            type=kind.name,
            subtype=subkind.name,
            test=detail.test,
            scenario=detail.scenario,
            method=detail.method,
            url=detail.url,
            message=detail.message,
            occurrences=detail.occurrences,
            last_at=datetime.fromtimestamp(detail.last, UTC),
        )
        for kind in errors.types
        for subkind in kind.subtypes
        for detail in subkind.details
    ]
    return ErrorsShape(occurrences=errors.occurrences, items=items)


@router.get("/counters")
def list_counters_of_run(run_id: str, query: Annotated[CountersQuery, Query()], asked: Asked) -> CountersShape:
    """What can be asked for as samples: counters of all requests together come first."""
    found = asked.services.results.counters(find_run(asked, run_id).id, query.group or None, summarize=query.summary)
    return CountersShape(items=[CounterShape.model_validate(counter) for counter in found])


@router.get("/samples")
def list_samples_of_run(run_id: str, query: Annotated[SamplesQuery, Query()], asked: Asked) -> SamplesShape:
    """The values of some counters at the ends of the sampling intervals. What does not exist has none."""
    run = find_run(asked, run_id)
    each = MOST_SAMPLES // len(query.counter)
    return SamplesShape(
        items=[_series(asked.services.results, run.id, counter, query.from_, each) for counter in query.counter]
    )


def _series(results: Results, run_id: str, counter: int, first: int, most: int) -> SeriesShape:
    found = results.samples(run_id, counter, first, limit=most + 1)
    shown = [SampleShape(interval=one.interval, at=one.timestamp / FREQUENCY, value=one.value) for one in found[:most]]
    return SeriesShape(counter=counter, samples=shown, next=found[most].interval if len(found) > most else None)
