"""Comments in a `plan.yaml`, each above what it is about.

PyYAML knows no comments. A written plan is read back as a tree that knows its lines, and the comments are put in between.
"""

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping

from headrace.plan.readers.yaml_tree import Node, Scalar, Sequence, parse_yaml

# Texts by the place in the plan that they are about: `tests[0].steps[2]`; "" is the whole.
Notes = Mapping[str, Iterable[str]]

_WIDTH = 118
_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")
_PARTS = ("tests", "scenarios", "data", "thresholds")  # of a plan, that begin after an empty line


def with_notes(text: str, notes: Notes) -> str:
    """The text of a plan with comments. What is about a part that is not written stands above what would have it."""
    root = parse_yaml(text)
    above: dict[int, list[str]] = defaultdict(list)
    for place, texts in notes.items():
        above[_line_of(root, place)] += texts
    lines = text.split("\n")
    # After a text that ends with empty lines, one more would be part of it.
    apart = {number for number, line in enumerate(lines, 1) if line.startswith(_PARTS)} if "|+" not in text else set()
    written: list[str] = []
    for number, line in enumerate(lines, 1):
        if number in apart:
            written.append("")
        indent = " " * (len(line) - len(line.lstrip(" ")))
        for note in above[number]:
            written += comment(note, indent)
        written.append(line)
    return "\n".join(written)


def comment(text: str, indent: str = "") -> list[str]:
    """The lines of a comment that says this."""
    shown = "".join(char if char.isprintable() or char == "\n" else " " for char in text)
    room = max(40, _WIDTH - len(indent))
    lines = [
        part
        for line in shown.split("\n")
        for part in textwrap.wrap(line, room, break_on_hyphens=False, break_long_words=False, subsequent_indent=_hang(line))
        or [""]
    ]
    return [f"{indent}# {line}".rstrip() for line in lines]


def _hang(line: str) -> str:
    return "  " if line.startswith("- ") else ""


def _line_of(root: Node, place: str) -> int:
    """The line that a place begins in; where it is not written, that of the nearest around it."""
    node = root
    if not place:
        return 1
    for name, index in _STEP.findall(place):
        inside: Node | None = None
        if isinstance(node, Sequence) and index:
            inside = node.items[int(index)] if int(index) < len(node.items) else None
        elif not isinstance(node, Scalar | Sequence):
            inside = node.entries.get(name)
        if inside is None:
            break
        node = inside
    return node.line
