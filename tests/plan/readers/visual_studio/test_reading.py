"""Attributes by type, and findings that name file, line, element, value and remedy."""

import pytest

from headrace.plan.diagnostics import Severity
from headrace.plan.readers.visual_studio.reading import MOST_FINDINGS, Choices, Reading, class_name, label, shown
from headrace.plan.readers.visual_studio.xml_tree import Element

AS_WRITTEN = Choices()


def reading(choices: Choices = AS_WRITTEN) -> Reading:
    return Reading("shop.webtest", choices)


def element(**attributes: str) -> Element:
    return Element("Request", 7, attributes)


@pytest.mark.parametrize(
    ("written", "flag"), [("True", True), ("true", True), ("1", True), (" FALSE ", False), ("0", False), ("", True)]
)
def test_flags_are_written_in_any_case(written: str, flag: bool) -> None:
    read = reading()
    assert read.flag(element(Cache=written), "Cache", True) is flag
    assert read.findings == []


def test_numbers_have_a_point_and_are_finite() -> None:
    read = reading()
    assert read.number(element(Goal="0.5"), "Goal") == 0.5
    assert read.number(element(), "Goal", 3.0) == 3.0
    assert [read.number(element(Goal=wrong), "Goal", 2.0) for wrong in ("0,5", "nan", "1e999", "x")] == [2.0] * 4
    assert read.whole(element(Status=" 302 "), "Status") == 302
    assert [read.whole(element(Status=wrong), "Status", 5) for wrong in ("3.5", "9" * 16, "x")] == [5] * 3
    assert len(read.findings) == 7


def test_a_finding_names_file_line_element_value_and_remedy() -> None:
    read = reading()
    read.flag(element(Cache="perhaps", Url="http://shop.test/"), "Cache")
    (found,) = read.findings
    assert found.severity is Severity.ERROR
    assert found.message == (
        "shop.webtest, line 7, <Request Url='http://shop.test/'>: Cache is 'perhaps'; give True or False."
    )


def test_what_is_not_known_is_warned_of() -> None:
    read = reading()
    read.expect(
        Element("Items", 1, {"Name": "n", "Color": "red"}, [Element("Request", 2), Element("Game", 3)]),
        ("Name",),
        ("Request",),
    )
    assert [(each.severity, each.message) for each in read.findings] == [
        (Severity.WARNING, "shop.webtest, line 1, <Items Name='n'>: Color='red' is not known and has no effect."),
        (Severity.WARNING, "shop.webtest, line 3, <Game>: is not known and has no effect."),
    ]


def test_a_plugin_is_an_error_unless_the_user_goes_without() -> None:
    strict, lenient = reading(), reading(Choices(ignore_plugins=True))
    for read in (strict, lenient):
        read.refuse_plugin(element(), "it needs .NET")
    assert [each.severity for each in (*strict.findings, *lenient.findings)] == [Severity.ERROR, Severity.WARNING]
    assert strict.findings[0].message.endswith("or run the test without it by --ignore-plugins.")


def test_the_same_is_told_once_and_too_much_is_cut_with_an_error_never_lost() -> None:
    read = reading()
    for number in range(MOST_FINDINGS + 5):
        read.warn(Element("a", number), "x")
        read.warn(Element("a", 0), "x")
    assert len(read.findings) == MOST_FINDINGS + 1
    assert read.findings[-1].severity is Severity.WARNING
    read.error(element(), "y")
    assert len(read.findings) == MOST_FINDINGS + 1
    assert read.findings[-1].severity is Severity.ERROR
    assert read.findings[-1].message == "shop.webtest: there is more; it is told when this is put right."


def test_names_for_messages() -> None:
    assert class_name("My.Plugin, My.Assembly, Version=1.0.0.0, Culture=neutral") == "My.Plugin"
    assert label(Element("Rule", 1, {"Classname": "My.Rule, My", "Other": "x"})) == "<Rule Classname='My.Rule'>"
    assert label(Element("Rule", 1)) == "<Rule>"
    assert shown("a\nb" + "c" * 100) == "'a�b" + "c" * 77 + "…'"
