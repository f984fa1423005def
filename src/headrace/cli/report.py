"""The end of a run on a terminal: the summary table, the errors, and the messages that matter. Reads the wire's objects."""

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headrace.cli.progress import show_time

_MOST_ERRORS = 10
_HEADINGS = ("total", "failed", "per s", "mean", "p50", "p90", "p95", "p99")
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
        _print_requests(console, summary)
        console.print(_tests(summary), highlight=False)
    if errors["occurrences"]:
        console.print(_errors(errors))


def _print_requests(console: Console, summary: dict[str, Any]) -> None:
    """A name, then its numbers below it: names are long, and terminals and logs are narrow."""
    console.print("\nRequests, the slowest first (response times)", style="bold")
    console.print("".join(f"{heading:>9}" for heading in _HEADINGS), style="cyan", soft_wrap=True)
    overall = summary["overallRequestSummary"]
    for name, request in [*((request["requestUrl"], request) for request in summary["topSlowRequests"]), ("all", overall)]:
        console.print(escape(name), highlight=False, soft_wrap=True, style="bold" if request is overall else "")
        console.print("".join(f"{cell:>9}" for cell in _request_cells(request)), highlight=False, soft_wrap=True)


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
    table = Table(title=f"\nErrors ({errors['occurrences']:,})", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("times", justify="right")
    for heading in ("type", "message", "request"):
        table.add_column(heading, overflow="fold")
    details = [
        (detail["occurrences"], kind["typeName"], subkind["subTypeName"], detail)
        for kind in errors["types"]
        for subkind in kind["subTypes"]
        for detail in subkind["errorDetailList"] or ()
    ]
    details.sort(key=lambda entry: -entry[0])
    for times, kind, subkind, detail in details[:_MOST_ERRORS]:
        request = detail["request"].replace("----", " ")
        table.add_row(f"{times:,}", escape(f"{kind} / {subkind}"), escape(detail["messageText"]), escape(request))
    if len(details) > _MOST_ERRORS:
        table.caption = f"and {len(details) - _MOST_ERRORS} more kinds of errors"
    return table


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
