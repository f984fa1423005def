"""plan/browsers.py: the browsers that tests may name."""

import pytest

from headrace import __version__
from headrace.plan.browsers import DEFAULT, find_browser

# Those that the clients of the Cloud Load Test service and Visual Studio's load tests name, and today's.
NAMED = [
    "Internet Explorer 11.0",
    "Internet Explorer 10.0",
    "Internet Explorer 9.0",
    "Internet Explorer 8.0",
    "Internet Explorer 7.0",
    "Chrome 2",
    "Firefox 3.0",
    "Safari 3",
    "Netscape 6.0",
    "Opera",
    "Pocket IE 3.02",
    "Smartphone",
    "Chrome",
    "Edge",
    "Firefox",
    "Safari",
]


@pytest.mark.parametrize("name", NAMED)
def test_a_named_browser_sends_its_headers(name: str) -> None:
    browser = find_browser(name)
    assert browser is not None
    assert browser.name == name
    headers = dict(browser.headers)
    assert list(headers) == ["User-Agent", "Accept", "Accept-Language", "Accept-Encoding"]
    assert headers["Accept-Encoding"] == "gzip, deflate"
    assert all(value.isascii() and value.isprintable() and value == value.strip() for value in headers.values())
    assert 1 <= browser.connections_per_host <= 6


def test_no_two_browsers_send_the_same_user_agent() -> None:
    agents = [dict(browser.headers)["User-Agent"] for name in NAMED if (browser := find_browser(name))]
    assert len(set(agents)) == len(NAMED)


def test_internet_explorer_11_sends_what_the_service_sent() -> None:
    browser = find_browser("Internet Explorer 11.0")
    assert browser is not None
    assert dict(browser.headers)["User-Agent"] == "Mozilla/5.0 (Windows NT 6.3; Trident/7.0; rv:11.0) like Gecko"
    assert browser.connections_per_host == 6


def test_internet_explorer_7_opens_two_connections_to_a_host() -> None:
    browser = find_browser("Internet Explorer 7.0")
    assert browser is not None
    assert browser.connections_per_host == 2


def test_a_browser_is_found_in_any_case() -> None:
    assert find_browser(" internet explorer 11.0 ") is find_browser("Internet Explorer 11.0")


def test_a_browser_that_is_not_known_is_not_guessed() -> None:
    assert find_browser("Internet Explorer") is None


def test_the_default_browser_says_what_it_is() -> None:
    assert DEFAULT.name == "Headrace"
    assert dict(DEFAULT.headers)["User-Agent"] == f"Headrace/{__version__} (+load test)"
