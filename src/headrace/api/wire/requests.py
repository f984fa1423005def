"""The bodies that clients send, read leniently (reference: clt-service, section 0, line 4, and section 2).

Names of members in any case, unknown members ignored, null as if absent, numbers also as strings. Members that clients send
and that mean nothing in a request (`state` of a new run, dates such as 0001-01-01T00:00:00) are not declared, so ignored.
"""

import re
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from headrace.api.failures import shown
from headrace.api.wire.enums import DROP_KIND, MACHINES, PLATFORM, RETENTION, RUN_KIND, STATE, Machines, Platform
from headrace.runs.model import DropKind, Retention, RunKind, State

LONGEST_NAME = 256
LONGEST_COMMAND = 1024
LONGEST_TEXT = 4096
MOST_QUERIES = 1000
LARGEST = 1_000_000_000

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _read_whole(value: Any) -> int:
    """Raises ValueError where the value is no whole number, nor text or a float that is one."""
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and isfinite(value) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{shown(value)} is no whole number")


def _read_number(value: Any) -> float:
    """Raises ValueError where the value is no finite number, nor text that is one."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = float("inf")
        if isfinite(number):
            return number
    raise ValueError(f"{shown(value)} is no number")


def _read_flag(value: Any) -> bool:
    known = {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else value
    if isinstance(known, bool):
        return known
    raise ValueError(f"{shown(value)} is neither true nor false")


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no text")
    if _CONTROL.search(value):
        raise ValueError("contains a control character; only tabs and line ends are allowed")
    return value


def _none_for_zero(value: int) -> int | None:
    """The C# model has no way to leave a number out, so it sends 0 for what was not set."""
    return value or None


Whole = Annotated[int, BeforeValidator(_read_whole)]
Number = Annotated[float, BeforeValidator(_read_number)]
Flag = Annotated[bool, BeforeValidator(_read_flag)]
Text = Annotated[str, BeforeValidator(_read_text)]
Name = Annotated[Text, Field(max_length=LONGEST_NAME)]
Setting = Annotated[Whole, Field(ge=0, le=LARGEST), AfterValidator(_none_for_zero)]
MachinesType = Annotated[Machines, BeforeValidator(MACHINES.read)]


class Lenient(BaseModel):
    """A JSON object of which the names are read in any case and nulls are taken as absent."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _fold(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = {alias.lower(): alias for field in cls.model_fields.values() if (alias := field.alias)}
        return {known.get(name.lower(), name): value for name, value in data.items() if value is not None}


class GeoLocation(Lenient):
    location: Name
    percentage: Annotated[Whole, Field(ge=0, le=100)]


class BrowserMix(Lenient):
    browser_name: Name
    browser_percentage: Annotated[Number, Field(ge=0, le=100)]


class LoadTestDefinition(Lenient):
    """Reference: clt-service, 6.1. `verifyCertificates` and `requestTimeout` (seconds) are additions of ours.

    -1 users mean that the number is not known, as the JMeter task says.
    """

    load_test_name: Name | None = None
    urls: list[Text] | None = None
    run_duration: Annotated[Whole, Field(ge=0, le=LARGEST)] | None = None
    max_vusers: Annotated[Whole, Field(ge=-1, le=LARGEST)] | None = None
    load_pattern_name: Name | None = None
    think_time: Annotated[Number, Field(ge=0, le=86_400)] | None = None
    browser_mixs: Annotated[list[BrowserMix], Field(max_length=100)] | None = None
    load_generation_geo_locations: Annotated[list[GeoLocation], Field(max_length=100)] | None = None
    sampling_rate: Annotated[Whole, Field(ge=0, le=3600)] | None = None
    agent_count: Annotated[Whole, Field(ge=0, le=LARGEST)] | None = None
    cores_per_agent: Annotated[Whole, Field(ge=0, le=LARGEST)] | None = None
    core_count: Annotated[Whole, Field(ge=0, le=LARGEST)] | None = None
    verify_certificates: Flag | None = None
    request_timeout: Annotated[Number, Field(gt=0, le=3600)] | None = None


class TestDrop(Lenient):
    """`headracePlan`, the text of a plan.yaml, is an addition of ours."""

    __test__ = False  # not a pytest class

    drop_type: Annotated[DropKind, BeforeValidator(DROP_KIND.read)] = DropKind.BLOB
    load_test_definition: LoadTestDefinition | None = None
    headrace_plan: Text | None = None


class TestDropRef(Lenient):
    __test__ = False

    id: Name


class TestSettings(Lenient):
    __test__ = False

    setup_command: Annotated[Text, Field(max_length=LONGEST_COMMAND)] | None = None
    cleanup_command: Annotated[Text, Field(max_length=LONGEST_COMMAND)] | None = None
    host_process_platform: Annotated[Platform, BeforeValidator(PLATFORM.read)] | None = None


class RunSpecificDetails(Lenient):
    """Durations and the interval are seconds; 0 is as if absent."""

    duration: Setting | None = None
    warm_up_duration: Setting | None = None
    virtual_user_count: Setting | None = None
    core_count: Setting | None = None
    cores_per_agent: Setting | None = None
    agent_count: Setting | None = None
    sampling_interval: Setting | None = None
    load_generator_machines_type: MachinesType | None = None


class StaticAgentRunSettings(Lenient):
    load_generator_machines_type: MachinesType | None = None
    static_agent_group_name: Name | None = None


class SupersedeRunSettings(Lenient):
    load_generator_machines_type: MachinesType | None = None
    static_agent_run_settings: StaticAgentRunSettings | None = None


class TestRun(Lenient):
    """A run to be created. The old pages call the reference to its drop `testDropRef`."""

    __test__ = False

    name: Annotated[Text, Field(min_length=1, max_length=LONGEST_NAME)]
    description: Annotated[Text, Field(max_length=LONGEST_TEXT)] | None = None
    test_drop: TestDropRef | None = None
    test_drop_ref: TestDropRef | None = None
    test_settings: TestSettings = TestSettings()
    run_type: Annotated[RunKind, BeforeValidator(RUN_KIND.read)] = RunKind.VISUAL_STUDIO
    run_specific_details: RunSpecificDetails = RunSpecificDetails()
    supersede_run_settings: SupersedeRunSettings = SupersedeRunSettings()
    run_source_identifier: Annotated[Text, Field(max_length=LONGEST_COMMAND)] | None = None
    load_generation_geo_locations: Annotated[list[GeoLocation], Field(max_length=100)] | None = None


class TestRunChange(Lenient):
    """What a PATCH may change."""

    __test__ = False

    state: Annotated[State, BeforeValidator(STATE.read)] | None = None
    retention_state: Annotated[Retention, BeforeValidator(RETENTION.read)] | None = None


class AgentGroup(Lenient):
    """A group of agents to be made."""

    group_name: Annotated[Text, Field(min_length=1, max_length=LONGEST_NAME)]


class SampleQuery(Lenient):
    """Intervals from `fromInterval` to `toInterval`, both included; -1 is the last there is."""

    counter_instance_id: Name
    from_interval: Annotated[Whole, Field(ge=0, le=LARGEST)] = 0
    to_interval: Annotated[Whole, Field(ge=-1, le=LARGEST)] = -1


class SampleQueries(Lenient):
    value: Annotated[list[SampleQuery], Field(max_length=MOST_QUERIES)]
