"""The fields of HTML forms, as a browser would send them."""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from headrace.engine.rules.tags import Tag, attributes_in, attributes_of, find_tags, in_doubt, unescape_attribute

_MARKUP = re.compile(r"<[^>]*>")
# What hides tags, but for a title; and an input tag of the simplest form.
_HIDING = ("<!--", "<script", "<style", "<textarea", "<xmp", "<iframe", "<noembed", "<noframes", "<plaintext")
_PLAIN_INPUT = re.compile(r"""<(?i:input)((?:[\t\n\f\r ]+[^\t\n\f\r "'<>/=]+="[^"<>]*")+[\t\n\f\r ]*/?)>""")
_BOXES = ("checkbox", "radio")
_NO_FIELDS = ("submit", "image", "button", "reset", "file")


class Option(NamedTuple):
    """An option of a select tag; `value` is that of the attribute, else the text. Both are decoded."""

    value: str
    text: str


class PlainField(NamedTuple):
    """A hidden field, its value as it is written, and where the attributes of its tag are in the text."""

    name: str
    value: str
    start: int
    end: int


def hidden_fields(text: str) -> Iterator[tuple[str, str]]:
    """Names, and values as they are written, of the hidden fields, going from tag to tag."""
    for tag in find_tags(text, "input"):
        if "hidden" not in tag.attributes.lower():
            continue  # most fields are none, and reading their attributes costs more than finding them
        attributes = attributes_of(tag)
        if attributes.get("type", "").lower() == "hidden" and (name := attributes.get("name")):
            yield unescape_attribute(name), attributes.get("value", "")


def plain_hidden_fields(text: str) -> list[PlainField] | None:
    """The hidden fields of a page on which they are easily found, as they are on most; None where there is any doubt.

    A third of the price of going from tag to tag: from each "hidden" it looks for the tag around it.
    """
    lower = text.lower()
    count = text.count("hidden")
    if lower.count("hidden") != count or len(lower) != len(text):
        return None
    for tag in _HIDING:
        if tag in lower:
            return None
    position = 0
    if "<title" in lower:
        position = lower.find("</title>") + 8
        if position < 8 or lower.count("<title") > 1 or text.count("hidden", position) != count:
            return None
    fields = []
    while (at := text.find("hidden", position)) >= 0:
        found = _PLAIN_INPUT.match(text, max(0, text.rfind("<", 0, at)))
        if found is None or found.end() < at or in_doubt(text, position, found.start()):
            return None
        attributes = attributes_in(found[1])
        if attributes.get("type", "").lower() == "hidden" and (name := attributes.get("name")):
            fields.append(PlainField(unescape_attribute(name), attributes.get("value", ""), *found.span(1)))
        position = found.end()
    return fields


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
