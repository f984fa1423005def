import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from headrace.report.run_page import REFRESH, render_run_page
from headrace.results.errors import ErrorDetail, Errors, ErrorSubtype, ErrorType
from headrace.results.summary import RequestSummary, ScenarioSummary, Summary
from headrace.runs.model import Abort, Identity, Life, Message, Run, RunDetails, Severity, Source, State, Substate

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVIL = "<script>alert(1)</script>\"'&"
PERCENTILES = ((50, 0.02), (75, 0.03), (90, 0.0456), (95, 0.125), (99, 1.5))
REQUEST = RequestSummary("http://site.test/", "shop", "Scenario1", 1234, 1200, 34, 41.13, 0.0312, PERCENTILES)
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
        "Requests 1,234 1,200 34 31.2 ms 20.0 ms 30.0 ms 45.6 ms 125 ms 1.50 s",
        "http://site.test/ 1,234 34 31.2 ms 125 ms 1.50 s",
        "5 HttpError 404 - NotFound GET http://site.test/0 The server answered 404.",
        "2026-03-01 12:00:00 UTC info This run was requested by 'Ada'.",
        "Virtual users 25",
        "Created by Ada",
    ):
        assert shown in text


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
    page = render_run_page(run, summary, errors(text=EVIL), [Message("m", "r", AT, Severity.ERROR, Source.OTHER, EVIL)])
    assert "<script" not in page
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
