"""rig/script_output.py: whatever a script writes, what is kept is little, whole lines from the first on, and printable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.rig import script_output
from headrace.rig.script_output import LARGEST, LONGEST_LINE, MOST_LINES, Lines, clean


def lines_of(*chunks: bytes) -> list[str]:
    lines = Lines()
    return [line for chunk in chunks for line in lines.feed(chunk)] + lines.end()


def test_lines_come_out_as_they_end_and_the_last_at_the_end() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntw") == ["one"]
    assert lines.feed(b"o\n\n  \nthr") == ["two"]
    assert lines.feed(b"ee") == []
    assert lines.end() == ["three"]


def test_nothing_written_is_no_line() -> None:
    assert lines_of() == []


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"plain", "plain"),
        ("Mühle ☃".encode(), "Mühle ☃"),
        (b"caf\xe9", "caf\ufffd"),
        (b"windows\r", "windows"),
        (b"10 %\r55 %\r100 %", "100 %"),
        (b"\x1b[31;1mred\x1b[0m\x1b[K", "red"),
        (b"a\tb\x00\x07\x1bc", "a bc"),
        ("turned \u202eround\u2028".encode(), "turned round"),
        (b"  indented  ", "  indented"),
    ],
)
def test_a_line_is_text_that_can_be_printed(written: bytes, text: str) -> None:
    assert clean(written) == text


def test_a_long_line_is_cut() -> None:
    (line,) = lines_of(b"x" * 100_000 + b"\n")
    assert line == "x" * LONGEST_LINE + " …"


def test_a_flood_of_lines_is_counted() -> None:
    kept = lines_of(*[b"".join(b"%d\n" % number for number in range(start, start + 1000)) for start in range(0, 9000, 1000)])
    assert kept[:MOST_LINES] == [str(number) for number in range(MOST_LINES)]
    assert kept[MOST_LINES:] == [f"... and {9000 - MOST_LINES} more lines"]


def test_a_flood_of_bytes_is_counted_and_leaves_no_gap() -> None:
    kept = lines_of(*[b"y" * 1999 + b"\n"] * 40, b"short\n", b"last")
    assert kept[-1] == f"... and {42 - LARGEST // 1999} more lines"
    assert all(line.startswith("yyy") for line in kept[:-1])


def test_the_last_lines_are_known_whatever_was_left_out() -> None:
    lines = Lines()
    for number in range(5000):
        lines.feed(b"line %d\n" % number)
    lines.feed(b"\n\x1b[31mThe end\x1b[0m")
    assert lines.last == ("line 4998", "line 4999", "The end")


def test_the_last_lines_of_little_are_all_of_it() -> None:
    lines = Lines()
    lines.feed(b"one\ntwo\n")
    assert lines.last == ("one", "two")


def test_a_last_line_without_end_is_cut_too() -> None:
    lines = Lines()
    lines.feed(b"x" * 100_000)
    assert [len(line) for line in lines.last] == [LONGEST_LINE]


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"\n", b"a\n", b"\n\n", b"abc" * 10])))
def test_it_does_not_matter_in_which_pieces_it_comes(chunks: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for bound, value in (("MOST_LINES", 4), ("LARGEST", 40), ("LONGEST_LINE", 16)):
            patch.setattr(script_output, bound, value)
        kept = lines_of(*chunks)
        assert kept == lines_of(b"".join(chunks))
        assert len(kept) <= 5
        assert all(line.isprintable() for line in kept)
