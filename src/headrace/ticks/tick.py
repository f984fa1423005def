"""The Tick: all that an engine measured in one second, in a form that adds up.

Ticks of several engines for one second add up to that second; seconds add up to a sampling interval, intervals to the
run. Times are microseconds, sizes are bytes. Requests that began during the warm-up are in no Tick.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from headrace.ticks.histogram import Histogram
from headrace.ticks.machine import Machine


class Name(NamedTuple):
    """What a measurement belongs to. `item` is the name of the request or page; "" for a test as a whole."""

    scenario: str
    test: str
    item: str


class ErrorName(NamedTuple):
    """What makes two errors the same: kind and sub-kind, where they happened, and the message."""

    kind: str
    subkind: str
    scenario: str
    test: str
    url: str
    method: str
    message: str


@dataclass(slots=True)
class RequestStats:
    """Requests under one name. Each ended either passed or failed; redirects count one each.

    `response` is timed from the moment the user wanted to send (so it includes waiting for a connection, DNS, connect and
    TLS), `service` from the moment of sending; both end with the last byte or the failure. A request that failed before it
    was sent is in `response` only. `connects` of them had to make a connection first, which took `dns_us`, `connect_us` and
    `tls_us` in all. `cached` were answered by the user's cache: not sent, and in no other number.
    """

    passed: int = 0
    failed: int = 0
    response: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    first_byte_us: int = 0
    first_bytes: int = 0
    wait_us: int = 0
    waits: int = 0
    dns_us: int = 0
    connect_us: int = 0
    tls_us: int = 0
    connects: int = 0
    cached: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    content_bytes: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.failed

    def add(self, other: "RequestStats") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.response.add(other.response)
        self.service.add(other.service)
        self.first_byte_us += other.first_byte_us
        self.first_bytes += other.first_bytes
        self.wait_us += other.wait_us
        self.waits += other.waits
        self.dns_us += other.dns_us
        self.connect_us += other.connect_us
        self.tls_us += other.tls_us
        self.connects += other.connects
        self.cached += other.cached
        self.sent_bytes += other.sent_bytes
        self.received_bytes += other.received_bytes
        self.content_bytes += other.content_bytes


@dataclass(slots=True)
class PageStats:
    """Pages under one name: from the user's wish to the end of the last redirect and dependent.

    `goals` of them had a response time goal, of `goal_us` added up; `goals_met` met it.
    """

    passed: int = 0
    failed: int = 0
    time: Histogram = field(default_factory=Histogram)
    goals: int = 0
    goals_met: int = 0
    goal_us: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.failed

    def add(self, other: "PageStats") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.time.add(other.time)
        self.goals += other.goals
        self.goals_met += other.goals_met
        self.goal_us += other.goal_us


@dataclass(slots=True)
class TransactionStats:
    """Transactions under one name: `time` is all of it, `response` is without the pauses in it."""

    passed: int = 0
    failed: int = 0
    time: Histogram = field(default_factory=Histogram)
    response: Histogram = field(default_factory=Histogram)

    @property
    def total(self) -> int:
        return self.passed + self.failed

    def add(self, other: "TransactionStats") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.time.add(other.time)
        self.response.add(other.response)


@dataclass(slots=True)
class TestStats:
    """Iterations of one test that ended; one that had a failed request is failed. `requests` were made in them."""

    __test__ = False  # not a pytest class

    passed: int = 0
    failed: int = 0
    requests: int = 0
    time: Histogram = field(default_factory=Histogram)

    @property
    def total(self) -> int:
        return self.passed + self.failed

    def add(self, other: "TestStats") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.requests += other.requests
        self.time.add(other.time)


@dataclass(slots=True)
class ErrorStats:
    """How often an error happened, and when last (seconds since the epoch)."""

    count: int = 0
    last: float = 0.0

    def add(self, other: "ErrorStats") -> None:
        self.count += other.count
        self.last = max(self.last, other.last)


@dataclass(slots=True)
class Load:
    """The users of a scenario at the end of the second: how many there are, and how many are inside an iteration.

    `due` iterations were to begin at a certain time (open load shapes, pacing); `dropped` of them did not, because no user
    was free, or its user still waited for an answer when the load ended.
    """

    users: int = 0
    running: int = 0
    due: int = 0
    dropped: int = 0

    def add(self, other: "Load") -> None:
        self.users += other.users
        self.running += other.running
        self.due += other.due
        self.dropped += other.dropped


@dataclass(slots=True)
class Health:
    """How the generator itself fared.

    `loop_lag_us` is the longest delay of an event loop, `gc_us` the longest pause of a garbage collection; `cpu_us` is the
    CPU of all `processes`, `busiest_cpu_us` that of the busiest. `send_lag` has, for each iteration that was to begin at a
    certain time, how much later the generator itself began it, in µs. `open_files` and `ports` are in use, `file_limit` and
    `port_limit` the most there can be: of the process, or of the machine, where they are scarcest (0: not known).
    """

    loop_lag_us: int = 0
    cpu_us: int = 0
    processes: int = 0
    busiest_cpu_us: int = 0
    gc_us: int = 0
    send_lag: Histogram = field(default_factory=Histogram)
    open_files: int = 0
    file_limit: int = 0
    ports: int = 0
    port_limit: int = 0

    def add(self, other: "Health") -> None:
        self.loop_lag_us = max(self.loop_lag_us, other.loop_lag_us)
        self.cpu_us += other.cpu_us
        self.processes += other.processes
        self.busiest_cpu_us = max(self.busiest_cpu_us, other.busiest_cpu_us)
        self.gc_us = max(self.gc_us, other.gc_us)
        self.send_lag.add(other.send_lag)
        self.open_files, self.file_limit = max(
            (self.open_files, self.file_limit), (other.open_files, other.file_limit), key=_scarcity
        )
        self.ports, self.port_limit = max((self.ports, self.port_limit), (other.ports, other.port_limit), key=_scarcity)


def _scarcity(used: tuple[int, int]) -> tuple[float, int, int]:
    """Orders (in use, limit) by how scarce it is; a limit that is not known comes last."""
    count, limit = used
    return (count / limit if limit else -1.0, count, limit)


class ExampleKind(StrEnum):
    SLOW = "slow"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Example:
    """One request with its response, kept so that a person can see what happened; secrets are masked, texts are cut.

    `at` is seconds since the epoch, `response_us` the response time; `error` is the message of a failed one.
    """

    kind: ExampleKind
    name: Name
    at: float
    response_us: int
    service_us: int
    url: str
    method: str
    status: int
    error: str
    request: str
    response: str


# How many examples are kept, in a Tick and of a run: the slowest of each request name, and the first of each error.
MOST_SLOW = 3
MOST_FAILED = 5
MOST_EXAMPLES = 100
MOST_FAILURES = 70  # of these; the rest is for slow ones


@dataclass(slots=True)
class Tick:
    """One second of one engine, or of several added up.

    `second` counts from the end of the warm-up: 0 is the first that is measured, a warm-up second is negative. `elapsed` is
    when the tick ended, in seconds since the end of the warm-up. The last tick also holds what was still under way when the
    load ended; its `elapsed` is when the load did. `abandoned` counts requests that had no connection even then:
    they are neither passed nor failed. `machines` of agents are by the names that results have for them; engines leave
    them out.
    """

    second: int
    elapsed: float
    load: dict[str, Load] = field(default_factory=dict)
    requests: dict[Name, RequestStats] = field(default_factory=dict)
    pages: dict[Name, PageStats] = field(default_factory=dict)
    transactions: dict[Name, TransactionStats] = field(default_factory=dict)
    tests: dict[Name, TestStats] = field(default_factory=dict)
    errors: dict[ErrorName, ErrorStats] = field(default_factory=dict)
    health: Health = field(default_factory=Health)
    abandoned: int = 0
    examples: list[Example] = field(default_factory=list)
    machines: dict[str, Machine] = field(default_factory=dict)

    def add_engine(self, other: "Tick") -> None:
        """Adds the same second of another engine: users add up."""
        for scenario, load in other.load.items():
            self.load.setdefault(scenario, Load()).add(load)
        self.health.add(other.health)
        self._add_events(other)

    def add_later(self, other: "Tick") -> None:
        """Adds a later second: the users are the later one's, the processes are as many as ever ran at once."""
        earlier, self.load = self.load, {scenario: Load() for scenario in self.load}  # what is gone has no users any more
        for scenario, load in other.load.items():
            self.load[scenario] = Load(load.users, load.running, load.due, load.dropped)
        for scenario, load in earlier.items():
            self.load[scenario].due += load.due
            self.load[scenario].dropped += load.dropped
        processes = max(self.health.processes, other.health.processes)
        self.health.add(other.health)
        self.health.processes = processes
        self._add_events(other)

    def _add_events(self, other: "Tick") -> None:
        self.elapsed = max(self.elapsed, other.elapsed)
        self.abandoned += other.abandoned
        for name, requests in other.requests.items():
            self.requests.setdefault(name, RequestStats()).add(requests)
        for name, pages in other.pages.items():
            self.pages.setdefault(name, PageStats()).add(pages)
        for name, transactions in other.transactions.items():
            self.transactions.setdefault(name, TransactionStats()).add(transactions)
        for name, tests in other.tests.items():
            self.tests.setdefault(name, TestStats()).add(tests)
        for error, errors in other.errors.items():
            self.errors.setdefault(error, ErrorStats()).add(errors)
        for agent, machine in other.machines.items():
            self.machines.setdefault(agent, Machine()).add_later(machine)
        if other.examples:
            self.examples = choose_examples([*self.examples, *other.examples])


def choose_examples(examples: Iterable[Example]) -> list[Example]:
    """The slowest of each name and the first of each error, within the bounds; any order of choosing gives the same."""
    kept: list[Example] = []
    counts: Counter[tuple[ExampleKind, Name, str]] = Counter()
    kinds: Counter[ExampleKind] = Counter()
    for example in sorted(examples, key=_rank):
        same = (example.kind, example.name, example.error)
        failed = example.kind is ExampleKind.FAILED
        most, most_of_kind = (MOST_FAILED, MOST_FAILURES) if failed else (MOST_SLOW, MOST_EXAMPLES - MOST_FAILURES)
        twice = kept[-1:] == [example]  # equal ones are neighbours
        if counts[same] < most and kinds[example.kind] < most_of_kind and not twice:
            counts[same] += 1
            kinds[example.kind] += 1
            kept.append(example)
    return kept


def _rank(example: Example) -> tuple[Any, ...]:
    """Failed before slow, the first failed and the slowest first. No two different examples have the same rank."""
    failed = example.kind is ExampleKind.FAILED
    return (
        not failed,
        0 if failed else -example.response_us,
        example.at,
        example.name,
        example.error,
        example.method,
        example.url,
        example.status,
        example.response_us,
        example.service_us,
        example.request,
        example.response,
    )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Tick)


def encode_tick(tick: Tick) -> bytes:
    return _encoder.encode(tick)


def decode_tick(data: bytes) -> Tick:
    """Raises msgspec.ValidationError (or DecodeError) where `data` is no Tick."""
    return _decoder.decode(data)
