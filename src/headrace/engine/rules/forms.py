"""The fields of HTML forms, as a browser would send them."""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from headrace.engine.rules.tags import Tag, attributes_of, find_tags, unescape_attribute

_MARKUP = re.compile(r"<[^>]*>")
_BOXES = ("checkbox", "radio")
_NO_FIELDS = ("submit", "image", "button", "reset", "file")


class Option(NamedTuple):
    """An option of a select tag; `value` is that of the attribute, else the text. Both are decoded."""

    value: str
    text: str


def hidden_fields(text: str) -> Iterator[tuple[str, str]]:
    """Names, and values as they are written, of the hidden fields."""
    for tag in find_tags(text, "input"):
        if "hidden" not in tag.attributes.lower():
            continue  # most fields are none, and reading their attributes costs more than finding them
        attributes = attributes_of(tag)
        if attributes.get("type", "").lower() == "hidden" and (name := attributes.get("name")):
            yield unescape_attribute(name), attributes.get("value", "")


def form_values(text: str, field: str, decode: bool) -> Iterator[str]:
    """The values of the fields of this name; of check boxes and radio buttons only what is checked; no buttons."""
    tags = find_tags(text, "input", "textarea", *_OF_SELECTS)
    for tag in tags:
        if tag.name == "select":
            options = _selected(tag, tags, text)
            if _name(attributes_of(tag)) == field:
                for option in options:
                    yield option.value
            continue
        if tag.name not in ("input", "textarea"):
            continue
        attributes = attributes_of(tag)
        if _name(attributes) != field:
            continue
        if tag.name == "textarea":
            value = tag.content.removeprefix("\r").removeprefix("\n")
            yield unescape(value) if decode else value
            continue
        kind = attributes.get("type", "").lower()
        if kind in _NO_FIELDS or (kind in _BOXES and "checked" not in attributes):
            continue
        value = attributes.get("value", "on" if kind in _BOXES else "")
        yield unescape_attribute(value) if decode else value


def selected_options(text: str, select: str) -> Iterator[list[Option]]:
    """For each select tag of this name its selected options: where none is said to be, the first, as browsers do."""
    tags = find_tags(text, *_OF_SELECTS)
    for tag in tags:
        if tag.name == "select":
            options = _selected(tag, tags, text)
            if _name(attributes_of(tag)) == select:
                yield options


_OF_SELECTS = ("select", "/select", "option", "/option", "optgroup", "/optgroup")


def _selected(select: Tag, tags: Iterator[Tag], text: str) -> list[Option]:
    """The selected options of a select tag; takes its tags up to its end from `tags`."""
    first: Option | None = None
    selected: list[Option] = []
    option: Tag | None = None
    for tag in tags:
        if option is not None:
            attributes = attributes_of(option)
            written = " ".join(unescape(_MARKUP.sub("", text[option.end : tag.start])).split())
            found = Option(unescape_attribute(attributes["value"]) if "value" in attributes else written, written)
            first = first or found
            if "selected" in attributes:
                selected.append(found)
        option = tag if tag.name == "option" else None
        if tag.name == "/select":
            break
    if "multiple" in attributes_of(select):
        return selected
    return selected[-1:] or ([first] if first else [])


def _name(attributes: dict[str, str]) -> str:
    return unescape_attribute(attributes.get("name", ""))
