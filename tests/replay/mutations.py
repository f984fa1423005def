"""Files of Visual Studio as people leave them who edit by hand, as tools do that break them, and those who mean harm."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

from hypothesis import strategies as st
from lxml import etree

Edit = Callable[[etree._Element, etree._Element, str], None]

# Values that a reader may stumble over, wherever they stand.
NASTY = [
    *("", " ", "0", "-1", "1e308", "-1e400", "NaN", "Infinity", "9" * 400, "0x10", "1,5", "١٢", "True", "maybe", "None"),
    *("{{", "}}", "{{}}", "{{a}}", "{{{{a}}}}", "{{$random(1, 6)}}", "{{'{{'}}", "{{" * 500, "{{$HIDDEN1.x}}", "{{\n}}"),
    *(
        "../../../../etc/passwd",
        "/etc/passwd",
        "C:\\x\\..\\..\\y.csv",
        "|DataDirectory|\\",
        "CON",
        "a" * 5000,
        "\u202e",
        "\ud7ff",
    ),
    *(
        "http://",
        "http://[",
        "http://a:99999/",
        "file:///etc/passwd",
        "http://x/?" + "a=b&" * 3000,
        "javascript:1",
        "\t\r\n",
    ),
    *("(", "(a+)+$", "(?<n>a)(?<n>b)", "[", "*", "(?{1})", "\\", "(?<=a*)", "%", "%zz", "AAAA", "====", "💥", "é", "\x7f"),
]


def _delete(one: etree._Element, other: etree._Element, text: str) -> None:
    parent = one.getparent()
    if parent is not None:
        parent.remove(one)


def _duplicate(one: etree._Element, other: etree._Element, text: str) -> None:
    parent = one.getparent()
    if parent is not None:
        parent.append(deepcopy(one))


def _move(one: etree._Element, other: etree._Element, text: str) -> None:
    """Puts an element somewhere else, where it need not make sense."""
    if one.getparent() is not None and one not in (other, *other.iterancestors()):
        other.insert(0, one)


def _graft(one: etree._Element, other: etree._Element, text: str) -> None:
    """Puts a copy of an element somewhere else."""
    other.append(deepcopy(one))


def _set(one: etree._Element, other: etree._Element, text: str) -> None:
    if one.attrib:
        names = sorted(map(str, one.attrib))
        one.set(names[len(text) % len(names)], text)


def _unset(one: etree._Element, other: etree._Element, text: str) -> None:
    if one.attrib:
        names = sorted(map(str, one.attrib))
        del one.attrib[names[len(text) % len(names)]]


def _swap(one: etree._Element, other: etree._Element, text: str) -> None:
    """Gives an element the attributes of another."""
    for name, value in other.attrib.items():
        one.set(name, value)


def _retag(one: etree._Element, other: etree._Element, text: str) -> None:
    one.tag = other.tag


def _fill(one: etree._Element, other: etree._Element, text: str) -> None:
    one.text = text


EDITS: tuple[Edit, ...] = (_delete, _duplicate, _move, _graft, _set, _set, _set, _unset, _swap, _retag, _fill)
texts = st.sampled_from(NASTY) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff"), max_size=60
)


@st.composite
def mutated(draw: st.DrawFn, files: list[Path]) -> tuple[str, bytes]:
    """The name of one of these files, and its content after a few mishaps."""
    file = draw(st.sampled_from(files))
    root = etree.fromstring(file.read_bytes())
    for edit in draw(st.lists(st.sampled_from(EDITS), max_size=12)):
        elements = list(root.iter(etree.Element))
        number = st.integers(0, len(elements) - 1)
        edit(elements[draw(number)], elements[draw(number)], draw(texts))
    encoding = draw(st.sampled_from(("utf-8", "utf-8", "utf-16", "iso-8859-1", "windows-1252", "ascii")))
    content = etree.tostring(root, xml_declaration=True, encoding=encoding)
    if draw(st.integers(0, 9)) == 0:
        content = content.replace(
            encoding.upper().encode(), draw(st.sampled_from((b"utf-7", b"ebcdic", b"utf-16", b"x"))), 1
        )
    if draw(st.integers(0, 9)) == 0:
        content = content[: draw(st.integers(0, len(content)))]
    if draw(st.integers(0, 9)) == 0:
        place = draw(st.integers(0, len(content)))
        content = content[:place] + draw(st.binary(max_size=20)) + content[place:]
    return file.name, content
