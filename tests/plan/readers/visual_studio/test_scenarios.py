"""visual_studio/scenarios.py and test_references.py: users, their tests and the mixes of these."""

from collections import Counter
from random import Random

import pytest

from headrace.plan.checks import MOST_SCENARIOS, MOST_SHARES, MOST_TESTS, check_plan
from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.load import Constant
from headrace.plan.mix import PacedMix, RunningMix, SequentialMix, StartedMix
from headrace.plan.model import Mix, Plan, Scenario, TestShare
from headrace.plan.pauses import Normal
from headrace.plan.readers.visual_studio import test_references
from headrace.plan.readers.visual_studio.load_test import read_load_test
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.steps import Think
from headrace.plan.targets import TargetRule
from headrace.plan.walk import walk
from tests.plan.readers.visual_studio.load_test_files import folder_of, load_test, messages, profile, scenario, web_test

ON = '<ThinkProfile Value="0" Pattern="On" />'
OFF = '<ThinkProfile Value="0" Pattern="Off" />'
BUY = "11111111-2222-3333-4444-555555555555"
FILES = {"Buy.webtest": web_test(think=5, identity=BUY), "Look.webtest": web_test("http://shop.test/look", think=5)}


def read(*scenarios: str, files: dict[str, str] | None = None) -> tuple[Plan | None, list[Diagnostic]]:
    folder = folder_of({"Shop.loadtest": load_test(*scenarios), **(FILES if files is None else files)})
    return read_load_test(folder, "Shop.loadtest", Choices(), TargetRule())


def plan_of(*scenarios: str, files: dict[str, str] | None = None) -> Plan:
    plan, findings = read(*scenarios, files=files)
    assert plan is not None
    assert messages([*findings, *check_plan(plan)], Severity.ERROR) == []
    return plan


def only(*profiles: str, attributes: str = "", think: str = ON, more: str = "") -> Scenario:
    return plan_of(scenario(*profiles, attributes=attributes, think=think, more=more)).scenarios[0]


def think_times(plan: Plan, test: str) -> list[object]:
    steps = next(each.steps for each in plan.tests if each.name == test)
    return [step.time for _, _, step in walk(steps) if isinstance(step, Think)]


def test_a_scenario_with_all_that_it_can_say() -> None:
    attributes = (
        'DelayBetweenIterations="5" PercentNewUsers="25" IPSwitching="false" TestMixType="PercentageOfUsersRunning" '
        'ApplyDistributionToPacingDelay="true" MaxTestIterations="1000" DisableDuringWarmup="true" DelayStartTime="300" '
        'AllowedAgents=""'
    )
    around = f"<InitializeTest>{profile('Look')}</InitializeTest><TerminateTest>{profile('Look')}</TerminateTest>"
    found = only(profile("Buy", share=20), profile("Look", share=60), attributes=attributes, think=OFF, more=around)
    assert found == Scenario(
        name="Scenario1",
        mix=(TestShare("Buy", 20.0), TestShare("Look", 60.0)),
        load=Constant(25),
        browsers=found.browsers,
        mix_by=Mix.USERS_RUNNING,
        think_time=0.0,
        iterations=1000,
        delay=300.0,
        idle_in_warm_up=True,
        new_users=25.0,
        first="Look (Scenario1)",  # its context lasts, so that it is another test than that of the mix
        last="Look",
    )


def test_what_is_left_out_has_the_editors_default() -> None:
    found = only(profile("Buy"))
    assert found == Scenario("Scenario1", (TestShare("Buy", 100.0),), Constant(25), found.browsers)


def test_the_think_profile_is_for_tests_and_for_the_delay_between_iterations() -> None:
    normal = '<ThinkProfile Value="0.2" Pattern="NormalDistribution" />'
    for think, seconds in ((ON, [5.0]), (OFF, []), (normal, [Normal(5.0, 1.0)])):
        plan = plan_of(scenario(profile("Buy"), attributes='DelayBetweenIterations="5"', think=think))
        assert plan.scenarios[0].think_time == (seconds[0] if seconds else 0.0)
        assert [time for time in think_times(plan, "Buy") if time != 0.0] == seconds


# The mixes


def test_shares_of_tests_started() -> None:
    found = only(profile("Buy", share=80), profile("Look", share=40), attributes='TestMixType="PercentageOfTestsStarted"')
    assert found.mix_by is Mix.TESTS_STARTED
    mix = StartedMix([share.share for share in found.mix])
    started = [found.mix[mix.next()].test for _ in range(300)]
    assert Counter(started) == {"Buy": 200, "Look": 100}  # 66.67 and 33.33
    assert all(abs(started[:count].count("Look") - count / 3) < 1 for count in range(300))


def test_shares_of_users_running() -> None:
    found = only(profile("Buy", share=75), profile("Look", share=25), attributes='TestMixType="PercentageOfUsersRunning"')
    assert found.mix_by is Mix.USERS_RUNNING
    mix = RunningMix([share.share for share in found.mix])
    running = Counter(mix.next() for _ in range(100))
    assert running == {0: 75, 1: 25}
    # The users of Look are ten times as quick: whoever ends, the shares of those who run stay.
    for second in range(1000):
        ended = 1 if second % 10 else 0
        mix.ended(ended)
        running[ended] -= 1
        running[mix.next()] += 1
        assert running == {0: 75, 1: 25}


def test_pacing_says_how_often_a_user_runs_each_test_in_an_hour() -> None:
    attributes = 'TestMixType="UserPacing" ApplyDistributionToPacingDelay="false" DelayBetweenIterations="9"'
    found = only(profile("Buy", share=2), profile("Look", share=0.5), attributes=attributes)
    assert (found.mix_by, found.pacing_deviation, found.think_time) == (Mix.PACING, 0.0, 0.0)
    mix = PacedMix([share.share for share in found.mix], 0.0, found.pacing_deviation, Random(1))
    starts = [mix.next() for _ in range(12)]
    assert [at for test, at in starts if test == 0] == [1800.0 * number for number in range(9)]
    assert [at for test, at in starts if test == 1] == [0.0, 7200.0, 14_400.0]
    varied = only(profile("Buy", share=2), attributes='TestMixType="UserPacing"')
    assert varied.pacing_deviation == 0.2


def test_tests_one_after_the_other() -> None:
    profiles = profile("Buy", share=0), profile("Look", share=0), profile("Buy", share=0)
    found = only(*profiles, attributes='TestMixType="Sequential"')
    assert found.mix_by is Mix.SEQUENTIAL
    mix = SequentialMix(len(found.mix))
    assert [found.mix[mix.next()].test for _ in range(5)] == ["Buy", "Look", "Buy", "Buy", "Look"]


def test_a_mix_that_makes_no_sense_is_an_error() -> None:
    for text, said in (
        (scenario(profile("Buy", share=0)), "no test of its TestMix has a Percentage above 0"),
        (scenario(profile("Buy"), attributes='TestMixType="Fair"'), "TestMixType is 'Fair'; give PercentageOfTestsStarted,"),
        (scenario().replace(profile("Buy"), ""), "its TestMix is empty; give it a test"),
        (scenario(profile("Buy", share=-1)), "Percentage is -1; give 0 or more"),
    ):
        told = messages(read(text)[1], Severity.ERROR)
        assert any(said in message for message in told), told


# References


@pytest.mark.parametrize(
    ("path", "identity", "files", "found"),
    [
        ("tests\\BUY.webtest", "", ["Tests/Buy.webtest", "Buy.webtest"], "Tests/Buy.webtest"),
        ("c:\\old\\gone.webtest", BUY.upper(), ["Other/Renamed.webtest"], "Other/Renamed.webtest"),
        ("old\\buy.webtest", "", ["New/Buy.webtest"], "New/Buy.webtest"),
        ("buy.webtest", BUY, ["Buy.webtest", "A.webtest"], "Buy.webtest"),
    ],
)
def test_a_web_test_is_found_by_its_path_else_by_its_id_else_by_its_name(
    path: str, identity: str, files: list[str], found: str
) -> None:
    contents = {file: web_test(f"http://shop.test/{file.lower()}", identity=BUY if identity else "") for file in files}
    plan = plan_of(scenario(profile("Purchase", path, identity=identity)), files=contents)
    (test,) = plan.tests
    assert test.name == "Purchase"
    assert f"http://shop.test/{found.lower()}" in str(test.steps)


def test_a_path_that_is_not_there_is_told_where_only_the_name_fits() -> None:
    _, findings = read(scenario(profile("Buy", "old\\buy.webtest")), files={"New/Buy.webtest": web_test()})
    told = [message for message in messages(findings, Severity.INFO) if "TestProfile" in message]
    assert len(told) == 1
    assert "Path is 'old\\buy.webtest', which there is not; New/Buy.webtest of the same name is taken" in told[0]


def test_what_is_not_there_at_all_is_an_error() -> None:
    plan, findings = read(scenario(profile("Pay"), profile("Buy")))
    assert plan is not None
    assert [share.test for share in plan.scenarios[0].mix] == ["Buy"]
    (told,) = messages(findings, Severity.ERROR)
    assert "<TestProfile Name='Pay'>: Path is 'pay.webtest', and no file has this path, name or Id; put it" in told


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("Microsoft.VisualStudio.TestTools.WebStress.CodedWebTestElement, Assembly", "a coded web test"),
        ("Microsoft.VisualStudio.TestTools.TestTypes.Unit.UnitTestElement, Assembly", "a unit test"),
        ("Shop.OwnTest, Shop", "a test of the type 'Shop.OwnTest'"),
    ],
)
def test_what_needs_net_is_refused_wherever_it_stands(kind: str, what: str) -> None:
    coded = profile("Coded", "bin\\debug\\shop.dll", kind=kind)
    for text in (
        scenario(profile("Buy"), coded),
        scenario(profile("Buy"), more=f"<InitializeTest>{coded}</InitializeTest>"),
        scenario(profile("Buy"), more=f"<TerminateTest>{coded}</TerminateTest>"),
    ):
        (told,) = messages(read(text)[1], Severity.ERROR)
        assert told.startswith("Shop.loadtest, line 3, <TestProfile Name='Coded'>: it is ")
        assert f"{what}, 'bin\\debug\\shop.dll', which needs .NET; record it as a web test (.webtest), or" in told


def test_profiles_of_one_web_test_have_names_and_shares_of_their_own() -> None:
    found = only(profile("Buy a lot", "buy.webtest", 30), profile("Buy", "buy.webtest", 50), profile("Buy", share=20))
    assert found.mix == (TestShare("Buy a lot", 30.0), TestShare("Buy", 50.0), TestShare("Buy", 20.0))


def test_a_web_test_of_two_scenarios_is_one_where_they_think_alike_else_it_has_two_names() -> None:
    first, second = scenario(profile("Buy"), name="Day", think=ON), scenario(profile("Buy"), name="Night", think=ON)
    plan = plan_of(first, second)
    assert [test.name for test in plan.tests] == ["Buy"]
    plan = plan_of(first, second.replace(ON, OFF))
    assert [test.name for test in plan.tests] == ["Buy", "Buy (Night)"]
    assert [each.mix[0].test for each in plan.scenarios] == ["Buy", "Buy (Night)"]
    assert think_times(plan, "Buy") == [5.0]


def test_two_web_tests_of_one_name_get_names_that_tell_them_apart() -> None:
    plan = plan_of(
        scenario(profile("WebTest1", "a\\webtest1.webtest"), profile("WebTest1", "b\\webtest1.webtest")),
        files={"a/WebTest1.webtest": web_test(), "b/WebTest1.webtest": web_test()},
    )
    assert [test.name for test in plan.tests] == ["WebTest1", "WebTest1 (Scenario1)"]


def test_scenarios_of_one_name_get_different_ones() -> None:
    plan = plan_of(scenario(name="方案1"), scenario(name="方案1"), scenario(name=""))
    assert [each.name for each in plan.scenarios] == ["方案1", "方案1 (2)", "Scenario"]


def test_what_only_a_rig_can_do_is_told() -> None:
    _, findings = read(scenario(attributes='IPSwitching="true" AllowedAgents="AGENT1, AGENT2" Weather="fine"'))
    told = [
        (finding.severity, finding.message.partition(">: ")[2]) for finding in findings if "<Scenario" in finding.message
    ]
    assert told == [
        (Severity.WARNING, "Weather='fine' is not known and has no effect."),
        (Severity.INFO, "IPSwitching has no effect: an agent has one address."),
        (Severity.WARNING, "AllowedAgents is 'AGENT1, AGENT2', but the load comes from all agents of the run."),
    ]


def test_how_much_is_read_is_bounded() -> None:
    # the same in every scenario, but that each is another test
    mixes = [scenario(*(profile(f"{letter}{number}", "buy.webtest") for number in range(600))) for letter in "ab"]
    plan, findings = read(*mixes)
    assert plan is not None
    assert len(plan.tests) == MOST_TESTS
    assert len(messages(findings, Severity.ERROR)) == 200
    _, findings = read(scenario(*[profile("Buy")] * (MOST_SHARES + 1)))
    assert "its TestMix has 1001 tests; at most 1000 are possible" in messages(findings, Severity.ERROR)[0]
    _, findings = read(*[scenario()] * (MOST_SCENARIOS + 1))
    assert "it has 1001 scenarios; at most 1000 are possible" in messages(findings, Severity.ERROR)[0]


def test_tests_have_so_many_steps_together_and_the_rest_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_references, "MOST_STEPS", 3)
    ways = [scenario(think=f'<ThinkProfile Value="0.{way}" Pattern="NormalDistribution" />') for way in range(1, 9)]
    plan, findings = read(*ways)
    (error,) = messages(findings, Severity.ERROR)
    assert error.endswith("with it the tests have over 3 steps together; use fewer, or shorter ones.")
    assert plan is not None
    assert len(plan.tests) == 2
    assert len(plan_of(ways[0]).tests) == 1


def test_web_tests_have_so_many_bytes_together_however_often_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_references, "MOST_READ", 1024 * 1024)
    monkeypatch.setattr(test_references, "MOST_STEPS", 10)  # which are not what stops it
    test = f'<WebTest Id="1" Description="{"x" * 500_000}"><Items><Request Url="http://shop.test/" /></Items></WebTest>'
    ways = [scenario(think=f'<ThinkProfile Value="0.{way}" Pattern="NormalDistribution" />') for way in range(1, 6)]
    plan, findings = read(*ways, files={"Buy.webtest": test})
    (error,) = messages(findings, Severity.ERROR)
    assert error.endswith("with it over 1 MiB of web tests and data are read; use fewer, or smaller ones.")
    assert plan is not None
    assert len(plan.tests) == 3
