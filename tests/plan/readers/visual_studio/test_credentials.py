"""User, password and proxy of a web test."""

import pytest

from headrace.plan.diagnostics import Severity
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.requests import AuthScheme, Credentials
from tests.plan.readers.visual_studio.web_test_files import PLAIN, errors, read, told, understood, web_test

ENCRYPTED = "q83vEjRWeJCrze8SNFZ4kA=="
PARAMETERS = '<ContextParameters><ContextParameter Name="Proxy" Value="http://proxy.test:8080"/></ContextParameters>'


def of(attributes: str, **surroundings: object) -> Credentials | None:
    text = web_test(PLAIN, PARAMETERS, attributes)
    return understood(text, surroundings=Surroundings(**surroundings)).test.credentials  # type: ignore[arg-type]


def test_without_a_user_there_are_none() -> None:
    assert of('CredentialUserName="" CredentialPassword=""') is None
    assert of("") is None


def test_a_user_answers_the_challenge_of_a_server() -> None:
    assert of('CredentialUserName="DOMAIN\\ann"') == Credentials(AuthScheme.AS_ASKED, "", "DOMAIN\\ann")


def test_an_encrypted_password_is_refused_and_in_no_message() -> None:
    (error,) = errors(web_test(PLAIN, "", f'CredentialUserName="ann" CredentialPassword="{ENCRYPTED}"'))
    assert "its CredentialPassword is encrypted; give the password as the context parameter CredentialPassword" in error
    assert ENCRYPTED not in error


@pytest.mark.parametrize("name", ["CredentialPassword", "credentialpassword"])
def test_the_password_is_a_context_parameter_of_the_run_or_of_the_run_setting(name: str) -> None:
    attributes = f'CredentialUserName="{{{{proxy}}}}" CredentialPassword="{ENCRYPTED}"'
    wanted = Credentials(AuthScheme.AS_ASKED, "water", "{{Proxy}}")
    assert of(attributes, choices=Choices(parameters={name: "water"})) == wanted
    assert of(attributes, parameters={name: "water"}) == wanted
    both = {"choices": Choices(parameters={name: "water"}), "parameters": {name: "race"}}
    assert of(attributes, **both) == wanted


def test_the_password_may_be_a_binding() -> None:
    attributes = f'CredentialUserName="ann" CredentialPassword="{ENCRYPTED}"'
    choices = Choices(parameters={"CredentialPassword": "{{proxy}}"})
    assert of(attributes, choices=choices) == Credentials(AuthScheme.AS_ASKED, "{{Proxy}}", "ann")
    plain = 'CredentialUserName="ann" CredentialPassword="{{Proxy}}"'
    assert of(plain) == Credentials(AuthScheme.AS_ASKED, "{{Proxy}}", "ann")


def test_that_a_password_is_sent_unasked_later_is_told_where_it_should_not_be() -> None:
    text = web_test(PLAIN, "", 'CredentialUserName="ann" PreAuthenticate="False"')
    (info,) = told(Severity.INFO, text)
    assert "PreAuthenticate is False" in info
    assert told(Severity.INFO, web_test(PLAIN, "", 'PreAuthenticate="False"')) == []


@pytest.mark.parametrize(
    ("written", "proxy"),
    [
        ("", ""),
        ("default", ""),
        ("http://proxy.test:8080/", "http://proxy.test:8080"),
        ("proxy.test:8080", "http://proxy.test:8080"),
        ("{{proxy}}", "http://proxy.test:8080"),
    ],
)
def test_a_proxy_is_an_address_and_the_default_is_none(written: str, proxy: str) -> None:
    assert understood(web_test(PLAIN, PARAMETERS, f'Proxy="{written}"')).proxy == proxy


def test_a_proxy_that_is_not_known_before_the_test_runs_is_an_error() -> None:
    test, found = read(web_test(PLAIN, "", 'Proxy="{{nobody}}"'))
    assert test is not None
    assert test.proxy == ""
    assert [each.severity for each in found] == [Severity.ERROR]


@pytest.mark.parametrize("written", ["ftp://proxy.test", "http://proxy.test/path", "http://ann@proxy.test", "a b"])
def test_a_proxy_that_is_none_is_an_error_where_it_stands(written: str) -> None:
    (error,) = errors(web_test(PLAIN, "", f'Proxy="{written}"'))
    assert error.startswith("buy.webtest, line 1, <WebTest Name='Buy'>: Proxy")
