"""runs/text.py: what texts from outside may be kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.runs.errors import Invalid
from headrace.runs.text import check_line, check_text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "is empty; give 1 to 10 characters"),
        (" \t ", "is empty"),
        ("x" * 11, "is 11 characters long"),
        ("a\nb", "U+000A at position 1"),
        ("a\tb", "U+0009 at position 1"),
        ("\0", "U+0000 at position 0"),
        ("\x9f", "U+009F at position 0"),
        ("ok\ud800", "U+D800 at position 2"),
    ],
)
def test_what_is_no_line_is_refused_with_the_reason(line: str, reason: str) -> None:
    with pytest.raises(Invalid) as raised:
        check_line("name", line, 10)
    assert raised.value.field == "name"
    assert reason in raised.value.message


@pytest.mark.parametrize("line", ["x", "x" * 10, "Straße ☃ 👍", " a "])
def test_anything_else_is_a_line(line: str) -> None:
    check_line("name", line, 10)


def test_a_text_may_have_several_lines_and_may_be_empty() -> None:
    check_text("description", "one\r\n\ttwo\n", 20)
    check_text("description", "", 20)


@given(st.text(st.characters(codec=None), max_size=50))
def test_what_passes_can_be_written_to_any_database(text: str) -> None:
    try:
        check_text("description", text, 40)
    except Invalid:
        return
    assert "\0" not in text
    assert len(text.encode()) <= 160
