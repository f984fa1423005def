"""The browser cache, by the sections of RFC 9111."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.cache import BrowserCache, Fresh, Stale
from headrace.engine.http.heads import Head

NOW = 1_790_000_000.0
URL = "http://shop.test/style.css"


def head(*headers: str, status: int = 200) -> Head:
    pairs = [header.partition(": ") for header in headers]
    return Head(status, 0, True, headers=tuple((name.lower(), value) for name, _, value in pairs))


def date(seconds: float) -> str:
    return formatdate(NOW + seconds, usegmt=True)


def cache_with(*headers: str, status: int = 200, body: bytes | None = None) -> BrowserCache:
    cache = BrowserCache()
    cache.keep(URL, head(*headers, status=status), body, NOW)
    return cache


def fresh_for(cache: BrowserCache) -> int | None:
    """For how many whole seconds the answer is fresh; None where it is not kept at all."""
    if cache.stored(URL) is None:
        return None
    seconds = 0
    for step in (100_000, 1000, 10, 1):
        while isinstance(cache.look_up(URL, NOW + seconds + step - 1), Fresh):
            seconds += step
    return seconds


TAG = 'ETag: "v1"'
SINCE = f"Last-Modified: {date(-1000)}"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Cache-Control: max-age=60"], 60),
        (["Cache-Control: public, MAX-AGE=60, immutable"], 60),
        (['Cache-Control: max-age="60"'], 60),
        (["Cache-Control: private", "Cache-Control: max-age=60"], 60),
        (["Cache-Control: max-age=60, s-maxage=5"], 60),  # for caches that are shared
        (["Cache-Control: max-age=60, must-revalidate"], 60),
        (["Cache-Control: max-age=60", f"Expires: {date(10)}"], 60),
        (["Cache-Control: max-age=60", "Age: 50"], 10),
        (["Cache-Control: max-age=60", "Age: 60", TAG], 0),
        (["Cache-Control: max-age=60", f"Date: {date(-20)}"], 40),
        (["Cache-Control: max-age=60", f"Date: {date(20)}"], 60),
        (["Cache-Control: max-age=60", "Age: nonsense"], 60),
        (["Cache-Control: max-age=-1", TAG], 0),
        (["Cache-Control: max-age=ten", TAG], 0),
        ([f"Expires: {date(30)}"], 30),
        ([f"Expires: {date(30)}", f"Date: {date(0)}"], 30),
        ([f"Expires: {date(30)}", f"Date: {date(-10)}"], 30),
        (["Expires: 0", TAG], 0),
        (["Expires: nonsense", TAG], 0),
        (["Expires: Sunday, 06-Nov-94 08:49:37 GMT", TAG], 0),
        ([SINCE], 100),
        ([SINCE, f"Date: {date(0)}"], 100),
        ([f"Last-Modified: {date(1000)}"], 0),
        ([SINCE, "Pragma: no-cache"], 0),
        ([SINCE, "Cache-Control: no-cache"], 0),
        ([TAG, 'Cache-Control: no-cache="Set-Cookie, X", max-age=60'], 0),
        ([TAG], 0),
        (["Cache-Control: max-age=60", "Pragma: no-cache"], 60),
        (["Cache-Control: max-age=60", "Vary: Accept-Encoding"], 60),
        ([TAG, "Cache-Control: max-age=60", "Vary: Accept, Cookie"], 0),
    ],
)
def test_4_2_an_answer_is_fresh_as_long_as_it_says(headers: list[str], seconds: int) -> None:
    assert fresh_for(cache_with(*headers)) == seconds


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Cache-Control: no-store", TAG],
        ["Cache-Control: max-age=60, no-store"],
        ["Cache-Control: max-age=60", "Vary: *"],
        ["Cache-Control: max-age=60", "Vary: Accept", "Vary: *"],
        ["Cache-Control: max-age=0"],
        ["Cache-Control: max-age=60", "Vary: Cookie", SINCE],  # a date does not tell which of several variants it is
        ["Expires: 0"],
    ],
)
def test_3_what_may_not_be_kept_or_is_of_no_use_is_not_kept(headers: list[str]) -> None:
    cache = cache_with(*headers)
    assert (len(cache), cache.look_up(URL, NOW)) == (0, None)


@pytest.mark.parametrize(
    ("status", "kept"), [(200, 1), (203, 1), (204, 0), (206, 0), (301, 0), (304, 0), (404, 0), (500, 0)]
)
def test_3_only_answers_that_came_whole_are_kept(status: int, kept: int) -> None:
    assert len(cache_with("Cache-Control: max-age=60", status=status)) == kept


@pytest.mark.parametrize(
    ("headers", "asked_with"),
    [
        ([TAG], [("If-None-Match", '"v1"')]),
        ([SINCE], [("If-Modified-Since", date(-1000))]),
        ([SINCE, 'ETag: W/"v1"'], [("If-None-Match", 'W/"v1"'), ("If-Modified-Since", date(-1000))]),
        ([SINCE, TAG, "Vary: Cookie"], [("If-None-Match", '"v1"')]),
        ([TAG, "Last-Modified: nonsense"], [("If-None-Match", '"v1"')]),
    ],
)
def test_4_3_1_a_stale_answer_is_asked_for_with_its_validators(
    headers: list[str], asked_with: list[tuple[str, str]]
) -> None:
    found = cache_with(*headers).look_up(URL, NOW + 1_000_000)
    assert isinstance(found, Stale)
    assert list(found.headers) == asked_with


def test_a_stale_answer_without_validators_is_asked_for_anew() -> None:
    cache = cache_with("Cache-Control: max-age=60")
    assert isinstance(cache.look_up(URL, NOW + 59), Fresh)
    assert cache.look_up(URL, NOW + 60) is None
    assert cache.look_up("http://shop.test/other", NOW) is None


def test_4_3_4_a_304_makes_an_answer_fresh_again() -> None:
    cache = cache_with("Cache-Control: max-age=60", TAG, "Content-Type: text/css", body=b"a {}")
    later = NOW + 100
    assert cache.look_up(URL, later) == Stale((("If-None-Match", '"v1"'),))
    known = cache.revalidated(URL, head("Cache-Control: max-age=30", 'ETag: "v2"', status=304), later)
    assert known is not None
    assert (known.head.status, known.head.header("content-type"), known.body) == (200, "text/css", b"a {}")
    assert cache.look_up(URL, later + 29) == known
    assert cache.look_up(URL, later + 30) == Stale((("If-None-Match", '"v2"'),))
    cache.keep(URL, head(status=304), None, later + 50)  # what it does not say is as before
    assert isinstance(cache.look_up(URL, later + 79), Fresh)
    assert cache.look_up(URL, later + 80) == Stale((("If-None-Match", '"v2"'),))


def test_a_304_may_forbid_to_keep_the_answer_or_come_for_nothing() -> None:
    cache = cache_with(TAG, body=b"a")
    known = cache.revalidated(URL, head("Cache-Control: no-store", status=304), NOW)
    assert known is not None
    assert known.body == b"a"
    assert len(cache) == 0
    assert cache.revalidated(URL, head(status=304), NOW) is None


def test_4_4_an_answer_is_forgotten_when_it_is_something_else_now() -> None:
    for status, kept in [(500, 1), (503, 1), (404, 0), (302, 0), (200, 0)]:
        cache = cache_with("Cache-Control: max-age=60")
        cache.keep(URL, head("Cache-Control: no-store", status=status), None, NOW)
        assert len(cache) == kept, status
    cache = cache_with("Cache-Control: max-age=60")
    cache.forget(URL)
    assert cache.look_up(URL, NOW) is None


def test_whoever_looks_at_a_body_gets_the_whole_answer_or_none() -> None:
    cache = cache_with("Cache-Control: max-age=60", "Content-Encoding: gzip", body=b"body")
    found = cache.look_up(URL, NOW, looked_at=True)
    assert isinstance(found, Fresh)
    assert (found.body, found.head.header("content-encoding")) == (b"body", "gzip")
    assert cache.stored(URL) == found
    without = cache_with("Cache-Control: max-age=60", TAG)
    assert without.look_up(URL, NOW, looked_at=True) is None
    assert without.look_up(URL, NOW + 100, looked_at=True) is None
    found = without.look_up(URL, NOW)
    assert isinstance(found, Fresh)
    assert (found.head.status, found.body) == (200, b"")


def test_the_cache_of_a_user_is_bounded_and_drops_what_was_not_asked_for_longest() -> None:
    cache = BrowserCache()
    for number in range(250):
        cache.keep(f"{URL}?{number}", head("Cache-Control: max-age=60"), None, NOW)
        cache.look_up(f"{URL}?0", NOW)
    assert len(cache) == 200
    assert [cache.look_up(f"{URL}?{number}", NOW) is None for number in (0, 1, 50, 51, 249)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    cache.clear()
    assert len(cache) == 0
    for number in range(20):
        cache.keep(f"{URL}?{number}", head("Cache-Control: max-age=60"), bytes(500_000), NOW)
    assert len(cache) == 8  # 4 MiB
    cache.keep(URL, head("Cache-Control: max-age=60"), bytes(600_000), NOW)
    assert cache.look_up(URL, NOW) is None


_names = st.sampled_from(["Cache-Control", "Expires", "Date", "Age", "ETag", "Last-Modified", "Vary", "Pragma"])
_values = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.sampled_from(
        ["max-age", "max-age=", "no-cache", "max-age=99999999999999999999999", date(0), date(-(10**9)), "-1", "*"]
    ),
    st.integers(0, 10**30).map(str),
    st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,9} [0-9:]{1,8} ?[A-Z+0-9-]{0,6}", fullmatch=True),
)


@given(st.lists(st.tuples(_names, _values), max_size=6), st.sampled_from([200, 304]))
def test_no_head_raises(headers: list[tuple[str, str]], status: int) -> None:
    cache = cache_with(TAG, "Cache-Control: max-age=10")
    cache.keep(URL, head(*(f"{name}: {value}" for name, value in headers), status=status), b"", NOW)
    found = cache.look_up(URL, NOW + 5)
    assert len(cache) <= 1
    if isinstance(found, Stale):
        assert found.headers
