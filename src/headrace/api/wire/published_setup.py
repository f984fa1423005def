"""The answers of the old API about what is set up, as a schema: test definitions, agents, counters of applications, and the
service itself (reference: clt-service, section 2.11). As in `published.py`."""

from datetime import datetime
from typing import Any, Literal

from headrace.api.wire.enums import Machines
from headrace.api.wire.published import DropAccessData, GeoLocationAnswer, IdentityRef, Published, ServiceDefinition
from headrace.runs.agents import AgentState
from headrace.runs.model import DefinitionKind, RunKind


class Nothing(Published):
    """An object without members: it is done."""


class TestDefinitionBasic(Published):
    __test__ = False

    id: str
    name: str
    created_date: datetime
    last_modified_date: datetime
    created_by: IdentityRef | None = None
    last_modified_by: IdentityRef | None = None
    load_test_type: DefinitionKind
    access_data: DropAccessData | None


class TestDefinitionAnswer(TestDefinitionBasic):
    """TestDefinition."""

    description: str | None = None
    load_test_definition_source: str | None = None
    run_settings: dict[str, Any] | None = None
    load_generation_geo_locations: list[GeoLocationAnswer] | None = None
    static_agent_run_settings: dict[str, Any] | None = None
    test_details: dict[str, Any] | None = None


class TestDefinitions(Published):
    __test__ = False

    count: int
    value: list[TestDefinitionBasic]


class AgentGroupAnswer(Published):
    """AgentGroup."""

    group_id: str
    group_name: str
    tenant_id: str
    creation_time: datetime | None = None
    created_by: IdentityRef | None = None
    machine_configuration: None
    machine_access_data: None


class MachineInput(Published):
    """WebApiUserLoadTestMachineInput. Up to 5.0 its last member is spelt `vSTSAccountUri`."""

    machine_group_id: str
    machine_type: Machines
    setup_configuration: dict[str, Any]
    supported_run_types: list[RunKind]
    agent_group_name: str
    tenant_id: str
    user_load_agent_resources_uri: None
    vsts_account_uri: str | None = None


class Addresses(Published):
    """What an agent must reach."""

    count: int
    value: list[str]


class AgentGroups(Published):
    count: int
    value: list[AgentGroupAnswer | MachineInput]


class StaticAgent(Published):
    name: str
    agent_group_name: str
    agent_group_id: str
    last_heart_beat: datetime
    state: AgentState


class StaticAgents(Published):
    count: int
    value: list[StaticAgent]


class Plugin(Published):
    """ApplicationType."""

    type: Literal["ApplicationInsights"]
    is_enabled: bool
    max_components_allowed_for_collection: int
    max_counters_allowed: int
    action_uri_link: str
    aut_portal_link: str


class Plugins(Published):
    count: int
    value: list[Plugin]


class Application(Published):
    """The misspelt member is so on the wire."""

    application_id: str
    name: str
    type: str
    path: str
    path_seperator: str
    version: str
    description: str


class Applications(Published):
    count: int
    value: list[Application]


class ApplicationCounter(Published):
    """ApplicationCounters."""

    application_id: str
    id: str
    name: str
    path: str
    description: str
    is_default: bool


class ApplicationCounterList(Published):
    count: int
    value: list[ApplicationCounter]


class Machine(Published):
    """WebApiTestMachine."""

    machine_name: str
    status: AgentState
    last_heart_beat: datetime


class TenantDetails(Published):
    id: str
    valid_geo_locations: list[str]
    static_machines: list[Machine]
    access_details: list[dict[str, Any]]


class AuthenticatedUser(Published):
    id: str
    descriptor: str
    provider_display_name: str
    is_active: bool
    properties: dict[str, Any]
    resource_version: int
    meta_type_id: int


class AccessMapping(Published):
    moniker: str
    display_name: str
    access_point: str


class LocationServiceData(Published):
    service_owner: str
    default_access_mapping_moniker: str
    access_mappings: list[AccessMapping]
    service_definitions: list[ServiceDefinition]


class ConnectionData(Published):
    authenticated_user: AuthenticatedUser
    authorized_user: AuthenticatedUser
    instance_id: str
    deployment_id: str
    deployment_type: str
    location_service_data: LocationServiceData
