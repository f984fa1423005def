"""The results file of a run: one JSON document, gzipped, written piece by piece. docs/results-file.md is its description.

    {"format": "headrace-results", "version": 1,
     "run": TestRun, "summary": TestResultsSummary, "errors": LoadTestErrors, "messages": [TestRunMessage, ...],
     "plan": "the text of a plan.yaml", "thresholds": [THRESHOLD, ...],
     "counters": [{"id", "machine", "category", "name", "instance", "unit", "kind",
                   "samples": [[interval, raw, base, timestamp, value], ...]}],
     "tests": [{"scenario", "test", "passed", "failed", "requests", "time": HISTOGRAM}],
     "transactions": [{"scenario", "test", "name", "passed", "failed", "time": HISTOGRAM, "response": HISTOGRAM}],
     "pages": [{"scenario", "test", "name", "passed", "failed", "goals", "goals_met", "goal_us", "time": HISTOGRAM}],
     "requests": [{"scenario", "test", "name", "passed", "failed", "first_byte_us", ...,
                   "response": HISTOGRAM, "service": HISTOGRAM}],
     "send_lag": HISTOGRAM}

The second line is what the caller knows of the run; a THRESHOLD is as in plan.yaml, and so is the plan, without its secrets.
A HISTOGRAM is {"count", "total_us", "low_us", "high_us", "buckets": [[highest µs of the bucket, count], ...]}: from it every
percentile can be computed again. Raw numbers and time stamps of samples count 100 ns (see `counters.FREQUENCY`).
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from headrace.results.reader import Results
from headrace.ticks.histogram import Histogram, bucket_top
from headrace.ticks.tick import Name, PageStats, RequestStats, TestStats, TransactionStats

FORMAT = "headrace-results"
VERSION = 1

_GZIP = 31  # zlib's name for a gzip stream with the widest window
_PIECE = 64 * 1024


def export(results: Results, run_id: str, told: Mapping[str, Any]) -> Iterator[bytes]:
    """The results file of a run, in pieces. `told` are members that the caller knows; they must be JSON.

    In memory are at most the run's totals and the samples of one counter.
    """
    gzip = zlib.compressobj(wbits=_GZIP)
    waiting = bytearray()
    for piece in _document(results, run_id, told):
        waiting += gzip.compress(piece)
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting + gzip.flush())


def _document(results: Results, run_id: str, told: Mapping[str, Any]) -> Iterator[bytes]:
    yield b"{"
    for name, value in (
        ("format", FORMAT),
        ("version", VERSION),
        *told.items(),
        ("plan", results.plan(run_id)),
        ("thresholds", results.thresholds(run_id)),
    ):
        yield _json(name) + b":" + _json(value) + b",\n"
    yield from _list("counters", _counters(results, run_id))
    total = results.total(run_id)
    yield b",\n"
    yield from _list("tests", (_test(name, stats) for name, stats in total.tests.items()))
    yield b",\n"
    yield from _list("transactions", (_transaction(name, stats) for name, stats in total.transactions.items()))
    yield b",\n"
    yield from _list("pages", (_page(name, stats) for name, stats in total.pages.items()))
    yield b",\n"
    yield from _list("requests", (_request(name, stats) for name, stats in total.requests.items()))
    yield b",\n" + _json("send_lag") + b":" + _json(_histogram(total.health.send_lag)) + b"}\n"


def _list(name: str, values: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    yield _json(name) + b":["
    separator = b"\n"
    for value in values:
        yield separator + _json(value)
        separator = b",\n"
    yield b"]"


def _counters(results: Results, run_id: str) -> Iterator[dict[str, Any]]:
    for counter in results.counters(run_id):
        taken = results.samples(run_id, counter.id)
        yield {
            "id": counter.id,
            "machine": counter.machine,
            "category": counter.category,
            "name": counter.name,
            "instance": counter.instance,
            "unit": counter.unit,
            "kind": counter.kind,
            "samples": [(sample.interval, sample.raw, sample.base, sample.timestamp, sample.value) for sample in taken],
        }


def _test(name: Name, stats: TestStats) -> dict[str, Any]:
    return {
        "scenario": name.scenario,
        "test": name.test,
        "passed": stats.passed,
        "failed": stats.failed,
        "requests": stats.requests,
        "time": _histogram(stats.time),
    }


def _transaction(name: Name, stats: TransactionStats) -> dict[str, Any]:
    return {
        "scenario": name.scenario,
        "test": name.test,
        "name": name.item,
        "passed": stats.passed,
        "failed": stats.failed,
        "time": _histogram(stats.time),
        "response": _histogram(stats.response),
    }


def _page(name: Name, stats: PageStats) -> dict[str, Any]:
    return {
        "scenario": name.scenario,
        "test": name.test,
        "name": name.item,
        "passed": stats.passed,
        "failed": stats.failed,
        "goals": stats.goals,
        "goals_met": stats.goals_met,
        "goal_us": stats.goal_us,
        "time": _histogram(stats.time),
    }


def _request(name: Name, stats: RequestStats) -> dict[str, Any]:
    return {
        "scenario": name.scenario,
        "test": name.test,
        "name": name.item,
        "passed": stats.passed,
        "failed": stats.failed,
        "first_byte_us": stats.first_byte_us,
        "first_bytes": stats.first_bytes,
        "wait_us": stats.wait_us,
        "waits": stats.waits,
        "dns_us": stats.dns_us,
        "connect_us": stats.connect_us,
        "tls_us": stats.tls_us,
        "connects": stats.connects,
        "cached": stats.cached,
        "sent_bytes": stats.sent_bytes,
        "received_bytes": stats.received_bytes,
        "content_bytes": stats.content_bytes,
        "response": _histogram(stats.response),
        "service": _histogram(stats.service),
    }


def _histogram(histogram: Histogram) -> dict[str, Any]:
    return {
        "count": histogram.count,
        "total_us": histogram.total,
        "low_us": histogram.low,
        "high_us": histogram.high,
        "buckets": [(bucket_top(bucket), times) for bucket, times in sorted(histogram.counts.items())],
    }


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
