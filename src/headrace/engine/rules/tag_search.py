"""Searches for tags by their name and an attribute, as Visual Studio's rules about tags describe them."""

from collections.abc import Callable, Iterator

from lxml import etree

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.rules.markup import Tree, html_of
from headrace.engine.rules.tags import attributes_of, find_tags, unescape_attribute
from headrace.engine.templates import compile_template

TagSearch = Callable[[Answer, Variables], Iterator[dict[str, str]]]
ElementSearch = Callable[[Answer, Variables], Iterator[Tree]]


def compile_tag_search(tag: str, attribute: str, value: str, keep_unknown: bool) -> TagSearch:
    """The attributes, values as they are written, of each such tag; of all with this name where `attribute` is ""."""
    tag_of, attribute_of, value_of = (compile_template(text, keep_unknown) for text in (tag, attribute, value))

    def search(answer: Answer, variables: Variables) -> Iterator[dict[str, str]]:
        wanted, expected = attribute_of(variables).lower(), value_of(variables)
        for found in find_tags(answer.text, tag_of(variables).lower()):
            attributes = attributes_of(found)
            if not wanted or ((value := attributes.get(wanted)) is not None and unescape_attribute(value) == expected):
                yield attributes

    return search


def compile_element_search(tag: str, attribute: str, value: str, keep_unknown: bool) -> ElementSearch:
    """The same as elements of the tree."""
    tag_of, attribute_of, value_of = (compile_template(text, keep_unknown) for text in (tag, attribute, value))

    def search(answer: Answer, variables: Variables) -> Iterator[Tree]:
        wanted, expected = attribute_of(variables).lower(), value_of(variables)
        name = tag_of(variables).lower()
        for element in html_of(answer).iter(etree.Element):
            if element.tag == name and (not wanted or element.get(wanted) == expected):
                yield element

    return search
