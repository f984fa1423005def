"""What the old service had no place for, under the member `headrace` of the result summary. Old clients pass over it.

Times are seconds, shares 0 to 1.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from headrace.api.wire.dates import write_date
from headrace.api.wire.runs import Json
from headrace.results.summary import GeneratorSummary, Percentiles, RequestSummary, Summary, Timings, TransactionSummary
from headrace.results.thresholds import Violated
from headrace.results.verdict import Verdict
from headrace.ticks.tick import Example


def write_extension(summary: Summary, examples: Sequence[Example] | None = None) -> Json:
    """`overallRequest`, `overallTransaction` and what is in `topSlow...` add to the member of the old summary that has the
    same place. `examples` only where they are given: they are long.
    """
    written: Json = {
        "verdict": summary.verdict.kind if summary.verdict else None,
        "reasons": _write_reasons(summary.verdict),
        "violatedThresholds": [_write_violated(violated) for violated in summary.violated],
        "abandonedRequests": summary.abandoned,
        "generator": _write_generator(summary.generator),
        "overallRequest": _write_request(summary.request),
        "topSlowRequests": [_write_request(request) for request in summary.slowest_requests],
        "overallTransaction": _write_transaction(summary.transaction),
        "topSlowTransactions": [_write_transaction(transaction) for transaction in summary.slowest_transactions],
    }
    if examples is not None:
        written["examples"] = [_write_example(example) for example in examples]
    return written


def write_percentiles(percentiles: Percentiles) -> list[Json]:
    return [{"percentile": percent, "percentileValue": seconds} for percent, seconds in percentiles]


def _write_reasons(verdict: Verdict | None) -> list[Json]:
    reasons = verdict.reasons if verdict else ()
    return [{"name": reason.name, "verdict": reason.kind, "message": reason.text} for reason in reasons]


def _write_violated(violated: Violated) -> Json:
    return {
        "subType": violated.subkind,
        "counter": violated.counter,
        "occurrences": violated.times,
        "latestMessage": violated.latest,
        "latestDate": write_date(datetime.fromtimestamp(violated.last, UTC)),
    }


def _write_generator(generator: GeneratorSummary) -> Json:
    return {
        "processes": generator.processes,
        "measuredSeconds": generator.seconds,
        "missingSeconds": generator.missing_seconds,
        "busySeconds": generator.busy_seconds,
        "cpuTime": generator.cpu_time,
        "longestLoopLag": generator.longest_loop_lag,
        "longestGarbageCollection": generator.longest_garbage_collection,
        "sendLag": {
            "iterations": generator.scheduled_iterations,
            "average": generator.mean_send_lag,
            "percentileData": write_percentiles(generator.send_lag),
        },
        "arrivalsDue": generator.due,
        "arrivalsDropped": generator.dropped,
        "openFiles": generator.open_files,
        "openFilesLimit": generator.file_limit,
        "ports": generator.ports,
        "portsLimit": generator.port_limit,
        "lostShare": generator.lost,
        "machines": [
            {
                "machineName": machine.name,
                "averageProcessorTime": machine.processor_time,
                "leastAvailableMBytes": machine.least_available // (1024 * 1024),
            }
            for machine in generator.machines
        ],
    }


def _write_request(request: RequestSummary) -> Json:
    return {
        "averageServiceTime": request.mean_service_time,
        "serviceTimePercentileData": write_percentiles(request.service_percentiles),
        "cachedRequests": request.cached,
        "sentBytes": request.sent_bytes,
        "receivedBytes": request.received_bytes,
        "timings": _write_timings(request.timings),
    }


def _write_timings(timings: Timings) -> Json:
    return {
        "newConnections": timings.connects,
        "averageDnsTime": timings.mean_dns_time,
        "averageConnectTime": timings.mean_connect_time,
        "averageTlsTime": timings.mean_tls_time,
        "averageFirstByteTime": timings.mean_first_byte_time,
        "averageConnectionWaitTime": timings.mean_wait_time,
    }


def _write_transaction(transaction: TransactionSummary) -> Json:
    return {"passedTransactions": transaction.passed, "failedTransactions": transaction.failed}


def _write_example(example: Example) -> Json:
    return {
        "kind": example.kind,
        "scenarioName": example.name.scenario,
        "testName": example.name.test,
        "requestName": example.name.item,
        "date": write_date(datetime.fromtimestamp(example.at, UTC)),
        "responseTime": example.response_us / 1_000_000,
        "serviceTime": example.service_us / 1_000_000,
        "method": example.method,
        "url": example.url,
        "status": example.status,
        "error": example.error,
        "request": example.request,
        "response": example.response,
    }
