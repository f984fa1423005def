"""Browser mixes: the headers that users send with every request (reference: visual-studio-formats, 5.6)."""

from collections.abc import Callable, Iterator

from headrace.plan.model import Browser, BrowserShare
from headrace.plan.readers.visual_studio.headers import read_header
from headrace.plan.readers.visual_studio.names import unique_name
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.xml_tree import Element

# Without a browser mix, as a scenario of unit tests, users send no headers of their own.
NO_BROWSER = BrowserShare(Browser("None", ()), 100.0)
_MOST_CONNECTIONS = 256


def read_browser_mix(reading: Reading, scenario: Element, bind: Callable[[str], str]) -> tuple[BrowserShare, ...]:
    """The browsers of a scenario, at least one; `bind` makes templates of the values of headers."""
    shares: list[BrowserShare] = []
    for profile in scenario.all("BrowserMix", "BrowserProfile"):
        reading.expect(profile, ("Percentage",), ("Browser",))
        weight = reading.number(profile, "Percentage", 0.0, 0)
        browser = profile.first("Browser")
        if browser is None:
            reading.warn(profile, "it has no Browser and no effect")
        elif weight > 0:
            name = unique_name(reading.text(browser, "Name"), [share.browser.name for share in shares], "Browser")
            shares.append(BrowserShare(_read_browser(reading, browser, name, bind), weight))
    mix = scenario.first("BrowserMix")
    if mix is not None and mix.children and not shares:
        reading.error(mix, "no browser has a Percentage above 0; give one of them a share of the users")
    return tuple(shares) or (NO_BROWSER,)


def _read_browser(reading: Reading, browser: Element, name: str, bind: Callable[[str], str]) -> Browser:
    reading.expect(browser, ("Name", "MaxConnections"), ("Headers",))
    connections = reading.whole(browser, "MaxConnections", 6, 1, _MOST_CONNECTIONS)
    return Browser(name, tuple(_read_headers(reading, browser, bind)), connections)


def _read_headers(reading: Reading, browser: Element, bind: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    for header in browser.all("Headers", "Header"):
        pair = read_header(reading, header, bind)
        if pair is not None:
            yield pair
