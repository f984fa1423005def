"""Web tests as they run: what a server sees of them, byte by byte, and what fails."""

import pytest

from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.readers.visual_studio.web_test import WebTest
from tests.engine.running import ONCE, Outcome, plan, run_once
from tests.engine.target import Route, Target, answer, redirect
from tests.plan.readers.visual_studio.web_test_files import read, request, understood, utf_16, web_test

pytestmark = pytest.mark.anyio

RULES = "Microsoft.VisualStudio.TestTools.WebTesting.Rules"
HTML = "Content-Type: text/html"
USERS = """<DataSources><DataSource Name="D" Provider="Microsoft.VisualStudio.TestTools.DataSource.CSV" Connection="u.csv">
    <Tables><DataSourceTable Name="u#csv" AccessMethod="Sequential"/></Tables></DataSource></DataSources>"""


def parameters(**values: str) -> str:
    inside = "".join(f'<ContextParameter Name="{name}" Value="{value}"/>' for name, value in values.items())
    return f"<ContextParameters>{inside}</ContextParameters>"


async def once(made: WebTest, **more: object) -> Outcome:
    """One iteration of the web test."""
    test = made.test
    fields = {"variables": test.variables, "credentials": test.credentials, "on_error": test.on_error}
    whole = plan(*test.steps, **fields, duration=30.0, think_time=ONCE, data=made.data, **more)  # type: ignore[arg-type]
    return await run_once(whole)


async def test_forms_queries_and_texts_are_sent_as_dotnet_sends_them() -> None:
    form = """<QueryStringParameters><QueryStringParameter Name="q" Value="a b/{{word}}" UrlEncode="True"/>
        <QueryStringParameter Name="r" Value="a%20b" UrlEncode="False"/></QueryStringParameters>
        <FormPostHttpBody><FormPostParameter Name="a" Value="(1)!~/{{word}}" UrlEncode="True"/></FormPostHttpBody>"""
    text = (
        '<Headers><Header Name="SOAPAction" Value="buy"/></Headers>'
        f'<StringHttpBody ContentType="text/xml">{utf_16("<a>{{WORD}}</a>")}</StringHttpBody>'
    )
    async with Target() as target:
        items = request(form, 'Method="POST"', "{{Web}}/form?x=1") + request(
            text, 'Method="PUT" Encoding="utf-16"', "{{Web}}/text"
        )
        await once(understood(web_test(items, parameters(Web=target.url("").rstrip("/"), Word="Ü"))))
    sent, put = target.seen
    assert (sent.method, sent.path) == ("POST", "/form?x=1&q=a+b%2f%c3%9c&r=a%20b")
    assert sent.body == b"a=(1)!%7e%2f%c3%9c"
    assert sent.header("Content-Type") == "application/x-www-form-urlencoded"
    assert (put.method, put.body) == ("PUT", "<a>Ü</a>".encode("utf-16-le"))
    assert (put.header("Content-Type"), put.header("SOAPAction")) == ("text/xml", "buy")


async def test_each_iteration_takes_the_next_row_and_a_loop_the_rows_after_it() -> None:
    loop = f"""<Loop AdvanceDataCursors="True"><ConditionalRule Classname="{RULES}.CountingLoopRule, X"><RuleParameters>
        <RuleParameter Name="ContextParameterName" Value="N"/><RuleParameter Name="IterationsCount" Value="3"/>
        </RuleParameters></ConditionalRule><Items>{request(url="{{Web}}/{{D.u#csv.a}}/{{N}}")}</Items></Loop>"""
    async with Target() as target:
        text = web_test(request(url="{{Web}}/{{d.U#CSV.A}}") + loop, parameters(Web=target.url("").rstrip("/")) + USERS)
        await once(understood(text, {"u.csv": "a\nr1\nr2\n"}))
    assert [seen.path for seen in target.seen] == ["/r1", "/r1/1", "/r2/2", "/r1/3"]


async def test_hidden_fields_go_from_one_request_to_the_next() -> None:
    extract = (
        f'<ExtractionRules><ExtractionRule Classname="{RULES}.ExtractHiddenFields" VariableName="1"/></ExtractionRules>'
    )
    form = """<FormPostHttpBody><FormPostParameter Name="__VIEWSTATE" Value="{{$hidden1.__VIEWSTATE}}" UrlEncode="True"/>
        </FormPostHttpBody>"""
    page = answer(200, HTML, body=b'<input type="hidden" name="__VIEWSTATE" value="a/b&amp;c=">')
    async with Target({"/": page}) as target:
        await once(
            understood(web_test(request(extract, url=target.url()) + request(form, 'Method="POST"', target.url("/2"))))
        )
    assert target.seen[1].body == b"__VIEWSTATE=a%2fb%26c%3d"


async def test_a_binding_without_a_value_fails_its_request_by_name_and_the_rest_goes_on() -> None:
    async with Target() as target:
        text = web_test(request(url=target.url("/{{$HIDDEN1.__VIEWSTATE}}")) + request(url=target.url("/next")))
        outcome = await once(understood(text))
    assert [seen.path for seen in target.seen] == ["/next"]
    assert outcome.error.kind == "TestError"
    assert outcome.error.message == "Context parameter '$HIDDEN1.__VIEWSTATE' not found in test context"
    assert (outcome.tests.passed, outcome.tests.failed) == (0, 1)


async def test_results_know_requests_by_their_urls_without_the_query() -> None:
    async with Target() as target:
        web = target.url("").rstrip("/")
        text = web_test(request(url="{{Web}}/a/{{Id}}?token=secret"), parameters(Web=web, Id="7"))
        outcome = await once(understood(text))
    assert list(outcome.by_name) == [f"{web}/a/7"]


async def test_redirects_are_followed_or_are_the_answer_and_a_status_may_be_expected() -> None:
    rule = f'<ValidationRules><ValidationRule Classname="{RULES}.ValidateResponseUrl" Level="Low"/></ValidationRules>'
    routes: dict[str, Route] = {"/old": redirect("/new"), "/gone": answer(404)}
    async with Target(routes) as target:
        items = (
            request(attributes=f'ExpectedResponseUrl="{target.url("/new")}"', url=target.url("/old"))
            + request(attributes='FollowRedirects="False" ExpectedHttpStatusCode="302"', url=target.url("/old"))
            + request(attributes='ExpectedHttpStatusCode="404"', url=target.url("/gone"))
            + request(attributes='IgnoreHttpStatusCode="True"', url=target.url("/gone"))
        )
        outcome = await once(understood(web_test(items, rule)))
    assert [seen.path for seen in target.seen] == ["/old", "/new", "/old", "/gone", "/gone"]
    assert outcome.errors == {}


async def test_an_upload_is_read_by_the_server_as_the_file_it_was() -> None:
    form = '<FormPostHttpBody><FileUploadParameter Name="f" FileName="a.bin" ContentType="image/png"/></FormPostHttpBody>'
    async with Target() as target:
        text = web_test(request(form, 'Method="POST"', target.url("/up")))
        await once(understood(text, {"a.bin": bytes(range(256))}))
    (seen,) = target.seen
    assert bytes(range(256)) in seen.body
    assert b'name="f"; filename="a.bin"\r\nContent-Type: image/png\r\n' in seen.body


async def test_an_empty_test_makes_iterations_that_pass_and_no_requests() -> None:
    made, _ = read(web_test(""), surroundings=Surroundings())
    assert made is not None
    outcome = await once(made)
    assert (outcome.tests.passed, outcome.tests.failed, outcome.requests.passed) == (1, 0, 0)
