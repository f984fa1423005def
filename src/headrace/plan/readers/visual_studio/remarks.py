"""What is to be said in a plan made from Visual Studio's files, and where: findings, comments and descriptions.

Readers make the steps of a web test in the order of its items, so the n-th request, transaction, condition or loop of the
file is the n-th of the test. Where they are not the same, as in a test that includes another, all is said at the test.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.model import Plan, Test
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.xml_tree import Element, XmlError, parse_xml
from headrace.plan.requests import Page, Request
from headrace.plan.steps import If, Repeat, Transaction, While
from headrace.plan.walk import walk

_WRAPPERS = ("Items", "Then", "Else")
_STEPS: dict[str, tuple[type, ...]] = {
    "Request": (Request, Page),
    "TransactionTimer": (Transaction,),
    "Condition": (If,),
    "Loop": (Repeat, While),
}
_KINDS = tuple(kind for kinds in _STEPS.values() for kind in kinds)
_LONGEST = 2000  # characters of a comment


def remarks(
    folder: Folder, file: str, plan: Plan, findings: Iterable[Diagnostic], web_tests: Mapping[str, str]
) -> dict[str, list[str]]:
    """Texts by the place in the plan that they are about, "" for the whole. `web_tests`: each test's file, by its name."""
    said: dict[str, list[str]] = {"": []}
    parts: dict[str, list[tuple[int, str]]] = {}  # of each file, which part of the plan is from which line on
    for index, test in enumerate(plan.tests):
        root = _root(folder, web_tests.get(test.name, ""))
        if root is not None:
            begun, comments = _test(root, test, f"tests[{index}]")
            parts.setdefault(web_tests[test.name], begun)
            for place, text in comments:
                said.setdefault(place, []).append(text)
    root = _root(folder, file)
    if root is not None and file not in parts:
        parts[file] = _load_test(root)
    for finding in findings:
        place = _part_at(parts.get(finding.file, []), finding.line)
        said.setdefault(place, []).append(sentence(finding))
    return said


def sentence(finding: Diagnostic) -> str:
    """A finding as a comment says it."""
    return f"{'note' if finding.severity is Severity.INFO else finding.severity.value}: {finding.message}"


def _root(folder: Folder, file: str) -> Element | None:
    try:
        return parse_xml(folder.read(file)) if file else None
    except (XmlError, OSError, ValueError):
        return None


def _part_at(begun: list[tuple[int, str]], line: int) -> str:
    found = bisect_right(begun, line, key=itemgetter(0)) if line else 0
    return begun[found - 1][1] if found else ""


def _test(root: Element, test: Test, place: str) -> tuple[list[tuple[int, str]], list[tuple[str, str]]]:
    """Which part of the test is from which line on, and the author's texts, each with its place."""
    items = list(_items(root))
    steps = [(f"{place}.{at}", step) for at, _, step in walk(test.steps) if isinstance(step, _KINDS)]
    wanted = [_STEPS[item.name] for item in items if item.name in _STEPS]
    same = len(steps) == len(wanted) and all(isinstance(step, kinds) for (_, step), kinds in zip(steps, wanted, strict=True))
    following = iter([at for at, _ in steps] if same else [])
    begun = [(root.line, place)]
    texts = [(place, text) for text in _texts(root, "Description")]
    waiting: list[str] = []  # comments, for the step that follows them
    for item in items:
        waiting += _texts(item, "CommentText")
        if item.name in _STEPS:
            at = next(following, place)
            begun.append((item.line, at))
            texts += [(at, text) for text in waiting]
            waiting = []
    texts += [(place, text) for text in waiting]
    begun += [(child.line, place) for child in root.children if child.name != "Items"]
    return sorted(begun, key=itemgetter(0)), texts


def _items(element: Element) -> Iterator[Element]:
    """The items of a web test or of one of its items, and those inside them, in order."""
    for child in element.children:
        if child.name in _WRAPPERS:
            yield from _items(child)
        elif element.name in _WRAPPERS:
            yield child
            yield from _items(child)


def _load_test(root: Element) -> list[tuple[int, str]]:
    """Which part of the plan is from which line of the load test on. A load test with a scenario that is none is refused."""
    begun = [(child.line, "thresholds" if child.name == "CounterSets" else "") for child in root.children]
    begun += [(scenario.line, f"scenarios[{index}]") for index, scenario in enumerate(root.all("Scenarios", "Scenario"))]
    return sorted(begun, key=itemgetter(0))


def _texts(element: Element, attribute: str) -> list[str]:
    text = element.attributes.get(attribute, "").strip()
    return [text[:_LONGEST]] if text else []
