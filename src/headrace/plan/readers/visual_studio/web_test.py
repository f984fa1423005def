"""Reads a `.webtest`: what a virtual user does in an iteration (reference: visual-studio-formats, 1 to 3).

The attributes and elements of Visual Studio 2005 to 2019 are known; what a version adds is warned of. What its author wrote
in .NET is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from headrace.plan.data import Access, DataSource
from headrace.plan.diagnostics import Diagnostic
from headrace.plan.model import OnError, Test
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.bindings import APPROXIMATE, Bindings, spell
from headrace.plan.readers.visual_studio.context import Context, given_to
from headrace.plan.readers.visual_studio.credentials import read_credentials, read_proxy
from headrace.plan.readers.visual_studio.data_sources import Table, is_used, read_tables, tell_of
from headrace.plan.readers.visual_studio.included import TestFile, open_files, web_test_id
from headrace.plan.readers.visual_studio.items import NOTHING, advances_cursors, read_items
from headrace.plan.readers.visual_studio.plugins import refuse_callback, refuse_plugins
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.rule_parameters import variables_of
from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.rules import Scope
from headrace.plan.steps import SetVariables, Step, TakeRow, UsedUp
from headrace.plan.templates import literal

__all__ = ["WebTest", "read_web_test", "web_test_id"]

_CALLBACKS = ("TestCaseCallbackClass", "RequestCallbackClass")
_ATTRIBUTES = (
    "Name",
    "Id",
    "Owner",
    "Priority",
    "Enabled",
    "CssProjectStructure",
    "CssIteration",
    "Timeout",
    "WorkItemIds",
    "Description",
    "CredentialUserName",
    "CredentialPassword",
    "PreAuthenticate",
    "Proxy",
    "StopOnError",
    "RecordedResultFile",
    "ResultsLocale",
    "schemaLocation",
    *_CALLBACKS,
)
_CHILDREN = ("Items", "DataSources", "ContextParameters", "ValidationRules", "WebTestPlugins")


@dataclass(frozen=True, slots=True)
class WebTest:
    """`data` are the sources that its steps take rows of. `id` is in lower case; `proxy` is as the plan has it."""

    test: Test
    data: tuple[DataSource, ...]
    id: str
    proxy: str


def read_web_test(
    folder: Folder, file: str, name: str, surroundings: Surroundings
) -> tuple[WebTest | None, list[Diagnostic]]:
    """The web test of a file of the folder, None where it cannot be understood, and what there is to say about it.

    `name` is what the plan calls it; it goes before the names of its data sources, so that they are different from others'.
    """
    opened = open_files(folder, file, surroundings.choices)
    if isinstance(opened, Reading):
        return None, opened.findings
    files = list(opened.all())
    web_test = _read(opened, files, folder, name, surroundings)
    return web_test, list(dict.fromkeys(finding for each in files for finding in each.reading.findings))


def _read(file: TestFile, files: Sequence[TestFile], folder: Folder, name: str, surroundings: Surroundings) -> WebTest:
    for each in files:
        _judge(each)
    given = given_to(surroundings)
    own = _parameters(files, given)
    moved = any(advances_cursors(loop) for each in files for loop in _loops(each))
    tables = read_tables(files, folder, name, moved)
    columns = [column for table in tables if table.source for column in table.source.columns]
    extracted = [variable for each in files for rule in _rules(each) for variable in variables_of(rule)]
    bindings = Bindings([*given, *own, *columns], extracted)
    values = {each.casefold(): value for each, value in (*own.items(), *given.items())}
    credentials = read_credentials(file.reading, file.root, bindings, given)
    rules = tuple((file.reading, rule) for rule in file.root.all("ValidationRules", "ValidationRule"))
    rows = tuple(_take_row(table.source) for table in tables if table.source and moved)
    context = Context(file, folder, bindings, surroundings, values, rules, rows)
    steps = read_items(context, file.root)
    if steps == NOTHING:
        file.reading.warn(file.root, "it has no requests; an iteration of it does nothing, and passes at once")
    tell_of(tables, bindings.used)
    _tell_of_built_ins(file, bindings)
    # Not those that nothing looks at, unless their rows say when the test ends.
    taken = [
        table
        for table in tables
        if moved or surroundings.lasting or table.access is Access.UNIQUE or is_used(table, bindings.used)
    ]
    # The columns of what could not be read, which is an error, so that each is not a variable without a value as well.
    unread = [table for table in tables if table.source is None]
    missing = [each for each in bindings.unknown if any(is_used(table, {each.casefold()}) for table in unread)]
    variables = [] if surroundings.lasting else [(spell(each), literal(value)) for each, value in own.items()]
    test = Test(
        name=name,
        steps=(*_begin(taken, own, surroundings), *steps),
        variables=(*variables, *((each, "") for each in missing)),
        on_error=OnError.STOP_ITERATION if file.reading.flag(file.root, "StopOnError") else OnError.CONTINUE,
        credentials=credentials,
    )
    data = tuple(table.source for table in taken if table.source)
    identity = file.reading.text(file.root, "Id").strip().lower()
    return WebTest(test, data, identity, read_proxy(file.reading, file.root, values))


def _judge(file: TestFile) -> None:
    """What the test itself has, but its items, parameters and data."""
    reading, root = file.reading, file.root
    reading.expect(root, _ATTRIBUTES, _CHILDREN)
    for rules in root.all("ValidationRules"):
        reading.expect(rules, (), ("ValidationRule",))
    for plugins in root.all("WebTestPlugins"):
        refuse_plugins(reading, plugins, "WebTestPlugin")
    for attribute in _CALLBACKS:
        refuse_callback(reading, root, attribute)
    if reading.number(root, "Timeout") > 0:
        reading.warn(root, "Timeout of the whole test has no effect; each request has one of its own")


def _parameters(files: Sequence[TestFile], given: Mapping[str, str]) -> dict[str, str]:
    """The context parameters of the test and, behind them, of those that it includes; not those that are given from outside,
    in whatever case. Their values are texts: nothing is bound in them."""
    known = {name.casefold() for name in given}
    parameters: dict[str, str] = {}
    for file in files:
        for element in file.root.all("ContextParameters"):
            file.reading.expect(element, (), ("ContextParameter",))
            for parameter in element.all("ContextParameter"):
                file.reading.expect(parameter, ("Name", "Value"), ())
                name = file.reading.text(parameter, "Name")
                if not name:
                    file.reading.error(parameter, "it has no Name; give one, or take it out")
                elif name.casefold() not in known:
                    parameters.setdefault(name, file.reading.text(parameter, "Value"))
    return parameters


def _begin(tables: Sequence[Table], own: Mapping[str, str], surroundings: Surroundings) -> Iterator[Step]:
    """What goes before the items: rows are taken, and what is to last is kept."""
    lasting: dict[str, str] = {spell(name): literal(value) for name, value in own.items()}
    for table in tables:
        if table.source is not None:
            yield _take_row(table.source)
            lasting |= {column: f"{{{{{column}}}}}" for column in table.source.columns}
    if surroundings.lasting and lasting:
        yield SetVariables(tuple(lasting.items()), Scope.USER)


def _take_row(source: DataSource) -> TakeRow:
    """When unique rows are used up, this test is run no more, and others are (reference: visual-studio-formats, 3.3)."""
    return TakeRow(source.name, UsedUp.LEAVE_OUT_TEST) if source.access is Access.UNIQUE else TakeRow(source.name)


def _tell_of_built_ins(file: TestFile, bindings: Bindings) -> None:
    for name, told in APPROXIMATE.items():
        if name in bindings.used:
            file.reading.tell(file.root, f"it binds {name}: {told}")


def _rules(file: TestFile) -> Iterator[Element]:
    """The rules that define context parameters. What the recorder proposed to extract is never extracted."""
    for element in _walk(file.root):
        if element.name in ("ExtractionRule", "ConditionalRule"):
            yield element


def _loops(file: TestFile) -> Iterator[Element]:
    return (element for element in _walk(file.root) if element.name == "Loop")


def _walk(root: Element) -> Iterator[Element]:
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element.name != "CorrelationExtractionRules":
            yield element
            waiting += reversed(element.children)
