"""`<Header>`, of a request and of a browser."""

from collections.abc import Callable

from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.step_checks import has_line_end, is_token


def read_header(reading: Reading, header: Element, bind: Callable[[str], str]) -> tuple[str, str] | None:
    """The name and the template of the value; None, and an error, where nobody could send it."""
    reading.expect(header, ("Name", "Value"), ())
    name, value = reading.text(header, "Name").strip(), reading.text(header, "Value").strip()
    if not is_token(name):
        reading.error(header, "this is no name of a header; use letters, digits and dashes, or take the header out")
        return None
    if has_line_end(value):
        reading.error(header, "its Value has a line end in it; take that out")
        return None
    return name, bind(value)
