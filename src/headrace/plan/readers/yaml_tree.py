"""YAML as a tree of texts, lists and mappings, each with its line. What a text means is for the reader to say: YAML 1.1
takes `no` for a truth and `1:30` for 90, a test that has the country NO does not.

A file is somebody's upload: anchors (of which small files make huge trees), tags, duplicate keys and several documents are
refused, and size, depth and number of entries are bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

LARGEST = 128 * 1024 * 1024  # characters; data may be in it
DEEPEST = 240
MOST_NODES = 1_000_000
_TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"

# The parser of libyaml where PyYAML was built with it: ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """What cannot be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Scalar:
    """A text; `plain` where it was written without quotes, so that it may mean a number, a truth or nothing."""

    text: str
    plain: bool
    line: int


@dataclass(slots=True)
class Sequence:
    items: "list[Node]"
    line: int


@dataclass(slots=True)
class Mapping:
    entries: "dict[str, Node]"
    line: int


Node = Scalar | Sequence | Mapping


def parse_yaml(text: str) -> Node:
    """The only document of a text. Raises YamlError."""
    if len(text) > LARGEST:
        raise YamlError(1, f"it has {len(text)} characters; at most {LARGEST} are read")
    try:
        return _build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if "nesting depth" in (error.problem or ""):  # newer libyaml has a bound of its own, and reads ahead of ours
            raise YamlError(line, _TOO_DEEP) from None
        raise YamlError(line, f"it is no YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise YamlError(line, f"it is no YAML: {error.reason}, character {error.character:#04x}") from None
    except yaml.YAMLError as error:
        raise YamlError(1, f"it is no YAML: {error}") from None
    except UnicodeEncodeError as error:
        raise YamlError(text.count("\n", 0, error.start) + 1, "it has half a character (a lone surrogate)") from None


def _build(events: Iterator[Any]) -> Node:
    root = Sequence([], 1)  # of documents
    path: list[tuple[Sequence | Mapping, list[Scalar]]] = [(root, [])]  # what is open, and the key that waits for its value
    for count, event in enumerate(events):
        if isinstance(event, yaml.CollectionEndEvent):
            path.pop()
            continue
        line = event.start_mark.line + 1
        node = _node_of(event, line)
        if node is None:
            continue
        if len(path) == 1 and root.items:
            raise YamlError(line, "a second document begins; a plan is one document")
        if count > MOST_NODES:
            raise YamlError(line, f"it has more than {MOST_NODES} entries; give rows of data as CSV text")
        _add(node, *path[-1])
        if not isinstance(node, Scalar):
            if len(path) > DEEPEST:
                raise YamlError(line, _TOO_DEEP)
            path.append((node, []))
    if not root.items:
        raise YamlError(1, "it is empty")
    return root.items[0]


def _node_of(event: Any, line: int) -> Node | None:
    """What an event begins; None for the begin and end of the file and of a document."""
    node: Node
    match event:
        case yaml.ScalarEvent():
            node = Scalar(event.value, not event.style, line)
        case yaml.SequenceStartEvent():
            node = Sequence([], line)
        case yaml.MappingStartEvent():
            node = Mapping({}, line)
        case yaml.AliasEvent():
            raise YamlError(line, f"*{str(event.anchor)[:100]} refers to another place; write the value itself")
        case _:
            return None
    if event.anchor is not None:
        raise YamlError(line, f"&{event.anchor[:100]} marks a place to be repeated; write the values where they belong")
    if event.tag is not None:
        raise YamlError(line, f"the tag {event.tag[:100]} is not taken; leave it out")
    return node


def _add(node: Node, parent: Sequence | Mapping, waiting: list[Scalar]) -> None:
    if isinstance(parent, Sequence):
        parent.items.append(node)
    elif waiting:
        parent.entries[waiting.pop().text] = node
    elif not isinstance(node, Scalar):
        raise YamlError(node.line, "a name must be a text; put quotes around a text that begins with { or [: '{{name}}'")
    elif node.text in parent.entries:
        raise YamlError(node.line, f"'{node.text[:100]}' is there twice, before in line {parent.entries[node.text].line}")
    else:
        waiting.append(node)
