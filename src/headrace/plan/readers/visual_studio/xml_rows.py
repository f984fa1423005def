"""Rows of an XML file, as a .NET DataSet infers them (reference: visual-studio-formats, 3.3).

An element that repeats, or has something in it, is a row of the table of its name; its attributes and its plain children are
the columns.
"""

from collections import Counter
from collections.abc import Iterator

from headrace.plan.readers.visual_studio.xml_tree import Element

MOST_COLUMNS = 1000
MOST_VALUES = 5_000_000  # of all rows: a row has each column that any other has


def tables_of(root: Element) -> set[str]:
    """The names of the tables in a document."""
    tables: set[str] = set()
    for element in _walk(root):
        if element.attributes or element.children:
            tables.add(element.name)
        tables |= {name for name, times in Counter(child.name for child in element.children).items() if times > 1}
    return tables


def rows_of(root: Element, table: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The columns and rows of a table, named in any case; neither where there is no such table.

    Raises ValueError where it has too many columns or values.
    """
    tables = tables_of(root)
    rows: list[dict[str, str]] = []
    for element in _walk(root):
        if element.name.casefold() == table.casefold() and element.name in tables:
            rows.append(dict(_values(element, tables)))
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    if len(columns) > MOST_COLUMNS:
        raise ValueError(f"the table has {len(columns)} columns; at most {MOST_COLUMNS} are read")
    if len(columns) * len(rows) > MOST_VALUES:
        raise ValueError(f"the table has {len(rows)} rows of {len(columns)} columns; at most {MOST_VALUES} values are read")
    return columns, tuple(tuple(row.get(column, "") for column in columns) for row in rows)


def _values(element: Element, tables: set[str]) -> Iterator[tuple[str, str]]:
    for child in element.children:
        if child.name not in tables:
            yield child.name, child.text
    yield from element.attributes.items()
    if element.text.strip() and not any(child.name not in tables for child in element.children):
        yield f"{element.name}_Text", element.text


def _walk(root: Element) -> Iterator[Element]:
    """All elements in the order of the document."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += reversed(element.children)
