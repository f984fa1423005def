"""Run configurations, shown as run settings: how a load test is run (reference: visual-studio-formats, 6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from headrace.plan.limits import LONGEST
from headrace.plan.model import Connections
from headrace.plan.readers.visual_studio.reading import Reading, shown
from headrace.plan.readers.visual_studio.surroundings import Level
from headrace.plan.readers.visual_studio.xml_tree import Element

_T = TypeVar("_T")
# With UseTestIterations the file's times have no effect, and a load must end: after so many seconds at the latest.
LONGEST_ITERATIONS = 86_400.0
_LONGEST_INTERVAL = 3600
_MOST_ITERATIONS = 10**9
_MOST_CONNECTIONS = 100_000
_MOST_NAMED = 20
_CONTROLLER, _AGENTS = "[controller machine]", "[agent machines]"
_LEVELS = {"Low": Level.LOW, "Medium": Level.MEDIUM, "High": Level.HIGH}
_MODELS = {
    "ConnectionPerUser": Connections.PER_USER,
    "ConnectionPool": Connections.POOLED,
    "ConnectionPerTestIteration": Connections.PER_ITERATION,
}
# What the Cloud Load Test service took out of the context parameters for itself.
_RESERVED = ("UseStaticLoadAgents", "StaticAgentsGroupName")
# What means nothing here, and what it is where its author did not touch it.
_USUAL = {
    "SaveTestLogsFrequency": "0",
    "MaxErrorDetails": "200",
    "MaxErrorsPerType": "1000",
    "MaxThresholdViolations": "1000",
    "MaxRequestUrlsReported": "1000",
    "CoreCount": "0",
    "UseMultipleIPs": "false",
    "TestAgentConfiguration": "Default",
    "ResourcesRetentionTimeInMinutes": "0",
}
_ATTRIBUTES = (
    "Name",
    "RunDuration",
    "WarmupTime",
    "CoolDownTime",
    "UseTestIterations",
    "TestIterations",
    "SampleRate",
    "ValidationLevel",
    "WebTestConnectionModel",
    "WebTestConnectionPoolSize",
    "SqlTracingEnabled",
    *_USUAL,
    # What says where results go and how much is told of them, and what is of unit tests.
    "Description",
    "ResultsStoreType",
    "TimingDetailsStorage",
    "SaveTestLogsOnError",
    "RunUnitTestsInAppDomain",
    "SqlTracingConnectString",
    "SqlTracingConnectStringDisplayValue",
    "SqlTracingDirectory",
    "SqlTracingFileCount",
    "SqlTracingRolloverEnabled",
    "SqlTracingMinimumDuration",
    "AgentDiagnosticsLevel",
    "RigType",
)
_CHILDREN = (
    "CounterSetMappings",
    "LoadGeneratorLocations",
    "ContextParameters",
    "Applications",
    "ApplicationsUnderTestSettings",
)


@dataclass(frozen=True, slots=True)
class RunSetting:
    """Times are seconds. `on_controller` and `on_agents` are the names of the counter sets that are watched there."""

    duration: float = 60.0
    warm_up: float = 0.0
    cool_down: float = 0.0
    iterations: int | None = None
    sampling_interval: int = 15
    level: Level = Level.HIGH
    connections: Connections = Connections.PER_USER
    pool_size: int = 50
    parameters: Mapping[str, str] = field(default_factory=dict)
    on_controller: frozenset[str] = frozenset()
    on_agents: frozenset[str] = frozenset()


def read_run_setting(reading: Reading, root: Element) -> RunSetting:
    """The run setting that the user chose, else the active one. Without it, an error, all settings are the usual ones."""
    configuration = _find(reading, root)
    if configuration is None:
        return RunSetting()
    reading.expect(configuration, _ATTRIBUTES, _CHILDREN)
    _warn_of_computers(reading, configuration)
    _tell_of_others(reading, configuration)
    iterations = None
    if reading.flag(configuration, "UseTestIterations"):
        iterations = reading.whole(configuration, "TestIterations", 100, 1, _MOST_ITERATIONS)
        duration, warm_up, cool_down = LONGEST_ITERATIONS, 0.0, 0.0
        ends = f"the load ends after {iterations} iterations, at the latest after {LONGEST_ITERATIONS:g} s"
        reading.tell(configuration, f"{ends}; with UseTestIterations its times have no effect")
    else:
        duration = reading.number(configuration, "RunDuration", 60.0, 1, LONGEST)
        warm_up = reading.number(configuration, "WarmupTime", 0.0, 0, LONGEST)
        cool_down = reading.number(configuration, "CoolDownTime", 0.0, 0, LONGEST)
    return RunSetting(
        duration,
        warm_up,
        cool_down,
        iterations,
        reading.whole(configuration, "SampleRate", 15, 1, _LONGEST_INTERVAL),
        _chosen(reading, configuration, "ValidationLevel", "High", _LEVELS),
        _chosen(reading, configuration, "WebTestConnectionModel", "ConnectionPerUser", _MODELS),
        reading.whole(configuration, "WebTestConnectionPoolSize", 50, 1, _MOST_CONNECTIONS),
        dict(_read_parameters(reading, configuration)),
        frozenset(_mapped(configuration, _CONTROLLER)),
        frozenset(_mapped(configuration, _AGENTS)),
    )


def _find(reading: Reading, root: Element) -> Element | None:
    configurations = list(root.all("RunConfigurations", "RunConfiguration"))
    wanted = reading.choices.run_configuration or reading.text(root, "CurrentRunConfig")
    if not wanted and len(configurations) == 1:
        return configurations[0]
    for configuration in configurations:
        if reading.text(configuration, "Name") == wanted:
            return configuration
    names = ", ".join(shown(reading.text(configuration, "Name")) for configuration in configurations[:_MOST_NAMED])
    missing = f"there is no run setting {shown(wanted)}" if wanted else "CurrentRunConfig names no run setting"
    reading.error(root, f"{missing}; there is {names or 'none'}. Choose one of these by --run-config or in the file")
    return None


def _chosen(reading: Reading, element: Element, attribute: str, default: str, known: Mapping[str, _T]) -> _T:
    written = reading.text(element, attribute).strip() or default
    for name, value in known.items():
        if name.lower() == written.lower():
            return value
    *others, last = known
    reading.error(element, f"{attribute} is {shown(written)}; give {', '.join(others)} or {last}")
    return known[default]


def _read_parameters(reading: Reading, configuration: Element) -> Iterator[tuple[str, str]]:
    """The parameters that the user does not give, in whatever case, and then those that the user does."""
    given = {name.casefold() for name in reading.choices.parameters}
    for parameter in configuration.all("ContextParameters", "ContextParameter"):
        reading.expect(parameter, ("Name", "Value"), ())
        name = reading.text(parameter, "Name")
        if name == _RESERVED[0] and reading.text(parameter, "Value").strip().lower() == "true":
            reading.tell(parameter, "it asks for agents of the user's own; the run uses the agents of this service")
        elif name and name not in _RESERVED and name.casefold() not in given:
            yield name, reading.text(parameter, "Value")
    yield from reading.choices.parameters.items()


def _mapped(configuration: Element, computer: str) -> Iterator[str]:
    for mapping in configuration.all("CounterSetMappings", "CounterSetMapping"):
        if mapping.attributes.get("ComputerName", "").strip().lower() == computer:
            for reference in mapping.all("CounterSetReferences", "CounterSetReference"):
                yield reference.attributes.get("CounterSetName", "")


def _warn_of_computers(reading: Reading, configuration: Element) -> None:
    for mapping in configuration.all("CounterSetMappings", "CounterSetMapping"):
        computer = reading.text(mapping, "ComputerName").strip()
        if computer.lower() not in (_CONTROLLER, _AGENTS):
            reading.warn(mapping, f"counters of the computer {shown(computer)} are not collected; only those of agents are")


def _tell_of_others(reading: Reading, configuration: Element) -> None:
    """What the old service, or a rig of Windows machines, would have done beside the test."""
    unusual = [
        f"{name}={shown(value)}"
        for name, usual in _USUAL.items()
        if (value := reading.text(configuration, name).strip()) and value.lower() != usual.lower()
    ]
    if unusual:
        reading.tell(configuration, f"{', '.join(unusual)}: this was for the old service, and has no effect")
    if reading.flag(configuration, "SqlTracingEnabled"):
        reading.warn(configuration, "SqlTracingEnabled has no effect: SQL Server is not traced")
    for location in configuration.all("LoadGeneratorLocations", "GeoLocation"):
        place = reading.text(location, "Location").strip()
        if place.lower() not in ("", "default"):
            reading.tell(
                location, f"the load does not come from {shown(place)}, but from where the agents of this service are"
            )
    for application in configuration.all("Applications", "AutComponent"):
        reading.warn(application, "counters of applications under test are not collected")
