"""Requests of a plan as the bytes that are sent: constant ones made once, those with variables for each iteration."""

import hashlib
from base64 import b64encode
from collections import Counter
from urllib.request import parse_http_list, parse_keqv_list

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.answer import Variables
from headrace.engine.http.prepared import Prepared
from headrace.engine.http.proxy import Proxy
from headrace.engine.http.requests import CompiledRequest, Requests, UnpreparedError
from headrace.engine.measuring.measures import Measures
from headrace.engine.templates import UnboundError
from headrace.plan.model import Browser
from headrace.plan.requests import (
    AuthScheme,
    Binary,
    Credentials,
    Form,
    FormPart,
    Multipart,
    Parameter,
    Request,
    Text,
)
from headrace.plan.steps import SetVariables
from headrace.ticks.tick import Name
from tests.engine.running import BROWSER, once, plan, run
from tests.engine.target import Exchange, Route, Target, answer, redirect, response

BARE = Browser("Bare", ())
NAME = Name("Scenario", "Test", "")


def compiled(
    request: Request,
    browser: Browser = BARE,
    credentials: Credentials | None = None,
    measures: Measures | None = None,
    proxy: Proxy | None = None,
    keep_unknown: bool = False,
) -> CompiledRequest:
    requests = Requests(measures or Measures(), proxy)
    return requests.compile(request, browser, NAME, credentials, keep_unknown=keep_unknown)


def constant(request: Request, browser: Browser = BARE, credentials: Credentials | None = None) -> Prepared:
    """A request that is the same each time."""
    prepared = compiled(request, browser, credentials).constant
    assert prepared is not None
    return prepared


def built(request: Request, browser: Browser = BARE, credentials: Credentials | None = None, **values: str) -> Prepared:
    """A request that depends on variables, with these."""
    found = compiled(request, browser, credentials)
    assert found.constant is None
    return found.build(variables(**values))


def variables(**values: str) -> Variables:
    result = Variables()
    result.update(values)
    return result


def head_of(prepared: Prepared) -> list[str]:
    """First line and header lines."""
    head, blank, body = prepared.data.partition(b"\r\n\r\n")
    assert (blank, body) == (b"\r\n\r\n", prepared.body)
    return head.decode("latin-1").split("\r\n")


# Constant requests


@pytest.mark.parametrize(
    ("url", "line", "host", "origin", "path"),
    [
        ("http://shop.test", "GET / HTTP/1.1", "shop.test", (False, "shop.test", 80), "/"),
        ("https://SHOP.test:443/a/b?c=d&e", "GET /a/b?c=d&e HTTP/1.1", "shop.test", (True, "shop.test", 443), "/a/b"),
        ("http://shop.test:8080/?", "GET / HTTP/1.1", "shop.test:8080", (False, "shop.test", 8080), "/"),
        ("http://[2001:DB8::1]:81/x#y", "GET /x HTTP/1.1", "[2001:db8::1]:81", (False, "2001:db8::1", 81), "/x"),
        (
            "https://bücher.test/ä?ö",
            "GET /%C3%A4?%C3%B6 HTTP/1.1",
            "xn--bcher-kva.test",
            (True, "xn--bcher-kva.test", 443),
            "/%C3%A4",
        ),
        ("http://shop.test/a b?c d", "GET /a%20b?c%20d HTTP/1.1", "shop.test", (False, "shop.test", 80), "/a%20b"),
        ("http://shop.test/{'{'}/%7b", "GET /%7B'%7B'%7D/%7b HTTP/1.1", "shop.test", (False, "shop.test", 80), None),
        ("http://shop.test/{{'{{'}}", "GET /%7B%7B HTTP/1.1", "shop.test", (False, "shop.test", 80), "/%7B%7B"),
        ("http://shop.test/\\a", "GET /%5Ca HTTP/1.1", "shop.test", (False, "shop.test", 80), "/%5Ca"),
    ],
)
def test_a_request_without_variables_is_made_into_bytes_once(
    url: str, line: str, host: str, origin: tuple[bool, str, int], path: str | None
) -> None:
    prepared = constant(Request(url), Browser("B", (("User-Agent", "b/1"), ("Accept", "*/*"))))
    assert prepared.data == f"{line}\r\nHost: {host}\r\nUser-Agent: b/1\r\nAccept: */*\r\n\r\n".encode()
    assert (prepared.origin.secure, prepared.origin.host, prepared.origin.port) == origin
    assert path is None or prepared.path == path
    assert prepared.target == line.split(" ")[1]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (Request("ftp://shop.test/"), "neither an http"),
        (Request("http://sh op.test/"), "blank"),
        (Request("http://user:word@shop.test/"), "user name"),
        (Request("http://shop.test:99999/"), "99999"),
        (Request("/relative"), "neither an http"),
        (Request("http://shop.test/", headers=(("X-A", "b\r\nX-Evil: c"),)), "X-A.* line break"),
        (Request("http://shop.test/", headers=(("X-A\nX-Evil", "b"),)), "line break"),
        (Request("http://shop.test/", headers=(("X-A", "b\0"),)), "line break"),
        (Request("http://shop.test/", method="POST", body=Text("ä", charset="ascii")), "U\\+00E4"),
        (Request("http://shop.test/", method="POST", body=Text("a", content_type="a/{{b}}")), "content type"),
        (Request("http://shop.test/{{$random(6, 1)}}"), "smaller one first"),
    ],
)
def test_what_can_never_be_sent_is_refused_before_the_start(request_: Request, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        compiled(request_)


def test_the_same_origin_is_the_same_object_and_goes_when_nobody_needs_it() -> None:
    requests = Requests(Measures())
    first, second, third = (
        requests.compile(Request(url), BARE, NAME).constant
        for url in ("http://shop.test/", "http://shop.test/a", "http://shop.test:81/")
    )
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.origin is second.origin
    assert first.origin is not third.origin
    for number in range(3000):
        first.terms.redirect(first, 302, f"http://h{number}.test/")
    assert len(requests._origins) <= 1002


# Requests with variables


def test_a_request_with_variables_is_built_from_their_values_each_time() -> None:
    request = compiled(
        Request(
            "{{server}}/item/{{id}}?a=b",
            "POST",
            query=(Parameter("q", "{{word}}"),),
            headers=(("X-Id", "<{{id}}>"),),
            body=Form((Parameter("f", "{{word}}"),)),
        )
    )
    assert request.constant is None
    first = request.build(variables(server="http://shop.test", id="7", word="ä &"))
    assert first.data.decode() == (
        "POST /item/7?a=b&q=%C3%A4+%26 HTTP/1.1\r\nHost: shop.test\r\nX-Id: <7>\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 13\r\n\r\nf=%C3%A4+%26"
    ).replace("13", str(len("f=%C3%A4+%26")))
    second = request.build(variables(server="https://other.test:8443", id="8", word="x"))
    assert head_of(second)[:3] == ["POST /item/8?a=b&q=x HTTP/1.1", "Host: other.test:8443", "X-Id: <8>"]
    assert (second.origin.secure, second.origin.host, second.origin.port) == (True, "other.test", 8443)
    assert second.body == b"f=x"


def test_a_request_that_differs_in_its_url_only_is_made_once_for_each() -> None:
    item = compiled(Request("http://shop.test/items/{{id}}", method="POST", body=Text("all of it")))
    one = item.build(variables(id="1"))
    assert item.build(variables(id="1")) is one
    other = item.build(variables(id="2"))
    assert other.target == "/items/2"
    assert other.data.endswith(b"Content-Length: 9\r\n\r\nall of it")
    for number in range(1100):
        item.build(variables(id=f"n{number}"))
    assert item.build(variables(id="1")) is not one  # not without end


def test_a_url_with_chance_in_it_is_asked_for_once_a_request() -> None:
    dice = compiled(Request("http://shop.test/{{$random(1, 1000000)}}"))
    values = Variables(seed=1)
    expected = Variables(seed=1)
    for _ in range(5):
        assert dice.build(values).target == f"/{expected.random.randint(1, 1_000_000)}"


def test_a_request_is_constant_only_where_nothing_in_it_changes() -> None:
    varying = [
        Request("http://shop.test/{{a}}"),
        Request("http://shop.test/", name="{{a}}"),
        Request("http://shop.test/", headers=(("X", "{{a}}"),)),
        Request("http://shop.test/", headers=(("{{a}}", "x"),)),
        Request("http://shop.test/", headers=(("Content-Type", "{{a}}"),)),
        Request("http://shop.test/", query=(Parameter("{{a}}", ""),)),
        Request("http://shop.test/", body=Text("{{a}}")),
        Request("http://shop.test/", body=Multipart((FormPart("a", "{{a}}"),))),
        Request("http://shop.test/", credentials=Credentials(AuthScheme.BEARER, "{{a}}")),
        Request("http://shop.test/?now={{$epoch}}"),
    ]
    assert [compiled(request).constant for request in varying] == [None] * len(varying)
    assert compiled(Request("http://shop.test/{a}", body=Binary(b"{{a}}"))).constant is not None


def test_a_variable_without_a_value_is_an_error_or_stays_as_it_is_written() -> None:
    request = Request("http://shop.test/{{id}}")
    with pytest.raises(UnboundError, match="Context parameter 'id' not found"):
        compiled(request).build(Variables())
    prepared = compiled(request, keep_unknown=True).build(Variables())
    assert head_of(prepared)[0] == "GET /%7B%7Bid%7D%7D HTTP/1.1"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: b", "a\nb", "a\rb", "a\0b", "\r\n\r\nGET /evil HTTP/1.1"])
def test_a_value_cannot_end_a_header(value: str) -> None:
    for request in (
        Request("http://shop.test/", headers=(("X-A", "{{a}}"),)),
        Request("http://shop.test/", headers=(("{{a}}", "b"),)),
        Request("http://shop.test/", headers=(("Content-Type", "{{a}}"),)),
        Request("http://shop.test/", credentials=Credentials(AuthScheme.BEARER, "{{a}}")),
    ):
        with pytest.raises(UnpreparedError) as caught:
            built(request, a=value)
        assert caught.value.failure.kind == "Exception"
        assert "line break" in caught.value.failure.message


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("a b", "/a%20b"),
        ("a\r\nb", "/a%0D%0Ab"),
        ('ä{}|^`"<>', "/%C3%A4%7B%7D%7C%5E%60%22%3C%3E"),
        ("{{id}}", "/%7B%7Bid%7D%7D"),  # a value is no template
        ("50%", "/50%"),
        ("a?b=c#d", "/a?b=c"),
        ("\U0001f600", "/%F0%9F%98%80"),
        ("/../x", "//../x"),
        ("", "/"),
    ],
)
def test_whatever_a_value_has_in_it_the_request_is_one_line(value: str, target: str) -> None:
    assert head_of(built(Request("http://shop.test/{{id}}"), id=value)) == [f"GET {target} HTTP/1.1", "Host: shop.test"]


@pytest.mark.parametrize(
    "url", ["ftp://shop.test/", "//shop.test/", "", "javascript:alert(1)", "http://a b/", "http://u:p@h/", "http://\ud800/"]
)
def test_a_value_that_makes_the_url_none_fails_that_request_only(url: str) -> None:
    with pytest.raises(UnpreparedError) as caught:
        built(Request("{{url}}"), url=url)
    assert caught.value.failure.subkind == "UriFormatException"


def test_a_value_that_cannot_be_encoded_fails_that_request_only() -> None:
    for request in (
        Request("http://shop.test/", body=Text("{{a}}", charset="ascii")),
        Request("http://shop.test/{{a}}"),
        Request("http://shop.test/", query=(Parameter("a", "{{a}}"),)),
        Request("http://shop.test/", body=Form((Parameter("a", "{{a}}"),))),
    ):
        with pytest.raises(UnpreparedError):
            built(request, a="ä\ud800")


@given(st.dictionaries(st.sampled_from("abcdef"), st.text(max_size=30), min_size=6))
def test_no_value_can_add_a_line_or_a_request(values: dict[str, str]) -> None:
    request = Request(
        "http://shop.test/{{a}}",
        "POST",
        query=(Parameter("{{b}}", "{{c}}"), Parameter("x", "{{b}}", encode=False)),
        headers=(("X-D", "{{d}}"),),
        body=Form((Parameter("{{e}}", "{{f}}"),)),
    )
    try:
        prepared = compiled(request).build(variables(**values))
    except UnpreparedError:
        return
    lines = head_of(prepared)
    names = [line.partition(":")[0] for line in lines[1:]]
    assert names == ["Host", "X-D", "Content-Type", "Content-Length"]
    assert lines[0].count(" ") == 2
    assert lines[-1] == f"Content-Length: {len(prepared.body)}"
    assert prepared.body.isascii()


def test_urls_that_were_made_before_are_remembered_but_not_without_end() -> None:
    request = compiled(Request("http://shop.test/{{id}}"))
    for number in range(2500):
        assert request.build(variables(id=str(number))).target == f"/{number}"
    assert len(request._urls) <= 1000
    assert request.build(variables(id="1")).target == "/1"


# Headers


def test_a_request_has_the_browsers_headers_and_its_own_go_first() -> None:
    browser = Browser("B", (("User-Agent", "b/1"), ("Accept", "*/*"), ("Accept-Language", "en")))
    request = Request("http://shop.test/", headers=(("accept", "text/html"), ("X-Two", "1"), ("X-Two", "2")))
    assert head_of(constant(request, browser))[1:] == [
        "Host: shop.test",
        "User-Agent: b/1",
        "Accept-Language: en",
        "accept: text/html",
        "X-Two: 1",
        "X-Two: 2",
    ]


def test_headers_are_sent_in_latin_1_and_where_that_does_not_do_in_utf_8() -> None:
    data = constant(Request("http://shop.test/", headers=(("X-L", "é"), ("X-U", "日")))).data
    assert b"X-L: \xe9\r\n" in data
    assert b"X-U: \xe6\x97\xa5\r\n" in data
    assert b"X-V: \xe6\x97\xa5\r\n" in built(Request("http://shop.test/", headers=(("X-V", "{{a}}"),)), a="日").data


def test_a_name_of_a_header_is_a_template_too() -> None:
    assert "X-One: 1" in head_of(built(Request("http://shop.test/", headers=(("X-{{n}}", "1"),)), n="One"))


def test_a_request_may_name_another_host_than_the_one_that_it_goes_to() -> None:
    request = Request("http://10.1.2.3/a", headers=(("host", "shop.test"),))
    prepared = constant(request, BROWSER)
    assert head_of(prepared)[:2] == ["GET /a HTTP/1.1", "Host: shop.test"]
    assert prepared.origin.host == "10.1.2.3"
    # so does what it redirects to at the same place
    assert head_of(prepared.terms.redirect(prepared, 302, "/b"))[1] == "Host: shop.test"
    assert head_of(prepared.terms.redirect(prepared, 302, "http://other.test/b"))[1] == "Host: other.test"
    varying = Request("http://10.1.2.3/a", headers=(("Host", "{{h}}.test"),))
    assert head_of(built(varying, h="one"))[1] == "Host: one.test"
    with pytest.raises(UnpreparedError, match="line break"):
        built(varying, h="a\r\nX-Evil: b")


# Bodies


def test_a_body_has_its_length_and_its_type_unless_the_request_gives_one() -> None:
    def content(request: Request) -> list[str]:
        return [line for line in head_of(constant(request)) if line.startswith("Content-")]

    url = "http://shop.test/"
    assert content(Request(url, "POST", body=Text("ä"))) == ["Content-Type: text/plain; charset=utf-8", "Content-Length: 2"]
    assert content(Request(url, "POST", body=Text("{}", content_type=""))) == ["Content-Length: 2"]
    own = (("Content-Type", "application/json"), ("Content-Length", "999"))
    assert content(Request(url, "POST", headers=own, body=Text("{}"))) == [
        "Content-Type: application/json",
        "Content-Length: 2",
    ]
    assert content(Request(url, "PUT", body=Binary(b"\0\xff"))) == [
        "Content-Type: application/octet-stream",
        "Content-Length: 2",
    ]
    assert content(Request(url, "GET", body=Text("x", content_type="a/b"))) == ["Content-Type: a/b", "Content-Length: 1"]


@pytest.mark.parametrize(
    ("method", "told"), [("POST", True), ("PUT", True), ("PATCH", True), ("GET", False), ("DELETE", False)]
)
def test_methods_that_usually_have_a_body_say_when_they_have_none(method: str, told: bool) -> None:
    assert ("Content-Length: 0" in head_of(constant(Request("http://shop.test/", method)))) is told


# Credentials


def test_credentials_are_the_tests_or_the_requests_own() -> None:
    whole = Credentials(AuthScheme.BASIC, "w", "test")
    own = Credentials(AuthScheme.BEARER, "token")

    def authorization(request: Request, credentials: Credentials | None = whole) -> list[str]:
        lines = head_of(constant(request, BARE, credentials))
        return [line.partition(": ")[2] for line in lines if line.lower().startswith("authorization:")]

    url = "http://shop.test/"
    assert authorization(Request(url)) == [f"Basic {b64encode(b'test:w').decode()}"]
    assert authorization(Request(url, credentials=own), None) == ["Bearer token"]
    assert authorization(Request(url, credentials=own)) == ["Bearer token"]  # the nearer one
    assert authorization(Request(url, headers=(("authorization", "Own x"),))) == ["Own x"]


def test_a_digest_is_not_sent_unasked() -> None:
    prepared = built(Request("http://shop.test/", credentials=Credentials(AuthScheme.DIGEST, "{{p}}", "u")), p="secret")
    assert head_of(prepared) == ["GET / HTTP/1.1", "Host: shop.test"]
    assert prepared.login == ("u", "secret")


# Redirects (RFC 9110, 15.4)


def redirected(request: Request, status: int, location: str, credentials: Credentials | None = None) -> Prepared:
    first = constant(request, BROWSER, credentials)
    return first.terms.redirect(first, status, location)


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        ("GET", 301, "GET"),
        ("GET", 303, "GET"),
        ("GET", 307, "GET"),
        ("HEAD", 301, "HEAD"),
        ("HEAD", 303, "HEAD"),
        ("HEAD", 308, "HEAD"),
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
        ("PUT", 301, "PUT"),
        ("PUT", 302, "PUT"),
        ("PUT", 303, "GET"),
        ("PUT", 308, "PUT"),
        ("DELETE", 302, "DELETE"),
        ("DELETE", 303, "GET"),
    ],
)
def test_a_redirect_changes_the_method_as_browsers_do_and_the_body_goes_with_it(method: str, status: int, then: str) -> None:
    body = Text("content", content_type="a/b") if method in ("POST", "PUT") else None
    headers = (("X-Own", "1"), ("Content-Language", "en")) if body else (("X-Own", "1"),)
    prepared = redirected(Request("http://shop.test/a", method, headers=headers, body=body), status, "/b")
    lines = head_of(prepared)
    assert lines[0] == f"{then} /b HTTP/1.1"
    assert prepared.method == then
    kept = body is not None and then == method
    assert prepared.body == (b"content" if kept else b"")
    content = ["Content-Language: en", "Content-Type: a/b", "Content-Length: 7"] if kept else []
    assert [line for line in lines if line.startswith("Content-")] == content
    assert "X-Own: 1" in lines
    assert "User-Agent: headrace-test" in lines


def test_credentials_go_along_to_the_same_host_only() -> None:
    request = Request(
        "https://shop.test/a", headers=(("Authorization", "Basic x"), ("Cookie", "own=1"), ("X-Own", "1")), cache=True
    )

    def secrets(location: str) -> list[str]:
        lines = head_of(redirected(request, 302, location))
        assert "X-Own: 1" in lines
        return [line for line in lines if line.startswith(("Authorization", "Cookie"))]

    both = ["Authorization: Basic x", "Cookie: own=1"]
    assert secrets("/b") == secrets("https://SHOP.test:443/c") == both
    assert secrets("https://other.test/") == secrets("https://shop.test:444/") == secrets("https://a.shop.test/") == []
    assert secrets("http://shop.test/") == []  # not in the clear


def test_a_login_goes_along_to_the_same_host_only_and_is_the_users_own() -> None:
    request = compiled(Request("http://shop.test/a", credentials=Credentials(AuthScheme.DIGEST, "{{p}}", "{{u}}")))
    one, two = request.build(variables(u="1", p="p1")), request.build(variables(u="2", p="p2"))
    assert one.terms.redirect(one, 302, "/b").login == ("1", "p1")
    assert two.terms.redirect(two, 302, "/b").login == ("2", "p2")
    assert one.terms.redirect(one, 302, "http://other.test/").login is None


def test_a_redirect_is_prepared_once() -> None:
    request = constant(Request("http://shop.test/a/"), BROWSER)
    redirect = request.terms.redirect
    assert redirect(request, 302, "b") is redirect(request, 302, "/a/b")
    assert redirect(request, 302, "b").data.startswith(
        b"GET /a/b HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: headrace-test\r\n"
    )


def test_what_a_redirect_leads_to_is_made_of_the_values_of_its_request() -> None:
    request = compiled(Request("http://shop.test/a", "PUT", headers=(("Content-Type", "{{t}}"), ("X-A", "{{a}}"))))
    for number in ("1", "2"):
        first = request.build(variables(t=f"t/{number}", a=number))
        lines = head_of(first.terms.redirect(first, 307, "/b"))
        assert f"X-A: {number}" in lines
        assert f"Content-Type: t/{number}" in lines


@given(st.text(max_size=60))
def test_a_location_leads_somewhere_or_is_refused_in_words(location: str) -> None:
    request = constant(Request("http://shop.test/a/"), BROWSER)
    try:
        prepared = request.terms.redirect(request, 302, location)
    except ValueError:
        return
    head, blank, rest = prepared.data.partition(b"\r\n\r\n")
    assert (blank, rest) == (b"\r\n\r\n", b"")
    assert len(head.split(b"\r\n")) == 4
    assert prepared.url.startswith(("http://", "https://"))


# Proxies


def test_through_a_proxy_a_request_has_the_absolute_form_and_the_proxys_login() -> None:
    proxy = Proxy("proxy.test", 3128, "Basic cDpx")
    plain = compiled(Request("http://shop.test:81/a?b#c"), proxy=proxy).constant
    secure = compiled(Request("https://shop.test/a"), proxy=proxy).constant
    assert plain is not None
    assert secure is not None
    assert head_of(plain) == [
        "GET http://shop.test:81/a?b HTTP/1.1",
        "Proxy-Authorization: Basic cDpx",
        "Host: shop.test:81",
    ]
    assert head_of(secure) == ["GET /a HTTP/1.1", "Host: shop.test"]  # it goes through a tunnel
    # the proxy's login is for the proxy, wherever the request goes
    assert head_of(plain.terms.redirect(plain, 302, "https://shop.test/b")) == ["GET /b HTTP/1.1", "Host: shop.test"]
    assert head_of(plain.terms.redirect(plain, 302, "http://other.test/b"))[1] == "Proxy-Authorization: Basic cDpx"
    varying = compiled(Request("http://{{h}}/a"), proxy=Proxy("proxy.test", 3128)).build(variables(h="shop.test"))
    assert head_of(varying) == ["GET http://shop.test/a HTTP/1.1", "Host: shop.test"]


# Names


def test_a_name_is_bounded_whatever_its_values_have_in_them() -> None:
    request = compiled(Request("http://shop.test/", name="Item {{id}}"))
    name = request.build(variables(id="\ud800" + "x" * 10**6)).measure.name.item
    assert name.startswith("Item ?xxx")
    assert len(name) <= 1000


def test_a_request_is_reported_under_its_name_or_its_url_as_written() -> None:
    def reported(request: Request, **values: str) -> str:
        found = compiled(request)
        return (found.constant or found.build(variables(**values))).measure.name.item

    assert reported(Request("http://shop.test/a")) == "http://shop.test/a"
    assert reported(Request("http://shop.test/a", name="Start")) == "Start"
    assert reported(Request("http://shop.test/{{id}}"), id="7") == "http://shop.test/{{id}}"
    assert reported(Request("http://shop.test/{{id}}", name="Item {{id}}"), id="7") == "Item 7"
    assert reported(Request("http://shop.test/", name="Item {{id}}"), id="8") == "Item 8"
    assert compiled(Request("http://shop.test/", name="Item {{id}}")).reported(Variables()) == "Item {{id}}"


def test_what_is_not_recorded_is_counted_nowhere() -> None:
    measures = Measures()
    prepared = compiled(Request("http://shop.test/", recorded=False), measures=measures).constant
    assert prepared is not None
    prepared.measure.quick.append(1)
    further = prepared.terms.redirect(prepared, 302, "/b")
    further.measure.quick.append(1)
    assert measures.take(0, 1.0).requests == {}
    assert prepared.measure.quick == []  # nor kept


# Over the wire


def asking_for_digest(user: str = "me", uses: int = 1000) -> Route:
    """A server that lets a client in only with the right digest, and takes a nonce so many times."""
    left: dict[str, int] = {}

    async def route(exchange: Exchange) -> None:
        seen = exchange.seen
        scheme, _, fields = (seen.header("Authorization") or "").partition(" ")
        given = parse_keqv_list(parse_http_list(fields)) if scheme == "Digest" else {}
        nonce = given.get("nonce", "")
        if left.get(nonce, 0) > 0 and given.get("response") == _digest(given, user, seen.method, seen.path):
            left[nonce] -= 1
            await exchange.send(response())
            return
        new = f"nonce{len(left)}"
        left[new] = uses
        stale = ", stale=true" if nonce in left else ""
        challenge = f'WWW-Authenticate: Digest realm="shop", nonce="{new}", qop="auth", algorithm=SHA-256{stale}'
        await exchange.send(response(401, challenge, body=b"who are you?"))

    return route


def _digest(given: dict[str, str], user: str, method: str, path: str) -> str:
    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    a1, a2 = sha(f"{user}:shop:open sesame"), sha(f"{method}:{path}")
    return sha(f"{a1}:{given.get('nonce')}:{given.get('nc')}:{given.get('cnonce')}:auth:{a2}")


DIGEST = Credentials(AuthScheme.DIGEST, "open sesame", "me")


@pytest.mark.anyio
async def test_a_user_logs_in_by_digest_once_and_sends_it_unasked_from_then_on() -> None:
    routes = {path: asking_for_digest() for path in ("/a?x=1", "/b")}
    async with Target(routes) as target:
        steps = [Request(target.url("/a?x=1")), Request(target.url("/a?x=1")), Request(target.url("/a?x=1"))]
        outcome = await once(*steps, credentials=DIGEST)
    assert [seen.header("Authorization") is not None for seen in target.seen] == [False, True, True, True]
    assert (outcome.requests.passed, outcome.requests.failed) == (4, 0)
    assert (outcome.pages.passed, outcome.tests.passed, outcome.tests.requests) == (3, 1, 4)


@pytest.mark.anyio
async def test_a_digest_that_has_become_stale_is_made_anew() -> None:
    async with Target({"/": asking_for_digest(uses=2)}) as target:
        outcome = await once(*[Request(target.url(), "POST", body=Text("x")) for _ in range(4)], credentials=DIGEST)
    # asked, sent with the first nonce twice, asked again, sent with the second twice
    assert [seen.header("Authorization") is not None for seen in target.seen] == [False, True, True, True, True, True]
    assert {seen.body for seen in target.seen} == {b"x"}
    assert (outcome.requests.failed, outcome.pages.passed) == (0, 4)


@pytest.mark.anyio
async def test_a_wrong_password_fails_the_page_and_is_not_sent_again_and_again() -> None:
    async with Target({"/": asking_for_digest()}) as target:
        wrong = Credentials(AuthScheme.DIGEST, "{{word}}", "me")
        outcome = await once(Request(target.url()), credentials=wrong, variables=(("word", "guessed"),))
    assert len(target.seen) == 2
    assert (outcome.requests.passed, outcome.requests.failed, outcome.pages.failed) == (1, 1, 1)
    assert outcome.error.subkind == "401 - Unauthorized"


def asking(*challenges: str, lets_in: str) -> Route:
    """A server that lets in whoever sends this Authorization header."""
    lines = [f"WWW-Authenticate: {challenge}" for challenge in challenges]

    async def route(exchange: Exchange) -> None:
        allowed = exchange.seen.header("Authorization") == lets_in
        await exchange.send(response() if allowed else response(401, *lines, body=b"who are you?"))

    return route


@pytest.mark.anyio
@pytest.mark.parametrize("challenges", [["Basic realm=shop"], ["Negotiate", "NTLM", 'Basic realm="shop"']])
async def test_credentials_as_asked_are_sent_to_a_server_that_asks_for_basic_and_then_unasked(challenges: list[str]) -> None:
    lets_in = f"Basic {b64encode(b'me:open sesame').decode()}"
    async with Target({"/": asking(*challenges, lets_in=lets_in), "/open": answer()}) as target:
        steps = [Request(target.url("/open")), Request(target.url()), Request(target.url()), Request(target.url("/open"))]
        outcome = await once(*steps, credentials=Credentials(AuthScheme.AS_ASKED, "open sesame", "me"))
    sent = [seen.header("Authorization") for seen in target.seen]
    assert sent == [None, None, lets_in, lets_in, lets_in]
    assert (outcome.pages.passed, outcome.requests.failed) == (4, 0)


@pytest.mark.anyio
async def test_credentials_as_asked_log_in_by_digest_and_a_wrong_password_is_sent_once() -> None:
    async with Target({"/": asking_for_digest(), "/other": asking("Basic realm=x", lets_in="nobody")}) as target:
        steps = [Request(target.url()), Request(target.url()), Request(target.url("/other"))]
        outcome = await once(*steps, credentials=Credentials(AuthScheme.AS_ASKED, "open sesame", "me"))
    assert (outcome.pages.passed, outcome.pages.failed) == (2, 1)
    assert outcome.error.subkind == "401 - Unauthorized"


@pytest.mark.anyio
async def test_a_password_for_a_digest_is_not_given_away_to_a_server_that_asks_for_basic() -> None:
    async with Target({"/": asking("Basic realm=shop", lets_in="nobody")}) as target:
        await once(Request(target.url()), credentials=DIGEST)
    assert [seen.header("Authorization") for seen in target.seen] == [None]


@pytest.mark.anyio
async def test_each_user_logs_in_as_itself() -> None:
    async with Target({"/": asking_for_digest(user="1"), "/next": redirect("/end")}) as target:
        login = Credentials(AuthScheme.DIGEST, "open sesame", "{{$user}}")
        outcome = await once(Request(target.url()), credentials=login, users=2)
    assert (outcome.tests.passed, outcome.tests.failed) == (1, 1)
    assert len(target.seen) == 4


@pytest.mark.anyio
async def test_what_is_sent_arrives_with_query_headers_and_body() -> None:
    async with Target() as target:
        parts = (FormPart("a", "{{v}}"), FormPart("f", content=b"\0\1", file_name="f.bin"))
        await once(
            SetVariables((("v", "ä b"),)),
            Request(target.url("/form"), "POST", body=Form((Parameter("k", "{{v}}"), Parameter("l", "a b", encode=False)))),
            Request(target.url("/text"), "PUT", body=Text("<{{v}}>", charset="latin-1", content_type="a/b")),
            Request(target.url("/parts"), "POST", body=Multipart(parts)),
            Request(target.url("/query"), query=(Parameter("k", "{{v}}"), Parameter("", "{{v}}", encode=False))),
            Request(target.url("/none"), "DELETE"),
        )
    form, text, several, query, none = target.seen
    assert (form.method, form.body) == ("POST", b"k=%C3%A4+b&l=a b")
    assert (text.method, text.body, text.header("Content-Type")) == ("PUT", b"<\xe4 b>", "a/b")
    assert "ä b".encode() in several.body
    assert b'filename="f.bin"' in several.body
    assert (several.header("Content-Type") or "").startswith("multipart/form-data; boundary=")
    assert query.path == "/query?k=%C3%A4+b&=%C3%A4%20b"
    assert (none.method, none.body) == ("DELETE", b"")


@pytest.mark.anyio
async def test_a_post_is_redirected_with_its_body_or_without() -> None:
    async with Target() as other:
        routes = {
            "/302": redirect("/end302"),
            "/307": redirect("/end307", 307),
            "/308": redirect(other.url("/end308"), 308),
        }
        async with Target(routes) as target:
            steps = [Request(target.url(path), "POST", body=Text("content")) for path in routes]
            outcome = await once(*steps, credentials=Credentials(AuthScheme.BEARER, "secret"))
    ends = {seen.path: (seen.method, seen.body) for seen in (*target.seen, *other.seen) if seen.path.startswith("/end")}
    assert ends == {"/end302": ("GET", b""), "/end307": ("POST", b"content"), "/end308": ("POST", b"content")}
    assert all(seen.header("Authorization") == "Bearer secret" for seen in target.seen)
    assert other.seen[0].header("Authorization") is None
    assert outcome.requests.passed == 6


@pytest.mark.anyio
async def test_a_redirect_is_the_answer_where_none_is_followed() -> None:
    async with Target({"/": redirect("/end")}) as target:
        outcome = await once(
            Request(target.url(), follow_redirects=False),
            Request(target.url(), follow_redirects=False, expected_status=(302,), name="302"),
            Request(target.url(), follow_redirects=False, expected_status=(200,), name="200"),
        )
    assert target.count("/end") == 0
    assert (outcome.requests.passed, outcome.requests.failed) == (2, 1)


@pytest.mark.anyio
async def test_a_request_passes_with_the_status_that_it_expects() -> None:
    async with Target({"/404": answer(404), "/503": answer(503)}) as target:
        outcome = await once(
            Request(target.url("/404"), expected_status=(200, 404), name="passes"),
            Request(target.url("/200"), expected_status=(404,), name="fails"),
            Request(target.url("/503"), ignore_status=True, name="ignored"),
            Request(target.url("/404"), name="plain"),
        )
    assert [(outcome.request(name).passed, outcome.request(name).failed) for name in ("passes", "ignored")] == [(1, 0)] * 2
    assert [(outcome.request(name).passed, outcome.request(name).failed) for name in ("fails", "plain")] == [(0, 1)] * 2
    told = {error.message for error in outcome.errors}
    assert told == {"404 - NotFound", "200 - OK was received, expected was 404 - NotFound"}


@pytest.mark.anyio
async def test_a_request_that_cannot_be_made_fails_and_is_not_sent() -> None:
    async with Target() as target:
        outcome = await once(
            SetVariables((("bad", "a\r\nb"),)),
            Request(target.url("/1"), headers=(("X", "{{bad}}"),)),
            Request(target.url("/{{nobody}}")),
            Request("{{bad}}://x/", name="odd"),
            Request(target.url("/2")),
        )
    assert target.by_path() == Counter({"/2": 1})
    assert (outcome.requests.passed, outcome.requests.failed) == (1, 3)
    assert (outcome.pages.passed, outcome.pages.failed, outcome.tests.failed) == (1, 3, 1)
    assert outcome.tests.requests == 1
    assert outcome.requests.response.count == 1
    assert {(error.kind, error.subkind) for error in outcome.errors} == {
        ("Exception", "ArgumentException"),
        ("TestError", "WebTestException"),
        ("Exception", "UriFormatException"),
    }
    assert all(count == 1 for count in outcome.errors.values())


@pytest.mark.anyio
async def test_a_request_that_can_never_be_made_does_not_make_its_user_a_busy_loop() -> None:
    outcome = await run(plan(Request("http://127.0.0.1:1/{{nobody}}"), duration=0.6))
    assert 1 <= outcome.pages.failed <= 13  # 0.05 s apart


@pytest.mark.anyio
async def test_what_is_not_recorded_is_sent_and_in_no_result() -> None:
    async with Target({"/away": redirect("/end"), "/bad": answer(500)}) as target:
        hidden = [target.url("/away"), target.url("/bad"), "http://127.0.0.1:1/", target.url("/{{nobody}}")]
        outcome = await once(*[Request(url, recorded=False) for url in hidden], Request(target.url("/seen")))
    assert target.by_path() == Counter({"/away": 1, "/end": 1, "/bad": 1, "/seen": 1})
    assert outcome.by_name == {target.url("/seen"): 1}
    assert (outcome.pages.total, outcome.errors) == (1, {})
    assert {example.url for example in outcome.whole.examples} == {target.url("/seen")}
    assert outcome.tests.failed == 1  # that they failed is not hidden
