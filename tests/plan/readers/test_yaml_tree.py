"""plan/readers/yaml_tree.py: YAML as a tree, from whomever it comes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.readers import yaml_tree
from headrace.plan.readers.yaml_tree import DEEPEST, MOST_NODES, Mapping, Scalar, Sequence, YamlError, parse_yaml


def test_a_tree_has_texts_lists_and_mappings_with_their_lines() -> None:
    tree = parse_yaml("a: 1\nb:\n- 'x'\n- c: |\n    text\n")
    assert tree == Mapping(
        {
            "a": Scalar("1", True, 1),
            "b": Sequence([Scalar("x", False, 3), Mapping({"c": Scalar("text\n", False, 4)}, 4)], 3),
        },
        1,
    )


def test_texts_are_as_they_are_spelt() -> None:
    tree = parse_yaml("[no, 1:30, 0777, 1_000, 2026-01-01, ~]")
    assert isinstance(tree, Sequence)
    assert [each.text for each in tree.items if isinstance(each, Scalar)] == [
        "no",
        "1:30",
        "0777",
        "1_000",
        "2026-01-01",
        "~",
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "it is empty"),
        ("# nothing\n", 1, "it is empty"),
        ("a: 1\nb: &x 2\n", 2, "&x marks a place"),
        ("a: *x\n", 1, "*x refers to another place"),
        ("a: !!python/object:os.system x\n", 1, "the tag"),
        ("a: !include /etc/passwd\n", 1, "the tag"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is there twice, before in line 1"),
        ("a: 1\n---\nb: 1\n", 3, "a second document begins"),
        ("a: {{b}}\n", 1, "put quotes around"),
        ("a:\n- b\n c: [\n", 3, "it is no YAML"),
        ("a: 1\nb: é\nc: \x00", 3, "it is no YAML: control characters are not allowed, character 0x00"),
        ("a: \t- b: @", 1, "it is no YAML"),
        ("a: 1\nb: \ud800\n", 2, "half a character"),
        ("[" * 10_000, 1, f"nested more than {DEEPEST} levels"),
    ],
)
def test_what_is_no_plain_tree_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(YamlError) as refused:
        parse_yaml(text)
    assert said in str(refused.value)
    assert refused.value.line == line


def test_the_length_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_tree, "LARGEST", 10)
    assert parse_yaml("a" * 10) == Scalar("a" * 10, True, 1)
    with pytest.raises(YamlError, match="it has 11 characters; at most 10 are read"):
        parse_yaml("a" * 11)


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    laughs = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(YamlError, match="marks a place"):
        parse_yaml(laughs)


def test_the_number_of_entries_is_bounded() -> None:
    with pytest.raises(YamlError, match=f"more than {MOST_NODES} entries"):
        parse_yaml("[" + "a," * (MOST_NODES + 1) + "]")


@given(st.text() | st.text(alphabet="ab:-[]{}'\"|>&*!#?,%@ \n\t"))
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(YamlError):
        parse_yaml(text)
