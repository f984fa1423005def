"""The Tick: all that an engine measured in one second, in a form that adds up.

Ticks of several engines for one second add up to that second; seconds add up to a sampling interval, intervals to the
run. Times are microseconds, sizes are bytes. Requests that began during the warm-up are in no Tick.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from headrace.ticks.histogram import Histogram


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
    was sent is in `response` only.
    """

    passed: int = 0
    failed: int = 0
    response: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    first_byte_us: int = 0
    first_bytes: int = 0
    wait_us: int = 0
    waits: int = 0
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
        self.sent_bytes += other.sent_bytes
        self.received_bytes += other.received_bytes
        self.content_bytes += other.content_bytes


@dataclass(slots=True)
class PageStats:
    """Pages under one name: from the user's wish to the end of the last redirect and dependent."""

    passed: int = 0
    failed: int = 0
    time: Histogram = field(default_factory=Histogram)

    @property
    def total(self) -> int:
        return self.passed + self.failed

    def add(self, other: "PageStats") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.time.add(other.time)


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
    """The users of a scenario at the end of the second: how many there are, and how many are inside an iteration."""

    users: int = 0
    running: int = 0

    def add(self, other: "Load") -> None:
        self.users += other.users
        self.running += other.running


@dataclass(slots=True)
class Health:
    """How the generator itself fared: the longest delay of its event loop and the CPU it used, in µs, and its processes."""

    loop_lag_us: int = 0
    cpu_us: int = 0
    processes: int = 0

    def add(self, other: "Health") -> None:
        self.loop_lag_us = max(self.loop_lag_us, other.loop_lag_us)
        self.cpu_us += other.cpu_us
        self.processes += other.processes


@dataclass(slots=True)
class Tick:
    """One second of one engine, or of several added up.

    `second` counts from the end of the warm-up: 0 is the first that is measured, a warm-up second is negative. `elapsed` is
    when the tick ended, in seconds since the end of the warm-up; it is more than `second + 1` only for the last tick, which
    also holds what was still under way when the load ended. `abandoned` counts requests that were given up unanswered then:
    they are neither passed nor failed.
    """

    second: int
    elapsed: float
    load: dict[str, Load] = field(default_factory=dict)
    requests: dict[Name, RequestStats] = field(default_factory=dict)
    pages: dict[Name, PageStats] = field(default_factory=dict)
    tests: dict[Name, TestStats] = field(default_factory=dict)
    errors: dict[ErrorName, ErrorStats] = field(default_factory=dict)
    health: Health = field(default_factory=Health)
    abandoned: int = 0

    def add_engine(self, other: "Tick") -> None:
        """Adds the same second of another engine: users add up."""
        for scenario, load in other.load.items():
            self.load.setdefault(scenario, Load()).add(load)
        self.health.add(other.health)
        self._add_events(other)

    def add_later(self, other: "Tick") -> None:
        """Adds a later second: the load is the later one's, the processes are as many as ever ran at once."""
        self.load = {scenario: Load(load.users, load.running) for scenario, load in other.load.items()}
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
        for name, tests in other.tests.items():
            self.tests.setdefault(name, TestStats()).add(tests)
        for error, errors in other.errors.items():
            self.errors.setdefault(error, ErrorStats()).add(errors)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Tick)


def encode_tick(tick: Tick) -> bytes:
    return _encoder.encode(tick)


def decode_tick(data: bytes) -> Tick:
    """Raises msgspec.ValidationError (or DecodeError) where `data` is no Tick."""
    return _decoder.decode(data)
