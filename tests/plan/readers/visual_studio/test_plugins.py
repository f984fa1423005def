"""What authors wrote in .NET: refused, with what may do the same, unless the user would rather go without."""

import pytest

from headrace.plan.diagnostics import Severity
from tests.plan.readers.visual_studio.web_test_files import (
    IGNORING,
    PLAIN,
    errors,
    request,
    told,
    understood,
    warnings,
    web_test,
)


def plugin(name: str, parameters: str = "", kind: str = "WebTest") -> str:
    inside = f"<RuleParameters>{parameters}</RuleParameters>" if parameters else ""
    element = f'<{kind}Plugin Classname="{name}, My, Version=1.0.0.0" DisplayName="x">{inside}</{kind}Plugin>'
    return f"<{kind}Plugins>{element}</{kind}Plugins>"


def test_a_plugin_of_the_test_is_refused() -> None:
    assert errors(web_test(PLAIN, plugin("My.Thing"))) == [
        "buy.webtest, line 1, <WebTestPlugin Classname='My.Thing'>: a plug-in is code for .NET, which is not run. "
        "Take it out, or run the test without it by --ignore-plugins."
    ]


def test_a_plugin_of_a_request_is_refused() -> None:
    (error,) = errors(web_test(request(plugin("My.Thing", kind="Request"))))
    assert "<RequestPlugin Classname='My.Thing'>: a plug-in is code for .NET" in error


def test_a_test_runs_without_its_plugins_where_the_user_wants_it() -> None:
    text = web_test(request(plugin("My.Thing", kind="Request")), plugin("My.Other"))
    assert told(Severity.ERROR, text, surroundings=IGNORING) == []
    assert len(told(Severity.WARNING, text, surroundings=IGNORING)) == 2


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("GenerateUniqueLastName", "in plan.yaml, the variable 'LastName' with the value {{$random_text(8)}}"),
        ("UniqueEmail", "in plan.yaml, the variable 'LastName' with the value {{$random_text(8)}}@example.com"),
        ("NewGuid", "in plan.yaml, the variable 'LastName' with the value {{$uuid}}"),
        ("SetThinkTime", "the ThinkTime of the requests"),
        ("LogonPlugin", "a request that logs in"),
        ("AsyncPostbackRequestPlugin", "the rule ExtractHiddenFields"),
    ],
)
def test_what_may_do_the_same_is_named(name: str, instead: str) -> None:
    parameters = '<RuleParameter Name="ContextParamTarget" Value="LastName"/>'
    (error,) = errors(web_test(PLAIN, plugin(f"My.{name}", parameters)))
    assert f"which is not run; {instead}" in error
    assert "may do what its name says" in error


def test_a_plugin_that_helps_the_editor_only_is_left_out() -> None:
    name = "WebTest.WebService.Plugin.Runtime.WebServicePlugin"
    (warning,) = warnings(web_test(PLAIN, plugin(name)))
    assert "this plug-in helps the editor only; it is not run" in warning
    assert errors(web_test(PLAIN, plugin(name))) == []
    assert len(errors(web_test(PLAIN, plugin(name, '<RuleParameter Name="a" Value="b"/>')))) == 1


@pytest.mark.parametrize("attribute", ["TestCaseCallbackClass", "RequestCallbackClass"])
def test_classes_that_visual_studio_2005_calls_are_refused(attribute: str) -> None:
    (error,) = errors(web_test(PLAIN, "", f'{attribute}="My.Hook, My"'))
    assert f"{attribute} is 'My.Hook', which is code for .NET and is not run" in error
    assert understood(web_test(PLAIN, "", f'{attribute}=""'))
