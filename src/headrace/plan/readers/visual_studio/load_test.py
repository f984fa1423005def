"""Reads a `.loadtest` of Visual Studio, with all that it refers to (reference: visual-studio-formats, 4)."""

from collections.abc import Mapping

from headrace.plan.browsers import DEFAULT
from headrace.plan.checks import MOST_SCENARIOS
from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Plan, Scenario, TestShare, Tls
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.bindings import spell
from headrace.plan.readers.visual_studio.counter_sets import read_thresholds
from headrace.plan.readers.visual_studio.names import unique_name
from headrace.plan.readers.visual_studio.plugins import refuse_callback, refuse_plugins
from headrace.plan.readers.visual_studio.reading import Choices, Reading
from headrace.plan.readers.visual_studio.roots import read_root
from headrace.plan.readers.visual_studio.run_configurations import read_run_setting
from headrace.plan.readers.visual_studio.scenarios import read_scenario
from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.readers.visual_studio.test_references import WebTests
from headrace.plan.readers.visual_studio.test_settings import read_test_settings
from headrace.plan.readers.visual_studio.web_test import read_web_test
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.targets import TargetRule
from headrace.plan.templates import literal

REQUEST_TIMEOUT = 300.0  # seconds, of a request that has none of its own
_LONE_USERS = 10
_LONE_DURATION = 30.0
_ATTRIBUTES = (
    "Name",
    "Description",
    "Owner",
    "storage",
    "Priority",
    "Enabled",
    "CssProjectStructure",
    "CssIteration",
    "DeploymentItemsEditable",
    "WorkItemIds",
    "TraceLevel",
    "CurrentRunConfig",
    "Id",
    "LoadTestPluginClass",
    "schemaLocation",
)
_CHILDREN = ("Scenarios", "CounterSets", "RunConfigurations", "LoadTestPlugins")
# Every web test of Visual Studio accepted any certificate.
_TRUSTING = Tls(verify=False)
_TRUSTS = "the certificates of servers are not verified, as in Visual Studio"


def read_visual_studio(
    folder: Folder, file: str, choices: Choices, targets: TargetRule
) -> tuple[Plan | None, list[Diagnostic]]:
    """The Plan of a `.loadtest`, or of a `.webtest` alone; None where nothing of it can be run. And all there is to say.

    `file` is a name in the folder. Do not run the Plan where a finding is an error.
    """
    lower = file.lower()
    if lower.endswith(".loadtest"):
        return read_load_test(folder, file, choices, targets)
    if lower.endswith(".webtest"):
        return _read_lone_web_test(folder, file, choices, targets)
    return None, [Diagnostic(Severity.ERROR, f"{file}: it is no test of Visual Studio; name a .loadtest or a .webtest.")]


def read_load_test(folder: Folder, file: str, choices: Choices, targets: TargetRule) -> tuple[Plan | None, list[Diagnostic]]:
    """The Plan of a `.loadtest`, with what can be run of it, and everything that is wrong in any of its files."""
    reading = Reading(file, choices)
    root = read_root(folder, file, "LoadTest", reading)
    if root is None:
        return None, reading.findings
    reading.expect(root, _ATTRIBUTES, _CHILDREN)
    refuse_callback(reading, root, "LoadTestPluginClass")
    for plugins in root.all("LoadTestPlugins"):
        refuse_plugins(reading, plugins, "LoadTestPlugin")
    setting = read_run_setting(reading, root)
    tests = WebTests(folder, file, reading, setting)
    scenarios = _read_scenarios(reading, root, tests)
    thresholds = read_thresholds(reading, root, setting)
    settings, more = read_test_settings(folder, choices)
    if len(tests.proxies) > 1:
        reading.warn(root, "its web tests do not name the same proxy; one of them is used for all")
    reading.tell(root, _TRUSTS)
    # Of a web test that two scenarios use, everything is found twice.
    findings = list(dict.fromkeys([*reading.findings, *tests.findings, *more]))
    if not scenarios:
        return None, findings
    plan = Plan(
        name=_base(file),
        tests=tuple(tests.tests),
        scenarios=scenarios,
        duration=setting.duration,
        warm_up=setting.warm_up,
        ramp_in_warm_up=setting.warm_up > 0,
        cool_down=setting.cool_down,
        sampling_interval=setting.sampling_interval,
        variables=_variables(setting.parameters),
        data=tuple(tests.data),
        request_timeout=REQUEST_TIMEOUT,
        connections=setting.connections,
        pool_size=setting.pool_size,
        proxy=min(tests.proxies - {""}, default=""),
        tls=_TRUSTING,
        iterations=setting.iterations,
        thresholds=thresholds,
        setup=settings.setup,
        cleanup=settings.cleanup,
        files=settings.files,
        targets=targets,
    )
    return plan, findings


def web_tests_of(folder: Folder, file: str, choices: Choices) -> dict[str, str]:
    """The web test that each test of the Plan of `file` is made from, by the test's name."""
    if file.lower().endswith(".webtest"):
        return {_lone_name(file): file}
    reading = Reading(file, choices)
    root = read_root(folder, file, "LoadTest", reading)
    if root is None:
        return {}
    tests = WebTests(folder, file, reading, read_run_setting(reading, root))
    _read_scenarios(reading, root, tests)
    return tests.files


def _read_scenarios(reading: Reading, root: Element, tests: WebTests) -> tuple[Scenario, ...]:
    scenarios: list[Scenario] = []
    taken: set[str] = set()
    elements = list(root.all("Scenarios", "Scenario"))
    if not elements:
        reading.error(root, "it has no scenario, and nobody to run a test; add one")
    if len(elements) > MOST_SCENARIOS:
        reading.error(root, f"it has {len(elements)} scenarios; at most {MOST_SCENARIOS} are possible")
    for element in elements[:MOST_SCENARIOS]:
        name = unique_name(reading.text(element, "Name"), taken, "Scenario")
        taken.add(name)
        scenario = read_scenario(reading, element, name, tests)
        if scenario is not None:
            scenarios.append(scenario)
    return tuple(scenarios)


def _read_lone_web_test(
    folder: Folder, file: str, choices: Choices, targets: TargetRule
) -> tuple[Plan | None, list[Diagnostic]]:
    """A web test without a load test: few users for a short time, as a URL test has them."""
    name = _lone_name(file)
    web_test, findings = read_web_test(folder, file, name, Surroundings(choices, parameters=choices.parameters))
    settings, more = read_test_settings(folder, choices)
    findings = [*findings, *more, Diagnostic(Severity.INFO, f"{file}: {_TRUSTS}.")]
    if web_test is None:
        return None, findings
    scenario = Scenario("Scenario1", (TestShare(name),), Constant(_LONE_USERS), (BrowserShare(DEFAULT, 100.0),))
    plan = Plan(
        name=_base(file),
        tests=(web_test.test,),
        scenarios=(scenario,),
        duration=_LONE_DURATION,
        variables=_variables(choices.parameters),
        data=web_test.data,
        request_timeout=REQUEST_TIMEOUT,
        proxy=web_test.proxy,
        tls=_TRUSTING,
        setup=settings.setup,
        cleanup=settings.cleanup,
        files=settings.files,
        targets=targets,
    )
    return plan, findings


def _lone_name(file: str) -> str:
    return unique_name(_base(file)[: -len(".webtest")], (), "WebTest")


def _variables(parameters: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Context parameters, which go before those of the tests; their values are texts."""
    return tuple((spell(name), literal(value)) for name, value in parameters.items())


def _base(file: str) -> str:
    return file.rpartition("/")[2]
