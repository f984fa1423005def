"""Cookies as RFC 6265 has them; the numbers are its sections."""

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from headrace.engine.http import cookies
from headrace.engine.http.cookies import CookieJar

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC).timestamp()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cookies, "time", clock)
    return clock


def jar_with(*headers: str, host: str = "www.shop.test", path: str = "/a/b", secure: bool = True) -> CookieJar:
    jar = CookieJar()
    for header in headers:
        jar.set(header, host, path, secure)
    return jar


def sent(jar: CookieJar, host: str = "www.shop.test", path: str = "/a/b", secure: bool = True) -> str:
    return jar.header(host, path, secure)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("a=b", "a=b"),
        ("  a  =  b  ; HttpOnly", "a=b"),
        ("a=", "a="),
        ("a=b=c", "a=b=c"),
        ('a="b c"', 'a="b c"'),
        ("a=b;", "a=b"),
        ("a=b; SameSite=Strict; Unknown; =x; ;;", "a=b"),
        ("a=\u00c3\u00a0", "a=\u00c3\u00a0"),  # the two bytes of an à in UTF-8: the second looks like a blank
        ("a", ""),
        ("=b", ""),
        ("", ""),
        ("a=b\x01", ""),
        ("a=" + "x" * 4096, ""),
        ("a=" + "x" * 4095, "a=" + "x" * 4095),
    ],
)
def test_5_2_a_cookie_is_a_name_and_a_value(header: str, value: str) -> None:
    assert sent(jar_with(header)) == value


@pytest.mark.parametrize(
    ("set_by", "attribute", "sent_to", "not_to"),
    [
        ("shop.test", "", ["shop.test"], ["www.shop.test", "xshop.test", "test"]),
        (
            "www.shop.test",
            "Domain=shop.test",
            ["shop.test", "www.shop.test", "a.b.shop.test"],
            ["xshop.test", "shop.test.x"],
        ),
        ("www.shop.test", "Domain=.SHOP.test", ["shop.test", "a.shop.test"], []),
        ("www.shop.test", "domain=", ["www.shop.test"], ["shop.test"]),
        ("shop.test", "Domain=shop.test", ["shop.test", "www.shop.test"], []),
        ("shop.test", "Domain=www.shop.test", [], ["shop.test", "www.shop.test"]),
        ("shop.test", "Domain=other.test", [], ["shop.test", "other.test"]),
        ("shop.test", "Domain=test", [], ["shop.test", "test", "other.test"]),
        ("localhost", "Domain=localhost", ["localhost"], ["x.y"]),
        ("192.0.2.1", "Domain=192.0.2.1", ["192.0.2.1"], ["1.192.0.2.1"]),
        ("192.0.2.1", "Domain=0.2.1", [], ["192.0.2.1"]),
        ("2001:db8::1", "", ["2001:db8::1"], []),
    ],
)
def test_5_1_3_a_cookie_goes_to_the_domain_it_was_set_for(
    set_by: str, attribute: str, sent_to: list[str], not_to: list[str]
) -> None:
    jar = jar_with(f"a=b; {attribute}", host=set_by)
    assert {host: sent(jar, host) for host in sent_to} == dict.fromkeys(sent_to, "a=b")
    assert {host: sent(jar, host) for host in not_to} == dict.fromkeys(not_to, "")


@pytest.mark.parametrize(
    ("set_at", "attribute", "sent_to", "not_to"),
    [
        ("/", "", ["/", "/a", "/a/b"], []),
        ("/a", "", ["/", "/x"], []),
        ("/a/b", "", ["/a", "/a/", "/a/x", "/a/b/c"], ["/", "/ab", "/b"]),
        ("/a/b", "Path=/", ["/", "/x"], []),
        ("/a/b", "Path=/x", ["/x", "/x/y"], ["/a/b", "/xy"]),
        ("/a/b", "Path=/x/", ["/x/", "/x/y"], ["/x"]),
        ("/a/b", "Path=relative", ["/a"], ["/relative"]),
    ],
)
def test_5_1_4_a_cookie_goes_to_the_path_it_was_set_for(
    set_at: str, attribute: str, sent_to: list[str], not_to: list[str]
) -> None:
    jar = jar_with(f"a=b; {attribute}", path=set_at)
    assert {path: sent(jar, path=path) for path in sent_to} == dict.fromkeys(sent_to, "a=b")
    assert {path: sent(jar, path=path) for path in not_to} == dict.fromkeys(not_to, "")


def test_5_4_a_secure_cookie_goes_over_https_only_and_comes_from_there() -> None:
    jar = jar_with("a=b; Secure", "c=d")
    assert sent(jar, secure=True) == "a=b; c=d"
    assert sent(jar, secure=False) == "c=d"
    assert sent(jar_with("a=b; Secure", secure=False)) == ""


def test_5_4_longer_paths_come_first_then_older_cookies() -> None:
    jar = jar_with("first=1; Path=/", "second=2; Path=/a", "third=3; Path=/", "fourth=4; Path=/a", "first=5; Path=/")
    assert sent(jar) == "second=2; fourth=4; first=5; third=3"


def test_5_3_a_cookie_of_the_same_name_domain_and_path_replaces_the_old_one() -> None:
    jar = jar_with("a=1", "a=2", "a=3; Path=/")
    assert sent(jar) == "a=2; a=3"
    assert len(jar) == 2


@pytest.mark.parametrize(
    ("attribute", "seconds"),
    [
        ("Max-Age=10", 10),
        ("max-age=0", 0),
        ("Max-Age=-1", 0),
        ("Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 10),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10", 10),
        ("Max-Age=ten", None),
        ("Max-Age=", None),
        ("Max-Age=--5", None),
        ("Max-Age=" + "9" * 1000, 10**12 - 1),
        ("Expires=Sun, 01 Mar 2026 12:00:10 GMT", 10),
        ("Expires=Sunday, 01-Mar-26 12:00:10 GMT", 10),
        ("Expires=Sun Mar  1 12:00:10 2026", 10),
        ("expires=Sun, 01 Mar 2026 12:00:10", 10),
        ("Expires=Sun, 01 Mar 2026 12:00:10 -0500", 10),  # zones are not looked at
        ("Expires=1 mar 2026 12:00:10", 10),
        ("Expires=Thu, 01-Jan-1970 00:00:01 GMT", 0),
        ("Expires=Mon, 01 Jan 0001 00:00:00 GMT", 0),  # 2001, as the RFC has it
        ("Expires=Mon, 01 Jan 1600 00:00:00 GMT", None),
        ("Expires=Sun, 31 Feb 2026 12:00:10 GMT", None),
        ("Expires=Sun, 01 Mar 2026 25:00:10 GMT", None),
        ("Expires=0", None),
        ("Expires=never", None),
    ],
)
def test_5_2_1_a_cookie_ends_when_it_says_so(attribute: str, seconds: int | None, clock: Clock) -> None:
    jar = jar_with("a=b; Path=/", f"a=b; Path=/; {attribute}")
    assert (sent(jar) == "") is (seconds == 0)
    if seconds:
        assert jar.expire_next() == NOW + seconds
        clock.now += seconds - 1
        assert sent(jar) == "a=b"
        clock.now += 1
        assert sent(jar) == ""
    assert seconds is not None or jar.expire_next() is None


def test_cookies_that_have_expired_are_gone(clock: Clock) -> None:
    jar = jar_with("a=b; Max-Age=10", "c=d")
    clock.now += 11
    assert sent(jar) == "c=d"
    assert jar.expire_next() is None
    assert len(jar) == 1


def test_6_1_there_are_at_most_50_cookies_of_a_domain_and_3000_in_all() -> None:
    jar = jar_with(*(f"c{number}=x; Path=/" for number in range(60)))
    assert sent(jar).split("; ") == [f"c{number}=x" for number in range(10, 60)]
    for number in range(4000):
        jar.set("a=b", f"h{number}.test", "/", True)
    assert len(jar) == 3000


def test_the_version_changes_with_the_cookies() -> None:
    jar = CookieJar()
    versions = {jar.version}
    for header in ("a=b", "a=c", "a=c; Max-Age=0"):
        jar.set(header, "shop.test", "/", True)
        versions.add(jar.version)
    assert len(versions) == 4
    jar.set("nonsense", "shop.test", "/", True)
    assert jar.version in versions


@pytest.mark.parametrize(
    ("host", "domain", "accepted"),
    [
        ("shop.co.uk", "co.uk", False),
        ("shop.co.uk", "shop.co.uk", True),
        ("a.shop.co.uk", "shop.co.uk", True),
        ("joe.github.io", "github.io", False),
        ("joe.github.io", "joe.github.io", True),
        ("www.example.com", "com", False),
        ("a.b.ck", "b.ck", False),  # *.ck
        ("a.www.ck", "www.ck", True),  # !www.ck
        ("a.b.kobe.jp", "b.kobe.jp", False),
        ("a.city.kobe.jp", "city.kobe.jp", True),
        ("a.xn--55qx5d.cn", "xn--55qx5d.cn", False),  # 公司.cn
        ("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn", True),
        ("app.corp.internal", "corp.internal", True),
        ("a.xn--zzzzzzzz.test", "xn--zzzzzzzz.test", True),
    ],
)
def test_5_3_nobody_sets_a_cookie_for_a_public_suffix(host: str, domain: str, accepted: bool) -> None:
    jar = jar_with(f"a=b; Domain={domain}", host=host)
    assert sent(jar, host) == ("a=b" if accepted else "")
    assert sent(jar, f"other.{domain}") == ("a=b" if accepted else "")


@pytest.mark.parametrize("host", ["github.io", "co.uk", "localhost"])
def test_5_3_a_host_that_is_a_public_suffix_keeps_its_cookies_to_itself(host: str) -> None:
    jar = jar_with(f"a=b; Domain={host}", host=host)
    assert sent(jar, host) == "a=b"
    assert sent(jar, f"joe.{host}") == ""


def test_the_list_is_read_as_its_library_reads_it() -> None:
    library = PublicSuffixList()
    rules = [line for line in Path(PSLFILE).read_text("utf-8").split("\n") if line and not line.startswith("//")]
    assert len(rules) > 9000
    for rule in rules[::20]:
        try:
            domain = rule.lstrip("!*.").encode("idna").decode()
        except UnicodeError:
            continue  # names that the codec of 2003 does not know
        for name in (domain, f"x.{domain}"):
            assert (sent(jar_with(f"a=b; Domain={name}", host=f"w.{name}"), f"w.{name}") == "") is library.is_public(name), (
                name
            )


@pytest.mark.parametrize(
    ("cookie", "secure", "accepted"),
    [
        ("__Secure-a=b; Secure", True, True),
        ("__Secure-a=b; Secure; Domain=shop.test", True, True),
        ("__Secure-a=b", True, False),
        ("__secure-a=b", True, False),
        ("__Secure-a=b; Secure", False, False),
        ("__Host-a=b; Secure; Path=/", True, True),
        ("__Host-a=b; Secure; Path=/; Domain=", True, True),
        ("__Host-a=b; Secure; Path=/; Domain=www.shop.test", True, False),
        ("__Host-a=b; Secure; Path=/a", True, False),
        ("__Host-a=b; Secure", True, False),
        ("__HOST-a=b; Path=/", True, False),
        ("__Hostile=b", True, True),
    ],
)
def test_bis_4_1_3_a_prefix_is_a_promise(cookie: str, secure: bool, accepted: bool) -> None:
    assert len(jar_with(cookie, secure=secure)) == accepted


def test_a_value_can_be_asked_for() -> None:
    jar = jar_with("a=1; Path=/", "a=2; Path=/a", "b=3; Secure; Path=/", "c=4; Max-Age=0")
    assert jar.values_for("a", "https://www.shop.test/a/b") == ["2", "1"]  # as they are sent: the longer path first
    assert jar.values_for("a", "http://www.shop.test") == ["1"]
    assert jar.values_for("a", "http://www.shop.test:8080/a?b=c") == ["2", "1"]
    assert jar.values_for("b", "https://www.shop.test/") == ["3"]
    assert jar.values_for("b", "http://www.shop.test/") == []
    assert jar.values_for("a", "https://shop.test/") == []
    assert jar.values_for("c", "https://www.shop.test/") == []


def test_a_jar_can_be_emptied() -> None:
    jar = jar_with("a=1", "b=2")
    version = jar.version
    jar.clear()
    assert (len(jar), sent(jar)) == (0, "")
    assert jar.version != version


def test_the_version_stays_where_the_same_cookie_is_set_again(clock: Clock) -> None:
    jar = jar_with("a=b; Max-Age=10", "c=d")
    version = jar.version
    clock.now += 5
    jar.set("a=b; Max-Age=10", "www.shop.test", "/a/b", True)
    jar.set("c=d", "www.shop.test", "/a/b", True)
    assert jar.version == version
    assert jar.expire_next() == NOW + 15
    # What ends earlier than before must not go on being sent.
    jar.set("a=b; Max-Age=10", "www.shop.test", "/a/b", True)
    clock.now -= 1
    jar.set("a=b; Max-Age=10", "www.shop.test", "/a/b", True)
    assert jar.version != version


def test_a_cookie_that_differs_in_an_attribute_only_replaces_the_other() -> None:
    jar = jar_with("a=b; Path=/; Secure")
    version = jar.version
    jar.set("a=b; Path=/", "www.shop.test", "/", True)
    assert jar.version != version
    assert sent(jar, secure=False) == "a=b"


def test_a_jar_with_two_cookies_is_small() -> None:
    CookieJar().set("session=x; Path=/; HttpOnly", "www.shop.test", "/login", True)
    tracemalloc.start()
    try:
        jars = []
        for number in range(1000):
            jar = CookieJar()
            jar.set(f"session={number:032x}; Path=/; HttpOnly", "www.shop.test", "/login", True)
            jar.set(f"cart={number}; Path=/; Max-Age=3600", "www.shop.test", "/login", True)
            jars.append(jar)
        size = tracemalloc.get_traced_memory()[0] / len(jars)
    finally:
        tracemalloc.stop()
    assert size < 700


_bytes = st.text(st.characters(max_codepoint=255), max_size=80)
_dates = st.lists(
    st.sampled_from(
        ["Sun,", "01", "31", "Mar", "mar", "2026", "26", "99", "0", "12:00:10", "99:99:99", "GMT", "-0500", ":", "12:1"]
    ),
    max_size=8,
)
_attributes = st.one_of(
    _bytes,
    st.tuples(st.sampled_from(["Domain", "path", "MAX-AGE", "Expires", "secure"]), _bytes).map("=".join),
    _dates.map(lambda parts: "Expires=" + " ".join(parts)),
    st.integers().map(lambda number: f"Max-Age={number}"),
)


@given(
    _bytes, st.lists(_attributes, max_size=4), st.sampled_from(["shop.test", "a.shop.test", "192.0.2.1", "::1", "localhost"])
)
def test_no_header_raises_and_what_is_sent_are_header_bytes(pair: str, attributes: list[str], host: str) -> None:
    jar = CookieJar()
    jar.set("; ".join([pair, *attributes]), host, "/a/b", True)
    header = jar.header(host, "/a/b", True)
    assert not set(header.encode("latin-1")) & set(b"\r\n\0")
    assert len(jar) <= 1
