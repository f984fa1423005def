"""Ticks as a test needs them, and what the database keeps of a run."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, Table, select

from headrace.store.database import reading
from headrace.store.schema import counters, examples, intervals, losses, results, samples, thresholds, ticks
from headrace.ticks.histogram import Histogram
from headrace.ticks.machine import Interface, Machine, Memory, Processor
from headrace.ticks.tick import (
    ErrorName,
    ErrorStats,
    Example,
    ExampleKind,
    Load,
    Name,
    PageStats,
    RequestStats,
    TestStats,
    Tick,
    TransactionStats,
)

TABLES = (ticks, intervals, counters, samples, examples, losses, thresholds, results)


def histogram(*milliseconds: int) -> Histogram:
    values = Histogram()
    for ms in milliseconds:
        values.record(ms * 1000)
    return values


def requests(*milliseconds: int, failed: int = 0) -> RequestStats:
    """Requests with these response times; the server took 1 ms less."""
    response = histogram(*milliseconds)
    return RequestStats(len(milliseconds) - failed, failed, response, histogram(*(ms - 1 for ms in milliseconds)))


def pages(*milliseconds: int) -> PageStats:
    return PageStats(len(milliseconds), 0, histogram(*milliseconds))


def transactions(*milliseconds: int, failed: int = 0, pauses: int = 0) -> TransactionStats:
    """Transactions with these times, of which so many ms each were pauses."""
    times = histogram(*milliseconds), histogram(*(ms - pauses for ms in milliseconds))
    return TransactionStats(len(milliseconds) - failed, failed, *times)


def example(
    kind: ExampleKind = ExampleKind.FAILED, at: float = 0.0, milliseconds: int = 5, error: str = "it failed"
) -> Example:
    name = Name("s", "t", "/")
    us = milliseconds * 1000
    return Example(kind, name, at, us, us, "http://site/", "GET", 500, error, "GET / HTTP/1.1", "HTTP/1.1 500 Oh\r\n\r\nno")


def iterations(*milliseconds: int, failed: int = 0, made: int = 0) -> TestStats:
    return TestStats(len(milliseconds) - failed, failed, made, histogram(*milliseconds))


MB = 1024 * 1024


def machine(busy: float = 0.5, free: int = 200, sent: int = 0, bandwidth: int = 0) -> Machine:
    """A second of a machine with two cores, of which the first has this share in use and the other nothing; `free` is MB."""
    cores = Processor(1_000_000, round(1_000_000 * (1 - busy))), Processor(1_000_000, 1_000_000)
    both = Processor(2_000_000, cores[0].idle_us + 1_000_000)
    memory = Memory(1000 * MB, (1000 - free) * MB, free * MB, free * MB)
    return Machine({"_Total": both, "0": cores[0], "1": cores[1]}, memory, {"eth0": Interface(sent, 0, bandwidth)})


def home(*milliseconds: int) -> dict[Name, RequestStats]:
    return {Name("s", "t", "/"): requests(*milliseconds)}


def errors(kind: str, count: int, message: str = "it failed", last: float = 0.0) -> dict[ErrorName, ErrorStats]:
    return {ErrorName(kind, "sub", "s", "t", "http://site/", "GET", message): ErrorStats(count, last)}


def tick(second: int, users: int = 10, elapsed: float | None = None, **parts: Any) -> Tick:
    """A second with `users` users in scenario `s`, ended on time unless `elapsed` says when."""
    return Tick(second, second + 1.0 if elapsed is None else elapsed, load={"s": Load(users, users)}, **parts)


def rows(database: Engine, table: Table, run_id: str) -> list[tuple[Any, ...]]:
    """What a table keeps of a run, in the order of its key, without the run's id."""
    columns = [column for column in table.c if column.name != "run_id"]
    with reading(database) as connection:
        found = connection.execute(select(*columns).where(table.c.run_id == run_id).order_by(*table.primary_key.columns))
        return [tuple(row) for row in found]


def everything(database: Engine, run_id: str) -> dict[str, list[tuple[Any, ...]]]:
    return {table.name: rows(database, table, run_id) for table in TABLES}


def by_name(found: Iterable[Any], name: str, instance: str = "_Total") -> Any:
    """The one counter of this name and instance; for the response time, that of requests."""
    (counter,) = [
        counter
        for counter in found
        if (counter.name, counter.instance) == (name, instance)
        and (counter.category, counter.name) != ("LoadTest:Transaction", "Avg. Response Time")
    ]
    return counter
