"""HTML and XML as trees, for XPath, CSS selectors and the text inside a tag. Each answer is parsed once.

Nothing is fetched, no DTD is read, no entity is expanded, and depth and size are bounded.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from math import isnan

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector

from headrace.engine.http.answer import Answer
from headrace.engine.rules.rule_errors import UnreadableError

LARGEST = 16 * 1024 * 1024  # bytes of a text that is made a tree, which takes 10 to 20 times as much memory
LONGEST = 10_000  # characters of a path or selector
_MOST_BLANKS = 10_000

Tree = etree._Element
Found = list[Tree | str] | str | float | bool  # nodes, or the value of an expression such as `count(//a)`
Search = Callable[[Tree], Found]
Select = Callable[[Tree], list[Tree]]


def html_of(answer: Answer) -> Tree:
    """The tree of an HTML response. Raises UnreadableError where there is none."""
    return _tree_of(answer, "html", etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False))


def xml_of(answer: Answer) -> Tree:
    """The tree of an XML response. Raises UnreadableError where it is none."""
    parser = etree.XMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, resolve_entities=False, load_dtd=False, dtd_validation=False
    )
    return _tree_of(answer, "xml", parser)


def _tree_of(answer: Answer, name: str, parser: "etree.HTMLParser | etree.XMLParser") -> Tree:
    if answer.parsed is None:
        answer.parsed = {}
    tree: Tree | None = answer.parsed.get(name)
    if tree is None:
        # From the decoded text: what the head says of the charset goes before what the document says of itself.
        content = answer.text.encode("utf-8", "replace")
        if len(content) > LARGEST:
            raise UnreadableError(f"The response has {len(content)} bytes; at most {LARGEST} are parsed as {name.upper()}")
        if _has_endless_tag(content):
            raise UnreadableError(f"The response has a tag with more than {_MOST_BLANKS} blanks in it, which is none")
        try:
            tree = etree.fromstring(content, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise UnreadableError(f"The response is not {name.upper()}: {error}") from None
        if tree is None:
            raise UnreadableError(f"The response is not {name.upper()}: it is empty")
        answer.parsed[name] = tree
    return tree


def _has_endless_tag(content: bytes) -> bool:
    """Whether there may be a tag with more attributes than anybody writes: libxml2 compares each with all before it.

    With 40,000 attributes that takes 3 seconds, in which the load stands still.
    """
    for piece in content.split(b">"):
        if len(piece) > 2 * _MOST_BLANKS:
            tag = piece.rpartition(b"<")[2]
            if len(tag.split(None, _MOST_BLANKS)) + tag.count(b"/") + tag.count(b'"') // 2 > _MOST_BLANKS:
                return True
    return False


def compile_xpath(path: str) -> Search:
    """A search by XPath 1.0 with the prefixes that the root element declares.

    Raises ValueError where it is no XPath; the search does so where it cannot be evaluated.
    """
    if len(path) > LONGEST:
        raise ValueError(f"The XPath {path[:50]!r}... has {len(path)} characters; {LONGEST} is the most")

    @lru_cache(maxsize=16)
    def compiled(prefixes: tuple[tuple[str, str], ...]) -> etree.XPath:
        # Without the regular expressions of EXSLT, which no clock ends.
        return etree.XPath(path, namespaces=dict(prefixes), regexp=False, smart_strings=False)

    try:
        compiled(())
    except (etree.XPathError, ValueError) as error:
        raise ValueError(f"The XPath {path[:300]!r} cannot be used: {error}") from None

    def search(tree: Tree) -> Found:
        prefixes = tuple((prefix, uri) for prefix, uri in tree.nsmap.items() if prefix)
        try:
            found = compiled(prefixes)(tree)
        except (etree.XPathError, ValueError) as error:
            raise ValueError(f"The XPath {path[:300]!r} cannot be evaluated: {error}") from None
        return [item for item in found if not isinstance(item, tuple)] if isinstance(found, list) else found

    return search


def compile_css(selector: str) -> Select:
    """The elements that a CSS selector finds in an HTML tree. Raises ValueError where it is none."""
    if len(selector) > LONGEST:
        raise ValueError(f"The CSS selector {selector[:50]!r}... has {len(selector)} characters; {LONGEST} is the most")
    try:
        compiled = CSSSelector(selector, translator="html")
    except (SelectorError, etree.XPathError, RecursionError) as error:
        raise ValueError(f"The CSS selector {selector[:300]!r} cannot be used: {error}") from None
    return lambda tree: list(compiled(tree))


def texts_of(found: Found) -> Iterator[str]:
    """The texts of the elements found, with those of all elements in them; or the value as a text."""
    if isinstance(found, list):
        for item in found:
            yield item if isinstance(item, str) else str(_STRING(item))
    elif isinstance(found, bool):
        yield "true" if found else "false"
    elif isinstance(found, float):
        yield str(int(found)) if found.is_integer() else str(found)
    else:
        yield str(found)


def holds(found: Found) -> bool:
    """Whether a search found something; of a value, what XPath takes for true."""
    return bool(found) and not (isinstance(found, float) and isnan(found))


def inner_text(element: Tree, remove_tags: bool, collapse_space: bool) -> str:
    """What is inside an element: its text, or its HTML; with `collapse_space` runs of blanks become one."""
    if remove_tags:
        text = str(_STRING(element))
    else:
        children = [etree.tostring(child, encoding="unicode", method="html") for child in element]
        text = (element.text or "") + "".join(children)
    return " ".join(text.split()) if collapse_space else text


_STRING = etree.XPath("string()", smart_strings=False)
