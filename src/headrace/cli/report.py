"""The end of a run on a terminal: whether its numbers can be trusted, the numbers, the errors, and what matters else.

Reads the wire's objects. Service times, timings and examples are in the extension `headrace`, which a service may lack.
"""

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headrace.cli.criteria import times_of
from headrace.cli.progress import printable, show_time

_MOST_ERRORS = 10
_COLOURS = {"completed": "green", "aborted": "yellow", "error": "red"}
_TRUST = {"valid": "green", "suspect": "yellow", "invalid": "red"}
_MOST_EXAMPLES = 3
_MOST_LINES = 4
_SCRIPTS = {"setupScript": "setup script", "cleanupScript": "cleanup script"}
_WRITTEN = ("output", "error")
_MOST_WRITTEN = 20


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
    told = summary.get("headrace", {})
    reasons = [reason["message"] for reason in told.get("reasons", ())]
    _print_verdict(console, told)
    messages = list(messages)
    _print_scripts(console, messages)
    for message in messages:
        if message.get("messageSource") in _SCRIPTS and message["messageType"] != "warning":
            continue
        repeats = any(reason in message["message"] for reason in reasons)  # the run's own message of its verdict
        if message["messageType"] in ("warning", "error", "critical") and not repeats:
            console.print(f"[yellow]{message['messageType']}:[/] {escape(message['message'])}", highlight=False)
    abort = run.get("abortMessage")
    if abort:
        console.print(f"[red]{escape(abort['cause'])}[/]\n{escape(abort['action'] or '')}", highlight=False)
    if summary["overallRequestSummary"]["totalRequests"]:
        _print_requests(console, summary)
        if summary["overallTransactionSummary"]["totalTransactions"]:
            _print_transactions(console, summary)
        console.print(_tests(summary), highlight=False)
        for line in _timings(told):
            console.print(line, highlight=False)
    _print_violated(console, told)
    kinds = [kind for kind in errors["types"] if kind["typeName"] != "ThresholdMessage"]
    if kinds:
        console.print(_errors(kinds))
    _print_examples(console, told)


def _print_scripts(console: Console, messages: list[dict[str, Any]]) -> None:
    """The last that each script wrote."""
    for source, name in _SCRIPTS.items():
        wrote = [each for each in messages if each.get("messageSource") == source and each["messageType"] in _WRITTEN]
        if len(wrote) > _MOST_WRITTEN:
            console.print(f"[dim]{name}:[/] ({len(wrote) - _MOST_WRITTEN} earlier lines)", highlight=False)
        for message in wrote[-_MOST_WRITTEN:]:
            console.print(f"[dim]{name}:[/] {escape(message['message'])}", highlight=False)


def _print_verdict(console: Console, told: dict[str, Any]) -> None:
    verdict = told.get("verdict")
    if verdict is not None:
        console.print(f"The numbers are [{_TRUST.get(verdict, 'white')}]{verdict}[/].")
        for reason in told["reasons"]:
            console.print(f"[{_TRUST.get(reason['verdict'], 'white')}]*[/] {escape(reason['message'])}", highlight=False)


def _print_requests(console: Console, summary: dict[str, Any]) -> None:
    """A name, then its numbers below it: names are long, and terminals and logs are narrow."""
    _print_heading(console, "The slowest requests (response times, service times below them)", "per s")
    told = summary.get("headrace", {})
    extra = [*told.get("topSlowRequests", ()), *([told["overallRequest"]] if told else ())]
    slowest, overall = summary["topSlowRequests"], summary["overallRequestSummary"]
    for index, request in enumerate([*slowest, overall]):
        name = "all" if request is overall else _name(request, "requestUrl", slowest)
        rows = [
            [
                f"{request['totalRequests']:,}",
                f"{request['failedRequests']:,}",
                f"{request['requestsPerSec']:,.1f}",
                *_times(request["averageResponseTime"], request["percentileData"]),
            ]
        ]
        if extra:
            service = extra[index]
            rows.append(["", "", "service", *_times(service["averageServiceTime"], service["serviceTimePercentileData"])])
        _print_rows(console, name, rows, bold=request is overall)


def _print_transactions(console: Console, summary: dict[str, Any]) -> None:
    _print_heading(console, "The slowest transactions (without pauses)", "in all")
    told = summary.get("headrace", {})
    extra = [*told.get("topSlowTransactions", ()), *([told["overallTransaction"]] if told else ())]
    slowest, overall = summary["topSlowTransactions"], summary["overallTransactionSummary"]
    for index, transaction in enumerate([*slowest, overall]):
        name = "all" if transaction is overall else _name(transaction, "transactionName", slowest)
        row = [
            f"{transaction['totalTransactions']:,}",
            f"{extra[index]['failedTransactions']:,}" if extra else "",
            show_time(transaction["averageTransactionTime"]),
            *_times(transaction["averageResponseTime"], transaction["percentileData"]),
        ]
        _print_rows(console, name, [row], bold=transaction is overall)


def _name(one: dict[str, Any], key: str, among: list[dict[str, Any]]) -> str:
    """What one of several is called; with its scenario and test where others are called the same."""
    alike = sum(each[key] == one[key] for each in among)
    return f"{one[key]} ({one['scenarioName']}, {one['testName']})" if alike > 1 else str(one[key])


def _print_heading(console: Console, title: str, third: str) -> None:
    console.print(f"\n{title}", style="bold")
    headings = ("total", "failed", third, "mean", "p50", "p90", "p95", "p99")
    console.print("".join(f"{heading:>9}" for heading in headings), style="cyan", soft_wrap=True)


def _print_rows(console: Console, name: str, rows: list[list[str]], bold: bool) -> None:
    console.print(escape(name), highlight=False, soft_wrap=True, style="bold" if bold else "")
    for row in rows:
        console.print("".join(f"{cell:>9}" for cell in row), highlight=False, soft_wrap=True)


def _times(mean: float, percentile_data: list[dict[str, Any]]) -> list[str]:
    percentiles = {entry["percentile"]: entry["percentileValue"] for entry in percentile_data}
    return [show_time(mean), *(show_time(percentiles[percentile]) for percentile in (50, 90, 95, 99))]


def _timings(told: dict[str, Any]) -> list[str]:
    """Connections, and the arrivals that were dropped."""
    if not told:
        return []
    lines = []
    timings, generator = told["overallRequest"]["timings"], told["generator"]
    if timings["newConnections"]:
        dns, connect, tls = (show_time(timings[f"average{part}Time"]) for part in ("Dns", "Connect", "Tls"))
        lines.append(f"{timings['newConnections']:,} new connections: DNS {dns}, connect {connect}, TLS {tls} on average")
    if timings["averageFirstByteTime"]:
        lines.append(f"first byte after {show_time(timings['averageFirstByteTime'])} on average")
    if generator["arrivalsDue"]:
        lines.append(f"{generator['arrivalsDropped']:,} of {generator['arrivalsDue']:,} arrivals were dropped")
    return lines


def _tests(summary: dict[str, Any]) -> str:
    tests, users = summary["overallTestSummary"], summary["overallScenarioSummary"]
    return (
        f"{tests['totalTests']:,} iterations by up to {users['maxUserLoad']:,} users, {tests['failedTests']:,} of them with "
        f"a failed request, {show_time(tests['averageTestTime'])} each on average"
    )


def _print_violated(console: Console, told: dict[str, Any]) -> None:
    """A line for each counter on which thresholds were violated, the critical first."""
    violated = told.get("violatedThresholds", ())
    if violated:
        console.print("\nViolated thresholds", style="bold")
    for each in violated[:_MOST_ERRORS]:
        colour = "red" if each["subType"] == "Critical" else "yellow"
        times = f"[{colour}]{each['subType'].lower()}[/] {times_of(each['occurrences'])}, at last:"
        console.print(f"{times} {escape(printable(each['latestMessage']))}", highlight=False, soft_wrap=True)
    if len(violated) > _MOST_ERRORS:
        console.print(f"and on {len(violated) - _MOST_ERRORS} more counters")


def _errors(kinds: list[dict[str, Any]]) -> Table:
    occurrences = sum(kind["occurrences"] for kind in kinds)
    table = Table(title=f"\nErrors ({occurrences:,})", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("times", justify="right")
    for heading in ("type", "message", "request"):
        table.add_column(heading, overflow="fold")
    details = [
        (detail["occurrences"], kind["typeName"], subkind["subTypeName"], detail)
        for kind in kinds
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


def _print_examples(console: Console, told: dict[str, Any]) -> None:
    """How a few failures looked: of different errors, the first lines of request and response."""
    failed: dict[str, dict[str, Any]] = {}
    for example in told.get("examples", ()):
        if example["kind"] == "failed":
            failed.setdefault(example["error"], example)
    for error, example in list(failed.items())[:_MOST_EXAMPLES]:
        console.print(f"\n[bold]Example:[/] {escape(printable(error))}", highlight=False)
        for mark, text in ((">", example["request"]), ("<", example["response"])):
            for line in text.splitlines()[:_MOST_LINES]:
                console.print(f"[cyan]{mark}[/] {escape(printable(line))}", highlight=False, soft_wrap=True)


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
