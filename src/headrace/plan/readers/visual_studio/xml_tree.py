"""XML as a tree of elements with their lines.

A file is somebody's upload: size, depth and number of elements are bounded, and a DTD, the only use of which in these files
would be an attack, is refused. Namespaces are ignored: they changed from version to version (reference:
visual-studio-formats, general parse rules).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

LARGEST = 32 * 1024 * 1024  # bytes
DEEPEST = 200
MOST_ELEMENTS = 200_000
MOST_ATTRIBUTES = 1_000_000
_BEGINNING = 64 * 1024  # bytes


class XmlError(ValueError):
    """What cannot be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Element:
    """`name` and the attributes' names are local ones. `text` is all text directly inside."""

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element]" = field(default_factory=list)
    text: str = ""

    def all(self, *path: str) -> "Iterator[Element]":
        """The elements at a path of names below this one, in order."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> "Element | None":
        return next(self.all(*path), None)


def parse_xml(content: bytes) -> Element:
    """The root of a document. Raises XmlError."""
    if len(content) > LARGEST:
        raise XmlError(1, f"it has {len(content)} bytes; at most {LARGEST} are read")
    # The types ask for methods that a target may leave out.
    counting = etree.XMLParser(target=_Count(), resolve_entities=False, no_network=True)  # type: ignore[call-overload]
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        etree.fromstring(content, counting)
        root = etree.fromstring(content, parser)
    except XmlError:
        raise
    except etree.XMLSyntaxError as error:
        raise XmlError(error.lineno or 1, f"it is no XML: {error.msg}") from None
    except (LookupError, ValueError) as error:
        raise XmlError(1, f"it is no XML: {error}") from None
    if root is None:
        raise XmlError(1, "it is empty")
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlError(1, "it has a DTD, which is not read; take the <!DOCTYPE ...> out")
    return _build(root)


def peek_root(content: bytes) -> Element:
    """The root without what is in it, from the beginning of a document. Raises XmlError."""
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, load_dtd=False, no_network=True)
    try:
        parser.feed(content[:_BEGINNING])
        for _, root in parser.read_events():
            return _element(root)
    except etree.XMLSyntaxError as error:
        raise XmlError(error.lineno or 1, f"it is no XML: {error.msg}") from None
    except (LookupError, ValueError) as error:
        raise XmlError(1, f"it is no XML: {error}") from None
    raise XmlError(1, f"no element begins in its first {_BEGINNING} bytes")


class _Count:
    """Counts what a document has before there is a tree of it, which takes over a gigabyte for LARGEST bytes of elements."""

    def __init__(self) -> None:
        self._elements = 0
        self._attributes = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        self._attributes += len(attributes)
        if self._elements > MOST_ELEMENTS or self._attributes > MOST_ATTRIBUTES:
            many = f"{MOST_ELEMENTS} elements" if self._elements > MOST_ELEMENTS else f"{MOST_ATTRIBUTES} attributes"
            raise XmlError(1, f"it has over {many}; split the test")

    def close(self) -> None:
        """As lxml asks for one."""


def _build(root: etree._Element) -> Element:
    top = _element(root)
    waiting = [(root, top, 1)]
    while waiting:
        source, element, depth = waiting.pop()
        texts = [source.text or ""]
        for child in source:
            if not isinstance(child.tag, str):  # an entity that was not declared
                raise XmlError(child.sourceline or element.line, f"it has the entity {child.text}, which nothing declares")
            if depth >= DEEPEST:
                raise XmlError(
                    child.sourceline or element.line, f"it is nested deeper than {DEEPEST} levels; split the test"
                )
            made = _element(child)
            element.children.append(made)
            texts.append(child.tail or "")
            waiting.append((child, made, depth + 1))
        element.text = "".join(texts)
    return top


def _element(source: etree._Element) -> Element:
    attributes = {_local(str(name)): str(value) for name, value in source.attrib.items()}
    return Element(_local(str(source.tag)), source.sourceline or 1, attributes)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
