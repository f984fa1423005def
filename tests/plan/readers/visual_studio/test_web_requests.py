"""`<Request>`: every attribute and child means what the reference says."""

import pytest

from headrace.plan.diagnostics import Severity
from headrace.plan.pauses import Normal
from headrace.plan.readers.visual_studio import web_requests
from headrace.plan.readers.visual_studio.surroundings import Level, Surroundings
from headrace.plan.requests import Escaping, Page, Parameter, Request
from headrace.plan.rules import CheckResponseTime, CheckText, CheckUrl, ExtractHiddenFields
from headrace.plan.steps import Think
from tests.plan.readers.visual_studio.web_test_files import (
    PLAIN,
    errors,
    page_of,
    read,
    request,
    request_of,
    steps_of,
    told,
    understood,
    warnings,
    web_test,
)

RULES = "Microsoft.VisualStudio.TestTools.WebTesting.Rules"
PARAMETERS = (
    '<ContextParameters><ContextParameter Name="Web" Value="http://shop.test"/>'
    '<ContextParameter Name="Id" Value="7"/></ContextParameters>'
)


def query(*parameters: str) -> str:
    inside = "".join(f"<QueryStringParameter {each}/>" for each in parameters)
    return f"<QueryStringParameters>{inside}</QueryStringParameters>"


def headers(*pairs: tuple[str, str]) -> str:
    inside = "".join(f'<Header Name="{name}" Value="{value}"/>' for name, value in pairs)
    return f"<Headers>{inside}</Headers>"


def find_text(text: str, level: str = "High") -> str:
    parameter = f'<RuleParameter Name="FindText" Value="{text}"/>'
    return (
        f'<ValidationRule Classname="{RULES}.ValidationRuleFindText, X" Level="{level}">'
        f"<RuleParameters>{parameter}</RuleParameters></ValidationRule>"
    )


RESPONSE_URL = f'<ValidationRules><ValidationRule Classname="{RULES}.ValidateResponseUrl" Level="Low"/></ValidationRules>'


def test_what_a_request_does_not_say_is_as_in_visual_studio() -> None:
    assert steps_of('<Request Url="http://shop.test/"/>') == (
        Page(Request("http://shop.test/", timeout=300, escaping=Escaping.DOTNET), find_dependents=True),
    )


def test_what_the_recorder_writes_is_understood() -> None:
    recorded = """Method="GET" Guid="9f" Version="1.1" ThinkTime="0" Timeout="300" ParseDependentRequests="True"
        FollowRedirects="True" RecordResult="True" Cache="False" ResponseTimeGoal="0" Encoding="utf-8"
        ExpectedHttpStatusCode="0" ExpectedResponseUrl="" ReportingName="" IgnoreHttpStatusCode="False\""""
    assert steps_of(f'<Request Url="http://shop.test/" {recorded}/>') == steps_of('<Request Url="http://shop.test/"/>')


def test_what_a_request_says_holds() -> None:
    made = request_of(
        attributes="""Method="PUT" Timeout="60" FollowRedirects="False" RecordResult="False" Cache="True"
            ResponseTimeGoal="0.5" Encoding="Windows-1252" ExpectedHttpStatusCode="404" ReportingName="Item {{id}}"
            IgnoreHttpStatusCode="True\"""",
        url="{{web}}/item/{{Id}}",
        more=PARAMETERS,
    )
    assert made == Request(
        "{{Web}}/item/{{Id}}",
        method="PUT",
        name="Item {{Id}}",
        timeout=60,
        follow_redirects=False,
        recorded=False,
        cache=True,
        goal=0.5,
        charset="windows-1252",
        expected_status=(404,),
        ignore_status=True,
        escaping=Escaping.DOTNET,
    )


def test_no_time_out_is_one_of_300_seconds() -> None:
    assert request_of(attributes='Timeout="0"').timeout == 300


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ('Encoding="klingon"', "Encoding is 'klingon', which is not known; give one such as utf-8 or iso-8859-1"),
        ('Encoding="base64"', "Encoding is 'base64', which is not known"),
        ('Timeout="long"', "Timeout is 'long'; give a number such as 0.5"),
        ('Timeout="-5"', "Timeout is -5; give 0 to 604800"),
        ('ThinkTime="1e9"', "ThinkTime is 1000000000; give 604800 or less"),
        ('ResponseTimeGoal="1e9"', "ResponseTimeGoal is 1000000000; give 604800 or less"),
        ('ExpectedHttpStatusCode="1000"', "ExpectedHttpStatusCode is 1000; give 0 to 999"),
        ('Cache="maybe"', "Cache is 'maybe'; give True or False"),
        ('ExpectedHttpStatusCode="ok"', "ExpectedHttpStatusCode is 'ok'; give a whole number"),
    ],
)
def test_a_value_that_is_none_is_an_error(attributes: str, said: str) -> None:
    (error,) = errors(web_test(request(attributes=attributes)))
    assert error.startswith("buy.webtest, line 1, <Request Url='http://shop.test/'>: ")
    assert said in error


def test_a_login_in_a_url_is_an_error_and_is_not_shown() -> None:
    (error,) = errors(web_test(request(url="http://bob:secret@shop.test/")))
    assert error == (
        "buy.webtest, line 1, <Request Url='http://…@shop.test/'>: Url, 'http://…@shop.test/', "
        "contains a user name or password; they are not taken from a URL."
    )


def test_a_request_without_a_url_is_an_error() -> None:
    assert errors(web_test("<Request/>")) == [
        "buy.webtest, line 1, <Request>: it has no Url; give one, or take the request out."
    ]


def test_http_1_0_is_said_to_be_sent_as_1_1() -> None:
    assert warnings(web_test(request(attributes='Version="1.0"'))) == [
        "buy.webtest, line 1, <Request Url='http://shop.test/'>: Version is '1.0'; it is sent as HTTP/1.1."
    ]


def test_what_is_not_known_is_warned_of() -> None:
    said = warnings(web_test(request("<WebSocket/>", 'Color="red"')))
    assert [each.partition(">: ")[2] for each in said] == [
        "Color='red' is not known and has no effect.",
        "is not known and has no effect.",
    ]


# Think time


def test_the_think_time_follows_the_page_as_the_scenario_has_it() -> None:
    surroundings = Surroundings(think_time=lambda seconds: Normal(seconds, seconds / 5))
    steps = understood(web_test(request(attributes='ThinkTime="5"') + PLAIN), surroundings=surroundings).test.steps
    assert [type(step) for step in steps] == [Request, Think, Request]
    assert steps[1] == Think(Normal(5, 1))


def test_think_times_that_are_off_are_no_steps() -> None:
    surroundings = Surroundings(think_time=lambda seconds: 0.0)
    assert len(understood(web_test(request(attributes='ThinkTime="5"')), surroundings=surroundings).test.steps) == 1


def test_a_think_time_below_0_is_none() -> None:
    text = web_test(request(attributes='ThinkTime="-5"'))
    assert [each.partition(">: ")[2] for each in told(Severity.INFO, text)] == [
        "ThinkTime is -5; below 0, there is no pause."
    ]
    test, _ = read(text)
    assert test is not None
    assert len(test.test.steps) == 1


# Query and name


def test_query_parameters_are_encoded_where_they_say_so() -> None:
    made = request_of(
        query(
            'Name="a" Value="{{id}} &amp;" UrlEncode="True" RecordedValue="8" CorrelationBinding="{{x}}"',
            'Name="b" Value="c%20d" UrlEncode="False" UseToGroupResults="False"',
        ),
        url="http://shop.test/?x=1",
        more=PARAMETERS,
    )
    assert made.url == "http://shop.test/?x=1"
    assert made.query == (Parameter("a", "{{Id}} &"), Parameter("b", "c%20d", encode=False))


@pytest.mark.parametrize(
    ("url", "inside", "name"),
    [
        ("http://shop.test/a", "", ""),  # results call it by its URL
        ("http://shop.test/a", query('Name="q" Value="1"'), ""),
        ("http://shop.test/a?q=1", "", "http://shop.test/a"),
        ("http://shop.test/a#there", "", "http://shop.test/a"),
        ("{{web}}/item/{{id}}?q={{id}}", "", "{{Web}}/item/{{Id}}"),  # with values, as Visual Studio shows it
        ("http://shop.test/a?x=1", query('Name="q" Value="{{id}}" UseToGroupResults="True"', 'Name="r" Value="2"'),
         "http://shop.test/a?q={{Id}}"),
    ],
)  # fmt: skip
def test_results_name_a_request_by_its_url_without_the_query(url: str, inside: str, name: str) -> None:
    assert request_of(inside, url=url, more=PARAMETERS).name == name


def test_a_url_that_was_extracted_is_named_by_its_parameter_for_it_may_have_secrets_in_it() -> None:
    extract = (
        f'<ExtractionRules><ExtractionRule Classname="{RULES}.ExtractText" VariableName="Link"><RuleParameters>'
        '<RuleParameter Name="StartsWith" Value="a"/><RuleParameter Name="EndsWith" Value="b"/>'
        "</RuleParameters></ExtractionRule></ExtractionRules>"
    )
    _, second = steps_of(request(extract) + request(url="{{link}}"))
    assert isinstance(second, Request)
    assert (second.url, second.name) == ("{{Link}}", "{{'{{'}}link}}")


# Headers


def test_headers_are_sent_with_their_bindings() -> None:
    made = request_of(headers(("Referer", "{{web}}/"), ("X", " a ")), more=PARAMETERS)
    assert made.headers == (("Referer", "{{Web}}/"), ("X", "a"))


def test_headers_that_say_how_long_a_message_is_are_left_out() -> None:
    text = web_test(request(headers(("Content-Length", "5"), ("Transfer-Encoding", "chunked"), ("A", "b"))))
    assert len(told(Severity.INFO, text)) == 2
    test, _ = read(text)
    assert test is not None
    (step,) = test.test.steps
    assert isinstance(step, Request)
    assert step.headers == (("A", "b"),)


@pytest.mark.parametrize(
    ("inside", "attributes", "said"),
    [
        ("", 'Method="GET /"', "Method is 'GET /', which is none"),
        ("", 'Url="ftp://shop.test/"', "neither an http:// nor an https:// address"),
        ("", 'Url="shop.test/{{Id}}"', "begin it with http://, https:// or a variable"),
        ("", 'Url="http://shop.test:99999/{{Id}}"', "has the port 99999"),
        (headers(("A B", "1")), "", "no name of a header"),
        (headers(("", "1")), "", "no name of a header"),
        (headers(("A", "1&#13;&#10;B: 2")), "", "line end"),
    ],
)
def test_what_nobody_could_send_is_an_error_where_it_stands(inside: str, attributes: str, said: str) -> None:
    url = "" if "Url" in attributes else 'Url="http://shop.test/"'
    (error,) = errors(web_test(f"\n<Request {url} {attributes}>{inside}</Request>", PARAMETERS))
    assert error.startswith("buy.webtest, line 2, <")
    assert said in error


# Dependents


def test_dependents_are_fetched_with_their_page_and_have_its_time_out() -> None:
    made = page_of(
        request(
            "<DependentRequests>"
            '<Request Url="http://shop.test/a" Method="POST" ThinkTime="9"><FormPostHttpBody/></Request>'
            '<Request Url="http://shop.test/b" Timeout="9" Cache="True"/></DependentRequests>',
            'Timeout="20"',
        )
    )
    assert not made.find_dependents
    assert [(each.url, each.method, each.timeout, each.cache) for each in made.dependents] == [
        ("http://shop.test/a", "POST", 20, False),
        ("http://shop.test/b", "GET", 9, True),
    ]


def test_rules_and_dependents_of_a_dependent_are_said_to_have_no_effect() -> None:
    inside = f"{RESPONSE_URL}<DependentRequests>{PLAIN}</DependentRequests>"
    said = warnings(web_test(request(f"<DependentRequests>{request(inside)}</DependentRequests>")))
    assert [each.partition(">: ")[2].partition(" ")[0] for each in said] == ["the", "it"]


# Rules


def test_rules_are_read_and_what_the_recorder_only_proposed_is_not() -> None:
    def extraction(variable: str) -> str:
        return f'<ExtractionRule Classname="{RULES}.ExtractHiddenFields" VariableName="{variable}"/>'

    made = request_of(
        f"<ExtractionRules>{extraction('1')}</ExtractionRules>"
        f"<CorrelationExtractionRules>{extraction('2')}</CorrelationExtractionRules>"
    )
    assert made.extract == (ExtractHiddenFields(variable="1"),)


def test_what_the_recorder_only_proposed_gives_no_name_to_what_is_bound() -> None:
    proposed = f'<ExtractionRule Classname="{RULES}.ExtractText" VariableName="WEB"/>'
    inside = f"<CorrelationExtractionRules>{proposed}</CorrelationExtractionRules>"
    assert request_of(inside, more=PARAMETERS, url="{{web}}/b").url == "{{Web}}/b"


def test_rules_of_the_test_hold_for_every_request_but_no_dependent_and_know_what_it_expects() -> None:
    first = request(f"<ValidationRules>{find_text('a')}</ValidationRules>", 'ExpectedResponseUrl="{{web}}/b"')
    second = f'<TransactionTimer Name="t"><Items>{PLAIN}</Items></TransactionTimer>'
    third = request(f"<DependentRequests>{PLAIN}</DependentRequests>")
    one, two, three = understood(web_test(first + second + third, PARAMETERS + RESPONSE_URL)).test.steps
    assert isinstance(one, Request)
    assert one.validate == (CheckText(text="a"), CheckUrl(expected="{{Web}}/b"))
    assert two.steps[0].validate == (CheckUrl(),)  # type: ignore[union-attr]
    assert isinstance(three, Page)
    assert three.request.validate == (CheckUrl(),)
    assert three.dependents[0].validate == ()


def test_a_goal_is_judged_where_the_request_has_one() -> None:
    rule = (
        f'<ValidationRules><ValidationRule Classname="{RULES}.ValidationRuleResponseTimeGoal" Level="Low" '
        'ExectuionOrder="AfterDependents"/></ValidationRules>'
    )
    test = understood(web_test(request(attributes='ResponseTimeGoal="2"') + PLAIN, rule)).test
    assert [step.validate for step in test.steps if isinstance(step, Request)] == [
        (CheckResponseTime(at_most=2, page=True, after_dependents=True),),
        (),
    ]


@pytest.mark.parametrize(
    ("level", "judged"), [(Level.LOW, ["l"]), (Level.MEDIUM, ["l", "m"]), (Level.HIGH, ["l", "m", "h"])]
)
def test_rules_are_judged_up_to_the_level_of_the_run(level: Level, judged: list[str]) -> None:
    rules = find_text("l", "Low") + find_text("m", "Medium") + find_text("h", "High")
    text = web_test(request(f"<ValidationRules>{rules}</ValidationRules>"))
    (step,) = understood(text, surroundings=Surroundings(level=level)).test.steps
    assert isinstance(step, Request)
    assert [rule.text for rule in step.validate if isinstance(rule, CheckText)] == judged


def test_a_rule_of_somebodys_own_is_refused_once_however_many_requests_there_are() -> None:
    rule = '<ValidationRules><ValidationRule Classname="My.Rule, My" Level="Low"/></ValidationRules>'
    (error,) = errors(web_test(PLAIN * 5, rule))
    assert "My.Rule" in error


def test_rules_of_the_test_are_bounded_over_all_its_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_requests, "_MOST_RULES", 3)
    assert errors(web_test(PLAIN * 3, RESPONSE_URL)) == []
    (error,) = errors(web_test(PLAIN * 9, RESPONSE_URL))
    assert "the rules of the test come to over 3 for its requests; give fewer" in error


@pytest.mark.parametrize("name", ["$uuid", "it's", "$user"])
def test_a_rule_must_not_extract_what_is_headraces(name: str) -> None:
    rule = f'<ExtractionRules><ExtractionRule Classname="{RULES}.ExtractHttpHeader" VariableName="{name}"><RuleParameters>'
    text = f'{rule}<RuleParameter Name="Header" Value="X"/></RuleParameters></ExtractionRule></ExtractionRules>'
    (error,) = errors(web_test(request(text)))
    assert "is one of Headrace's own, or has a quote in it; rename it" in error
