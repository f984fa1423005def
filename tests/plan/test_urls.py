"""plan/urls.py: which URLs may be tested, and the form in which they are sent."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.plan.urls import LONGEST, check_url, without_login


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://shop.test", "http://shop.test/"),
        ("HTTP://Shop.TEST/Path", "http://shop.test/Path"),
        ("https://shop.test:8443/a?b=c&d=%20#top", "https://shop.test:8443/a?b=c&d=%20"),
        ("http://shop.test:80/", "http://shop.test/"),
        ("https://shop.test:443/", "https://shop.test/"),
        ("https://shop.test:80/", "https://shop.test:80/"),
        ("http://shop.test:/", "http://shop.test/"),
        ("http://shop.test:0080/", "http://shop.test/"),
        ("http://shop.test.", "http://shop.test./"),
        ("http://my_host-1/", "http://my_host-1/"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/"),
        ("http://shop.test?q=1", "http://shop.test/?q=1"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://shop.test/größe?q=süß", "http://shop.test/gr%C3%B6%C3%9Fe?q=s%C3%BC%C3%9F"),
        ("http://shop.test/a%2Fb%zz", "http://shop.test/a%2Fb%zz"),
        ('http://shop.test/{id}?a="1"|2', "http://shop.test/%7Bid%7D?a=%221%22%7C2"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
    ],
)
def test_a_url_is_sent_in_one_plain_form(url: str, sent: str) -> None:
    assert check_url(url) == sent


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "neither an http"),
        ("shop.test/path", "neither an http"),
        ("ftp://shop.test/", "neither an http"),
        ("file:///etc/passwd", "neither an http"),
        ("javascript:alert(1)", "neither an http"),
        ("//shop.test/", "neither an http"),
        ("http:///path", "names no host"),
        ("http:shop.test", "names no host"),
        ("http://:80/", "names no host"),
        ("http://user@shop.test/", "user name"),
        ("http://user:secret@shop.test/", "user name"),
        ("http://good.test\\@evil.test/", "backslash"),
        ("http://shop.test/a b", "blank"),
        (" http://shop.test/", "blank"),
        ("http://shop.test/\r\nHost: evil", "blank"),
        ("http://shop.test/\x00", "control character"),
        ("http://shop.test/\x85", "control character"),
        ("http://shop.test/\u2028", "blank"),
        ("http://shop.test/\ud800", "control character"),
        ("http://shop.test:0/", "the port 0"),
        ("http://shop.test:65536/", "the port 65536"),
        ("http://shop.test:999999999999/", "the port 9999999999;"),
        ("http://shop.test:http/", "host or port"),
        ("http://shop.test:-1/", "host or port"),
        ("http://shop.test:８０/", "host or port"),
        ("http://a:b:c/", "host or port"),
        ("http://[::1/", "is not a URL"),
        ("http://[::1]x/", "host or port"),
        ("http://[fe80::1%25eth0]/", "with a zone"),
        ("http://[fe80::1%eth0]/", "with a zone"),
        ("http://[v1.x]/", "no address"),
        ("http://shop..test/", "that is none"),
        ("http://-.test,/", "that is none"),
        ("http://sh%6Fp.test/", "that is none"),
        ("http://<script>/", "that is none"),
        ("http://☃" + "x" * 70 + ".test/", "cannot be encoded"),
        ("http://" + "a" * 64 + ".test/", "that is none"),
        ("http://" + "a." * 127 + "test/", "more than 253"),
        ("http://256.0.0.1/", "write it like 192.0.2.1"),
        ("http://127.1/", "write it like 192.0.2.1"),
        ("http://2130706433/", "write it like 192.0.2.1"),
        ("http://0x7f000001/", "write it like 192.0.2.1"),
        ("http://0177.0.0.1/", "write it like 192.0.2.1"),
        ("http://shop.test/" + "a" * LONGEST, f"at most {LONGEST}"),
        ("http://shop.test/" + "ü" * 2000, f"percent-encoded; at most {LONGEST}"),
    ],
)
def test_what_cannot_be_tested_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|names|contains) ") as raised:
        check_url(url)
    assert reason in str(raised.value)
    assert len(str(raised.value)) < 400


def test_a_url_of_the_greatest_length_is_accepted() -> None:
    url = "http://shop.test/".ljust(LONGEST, "a")
    assert check_url(url) == url


hosts = st.one_of(st.text(max_size=20), st.from_regex(r"[a-z0-9.\-\[\]:%@]{1,20}", fullmatch=True), st.just("shop.test"))
urls = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP:", "//", ""]),
    hosts,
    st.sampled_from(["", "/", ":8/", "?"]),
    st.text(max_size=30),
)


@given(st.one_of(st.text(), urls))
@example("http://[")
@example("http://\u2100/")  # becomes a/c under NFKC
@example("http://\u3002\u3002/")  # full stops that the codec takes for dots
def test_no_text_raises_anything_but_value_error_and_the_result_is_safe_to_send(url: str) -> None:
    try:
        sent = check_url(url)
    except ValueError as error:
        if isinstance(error, UnicodeError):
            raise  # its words are not ours
        return
    assert sent.isascii()
    assert sent.isprintable()
    assert " " not in sent
    assert check_url(sent) == sent


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://bob:se@cret@shop.test/a@b?c=d@e", "http://…@shop.test/a@b?c=d@e"),
        ("https://bob@shop.test", "https://…@shop.test"),
        ("http://shop.test/?to=http://eve:secret@b/", "http://shop.test/?to=http://…@b/"),
        ("http://shop.test/a@b", "http://shop.test/a@b"),
        ("bob@shop.test", "bob@shop.test"),
    ],
)
def test_a_login_in_a_url_is_in_no_message(url: str, said: str) -> None:
    assert without_login(url) == said
