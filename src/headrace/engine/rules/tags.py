"""Tags of an HTML text, without building a tree.

A hidden field is wanted again and again, and a tree of the page costs several times what a scan does (`docs/engine.md`).
The scan follows the tokenizer of the HTML standard (13.2.5): what looks like a tag in a comment, a script or a quoted
attribute is none. It jumps from one tag of interest to the next; where quotes before it leave a doubt whether it is one, it
goes tag by tag.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from html.entities import html5
from typing import NamedTuple

_BLANK = r"[\t\n\f\r ]"
_END_OF_NAME = r"(?=[\t\n\f\r />])"
_NAME = r"[^\t\n\f\r />][^\t\n\f\r />=]*"
_ATTRIBUTE = re.compile(rf"""({_NAME})(?:{_BLANK}*={_BLANK}*(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r "'>][^\t\n\f\r >]*)|\Z))?""")
# The attributes of a tag and its end. A quoted value that never ends takes all that follows: then there is no such tag.
_VALUE = r""""[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r "'>][^\t\n\f\r >]*+"""
_REST = re.compile(rf"((?:[\t\n\f\r /]++|[^\t\n\f\r />][^\t\n\f\r />=]*+(?:{_BLANK}*+={_BLANK}*+(?:{_VALUE})?+)?+)*+)>")
_SIMPLE_REST = r"""([^<>"'=]*+(?:="[^"'<>=]*+"[^<>"'=]*+)*+)>"""
_TAG_NAME = re.compile(r"</?[A-Za-z][^\t\n\f\r />]*+")
_BOGUS_COMMENT = re.compile(r"<(?:[!?]|/(?![A-Za-z]))[^>]*+>")
_END_OF_COMMENT = re.compile(r"--(?:>|(?<!<!--)!>)")
# Elements whose content is text until their end tag.
_RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext")
_END_OF_RAW = {name: re.compile(rf"</(?i:{name}){_END_OF_NAME}") for name in _RAW}


class Tag(NamedTuple):
    """A start tag, or an end tag by a name such as `/select`, and where it stands.

    `attributes` is what is written after the name; `content` that of an element whose content is text, such as a textarea.
    """

    name: str
    attributes: str
    content: str
    start: int
    end: int


@lru_cache(maxsize=256)
def _of_interest(names: tuple[str, ...]) -> re.Pattern[str]:
    """One of these tags, or what hides tags: its name, and its attributes where they are of the simplest form."""
    if "" in names:
        raise ValueError("A tag is looked for that has no name")
    wanted = sorted({*names, *_RAW})
    first = re.escape("".join(sorted({name[0] + name[0].upper() for name in wanted})))
    return re.compile(rf"<(?=[!{first}])(?:!--|((?i:{'|'.join(map(re.escape, wanted))})){_END_OF_NAME}(?:{_SIMPLE_REST})?)")


def find_tags(text: str, *names: str) -> Iterator[Tag]:
    """The tags of these names (in lower case) in order."""
    interest = _of_interest(names)
    position = 0  # never inside of anything
    while found := interest.search(text, position):
        if in_doubt(text, position, found.start()):
            found = _next_for_sure(interest, text, position)
            if found is None:
                return
        name, attributes = found.groups()
        start, end = found.span()
        if name is None:
            ended = _END_OF_COMMENT.search(text, start + 2)
            if ended is None:
                return
            position = ended.end()
            continue
        name = name.lower()
        if attributes is None:
            rest = _REST.match(text, end)
            if rest is None:
                return
            attributes, end = rest[1], rest.end()
        position = end
        if name in _END_OF_RAW:
            closed = _END_OF_RAW[name].search(text, end)
            position = len(text) if closed is None else closed.start()
        if name in names:
            yield Tag(name, attributes, text[end:position], start, end)


def in_doubt(text: str, position: int, start: int) -> bool:
    """Whether `start` may be inside of a tag: of a quoted value, whose quote follows an "=", or of the tag elsewhere."""
    if start and text[start - 1] != ">" and text.rfind("<", position, start) > text.rfind(">", position, start):
        return True
    double, single = text.rfind('"', position, start), text.rfind("'", position, start)
    return (double > position and _opens(text, double)) or (single > position and _opens(text, single))


def _opens(text: str, quote: int) -> bool:
    before = quote - 1
    while before > 0 and text[before] in "\t\n\f\r ":
        before -= 1
    return text[before] == "="


def _next_for_sure(interest: re.Pattern[str], text: str, position: int) -> re.Match[str] | None:
    """The next beginning of interest that is outside of tags, found by going through all of them."""
    while (start := text.find("<", position)) >= 0:
        if found := interest.match(text, start):
            return found
        if name := _TAG_NAME.match(text, start):
            ended = _REST.match(text, name.end())
        elif text[start + 1 : start + 2] in ("!", "?", "/"):
            ended = _BOGUS_COMMENT.match(text, start)
        else:
            position = start + 1
            continue
        if ended is None:
            return None
        position = ended.end()
    return None


def attributes_of(tag: Tag) -> dict[str, str]:
    """The attributes by name in lower case, values as they are written; of several of one name the first."""
    return attributes_in(tag.attributes)


def attributes_in(text: str) -> dict[str, str]:
    """The attributes in what is written between the name and the end of a tag."""
    found = _ATTRIBUTE.findall(text)
    found.reverse()
    return {name.lower(): double or single or bare for name, double, single, bare in found}


def place_of_value(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the attribute `value` has its value among the attributes there; None unless it is in double quotes."""
    for found in _ATTRIBUTE.finditer(text, start, end):
        if found[1].lower() == "value":
            return found.span(2) if found[2] is not None else None
    return None


_REFERENCE = re.compile(r"&(?:#[0-9xX][0-9A-Fa-f]*;?|[A-Za-z][A-Za-z0-9]*[;=]?)")


def unescape_attribute(value: str) -> str:
    """A value with its character references decoded: other than in text, `&copy=1` has none (HTML standard, 13.2.5.73)."""
    return _REFERENCE.sub(_decoded, value) if "&" in value else value


def _decoded(found: re.Match[str]) -> str:
    reference = found[0]
    return unescape(reference) if reference[1] == "#" or reference[1:] in html5 else reference
