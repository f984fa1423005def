"""What is prepared before the start: bytes, origins, and who is which browser."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.measures import Measures
from headrace.engine.prepared import Requests, browser_of, prepare_plan
from headrace.plan.model import Browser, BrowserShare, Scenario, Test
from tests.engine.running import BROWSER, page, plan


def prepared(url: str, browser: Browser = BROWSER) -> tuple[bytes, bool, str, int, str]:
    scenario = plan(url, browsers=[browser]).scenarios[0]
    request = Requests(Measures()).test(scenario, browser).pages[0].request
    return request.data, request.origin.secure, request.origin.host, request.origin.port, request.path


@pytest.mark.parametrize(
    ("url", "line", "host", "origin", "path"),
    [
        ("http://shop.test", "GET / HTTP/1.1", "shop.test", (False, "shop.test", 80), "/"),
        ("https://SHOP.test:443/a/b?c=d&e", "GET /a/b?c=d&e HTTP/1.1", "shop.test", (True, "shop.test", 443), "/a/b"),
        ("http://shop.test:8080/?", "GET / HTTP/1.1", "shop.test:8080", (False, "shop.test", 8080), "/"),
        ("http://[2001:DB8::1]:81/x#y", "GET /x HTTP/1.1", "[2001:db8::1]:81", (False, "2001:db8::1", 81), "/x"),
        (
            "https://bücher.test/ä?ö",
            "GET /%C3%A4?%C3%B6 HTTP/1.1",
            "xn--bcher-kva.test",
            (True, "xn--bcher-kva.test", 443),
            "/%C3%A4",
        ),
    ],
)
def test_a_request_is_made_into_bytes_once(url: str, line: str, host: str, origin: tuple[bool, str, int], path: str) -> None:
    browser = Browser("B", (("User-Agent", "b/1"), ("Accept", "*/*")))
    data, *rest = prepared(url, browser)
    assert data == f"{line}\r\nHost: {host}\r\nUser-Agent: b/1\r\nAccept: */*\r\n\r\n".encode()
    assert rest == [*origin, path]


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="neither an http"):
        prepared("ftp://shop.test/")


def test_the_same_origin_is_the_same_object_and_goes_when_nobody_needs_it() -> None:
    requests = Requests(Measures())
    scenario = plan(page("http://shop.test/", "http://shop.test/a", "http://shop.test:81/")).scenarios[0]
    test = requests.test(scenario, BROWSER)
    first, second, third = (test.pages[0].request, *test.pages[0].dependents)
    assert first.origin is second.origin
    assert first.origin is not third.origin
    for number in range(3000):
        test.redirect(first, f"http://h{number}.test/")
    assert len(requests._origins) <= 1002


def test_a_redirect_is_prepared_once() -> None:
    test = Requests(Measures()).test(plan("http://shop.test/a/").scenarios[0], BROWSER)
    request = test.pages[0].request
    assert test.redirect(request, "b") is test.redirect(request, "/a/b")
    assert test.redirect(request, "b").data.startswith(
        b"GET /a/b HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: headrace-test\r\n"
    )


@given(st.text(max_size=60))
def test_a_location_leads_somewhere_or_is_refused_in_words(location: str) -> None:
    test = Requests(Measures()).test(plan("http://shop.test/a/").scenarios[0], BROWSER)
    try:
        request = test.redirect(test.pages[0].request, location)
    except ValueError:
        return
    head, blank, rest = request.data.partition(b"\r\n\r\n")
    assert (blank, rest) == (b"\r\n\r\n", b"")
    assert len(head.split(b"\r\n")) == 4
    assert request.url.startswith(("http://", "https://"))


def scenario_of(users: int, weights: list[float]) -> Scenario:
    shares = tuple(BrowserShare(Browser(str(number), ()), weight) for number, weight in enumerate(weights))
    return Scenario("s", Test("t", ()), users, shares)


@given(st.integers(1, 500), st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_users_are_shared_out_among_the_browsers_as_exactly_as_whole_users_allow(users: int, weights: list[int]) -> None:
    scenario = scenario_of(users, [float(weight) for weight in weights])
    counts = Counter(browser_of(scenario, user).name for user in range(users))
    for number, weight in enumerate(weights):
        assert abs(counts[str(number)] - users * weight / sum(weights)) < 1
    assert counts.total() == users


@pytest.mark.parametrize(
    ("users", "weights", "counts"),
    [
        (10, [60, 40], [6, 4]),
        (300, [33.3, 33.3, 33.4], [100, 100, 100]),
        (4, [1, 0, 1], [2, 0, 2]),
        (1, [50, 50], [0, 1]),
        (7, [0.1, 0.2, 0.7], [1, 1, 5]),
    ],
)
def test_a_mix_is_shared_out(users: int, weights: list[float], counts: list[int]) -> None:
    found = Counter(browser_of(scenario_of(users, weights), user).name for user in range(users))
    assert [found[str(number)] for number in range(len(weights))] == counts


def test_a_plan_is_prepared_for_every_scenario_and_browser() -> None:
    browsers = [Browser("One", (("User-Agent", "1"),)), Browser("Two", (("User-Agent", "2"),), connections_per_host=2)]
    tests = prepare_plan(plan("http://shop.test/", browsers=browsers), Measures())
    assert {name: test.connections_per_host for name, test in tests.items()} == {
        ("Scenario", "One"): 6,
        ("Scenario", "Two"): 2,
    }
    assert tests["Scenario", "Two"].pages[0].request.data.endswith(b"User-Agent: 2\r\n\r\n")
