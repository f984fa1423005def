"""Whole web tests: their files of all versions, their context, and those that other people wrote."""

import re
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.browsers import DEFAULT
from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, OnError, Plan, Scenario, TestShare
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.visual_studio.items import NOTHING
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.readers.visual_studio.web_test import WebTest, read_web_test
from headrace.plan.requests import Request
from headrace.plan.rules import ExtractHeader, Scope
from headrace.plan.steps import SetVariables, TakeRow
from headrace.plan.targets import TargetRule
from headrace.plan.writers.plan_yaml import write_plan
from tests.plan.readers.visual_studio.web_test_files import (
    PLAIN,
    errors,
    folder,
    read,
    request,
    steps_of,
    told,
    understood,
    warnings,
    web_test,
)

CORPUS = Path(__file__).parents[5] / "shared/corpus/visual-studio"
LASTING = Surroundings(lasting=True)
RULES = "Microsoft.VisualStudio.TestTools.WebTesting.Rules"
EXTRACT = """<ExtractionRules><ExtractionRule VariableName="Token"
    Classname="Microsoft.VisualStudio.TestTools.WebTesting.Rules.ExtractHttpHeader, X"><RuleParameters>
    <RuleParameter Name="Header" Value="X-Token"/></RuleParameters></ExtractionRule></ExtractionRules>"""
DATA = """<DataSources><DataSource Name="D" Provider="Microsoft.VisualStudio.TestTools.DataSource.CSV" Connection="u.csv">
    <Tables><DataSourceTable Name="u#csv"/></Tables></DataSource></DataSources>"""


def parameters(**values: str) -> str:
    inside = "".join(f'<ContextParameter Name="{name}" Value="{value}"/>' for name, value in values.items())
    return f"<ContextParameters>{inside}</ContextParameters>"


def plan_of(web_test: WebTest) -> Plan:
    name = web_test.test.name
    scenario = Scenario("Users", (TestShare(name),), Constant(1), (BrowserShare(DEFAULT, 100),))
    return Plan("Shop", (web_test.test,), (scenario,), 60, data=web_test.data)


# Files


def test_a_web_test_has_its_name_in_the_plan_its_id_and_steps() -> None:
    made = understood(web_test(PLAIN))
    assert (made.test.name, made.id, made.proxy, made.data) == ("Shop", "a-1", "", ())
    assert made.test.on_error is OnError.CONTINUE
    assert check_plan(plan_of(made)) == []


def test_the_first_error_ends_the_iteration_where_the_test_says_so() -> None:
    assert understood(web_test(PLAIN, "", 'StopOnError="True"')).test.on_error is OnError.STOP_ITERATION


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("TeamTest/2010", "TeamTest/2006"),
        (' xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"', ""),
        ("WebTest", "TestCase"),
    ],
)
def test_files_of_all_versions_are_read(before: str, after: str) -> None:
    text = web_test(PLAIN)
    assert before in text
    assert understood(text.replace(before, after)) == understood(text)


def test_a_file_begins_with_a_mark_and_has_dos_line_ends() -> None:
    text = '<?xml version="1.0" encoding="utf-8"?>\n' + web_test(PLAIN)
    assert understood(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == understood(web_test(PLAIN))


def test_children_may_come_in_any_order() -> None:
    parts = [parameters(Web="http://shop.test"), f"<Items>{request(url='{{web}}')}</Items>", DATA]
    texts = [f'<WebTest Id="1">{"".join(order)}</WebTest>' for order in (parts, parts[::-1], parts[1:] + parts[:1])]
    first, *others = [understood(text, {"u.csv": "a\n1\n"}) for text in texts]
    assert all(other == first for other in others)


def test_what_visual_studio_writes_into_every_file_has_no_effect_and_is_no_finding() -> None:
    attributes = """Owner="" Priority="2147483647" Enabled="True" CssProjectStructure="" CssIteration="" Timeout="0"
        WorkItemIds="" Description="" CredentialUserName="" CredentialPassword="" PreAuthenticate="True" Proxy="default"
        StopOnError="False" RecordedResultFile="a.webtestResult" ResultsLocale="\""""
    assert understood(web_test(PLAIN, "", attributes)) == understood(web_test(PLAIN))


def test_what_is_not_known_is_warned_of() -> None:
    said = warnings(web_test(PLAIN, "<Games/>", 'Color="red" Timeout="5"'))
    assert [each.partition(">: ")[2] for each in said] == [
        "Color='red' is not known and has no effect.",
        "is not known and has no effect.",
        "Timeout of the whole test has no effect; each request has one of its own.",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "<LoadTest/>",
            "buy.webtest, line 1, <LoadTest>: this is no web test, which begins with <WebTest>; name another file.",
        ),
        ("", "buy.webtest, line 1, <WebTest>: it is no XML"),
        ("\n<WebTest><Items></WebTest>", "buy.webtest, line 2, <WebTest>: it is no XML"),
    ],
)
def test_what_is_no_web_test_is_an_error(content: str, said: str) -> None:
    test, (found,) = read(content)
    assert test is None
    assert found.severity is Severity.ERROR
    assert found.message.startswith(said)


def test_a_file_that_cannot_be_read_is_an_error() -> None:
    def unreadable(name: str) -> bytes:
        raise OSError(13, "Permission denied")

    test, (found,) = read_web_test(Folder(("a.webtest",), unreadable), "a.webtest", "A", Surroundings())
    assert test is None
    assert "the file cannot be read: Permission denied" in found.message


@pytest.mark.parametrize("text", ['<WebTest Id="1"/>', web_test(""), web_test('<Comment CommentText="soon"/>')])
def test_a_test_without_requests_runs_and_does_nothing_and_says_so(text: str) -> None:
    test, (found,) = read(text)
    assert test is not None
    assert test.test.steps == NOTHING
    assert check_plan(plan_of(test)) == []
    assert found.severity is Severity.WARNING
    assert "it has no requests; an iteration of it does nothing, and passes at once" in found.message


# Context


def test_context_parameters_are_variables_whose_values_are_texts() -> None:
    made = understood(web_test(request(url="{{web}}"), parameters(Web="http://shop.test", Odd="{{Web}} {{$uuid}}")))
    assert made.test.variables == (("Web", "http://shop.test"), ("Odd", "{{'{{'}}Web}} {{'{{'}}$uuid}}"))


def test_a_parameter_without_a_name_is_an_error() -> None:
    (error,) = errors(web_test(PLAIN, '<ContextParameters><ContextParameter Value="1"/></ContextParameters>'))
    assert "it has no Name; give one, or take it out" in error


def test_parameters_that_are_given_from_outside_go_before_those_of_the_test_in_any_case() -> None:
    text = web_test(request(url="{{WebServer1}}/{{Id}}"), parameters(WebServer1="http://old.test", Id="7"))
    for surroundings in (
        Surroundings(parameters={"webserver1": "http://new.test"}),
        Surroundings(choices=Choices(parameters={"webserver1": "http://new.test"})),
    ):
        made = understood(text, surroundings=surroundings).test
        assert made.variables == (("Id", "7"),)
        (step,) = made.steps
        assert isinstance(step, Request)
        assert step.url == "{{webserver1}}/{{Id}}"


def test_a_binding_that_nothing_defines_is_told_by_the_check_of_the_plan_alone() -> None:
    made = understood(web_test(request(url="http://shop.test/{{nobody}}")))
    (found,) = check_plan(plan_of(made))
    assert (found.severity, "'nobody'" in found.message) == (Severity.WARNING, True)


@pytest.mark.parametrize("name", ["$TestDir"])
def test_what_a_test_may_expect_more_of_is_told(name: str) -> None:
    (info,) = told(Severity.INFO, web_test(request(url=f"http://shop.test/{{{{{name}}}}}")))
    assert f"it binds {name.lower()}: it is " in info


def test_what_the_test_leaves_to_others_lives_as_long_as_the_user() -> None:
    text = web_test(request(EXTRACT), parameters(Web="http://shop.test", Kept="1") + DATA)
    surroundings = Surroundings(lasting=True, parameters={"web": "http://new.test"})
    made = understood(text, {"u.csv": "a\n1\n"}, surroundings).test
    take, keep, step = made.steps
    assert made.variables == ()
    assert take == TakeRow("Shop.D.u#csv")
    assert keep == SetVariables((("Kept", "1"), ("D.u#csv.a", "{{D.u#csv.a}}")), Scope.USER)
    assert isinstance(step, Request)
    assert step.extract == (ExtractHeader(variable="Token", header="X-Token", scope=Scope.USER),)


def test_else_it_lives_as_long_as_the_iteration() -> None:
    (step,) = steps_of(request(EXTRACT))
    assert isinstance(step, Request)
    assert step.extract[0].scope is Scope.ITERATION


# Whatever is written

_NAMES = st.sampled_from(
    """WebTest Items Request TransactionTimer Comment Condition Loop ConditionalRule IncludedWebTest DataSources DataSource
    Tables DataSourceTable ContextParameters ContextParameter ValidationRules ValidationRule ExtractionRules ExtractionRule
    RuleParameters RuleParameter Headers Header QueryStringParameters QueryStringParameter FormPostHttpBody
    FormPostParameter FileUploadParameter StringHttpBody BinaryHttpBody DependentRequests RequestPlugins RequestPlugin
    WebTestPlugins WebTestPlugin Then Else Game""".split()  # noqa: SIM905
)
_ATTRIBUTES = st.sampled_from(
    """Name Value Url Method Path Id Encoding ThinkTime Timeout Classname VariableName Provider Connection AccessMethod
    AdvanceDataCursors MaxIterations FileName ContentType InsertByteOrderMark CredentialUserName CredentialPassword Proxy
    UrlEncode UseToGroupResults ExpectedHttpStatusCode ReportingName Level isCodedWebTest""".split()  # noqa: SIM905
)
_VALUES = st.sampled_from(
    [
        "",
        "1",
        "-5",
        "True",
        "{{a}}",
        "{{$uuid}}",
        "{{'",
        "http://shop.test/?a=b",
        "utf-16",
        "x" * 500,
        "buy.webtest",
        "users.csv",
    ]
    + [f"{RULES}.{name}, X" for name in ("ExtractText", "ExtractHiddenFields", "CountingLoopRule", "ValidateResponseUrl")]
    + [f"Microsoft.VisualStudio.TestTools.DataSource.{kind}" for kind in ("CSV", "XML")]
) | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=8)


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def write(name: str, attributes: dict[str, str], inside: list[str]) -> str:
        written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
        return f"<{name}{written}>{''.join(inside)}</{name}>"

    return st.builds(write, _NAMES, st.dictionaries(_ATTRIBUTES, _VALUES, max_size=4), st.lists(children, max_size=4))


@given(
    st.lists(st.recursive(st.just("text"), _element, max_leaves=12), max_size=4).map("".join), st.booleans(), st.booleans()
)
def test_whatever_is_written_is_read_or_refused_and_the_plan_can_be_written(
    inside: str, lasting: bool, ignore: bool
) -> None:
    text = f"<WebTest>{inside}<Items>{inside}</Items></WebTest>"
    files = {"users.csv": "a,b\n1,2\n", "inner.webtest": web_test(inside)}
    made, found = read(text, files, Surroundings(choices=Choices(ignore_plugins=ignore), lasting=lasting))
    assert made is not None
    assert all(each.message.endswith(".") for each in found)
    check_plan(plan_of(made))
    assert read_plan(write_plan(plan_of(made)), "plan.yaml", TargetRule())[0] == plan_of(made)


# Other people's

# What there is to say about a file of the corpus: what needs .NET, and files that its author did not publish.
_EXPECTED = re.compile(
    r"a plug-in is code for \.NET|the (validation|extraction) rule '[\w.]+' is code for \.NET"
    r"|there is no file '[^']+' beside the test"
    r"|it has no requests|ThinkTime is -5; below 0|Version is '1\.0'; it is sent as HTTP/1\.1"
)


def _web_tests() -> list[tuple[Path, str]]:
    return sorted((file.parent, file.name) for file in CORPUS.rglob("*.webtest"))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the collected files (../shared) are not here")
@pytest.mark.parametrize(("place", "name"), _web_tests(), ids=lambda value: getattr(value, "name", str(value))[:40])
def test_web_tests_of_other_people_are_read_and_only_what_needs_dotnet_is_said(place: Path, name: str) -> None:
    names = tuple(str(file.relative_to(place)) for file in place.rglob("*") if file.is_file())
    files = Folder(names, lambda file: (place / file).read_bytes())
    for choices in (Choices(), Choices(ignore_plugins=True)):
        made, found = read_web_test(files, name, "Shop", Surroundings(choices=choices))
        assert made is not None
        assert [each.message for each in found if not _EXPECTED.search(each.message)] == []
        plugins = [each for each in found if "is code for .NET" in each.message]
        assert {each.severity for each in plugins} <= {Severity.WARNING if choices.ignore_plugins else Severity.ERROR}
        plan = plan_of(made)
        assert [each.message for each in check_plan(plan) if each.severity is Severity.ERROR] == []
        assert read_plan(write_plan(plan), "plan.yaml", TargetRule())[0] == plan
    content = (place / name).read_bytes()
    assert len(plugins) == len(re.findall(rb'<\w+(?:Plugin|Rule) Classname="(?!Microsoft\.|WebTest\.WebService)', content))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the collected files (../shared) are not here")
def test_every_request_of_other_people_is_there() -> None:
    for place, name in _web_tests():
        content = (place / name).read_bytes()
        made, _ = read_web_test(folder({name: content}), name, "Shop", Surroundings())
        assert made is not None
        assert repr(made.test.steps).count("Request(") == len(re.findall(rb"<Request ", content)), name
