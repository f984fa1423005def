"""plan/writers/masked.py: a plan without its secrets."""

import pytest
from msgspec.structs import replace

from headrace.plan.browsers import DEFAULT
from headrace.plan.data import DataSource
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare, Tls
from headrace.plan.requests import AuthScheme, Credentials, Form, FormPart, Multipart, Parameter, Request
from headrace.plan.scripts import AttachedFile
from headrace.plan.writers.masked import MASK, masked
from headrace.plan.writers.plan_yaml import write_plan

SECRET = "sesame"
OPEN = Request("http://shop.test/", query=(Parameter("page", "1"),), headers=(("X-Who", "ada"),))
PLAN = Plan(
    "Shop",
    (Test("Buy", (OPEN,)),),
    (Scenario("Day", (TestShare("Buy"),), Constant(1), (BrowserShare(DEFAULT, 100),)),),
    60,
)


def with_request(**changes: object) -> Plan:
    return replace(PLAN, tests=(Test("Buy", (replace(OPEN, **changes),)),))


@pytest.mark.parametrize(
    "plan",
    [
        with_request(credentials=Credentials(AuthScheme.BASIC, SECRET, "ada")),
        with_request(headers=(("Authorization", SECRET), ("X-Who", "ada"))),
        with_request(query=(Parameter("api_key", SECRET),)),
        with_request(body=Form((Parameter("Password", SECRET),))),
        with_request(body=Multipart((FormPart("pwd", SECRET),))),
        replace(PLAN, variables=(("token", SECRET),)),
        replace(PLAN, proxy=f"http://ada:{SECRET}@proxy.test:3128"),
        replace(PLAN, tls=Tls(certificate="cert", key=SECRET, key_password=SECRET)),
        replace(PLAN, data=(DataSource("users", ("name", "word"), (("ada", SECRET),)),)),
        replace(PLAN, files=(AttachedFile("set-up.sh", SECRET.encode()),)),
    ],
)
def test_no_secret_is_left(plan: Plan) -> None:
    assert SECRET not in write_plan(masked(plan))
    assert masked(plan).files == ()
    assert "http://shop.test/" in write_plan(masked(plan))


def test_what_is_no_secret_stays() -> None:
    assert masked(PLAN) == PLAN


def test_a_variable_in_the_place_of_a_secret_stays() -> None:
    plan = with_request(credentials=Credentials(AuthScheme.BASIC, "{{password}}", "ada"))
    assert masked(plan) == plan


def test_what_was_secret_is_shown_to_have_been_there() -> None:
    plan = with_request(headers=(("Authorization", SECRET),))
    step = masked(plan).tests[0].steps[0]
    assert isinstance(step, Request)
    assert step.headers == (("Authorization", MASK),)
