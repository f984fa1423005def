"""visual_studio/load_test.py: a whole load test, with all of its files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.browsers import DEFAULT
from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Connections, Scenario, TestShare
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.load_test import read_load_test, read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.readers.visual_studio.test_settings import TestSettings, read_test_settings
from headrace.plan.scripts import Script
from headrace.plan.targets import TargetRule
from tests.plan.readers.visual_studio.load_test_files import (
    folder_of,
    load_test,
    messages,
    profile,
    run_setting,
    scenario,
    web_test,
)

CORPUS = Path(__file__).parents[5] / "shared/corpus/visual-studio"
TARGETS = TargetRule(deny=("10.0.0.0/8",))
SETTINGS = '<TestSettings><Scripts setupScript="begin.sh" /></TestSettings>'


def test_a_load_test_with_its_files_becomes_a_plan() -> None:
    setting = run_setting(
        'RunDuration="300" WarmupTime="60" CoolDownTime="10" SampleRate="5" WebTestConnectionModel="ConnectionPool" '
        'WebTestConnectionPoolSize="20"'
    )
    folder = folder_of(
        {
            "Load/Shop.loadtest": load_test(scenario(profile("Buy")), settings=setting),
            "Load/buy.webtest": web_test(),
            "Local.testsettings": SETTINGS,
            "begin.sh": "true",
        }
    )
    plan, findings = read_load_test(folder, "Load/Shop.loadtest", Choices(), TARGETS)
    assert plan is not None
    assert check_plan(plan) == []
    assert plan.name == "Shop.loadtest"
    assert [test.name for test in plan.tests] == ["Buy"]
    assert [each.mix for each in plan.scenarios] == [(TestShare("Buy"),)]
    assert (plan.duration, plan.warm_up, plan.ramp_in_warm_up, plan.cool_down) == (300.0, 60.0, True, 10.0)
    assert (plan.sampling_interval, plan.request_timeout, plan.iterations) == (5, 300.0, None)
    assert (plan.connections, plan.pool_size) == (Connections.POOLED, 20)
    assert (plan.tls.verify, plan.proxy) == (False, "")
    assert (plan.setup, plan.cleanup) == (Script("begin.sh"), None)
    assert plan.targets == TARGETS
    assert [(finding.severity, finding.message.partition(">: ")[2]) for finding in findings] == [
        (Severity.INFO, "the certificates of servers are not verified, as in Visual Studio.")
    ]


def test_a_load_that_ends_after_so_many_iterations() -> None:
    setting = run_setting('UseTestIterations="true" TestIterations="4" WarmupTime="9"')
    folder = folder_of({"Shop.loadtest": load_test(settings=setting), "Buy.webtest": web_test()})
    plan, _ = read_load_test(folder, "Shop.loadtest", Choices(), TARGETS)
    assert plan is not None
    assert check_plan(plan) == []
    assert (plan.iterations, plan.warm_up, plan.ramp_in_warm_up) == (4, 0.0, False)


def test_context_parameters_of_the_run_go_before_the_files() -> None:
    parameters = '<ContextParameters><ContextParameter Name="Server" Value="http://active.test" /></ContextParameters>'
    own = '<ContextParameters><ContextParameter Name="Server" Value="http://own.test" /></ContextParameters></WebTest>'
    for choices, expected in (
        (Choices(), "http://active.test"),
        (Choices(parameters={"Server": "http://run.test"}), "http://run.test"),
    ):
        folder = folder_of(
            {
                "Shop.loadtest": load_test(settings=run_setting(inside=parameters)),
                "Buy.webtest": web_test("{{Server}}/").replace("</WebTest>", own),
            }
        )
        plan, findings = read_load_test(folder, "Shop.loadtest", choices, TARGETS)
        assert plan is not None
        assert messages(findings, Severity.WARNING) == []
        given_ = {**dict(plan.tests[0].variables), **dict(plan.variables)}
        assert given_["Server"] == expected


def test_everything_that_is_wrong_in_any_file_is_told_at_once() -> None:
    coded = profile("Coded", kind="Microsoft.VisualStudio.TestTools.WebStress.CodedWebTestElement, A")
    folder = folder_of(
        {
            "Shop.loadtest": load_test(
                scenario(profile("Broken"), profile("Gone"), coded),
                settings=run_setting('RunDuration="0"'),
                more='<LoadTestPlugins><LoadTestPlugin Classname="Shop.Plugin, Shop" /></LoadTestPlugins>',
            ),
            "broken.webtest": "<WebTest>",
            "Local.testsettings": '<TestSettings><Scripts cleanupScript="end.bat" /></TestSettings>',
            "end.bat": "",
        }
    )
    plan, findings = read_load_test(folder, "Shop.loadtest", Choices(), TARGETS)
    assert plan is None
    told = " ".join(messages(findings, Severity.ERROR))
    for said in ("Shop.Plugin", "RunDuration", "broken.webtest, line 1", "'gone.webtest'", "a coded web test", "end.bat"):
        assert said in told
    assert len(messages(findings, Severity.ERROR)) == 6


def test_plug_ins_are_refused_unless_the_user_would_rather_go_without() -> None:
    more = '<LoadTestPlugins><LoadTestPlugin Classname="Shop.Plugin, Shop, Version=1" /></LoadTestPlugins>'
    text = load_test(more=more, attributes='LoadTestPluginClass="Shop.Old, Shop"')
    folder = folder_of({"Shop.loadtest": text, "Buy.webtest": web_test()})
    for choices, severity in ((Choices(), Severity.ERROR), (Choices(ignore_plugins=True), Severity.WARNING)):
        _, findings = read_load_test(folder, "Shop.loadtest", choices, TARGETS)
        old, new = messages(findings, severity)
        assert "'Shop.Old'" in old
        assert "'Shop.Plugin'" in new


def test_of_web_tests_with_several_proxies_one_is_taken_and_that_is_said() -> None:
    folder = folder_of(
        {
            "Shop.loadtest": load_test(scenario(profile("A"), profile("B"))),
            "a.webtest": web_test(proxy="http://proxy.test:8080"),
            "b.webtest": web_test(proxy=""),
        }
    )
    plan, findings = read_load_test(folder, "Shop.loadtest", Choices(), TARGETS)
    assert plan is not None
    assert plan.proxy == "http://proxy.test:8080"
    (told,) = messages(findings, Severity.WARNING)
    assert "its web tests do not name the same proxy" in told


def test_a_web_test_alone_is_run_as_a_url_test_would_be() -> None:
    folder = folder_of(
        {"a/Buy.WebTest": web_test(proxy="http://proxy.test:8080"), "begin.sh": "", "x.testsettings": SETTINGS}
    )
    plan, findings = read_visual_studio(folder, "a/Buy.WebTest", Choices(), TARGETS)
    assert plan is not None
    assert messages(findings) == ["a/Buy.WebTest: the certificates of servers are not verified, as in Visual Studio."]
    assert check_plan(plan) == []
    assert plan.name == "Buy.WebTest"
    assert plan.scenarios == (Scenario("Scenario1", (TestShare("Buy"),), Constant(10), (BrowserShare(DEFAULT, 100.0),)),)
    assert (plan.duration, plan.request_timeout, plan.tls.verify) == (30.0, 300.0, False)
    assert (plan.proxy, plan.setup, plan.targets) == ("http://proxy.test:8080", Script("begin.sh"), TARGETS)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("Shop.loadtest", "", "Shop.loadtest, line 1, <LoadTest>: it is no XML"),
        ("Shop.loadtest", "<LoadTest>\n<a></LoadTest>", "Shop.loadtest, line 2, <LoadTest>: it is no XML"),
        ("Shop.loadtest", "<WebTest />", "<WebTest>: the file is none of this kind, which begins with <LoadTest>"),
        ("Shop.loadtest", "<!DOCTYPE a [<!ENTITY b 'c'>]><LoadTest/>", "it has a DTD"),
        ("Shop.loadtest", "<LoadTest />", "CurrentRunConfig names no run setting; there is none"),
        ("Shop.loadtest", "<LoadTest />", "it has no scenario, and nobody to run a test; add one"),
        ("Buy.webtest", "<WebTest>", "Buy.webtest, line 1"),
        ("Shop.txt", "", "Shop.txt: it is no test of Visual Studio; name a .loadtest or a .webtest."),
    ],
)
def test_what_is_no_test_is_an_error(file: str, content: str, said: str) -> None:
    plan, findings = read_visual_studio(folder_of({file: content}), file, Choices(), TARGETS)
    assert plan is None
    assert any(said in message for message in messages(findings, Severity.ERROR))


@given(st.data())
def test_a_file_that_was_cut_or_changed_is_read_or_refused(data: st.DataObject) -> None:
    text = load_test(scenario(attributes='DelayStartTime="5" TestMixType="Sequential"')).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    changed = text[:start] + data.draw(st.binary(max_size=10)) + text[end:]
    folder = folder_of({"Shop.loadtest": changed, "Buy.webtest": web_test()})
    plan, findings = read_load_test(folder, "Shop.loadtest", Choices(), TARGETS)
    assert plan is not None or messages(findings, Severity.ERROR)
    if plan is not None:
        check_plan(plan)


# Other people's files

# What is told of each of them beside what all have in common, by the end of the message.
_COMMON = {
    "all of the controller's machine; 'Network Interface, Output Queue Length'; 'PhysicalDisk, % Idle Time'.",
    "the certificates of servers are not verified, as in Visual Studio.",
}
_TOLD = {
    "TestProject1__LoadTest1.loadtest": ["IPSwitching has no effect: an agent has one address."],
    "LoadTest__LoadTest1.loadtest": ["a coded web test", "the load does not come from 'Central US'"],
    "LoadTest__LoadTest2.loadtest": [
        "CoreCount='4': this was for the old service",
        "a coded web test",
        "the load does not come from 'West US'",
        "it asks for agents of the user's own",
    ],
    "Kudu.Stress__GitRedeployScenario.loadtest": ["a unit test", "IPSwitching has no effect"],
    "ESFA.DAS.QA.LOADTEST.PROJECT.005.PROD__DAS_LOADTEST_00_15.loadtest": ["MaxRequestUrlsReported='10000': this was for"],
    "ESFA.DAS.QA.LOADTEST.PROJECT.005.PROD__DAS_LOADTEST_00_16.loadtest": ["the load ends after 4 iterations"],
    "KannanKrish__Load-Test": ["UseMultipleIPs='true': this was for"],
    "cboudereau__code4fun": ["IPSwitching has no effect"],
    "prlopesouza__LoadTestLibrary": ["the load does not come from 'Brazil South'"],
    "wugelis__WebRequestLimitTest1": [
        "MaxErrorsPerType='1005', MaxThresholdViolations='1005', MaxRequestUrlsReported='1005'"
    ],
}
_NEEDS_NET = {"a coded web test", "a unit test"}


def collected(ending: str) -> list[tuple[Path, Folder]]:
    files = []
    for file in sorted(CORPUS.rglob(f"*{ending}")):
        parent = file.parent
        names = tuple(each.name for each in parent.iterdir() if each.is_file())
        files.append((file, Folder(names, lambda name, parent=parent: (parent / name).read_bytes())))  # type: ignore[misc]
    return files


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the collected files of Visual Studio (../shared) are not here")
def test_every_load_test_that_was_collected_is_read_and_what_is_not_supported_is_told_and_nothing_else() -> None:
    files = collected(".loadtest")
    assert len(files) >= 15
    for file, folder in files:
        plan, findings = read_visual_studio(folder, file.name, Choices(), TargetRule())
        own = [finding for finding in findings if finding.message.startswith(f"{file.name}, ")]
        expected = _TOLD.get(file.name) or _TOLD.get(file.parent.name, [])
        told = [finding for finding in own if not finding.message.endswith(tuple(_COMMON))]
        assert len(own) - len(told) == len(_COMMON), file
        assert len(told) == len(expected), (file, told)
        for said in expected:
            (finding,) = (finding for finding in told if said in finding.message)
            assert finding.severity is (Severity.ERROR if said in _NEEDS_NET else Severity.INFO), file
        assert (plan is None) is (not _NEEDS_NET.isdisjoint(expected)), file
        if plan is not None:
            assert [len(plan.thresholds), plan.name] == [5, file.name]
            assert not [each for each in check_plan(plan) if each.severity is Severity.ERROR and "scenario" in each.message]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the collected files of Visual Studio (../shared) are not here")
def test_every_test_settings_file_that_was_collected_is_read() -> None:
    files = collected(".testsettings")
    assert len(files) >= 18
    for file, folder in files:
        settings, findings = read_test_settings(Folder((file.name,), folder.read), Choices())
        assert settings == TestSettings()
        collects = b"<DataCollector " in file.read_bytes()
        assert [finding.severity for finding in findings] == ([Severity.INFO] if collects else []), file
