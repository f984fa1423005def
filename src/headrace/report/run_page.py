"""The plain page of a run: what it was asked to do, where it is, and what it measured. It works without scripts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from headrace.results.counters import THRESHOLD_KIND
from headrace.results.errors import ErrorDetail, Errors
from headrace.results.reader import Results
from headrace.results.summary import PageSummary, RequestSummary, Summary, TestSummary, TransactionSummary
from headrace.runs.model import Message, Run, State, Substate
from headrace.runs.store import Runs
from headrace.ticks.tick import Example

REFRESH = 5
"""Seconds between two looks at a run that is under way."""

_MOST_ERRORS = 100
_MOST_MESSAGES = 200
_MOST_EXAMPLES = 30

# Nothing is loaded, run, framed or sent: names in results are other people's text.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the summary table; times are seconds, `percentiles` by percent."""

    what: str
    total: int
    passed: int
    failed: int
    mean: float
    percentiles: dict[int, float]


def run_page(runs: Runs, results: Results) -> Route:
    """The route `/runs/{run_id}`. The request's state must name the `organization`; who may ask is decided before."""

    def show(request: Request) -> HTMLResponse:
        run_id: str = request.path_params["run_id"]
        run = runs.get(request.state.organization, run_id)
        if run is None:
            raise HTTPException(404, f"There is no test run '{run_id[:100]}' here.")
        # While it is under way the page is asked for again and again, and examples are long.
        examples = results.examples(run.id) if run.life.state.terminal else []
        page = render_run_page(run, results.summary(run.id), results.errors(run.id), runs.messages(run.id), examples)
        return HTMLResponse(page, headers=_HEADERS)

    return Route("/runs/{run_id}", show, name="run page")


def render_run_page(
    run: Run, summary: Summary, errors: Errors, messages: Sequence[Message], examples: Sequence[Example] = ()
) -> str:
    """The page as HTML. A run that is not over makes the browser look again after REFRESH seconds."""
    return _TEMPLATE.render(
        run=run,
        refresh=None if run.life.state.terminal else REFRESH,
        state=_state(run),
        facts=_facts(run),
        summary=summary,
        rows=_rows(summary),
        transactions=[(each, dict(each.percentiles)) for each in summary.slowest_transactions],
        waits=_waits(summary),
        slowest=[(each, dict(each.percentiles), dict(each.service_percentiles)) for each in summary.slowest_requests],
        p95=dict(summary.request.percentiles)[95],
        violated=summary.violated,
        errors=errors,
        error_rows=list(islice(_error_rows(errors), _MOST_ERRORS)),
        different_errors=sum(1 for _ in _error_rows(errors)),
        messages=messages[::-1][:_MOST_MESSAGES],
        message_count=len(messages),
        examples=examples[:_MOST_EXAMPLES],
        example_count=len(examples),
    )


def _state(run: Run) -> str:
    """`in progress, warming up`; a sub-state only says how it went where the run is over."""
    substate = "" if run.life.substate is Substate.NONE else f", {_words(run.life.substate)}"
    return _words(run.life.state) + substate


def _facts(run: Run) -> list[tuple[str, str]]:
    """What is known about the run, in the order of its life."""
    life, details = run.life, run.details
    facts = [
        ("Virtual users", _number(details.users)),
        ("Duration", _seconds(details.duration)),
        ("Warm-up", _seconds(details.warm_up)),
        ("Sampling interval", _seconds(details.sampling_interval)),
        ("Created by", run.created_by.name),
        ("Started by", life.started_by.name if life.started_by else ""),
        ("Stopped by", life.stopped_by.name if life.stopped_by else ""),
        ("Created", _date(life.created_at)),
        ("Queued", _date(life.queued_at)),
        ("Started", _date(life.started_at)),
        ("Warm-up began", _date(life.warm_up_started_at)),
        ("Load began", _date(life.execution_started_at)),
        ("Load ended", _date(life.execution_finished_at)),
        ("Finished", _date(life.finished_at)),
        ("Source", run.source_identifier or ""),
        ("Id", run.id),
    ]
    return [(name, value) for name, value in facts if value]


def _rows(summary: Summary) -> list[Row]:
    """The service time is that of the same requests, without what they waited for before they were sent."""
    request, transaction = summary.request, summary.transaction
    rows = [_row("Tests", summary.test, summary.test.mean_time)]
    if transaction.total:
        rows.append(_row("Transactions, without pauses", transaction, transaction.mean_response_time))
    rows.append(_row("Pages", summary.page, summary.page.mean_time))
    rows.append(_row("Requests, response time", request, request.mean_response_time))
    service = _row("Requests, service time", request, request.mean_service_time)
    rows.append(replace(service, percentiles=dict(request.service_percentiles)))
    return rows


def _row(what: str, part: TestSummary | TransactionSummary | PageSummary | RequestSummary, mean: float) -> Row:
    return Row(what, part.total, part.passed, part.failed, mean, dict(part.percentiles))


def _waits(summary: Summary) -> list[tuple[str, str]]:
    """What requests waited for, and what the load generators say of themselves."""
    timings, generator, send_lag = summary.request.timings, summary.generator, dict(summary.generator.send_lag)
    facts = [("First byte, on average", _time(timings.mean_first_byte_time))]
    if timings.connects:
        facts += [
            ("New connections", _number(timings.connects)),
            ("DNS, on average", _time(timings.mean_dns_time)),
            ("Connect, on average", _time(timings.mean_connect_time)),
            ("TLS, on average", _time(timings.mean_tls_time)),
        ]
    if summary.request.cached:
        facts.append(("Answered by caches", _number(summary.request.cached)))
    if generator.due:
        facts.append(("Arrivals dropped", f"{generator.dropped:,} of {generator.due:,}"))
    if generator.scheduled_iterations:
        facts.append(("Send lag, 50 / 99 %", f"{_time(send_lag[50])} / {_time(send_lag[99])}"))
    if generator.seconds:
        facts += [
            ("Seconds with a busy process", f"{generator.busy_seconds:,} of {generator.seconds:,}"),
            ("Longest delay of a generator", _time(generator.longest_loop_lag)),
        ]
    for machine in generator.machines:
        facts.append((f"{machine.name}: CPU in use, on average", f"{machine.processor_time:.0f} %"))
        facts.append((f"{machine.name}: least memory free", f"{machine.least_available / 1024**2:,.0f} MB"))
    return facts


def _error_rows(errors: Errors) -> Iterator[tuple[str, str, ErrorDetail]]:
    """All but the violations of thresholds, which have a table of their own."""
    for kind in errors.types:
        if kind.name == THRESHOLD_KIND:
            continue
        for subkind in kind.subtypes:
            for detail in subkind.details:
                yield kind.name, subkind.name, detail


def _words(name: State | Substate) -> str:
    return name.replace("_", " ")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _seconds(value: int | None) -> str:
    return "" if value is None else f"{value:,} s"


def _date(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _time(seconds: float) -> str:
    """A measured time with three significant digits."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.{0 if seconds >= 0.1 else 1}f} ms"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0 %"


_environment = Environment(
    loader=PackageLoader("headrace.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_environment.filters.update(number=_number, time=_time, date=_date)
_environment.globals.update(share=_share)
_TEMPLATE = _environment.get_template("run.html")
