"""`<DataSource>`: rows of the files beside a test, wherever their author had them."""

import pytest

from headrace.plan.data import Access, DataSource
from headrace.plan.diagnostics import Severity
from headrace.plan.readers.visual_studio import data_sources
from headrace.plan.readers.visual_studio.load_test import read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.readers.visual_studio.web_test import WebTest
from headrace.plan.requests import Request
from headrace.plan.steps import TakeRow, UsedUp
from headrace.plan.targets import ANYWHERE
from headrace.plan.variable_checks import judge_variables
from tests.plan.readers.visual_studio.web_test_files import (
    PLAIN,
    errors,
    folder,
    read,
    request,
    told,
    understood,
    warnings,
    web_test,
)

PROVIDER = "Microsoft.VisualStudio.TestTools.DataSource."
USERS = b'Name, Word\r\nann,water\r\neve,"mill, race"\r\n'
BOUND = request(url="http://shop.test/{{D.users#csv.Name}}")


def source(
    connection: str = "|DataDirectory|\\users.csv",
    access: str = 'AccessMethod="Sequential"',
    table: str = "users#csv",
    kind: str = "CSV",
    name: str = "D",
) -> str:
    return (
        f'<DataSources><DataSource Name="{name}" Provider="{PROVIDER}{kind}" Connection="{connection}"><Tables>'
        f'<DataSourceTable Name="{table}" SelectColumns="SelectOnlyBoundColumns" {access}/>'
        "</Tables></DataSource></DataSources>"
    )


def with_users(**members: str) -> WebTest:
    return understood(web_test(BOUND, source(**members)), {"users.csv": USERS})


def test_the_test_takes_a_row_at_its_beginning_and_binds_its_columns() -> None:
    made = with_users()
    take, step = made.test.steps
    assert take == TakeRow("Shop.D.users#csv")
    assert isinstance(step, Request)
    assert step.url == "http://shop.test/{{D.users#csv.Name}}"
    assert made.data == (
        DataSource(
            "Shop.D.users#csv",
            columns=("D.users#csv.Name", "D.users#csv.Word"),
            rows=(("ann", "water"), ("eve", "mill, race")),
        ),
    )


@pytest.mark.parametrize(
    ("written", "access"),
    [
        ("", Access.SEQUENTIAL),
        ('AccessMethod="sequential"', Access.SEQUENTIAL),
        ('AccessMethod="Random"', Access.RANDOM),
        ('AccessMethod="Unique"', Access.UNIQUE),
        ('AccessMethod="DoNotMoveCursor"', Access.FIXED),
    ],
)
def test_rows_are_taken_as_the_table_says(written: str, access: Access) -> None:
    made = with_users(access=written)
    assert made.data[0].access is access
    take = made.test.steps[0]
    assert isinstance(take, TakeRow)
    assert (take.used_up is UsedUp.LEAVE_OUT_TEST) == (access is Access.UNIQUE)  # then others of the mix go on


@pytest.mark.parametrize(
    ("connection", "file"),
    [
        ("|DataDirectory|\\users.csv", "Users.CSV"),
        ("|datadirectory|/Data/users.csv", "data/users.csv"),
        ("..\\|DataDirectory|\\users.csv", "users.csv"),
        ("C:\\Users\\ann\\tests\\users.csv", "deep/down/users.csv"),  # of its author's machine
        ("users.csv", "users.csv"),
        ("C:\\data", "users.csv"),  # the folder; the table names the file
    ],
)
def test_files_are_found_where_they_are_now(connection: str, file: str) -> None:
    assert understood(web_test(BOUND, source(connection)), {file: USERS}).data[0].rows[0] == ("ann", "water")


@pytest.mark.parametrize("connection", ["|DataDirectory|\\..\\..\\secret.csv", "/etc/passwd", "|DataDirectory|", ""])
def test_a_file_that_is_not_there_is_an_error(connection: str) -> None:
    (error,) = errors(web_test(BOUND, source(connection)))
    assert error.startswith("buy.webtest, line 1, <DataSource Name='D'>: there is no file ")
    assert error.endswith(" beside the test; add it.")


def test_the_columns_of_a_file_that_is_not_there_are_not_told_of_again() -> None:
    text = web_test(request(url="http://shop.test/{{d.USERS#csv.Name}}/{{D.users#csv.Word}}/{{Other}}"), source())
    plan, (error, _) = read_visual_studio(folder({"buy.webtest": text}), "buy.webtest", Choices(), ANYWHERE)
    assert "there is no file" in error.message
    assert plan is not None
    assert list(judge_variables(plan)) == [
        "test 'buy', steps[0].url: nothing gives the variable 'Other' a value; set it, extract it, or take a row"
    ]


def test_a_source_that_cannot_be_read_and_that_nothing_binds_is_left_out() -> None:
    text = web_test(PLAIN, source())
    (warning,) = warnings(text)
    assert "<DataSource Name='D'>: there is no file '|DataDirectory|" in warning
    assert warning.endswith(" beside the test; add it. No binding names its columns, so the table is left out.")
    test, _ = read(text)
    assert test is not None
    assert (len(test.test.steps), test.data) == (1, ())
    # but its rows would say when the test ends
    assert len(errors(web_test(PLAIN, source(access='AccessMethod="Unique"')))) == 1


def test_rows_that_nothing_binds_are_not_taken_unless_they_say_when_the_test_ends() -> None:
    assert understood(web_test(PLAIN, source()), {"users.csv": USERS}).data == ()
    unique = source(access='AccessMethod="Unique"')
    assert len(understood(web_test(PLAIN, unique), {"users.csv": USERS}).data) == 1


@pytest.mark.parametrize("access", ['AccessMethod="Backwards"'])
def test_another_way_to_take_rows_is_an_error(access: str) -> None:
    (error,) = errors(web_test(BOUND, source(access=access)), {"users.csv": USERS})
    assert "AccessMethod is 'Backwards'; give Sequential, Random, Unique or DoNotMoveCursor" in error


def test_a_database_is_refused_and_its_connection_is_in_no_message() -> None:
    text = web_test(BOUND, source("Data Source=db;Password=secret").replace(f"{PROVIDER}CSV", "System.Data.SqlClient"))
    (error,) = errors(text)
    assert "its provider 'System.Data.SqlClient' needs .NET; export the table to a CSV file" in error
    twice = text.replace("</DataSources>", "</DataSources>" + source("Password=other"))
    assert "secret" not in repr(read(twice)[1])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_with_a_mark_of_their_encoding_are_read(encoding: str) -> None:
    files = {"users.csv": "Name\nJürgen\n".encode(encoding)}
    assert understood(web_test(BOUND, source()), files).data[0].rows == (("Jürgen",),)


def test_a_file_in_windows_1252_is_read_and_told() -> None:
    text, files = web_test(BOUND, source()), {"users.csv": "Name\nJürgen\n".encode("cp1252")}
    test, _ = read(text, files)
    assert test is not None
    assert test.data[0].rows == (("Jürgen",),)
    (warning,) = told(Severity.WARNING, text, files)
    assert "the file is read as Windows-1252" in warning


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_of_columns_are_understood(separator: str) -> None:
    files = {"users.csv": f"Name{separator}Word\nann{separator}1,5\n".encode()}
    assert understood(web_test(BOUND, source()), files).data[0].rows == (("ann", "1,5"),)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "it is empty; the first line names the columns"), (b"Name\n", "has no rows below its head line")],
)
def test_a_file_without_a_head_line_or_rows_is_an_error(content: bytes, said: str) -> None:
    (error,) = errors(web_test(BOUND, source()), {"users.csv": content})
    assert said in error


def test_rows_of_xml_files_are_those_of_the_table() -> None:
    content = b"<Config><TestParameters><ServerURL>http://shop.test</ServerURL></TestParameters></Config>"
    text = web_test(
        request(url="{{config.testparameters.serverurl}}"),
        source("|DataDirectory|\\Config\\P.xml", table="TestParameters", kind="XML", name="Config"),
    )
    made = understood(text, {"config/p.xml": content})
    assert made.data == (
        DataSource("Shop.Config.TestParameters", ("Config.TestParameters.ServerURL",), (("http://shop.test",),)),
    )
    (_, step) = made.test.steps
    assert isinstance(step, Request)
    assert step.url == "{{Config.TestParameters.ServerURL}}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<a><b c='1'/></a>", "'p.xml' has no table of this name; it has a, b"),
        (b"<a>", "'p.xml', line 1: it is no XML"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a/>", "'p.xml', line 1: it has a DTD"),
    ],
)
def test_an_xml_file_without_the_table_is_an_error(content: bytes, said: str) -> None:
    text = web_test(request(url="{{D.T.c}}"), source("p.xml", table="T", kind="XML"))
    (error,) = errors(text, {"p.xml": content})
    assert said in error


def test_files_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sources, "LARGEST", len(USERS) + 5)
    assert errors(web_test(BOUND, source()), {"users.csv": USERS}) == []
    second = source(name="E", connection="other.csv")
    bound = request(url="http://shop.test/{{D.users#csv.Name}}/{{E.users#csv.x}}")
    (error,) = errors(web_test(bound, source() + second), {"users.csv": USERS, "other.csv": b"x\n1\n22"})
    assert f"with 'other.csv', the test's data has over {len(USERS) + 5} bytes; give less of it" in error


def test_a_source_without_tables_is_warned_of() -> None:
    empty = f'<DataSources><DataSource Name="D" Provider="{PROVIDER}CSV" Connection="a.csv"/></DataSources>'
    assert [each.partition(">: ")[2] for each in warnings(web_test(PLAIN, empty))] == [
        "it has no DataSourceTable, so that it has no effect."
    ]
