"""plan/readers/folder.py: what a path of another machine means among the files that there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.readers.folder import Folder

NAMES = (
    "Shop.loadtest",
    "Tests/Buy.webtest",
    "Tests/Data/Users.csv",
    "Old/Tests/Buy.webtest",
    "Old/Look.webtest",
    "a/Users.csv",
)
FOLDER = Folder(NAMES, lambda name: name.encode())


@pytest.mark.parametrize(
    ("path", "beside", "found"),
    [
        ("Tests/Buy.webtest", "", "Tests/Buy.webtest"),
        ("tests\\BUY.webtest", "Shop.loadtest", "Tests/Buy.webtest"),
        ("buy.webtest", "Tests/Other.webtest", "Tests/Buy.webtest"),
        ("tests\\buy.webtest", "Old/x.loadtest", "Old/Tests/Buy.webtest"),  # seen from there first
        ("old\\look.webtest", "Tests/x.loadtest", "Old/Look.webtest"),  # then from the top
        ("..\\old\\.\\look.webtest", "Tests/x.loadtest", "Old/Look.webtest"),
        (" Shop.loadtest ", "", "Shop.loadtest"),
        ("look.webtest", "Shop.loadtest", None),
        ("..\\Shop.loadtest", "Shop.loadtest", None),  # out of the folder
        ("C:\\Shop.loadtest", "", None),
        ("/Shop.loadtest", "", None),
        ("", "", None),
        ("..", "Tests/x", None),
    ],
)
def test_a_path_leads_to_a_file_in_any_case(path: str, beside: str, found: str | None) -> None:
    assert FOLDER.at(path, beside) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("look.webtest", "Old/Look.webtest"),
        ("c:\\users\\ann\\LOOK.webtest", "Old/Look.webtest"),
        ("..\\..\\look.webtest", "Old/Look.webtest"),
        ("/home/ann/Buy.webtest", "Tests/Buy.webtest"),  # the one highest up
        ("users.csv", "a/Users.csv"),
        ("nothing.csv", None),
        ("Tests/", None),
        ("", None),
    ],
)
def test_where_a_path_leads_nowhere_the_files_name_is_looked_for(path: str, found: str | None) -> None:
    assert FOLDER.find(path, "Shop.loadtest") == found


def test_files_with_an_ending_are_found_in_any_case_those_highest_up_first() -> None:
    folder = Folder(("b/x.WebTest", "a/y.webtest", "z.WEBTEST", "z.webtest.txt"), lambda name: b"")
    assert list(folder.ending(".webtest")) == ["z.WEBTEST", "a/y.webtest", "b/x.WebTest"]


@pytest.mark.parametrize(
    ("path", "beside", "found"),
    [
        ("tests\\", "", [("Buy.webtest", "Tests/Buy.webtest"), ("Data/Users.csv", "Tests/Data/Users.csv")]),
        ("..\\TESTS\\data", "Old/x", [("Users.csv", "Tests/Data/Users.csv")]),
        ("tests", "Old/x", [("Buy.webtest", "Old/Tests/Buy.webtest")]),
        (".", "Old/x", [("Tests/Buy.webtest", "Old/Tests/Buy.webtest"), ("Look.webtest", "Old/Look.webtest")]),
        ("Tests/Buy.webtest", "", []),
        ("..", "", []),
        ("c:\\Tests", "", []),
        ("", "", []),
    ],
)
def test_what_is_below_a_folder(path: str, beside: str, found: list[tuple[str, str]]) -> None:
    assert FOLDER.below(path, beside) == found


@given(path=st.text("./\\:aB ~", max_size=20), beside=st.sampled_from(("", *NAMES)))
def test_no_path_leads_to_what_is_not_in_the_folder(path: str, beside: str) -> None:
    assert FOLDER.find(path, beside) in (None, *NAMES)
    assert FOLDER.at(path, beside) in (None, FOLDER.find(path, beside))
