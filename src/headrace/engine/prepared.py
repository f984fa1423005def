"""Requests made ready to send: everything that is the same each time is done once, before the load starts."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from weakref import WeakValueDictionary

from headrace.engine.measures import Measures, PageMeasure, RequestMeasure, TestMeasure
from headrace.plan.model import Browser, Plan, Request, Scenario
from headrace.plan.urls import check_url
from headrace.ticks.tick import Name


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Origin:
    """Where connections go. Made once each (see `Requests.origin`), so that it is compared and hashed by identity."""

    secure: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A request as bytes. `data` lacks only the cookies, which belong before its last line break."""

    method: str
    url: str
    path: str
    origin: Origin
    data: bytes
    measure: RequestMeasure


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPage:
    request: Prepared
    dependents: tuple[Prepared, ...]
    measure: PageMeasure


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTest:
    """A test as one browser runs it."""

    pages: tuple[PreparedPage, ...]
    measure: TestMeasure
    connections_per_host: int
    redirect: Callable[[Prepared, str], Prepared]


class Requests:
    """Prepares requests, those of the plan before the start and those that redirects lead to when they are met."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures
        self._origins: WeakValueDictionary[tuple[bool, str, int], Origin] = WeakValueDictionary()

    def test(self, scenario: Scenario, browser: Browser) -> PreparedTest:
        """The test of a scenario as this browser runs it."""
        test = scenario.test
        redirected: dict[tuple[str, str], Prepared] = {}

        def name(item: str) -> Name:
            return Name(scenario.name, test.name, item)

        def prepare(request: Request) -> Prepared:
            return self._prepare(request.method, check_url(request.url), browser, name(request.name))

        def redirect(request: Prepared, location: str) -> Prepared:
            """Raises ValueError where the location is no URL that may be requested."""
            # Browsers and .NET take a backslash for a slash and send a blank encoded.
            url = check_url(urljoin(request.url, location.replace("\\", "/")).replace(" ", "%20"))
            key = (request.method, url)
            prepared = redirected.get(key)
            if prepared is None:
                if len(redirected) >= 1000:
                    redirected.clear()
                prepared = redirected[key] = self._prepare(request.method, url, browser, name(url))
            return prepared

        pages = tuple(
            PreparedPage(
                prepare(page.request),
                tuple(prepare(dependent) for dependent in page.dependents),
                self._measures.page(name(page.request.name)),
            )
            for page in test.pages
        )
        return PreparedTest(pages, self._measures.test(name("")), browser.connections_per_host, redirect)

    def _prepare(self, method: str, url: str, browser: Browser, name: Name) -> Prepared:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host = parts.hostname or ""
        port = parts.port or (443 if secure else 80)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{header}: {value}" for header, value in browser.headers]
        data = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return Prepared(method, url, parts.path, self._origin(secure, host, port), data, self._measures.request(name))

    def _origin(self, secure: bool, host: str, port: int) -> Origin:
        return self._origins.setdefault((secure, host, port), Origin(secure, host, port))


def browser_of(scenario: Scenario, user: int) -> Browser:
    """The browser of user 0 <= `user` < users: the users are shared out by weight, as exactly as whole users allow."""
    total = sum(share.weight for share in scenario.browsers)
    point = (user + 0.5) / scenario.users * total
    reached = 0.0
    for share in scenario.browsers:
        reached += share.weight
        if point < reached:
            return share.browser
    return scenario.browsers[-1].browser


def prepare_plan(plan: Plan, measures: Measures) -> dict[tuple[str, str], PreparedTest]:
    """Every test of the plan for every browser of its scenario, by the names of scenario and browser."""
    requests = Requests(measures)
    return {
        (scenario.name, share.browser.name): requests.test(scenario, share.browser)
        for scenario in plan.scenarios
        for share in scenario.browsers
    }
