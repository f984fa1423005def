"""plan/readers/data_rows.py: rows from CSV and JSON files as people and spreadsheets write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.data import Access, DataSource
from headrace.plan.diagnostics import Severity
from headrace.plan.readers import data_rows
from headrace.plan.readers.data_rows import parse_rows, read_data_file


def source(file: str = "users.csv", **members: object) -> DataSource:
    return DataSource("users", file=file, **members)  # type: ignore[arg-type]


def read(content: bytes, file: str = "users.csv", **members: object) -> DataSource:
    read, found = read_data_file(source(file, **members), content)
    assert found == []
    return read


def refusals(content: bytes, file: str = "users.csv", **members: object) -> list[str]:
    _, found = read_data_file(source(file, **members), content)
    return [each.message for each in found if each.severity is Severity.ERROR]


def test_a_csv_file_becomes_columns_and_rows_and_the_file_is_gone() -> None:
    filled = read(b'\xef\xbb\xbf name , word\r\nann,water\r\n\r\neve,"mill, ""race"""\r\n', access=Access.UNIQUE)
    assert filled == DataSource("users", ("name", "word"), (("ann", "water"), ("eve", 'mill, "race"')), Access.UNIQUE)


def test_another_delimiter_is_the_sources_own() -> None:
    assert read(b"a;b\n1,5;2\n", delimiter=";").rows == (("1,5", "2"),)


@pytest.mark.parametrize(("head", "spelt"), [(b"a;b", ";"), (b"a\tb", "\\t"), (b"a|b", "|")])
def test_one_column_that_looks_like_several_is_doubted(head: bytes, spelt: str) -> None:
    filled, (doubt,) = read_data_file(source(), head + b"\n1\n")
    assert filled.columns == (head.decode(),)
    assert doubt.severity is Severity.WARNING
    assert doubt.message.endswith(f'if these are several, write delimiter: "{spelt}".')


def test_columns_that_the_source_names_are_chosen_in_this_order() -> None:
    filled = read(b"a,b,c\n1,2,3\n", columns=("c", "a"))
    assert (filled.columns, filled.rows) == (("c", "a"), (("3", "1"),))


def test_a_json_array_of_objects_becomes_columns_and_rows() -> None:
    content = '[{"name": "Ann ☃", "age": 7, "tags": ["x"], "on": true, "no": null}]'.encode()
    filled = read(content, "users.JSON")
    assert filled.columns == ("name", "age", "tags", "on", "no")
    assert filled.rows == (("Ann ☃", "7", '["x"]', "true", ""),)


def test_what_is_not_utf_8_is_read_as_windows_1252_and_said_so() -> None:
    filled, found = read_data_file(source(), "name\nann\nJürgen\n".encode("cp1252"))
    assert filled.rows == (("ann",), ("Jürgen",))
    assert [(each.severity, each.message) for each in found] == [
        (
            Severity.WARNING,
            "data 'users', file 'users.csv': line 3 is not UTF-8; the file is read as Windows-1252. "
            "Save it as UTF-8 where letters look wrong.",
        )
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty; the first line names the columns"),
        (b"a,b\n", "has no rows below its head line"),
        (b"a,,b\n1,2,3\n", "line 1: the head line has no name for column 2"),
        (b"a,b,a\n1,2,3\n", "line 1: the head line has the name 'a' twice"),
        (b"a,b\n1,2\n3\n", "line 3: 1 values for 2 columns"),
        (b'a,b\n1,"2\n', "line 2: unexpected end of data"),
        (b'a\n"x"y\n', "line 2: ',' expected after '\"'"),
        (b"a\n" + b"x" * 200_000 + b"\n", "line 2: field larger than field limit"),
    ],
)
def test_what_is_wrong_with_a_csv_file_is_told_with_its_line(content: bytes, said: str) -> None:
    assert said in " ".join(refusals(content))


def test_many_ragged_lines_are_counted() -> None:
    told = refusals(b"a,b\n" + b"1\n" * 20)
    assert told[0] == "data 'users', file 'users.csv': line 2: 1 values for 2 columns."
    assert told[5] == "data 'users', file 'users.csv': 15 more lines have too many or too few values."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "no JSON array of objects"),
        (b"[1]", "no JSON array of objects"),
        (b"[{]", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b'[{"a": 1}, {"b": 2}]', "object 2 has the members b, the first has a"),
        (b"[]", "has no rows"),
    ],
)
def test_what_is_wrong_with_a_json_file_is_told(content: bytes, said: str) -> None:
    assert said in " ".join(refusals(content, "users.json"))


def test_a_column_that_is_not_there_is_named() -> None:
    assert "it has no column 'z'; it has a, b" in refusals(b"a,b\n1,2\n", columns=("z",))[0]


@pytest.mark.parametrize("delimiter", ["", "ab"])
def test_a_delimiter_is_one_character(delimiter: str) -> None:
    with pytest.raises(ValueError, match="is no delimiter; give one character"):
        list(parse_rows("a\n", delimiter))
    assert refusals(b"a,b\n", delimiter=delimiter) == [
        f"data 'users', file 'users.csv': {delimiter!r} is no delimiter; give one character such as ',' or ';'."
    ]


def test_a_file_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_rows, "LARGEST", 10)
    assert refusals(b"a\n" + b"1\n" * 20) == ["data 'users', file 'users.csv': has 42 bytes; at most 10 are read."]


# Python's own writer forgets the quotes around a lone carriage return.
_fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1)


@given(st.lists(st.lists(_fields, min_size=1), max_size=5))
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    assert [list(row) for _, row in parse_rows(written.getvalue(), ",")] == rows


@given(st.binary())
def test_no_file_raises(content: bytes) -> None:
    for file in ("users.csv", "users.json"):
        read_data_file(source(file), content)
