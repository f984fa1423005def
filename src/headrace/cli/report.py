"""The end of a run on a terminal: the summary table, the errors, and the messages that matter. Reads the wire's objects."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headrace.cli.progress import show_time

_MOST_ERRORS = 10
_COLOURS = {"completed": "green", "aborted": "yellow", "error": "red"}


def print_report(
    console: Console,
    run: dict[str, Any],
    summary: dict[str, Any],
    errors: dict[str, Any],
    messages: Iterable[dict[str, Any]],
) -> None:
    state = run["state"]
    console.print(
        f"\n[bold]{escape(run['name'])}[/] run {run['runNumber']}: [{_COLOURS.get(state, 'white')}]{state}[/] "
        f"({_words(run['subState'])})"
    )
    for message in messages:
        if message["messageType"] in ("warning", "error", "critical"):
            console.print(f"[yellow]{message['messageType']}:[/] {escape(message['message'])}", highlight=False)
    abort = run.get("abortMessage")
    if abort:
        console.print(f"[red]{escape(abort['cause'])}[/]\n{escape(abort['action'] or '')}", highlight=False)
    if summary["overallRequestSummary"]["totalRequests"]:
        console.print(_requests(summary))
        console.print(_tests(summary))
    if errors["occurrences"]:
        console.print(_errors(errors))


def _requests(summary: dict[str, Any]) -> Table:
    table = Table(title="Requests (response times; the slowest first)", title_justify="left", show_footer=True)
    overall = summary["overallRequestSummary"]
    table.add_column("request", "all requests", overflow="fold")
    cells = _request_cells(overall)
    for heading, footer in zip(("total", "failed", "per s", "mean", "p50", "p90", "p95", "p99"), cells, strict=True):
        table.add_column(heading, footer, justify="right", no_wrap=True)
    for request in summary["topSlowRequests"]:
        table.add_row(escape(request["requestUrl"]), *_request_cells(request))
    return table


def _request_cells(request: dict[str, Any]) -> list[str]:
    percentiles = {entry["percentile"]: entry["percentileValue"] for entry in request["percentileData"]}
    return [
        f"{request['totalRequests']:,}",
        f"{request['failedRequests']:,}",
        f"{request['requestsPerSec']:,.1f}",
        show_time(request["averageResponseTime"]),
        *(show_time(percentiles[percentile]) for percentile in (50, 90, 95, 99)),
    ]


def _tests(summary: dict[str, Any]) -> str:
    tests, users = summary["overallTestSummary"], summary["overallScenarioSummary"]
    return (
        f"{tests['totalTests']:,} iterations by up to {users['maxUserLoad']:,} users, {tests['failedTests']:,} of them with "
        f"a failed request, {show_time(tests['averageTestTime'])} each on average"
    )


def _errors(errors: dict[str, Any]) -> Table:
    table = Table(title=f"Errors ({errors['occurrences']:,})", title_justify="left")
    for heading in ("type", "message", "request"):
        table.add_column(heading, overflow="fold")
    table.add_column("times", justify="right")
    details = [
        (detail["occurrences"], kind["typeName"], subkind["subTypeName"], detail)
        for kind in errors["types"]
        for subkind in kind["subTypes"]
        for detail in subkind["errorDetailList"] or ()
    ]
    details.sort(key=lambda entry: -entry[0])
    for times, kind, subkind, detail in details[:_MOST_ERRORS]:
        table.add_row(escape(f"{kind} / {subkind}"), escape(detail["messageText"]), escape(detail["request"]), f"{times:,}")
    if len(details) > _MOST_ERRORS:
        table.caption = f"and {len(details) - _MOST_ERRORS} more kinds of errors"
    return table


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
