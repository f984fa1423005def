"""plan/readers/url_test.py: from a list of URLs to a Plan."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from headrace.plan.browsers import DEFAULT, find_browser
from headrace.plan.diagnostics import Severity, forbid_running
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare, Tls
from headrace.plan.readers.url_test import UrlTest, read_url_test
from headrace.plan.requests import Request
from headrace.plan.targets import TargetRule

TEST = UrlTest(name="Shop.loadtest", urls=("http://shop.test/", "http://shop.test/cart"), users=25, duration=60)


ANYWHERE = TargetRule()


def errors_of(test: UrlTest, targets: TargetRule = ANYWHERE) -> list[str]:
    return [diagnostic.message for diagnostic in read_url_test(test, targets)[1] if diagnostic.severity is Severity.ERROR]


def test_a_url_test_becomes_one_scenario_that_requests_the_list_in_order() -> None:
    targets = TargetRule(deny=("10.0.0.0/8",))
    test = replace(
        TEST,
        urls=("http://Shop.test", "http://shop.test/größe#top"),
        think_time=1.5,
        browsers=(("Internet Explorer 11.0", 60.0), ("Chrome 2", 40.0)),
        sampling_interval=5,
        warm_up=10,
        verify_certificates=False,
        request_timeout=12.5,
    )
    plan, diagnostics = read_url_test(test, targets)
    explorer, chrome = find_browser("Internet Explorer 11.0"), find_browser("Chrome 2")
    assert explorer is not None
    assert chrome is not None
    assert diagnostics == []
    assert plan == Plan(
        name="Shop.loadtest",
        tests=(
            Test(
                "Shop",
                (
                    Request("http://shop.test/", name="http://Shop.test"),
                    Request("http://shop.test/gr%C3%B6%C3%9Fe", name="http://shop.test/größe#top"),
                ),
            ),
        ),
        scenarios=(
            Scenario(
                name="Scenario1",
                mix=(TestShare("Shop"),),
                load=Constant(25),
                browsers=(BrowserShare(explorer, 60.0), BrowserShare(chrome, 40.0)),
                think_time=1.5,
            ),
        ),
        duration=60,
        warm_up=10,
        sampling_interval=5,
        request_timeout=12.5,
        tls=Tls(verify=False),
        targets=targets,
    )


@pytest.mark.parametrize(
    ("name", "test_name"),
    [("Shop.loadtest", "Shop"), ("Shop.LoadTest", "Shop"), ("Shop", "Shop"), (".loadtest", ".loadtest"), ("a.jmx", "a.jmx")],
)
def test_the_test_is_named_like_the_load_test_without_its_ending(name: str, test_name: str) -> None:
    plan, _ = read_url_test(replace(TEST, name=name), ANYWHERE)
    assert plan.name == name
    assert (plan.tests[0].name, plan.scenarios[0].mix) == (test_name, (TestShare(test_name),))


def test_without_browsers_the_default_browser_is_used() -> None:
    plan, diagnostics = read_url_test(TEST, ANYWHERE)
    assert plan.scenarios[0].browsers == (BrowserShare(DEFAULT, 100.0),)
    assert diagnostics == []


def test_an_unknown_browser_keeps_its_name_sends_the_default_headers_and_is_reported() -> None:
    plan, diagnostics = read_url_test(replace(TEST, browsers=(("Lynx", 1.0),)), ANYWHERE)
    assert plan.scenarios[0].browsers == (BrowserShare(structs.replace(DEFAULT, name="Lynx"), 1.0),)
    (diagnostic,) = diagnostics
    assert diagnostic.severity is Severity.WARNING
    assert "'Lynx' is not known" in diagnostic.message
    assert not forbid_running(diagnostics)


def test_a_browser_of_weight_zero_has_no_users() -> None:
    plan, diagnostics = read_url_test(replace(TEST, browsers=(("Chrome", 0.0), ("Edge", 5.0))), ANYWHERE)
    assert [share.browser.name for share in plan.scenarios[0].browsers] == ["Edge"]
    assert diagnostics == []


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_an_error(weight: float) -> None:
    (message,) = errors_of(replace(TEST, browsers=(("Chrome", 1.0), ("Edge", weight))))
    assert message.startswith("browsers[1], 'Edge', has the weight ")


def test_a_mix_without_any_weight_is_an_error() -> None:
    (message,) = errors_of(replace(TEST, browsers=(("Chrome", 0.0), ("Edge", 0.0))))
    assert "no weight above 0" in message


@pytest.mark.parametrize("pattern", ["Constant", "constant", " CONSTANT "])
def test_the_constant_pattern_is_known_in_any_case(pattern: str) -> None:
    assert errors_of(replace(TEST, pattern=pattern)) == []


def test_another_pattern_is_an_error() -> None:
    (message,) = errors_of(replace(TEST, pattern="Step"))
    assert message == "the load pattern 'Step' is not known for a URL test; use 'Constant'"


def test_a_wrong_url_is_an_error_that_names_its_place_its_value_and_the_remedy() -> None:
    (message,) = errors_of(replace(TEST, urls=("http://shop.test/", "http://shop.test/", "ftp://shop.test/")))
    assert message == "urls[2], 'ftp://shop.test/', is neither an http:// nor an https:// address"


def test_every_wrong_url_is_reported_and_the_others_are_read() -> None:
    plan, diagnostics = read_url_test(replace(TEST, urls=("x", "http://shop.test/", "http://a b/")), ANYWHERE)
    assert [diagnostic.message.split(",")[0] for diagnostic in diagnostics] == ["urls[0]", "urls[2]"]
    assert [step.url for step in plan.tests[0].steps if isinstance(step, Request)] == ["http://shop.test/"]


def test_a_wrong_url_is_shown_shortened_and_escaped() -> None:
    (message,) = errors_of(replace(TEST, urls=("gopher://\n" + "x" * 5000,)))
    assert message.startswith("urls[0], 'gopher://\\nxxx")
    assert len(message) < 300
    assert message.isprintable()


def test_a_test_without_urls_is_an_error() -> None:
    assert errors_of(replace(TEST, urls=())) == ["urls is empty; name at least one URL"]


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://metadata.google.internal/", "metadata.google.internal"),
        ("http://169.254.169.254/latest", "169.254.0.0/16"),
        ("http://[::ffff:169.254.169.254]/", "169.254.0.0/16"),
        ("http://１69.254.169.254/", "169.254.0.0/16"),
    ],
)
def test_a_denied_target_is_an_error_that_names_the_url_and_the_rule(url: str, rule: str) -> None:
    (message,) = errors_of(replace(TEST, urls=(url,)))
    assert message.startswith(f"urls[0], '{url}', must not be tested: the host ")
    assert f"'{rule}'" in message


def test_an_address_that_is_not_allowed_is_an_error_but_a_name_is_judged_when_it_is_resolved() -> None:
    targets = TargetRule(allow=("10.0.0.0/8",))
    test = replace(TEST, urls=("http://192.0.2.1/", "http://10.0.0.1/", "http://shop.test/"))
    (message,) = errors_of(test, targets)
    assert message.startswith("urls[0], 'http://192.0.2.1/', must not be tested: ")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"users": 0}, "users"),
        ({"duration": 0}, "duration"),
        ({"duration": float("inf")}, "duration"),
        ({"warm_up": -1}, "warm_up"),
        ({"think_time": float("nan")}, "think_time"),
        ({"sampling_interval": 0}, "sampling_interval"),
        ({"request_timeout": 0}, "request_timeout"),
    ],
)
def test_a_number_out_of_range_is_an_error_that_names_it(change: dict[str, float], field: str) -> None:
    (message,) = errors_of(replace(TEST, **change))  # type: ignore[arg-type]
    assert message.startswith(f"{field} is {next(iter(change.values()))}; ")


@given(st.lists(st.text(), max_size=5), st.lists(st.tuples(st.text(), st.floats()), max_size=3), st.text(), st.text())
def test_no_input_makes_the_reader_raise(
    urls: list[str], browsers: list[tuple[str, float]], name: str, pattern: str
) -> None:
    plan, diagnostics = read_url_test(
        replace(TEST, name=name, urls=tuple(urls), browsers=tuple(browsers), pattern=pattern), ANYWHERE
    )
    assert forbid_running(diagnostics) or len(plan.tests[0].steps) == len(urls)
    assert all(diagnostic.message.isprintable() for diagnostic in diagnostics)
