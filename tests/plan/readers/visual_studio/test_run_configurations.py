"""visual_studio/run_configurations.py: how a load test is run."""

import pytest

from headrace.plan.diagnostics import Severity
from headrace.plan.model import Connections
from headrace.plan.readers.visual_studio.reading import Choices, Reading
from headrace.plan.readers.visual_studio.run_configurations import LONGEST_ITERATIONS, RunSetting, read_run_setting
from headrace.plan.readers.visual_studio.surroundings import Level
from tests.plan.readers.visual_studio.load_test_files import load_test, messages, new_reading, run_setting, tree

# As Visual Studio 2015 writes it.
USUAL = (
    'Description="" ResultsStoreType="Database" TimingDetailsStorage="AllIndividualDetails" SaveTestLogsOnError="true" '
    'SaveTestLogsFrequency="0" MaxErrorDetails="200" MaxErrorsPerType="1000" MaxThresholdViolations="1000" '
    'MaxRequestUrlsReported="1000" UseTestIterations="false" RunDuration="600" WarmupTime="0" CoolDownTime="0" '
    'TestIterations="100" WebTestConnectionModel="ConnectionPerUser" WebTestConnectionPoolSize="50" SampleRate="5" '
    'ValidationLevel="High" SqlTracingConnectString="" SqlTracingConnectStringDisplayValue="" SqlTracingDirectory="" '
    'SqlTracingEnabled="false" SqlTracingFileCount="2" SqlTracingRolloverEnabled="true" SqlTracingMinimumDuration="500" '
    'RunUnitTestsInAppDomain="true" CoreCount="0" ResourcesRetentionTimeInMinutes="0" AgentDiagnosticsLevel="Warning"'
)


def read(*settings: str, choices: Choices | None = None, attributes: str = "") -> tuple[RunSetting, Reading]:
    reading = new_reading(choices)
    text = load_test(settings="".join(settings)).removeprefix("\ufeff")
    return read_run_setting(
        reading, tree(text.replace('CurrentRunConfig="Run Settings1"', attributes, bool(attributes)))
    ), reading


def test_the_usual_run_setting_has_nothing_to_tell() -> None:
    locations = '<LoadGeneratorLocations><GeoLocation Location="Default" Percentage="100" /></LoadGeneratorLocations>'
    setting, reading = read(run_setting(USUAL, locations))
    assert setting == RunSetting(duration=600.0, sampling_interval=5)
    assert reading.findings == []


def test_times_levels_and_connections() -> None:
    setting, reading = read(
        run_setting(
            'RunDuration="300" WarmupTime="60" CoolDownTime="10" SampleRate="30" ValidationLevel="Low" '
            'WebTestConnectionModel="ConnectionPool" WebTestConnectionPoolSize="20"'
        )
    )
    assert setting == RunSetting(300.0, 60.0, 10.0, None, 30, Level.LOW, Connections.POOLED, 20)
    assert reading.findings == []
    per_iteration, _ = read(run_setting('WebTestConnectionModel="ConnectionPerTestIteration" ValidationLevel="medium"'))
    assert per_iteration.connections is Connections.PER_ITERATION
    assert per_iteration.level is Level.MEDIUM


def test_a_load_may_end_after_so_many_iterations_and_then_its_times_have_no_effect() -> None:
    setting, reading = read(
        run_setting('UseTestIterations="true" TestIterations="4" RunDuration="60" WarmupTime="9" CoolDownTime="5"')
    )
    assert setting == RunSetting(LONGEST_ITERATIONS, 0.0, 0.0, 4)
    (told,) = messages(reading.findings)
    assert "the load ends after 4 iterations, at the latest after 86400 s" in told


def test_context_parameters_are_read_and_what_the_user_says_goes_before_them() -> None:
    parameters = (
        '<ContextParameters><ContextParameter Name="Server" Value="http://old.test" />'
        '<ContextParameter Name="Color" Value="red" /></ContextParameters>'
    )
    setting, reading = read(
        run_setting(inside=parameters), choices=Choices(parameters={"Server": "http://new.test", "Size": "1"})
    )
    assert setting.parameters == {"Server": "http://new.test", "Color": "red", "Size": "1"}
    assert reading.findings == []


def test_agents_of_the_users_own_are_told_of_and_are_no_parameters() -> None:
    parameters = (
        '<ContextParameters><ContextParameter Name="UseStaticLoadAgents" Value="true" />'
        '<ContextParameter Name="StaticAgentsGroupName" Value="mine" /></ContextParameters>'
    )
    setting, reading = read(run_setting(inside=parameters))
    assert setting.parameters == {}
    (told,) = messages(reading.findings, Severity.INFO)
    assert "<ContextParameter Name='UseStaticLoadAgents'>: it asks for agents of the user's own" in told


def test_the_active_setting_is_taken_or_the_one_that_is_asked_for() -> None:
    short, long = run_setting('RunDuration="60"', name="Short"), run_setting('RunDuration="3600"', name="回合設定1")
    assert read(short, long, attributes='CurrentRunConfig="回合設定1"')[0].duration == 3600.0
    chosen, reading = read(short, long, choices=Choices(run_configuration="Short"))
    assert chosen.duration == 60.0
    assert reading.findings == []
    assert read(short, attributes='CurrentRunConfig=""')[0].duration == 60.0  # there is but one


@pytest.mark.parametrize(
    ("attributes", "choice", "said"),
    [
        ('CurrentRunConfig="Night"', "", "there is no run setting 'Night'; there is 'Short', 'Long'. Choose one of these"),
        ('CurrentRunConfig="short"', "", "there is no run setting 'short'; there is 'Short', 'Long'"),
        ('CurrentRunConfig="Short"', "Night", "there is no run setting 'Night'; there is 'Short', 'Long'"),
        ('CurrentRunConfig=""', "", "CurrentRunConfig names no run setting; there is 'Short', 'Long'"),
    ],
)
def test_a_run_setting_that_there_is_not_is_an_error_that_names_those_there_are(
    attributes: str, choice: str, said: str
) -> None:
    settings = run_setting(name="Short"), run_setting(name="Long")
    _, reading = read(*settings, choices=Choices(run_configuration=choice), attributes=attributes)
    (told,) = messages(reading.findings, Severity.ERROR)
    assert said in told


def test_what_the_old_service_did_beside_the_test_is_told() -> None:
    inside = (
        '<LoadGeneratorLocations><GeoLocation Location="West US" Percentange="100" /></LoadGeneratorLocations>'
        '<CounterSetMappings><CounterSetMapping ComputerName="WEB01" /></CounterSetMappings>'
        '<Applications><AutComponent Name="Shop" /></Applications>'
    )
    _, reading = read(
        run_setting('CoreCount="4" MaxErrorsPerType="1005" UseMultipleIPs="True" SqlTracingEnabled="true"', inside)
    )
    infos, warnings = (messages(reading.findings, severity) for severity in (Severity.INFO, Severity.WARNING))
    assert [text.partition(": ")[2] for text in infos] == [
        "MaxErrorsPerType='1005', CoreCount='4', UseMultipleIPs='True': this was for the old service, and has no effect.",
        "the load does not come from 'West US', but from where the agents of this service are.",
    ]
    assert [text.partition(": ")[2] for text in warnings] == [
        "counters of the computer 'WEB01' are not collected; only those of agents are.",
        "SqlTracingEnabled has no effect: SQL Server is not traced.",
        "counters of applications under test are not collected.",
    ]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ('RunDuration="0"', "RunDuration is 0; give 1 to 604800"),
        ('RunDuration="long"', "RunDuration is 'long'; give a number such as 0.5"),
        ('WarmupTime="-1"', "WarmupTime is -1; give 0 to 604800"),
        ('SampleRate="0"', "SampleRate is 0; give 1 to 3600"),
        ('ValidationLevel="Highest"', "ValidationLevel is 'Highest'; give Low, Medium or High"),
        ('WebTestConnectionModel="Own"', "WebTestConnectionModel is 'Own'; give ConnectionPerUser, ConnectionPool or"),
        ('UseTestIterations="true" TestIterations="0"', "TestIterations is 0; give 1 to"),
        ('UseTestIterations="perhaps"', "UseTestIterations is 'perhaps'; give True or False"),
    ],
)
def test_what_makes_no_sense_is_an_error(attributes: str, said: str) -> None:
    _, reading = read(run_setting(attributes))
    (told,) = messages(reading.findings, Severity.ERROR)
    assert f"<RunConfiguration Name='Run Settings1'>: {said}" in told


def test_what_is_not_known_is_a_warning() -> None:
    _, reading = read(run_setting('RunDuration="60" Colour="red"', "<Weather />"))
    assert len(messages(reading.findings, Severity.WARNING)) == 2
