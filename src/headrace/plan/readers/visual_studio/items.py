"""`<Items>`: what a web test does, in order (reference: visual-studio-formats, 1.6 and 1.7)."""

from collections.abc import Iterator
from dataclasses import replace

from headrace.plan.conditions import Compare, Operator
from headrace.plan.readers.visual_studio.conditional_rules import read_condition
from headrace.plan.readers.visual_studio.context import Context, given_to
from headrace.plan.readers.visual_studio.credentials import read_credentials
from headrace.plan.readers.visual_studio.included import MOST_INCLUDED, TestFile
from headrace.plan.readers.visual_studio.loops import read_loop
from headrace.plan.readers.visual_studio.web_requests import read_page
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.steps import If, SetVariables, Step, TakeRow, Think, Transaction
from headrace.plan.walk import DEEPEST

MOST_STEPS = 100_000  # as in a plan
ITEMS = ("Request", "TransactionTimer", "Comment", "Condition", "Loop", "IncludedWebTest")

# An iteration, transaction or branch in which nothing happens.
NOTHING: tuple[Step, ...] = (Think(0.0),)


def read_items(context: Context, parent: Element, depth: int = 1) -> tuple[Step, ...]:
    """The steps of an element's items; NOTHING where there are none. `depth` counts the steps around them, from 1."""
    steps: list[Step] = []
    for items in parent.all("Items"):
        context.reading.expect(items, (), ITEMS)
        if depth > DEEPEST:
            context.reading.error(items, f"it is inside {DEEPEST} others; nest at most {DEEPEST} levels")
            break
        for item in items.children:
            context.spent.items += 1
            if context.spent.items > MOST_STEPS:
                context.reading.error(
                    items, f"the test has over {MOST_STEPS} items, with those of included tests; give fewer"
                )
                break
            steps += _read_item(context, item, depth)
    return tuple(steps) or NOTHING


def advances_cursors(loop: Element) -> bool:
    """Whether a loop moves the cursors of data sources. Where that is written, the documents do not agree on."""
    places = (loop, *loop.all("ConditionalRule"))
    return any(place.attributes.get("AdvanceDataCursors", "").strip().lower() in ("true", "1") for place in places)


def _read_item(context: Context, item: Element, depth: int) -> Iterator[Step]:
    reading = context.reading
    match item.name:
        case "Request":
            yield from read_page(context, item)
        case "TransactionTimer":
            reading.expect(item, ("Name",), ("Items",))
            yield Transaction(reading.text(item, "Name") or "Transaction", read_items(context, item, depth + 1))
        case "Condition":
            yield from _condition(context, item, depth)
        case "Loop":
            yield from _loop(context, item, depth)
        case "IncludedWebTest":
            yield from _included(context, item, depth)


def _condition(context: Context, item: Element, depth: int) -> Iterator[Step]:
    """Visual Studio has no items for the other case; wrappers of both cases are understood where somebody writes them."""
    reading = context.reading
    reading.expect(item, ("UniqueStringId",), ("ConditionalRule", "Items", "Then", "Else"))
    then = [read_items(context, place, depth + 1) for place in (item, *item.all("Then")) if place.first("Items")]
    otherwise = [read_items(context, place, depth + 1) for place in item.all("Else") if place.first("Items")]
    rule = item.first("ConditionalRule")
    if rule is None:
        reading.error(item, "it has no ConditionalRule; give one, or take the items out of it")
        return
    condition = read_condition(reading, rule, context.bindings.bind)
    if condition is not None:
        yield If(condition, sum(then, ()) or NOTHING, sum(otherwise, ()))


def _loop(context: Context, item: Element, depth: int) -> Iterator[Step]:
    """A loop that advances data cursors has the row at hand in its first pass, and the next one in each pass after it."""
    steps = read_items(context, item, depth + 1)
    before: list[Step] = []
    if advances_cursors(item) and context.sources:
        context.spent.loops += 1
        passed = f"$passed{context.spent.loops}"
        first = Compare(f"{{{{{passed}}}}}", Operator.EQUAL, "0")
        take = tuple(TakeRow(source) for source in context.sources)
        before = [SetVariables(((passed, "0"),))]
        steps = (If(first, (SetVariables(((passed, "1"),)),), take), *steps)
    loop = read_loop(context.reading, item, context.bindings.bind, steps)
    if loop is not None:
        yield from (*before, loop)


def _included(context: Context, item: Element, depth: int) -> Iterator[Step]:
    """The other test's items, as a transaction of its name."""
    file = context.file.included.get(id(item))
    if file is None:
        return  # and it was told why
    context.spent.included += 1
    if context.spent.included > MOST_INCLUDED:
        context.reading.error(item, f"over {MOST_INCLUDED} tests are included, one in the other; include fewer")
        return
    name = context.reading.text(item, "Name") or file.reading.text(file.root, "Name") or file.name
    yield Transaction(name, read_items(_inside(context, item, file), file.root, depth + 1))


def _inside(context: Context, item: Element, file: TestFile) -> Context:
    """What an included test is read with: its own rules beside those around it, and its own credentials where it says so."""
    reading, root = file.reading, file.root
    rules = tuple((reading, rule) for rule in root.all("ValidationRules", "ValidationRule"))
    inside = replace(context, file=file, rules=(*rules, *context.rules))
    if context.reading.flag(item, "InheritWebTestSettings", True):
        return inside
    credentials = read_credentials(reading, root, context.bindings, given_to(context.surroundings))
    if reading.flag(root, "StopOnError"):
        context.reading.warn(item, "StopOnError of the included test has no effect; that of the test around it has")
    return replace(inside, credentials=credentials or context.credentials)
