"""A page: its request, what is looked at in the answer, its dependents, and what all that comes to."""

import gzip
from collections import Counter

import pytest

from headrace.plan.conditions import Compare, Operator
from headrace.plan.model import OnError
from headrace.plan.requests import AuthScheme, Credentials, Page, Parameter, Request, Text
from headrace.plan.rules import (
    CheckResponseTime,
    CheckSize,
    CheckStatus,
    CheckText,
    CheckUrl,
    ExtractBetween,
    ExtractHeader,
    ExtractRegex,
    Scope,
)
from headrace.plan.steps import If, Repeat, SetVariables
from headrace.ticks.frames import Measured, pack
from headrace.ticks.tick import PageStats
from tests.engine.running import Outcome, once, page, plan, run
from tests.engine.target import Exchange, Route, Target, answer, redirect, response, send

pytestmark = pytest.mark.anyio

HTML = "Content-Type: text/html"


def html(text: str, *headers: str) -> Route:
    return answer(200, HTML, *headers, body=text.encode())


def page_of(outcome: Outcome, name: str) -> PageStats:
    (stats,) = (stats for key, stats in outcome.whole.pages.items() if key.item == name)
    return stats


def counts(outcome: Outcome) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Passed and failed requests, pages and iterations."""
    requests, pages, tests = outcome.requests, outcome.pages, outcome.tests
    return (requests.passed, requests.failed), (pages.passed, pages.failed), (tests.passed, tests.failed)


# Extractions


async def test_what_is_extracted_is_there_for_the_next_request() -> None:
    routes = {"/": answer(200, "X-Id: 7", body=b'<a token="secret"> 1 2 3')}
    async with Target(routes) as target:
        extract = (
            ExtractBetween(variable="token", starts='token="', ends='"'),
            ExtractHeader(variable="id", header="x-id"),
            ExtractRegex(variable="n", pattern="([0-9])", match="all"),
        )
        outcome = await once(
            Request(target.url(), extract=extract), Request(target.url("/{{token}}/{{id}}/{{n_2}}/{{n_matchNr}}"))
        )
    assert target.seen[1].path == "/secret/7/2/3"
    assert counts(outcome) == ((2, 0), (2, 0), (1, 0))


async def test_an_extraction_may_be_of_what_a_redirect_led_to_and_a_page_in_parts() -> None:
    parts = (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", b"<x>", b"cdefg")
    async with Target({"/": redirect("/end"), "/end": send(*parts)}) as target:
        extract = (ExtractRegex(variable="x", pattern="<x>(c.*)"),)
        outcome = await once(Request(target.url(), extract=extract), Request(target.url("/{{x}}")))
    assert [seen.path for seen in target.seen] == ["/", "/end", "/cdefg"]
    assert outcome.requests.failed == 0


async def test_an_extraction_that_finds_nothing_fails_the_request_once_or_gives_the_default() -> None:
    async with Target() as target:
        missing = [ExtractBetween(variable=name, starts="<", ends=">") for name in "ab"]
        optional = ExtractBetween(variable="c", starts="<", ends=">", required=False, default="d")
        outcome = await once(
            Request(target.url("/1"), extract=(*missing, optional)), Request(target.url("/{{c}}")), Request(target.url("/2"))
        )
    assert [seen.path for seen in target.seen] == ["/1", "/d", "/2"]
    assert counts(outcome) == ((2, 1), (2, 1), (0, 1))
    assert {error.kind for error in outcome.errors} == {"ExtractionRuleError"}
    assert sum(outcome.errors.values()) == 2  # each rule is told, the request failed once


async def test_an_extracted_variable_can_be_kept_by_the_user() -> None:
    async with Target({"/login": answer(body=b"token=abc;")}) as target:
        keep = ExtractBetween(variable="t", starts="token=", ends=";", scope=Scope.USER)
        login = Request(target.url("/login"), extract=(keep,))
        made = plan(Request(target.url("/{{t}}")), login, duration=20.0, iterations_per_user=2)
        outcome = await run(made)
    assert [seen.path for seen in target.seen] == ["/login", "/abc", "/login"]
    assert outcome.requests.failed == 1  # in the first iteration it had no value


async def test_half_a_character_harms_nothing_wherever_it_is_used() -> None:
    async with Target() as target:
        x = "{{x}}"
        outcome = await once(
            SetVariables((("x", "\ud800"),)),
            Request(target.url(f"/{x}"), name=f"url {x}"),
            Request(target.url("/query"), query=(Parameter("q", x),), name=f"query {x}"),
            Request(target.url("/header"), headers=(("X", x),), name=f"header {x}"),
            Request(target.url("/body"), "POST", body=Text(x), name=f"body {x}"),
            Request(target.url("/login"), credentials=Credentials(AuthScheme.BASIC, x, x), name=f"login {x}"),
            Request(target.url("/rule"), validate=(CheckText(text=x),), name=f"rule {x}"),
            Request(target.url("/message"), validate=(CheckText(text="missing", message=x),), name=f"message {x}"),
            Repeat(x, (Request(target.url("/never")),)),
            If(Compare(x, Operator.LESS, "1", numeric=True), (Request(target.url("/never")),)),
            Request(target.url("/last")),
        )
    assert [seen.path for seen in target.seen] == ["/header", "/rule", "/message", "/last"]
    for tick in outcome.ticks:
        assert pack(Measured(tick))  # an engine can tell it
    assert {name.item.split(" ")[0] for name, stats in outcome.whole.requests.items() if stats.failed} == {
        "url",
        "query",
        "body",
        "login",
        "rule",
        "message",
    }


# Validations


async def test_a_failed_validation_fails_the_request_the_page_and_the_iteration_once_each() -> None:
    async with Target() as target:
        rules = (CheckText(text="Hello"), CheckText(text="missing"), CheckStatus(statuses=(201,)), CheckText(text="none"))
        outcome = await once(Request(target.url("/checked"), validate=rules), Request(target.url("/plain")))
    assert counts(outcome) == ((1, 1), (1, 1), (0, 1))
    assert sum(outcome.errors.values()) == 3
    assert {error.kind for error in outcome.errors} == {"ValidationRuleError"}
    assert all(error.url == target.url("/checked") for error in outcome.errors)
    examples = [example for example in outcome.whole.examples if example.error]
    assert {example.error for example in examples} == {error.message for error in outcome.errors}


async def test_a_request_that_failed_already_does_not_fail_twice() -> None:
    async with Target({"/": answer(500)}) as target:
        outcome = await once(Request(target.url(), validate=(CheckText(text="missing"),)))
    assert counts(outcome) == ((0, 1), (0, 1), (0, 1))
    assert sum(outcome.errors.values()) == 2


async def test_no_rule_looks_at_an_answer_that_never_came() -> None:
    async with Target({"/": send(then="close")}) as target:
        extract = (ExtractBetween(variable="a", starts="<", ends=">"),)
        outcome = await once(Request(target.url(), extract=extract, validate=(CheckStatus(statuses=(200,)),)))
    assert counts(outcome) == ((0, 1), (0, 1), (0, 1))
    assert outcome.error.subkind == "WebException"


async def test_a_failed_rule_is_a_failure_to_the_test() -> None:
    async with Target() as target:
        rules = (CheckText(text="missing"),)
        await once(Request(target.url("/1"), validate=rules), target.url("/never"), on_error=OnError.STOP_ITERATION)
    assert target.by_path() == Counter({"/1": 1})


async def test_rules_may_judge_the_redirects_end_and_the_request_itself() -> None:
    async with Target({"/1": redirect("/other?a=b")}) as target:
        same, other = CheckUrl(), CheckUrl(expected=target.url("/other"))
        outcome = await once(
            SetVariables((("n", "1"),)),
            Request(target.url("/1"), name="constant, same", validate=(same,)),
            Request(target.url("/{{n}}"), name="varying, same", validate=(same,)),
            Request(target.url("/{{n}}"), name="varying, other", validate=(other,)),
            Request(target.url("/2{{n}}"), name="stays", validate=(same,)),
        )
    failed = {name.item: stats.failed for name, stats in outcome.whole.pages.items()}
    assert failed == {"constant, same": 1, "varying, same": 1, "varying, other": 0, "stays": 0}


async def test_rules_see_bodies_as_they_were_sent_and_sizes_as_they_were_received() -> None:
    text = b"a compressed text " * 100
    packed = gzip.compress(text)
    async with Target({"/": answer(200, "Content-Encoding: gzip", body=packed)}) as target:
        rules = (CheckText(text="compressed text a"), CheckSize(at_least=len(packed), at_most=len(packed)))
        outcome = await once(Request(target.url(), validate=rules))
    assert counts(outcome) == ((1, 0), (1, 0), (1, 0))
    assert outcome.requests.content_bytes == len(packed)


async def test_of_a_large_body_as_much_is_looked_at_as_the_plan_says() -> None:
    async with Target({"/": answer(body=b"x" * 5000 + b"end")}) as target:
        one = plan(Request(target.url(), validate=(CheckText(text="end"),)), duration=20.0, iterations_per_user=1)
        small = plan(
            Request(target.url(), validate=(CheckText(text="end"),)), duration=20.0, iterations_per_user=1, largest_body=5000
        )
        assert (await run(one)).pages.failed == 0
        assert (await run(small)).pages.failed == 1


async def test_what_the_cache_answers_is_judged_as_what_the_server_answers() -> None:
    fresh = answer(200, "Cache-Control: max-age=60", body=b"kept")

    async def confirmed(exchange: Exchange) -> None:
        known = exchange.seen.header("If-None-Match") is not None
        await exchange.send(response(304, body=b"") if known else response(200, 'ETag: "1"', body=b"kept"))

    async with Target({"/fresh": fresh, "/confirmed": confirmed}) as target:
        fine, wrong = CheckText(text="kept"), CheckText(text="missing")
        steps = [
            Request(target.url(path), cache=True, validate=(rule,), name=f"{path} {rule.text}")
            for path in ("/fresh", "/confirmed")
            for rule in (fine, fine, wrong)
        ]
        outcome = await once(*steps)
    assert target.by_path() == Counter({"/fresh": 1, "/confirmed": 3})
    assert outcome.pages.passed == 4
    assert {name.item for name, stats in outcome.whole.pages.items() if stats.failed} == {
        "/fresh missing",
        "/confirmed missing",
    }
    # a 304 is an answer and has failed; what the cache alone answered is no request that could have
    assert (outcome.request("/confirmed missing").failed, outcome.request("/fresh missing").cached) == (1, 1)
    assert outcome.requests.failed == 1


# Dependents


async def test_rules_are_judged_before_the_dependents_or_after_them() -> None:
    async with Target({"/slow": answer(delay=0.3)}) as target:

        def timed(after: bool, path: str) -> Page:
            rule = CheckResponseTime(at_most=0.25, page=True, after_dependents=after)
            return Page(Request(target.url(path), validate=(rule,)), (Request(target.url("/slow")),))

        outcome = await once(timed(False, "/before"), timed(True, "/after"))
    assert page_of(outcome, target.url("/before")).failed == 0
    assert page_of(outcome, target.url("/after")).failed == 1
    # its request was fine, and its second may be over: the page has failed
    assert counts(outcome) == ((4, 0), (1, 1), (0, 1))
    assert sum(outcome.errors.values()) == 1


async def test_dependents_can_be_made_of_what_the_page_said() -> None:
    async with Target({"/page": answer(body=b"version=42;")}) as target:
        extract = (ExtractBetween(variable="v", starts="version=", ends=";"),)
        outcome = await once(
            Page(Request(target.url("/page"), extract=extract), (Request(target.url("/app.js?{{v}}"), name="app"),))
        )
    assert [seen.path for seen in target.seen] == ["/page", "/app.js?42"]
    assert counts(outcome) == ((2, 0), (1, 0), (1, 0))


async def test_a_dependent_that_cannot_be_made_fails_the_page_and_the_others_are_fetched() -> None:
    async with Target() as target:
        outcome = await once(page(target.url("/page"), target.url("/{{nobody}}"), target.url("/2")))
    assert target.by_path() == Counter({"/page": 1, "/2": 1})
    assert counts(outcome) == ((2, 1), (0, 1), (0, 1))


async def test_what_a_page_names_is_fetched_with_it_once_each() -> None:
    text = """<html><base href="/static/"><img src="a.png"><img src="a.png"><script src="/b.js?x={y}"></script>
        <link rel="stylesheet" href="c.css"><a href="no.html">no</a><img src="data:image/png;base64,x"><img src="ftp://x/y">"""
    async with Target({"/page": html(text)}) as target:
        found = Page(Request(target.url("/page")), (Request(target.url("/static/c.css"), name="c"),), find_dependents=True)
        outcome = await once(found)
    assert target.by_path() == Counter({"/page": 1, "/static/a.png": 1, "/b.js?x=%7By%7D": 1, "/static/c.css": 1})
    assert counts(outcome) == ((4, 0), (1, 0), (1, 0))


async def test_nothing_is_looked_for_in_what_failed_or_is_no_html() -> None:
    text = '<img src="/a.png">'
    async with Target({"/404": answer(404, HTML, body=text.encode()), "/text": answer(body=text.encode())}) as target:
        pages = [Page(Request(target.url(path), ignore_status=True), find_dependents=True) for path in ("/404", "/text")]
        await once(*pages)
    assert target.count("/a.png") == 0


async def test_dependents_that_were_found_have_the_time_out_of_their_page() -> None:
    async with Target({"/page": html('<img src="/a.png">'), "/a.png": answer(delay=5)}) as target:
        outcome = await once(Page(Request(target.url("/page"), timeout=0.2), find_dependents=True))
    assert outcome.error.message == "The request was not answered within 0.2 seconds."
    assert counts(outcome)[1] == (0, 1)


async def test_an_answer_without_a_charset_is_read_in_that_of_its_request() -> None:
    async with Target({"/": answer(200, HTML, body="<b>Jürgen</b>".encode("cp1252"))}) as target:
        extract = (ExtractBetween(variable="name", starts="<b>", ends="</b>"),)
        await once(Request(target.url(), charset="windows-1252", extract=extract), Request(target.url("/{{name}}")))
    assert target.seen[1].path == "/J%C3%BCrgen"


async def test_dependents_that_were_found_are_cached_by_the_user() -> None:
    routes = {"/page": html('<img src="/a.png">'), "/a.png": answer(200, "Cache-Control: max-age=60")}
    async with Target(routes) as target:
        found = Page(Request(target.url("/page")), find_dependents=True)
        outcome = await run(plan(found, duration=20.0, iterations_per_user=3, users=2))
    assert target.by_path() == Counter({"/page": 6, "/a.png": 2})
    assert outcome.request(target.url("/a.png")).cached == 4
    assert outcome.pages.passed == 6


async def test_an_html_page_that_is_not_encoded_as_it_says_fails_and_the_engine_goes_on() -> None:
    broken = answer(200, HTML, "Content-Encoding: gzip", body=b"no gzip at all")
    async with Target({"/page": broken}) as target:
        found = Page(Request(target.url("/page")), find_dependents=True)
        outcome = await once(found, target.url("/next"))
    assert target.by_path() == Counter({"/page": 1, "/next": 1})
    assert counts(outcome)[1:] == ((1, 1), (0, 1))
    assert outcome.error.subkind == "InvalidDataException"


async def test_found_dependents_have_the_credentials_for_their_own_host_only() -> None:
    async with Target() as other:
        text = f'<img src="/a.png"><img src="{other.url("/b.png")}">'
        async with Target({"/page": html(text)}) as target:
            login = Credentials(AuthScheme.BEARER, "{{token}}")
            found = Page(Request(target.url("/page")), find_dependents=True)
            await once(SetVariables((("token", "secret"),)), found, credentials=login)
    assert [seen.header("Authorization") for seen in target.seen] == ["Bearer secret"] * 2
    assert [seen.header("Authorization") for seen in other.seen] == [None]


async def test_dependents_have_the_time_out_of_their_page_or_their_own() -> None:
    text = '<img src="/found.png">'
    routes = {path: answer(delay=1.0) for path in ("/found.png", "/1", "/2")}
    async with Target({"/page": html(text), **routes}) as target:
        dependents = (Request(target.url("/1")), Request(target.url("/2"), timeout=20.0))
        outcome = await once(
            Page(Request(target.url("/page"), timeout=0.2), dependents, find_dependents=True), request_timeout=20.0
        )
    failed = {name.item for name, stats in outcome.whole.requests.items() if stats.failed}
    assert failed == {target.url("/1"), target.url("/found.png")}
    assert {error.kind for error in outcome.errors} == {"Timeout"}
    assert outcome.tests.failed == 1


async def test_a_dependent_may_be_any_request_and_fails_under_its_own_url() -> None:
    async with Target({"/log?n=1": answer(503)}) as target:
        body = Text('{"seen": "{{what}}"}', "application/json")
        dependents = [
            Request(target.url("/log"), "POST", query=(Parameter("n", n),), headers=(("X-Y", "z"),), body=body) for n in "01"
        ]
        outcome = await once(SetVariables((("what", "page"),)), Page(Request(target.url("/page")), tuple(dependents)))
    assert sorted((seen.path, seen.method) for seen in target.seen[1:]) == [("/log?n=0", "POST"), ("/log?n=1", "POST")]
    for seen in target.seen[1:]:
        assert (seen.body, seen.header("Content-Type")) == (b'{"seen": "page"}', "application/json")
        assert seen.header("X-Y") == "z"
    error = outcome.error
    assert (error.kind, error.subkind, error.url) == ("HttpError", "503 - ServiceUnavailable", target.url("/log?n=1"))
    assert counts(outcome) == ((2, 1), (0, 1), (0, 1))


async def test_what_a_page_without_a_result_names_has_none_either() -> None:
    async with Target({"/page": html('<img src="/a.png">')}) as target:
        hidden = Page(Request(target.url("/page"), recorded=False), find_dependents=True)
        outcome = await once(hidden, Request(target.url("/shown")))
    assert target.by_path() == Counter({"/page": 1, "/a.png": 1, "/shown": 1})
    assert outcome.by_name == {target.url("/shown"): 1}
    assert outcome.pages.total == 1


async def test_a_new_user_has_no_cache_and_a_returning_one_finds_its_own_again() -> None:
    """The server numbers those whom it does not know."""
    known = iter(range(1000))

    async def greet(exchange: Exchange) -> None:
        headers = [] if exchange.seen.header("Cookie") else [f"Set-Cookie: n={next(known)}"]
        await exchange.send(response(200, HTML, *headers, body=b'<img src="/a.png">'))

    async with Target({"/": greet, "/a.png": answer(200, "Cache-Control: max-age=60")}) as target:
        found = Page(Request(target.url()), find_dependents=True)
        outcome = await run(plan(found, duration=20.0, iterations=60, new_users=40.0))
    cookies = Counter(seen.header("Cookie") for seen in target.seen if seen.path == "/")
    came = cookies.pop(None)
    (again,) = cookies.values()  # only one ever comes back
    assert came + again == 60
    assert 20 < again < 50
    assert target.connections == target.count("/a.png") == came
    assert outcome.request(target.url("/a.png")).cached == again
    assert outcome.requests.failed == outcome.whole.abandoned == 0


# What a page comes to


async def test_a_page_meets_its_goal_or_does_not() -> None:
    async with Target({"/slow": answer(delay=0.3)}) as target:
        pages = [
            Request(target.url("/quick"), goal=10.0),
            Request(target.url("/slow"), goal=0.1),
            Request(target.url("/other")),
        ]
        outcome = await once(*pages)
    quick, slow, other = (page_of(outcome, target.url(path)) for path in ("/quick", "/slow", "/other"))
    assert (quick.goals, quick.goals_met, quick.goal_us) == (1, 1, 10_000_000)
    assert (slow.goals, slow.goals_met, slow.goal_us) == (1, 0, 100_000)
    assert (other.goals, other.goals_met, other.goal_us) == (0, 0, 0)
    assert outcome.pages.failed == 0  # a goal that is not met is no failure


async def test_a_page_is_reported_under_the_name_of_its_request() -> None:
    async with Target({"/7": redirect("/end")}) as target:
        outcome = await once(
            SetVariables((("id", "7"),)),
            Request(target.url("/{{id}}"), name="Item {{id}}"),
            Request(target.url("/{{id}}")),
            Request(target.url("/x"), name="Plain"),
        )
    assert {name.item: stats.total for name, stats in outcome.whole.pages.items()} == {
        "Item 7": 1,
        target.url("/{{id}}"): 1,
        "Plain": 1,
    }
    assert outcome.by_name == {"Item 7": 1, target.url("/{{id}}"): 1, "Plain": 1, target.url("/end"): 2}


async def test_every_request_of_a_page_counts_in_its_iteration() -> None:
    async with Target({"/page": redirect("/end"), "/2": answer(404)}) as target:
        outcome = await once(page(target.url("/page"), target.url("/1"), target.url("/2")), target.url("/last"))
    assert outcome.tests.requests == outcome.requests.total == len(target.seen) == 5
    assert counts(outcome) == ((4, 1), (1, 1), (0, 1))
