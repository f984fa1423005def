"""visual_studio/counter_sets.py and counter_names.py: thresholds that every file has, and those somebody set."""

import pytest

from headrace.plan.diagnostics import Severity
from headrace.plan.readers.visual_studio.counter_names import measured_counter
from headrace.plan.readers.visual_studio.counter_sets import read_thresholds
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.run_configurations import read_run_setting
from headrace.plan.threshold_checks import MOST_THRESHOLDS
from headrace.plan.thresholds import CounterName, Threshold
from tests.plan.readers.visual_studio.load_test_files import load_test, messages, new_reading, run_setting, tree

RULES = "Microsoft.VisualStudio.TestTools.WebStress.Rules."
CONNECTION_WAIT = CounterName("LoadTest:Request", "Avg. Connection Wait Time")


def rule(kind: str, **parameters: object) -> str:
    inside = "".join(f'<RuleParameter Name="{name}" Value="{value}" />' for name, value in parameters.items())
    return (
        f'<ThresholdRule Classname="{kind}, Assembly, Version=10"><RuleParameters>{inside}</RuleParameters></ThresholdRule>'
    )


def constant(over: bool, warning: object, critical: object) -> str:
    limits = {"AlertIfOver": over, "WarningThreshold": warning, "CriticalThreshold": critical}
    return rule(f"{RULES}ThresholdRuleCompareConstant", **limits)


def relative(category: str, counter: str, instance: str, warning: float, critical: float) -> str:
    other = {"DependentCategory": category, "DependentCounter": counter, "DependentInstance": instance}
    limits = {"AlertIfOver": "True", "WarningThreshold": warning, "CriticalThreshold": critical}
    return rule(f"{RULES}ThresholdRuleCompareCounters", **other, **limits)


def counter(name: str, *rules: str) -> str:
    return f'<Counter Name="{name}"><ThresholdRules>{"".join(rules)}</ThresholdRules></Counter>' if rules else plain(name)


def plain(name: str) -> str:
    return f'<Counter Name="{name}" HigherIsBetter="true" />'


def category(name: str, *counters: str, instances: tuple[str, ...] = ()) -> str:
    inside = "".join(f'<Instance Name="{each}" />' for each in instances)
    watched = f"<Counters>{''.join(counters)}</Counters><Instances>{inside}</Instances>"
    return f'<CounterCategory Name="{name}">{watched}</CounterCategory>'


def counter_set(name: str, kind: str, *categories: str) -> str:
    inside = f"<CounterCategories>{''.join(categories)}</CounterCategories>"
    return f'<CounterSet Name="{name}" CounterSetType="{kind}" LocId="">{inside}</CounterSet>'


def mappings(controller: tuple[str, ...] = ("LoadTest", "Controller"), agents: tuple[str, ...] = ("Agent",)) -> str:
    def mapping(computer: str, names: tuple[str, ...]) -> str:
        inside = "".join(f'<CounterSetReference CounterSetName="{name}" />' for name in names)
        references = f"<CounterSetReferences>{inside}</CounterSetReferences>"
        return f'<CounterSetMapping ComputerName="{computer}">{references}</CounterSetMapping>'

    both = mapping("[CONTROLLER MACHINE]", controller) + mapping("[AGENT MACHINES]", agents)
    return f"<CounterSetMappings>{both}</CounterSetMappings>"


def read(*sets: str, mapped: str = "") -> tuple[tuple[Threshold, ...], Reading]:
    reading = new_reading()
    settings = run_setting(inside=mapped or mappings())
    root = tree(load_test(sets="".join(sets), settings=settings).removeprefix("\ufeff"))
    return read_thresholds(reading, root, read_run_setting(reading, root)), reading


# What every file has.
MACHINE = (
    category("Memory", plain("% Committed Bytes In Use"), counter("Available MBytes", constant(False, 100, 50))),
    category(
        "Network Interface",
        counter("Bytes Total/sec", relative("Network Interface", "Current Bandwidth", "", 0.6, 0.7)),
        counter("Output Queue Length", constant(True, 1.5, 2)),
        instances=("*",),
    ),
    category("PhysicalDisk", counter("% Idle Time", constant(False, 40, 20)), instances=("*",)),
    category("Processor", counter("% Processor Time", constant(True, 75, 90)), instances=("0", "_Total")),
)
OF_THE_TEST = category(
    "LoadTest:Request",
    counter("Avg. Connection Wait Time", relative("LoadTest:Page", "Avg. Page Time", "_Total", 0.25, 0.5)),
)


def test_the_thresholds_that_every_load_test_comes_with() -> None:
    thresholds, reading = read(
        counter_set("LoadTest", "LoadTest", OF_THE_TEST),
        counter_set("Controller", "Controller", *MACHINE),
        counter_set("Agent", "Agent", *MACHINE),
    )
    total, each = (
        CounterName("Network Interface", "Bytes Total/sec", "*"),
        CounterName("Network Interface", "Current Bandwidth"),
    )
    assert thresholds == (
        Threshold(CONNECTION_WAIT, True, 0.25, 0.5, relative_to=CounterName("LoadTest:Page", "Avg. Page Time", "_Total")),
        Threshold(CounterName("Memory", "Available MBytes"), False, 100.0, 50.0, agents=True),
        Threshold(total, True, 0.6, 0.7, agents=True, relative_to=each),
        Threshold(CounterName("Processor", "% Processor Time", "0"), True, 75.0, 90.0, agents=True),
        Threshold(CounterName("Processor", "% Processor Time", "_Total"), True, 75.0, 90.0, agents=True),
    )
    (told,) = messages(reading.findings)  # one sentence for all that is not measured
    assert told.endswith(
        "<CounterSets>: thresholds on counters that are not measured have no effect: all of the controller's machine; "
        "'Network Interface, Output Queue Length'; 'PhysicalDisk, % Idle Time'."
    )
    assert reading.findings[0].severity is Severity.INFO


def test_counters_without_thresholds_need_nothing() -> None:
    thresholds, reading = read(
        counter_set("LoadTest", "LoadTest", category("LoadTest:LogEntries", plain("Total Log Entries"))),
        counter_set("Agent", "Agent", category("System", plain("Threads"))),
    )
    assert (thresholds, reading.findings) == ((), [])


def test_only_sets_that_the_run_setting_maps_are_watched() -> None:
    errors = category("LoadTest:Errors", counter("Errors/Sec", constant(True, 1, "")))
    sets = counter_set("LoadTest", "LoadTest", OF_THE_TEST), counter_set("Mine", "Custom", errors)
    assert [each.counter for each in read(*sets)[0]] == [CONNECTION_WAIT]
    thresholds, reading = read(*sets, mapped=mappings(controller=("Mine",), agents=()))
    assert thresholds == (Threshold(CounterName("LoadTest:Errors", "Errors/Sec"), True, 1.0, None),)
    assert reading.findings == []
    elsewhere = '<CounterSetMappings><CounterSetMapping ComputerName="WEB01"><CounterSetReferences>'
    elsewhere += (
        '<CounterSetReference CounterSetName="LoadTest" /></CounterSetReferences></CounterSetMapping></CounterSetMappings>'
    )
    thresholds, reading = read(*sets, mapped=elsewhere)
    assert thresholds == ()
    assert len(messages(reading.findings, Severity.WARNING)) == 1


def test_a_set_is_found_by_its_type_where_its_name_is_translated() -> None:
    memory = MACHINE[0]
    assert len(read(counter_set("Agente", "Agent", memory))[0]) == 1
    # but not where another set has the name
    thresholds, _ = read(counter_set("Agente", "Agent", memory), counter_set("Agent", "Custom"))
    assert thresholds == ()


def test_a_translated_counter_is_known_by_its_place() -> None:
    pages = [plain("Total Pages"), plain("Avg. Page Time"), plain("Page Response Time Goal"), plain("% Pages Meeting Goal")]
    localised = category("LoadTest:Page", *pages, counter("每秒页数", constant(False, 10, 5)))
    thresholds, reading = read(counter_set("LoadTest", "LoadTest", localised))
    assert thresholds == (Threshold(CounterName("LoadTest:Page", "Pages/Sec"), False, 10.0, 5.0),)
    assert reading.findings == []


@pytest.mark.parametrize(
    ("category", "names", "place", "measured"),
    [
        ("LoadTest:Page", ["avg. page time"], 0, ("LoadTest:Page", "Avg. Page Time")),
        ("loadtest:scenario", ["Benutzerauslastung", "Tests Running"], 0, ("LoadTest:Scenario", "User Load")),
        ("LoadTest:Scenario", ["Tests Running", "Benutzerauslastung"], 1, None),  # in another order
        ("LoadTest:Scenario", ["Benutzerauslastung"], 0, None),  # others are missing
        ("LoadTest:Test", ["% Time in Rules"], 0, None),
        ("LoadTest:Errors", ["Threshold Violations/Sec"], 0, None),
        ("Processor", ["% processor time"], 0, ("Processor", "% Processor Time")),
        ("Processor", ["% Interrupt Time"], 0, None),
        ("ASP.NET", ["Requests Queued"], 0, None),
    ],
)
def test_which_counters_are_measured(category: str, names: list[str], place: int, measured: tuple[str, str] | None) -> None:
    assert measured_counter(category, names, place) == measured


def test_a_threshold_that_cannot_be_watched_is_a_warning() -> None:
    unknown = counter("Fehler/s", constant(True, 1, 2))
    own = counter("Total Errors", rule("Shop.Rules.Strict", AlertIfOver="True", WarningThreshold="1"))
    empty = counter("Http Errors", constant(True, "", ""))
    mixed = counter("Exceptions", relative("Memory", "Available MBytes", "", 1, 2))
    thresholds, reading = read(counter_set("LoadTest", "LoadTest", category("LoadTest:Errors", unknown, own, empty, mixed)))
    assert thresholds == ()
    assert [text.partition(">: ")[2] for text in messages(reading.findings, Severity.WARNING)] == [
        "it has a threshold, but the counter is not measured in 'LoadTest:Errors'; the threshold has no effect.",
        f"the threshold's rule is its author's own, and has no effect; write it as {RULES}ThresholdRuleCompareConstant.",
        "it has neither a WarningThreshold nor a CriticalThreshold and no effect; give it one.",
        "the threshold is relative to 'Memory, Available MBytes', which is not measured; it has no effect.",
    ]


def test_a_limit_that_is_no_number_is_an_error() -> None:
    strange = category("LoadTest:Errors", counter("Total Errors", constant(True, "some", 2)))
    _, reading = read(counter_set("LoadTest", "LoadTest", strange))
    (told,) = messages(reading.findings, Severity.ERROR)
    assert "<RuleParameter Name='WarningThreshold'>: Value is 'some'; give a number such as 0.5" in told


def test_thresholds_are_bounded() -> None:
    many = category(
        "LoadTest:Errors", *(counter("Total Errors", constant(True, number, "")) for number in range(MOST_THRESHOLDS + 5))
    )
    thresholds, reading = read(counter_set("LoadTest", "LoadTest", many))
    assert len(thresholds) == MOST_THRESHOLDS
    (told,) = messages(reading.findings, Severity.ERROR)
    assert told.endswith("<CounterSets>: over 500 thresholds are in them; take some out.")
