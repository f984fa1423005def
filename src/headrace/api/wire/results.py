"""Results as answers spell them (reference: clt-service, section 5). Times are seconds, frequencies ticks a second."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from headrace.api.context import Links
from headrace.api.wire.dates import write_date
from headrace.api.wire.extension import write_extension, write_percentiles
from headrace.api.wire.runs import Json
from headrace.results.counters import FREQUENCY, CounterKind
from headrace.results.errors import ErrorDetail, Errors, ErrorSubtype, ErrorType
from headrace.results.instances import CounterInstance
from headrace.results.reader import Sample
from headrace.results.summary import (
    PageSummary,
    RequestSummary,
    ScenarioSummary,
    Summary,
    TestSummary,
    TransactionSummary,
)
from headrace.ticks.tick import Example

COUNTER_GROUPS = ("Performance", "Throughput", "Application")
"""The published groups."""

_KINDS = {
    CounterKind.AVERAGE_TIMER: "AverageTimer32",
    CounterKind.AVERAGE_COUNT: "AverageCount64",
    CounterKind.SAMPLE_FRACTION: "SampleFraction",
    CounterKind.RAW_FRACTION: "RawFraction",
    CounterKind.RATE: "RateOfCountsPerSecond32",
    CounterKind.NUMBER_OF_ITEMS: "NumberOfItems32",
}
_COUNTER_ID = re.compile(r"Els~(-?[0-9]{1,10})", re.IGNORECASE)


def read_counter_id(text: str) -> int | None:
    """The number in `Els~-2020039322`; None where the text is no id of ours."""
    match = _COUNTER_ID.fullmatch(text.strip())
    return int(match[1]) if match else None


def write_counter(counter: CounterInstance) -> Json:
    """TestRunCounterInstance."""
    written: Json = {
        "counterInstanceId": f"Els~{counter.id}",
        "machineName": counter.machine,
        "categoryName": counter.category,
        "counterName": counter.name,
        "counterUnits": counter.unit or "-",
        "instanceName": counter.instance,
        "uniqueName": None,
        "isPreselectedCounter": counter.preselected,
        "partOfCounterGroups": [group for group in counter.groups if group in COUNTER_GROUPS],
    }
    if counter.summary is not None:
        summary = counter.summary
        written["summaryData"] = {"average": summary.average, "max": summary.most, "min": summary.least}
    return written


def write_samples(counter_id: str, samples: Sequence[Sample], start: datetime, interval: timedelta) -> Json:
    """CounterInstanceSamples under the id that was asked for. `start` is that of the load: interval 0."""
    last = _end(samples[-1], start) if samples else start
    return {
        "counterInstanceId": counter_id,
        "nextRefreshTime": write_date(last + interval),
        "count": len(samples),
        "values": [_write_sample(counter_id, sample, start) for sample in samples],
    }


def _write_sample(counter_id: str, sample: Sample, start: datetime) -> Json:
    return {
        "counterInstanceId": counter_id,
        "intervalNumber": sample.interval,
        "intervalEndDate": write_date(_end(sample, start)),
        "rawValue": sample.raw,
        "baseValue": sample.base,
        "counterFrequency": FREQUENCY,
        "systemFrequency": FREQUENCY,
        "timeStamp": sample.timestamp,
        "counterType": _KINDS[sample.kind],
        "computedValue": sample.value,
    }


def _end(sample: Sample, start: datetime) -> datetime:
    return start + timedelta(seconds=sample.timestamp / FREQUENCY)


def write_errors(errors: Errors, run_id: str, links: Links, detailed: bool) -> Json:
    """LoadTestErrors. Addresses lead one step further down, so to the details where they are not shown."""
    return {
        "types": [_write_type(kind, run_id, links, detailed) for kind in errors.types],
        "count": len(errors.types),
        "occurrences": errors.occurrences,
        "url": links.errors(run_id, detailed=True),
    }


def _write_type(kind: ErrorType, run_id: str, links: Links, detailed: bool) -> Json:
    return {
        "typeName": kind.name,
        "count": len(kind.subtypes),
        "occurrences": kind.occurrences,
        "url": links.errors(run_id, kind=kind.name, detailed=not detailed),
        "subTypes": [_write_subtype(subkind, kind.name, run_id, links, detailed) for subkind in kind.subtypes],
    }


def _write_subtype(subkind: ErrorSubtype, kind: str, run_id: str, links: Links, detailed: bool) -> Json:
    return {
        "subTypeName": subkind.name,
        "count": len(subkind.details),
        "occurrences": subkind.occurrences,
        "url": links.errors(run_id, kind=kind, subkind=subkind.name, detailed=not detailed),
        "errorDetailList": [_write_detail(detail) for detail in subkind.details] if detailed else None,
    }


def _write_detail(detail: ErrorDetail) -> Json:
    return {
        "occurrences": detail.occurrences,
        "testCaseName": detail.test,
        "scenarioName": detail.scenario,
        "request": f"{detail.url}----{{{detail.method}}}" if detail.url else "",
        "stackTrace": "",
        "messageText": detail.message,
        "lastErrorDate": write_date(datetime.fromtimestamp(detail.last, UTC)),
    }


def write_summary(summary: Summary, examples: Sequence[Example] | None = None) -> Json:
    """TestResultsSummary, with our own extension, which has the examples where they are given."""
    return {
        "overallScenarioSummary": _write_scenario(summary.scenario),
        "overallTestSummary": _write_test(summary.test),
        "overallPageSummary": _write_page(summary.page),
        "overallRequestSummary": _write_request(summary.request),
        "overallTransactionSummary": _write_transaction(summary.transaction),
        "topSlowTests": [_write_test(test) for test in summary.slowest_tests],
        "topSlowPages": [_write_page(page) for page in summary.slowest_pages],
        "topSlowRequests": [_write_request(request) for request in summary.slowest_requests],
        "topSlowTransactions": [_write_transaction(transaction) for transaction in summary.slowest_transactions],
        "headrace": write_extension(summary, examples),
    }


def _write_scenario(scenario: ScenarioSummary) -> Json:
    return {
        "scenarioName": scenario.name,
        "minUserLoad": scenario.least_users,
        "maxUserLoad": scenario.most_users,
    }


def _write_test(test: TestSummary) -> Json:
    return {
        "testName": test.name,
        "scenarioName": test.scenario,
        "totalTests": test.total,
        "passedTests": test.passed,
        "failedTests": test.failed,
        "averageTestTime": test.mean_time,
        "percentileData": write_percentiles(test.percentiles),
    }


def _write_page(page: PageSummary) -> Json:
    return {
        "pageUrl": page.name,
        "testName": page.test,
        "scenarioName": page.scenario,
        "totalPages": page.total,
        "averagePageTime": page.mean_time,
        "percentagePagesMeetingGoal": page.percent_meeting_goal,
        "percentileData": write_percentiles(page.percentiles),
    }


def _write_request(request: RequestSummary) -> Json:
    return {
        "requestUrl": request.name,
        "testName": request.test,
        "scenarioName": request.scenario,
        "totalRequests": request.total,
        "passedRequests": request.passed,
        "failedRequests": request.failed,
        "requestsPerSec": request.per_second,
        "averageResponseTime": request.mean_response_time,
        "percentileData": write_percentiles(request.percentiles),
    }


def _write_transaction(transaction: TransactionSummary) -> Json:
    return {
        "transactionName": transaction.name,
        "testName": transaction.test,
        "scenarioName": transaction.scenario,
        "totalTransactions": transaction.total,
        "averageResponseTime": transaction.mean_response_time,
        "averageTransactionTime": transaction.mean_time,
        "percentileData": write_percentiles(transaction.percentiles),
    }
