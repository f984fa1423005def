"""plan/scripts.py: how a command is split, and what runs a file."""

import pytest

from headrace.plan.scripts import interpreters, split_command

PWSH = ("pwsh", "-NoLogo", "-NoProfile", "-NonInteractive", "-File")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("prepare.sh", ("prepare.sh",)),
        ("  a.sh  one   two ", ("a.sh", "one", "two")),
        ("""a.sh 'one two' "it's" three\\ four""", ("a.sh", "one two", "it's", "three four")),
        ("a.sh $HOME *; rm | cat > x & `id` #", ("a.sh", "$HOME", "*;", "rm", "|", "cat", ">", "x", "&", "`id`", "#")),
        ("a.sh ''", ("a.sh", "")),
        ("", ()),
    ],
)
def test_blanks_part_words_and_nothing_is_left_to_a_shell(command: str, words: tuple[str, ...]) -> None:
    assert split_command(command) == words


def test_an_open_quote_is_refused() -> None:
    with pytest.raises(ValueError, match="No closing quotation"):
        split_command("a.sh 'one")


@pytest.mark.parametrize(
    ("name", "content", "known"),
    [
        ("a.sh", b"echo", (("sh",),)),
        ("tools/A.SH", b"", (("sh",),)),
        ("a.sh", b"#!/bin/bash\necho", (("/bin/bash",),)),
        ("a.sh", b"#! /usr/bin/env  bash -e\r\necho", (("/usr/bin/env", "bash -e"),)),
        ("a", b"#!/usr/bin/perl", (("/usr/bin/perl",),)),
        ("run.me", b"#!/bin/sh\n", (("/bin/sh",),)),
        ("a.py", b"print()", (("python3",), ("python",))),
        ("a.py", b"#!/opt/old/python\n", (("python3",), ("python",))),
        ("a.ps1", b"#!/usr/bin/pwsh\n", (PWSH,)),
    ],
)
def test_the_ending_or_the_first_line_says_what_runs_a_file(name: str, content: bytes, known: object) -> None:
    assert interpreters(name, content) == known


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("setup.bat", b"", "'.bat' is of Windows, and agents run Linux; write it as a script for sh"),
        ("setup.CMD", b"#!/bin/sh", "'.cmd' is of Windows"),
        ("tool.exe", b"MZ", "'.exe' is of Windows"),
        ("a.txt", b"echo", "none of the endings .sh, .py and .ps1, and its first line names no interpreter"),
        ("folder.sh/a", b"echo", "begin it with #!/bin/sh"),
        ("a.sh", b"#!bash\n", "its first line is '#!bash'; write the interpreter's absolute path"),
        ("a", b"#!\xff" + b"x" * 10_000, "its first line is"),
    ],
)
def test_what_nothing_here_can_run_is_refused_with_the_remedy(name: str, content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        interpreters(name, content)
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 500
