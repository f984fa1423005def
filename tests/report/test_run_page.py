import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from headrace.report.run_page import REFRESH, render_run_page
from headrace.results.errors import ErrorDetail, Errors, ErrorSubtype, ErrorType
from headrace.results.summary import (
    GeneratorSummary,
    MachineSummary,
    RequestSummary,
    ScenarioSummary,
    Summary,
    Timings,
    TransactionSummary,
)
from headrace.results.thresholds import Violated
from headrace.results.verdict import Reason, Verdict, VerdictKind
from headrace.runs.model import Abort, Identity, Life, Message, Run, RunDetails, Severity, Source, State, Substate
from headrace.ticks.tick import Example, ExampleKind, Name

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVIL = "<script>alert(1)</script>\"'&"
PERCENTILES = ((50, 0.02), (75, 0.03), (90, 0.0456), (95, 0.125), (99, 1.5))
SERVICE = ((50, 0.005), (75, 0.006), (90, 0.007), (95, 0.008), (99, 0.009))
REQUEST = RequestSummary(
    *("http://site.test/", "shop", "Scenario1", 1234, 1200, 34, 41.13, 0.0312, PERCENTILES, 0.01, SERVICE),
    timings=Timings(mean_first_byte_time=0.0075),
)
SUMMARY = Summary(
    elapsed=30.0,
    scenario=ScenarioSummary("", 0, 25),
    request=replace(REQUEST, name="", test="", scenario=""),
    slowest_requests=(REQUEST,),
)


def a_run(state: State = State.COMPLETED, substate: Substate = Substate.SUCCESS, **changes: Any) -> Run:
    life = Life(created_at=AT, state=state, substate=substate, abort=changes.pop("abort", None))
    run = Run(
        id="11111111-1111-1111-1111-111111111111",
        organization="default",
        number=7,
        name="shop.loadtest",
        drop_id="d",
        created_by=Identity("1", "Ada"),
        life=life,
        modified_at=AT,
        details=RunDetails(users=25, duration=30),
    )
    return replace(run, **changes)


def errors(count: int = 1, text: str = "The server answered 404.") -> Errors:
    details = tuple(
        ErrorDetail(5, "shop", "Scenario1", f"http://site.test/{n}", "GET", text, AT.timestamp()) for n in range(count)
    )
    subkind = ErrorSubtype("404 - NotFound", 5 * count, details)
    return Errors(5 * count, (ErrorType("HttpError", 5 * count, (subkind,)),))


def an_example(error: str) -> Example:
    return Example(
        kind=ExampleKind.FAILED,
        name=Name("Scenario1", "shop", "x"),
        at=AT.timestamp(),
        response_us=5000,
        service_us=4000,
        url="http://site.test/x",
        method="GET",
        status=500,
        error=error,
        request="GET /x HTTP/1.1",
        response="HTTP/1.1 500 Oh no",
    )


def text_of(page: str) -> str:
    """What a reader sees, with single blanks."""
    seen: list[str] = []

    class Reader(HTMLParser):
        hidden = False

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.hidden = tag == "style"

        def handle_endtag(self, tag: str) -> None:
            self.hidden = False

        def handle_data(self, data: str) -> None:
            if not self.hidden:
                seen.append(data)

    Reader().feed(page)
    return " ".join(" ".join(seen).split())


def test_the_page_of_a_run_shows_what_it_measured() -> None:
    message = Message("m", "r", AT, Severity.INFO, Source.OTHER, "This run was requested by 'Ada'.")
    text = text_of(render_run_page(a_run(), SUMMARY, errors(), [message]))
    for shown in (
        "run 7",
        "shop.loadtest",
        "completed, success",
        "Requests 1,234",
        "Requests/s 41.1",
        "Mean response 31.2 ms",
        "95th percentile 125 ms",
        "Failed 2.8%",
        "Most users 25",
        "Requests, response time 1,234 1,200 34 31.2 ms 20.0 ms 30.0 ms 45.6 ms 125 ms 1.50 s",
        "Requests, service time 1,234 1,200 34 10.0 ms 5.0 ms 6.0 ms 7.0 ms 8.0 ms 9.0 ms",
        "http://site.test/ 1,234 34 31.2 ms 20.0 ms 125 ms 1.50 s 5.0 ms 8.0 ms 9.0 ms",
        "First byte, on average 7.5 ms",
        "5 HttpError 404 - NotFound GET http://site.test/0 The server answered 404.",
        "2026-03-01 12:00:00 UTC info This run was requested by 'Ada'.",
        "Virtual users 25",
        "Created by Ada",
    ):
        assert shown in text


def test_the_verdict_stands_on_top_with_its_reasons() -> None:
    verdict = Verdict(VerdictKind.SUSPECT, (Reason("send_lag", VerdictKind.SUSPECT, "It was late. Use more agents."),))
    page = render_run_page(a_run(), replace(SUMMARY, verdict=verdict), Errors(), [])
    told = "The numbers of this run are suspect. It was late. Use more agents."
    assert text_of(page).index(told) < text_of(page).index("Requests 1,234")
    assert '<section class="card verdict suspect">' in page


def test_a_run_under_way_is_judged_so_far() -> None:
    page = render_run_page(a_run(State.IN_PROGRESS, Substate.RUNNING), replace(SUMMARY, verdict=Verdict()), Errors(), [])
    assert "So far the numbers of this run are valid." in text_of(page)


def test_nothing_is_said_of_a_run_that_was_not_judged() -> None:
    assert "numbers of this run" not in text_of(render_run_page(a_run(), SUMMARY, Errors(), []))


def test_transactions_connections_and_arrivals_are_shown_where_there_are_any() -> None:
    pay = TransactionSummary("Pay", "shop", "Scenario1", 12, 0.2, 5.2, PERCENTILES, 9, 3)
    generator = GeneratorSummary(
        seconds=30, busy_seconds=4, scheduled_iterations=5, send_lag=PERCENTILES, due=100, dropped=7, longest_loop_lag=0.012
    )
    request = replace(SUMMARY.request, cached=77, timings=Timings(40, 0.001, 0.002, 0.003, 0.0075))
    summary = replace(
        SUMMARY, request=request, transaction=replace(pay, name=""), slowest_transactions=(pay,), generator=generator
    )
    text = text_of(render_run_page(a_run(), summary, Errors(), []))
    for shown in (
        "Transactions, without pauses 12 9 3 200 ms",
        "Pay 12 3 200 ms 5.20 s 20.0 ms 125 ms 1.50 s",
        "New connections 40 DNS, on average 1.0 ms Connect, on average 2.0 ms TLS, on average 3.0 ms",
        "Answered by caches 77",
        "Arrivals dropped 7 of 100",
        "Send lag, 50 / 99 % 20.0 ms / 1.50 s",
        "Seconds with a busy process 4 of 30",
        "Longest delay of a generator 12.0 ms",
    ):
        assert shown in text
    bare = text_of(render_run_page(a_run(), SUMMARY, Errors(), []))
    assert not any(word in bare for word in ("Transactions", "New connections", "dropped", "Send lag", "caches"))


def test_examples_are_folded_away_and_bounded() -> None:
    page = render_run_page(a_run(), SUMMARY, Errors(), [], [an_example(f"it failed {n}") for n in range(35)])
    assert page.count("<details>") == 30
    text = text_of(page)
    assert "it failed 0 · GET http://site.test/x · 5.0 ms GET /x HTTP/1.1 HTTP/1.1 500 Oh no" in text
    assert "5 more examples are in the results file." in text


def test_a_run_that_measured_nothing_yet_has_a_page() -> None:
    text = text_of(render_run_page(a_run(State.PENDING, Substate.NONE), Summary(), Errors(), []))
    assert "pending" in text
    assert "No request was measured yet." in text
    assert "Failed 0 %" in text


def test_a_run_that_was_aborted_says_why() -> None:
    abort = Abort("It was not valid.", "Fix it.", "Validation", AT, (" Error , no such host ",))
    page = render_run_page(a_run(State.ABORTED, Substate.NONE, abort=abort), Summary(), Errors(), [])
    assert "It was not valid. Fix it. Error , no such host" in text_of(page)


@pytest.mark.parametrize("state", list(State))
def test_only_a_run_that_is_not_over_is_looked_at_again(state: State) -> None:
    page = render_run_page(a_run(state, Substate.NONE), Summary(), Errors(), [])
    assert (f'<meta http-equiv="refresh" content="{REFRESH}">' in page) is (not state.terminal)


def test_names_from_outside_are_text_and_never_markup() -> None:
    run = a_run(name=EVIL, description=EVIL, source_identifier=EVIL, abort=Abort(EVIL, EVIL, EVIL, AT, (EVIL,)))
    summary = replace(SUMMARY, slowest_requests=(replace(REQUEST, name=EVIL),))
    transaction = TransactionSummary(EVIL, "shop", "Scenario1", 1)
    summary = replace(summary, transaction=transaction, slowest_transactions=(transaction,))
    message = Message("m", "r", AT, Severity.ERROR, Source.OTHER, EVIL)
    example = replace(an_example(EVIL), url=EVIL, method=EVIL, request=EVIL, response=f"</pre>{EVIL}")
    page = render_run_page(run, summary, errors(text=EVIL), [message], [example])
    assert "<script" not in page
    assert page.count("</pre>") == 2
    assert EVIL in text_of(page)


def test_a_page_is_bounded_and_says_what_it_leaves_out() -> None:
    messages = [Message(str(n), "r", AT, Severity.INFO, Source.OTHER, f"message {n}") for n in range(250)]
    text = text_of(render_run_page(a_run(), SUMMARY, errors(150), messages))
    assert "50 more different errors are in the API's answer." in text
    assert "50 older messages are in the API's answer." in text
    assert "message 249" in text
    assert not re.search(r"message 49\b", text)


def test_the_page_loads_nothing() -> None:
    page = render_run_page(a_run(), SUMMARY, errors(), [])
    assert not re.search(r"\b(src|href|action)=|url\(|@import", page)


def test_violated_thresholds_have_a_table_of_their_own() -> None:
    text = f'["Agent0","Memory","Available MBytes",""] : The value 9 is below {EVIL}'
    several = (Violated("a", "Critical", 1200, text, AT.timestamp()), Violated("b", "Warning", 3, "[...]", AT.timestamp()))
    details = (ErrorDetail(1203, "", "", "", "", text, AT.timestamp()),)
    tree = Errors(1203, (ErrorType("ThresholdMessage", 1203, (ErrorSubtype("Critical", 1203, details),)),))
    page = render_run_page(a_run(), replace(SUMMARY, violated=several), tree, [])
    assert EVIL not in page
    shown = text_of(page)
    assert f"Violated thresholds Times The latest 1,200 Critical {' '.join(text.split())} 3 Warning [...]" in shown
    assert "Errors None." in shown
    assert "Violated thresholds" not in text_of(render_run_page(a_run(), SUMMARY, errors(), []))


def test_the_machines_of_agents_are_shown_with_the_generator() -> None:
    generator = GeneratorSummary(machines=(MachineSummary("Agent0", 37.4, 1234 * 1024**2),))
    text = text_of(render_run_page(a_run(), replace(SUMMARY, generator=generator), Errors(), []))
    assert "Agent0: CPU in use, on average 37 % Agent0: least memory free 1,234 MB" in text
