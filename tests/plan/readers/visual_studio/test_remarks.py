"""plan/readers/visual_studio/remarks.py: what is said in a plan made from Visual Studio's files, and where."""

from headrace.plan.conditions import LastPassed
from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.load import Constant
from headrace.plan.model import Plan, Scenario, Test
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.remarks import remarks
from headrace.plan.requests import Page, Request
from headrace.plan.steps import If, Step, Think, Transaction

WEB_TEST = """\
<WebTest Name="Buy" Description="What a customer does.">
  <Items>
    <Comment CommentText="First the form." />
    <TransactionTimer Name="Log in">
      <Items>
        <Request Url="http://shop.test/login">
          <DependentRequests>
            <Request Url="http://shop.test/a.css" />
          </DependentRequests>
        </Request>
        <Comment CommentText="Twice," />
        <Comment CommentText="as users do." />
        <Request Url="http://shop.test/login" />
      </Items>
    </TransactionTimer>
    <Condition>
      <ConditionalRule />
      <Then>
        <Items>
          <Request Url="http://shop.test/buy" />
        </Items>
      </Then>
    </Condition>
    <Comment CommentText="That is all." />
  </Items>
  <WebTestPlugins>
    <WebTestPlugin />
  </WebTestPlugins>
</WebTest>
"""
LOAD_TEST = """\
<LoadTest>
  <Scenarios>
    <Scenario Name="Day">
      <NetworkMix />
    </Scenario>
    <Scenario Name="Night" />
  </Scenarios>
  <CounterSets>
    <CounterSet />
  </CounterSets>
  <RunConfigurations />
</LoadTest>
"""
PAGE = Page(Request("http://shop.test/login"), (Request("http://shop.test/a.css"),))
STEPS: tuple[Step, ...] = (
    Transaction("Log in", (PAGE, Think(1), Request("http://shop.test/login"))),
    If(LastPassed(), (Request("http://shop.test/buy"),)),
)
FILES = {"day.loadtest": LOAD_TEST.encode(), "web/buy.webtest": WEB_TEST.encode()}
FOLDER = Folder(tuple(FILES), FILES.__getitem__)
WEB_TESTS = {"Buy": "web/buy.webtest"}


def plan_of(*steps: Step) -> Plan:
    scenarios = tuple(Scenario(name, (), Constant(1), ()) for name in ("Day", "Night"))
    return Plan("day.loadtest", (Test("Look", ()), Test("Buy", steps)), scenarios, 60)


def found(file: str, line: int) -> Diagnostic:
    return Diagnostic(Severity.WARNING, f"{file} {line}.", file, line)


def test_comments_stand_at_the_step_that_follows_them() -> None:
    said = remarks(FOLDER, "day.loadtest", plan_of(*STEPS), [], WEB_TESTS)
    assert said == {
        "": [],
        "tests[1]": ["What a customer does.", "That is all."],
        "tests[1].steps[0]": ["First the form."],
        "tests[1].steps[0].steps[2]": ["Twice,", "as users do."],
    }


def test_findings_stand_at_what_they_are_about() -> None:
    places = {
        ("web/buy.webtest", 1): "tests[1]",
        ("web/buy.webtest", 4): "tests[1].steps[0]",
        ("web/buy.webtest", 8): "tests[1].steps[0].steps[0]",
        ("web/buy.webtest", 13): "tests[1].steps[0].steps[2]",
        ("web/buy.webtest", 17): "tests[1].steps[1]",
        ("web/buy.webtest", 20): "tests[1].steps[1].then[0]",
        ("web/buy.webtest", 27): "tests[1]",
        ("day.loadtest", 1): "",
        ("day.loadtest", 4): "scenarios[0]",
        ("day.loadtest", 6): "scenarios[1]",
        ("day.loadtest", 9): "thresholds",
        ("day.loadtest", 11): "",
        ("local.testsettings", 3): "",
        ("", 0): "",
    }
    findings = [found(*at) for at in places]
    said = remarks(FOLDER, "day.loadtest", plan_of(*STEPS), findings, WEB_TESTS)
    told = {text: place for place, texts in said.items() for text in texts}
    assert {f"warning: {file} {line}.": place for (file, line), place in places.items()}.items() <= told.items()


def test_where_steps_are_not_those_of_the_file_all_stands_at_the_test() -> None:
    said = remarks(FOLDER, "web/buy.webtest", plan_of(*STEPS[1:]), [found("web/buy.webtest", 8)], WEB_TESTS)
    assert set(said) == {"", "tests[1]"}
    assert len(said["tests[1]"]) == 6


def test_a_file_that_cannot_be_read_again_has_no_remarks() -> None:
    def gone(_: str) -> bytes:
        raise OSError("gone")

    said = remarks(
        Folder(FOLDER.names, gone), "day.loadtest", plan_of(*STEPS), [found("day.loadtest", 4)], {"Buy": "web/buy.webtest"}
    )
    assert said == {"": ["warning: day.loadtest 4."]}
