"""`<DataSource>`: rows of CSV and XML files (reference: visual-studio-formats, 3.3).

A column is the variable `Source.Table.Column`; a table of a CSV file is named after it, `Users#csv`.
"""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from headrace.plan.data import Access, DataSource
from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running
from headrace.plan.readers.data_rows import LARGEST, read_data_file
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.bindings import spell
from headrace.plan.readers.visual_studio.included import TestFile
from headrace.plan.readers.visual_studio.reading import Reading, shown
from headrace.plan.readers.visual_studio.xml_rows import rows_of, tables_of
from headrace.plan.readers.visual_studio.xml_tree import Element, XmlError, parse_xml

_CSV = "microsoft.visualstudio.testtools.datasource.csv"
_XML = "microsoft.visualstudio.testtools.datasource.xml"
_DIRECTORY = "|datadirectory|"
_ACCESS = {
    "": Access.SEQUENTIAL,
    "sequential": Access.SEQUENTIAL,
    "random": Access.RANDOM,
    "unique": Access.UNIQUE,
    "donotmovecursor": Access.FIXED,
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a data source. `prefix` is what its variables begin with, `reading` has what there is to say about it.

    `source` is None where it could not be read. `place` is its connection, which may have a password in it.
    """

    element: Element
    file: TestFile
    prefix: str
    place: str
    access: Access
    source: DataSource | None
    reading: Reading


def read_tables(files: Iterable[TestFile], folder: Folder, name: str, moved: bool) -> list[Table]:
    """The tables of a test and of those it includes; `name` goes before their names in the plan.

    `moved`: a loop moves the cursors, so that none stays where it is.
    """
    reader = _Reader(folder, name, moved)
    tables: dict[str, Table] = {}
    for file in files:
        for source, element in _elements(file):
            table = reader.read(file, source, element)
            known = tables.setdefault(table.prefix.casefold(), table)
            if known.place.casefold() != table.place.casefold():
                file.reading.error(
                    element,
                    f"there is a table {shown(table.prefix[:-1])} of another place too; rename the data source",
                )
    return list(tables.values())


def tell_of(tables: Iterable[Table], used: set[str]) -> None:
    """Says what was found about the tables. One that could not be read, and that no binding of `used` names, is left out."""
    for table in tables:
        findings = table.reading.findings
        if table.source is None and table.access is not Access.UNIQUE and not is_used(table, used):
            findings = [_left_out(finding) for finding in findings if finding.severity is Severity.ERROR]
        table.file.reading.take(findings)


def _left_out(finding: Diagnostic) -> Diagnostic:
    """What is wrong with a table that is not needed."""
    told = f"{finding.message} No binding names its columns, so the table is left out."
    return Diagnostic(Severity.WARNING, told, finding.file, finding.line)


def is_used(table: Table, used: set[str]) -> bool:
    """Whether a binding names one of its columns."""
    return any(name.startswith(table.prefix.casefold()) for name in used)


def _elements(file: TestFile) -> Iterator[tuple[Element, Element]]:
    reading = file.reading
    for sources in file.root.all("DataSources"):
        reading.expect(sources, (), ("DataSource",))
        for source in sources.all("DataSource"):
            reading.expect(source, ("Name", "Provider", "Connection"), ("Tables",))
            tables = list(source.all("Tables", "DataSourceTable"))
            if not tables:
                reading.warn(source, "it has no DataSourceTable, so that it has no effect")
            for table in tables:
                reading.expect(table, ("Name", "SelectColumns", "AccessMethod"))
                yield source, table


class _Reader:
    """Reads tables, of LARGEST bytes together at most."""

    def __init__(self, folder: Folder, name: str, moved: bool) -> None:
        self._folder = folder
        self._name = name
        self._moved = moved
        self._size = 0

    def read(self, file: TestFile, source: Element, element: Element) -> Table:
        reading = Reading(file.reading.file, file.reading.choices)
        table = reading.text(element, "Name")
        prefix = f"{reading.text(source, 'Name')}.{table}."
        connection = reading.text(source, "Connection")
        access = _access(reading, element)
        if self._moved and access is Access.FIXED:
            access = Access.SEQUENTIAL
        data = DataSource(f"{self._name}.{prefix[:-1]}", access=access)
        filled = self._fill(reading, file, source, element, data)
        if filled is not None:
            filled = replace(filled, columns=tuple(spell(prefix + column) for column in filled.columns), file="")
        return Table(element, file, prefix, connection, access, filled, reading)

    def _fill(
        self, reading: Reading, file: TestFile, source: Element, element: Element, data: DataSource
    ) -> DataSource | None:
        provider = reading.text(source, "Provider").strip()
        kind = provider.casefold()
        if kind not in (_CSV, _XML):
            reading.error(
                source,
                f"its provider {shown(provider)} needs .NET; export the table to a CSV file, and make it a data source of "
                "the provider Microsoft.VisualStudio.TestTools.DataSource.CSV",
            )
            return None
        connection, table = reading.text(source, "Connection"), reading.text(element, "Name")
        path = _find(self._folder, connection, file.name, table if kind == _CSV else "")
        if path is None:
            reading.error(source, f"there is no file {shown(connection)} beside the test; add it")
            return None
        content = self._content(reading, source, path)
        if content is None:
            return None
        data = replace(data, file=path)
        return _csv(reading, data, content) if kind == _CSV else _xml(reading, element, data, content, table)

    def _content(self, reading: Reading, source: Element, path: str) -> bytes | None:
        try:
            content = self._folder.read(path)
        except (OSError, ValueError) as error:
            reading.error(source, f"{shown(path)} cannot be read: {getattr(error, 'strerror', None) or error}")
            return None
        self._size += len(content)
        if self._size > LARGEST:
            reading.error(source, f"with {shown(path)}, the test's data has over {LARGEST} bytes; give less of it")
            return None
        return content


def _access(reading: Reading, element: Element) -> Access:
    written = reading.text(element, "AccessMethod")
    access = _ACCESS.get(written.strip().casefold())
    if access is None:
        reading.error(element, f"AccessMethod is {shown(written)}; give Sequential, Random, Unique or DoNotMoveCursor")
    return access or Access.SEQUENTIAL


def _find(folder: Folder, connection: str, beside: str, table: str) -> str | None:
    """The file of a connection; |DataDirectory| is the folder of the test. A CSV file may be named by its table alone."""
    path = connection.strip()
    at = path.casefold().find(_DIRECTORY)
    if at >= 0:
        path = path[at + len(_DIRECTORY) :].lstrip("\\/")
    found = folder.find(path, beside)
    if found is None and table:
        found = folder.find(table.replace("#", "."), beside)
    return found


def _csv(reading: Reading, data: DataSource, content: bytes) -> DataSource | None:
    """What is separated otherwise than by commas has one column for Visual Studio, and no binding would find another."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", "replace").encode()
    head = content.partition(b"\n")[0]
    delimiter = next((each for each in (b",", b";", b"\t") if each in head), b",").decode()
    filled, findings = read_data_file(replace(data, delimiter=delimiter), content)
    reading.take(findings)
    return None if forbid_running(findings) else filled


def _xml(reading: Reading, element: Element, data: DataSource, content: bytes, table: str) -> DataSource | None:
    try:
        root = parse_xml(content)
    except XmlError as error:
        reading.error(element, f"{shown(data.file)}, line {error.line}: {error}")
        return None
    try:
        columns, rows = rows_of(root, table)
    except ValueError as error:
        reading.error(element, f"{shown(data.file)}: {error}")
        return None
    if not columns:
        known = ", ".join(sorted(tables_of(root))[:20]) or "none"
        reading.error(element, f"{shown(data.file)} has no table of this name; it has {known}")
        return None
    return replace(data, columns=columns, rows=rows)
