"""What a page has a browser fetch besides."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.answer import Answer
from headrace.engine.http.heads import Head
from headrace.engine.rules.dependents import find_dependents
from headrace.plan.urls import check_url

URL = "https://shop.test/a/page.html?x=1"


def answer(html: str | bytes, url: str = URL, kind: str = "text/html; charset=utf-8", coding: str = "") -> Answer:
    headers = (("content-type", kind), *([("content-encoding", coding)] if coding else []))
    return Answer(Head(200, None, True, headers=headers), html.encode() if isinstance(html, str) else html, url)


def found(html: str | bytes, url: str = URL) -> list[str]:
    return find_dependents(answer(html, url))


@pytest.mark.parametrize(
    "element",
    [
        "<img src=x>",
        "<IMG SRC='x'/>",
        "<input type=image src=x>",
        '<input type="IMAGE" src="x">',
        "<script src=x></script>",
        "<link rel=stylesheet href=x>",
        "<link rel='Alternate StyleSheet' href=x>",
        "<link rel=icon href=x>",
        "<link rel='shortcut icon' href=x>",
        "<body background=x>",
        "<table background=x></table>",
        "<table><tr><td background=x>",
        "<bgsound src=x>",
        "<embed src=x>",
        "<p>unclosed <b><i><img src=x",
        "<div><!-- <img src=y> --><img src=x></div>",
    ],
)
def test_a_browser_fetches_it(element: str) -> None:
    expected = [] if element.endswith("src=x") else ["https://shop.test/a/x"]  # a tag that never ends is none
    assert found(f"<html>{element}") == expected


@pytest.mark.parametrize(
    "element",
    [
        "<a href=x>",
        "<iframe src=x></iframe>",
        "<frame src=x>",
        "<input type=text src=x>",
        "<link rel=canonical href=x>",
        "<link href=x>",
        "<script>var a = '<img src=x>'</script>",
        "<!-- <img src=x> -->",
        "<img>",
        "<img src=''>",
        "<img src='#here'>",
        "<img src='data:image/png;base64,AAAA'>",
        "<img src='javascript:x'>",
        "<img src='ftp://shop.test/x'>",
        "<img src='file:///etc/passwd'>",
        "<img src='http://[::1/x'>",
        "<img src='http://user:word@shop.test/x'>",
        "<img src='http://shop.test:99999/x'>",
        f"<img src='{'x' * 9000}'>",
    ],
)
def test_a_browser_does_not_fetch_it(element: str) -> None:
    assert found(f"<html>{element}<p>text") == []


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("x.png", "https://shop.test/a/x.png"),
        ("/x.png?a=1&amp;b=2#part", "https://shop.test/x.png?a=1&b=2"),
        ("../x", "https://shop.test/x"),
        ("//cdn.test/x", "https://cdn.test/x"),
        ("http://CDN.test:80/x", "http://cdn.test/x"),
        ("?y=2", "https://shop.test/a/page.html?y=2"),
        ("  x y\n.png ", "https://shop.test/a/x%20y.png"),
        (r"\x\y", "https://shop.test/x/y"),
        ("é", "https://shop.test/a/%C3%A9"),
    ],
)
def test_a_reference_is_resolved_as_browsers_do(reference: str, url: str) -> None:
    assert found(f'<img src="{reference}">') == [url]


def test_a_base_holds_for_all_references() -> None:
    page = '<head><link rel=icon href=i><base target=x><base href="/b/"><base href=/c/></head><img src=x>'
    assert found(page) == ["https://shop.test/b/i", "https://shop.test/b/x"]
    assert found("<base href='javascript:x'><img src=x>") == ["https://shop.test/a/x"]


def test_each_is_named_once_in_the_order_of_the_page() -> None:
    page = "<link rel=stylesheet href=c><script src=b></script><img src=a><img src=/a/b><img src=a#x>"
    assert found(page) == [f"https://shop.test/a/{name}" for name in "cba"]


def test_there_are_at_most_200() -> None:
    page = "".join(f"<img src={number}>" for number in range(1000))
    assert found(page) == [f"https://shop.test/a/{number}" for number in range(200)]


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "", "image/svg+xml"])
def test_only_html_is_looked_at(kind: str) -> None:
    assert find_dependents(answer("<img src=x>", kind=kind)) == []
    assert find_dependents(answer("<img src=x>", kind="Application/XHTML+XML ;x")) == ["https://shop.test/a/x"]


def test_the_page_is_read_in_its_charset_and_without_its_coding() -> None:
    latin = answer("<img src=é>".encode("latin-1"), kind="text/html; charset=iso-8859-1")
    assert find_dependents(latin) == ["https://shop.test/a/%C3%A9"]
    assert find_dependents(answer(gzip.compress(b"<img src=x>"), coding="gzip")) == ["https://shop.test/a/x"]
    with pytest.raises(ValueError, match="gzip"):
        find_dependents(answer(b"<img src=x>", coding="gzip"))


def test_a_page_that_comes_again_elsewhere_is_resolved_there() -> None:
    page = "<img src=again>"
    assert found(page) == ["https://shop.test/a/again"]
    assert found(page) == ["https://shop.test/a/again"]
    assert found(page, "http://other.test/b/?x") == ["http://other.test/b/again"]


def test_what_is_found_belongs_to_the_caller() -> None:
    found("<img src=own>").clear()
    assert found("<img src=own>") == ["https://shop.test/a/own"]


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\0",
        b"   ",
        b"<!--",
        b"\xff\xfe",
        b"<div>" * 100_000,
        b"<img " + b"a=b c" * 100_000,
        b"<?xml version='1.0' encoding='latin-1'?><html>",
        b"<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><p>&x;",
    ],
)
def test_hostile_pages_have_no_dependents(page: bytes) -> None:
    assert found(page) == []


def test_entities_of_a_page_are_not_read_from_files() -> None:
    page = "<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><html><img src='&x;.png'>"
    assert found(page) == ["https://shop.test/a/&x;.png"]


_fragments = st.sampled_from(
    ["<img src=", "'", '"', ">", "<base href=", "//", "http://", "[", "?", "#", "%", "é", "\ud800", "\0"]
)


@given(st.lists(st.one_of(_fragments, st.text(max_size=8)), max_size=20).map("".join))
def test_whatever_a_page_holds_only_urls_that_can_be_fetched_come_out(page: str) -> None:
    for url in found(page.encode("utf-8", "surrogatepass")):
        assert check_url(url) == url
