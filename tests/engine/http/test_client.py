"""What the HTTP client of a virtual user does: redirects, cookies, connections, and every kind of response."""

import asyncio
from collections import Counter, defaultdict

import pytest

from headrace.engine.load import SegmentLoad
from headrace.plan.model import Browser
from headrace.plan.targets import TargetRule
from tests.engine.running import once, page, plan, run, until
from tests.engine.target import (
    BODY,
    Exchange,
    Route,
    Target,
    after,
    answer,
    endlessly,
    redirect,
    response,
    send,
    slowly,
)

pytestmark = pytest.mark.anyio

NARROW = Browser("Narrow", (), connections_per_host=2)


# Redirects


REDIRECTS = {
    "/absolute-path": ("/end", "/end"),
    "/deep/relative": ("end", "/deep/end"),
    "/deep/up": ("../end?a=b#fragment", "/end?a=b"),
    "/query": ("?only", "/query?only"),
    "/blank": ("/a b", "/a%20b"),
    "/backslash": ("\\end", "/end"),
    "/umlaut": ("/caf\u00e9".encode().decode("latin-1"), "/caf%C3%A9"),
    "/latin": ("/caf\u00e9", "/caf%C3%A9"),
    "/encoded": ("/a%2Fb", "/a%2Fb"),
    "/quotes": ("/\"<>'{}", "/%22%3C%3E'%7B%7D"),
}


async def test_a_redirect_is_followed_where_a_browser_would_go() -> None:
    async with Target({path: redirect(location) for path, (location, _) in REDIRECTS.items()}) as target:
        outcome = await once(*(target.url(path) for path in REDIRECTS))
    paths = [seen.path for seen in target.seen]
    assert dict(zip(paths[::2], paths[1::2], strict=True)) == {path: end for path, (_, end) in REDIRECTS.items()}
    assert outcome.by_name == {target.url(path): count for path, count in target.by_path().items()}
    assert (outcome.requests.passed, outcome.pages.passed, outcome.tests.requests) == (
        len(paths),
        len(REDIRECTS),
        len(paths),
    )


async def test_a_redirect_leads_to_other_hosts_and_ports() -> None:
    async with Target() as other:
        locations = [other.url("/one"), other.url("/two", "localhost"), f"//127.0.0.1:{other.port}/three"]
        routes = {f"/{number}": redirect(location) for number, location in enumerate(locations)}
        async with Target(routes) as target:
            outcome = await once(*(target.url(path) for path in routes))
    assert [seen.path for seen in other.seen] == ["/one", "/two", "/three"]
    assert other.seen[1].header("Host") == f"localhost:{other.port}"
    assert outcome.requests.passed == 6


async def test_every_redirect_status_is_followed() -> None:
    statuses = (301, 302, 303, 307, 308)
    async with Target({f"/{status}": redirect(f"/after-{status}", status) for status in statuses}) as target:
        await once(*(target.url(f"/{status}") for status in statuses))
    assert target.by_path() == Counter(path for status in statuses for path in (f"/{status}", f"/after-{status}"))


async def test_what_is_no_redirect_is_not_followed() -> None:
    routes = {"/1": answer(302), "/2": answer(304, body=b""), "/3": redirect("/end", 304), "/4": redirect("/end", 201)}
    async with Target(routes) as target:
        outcome = await once(*(target.url(path) for path in routes))
    assert target.by_path() == Counter(routes.keys())
    assert outcome.requests.passed == 4


async def test_as_many_redirects_as_allowed_are_followed() -> None:
    routes = {f"/{number}": redirect(f"/{number + 1}") for number in range(3)}
    async with Target(routes) as target:
        fine = await once(target.url("/0"), max_redirects=3)
        over = await once(target.url("/0"), max_redirects=2)
    assert (fine.requests.total, fine.pages.passed) == (4, 1)
    assert (over.requests.total, over.pages.failed, over.requests.failed) == (3, 1, 1)


async def test_redirects_of_dependents_are_counted_for_each_of_them() -> None:
    """A connection that is free again may carry another request before the redirect is followed."""
    routes = {"/loop": redirect("/loop"), **{f"/{number}": redirect("/loop") for number in range(8)}}
    async with Target(routes) as target:
        dependents = [target.url(f"/{number}") for number in range(8)]
        outcome = await once(page(target.url("/page"), *dependents), browsers=[NARROW], max_redirects=5)
    assert list(outcome.errors.values()) == [8]
    assert outcome.requests.total == len(target.seen) == 1 + 8 * 6
    assert outcome.pages.failed == 1


async def test_redirects_to_ever_new_origins_do_not_pile_up_connections() -> None:
    async with Target() as end:
        number = 0

        async def elsewhere(exchange: Exchange) -> None:
            nonlocal number
            number += 1
            host = f"127.{number // 200}.{number % 200}.9"
            await exchange.send(response(302, f"Location: http://{host}:{exchange.target.port}/", body=b""))

        async with Target({"/": elsewhere}, host="0.0.0.0") as target:
            rule = TargetRule()
            most = 0

            async def look(load: SegmentLoad) -> None:
                nonlocal most
                while target.count("/") < 400:
                    most = max(most, target.open)
                    await asyncio.sleep(0.01)
                load.stop(grace=1.0)

            url = f"http://127.0.0.1:{target.port}/"
            outcome = await run(plan(url, duration=30.0, max_redirects=10**6, targets=rule), look)
        assert outcome.requests.failed == 0
        assert 200 < most <= 256
        assert end.seen == []


# Cookies


async def test_each_user_has_its_own_cookies() -> None:
    number = 0

    async def login(exchange: Exchange) -> None:
        nonlocal number
        number += 1
        await exchange.send(response(200, f"Set-Cookie: user={number}; Path=/"))

    async with Target({"/login": after(login)}) as target:
        await once(target.url("/login"), target.url("/shop"), target.url("/shop"), users=5)
        cookies = Counter(seen.header("Cookie") for seen in target.seen if seen.path == "/shop")
        assert cookies == {f"user={user}": 2 for user in range(1, 6)}
        assert all(seen.header("Cookie") is None for seen in target.seen if seen.path == "/login")


async def test_cookies_follow_changes_paths_redirects_and_failed_answers() -> None:
    routes = {
        "/1": redirect("/2", 302, "Set-Cookie: a=1", "Set-Cookie: deep=1; Path=/deep"),
        "/2": answer(500, "Set-Cookie: a=2; HttpOnly"),
        "/3": answer(200, "Set-Cookie: a=; Max-Age=0", "Set-Cookie: raw=\u00e9\u00ff"),
    }
    async with Target(routes) as target:
        await once(*(target.url(path) for path in ("/1", "/3", "/deep/4", "/5")))
    assert [(seen.path, seen.header("Cookie")) for seen in target.seen] == [
        ("/1", None),
        ("/2", "a=1"),
        ("/3", "a=2"),
        ("/deep/4", "deep=1; raw=\u00e9\u00ff"),
        ("/5", "raw=\u00e9\u00ff"),
    ]


async def test_a_cookie_is_not_sent_after_it_has_expired() -> None:
    async with Target({"/": after(answer(200, "Set-Cookie: a=1; Max-Age=1"), answer())}) as target:
        await run(plan(target.url(), duration=1.4, think_time=0.2))
    cookies = [seen.header("Cookie") for seen in target.seen]
    assert cookies[:2] == [None, "a=1"]
    assert cookies[-1] is None


# Connections


async def test_each_user_keeps_its_own_connection() -> None:
    async with Target() as target:
        outcome = await run(plan(target.url("/1"), target.url("/2"), users=8, duration=0.5))
    assert target.connections == 8
    users = defaultdict(list)
    for seen in target.seen:
        users[seen.connection].append(seen.path)
    assert all(paths[:4] == ["/1", "/2", "/1", "/2"] for paths in users.values())
    assert outcome.requests.passed == len(target.seen)


async def test_a_connection_that_the_server_closes_between_requests_is_replaced_without_a_word() -> None:
    async with Target({"/": send(response(), then="close")}) as target:
        outcome = await run(plan(target.url(), users=3, duration=0.6, think_time=0.1))
    assert outcome.errors == {}
    assert outcome.requests.passed == len(target.seen) == target.connections > 6


async def test_a_connection_on_which_bytes_come_unasked_is_not_trusted_again() -> None:
    late = send(response(), b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", pause=0.05)
    async with Target({"/": late}) as target:
        outcome = await run(plan(target.url(), duration=0.6, think_time=0.15))
    assert outcome.errors == {}
    assert outcome.requests.passed == target.connections == len(target.seen) > 2


GOOD: dict[str, tuple[Route, int, bool]] = {
    "a length": (answer(), len(BODY), True),
    "an empty body": (answer(body=b""), 0, True),
    "chunks": (
        send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"2;x=y\r\nde\r\n0\r\n\r\n"),
        5,
        True,
    ),
    "trailers": (send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n"), 1, True),
    "gzip": (answer(200, "Content-Encoding: gzip", body=b"\x1f\x8bnever unpacked"), 16, True),
    "early hints": (
        send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 9\r\n\r\n", response()),
        len(BODY),
        True,
    ),
    "continue": (send(b"HTTP/1.1 100 Continue\r\n\r\n" + response()), len(BODY), True),
    "no length": (send(b"HTTP/1.1 200 OK\r\n\r\nabc", b"defg", then="close"), 7, False),
    "gzip as transfer encoding": (send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", then="close"), 3, False),
    "HTTP/1.0": (send(b"HTTP/1.0 200 OK\r\n\r\nabc", then="close"), 3, False),
    "HTTP/1.0 with a length": (send(response(version="HTTP/1.0"), then="close"), len(BODY), False),
    "HTTP/1.0 kept alive": (send(response(200, "Connection: keep-alive", version="HTTP/1.0")), len(BODY), True),
    "connection: close": (send(response(200, "Connection: close"), then="close"), len(BODY), False),
    "204": (send(b"HTTP/1.1 204 No Content\r\n\r\n"), 0, True),
    "304 with the length of what is not sent": (send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"), 0, True),
    "a byte at a time": (slowly(response(), 0.0), len(BODY), True),
    "a cookie": (answer(200, "Set-Cookie: a=b"), len(BODY), True),
    "many headers": (answer(200, *(f"X-{number}: {'y' * 100}" for number in range(500))), len(BODY), True),
    "a big body": (answer(body=bytes(3_000_000)), 3_000_000, True),
}


@pytest.mark.parametrize("kind", GOOD)
async def test_every_kind_of_response_is_read_to_its_end_and_its_bytes_are_counted(kind: str) -> None:
    route, content, kept = GOOD[kind]
    async with Target({"/": route}) as target:

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) >= 4)
            load.stop(grace=5.0)

        outcome = await run(plan(target.url(), duration=60.0), stop)
    count = len(target.seen)
    assert outcome.errors == {}
    assert outcome.requests.passed == count
    assert outcome.requests.content_bytes == content * count
    assert outcome.requests.received_bytes > outcome.requests.content_bytes
    assert outcome.requests.sent_bytes == sum(seen.size for seen in target.seen)
    assert outcome.requests.first_bytes == count
    assert target.connections in ((1,) if kept else (count, count + 1))  # one may have been opened when the load ended


async def test_a_user_whose_requests_cannot_be_sent_does_not_become_a_busy_loop() -> None:
    outcome = await run(plan("http://127.0.0.1:1/", users=2, duration=1.0))
    assert 10 <= outcome.requests.failed <= 2 * 20


async def test_time_to_first_byte_is_told_apart() -> None:
    head, body = response()[: -len(BODY)], BODY
    async with Target({"/": send(head, body, pause=0.2)}, pause=0.1) as target:
        outcome = await once(target.url())
    requests = outcome.requests
    assert 0.095e6 <= requests.first_byte_us < 0.28e6
    assert requests.response.low >= 0.29e6


async def test_redirects_make_no_more_names_than_allowed() -> None:
    number = 0

    async def further(exchange: Exchange) -> None:
        nonlocal number
        number += 1
        await exchange.send(response(302, f"Location: /{number}", body=b""))

    async with Target(Everywhere(further)) as target:

        async def stop(load: SegmentLoad) -> None:
            await until(lambda: len(target.seen) >= 1200, 20.0)
            load.stop(grace=1.0)

        outcome = await run(plan(target.url(), duration=60.0, max_redirects=10**6), stop)
    assert len(outcome.by_name) == 1001
    assert outcome.by_name["(other requests)"] == len(target.seen) - 1000


class Everywhere(dict[str, Route]):
    """The same route for every path."""

    def __init__(self, route: Route) -> None:
        self.route = route

    def get(self, path: str, default: Route | None = None) -> Route:  # type: ignore[override]
        return self.route


async def test_an_endless_body_is_read_as_fast_as_it_comes_and_not_kept() -> None:
    async with Target({"/": endlessly(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536))}) as target:
        outcome = await once(target.url(), request_timeout=0.3)
    assert outcome.requests.received_bytes > 1_000_000
    assert outcome.error.kind == "Timeout"
