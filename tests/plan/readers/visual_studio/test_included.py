"""`<IncludedWebTest>`: another test's items, in place."""

import pytest

from headrace.plan.readers.visual_studio import included
from headrace.plan.readers.visual_studio.web_test import web_test_id
from headrace.plan.requests import AuthScheme, Credentials, Request
from headrace.plan.rules import CheckUrl
from headrace.plan.steps import TakeRow, Transaction
from tests.plan.readers.visual_studio.web_test_files import (
    PLAIN,
    errors,
    folder,
    read,
    request,
    steps_of,
    understood,
    warnings,
    web_test,
)

RULE = (
    '<ValidationRules><ValidationRule Classname="Microsoft.VisualStudio.TestTools.WebTesting.Rules.ValidateResponseUrl"'
    ' Level="Low"/></ValidationRules>'
)


def include(attributes: str) -> str:
    return f"<IncludedWebTest {attributes}/>"


def login(items: str = PLAIN, more: str = "", attributes: str = "", identity: str = "B-2") -> str:
    return web_test(items, more, attributes).replace('Name="Buy" Id="A-1"', f'Name="Log in" Id="{identity}"')


def requests_of(transaction: object) -> list[Request]:
    assert isinstance(transaction, Transaction)
    return [step for step in transaction.steps if isinstance(step, Request)]


@pytest.mark.parametrize(
    "attributes",
    [
        'Name="Log in" Path="login.webtest"',
        'Name="Log in" Path="LOGIN.WEBTEST" Id="b-2"',
        'Name="Log in" Path="C:\\old\\login.webtest"',
        'Name="Log in" Path="C:\\old\\gone.webtest" testId="{B}"'.replace("{B}", "B-2"),
        'Name="login"',
        'Name="Log in" isCodedWebTest="False" Path="login.webtest" InheritWebTestSettings="True"',
    ],
)
def test_an_included_test_is_a_transaction_of_its_steps(attributes: str) -> None:
    (made,) = steps_of(include(attributes), "", {"login.webtest": login(PLAIN * 2)})
    assert isinstance(made, Transaction)
    assert made.name in ("Log in", "login")
    assert made.steps == steps_of(PLAIN * 2)


def test_a_stale_path_to_another_test_of_the_same_name_gives_way_to_the_id() -> None:
    files = {"a/login.webtest": login(PLAIN * 3, identity="X"), "b/other.webtest": login(identity="B-2")}
    (made,) = steps_of(include('Path="login.webtest" Id="B-2"'), "", files)
    assert len(requests_of(made)) == 1
    (made,) = steps_of(include('Path="login.webtest" Id="nobody"'), "", files)
    assert len(requests_of(made)) == 3


def test_it_shares_the_context_and_brings_parameters_and_data_with_it() -> None:
    data = """<DataSources><DataSource Name="D" Provider="Microsoft.VisualStudio.TestTools.DataSource.CSV"
        Connection="u.csv"><Tables><DataSourceTable Name="u#csv"/></Tables></DataSource></DataSources>"""
    own = """<ContextParameters><ContextParameter Name="Web" Value="http://inner.test"/>
        <ContextParameter Name="Word" Value="water"/></ContextParameters>"""
    inner = login(request(url="{{web}}/{{word}}/{{D.u#csv.a}}"), data + own)
    outer = '<ContextParameters><ContextParameter Name="Web" Value="http://shop.test"/></ContextParameters>'
    files = {"login.webtest": inner, "u.csv": "a\n1\n"}
    made = understood(web_test(include('Path="login.webtest"') + request(url="{{Web}}/{{Word}}"), outer), files)
    assert made.test.variables == (("Web", "http://shop.test"), ("Word", "water"))
    take, transaction, _ = made.test.steps
    assert take == TakeRow("Shop.D.u#csv")
    assert [step.url for step in requests_of(transaction)] == ["{{Web}}/{{Word}}/{{D.u#csv.a}}"]


def test_the_same_table_of_another_file_is_an_error() -> None:
    def data(file: str) -> str:
        return f"""<DataSources><DataSource Name="D" Provider="Microsoft.VisualStudio.TestTools.DataSource.CSV"
            Connection="{file}"><Tables><DataSourceTable Name="t"/></Tables></DataSource></DataSources>"""

    files = {"login.webtest": login(PLAIN, data("b.csv")), "a.csv": "x\n1\n", "b.csv": "x\n2\n"}
    (error,) = errors(web_test(include('Path="login.webtest"'), data("a.csv")), files)
    assert error.startswith("login.webtest, line ")
    assert "there is a table 'D.t' of another place too; rename the data source" in error
    files["login.webtest"] = login(PLAIN, data("a.csv"))
    assert errors(web_test(include('Path="login.webtest"'), data("a.csv")), files) == []


def test_rules_of_both_tests_hold_for_its_requests_but_the_same_one_once() -> None:
    for outer, inner in ((RULE, ""), ("", RULE), (RULE, RULE)):
        (made,) = steps_of(include('Path="login.webtest"'), outer, {"login.webtest": login(PLAIN, inner)})
        assert [step.validate for step in requests_of(made)] == [(CheckUrl(),)]


def test_its_own_settings_hold_where_it_does_not_take_those_around_it() -> None:
    attributes = 'CredentialUserName="ann" StopOnError="True"'
    files = {"login.webtest": login(PLAIN, "", attributes)}
    assert understood(web_test(include('Path="login.webtest"')), files).test.credentials is None
    text = web_test(include('Path="login.webtest" InheritWebTestSettings="False"'))
    test, found = read(text, files)
    assert test is not None
    (made,) = test.test.steps
    assert requests_of(made)[0].credentials == Credentials(AuthScheme.AS_ASKED, "", "ann")
    assert ["StopOnError of the included test has no effect" in each.message for each in found] == [True]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ('Name="x" isCodedWebTest="True"', "it is a coded web test, which needs .NET"),
        ('Name="x" Path="gone.webtest"', "there is no web test 'gone.webtest' beside this one; add its file"),
        ("", "there is no web test '' beside this one"),
        ('Path="../../etc/passwd"', "there is no web test '../../etc/passwd' beside this one"),
        ('Path="buy.webtest"', "'buy.webtest' includes itself by this; take it out"),
        ('Path="other.loadtest"', "this is no web test, which begins with <WebTest>; name another file"),
        ('Path="broken.webtest"', "it is no XML"),
    ],
)
def test_what_cannot_be_included_is_an_error(attributes: str, said: str) -> None:
    files = {"other.loadtest": "<LoadTest/>", "broken.webtest": "<WebTest>"}
    (error,) = errors(web_test(include(attributes)), files)
    assert said in error


def test_tests_that_include_each_other_are_an_error() -> None:
    files = {"b.webtest": login(include('Path="c.webtest"')), "c.webtest": login(include('Path="b.webtest"'))}
    (error,) = errors(web_test(include('Path="b.webtest"')), files)
    assert error.startswith("c.webtest, ")
    assert "'b.webtest' includes itself by this; take it out" in error


def test_mistakes_of_a_test_that_is_included_twice_are_told_once() -> None:
    files = {"b.webtest": login("<Game/>" + PLAIN)}
    assert warnings(web_test(include('Path="b.webtest"') * 2), files) == [
        "b.webtest, line 1, <Game>: is not known and has no effect."
    ]


def test_inclusions_are_bounded_however_few_files_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{n}.webtest": login(include(f'Path="{n + 1}.webtest"') * 2) for n in range(8)} | {"8.webtest": login()}
    found = errors(web_test(include('Path="0.webtest"')), files)
    assert found
    assert all(f"over {included.MOST_INCLUDED} tests are included, one in the other" in each for each in found)
    monkeypatch.setattr(included, "MOST_INCLUDED", 3)
    (error,) = errors(web_test(include('Path="0.webtest"') * 4), {"0.webtest": login()})
    assert "over 3 tests are included" in error


def test_an_attribute_that_is_not_known_is_warned_of() -> None:
    (warning,) = warnings(web_test(include('Path="b.webtest" Color="red"')), {"b.webtest": login()})
    assert "Color='red' is not known and has no effect" in warning


def test_the_id_of_a_web_test_is_known_without_reading_all_of_it() -> None:
    files = folder(
        {"a.webtest": web_test(), "b.loadtest": '<LoadTest Id="1"/>', "c.webtest": "<", "d.webtest": "<TestCase/>"}
    )
    assert web_test_id(files, "a.webtest") == "a-1"
    assert [web_test_id(files, name) for name in ("b.loadtest", "c.webtest", "d.webtest")] == [None] * 3
