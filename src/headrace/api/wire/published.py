"""The answers of the old API as a schema (reference: clt-service, sections 2 and 5).

The functions of this folder write them; these classes only say what they write, for `/openapi.json`. A member with a default
is left out where there is nothing to say.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from headrace.api.wire.enums import Machines, Platform
from headrace.runs.model import DropKind, Retention, RunKind, Severity, Source, State, Substate


class Published(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class WrappedException(BaseModel):
    """An error. `typeKey` is for programs, `message` for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "$id": "1",
                    "innerException": None,
                    "message": "There is no test run '5b7a2c9e-3a0b-4f7e-8a43-0d9a6c1f2b11' here.",
                    "typeName": "Headrace.TestRunNotFoundException, Headrace",
                    "typeKey": "TestRunNotFoundException",
                    "errorCode": 0,
                    "eventId": 3000,
                }
            ]
        },
        alias_generator=to_camel,
    )

    message: str
    type_name: str
    type_key: str
    error_code: int
    event_id: int


class IdentityRef(Published):
    id: str
    display_name: str


class DropAccessData(Published):
    drop_container_url: str
    sas_key: str


class TestDropAnswer(Published):
    """TestDrop. `headracePlan` is ours."""

    __test__ = False

    id: str
    drop_type: DropKind
    created_date: datetime
    access_data: DropAccessData | None
    test_run_id: str | None
    load_test_definition: dict[str, Any] | None
    headrace_plan: str | None = None


class GeoLocationAnswer(Published):
    location: str
    percentage: int


class RunDetailsAnswer(Published):
    duration: int | None = None
    warm_up_duration: int | None = None
    virtual_user_count: int | None = None
    core_count: int | None = None
    cores_per_agent: int | None = None
    agent_count: int | None = None
    sampling_interval: int
    load_generator_machines_type: Machines | None = None


class TestRunBasic(Published):
    __test__ = False

    id: str
    name: str
    run_number: int
    created_date: datetime
    finished_date: datetime | None = None
    run_specific_details: RunDetailsAnswer
    load_generation_geo_locations: list[GeoLocationAnswer]
    run_type: RunKind
    created_by: IdentityRef | None = None
    state: State
    url: str


class TestSettingsAnswer(Published):
    __test__ = False

    setup_command: str
    cleanup_command: str
    host_process_platform: Platform


class ResourceRef(Published):
    id: str
    url: str


class AbortMessage(Published):
    cause: str
    action: str
    source: str
    logged_date: datetime
    details: list[str]


class TestRunAnswer(TestRunBasic):
    """TestRun."""

    queued_date: datetime | None = None
    started_date: datetime | None = None
    warm_up_started_date: datetime | None = None
    execution_started_date: datetime | None = None
    execution_finished_date: datetime | None = None
    started_by: IdentityRef | None = None
    stopped_by: IdentityRef | None = None
    sub_state: Substate
    description: str | None = None
    chargeable: bool | None = None
    test_settings: TestSettingsAnswer
    test_drop: ResourceRef
    abort_message: AbortMessage | None = None
    retention_state: Retention
    run_source_identifier: str | None = None
    supersede_run_settings: dict[str, Any] | None = None
    web_result_url: str


class TestRunMessage(Published):
    __test__ = False

    message_id: str
    test_run_id: str
    agent_id: str
    message_type: Severity
    message_source: Source
    logged_date: datetime
    message: str
    error_code: str | None = None
    url: str


class TestRunMessages(Published):
    __test__ = False

    count: int
    value: list[TestRunMessage]


class CounterGroup(Published):
    group_name: str
    url: str


class TestResults(Published):
    __test__ = False

    results_url: str | None = None
    counter_groups: list[CounterGroup]


class PercentileData(Published):
    percentile: int
    percentile_value: float


class ScenarioSummaryAnswer(Published):
    scenario_name: str
    min_user_load: int
    max_user_load: int


class TestSummaryAnswer(Published):
    __test__ = False

    test_name: str
    scenario_name: str
    total_tests: int
    passed_tests: int
    failed_tests: int
    average_test_time: float
    percentile_data: list[PercentileData]


class PageSummaryAnswer(Published):
    page_url: str
    test_name: str
    scenario_name: str
    total_pages: int
    average_page_time: float
    percentage_pages_meeting_goal: float
    percentile_data: list[PercentileData]


class RequestSummaryAnswer(Published):
    request_url: str
    test_name: str
    scenario_name: str
    total_requests: int
    passed_requests: int
    failed_requests: int
    requests_per_sec: float
    average_response_time: float
    percentile_data: list[PercentileData]


class TransactionSummaryAnswer(Published):
    transaction_name: str
    test_name: str
    scenario_name: str
    total_transactions: int
    average_response_time: float
    average_transaction_time: float
    percentile_data: list[PercentileData]


class TestResultsSummary(Published):
    """`headrace` is ours: docs/api.md."""

    __test__ = False

    overall_scenario_summary: ScenarioSummaryAnswer
    overall_test_summary: TestSummaryAnswer
    overall_page_summary: PageSummaryAnswer
    overall_request_summary: RequestSummaryAnswer
    overall_transaction_summary: TransactionSummaryAnswer
    top_slow_tests: list[TestSummaryAnswer]
    top_slow_pages: list[PageSummaryAnswer]
    top_slow_requests: list[RequestSummaryAnswer]
    top_slow_transactions: list[TransactionSummaryAnswer]
    headrace: dict[str, Any]


class CounterSummaryData(Published):
    average: float
    max: float
    min: float


class TestRunCounterInstance(Published):
    __test__ = False

    counter_instance_id: str
    machine_name: str
    category_name: str
    counter_name: str
    counter_units: str
    instance_name: str
    unique_name: str | None
    is_preselected_counter: bool
    part_of_counter_groups: list[str]
    summary_data: CounterSummaryData | None = None


class TestRunCounterInstances(Published):
    __test__ = False

    count: int
    value: list[TestRunCounterInstance]


class CounterSample(Published):
    counter_instance_id: str
    interval_number: int
    interval_end_date: datetime
    raw_value: int
    base_value: int
    counter_frequency: int
    system_frequency: int
    time_stamp: int
    counter_type: str
    computed_value: float


class CounterInstanceSamples(Published):
    counter_instance_id: str
    next_refresh_time: datetime
    count: int
    values: list[CounterSample]


class CounterSamplesResult(Published):
    total_samples_count: int
    max_batch_size: int
    count: int
    values: list[CounterInstanceSamples]


class LoadTestErrorDetails(Published):
    occurrences: int
    test_case_name: str
    scenario_name: str
    request: str
    stack_trace: str
    message_text: str
    last_error_date: datetime


class SubType(Published):
    sub_type_name: str
    count: int
    occurrences: int
    url: str
    error_detail_list: list[LoadTestErrorDetails] | None


class Type(Published):
    type_name: str
    count: int
    occurrences: int
    url: str
    sub_types: list[SubType]


class LoadTestErrors(Published):
    types: list[Type]
    count: int
    occurrences: int
    url: str


class LocationMapping(Published):
    access_mapping_moniker: str
    location: str


class ServiceDefinition(Published):
    service_type: Literal["LocationService2"]
    identifier: str
    display_name: str
    relative_to_setting: str
    location_mappings: list[LocationMapping]


class ServiceDefinitions(Published):
    count: int
    value: list[ServiceDefinition]


class ResourceArea(Published):
    id: str
    name: str
    location_url: str


class ResourceAreas(Published):
    count: int
    value: list[ResourceArea]


class ApiResource(Published):
    id: str
    area: str
    resource_name: str
    route_template: str
    resource_version: int
    min_version: str
    max_version: str
    released_version: str


class ApiResources(Published):
    count: int
    value: list[ApiResource]
