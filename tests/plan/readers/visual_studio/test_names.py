"""visual_studio/names.py: names that a plan takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.checks import LONGEST_NAME
from headrace.plan.readers.visual_studio.names import unique_name


@pytest.mark.parametrize(
    ("wanted", "taken", "name"),
    [
        ("Buy", (), "Buy"),
        ("方案1", (), "方案1"),
        ("Buy", ("Buy",), "Buy (2)"),
        ("Buy", ("Buy", "Buy (2)"), "Buy (3)"),
        (" Buy\n a  mill ", (), "Buy a mill"),
        ("", (), "Test"),
        ("\x07", ("Test",), "Test (2)"),
    ],
)
def test_a_name_stays_readable(wanted: str, taken: tuple[str, ...], name: str) -> None:
    assert unique_name(wanted, taken, "Test") == name


@given(wanted=st.lists(st.text(max_size=300), max_size=10))
def test_names_are_different_and_such_as_a_plan_takes(wanted: list[str]) -> None:
    names: list[str] = []
    for each in wanted:
        names.append(unique_name(each, names, "Test"))
    assert len(set(names)) == len(names)
    assert all(name.strip() and name.isprintable() and len(name) <= LONGEST_NAME for name in names)
