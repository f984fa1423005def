"""What an HTML page has a browser fetch besides: images, style sheets, scripts (reference: visual-studio-formats, 1.8)."""

from functools import lru_cache
from urllib.parse import urldefrag, urljoin

from lxml import etree

from headrace.engine.http.answer import Answer
from headrace.plan.urls import LONGEST, check_url

_MOST = 200
_LARGEST = 2 * 1024 * 1024
_HTML = ("text/html", "application/xhtml+xml")
_TAGS = ("img", "input", "script", "link", "body", "table", "td", "bgsound", "embed")
_RELATIONS = frozenset(("stylesheet", "icon"))

# Pages come again, to the same user and to others: their dependents by a hash of the content. Python's hash of bytes has a
# key that no server knows, so nobody can make two pages look the same.
_MOST_PAGES = 256
_LARGEST_REMEMBERED = 32 * 1024
_pages: dict[tuple[str, str, str | None, int, int], tuple[str, ...]] = {}


def find_dependents(answer: Answer) -> list[str]:
    """The absolute URLs that a page names, each once, in its order; none for what is no HTML.

    At most 200, from the first 2 MiB of the page. What is no http(s) URL is left out. Raises ValueError where the content is
    not encoded as its head says.
    """
    kind = answer.head.header("content-type") or ""
    if kind.partition(";")[0].strip().lower() not in _HTML or not answer.body:
        return []
    page = answer.url.partition("?")[0]  # no reference that is followed depends on the query
    key = (page, kind, answer.head.header("content-encoding"), len(answer.body), hash(answer.body))
    known = _pages.get(key)
    if known is None:
        known = tuple(_find(answer.text[:_LARGEST], page))
        if sum(map(len, known)) <= _LARGEST_REMEMBERED:
            if len(_pages) >= _MOST_PAGES:
                _pages.clear()
            _pages[key] = known
    return list(known)


def _find(text: str, page: str) -> list[str]:
    root = _parse(text)
    if root is None:
        return []
    base = page
    for element in root.iter("base"):
        href = element.get("href")
        if href is not None:
            base = _resolve(page, href) or page
            break
    found: dict[str, None] = {}
    for element in root.iter(*_TAGS):
        reference = _reference(element)
        url = _resolve(base, reference) if reference else None
        if url is not None:
            found[url] = None
            if len(found) == _MOST:
                break
    return list(found)


def _parse(text: str) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None  # nothing in it is HTML


def _reference(element: etree._Element) -> str | None:
    tag = element.tag
    if tag in ("body", "table", "td"):
        return element.get("background")
    if tag == "link":
        relations = (element.get("rel") or "").lower().split()
        return None if _RELATIONS.isdisjoint(relations) else element.get("href")
    if tag == "input" and (element.get("type") or "").lower() != "image":
        return None
    return element.get("src")


@lru_cache(maxsize=1024)
def _resolve(base: str, reference: str) -> str | None:
    """The URL that a reference leads to as browsers read it; None for the page itself and what cannot be fetched."""
    reference = reference.strip(" \t\r\n\f")
    if not reference or reference.startswith("#") or len(reference) > LONGEST or reference[:5].lower() == "data:":
        return None
    reference = reference.replace("\t", "").replace("\r", "").replace("\n", "").replace("\\", "/").replace(" ", "%20")
    try:
        return check_url(urldefrag(urljoin(base, reference)).url)
    except ValueError:
        return None
