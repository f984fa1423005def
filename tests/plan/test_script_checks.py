"""plan/script_checks.py: scripts that can be run, and files that stay in their folder."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.plan import script_checks
from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity
from headrace.plan.model import Plan
from headrace.plan.scripts import AttachedFile, Script
from tests.plan.test_checks import plan_of, told

FILE = AttachedFile("prepare.sh", b"echo")


def with_files(*files: AttachedFile) -> Plan:
    return plan_of(setup=Script("prepare.sh"), files=(FILE, *files))


def with_names(*names: str) -> Plan:
    return with_files(*(AttachedFile(name) for name in names))


def test_scripts_with_their_files_leave_nothing_to_say() -> None:
    plan = with_names("tools/a.txt", "tools/b.txt", "tools/deep/c", "Ωmega file.csv", "..a", "a..b/...")
    assert check_plan(replace(plan, cleanup=Script("prepare.sh 'all of it'", timeout=5))) == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Script(""), "setup.command is ''; give the name of one of the files, and its arguments."),
        (Script("other.sh -x"), "is 'other.sh -x', and there is no file 'other.sh'; there is 'prepare.sh'."),
        (Script("Prepare.sh"), "there is no file 'Prepare.sh'"),
        (Script("/bin/sh prepare.sh"), "there is no file '/bin/sh'"),
        (Script("prepare.sh 'a"), "which cannot be split into words: no closing quotation; close what is open"),
        (Script("prepare.sh \x00"), "give at most 1000 printable characters"),
        (Script("prepare.sh " + "x" * 1000), "give at most 1000 printable characters"),
        (Script("prepare.sh", timeout=0), "setup.timeout is 0: give seconds from 0.1 to 3600."),
        (Script("prepare.sh", timeout=float("nan")), "setup.timeout is nan: give seconds"),
    ],
)
def test_a_script_is_judged(script: Script, said: str) -> None:
    assert said in "\n".join(told(plan_of(setup=script, files=(FILE,))))


def test_a_script_of_windows_is_refused_by_name_with_the_remedy() -> None:
    plan = plan_of(cleanup=Script("setup.bat x"), files=(AttachedFile("setup.bat"),))
    assert told(plan) == [
        "cleanup.command is 'setup.bat x': '.bat' is of Windows, and agents run Linux; "
        "write it as a script for sh (.sh), Python (.py) or PowerShell (.ps1)."
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is empty or absolute"),
        ("/etc/passwd", "is empty or absolute, or has an empty part; write a relative path"),
        ("a//b", "has an empty part"),
        ("a/", "has an empty part"),
        ("../a", "has a part '.' or '..'"),
        ("a/../../b", "has a part '.' or '..'"),
        ("./a", "has a part '.' or '..'"),
        ("..\\a", "has a back slash or a colon"),
        ("C:/a", "has a back slash or a colon"),
        ("a\nb", "has control characters"),
        ("a\x00b", "has control characters"),
        ("a\u202eb", "has control characters"),
        ("\ud800", "has control characters"),
        ("a" * 256, "has a part of more than 255 bytes"),
        ("é" * 128, "has a part of more than 255 bytes"),
        ("a/" * 500 + "b", "is too long"),
    ],
)
def test_the_name_of_a_file_stays_in_its_folder(name: str, said: str) -> None:
    (sentence,) = told(with_names(name))
    assert said in sentence


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("PREPARE.sh",), "file 'PREPARE.sh': another file or folder has this name, capitals aside"),
        (("a", "a"), "file 'a': another file or folder has this name"),
        (("a", "A/b"), "file 'A/b': a folder of it has the name of another file"),
        (("A/b", "a"), "file 'a': another file or folder has this name"),
    ],
)
def test_no_two_files_share_a_place(names: tuple[str, ...], said: str) -> None:
    assert said in "\n".join(told(with_names(*names)))


def test_a_file_that_was_not_read_cannot_be_sent() -> None:
    assert told(with_files(AttachedFile("a", file="b.sh"))) == ["file 'a': 'b.sh' has not been read into its content."]


@pytest.mark.parametrize(
    ("bound", "value", "said"),
    [
        ("MOST_FILES", 1, "files has 2 entries; at most 1 are taken."),
        ("LARGEST_FILES", 5, "files have 6 bytes together; at most 5 are taken."),
    ],
)
def test_number_and_size_of_files_are_bounded(bound: str, value: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_checks, bound, value)
    assert told(with_files(AttachedFile("a", b"12"))) == [said]


def test_what_makes_no_difference_or_will_fail_is_doubted() -> None:
    assert told(plan_of(files=(FILE,)), Severity.WARNING) == [
        "files are given, but there is neither setup nor cleanup that could use them."
    ]
    windows = plan_of(setup=Script("a.sh"), files=(AttachedFile("a.sh", b"echo a\r\necho b\r\n"),))
    assert told(windows, Severity.WARNING) == [
        "file 'a.sh' has Windows line ends, at which shells stumble; save it with LF alone."
    ]
    python = plan_of(setup=Script("a.py"), files=(AttachedFile("a.py", b"print()\r\n"),))
    assert check_plan(python) == []


@given(st.text(max_size=20) | st.lists(st.sampled_from(["..", ".", "/", "\\", "a", ":", " "]), max_size=8).map("".join))
def test_a_name_without_a_finding_leads_nowhere_else(name: str) -> None:
    if not told(with_names(name)):
        assert Path("/folder", name).resolve().is_relative_to("/folder/")
        assert Path("/folder", name) != Path("/folder")
