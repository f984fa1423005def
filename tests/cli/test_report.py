"""What a terminal shows at the end of a run, from the wire's own objects."""

from dataclasses import replace
from io import StringIO
from typing import Any

from rich.console import Console

from headrace.api.context import Links
from headrace.api.wire.results import write_errors, write_summary
from headrace.cli.report import print_report
from headrace.results.errors import error_tree
from headrace.results.strain import Strain
from headrace.results.summary import summarize
from headrace.ticks.tick import ErrorName, ErrorStats, Example, Health, Load, Name, RequestStats, Tick
from tests.results.build import example, histogram, requests, transactions

NO_ERRORS: dict[str, Any] = {"occurrences": 0, "types": []}
RUN = {"name": "shop", "runNumber": 7, "state": "completed", "subState": "partialSuccess"}


def a_run(**parts: Any) -> Tick:
    stats = replace(requests(10, 20, 30, 40), connects=2, dns_us=2000, connect_us=4000, tls_us=6000)
    stats = replace(stats, first_byte_us=20_000, first_bytes=4)
    return Tick(0, 1.0, load={"s": Load(3, 3)}, requests={Name("s", "t", "http://site.test/"): stats}, **parts)


def wire(total: Tick, examples: list[Example] | None = None) -> dict[str, Any]:
    return write_summary(summarize(total, 0, 3, Strain(seconds=1, last=0)), examples or [])


def report(summary: dict[str, Any], *messages: str, errors: dict[str, Any] = NO_ERRORS) -> str:
    out = StringIO()
    console = Console(file=out, width=100, force_terminal=False)
    told = [{"messageType": "warning", "message": message} for message in messages]
    print_report(console, RUN, summary, errors, told)
    return " ".join(out.getvalue().split())


def test_response_and_service_times_stand_below_each_other() -> None:
    shown = report(wire(a_run()))
    assert "shop run 7: completed (partial success) The numbers are valid." in shown
    times = "4 0 4.0 25.0 ms 20.0 ms 40.0 ms 40.0 ms 40.0 ms service 24.0 ms 19.0 ms 39.0 ms 39.0 ms 39.0 ms"
    assert f"http://site.test/ {times} all {times}" in shown
    assert "2 new connections: DNS 1.00 ms, connect 2.00 ms, TLS 3.00 ms on average first byte after 5.00 ms" in shown


def test_requests_and_transactions_of_the_same_name_are_told_with_their_scenarios_and_tests() -> None:
    total = a_run(transactions={Name(scenario, "t", "Pay"): transactions(300) for scenario in ("s", "u")})
    total.requests[Name("u", "v", "http://site.test/")] = requests(10)
    shown = report(wire(total))
    assert "http://site.test/ (s, t) 4 0" in shown
    assert "http://site.test/ (u, v) 1 0" in shown
    assert "Pay (s, t) 1 0" in shown
    assert "Pay (u, t) 1 0" in shown


def test_the_verdict_is_told_once_and_before_the_numbers() -> None:
    summary = wire(a_run(abandoned=4))
    (reason,) = summary["headrace"]["reasons"]
    shown = report(summary, f"The numbers of this run are suspect. {reason['message']}", "Something else happened.")
    assert shown.index("The numbers are suspect. * 4 of 8 requests (50 %) still waited for a connection") < shown.index(
        "p50"
    )
    assert shown.count("still waited for a connection") == 1
    assert "warning: Something else happened." in shown


def test_dropped_arrivals_and_transactions_are_shown_where_there_are_any() -> None:
    total = a_run(transactions={Name("s", "t", "Pay"): transactions(300, 500, failed=1, pauses=200)})
    total.load["s"] = Load(3, 3, due=1000, dropped=1)
    shown = report(wire(total))
    assert "The slowest transactions (without pauses)" in shown
    assert "Pay 2 1 400 ms 200 ms 100 ms 300 ms 300 ms 300 ms" in shown
    assert "1 of 1,000 arrivals were dropped" in shown
    bare = report(wire(a_run()))
    assert "Transactions" not in bare
    assert "dropped" not in bare


def test_the_first_example_of_each_failure_is_shown_by_its_first_lines() -> None:
    first = replace(example(error="The server answered 500."), request="GET /pay HTTP/1.1\r\nHost: site.test")
    examples = [first, replace(first, request="GET /later HTTP/1.1"), *(example(error=f"error {n}") for n in range(3))]
    long = replace(examples[2], response="\n".join(f"line {n}" for n in range(9)))
    shown = report(wire(a_run(), [examples[0], examples[1], long, *examples[3:]]))
    assert "Example: The server answered 500. > GET /pay HTTP/1.1 > Host: site.test < HTTP/1.1 500 Oh < < no" in shown
    assert "< line 3" in shown
    assert "line 4" not in shown
    assert "later" not in shown
    assert "Example: error 1" in shown
    assert "error 2" not in shown


def test_what_a_server_sent_cannot_command_the_terminal() -> None:
    evil = replace(example(error="\x1b[2Jgone"), response="[red]HTTP/1.1 500[/]\x1b]0;title\x07\n" + "x" * 5000)
    shown = report(wire(a_run(), [evil]))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[red]HTTP/1.1 500[/]·]0;title·" in shown
    assert "x" * 161 not in shown


def test_a_service_without_our_extension_is_reported_all_the_same() -> None:
    summary = wire(a_run(transactions={Name("s", "t", "Pay"): transactions(300)}))
    del summary["headrace"]
    shown = report(summary)
    assert "all 4 0 4.0 25.0 ms" in shown
    assert "Pay 1 300 ms 300 ms" in shown
    assert "The numbers are" not in shown


def test_a_run_without_requests_has_no_table() -> None:
    shown = report(wire(Tick(0, 1.0, health=Health(send_lag=histogram(1)), requests={Name("s", "t", "/"): RequestStats()})))
    assert "p50" not in shown


def test_violated_thresholds_are_told_apart_from_errors() -> None:
    critical, warning = (
        ErrorName("ThresholdMessage", kind, "", "", "", "", f'["Agent0","c","n","{kind}"] : The value 9 exceeds [it].')
        for kind in ("Critical", "Warning")
    )
    failed = ErrorName("HttpError", "404 - NotFound", "s", "t", "http://site.test/", "GET", "404 - NotFound")
    total = a_run(errors={warning: ErrorStats(7), critical: ErrorStats(1), failed: ErrorStats(3)})
    tree = write_errors(error_tree(total.errors), "r", Links("http://x"), detailed=True)
    shown = report(wire(total), errors=tree)
    assert (
        'Violated thresholds critical once, at last: ["Agent0","c","n","Critical"] : The value 9 exceeds [it]. '
        'warning 7 times, at last: ["Agent0","c","n","Warning"] : The value 9 exceeds [it].'
    ) in shown
    assert "Errors (3)" in shown
    assert shown.count("The value 9") == 2
    assert "iolated" not in report(wire(a_run()))


def test_violated_thresholds_are_no_table_of_errors_where_there_is_no_other() -> None:
    name = ErrorName("ThresholdMessage", "Critical", "", "", "", "", "[] : The value 9 exceeds it.")
    total = a_run(errors={name: ErrorStats(1)})
    tree = write_errors(error_tree(total.errors), "r", Links("http://x"), detailed=True)
    assert "Errors" not in report(wire(total), errors=tree)


def test_of_a_script_the_last_lines_are_shown_under_its_name() -> None:
    out = StringIO()
    lines = [{"messageType": "output", "messageSource": "setupScript", "message": f"line {number}"} for number in range(30)]
    lines.append({"messageType": "error", "messageSource": "cleanupScript", "message": "[b]oops"})
    lines.append({"messageType": "warning", "messageSource": "cleanupScript", "message": "The cleanup script failed."})
    print_report(Console(file=out, width=100, force_terminal=False), RUN, wire(a_run()), NO_ERRORS, lines)
    shown = out.getvalue()
    assert "setup script: (10 earlier lines)\nsetup script: line 10\n" in shown
    assert "line 9\n" not in shown
    assert "cleanup script: [b]oops\n" in shown
    assert "warning: The cleanup script failed.\n" in shown
    assert shown.count("oops") == 1
