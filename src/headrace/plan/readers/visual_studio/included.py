"""The files of a web test: itself, and those that it includes (reference: visual-studio-formats, 1.6).

An included test is found by its path, else by its id, else by its name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.reading import Choices, Reading, shown
from headrace.plan.readers.visual_studio.xml_tree import Element, XmlError, parse_xml, peek_root

ROOTS = ("WebTest", "TestCase")  # the latter in files of 2005 and 2008
MOST_INCLUDED = 100  # in one test, those inside others too

_ATTRIBUTES = frozenset(
    {"name", "path", "id", "testid", "iscodedwebtest", "inheritwebtestsettings", "description", "uniquestringid"}
)


@dataclass(slots=True)
class TestFile:
    """A file of a web test. `included` are the files of its inclusions, by the identity of their elements."""

    __test__ = False  # not a pytest class

    name: str
    root: Element
    reading: Reading
    included: "dict[int, TestFile]" = field(default_factory=dict)

    def all(self) -> "Iterator[TestFile]":
        """This file, and those that it includes, each once."""
        waiting, seen = [self], set()
        while waiting:
            file = waiting.pop()
            if file.name not in seen:
                seen.add(file.name)
                yield file
                waiting += reversed(file.included.values())


def web_test_id(folder: Folder, file: str) -> str | None:
    """The id of a web test, in lower case; None where it has none, or is no web test."""
    try:
        root = peek_root(folder.read(file))
    except (OSError, ValueError):
        return None
    return root.attributes.get("Id", "").strip().lower() or None if root.name in ROOTS else None


def open_files(folder: Folder, file: str, choices: Choices) -> TestFile | Reading:
    """The file, with all that it includes; where it cannot be read, the reading that says why."""
    return _Opener(folder, choices).open(file, ())


class _Opener:
    """A file that is included twice is read once, so that its mistakes are told once."""

    def __init__(self, folder: Folder, choices: Choices) -> None:
        self._folder = folder
        self._choices = choices
        self._count = 0
        self._opened: dict[str, TestFile | Reading] = {}
        self._ids: dict[str, str] | None = None

    def open(self, name: str, inside: tuple[str, ...]) -> TestFile | Reading:
        known = self._opened.get(name)
        if known is None:
            known = self._opened[name] = self._read(name)
            if isinstance(known, TestFile):
                for element in _inclusions(known.root):
                    self._include(known, element, (*inside, name))
        return known

    def _read(self, name: str) -> TestFile | Reading:
        reading = Reading(name, self._choices)
        try:
            root = parse_xml(self._folder.read(name))
        except XmlError as error:
            reading.error(Element(ROOTS[0], error.line), str(error))
            return reading
        except (OSError, ValueError) as error:
            reading.error(Element(ROOTS[0], 1), f"the file cannot be read: {getattr(error, 'strerror', None) or error}")
            return reading
        if root.name not in ROOTS:
            reading.error(root, "this is no web test, which begins with <WebTest>; name another file")
            return reading
        return TestFile(name, root, reading)

    def _include(self, file: TestFile, element: Element, inside: tuple[str, ...]) -> None:
        reading = file.reading
        given = {name.lower(): value for name, value in element.attributes.items()}
        for name, value in element.attributes.items():
            if name.lower() not in _ATTRIBUTES:
                reading.warn(element, f"{name}={shown(value)} is not known and has no effect")
        if given.get("iscodedwebtest", "").strip().lower() == "true":
            reading.error(element, "it is a coded web test, which needs .NET; include a declarative one, or take it out")
            return
        found = self._find(given, file.name)
        self._count += 1
        if found is None:
            wanted = given.get("path") or given.get("name") or given.get("testid") or given.get("id") or ""
            reading.error(element, f"there is no web test {shown(wanted)} beside this one; add its file")
        elif found in inside:
            reading.error(element, f"{shown(found)} includes itself by this; take it out")
        elif self._count > MOST_INCLUDED:
            reading.error(element, f"over {MOST_INCLUDED} tests are included, one in the other; include fewer")
        else:
            opened = self.open(found, inside)
            if isinstance(opened, TestFile):
                file.included[id(element)] = opened
            else:
                reading.take(opened.findings)

    def _find(self, given: dict[str, str], beside: str) -> str | None:
        path, wanted = given.get("path", ""), (given.get("testid") or given.get("id") or "").strip().lower()
        found = self._folder.find(path, beside) if path else None
        if found is not None and (not wanted or web_test_id(self._folder, found) in (wanted, None)):
            return found
        # A path may be stale and lead to another test of the same name.
        by_id = self._by_id().get(wanted) if wanted else None
        name = given.get("name", "").strip()
        return by_id or found or (self._folder.find(f"{name}.webtest", beside) if name else None)

    def _by_id(self) -> dict[str, str]:
        if self._ids is None:
            ids = [(web_test_id(self._folder, name), name) for name in self._folder.ending(".webtest")]
            self._ids = {each: name for each, name in reversed(ids) if each is not None}
        return self._ids


def _inclusions(root: Element) -> Iterator[Element]:
    waiting = list(root.all("Items"))
    while waiting:
        element = waiting.pop()
        if element.name == "IncludedWebTest":
            yield element
        else:
            waiting += reversed(element.children)
