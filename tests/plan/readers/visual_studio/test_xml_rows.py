"""Rows of XML files, as a .NET DataSet infers them."""

import pytest

from headrace.plan.readers.visual_studio import xml_rows
from headrace.plan.readers.visual_studio.xml_rows import rows_of, tables_of
from headrace.plan.readers.visual_studio.xml_tree import parse_xml

USERS = b"""<Users>
    <User Id="1"><Name>ann</Name><Word>water</Word></User>
    <User Id="2"><Name>eve</Name></User>
    <Tag>x</Tag><Tag>y</Tag>
    <Site><Url>http://shop.test/</Url></Site>
</Users>"""


@pytest.mark.parametrize(
    ("table", "columns", "rows"),
    [
        ("User", ("Name", "Word", "Id"), (("ann", "water", "1"), ("eve", "", "2"))),
        ("user", ("Name", "Word", "Id"), (("ann", "water", "1"), ("eve", "", "2"))),  # in any case
        ("Tag", ("Tag_Text",), (("x",), ("y",))),  # it repeats
        ("Site", ("Url",), (("http://shop.test/",),)),
        ("Users", (), ((),)),  # has tables only
        ("Name", (), ()),  # a column
        ("Nobody", (), ()),
    ],
)
def test_elements_that_repeat_or_have_something_in_them_are_rows(
    table: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]
) -> None:
    assert rows_of(parse_xml(USERS), table) == (columns, rows)


def test_the_root_is_a_row_where_it_has_columns() -> None:
    root = parse_xml(b"<TestParameters><ServerURL>http://shop.test</ServerURL></TestParameters>")
    assert rows_of(root, "TestParameters") == (("ServerURL",), (("http://shop.test",),))


def test_rows_inside_rows_are_a_table_of_their_own() -> None:
    root = parse_xml(b'<Shop><Order No="1"><Item>a</Item><Item>b</Item></Order><Order No="2"><Item>c</Item></Order></Shop>')
    assert tables_of(root) == {"Shop", "Order", "Item"}
    assert rows_of(root, "Order") == (("No",), (("1",), ("2",)))
    assert rows_of(root, "Item") == (("Item_Text",), (("a",), ("b",), ("c",)))


def test_columns_are_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_rows, "MOST_COLUMNS", 2)
    assert rows_of(parse_xml(b"<a><b c='1' d='2'/></a>"), "b")[0] == ("c", "d")
    with pytest.raises(ValueError, match="the table has 3 columns; at most 2 are read"):
        rows_of(parse_xml(b"<a><b c='1' d='2'/><b e='3'/></a>"), "b")


def test_values_are_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_rows, "MOST_VALUES", 4)
    assert len(rows_of(parse_xml(b"<a><b c='1'/><b d='2'/></a>"), "b")[1]) == 2
    with pytest.raises(ValueError, match="the table has 3 rows of 2 columns; at most 4 values are read"):
        rows_of(parse_xml(b"<a><b c='1'/><b d='2'/><b/></a>"), "b")


def test_an_element_with_an_attribute_and_a_text_has_both() -> None:
    assert rows_of(parse_xml(b'<a><b c="1">x</b></a>'), "b") == (("c", "b_Text"), (("1", "x"),))
