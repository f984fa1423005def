"""What a run measured, as `/api/v1` spells it. Times are seconds, shares 0 to 1, dates ISO.

Members are read from the values of `results/` that have the same names; what they mean stands there.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from headrace.api.v1.shape import Answer, Percentiles, Question

VerdictName = Literal["valid", "suspect", "invalid"]
MOST_COUNTERS = 20
_INTERVAL = Annotated[int, Field(ge=0, le=2**31 - 1)]


class ScenarioShape(Answer):
    least_users: int
    most_users: int


class TestShape(Answer):
    __test__ = False

    name: str
    scenario: str
    total: int
    passed: int
    failed: int
    mean_time: float
    percentiles: Percentiles


class PageShape(TestShape):
    test: str
    percent_meeting_goal: int


class TimingsShape(Answer):
    connects: int
    mean_dns_time: float
    mean_connect_time: float
    mean_tls_time: float
    mean_first_byte_time: float
    mean_wait_time: float


class RequestShape(Answer):
    name: str
    test: str
    scenario: str
    total: int
    passed: int
    failed: int
    cached: int
    per_second: float
    mean_response_time: float
    percentiles: Percentiles
    mean_service_time: float
    service_percentiles: Percentiles
    sent_bytes: int
    received_bytes: int
    timings: TimingsShape


class TransactionShape(TestShape):
    test: str
    mean_response_time: float


class ReasonShape(Answer):
    name: str
    kind: VerdictName
    text: str


class VerdictShape(Answer):
    """Whether the numbers can be trusted: docs/verdict.md."""

    kind: VerdictName
    reasons: list[ReasonShape]


class ViolatedShape(Answer):
    """`last` is in seconds since 1970."""

    counter: str
    subkind: str
    times: int
    latest: str
    last: float


class MachineShape(Answer):
    name: str
    processor_time: float
    least_available: int


class GeneratorShape(Answer):
    processes: int
    seconds: int
    missing_seconds: int
    busy_seconds: int
    cpu_time: float
    longest_loop_lag: float
    longest_garbage_collection: float
    scheduled_iterations: int
    mean_send_lag: float
    send_lag: Percentiles
    due: int
    dropped: int
    lost: float
    machines: list[MachineShape]


class SummaryShape(Answer):
    """A run in numbers, so far or in the end. `verdict` is null where nothing was measured."""

    elapsed: float
    abandoned: int
    scenario: ScenarioShape
    test: TestShape
    page: PageShape
    request: RequestShape
    transaction: TransactionShape
    slowest_tests: list[TestShape]
    slowest_pages: list[PageShape]
    slowest_requests: list[RequestShape]
    slowest_transactions: list[TransactionShape]
    generator: GeneratorShape
    verdict: VerdictShape | None
    violated: list[ViolatedShape]


class ErrorShape(Answer):
    """Errors that are the same in all but their time."""

    type: str
    subtype: str
    test: str
    scenario: str
    method: str
    url: str
    message: str
    occurrences: int
    last_at: datetime


class ErrorsShape(Answer):
    occurrences: int
    items: list[ErrorShape]


class ValuesShape(Answer):
    average: float
    least: float
    most: float


class CounterShape(Answer):
    id: int
    machine: str
    category: str
    name: str
    instance: str
    unit: str
    groups: list[str]
    summary: ValuesShape | None


class CountersShape(Answer):
    items: list[CounterShape]


class SampleShape(Answer):
    """`at` is seconds since the start of the load, `value` is over the interval."""

    interval: int
    at: float
    value: float


class SeriesShape(Answer):
    """`next` is the interval to go on from; null where there are no more."""

    counter: int
    samples: list[SampleShape]
    next: int | None


class SamplesShape(Answer):
    items: list[SeriesShape]


class CountersQuery(Question):
    group: list[Literal["Performance", "Throughput", "Application", "Default", "All"]] = Field(
        default_factory=list, max_length=5, description="Counters in any of these groups; all where none is named."
    )
    summary: Annotated[
        bool,
        BeforeValidator(lambda value: {"true": True, "false": False}.get(value, value)),
        Field(description="With average, least and most of the values."),
    ] = False


class SamplesQuery(Question):
    counter: Annotated[
        list[Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]],
        Field(min_length=1, max_length=MOST_COUNTERS, description="Ids of counters."),
    ]
    from_: Annotated[
        _INTERVAL, Field(alias="from", description="The first interval wanted; 0 is the start of the load.")
    ] = 0
