"""The Plan: what a load test is, whatever file or request it came from.

A reader (`plan/readers/`) makes a Plan, an engine executes a share of it. Everything here is a frozen value; times are
seconds. `plan.yaml` is this model, field by field (docs/plan.md).
"""

from enum import StrEnum

from msgspec import field

from headrace.plan.data import DataSource
from headrace.plan.load import Load
from headrace.plan.pauses import Pause
from headrace.plan.requests import Credentials
from headrace.plan.scripts import AttachedFile, Script
from headrace.plan.shapes import most_users
from headrace.plan.steps import Step
from headrace.plan.targets import TargetRule
from headrace.plan.thresholds import Threshold
from headrace.plan.value import Value


class Browser(Value, frozen=True):
    """How a virtual user presents itself: its headers, and how many connections it opens to one host at once."""

    name: str
    headers: tuple[tuple[str, str], ...]
    connections_per_host: int = 6


class BrowserShare(Value, frozen=True):
    """A browser and its weight among the users of a scenario; weights need not add up to 100."""

    browser: Browser
    weight: float


class Network(Value, frozen=True):
    """A line that a user sits behind: kilobits a second (None: unlimited) and seconds one way."""

    name: str
    down: float | None = None
    up: float | None = None
    latency_down: float = 0.0
    latency_up: float = 0.0


class NetworkShare(Value, frozen=True):
    """A network and its weight among the users of a scenario; weights need not add up to 100."""

    network: Network
    weight: float


class OnError(StrEnum):
    """What follows the first failed request or rule of an iteration."""

    CONTINUE = "continue"
    STOP_ITERATION = "stop iteration"
    STOP_USER = "stop user"
    STOP_TEST = "stop test"  # the whole load test


class Test(Value, frozen=True):
    """What a virtual user does in one iteration. `variables` have these values (templates) when an iteration begins.

    A variable without a value fails the request that needs it; with `keep_unknown` (JMeter's way) its name is sent instead.
    """

    __test__ = False  # not a pytest class

    name: str
    steps: tuple[Step, ...]
    variables: tuple[tuple[str, str], ...] = ()
    on_error: OnError = OnError.CONTINUE
    credentials: Credentials | None = None
    keep_unknown: bool = False


class TestShare(Value, frozen=True):
    """A test of the plan by its name, and its share: a weight, or with Mix.PACING the iterations per user and hour."""

    __test__ = False  # not a pytest class

    test: str
    share: float = 100.0


class Mix(StrEnum):
    """How a user chooses its next test (reference: visual-studio-formats, 5.4)."""

    TESTS_STARTED = "tests started"  # shares of the tests started
    USERS_RUNNING = "users running"  # shares of the users who run each test
    PACING = "pacing"  # each user runs each test so many times an hour
    SEQUENTIAL = "sequential"  # each user runs all tests in order, again and again


class Connections(StrEnum):
    """How long connections live: as long as their user, one iteration, or in a pool that users share."""

    PER_USER = "per user"
    PER_ITERATION = "per iteration"
    POOLED = "pooled"


class Scenario(Value, frozen=True):
    """Users who share a load shape, a mix of tests, and how they look and behave.

    `think_time` is the pause between two iterations of a user. `pacing`: a user's iterations begin so many seconds apart;
    where one lasts longer, the next begins at once and its response times count from when it should have begun.
    `pacing_deviation`: the standard deviation of pacing intervals as a share of them. `iterations` ends the scenario after
    so many in all, `iterations_per_user` a user. `delay`: seconds until the scenario begins. `first` and `last` are tests
    that each user runs before and after all others, `last` not where the load ends by time; what variables `first` leaves,
    the user's iterations begin with. `new_users`: percent of the iterations that are a new user's, who comes without
    cookies, cache and connections, runs `first`, the iteration and `last`, and is gone; the user then is again who it was.
    """

    name: str
    mix: tuple[TestShare, ...]
    load: Load
    browsers: tuple[BrowserShare, ...]
    networks: tuple[NetworkShare, ...] = ()
    mix_by: Mix = Mix.TESTS_STARTED
    think_time: Pause = 0.0
    pacing: float | None = None
    pacing_deviation: float = 0.0
    iterations: int | None = None
    iterations_per_user: int | None = None
    delay: float = 0.0
    idle_in_warm_up: bool = False
    new_users: float = 0.0
    first: str = ""
    last: str = ""


class Tls(Value, frozen=True):
    """How TLS connections are made.

    `authorities` (PEM) are trusted beside the system's; `certificate` and `key` (PEM) are the client's own. `lowest` and
    `highest` are versions such as "1.2". `resume`: a user's later connections resume its first session.
    """

    verify: bool = True
    authorities: str = ""
    certificate: str = ""
    key: str = ""
    key_password: str = ""
    lowest: str = ""
    highest: str = ""
    resume: bool = True


class Plan(Value, frozen=True):
    """A whole load test.

    The load runs for `warm_up + duration` seconds; what starts during the warm-up is not measured. `ramp_in_warm_up`: users
    arrive evenly over the warm-up. For `cool_down` seconds after the duration, iterations under way go on. `variables` hold
    for all tests, and go before a test's own and before what `first` left. `proxy` is `http://[user:password@]host:port`, ""
    for none. `seed` makes every random choice repeatable. `largest_body`: of a body that somebody looks at, so many bytes
    are kept. `iterations`: so many begin, of all scenarios together, and the load is over when they have ended. `setup` and
    `cleanup` run on every agent before the load and after it, beside the `files`.
    """

    name: str
    tests: tuple[Test, ...]
    scenarios: tuple[Scenario, ...]
    duration: float
    warm_up: float = 0.0
    ramp_in_warm_up: bool = False
    cool_down: float = 0.0
    sampling_interval: int = 15
    variables: tuple[tuple[str, str], ...] = ()
    data: tuple[DataSource, ...] = ()
    request_timeout: float = 60.0
    max_redirects: int = 50
    connections: Connections = Connections.PER_USER
    pool_size: int = 50
    http2: bool = False
    proxy: str = ""
    tls: Tls = Tls()
    seed: int = 1
    largest_body: int = 8 * 1024 * 1024
    iterations: int | None = None
    thresholds: tuple[Threshold, ...] = ()
    setup: Script | None = None
    cleanup: Script | None = None
    files: tuple[AttachedFile, ...] = ()
    targets: TargetRule = field(default_factory=TargetRule)

    @property
    def users(self) -> int:
        """The most virtual users that there can be at once, of all scenarios together."""
        return sum(most_users(scenario.load) for scenario in self.scenarios)
