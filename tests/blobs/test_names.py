"""Names of files in drops: every system can have them, and they lead nowhere."""

import os
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.blobs.names import key_of, read_name


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("a.txt", "a.txt"),
        ("Web/Größe 100%.csv", "Web/Größe 100%.csv"),
        ("Web\\a\\b.txt", "Web/a/b.txt"),
        ("/a.txt", "a.txt"),
        ("\\\\server\\share", "server/share"),
        ("a//b///c", "a/b/c"),
        ("a/b/", "a/b"),
        (".hidden", ".hidden"),
        ("..a/b..c", "..a/b..c"),
        ("x" * 255, "x" * 255),
        ("emoji 👩‍💻.txt", "emoji 👩‍💻.txt"),
        ("concert/lpt.txt", "concert/lpt.txt"),
    ],
)
def test_a_name_is_parts_with_slashes_between(sent: str, name: str) -> None:
    assert read_name(sent) == name


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("", "empty"),
        ("///", "empty"),
        (".", "'..'"),
        ("..", "'..'"),
        ("a/../../etc/passwd", "'..'"),
        ("a\\..\\b", "'..'"),
        ("a/./b", "'..'"),
        ("a/ ../b", "'..'"),
        ("a/.../b", "'..'"),
        ("a./b", "ends with a point"),
        ("a /b", "ends with a point"),
        ("a/b.txt ", "ends with a point"),
        ("\uff0e\uff0e/a", "'..'"),
        ("\u2025/a", "'..'"),  # one character that is two points
        ("a\uff0fb", "taken for a slash"),
        ("a\uff3cb", "taken for a slash"),
        ("\u2100", "taken for a slash"),
        ("c\uff1aa", "colon"),
        ("C:/a", "colon"),
        ("c:\\a", "colon"),
        ("a.txt:stream", "colon"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x7fb", "control"),
        ("a\u202etxt.exe", "invisible"),
        ("a\u200bb", "invisible"),
        ("\ufeffa", "invisible"),
        ("a\udc80b", "invisible"),
        ("a\ufffdb", "UTF-8"),
        ("con", "device"),
        ("web/NUL.txt", "device"),
        ("Lpt1.tar.gz", "device"),
        ("com\u00b9", "device"),
        ("\uff43on", "device"),
        ("con .txt", "device"),
        ("x" * 256, "255 bytes"),
        ("ü" * 128, "255 bytes"),
        ("x/" * 600, "1199 characters"),
        ("x/" * 70 + "y", "71 folders deep"),
    ],
)
def test_what_leads_elsewhere_or_is_no_name_somewhere_is_refused(sent: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_name(sent)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A.TXT", "a.txt"),
        (normalize("NFC", "é"), normalize("NFD", "é")),
        ("ﬁle", "file"),
        ("ａ", "a"),
        ("straße", "STRASSE"),
        ("Σ", "ς"),
        ("K", "k"),
        ("İ".casefold(), "İ"),
    ],
)
def test_names_that_some_system_takes_for_the_same_have_the_same_key(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


def test_other_names_have_other_keys() -> None:
    names = ["a", "b", "a/b", "a.b", "ab", "ä"]
    assert len({key_of(name) for name in names}) == len(names)


@given(st.text(st.sampled_from("aA.. /\\:\0\uff0e\uff0f\u2025e\u0301\u0308ß\ud800")) | st.text())
def test_no_name_leaves_its_folder(text: str) -> None:
    try:
        name = read_name(text)
    except ValueError:
        return
    for spelling in (name, normalize("NFKC", name), normalize("NFD", name)):
        path = os.path.normpath(os.path.join("/drop", spelling.replace("\\", "/")))
        assert path.startswith("/drop/")
    assert read_name(name) == name
