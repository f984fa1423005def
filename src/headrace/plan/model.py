"""The Plan: what a load test is, whatever file or request it came from.

A reader (`plan/readers/`) makes a Plan, an engine executes a share of it. Everything here is a frozen value; times are
seconds.
"""

from dataclasses import dataclass, field

from headrace.plan.targets import TargetRule


@dataclass(frozen=True, slots=True)
class Browser:
    """How a virtual user presents itself: its headers, and how many connections it opens to one host at once."""

    name: str
    headers: tuple[tuple[str, str], ...]
    connections_per_host: int = 6


@dataclass(frozen=True, slots=True)
class BrowserShare:
    """A browser and its weight among the users of a scenario; weights need not add up to 100."""

    browser: Browser
    weight: float


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `url` is absolute, http or https; `name` is what results report it under."""

    method: str
    url: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """A request that the user waits for and the dependents that its browser then fetches in parallel."""

    request: Request
    dependents: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True)
class Test:
    """What a virtual user does in one iteration: its pages, in order."""

    __test__ = False  # not a pytest class

    name: str
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A test, the users who run it from start to end (constant load), and how they look.

    `think_time` is the pause between two iterations of a user, in seconds; 0 means none.
    """

    name: str
    test: Test
    users: int
    browsers: tuple[BrowserShare, ...]
    think_time: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole load test.

    The load runs for `warm_up + duration` seconds; what starts during the warm-up is not measured.
    """

    name: str
    scenarios: tuple[Scenario, ...]
    duration: float
    warm_up: float = 0.0
    sampling_interval: int = 15
    request_timeout: float = 60.0
    max_redirects: int = 50
    verify_certificates: bool = True
    targets: TargetRule = field(default_factory=TargetRule)

    @property
    def users(self) -> int:
        """Virtual users of all scenarios together."""
        return sum(scenario.users for scenario in self.scenarios)
