"""XML of strangers: read as a tree with its lines, and refused quickly where it is an attack."""

import time
from contextlib import suppress
from resource import RUSAGE_SELF, getrusage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.readers.visual_studio import xml_tree
from headrace.plan.readers.visual_studio.xml_tree import Element, XmlError, parse_xml, peek_root

BILLION_LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><lolz>&j;</lolz>"
)


def refused(content: bytes) -> XmlError:
    with pytest.raises(XmlError) as error:
        parse_xml(content)
    return error.value


def test_a_tree_has_local_names_lines_attributes_and_texts() -> None:
    root = parse_xml(b'<a xmlns="urn:x" xmlns:y="urn:y">\n<b y:c="1"/>\n<!-- not this --><b> t&amp;u <d/>v</b><e/></a>')
    assert root.name == "a"
    assert [(each.name, each.line) for each in root.children] == [("b", 2), ("b", 3), ("e", 3)]
    assert root.children[0].attributes == {"c": "1"}
    assert root.children[1].text == " t&u v"
    assert [each.name for each in root.all("b", "d")] == ["d"]
    assert root.first("e") is root.children[2]
    assert root.first("b", "e") is None


def test_line_breaks_in_an_attribute_are_kept_where_they_are_references() -> None:
    root = parse_xml(b'<a b="1&#xA;2&#xD;&#xA;3\n4"/>')
    assert root.attributes["b"] == "1\n2\r\n3 4"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1", "windows-1252"])
def test_files_in_any_encoding_that_they_name_are_read(codec: str) -> None:
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(codec, codec)
    mark = "\ufeff" if codec == "utf-16-le" else ""
    content = f'{mark}<?xml version="1.0" encoding="{declared}"?>\r\n<Größe Wert="é">ü</Größe>'.encode(codec)
    assert parse_xml(content) == Element("Größe", 2, {"Wert": "é"}, [], "ü")
    assert peek_root(content) == Element("Größe", 2, {"Wert": "é"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no XML"),
        (b"<a>", "it is no XML"),
        (b"<a><b></a>", "it is no XML"),
        (b"no", "it is no XML"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "it is no XML"),
        (b'<?xml version="1.0" encoding="utf-8"?><a b="\xff"/>', "it is no XML"),
        (b"\0\1\2", "it is no XML"),
        (b"<a>&no;</a>", "it "),
    ],
)
def test_what_is_no_xml_is_said_to_be_none(content: bytes, said: str) -> None:
    assert str(refused(content)).startswith(said)


def test_the_line_of_a_mistake_is_told() -> None:
    assert refused(b"<a>\n<b>\n</c></a>").line == 3


@pytest.mark.parametrize(
    "content",
    [
        BILLION_LAUGHS.encode(),
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;]><a/>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        b'<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>',
    ],
)
def test_a_dtd_is_refused_at_once(content: bytes) -> None:
    started = time.perf_counter()
    error = refused(content)
    assert "DTD" in str(error) or "no XML" in str(error)
    assert "root:" not in str(error)
    assert time.perf_counter() - started < 1


def test_a_file_of_a_hundred_megabytes_is_refused_before_it_is_looked_at() -> None:
    content = b"<a>" + b" " * 100 * 1024 * 1024 + b"</a>"
    started = time.perf_counter()
    assert f"at most {xml_tree.LARGEST} are read" in str(refused(content))
    assert peek_root(content).name == "a"
    assert time.perf_counter() - started < 0.5


def test_elements_may_be_nested_so_deep_and_no_deeper() -> None:
    deepest = xml_tree.DEEPEST
    assert parse_xml(b"<a>" * deepest + b"</a>" * deepest).name == "a"
    assert f"deeper than {deepest} levels" in str(refused(b"<a>" * (deepest + 1) + b"</a>" * (deepest + 1)))
    assert refused(b"<a>" * 100_000 + b"</a>" * 100_000)


def test_attributes_may_be_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_tree, "MOST_ATTRIBUTES", 3)
    assert len(parse_xml(b'<a c="" d=""><b e=""/></a>').children) == 1
    assert str(refused(b'<a c="" d=""><b e="" f=""/></a>')) == "it has over 3 attributes; split the test"


def test_a_document_with_too_much_in_it_never_becomes_a_tree() -> None:
    content = b"<a>" + b"<b/>" * (xml_tree.LARGEST // 4 - 2) + b"</a>"
    before = getrusage(RUSAGE_SELF).ru_maxrss
    assert str(refused(content)) == f"it has over {xml_tree.MOST_ELEMENTS} elements; split the test"
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB; as a tree it takes 1 GiB


def test_elements_may_be_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_tree, "MOST_ELEMENTS", 10)
    assert len(parse_xml(b"<a>" + b"<b/>" * 9 + b"</a>").children) == 9
    assert "over 10 elements" in str(refused(b"<a>" + b"<b/>" * 10 + b"</a>"))


@given(st.binary(max_size=200) | st.text("<>/ab&;\"'= !-[]?", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for read in (parse_xml, peek_root):
        with suppress(XmlError):
            assert read(content).line >= 1


def test_the_root_is_known_from_the_beginning_alone() -> None:
    assert peek_root(b'<WebTest Id="1"><Items><broken') == Element("WebTest", 1, {"Id": "1"})
    with pytest.raises(XmlError, match="no element begins in its first 65536 bytes"):
        peek_root(b"<!--" + b"x" * 70_000 + b"--><a/>")
    with pytest.raises(XmlError, match="it is no XML"):
        peek_root(b"<a b></a>")
