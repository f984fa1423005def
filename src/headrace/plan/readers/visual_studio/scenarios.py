"""Scenarios: users who share a load, a mix of tests, and how they look and behave (reference: visual-studio-formats, 5)."""

from headrace.plan.checks import MOST_SHARES
from headrace.plan.limits import LONGEST
from headrace.plan.model import Mix, Scenario, TestShare
from headrace.plan.readers.visual_studio.bindings import Bindings
from headrace.plan.readers.visual_studio.browser_mixes import read_browser_mix
from headrace.plan.readers.visual_studio.load_profiles import read_load_profile
from headrace.plan.readers.visual_studio.network_mixes import read_network_mix
from headrace.plan.readers.visual_studio.reading import Reading, shown
from headrace.plan.readers.visual_studio.test_references import WebTests
from headrace.plan.readers.visual_studio.think_profiles import USUAL_DEVIATION, ThinkProfile, read_think_profile
from headrace.plan.readers.visual_studio.xml_tree import Element

_MIXES = {
    "percentageoftestsstarted": Mix.TESTS_STARTED,
    "percentageofusersrunning": Mix.USERS_RUNNING,
    "userpacing": Mix.PACING,
    "sequential": Mix.SEQUENTIAL,
}
_MOST_ITERATIONS = 10**12
_ATTRIBUTES = (
    "Name",
    "DelayBetweenIterations",
    "PercentNewUsers",
    "IPSwitching",
    "TestMixType",
    "ApplyDistributionToPacingDelay",
    "MaxTestIterations",
    "DisableDuringWarmup",
    "DelayStartTime",
    "AllowedAgents",
)
_CHILDREN = ("ThinkProfile", "LoadProfile", "InitializeTest", "TestMix", "TerminateTest", "BrowserMix", "NetworkMix")


def read_scenario(reading: Reading, element: Element, name: str, tests: WebTests) -> Scenario | None:
    """The scenario under this name; None, and an error, where it has nothing to run."""
    reading.expect(element, _ATTRIBUTES, _CHILDREN)
    think = read_think_profile(reading, element)
    load = read_load_profile(reading, element, tests.setting.sampling_interval)
    mix_by = _read_mix_type(reading, element)
    mix = _read_mix(reading, element, mix_by, name, think, tests)
    first = _around(element, "InitializeTest", name, think, tests)
    last = _around(element, "TerminateTest", name, think, tests)
    browsers = read_browser_mix(reading, element, Bindings(tests.setting.parameters).bind)
    networks = read_network_mix(reading, element)
    _tell_of_rigs(reading, element)
    # One of Visual Studio's users has no time of its own between iterations that are paced.
    delay = 0.0 if mix_by is Mix.PACING else reading.number(element, "DelayBetweenIterations", 0.0, 0, LONGEST)
    # How wide the normal curve around a pacing interval is, no file says: as for think times, unless told otherwise.
    spread = mix_by is Mix.PACING and reading.flag(element, "ApplyDistributionToPacingDelay", True)
    most = reading.whole(element, "MaxTestIterations", 0, 0, _MOST_ITERATIONS)
    if load is None or not mix:
        return None
    return Scenario(
        name=name,
        mix=mix,
        load=load,
        browsers=browsers,
        networks=networks,
        mix_by=mix_by,
        think_time=think.pause(delay),
        pacing_deviation=USUAL_DEVIATION if spread else 0.0,
        iterations=most or None,
        delay=reading.number(element, "DelayStartTime", 0.0, 0, LONGEST),
        idle_in_warm_up=reading.flag(element, "DisableDuringWarmup"),
        new_users=reading.number(element, "PercentNewUsers", 0.0, 0, 100),
        first=first,
        last=last,
    )


def _read_mix_type(reading: Reading, scenario: Element) -> Mix:
    written = reading.text(scenario, "TestMixType").strip() or "PercentageOfTestsStarted"
    mix = _MIXES.get(written.lower())
    if mix is None:
        kinds = "PercentageOfTestsStarted, PercentageOfUsersRunning, UserPacing or Sequential"
        reading.error(scenario, f"TestMixType is {shown(written)}; give {kinds}")
    return mix or Mix.TESTS_STARTED


def _read_mix(
    reading: Reading, scenario: Element, mix_by: Mix, name: str, think: ThinkProfile, tests: WebTests
) -> tuple[TestShare, ...]:
    """The tests of a mix that can be run, with their shares; what cannot be run is an error."""
    profiles = list(scenario.all("TestMix", "TestProfile"))
    if not profiles:
        reading.error(scenario, "its TestMix is empty; give it a test")
    if len(profiles) > MOST_SHARES:
        reading.error(scenario, f"its TestMix has {len(profiles)} tests; at most {MOST_SHARES} are possible")
    shares = []
    for profile in profiles[:MOST_SHARES]:
        test = tests.take(profile, name, think)
        share = reading.number(profile, "Percentage", 0.0, 0)
        if test is not None:
            shares.append(TestShare(test, share))
    if shares and mix_by is not Mix.SEQUENTIAL and not any(share.share for share in shares):
        reading.error(scenario, "no test of its TestMix has a Percentage above 0; give one of them a share")
    return tuple(shares)


def _around(scenario: Element, kind: str, name: str, think: ThinkProfile, tests: WebTests) -> str:
    """The test that users run before or after all others; "" for none."""
    profile = scenario.first(kind, "TestProfile")
    if profile is None:
        return ""
    return tests.take(profile, name, think, lasting=kind == "InitializeTest") or ""


def _tell_of_rigs(reading: Reading, scenario: Element) -> None:
    if reading.flag(scenario, "IPSwitching"):
        reading.tell(scenario, "IPSwitching has no effect: an agent has one address")
    agents = reading.text(scenario, "AllowedAgents").strip()
    if agents:
        reading.warn(scenario, f"AllowedAgents is {shown(agents)}, but the load comes from all agents of the run")
