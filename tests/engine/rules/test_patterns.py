"""Regular expressions of strangers."""

import contextlib

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.rules.patterns import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "group", "value"),
    [
        (r'name="token" value="([^"]*)"', '<input name="token" value="T-1">', 1, "T-1"),
        (r"(?<year>\d{4})-(\d\d)", "on 2026-03-01", "year", "2026"),
        (r"(?'year'\d{4})", "on 2026-03-01", "year", "2026"),
        (r"(?<a>x)\k<a>", "a xx", 0, "xx"),
        (r"(?'a'x)\k'a'", "a xx", 0, "xx"),
        (r"\\k<a>", "a \\k<a>", 0, "\\k<a>"),
        (r"[(?'a']+", "x(?'a", 0, "(?'a"),
        (r"(?<=id=)\d+(?!\d)", "id=123", 0, "123"),
        (r"(?s)a.b", "a\nb", 0, "a\nb"),
        (r"\p{Lu}+", "xÄB", 0, "ÄB"),
        (r"(?>a+)b", "aab", 0, "aab"),
    ],
)
def test_what_perl_java_dotnet_and_python_share_can_be_used(pattern: str, text: str, group: int | str, value: str) -> None:
    found = compile_pattern(pattern).search(text)
    assert found is not None
    assert found[group] == value


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a", "missing"),
        (r"(?<open-close>x)", "balancing groups such as .* are .NET's alone"),
        ("[a-z-[aeiou]]", "takes one class from another"),
        ("x" * 10_001, "has 10001 characters; 10000 is the most"),
        ("(" * 9000, "cannot be used"),
        ("a{99999999999999999999}", "cannot be used"),
        ("(a{9999}){9999}", "with its repeats written out"),
    ],
)
def test_what_cannot_be_used_is_said(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"(x+x+)+y", r"(?:a|a)*b|(x+x+)+y"])
def test_a_search_without_end_is_given_up(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    text = "x" * 50_000
    for search in (compiled.search, compiled.fullmatch, lambda text: list(compiled.finditer(text))):
        with pytest.raises(TimeoutError, match=r"was given up after 0\.1 s; write it so"):
            search(text)


LETTERS = "ab <>=\"'/-1\n\té"
ATOMS = [
    "a",
    "b",
    " ",
    "<",
    '"',
    "=",
    ".",
    r"\d",
    r"\s",
    r"\w",
    r"\S",
    '[^"]',
    "[ab]",
    "[^<>]",
    "[a-b ]",
    r"\.",
    r"[\s=]",
    "é",
]
QUANTIFIERS = ["", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,}?"]


@st.composite
def patterns(draw: st.DrawFn) -> str:
    pieces = draw(
        st.lists(st.tuples(st.sampled_from(ATOMS), st.sampled_from(QUANTIFIERS), st.booleans()), min_size=1, max_size=5)
    )
    return "".join(f"({atom}{quantifier})" if group else atom + quantifier for atom, quantifier, group in pieces)


@given(patterns(), st.text(LETTERS + "AB", max_size=40), st.booleans())
def test_the_fast_way_finds_the_same_as_the_one_with_a_clock(source: str, text: str, ignore_case: bool) -> None:
    timed = regex.compile(source, regex.V0 | (regex.I if ignore_case else 0))
    pattern = compile_pattern(source, ignore_case)
    for expected, found in ((timed.search(text), pattern.search(text)), (timed.fullmatch(text), pattern.fullmatch(text))):
        assert (expected and (expected.span(), expected.groups())) == (found and (found.span(), found.groups()))


@pytest.mark.parametrize(
    ("source", "longest_at_least"),
    [('value="([^"]*)"', 1000), (r'name="(?<n>\w+)" value="(.*?)"', 150), ("plain", 100_000)],
)
def test_a_plain_pattern_needs_no_clock_on_short_texts(source: str, longest_at_least: int) -> None:
    assert compile_pattern(source)._longest >= longest_at_least


@pytest.mark.parametrize(
    "source",
    [r"(a+)+b", r"a|b", r"(?=a)b", r"(a)\1", r"(?:a*)*", r"a*+b", "ä", r"(a){2}", "x" * 201, r"[[:alpha:]]", "a{e<=1}"],
)
def test_any_other_pattern_has_its_clock(source: str) -> None:
    assert compile_pattern(source)._longest == -1


@given(st.text("ab.*+?()[]{}|^$\\dws<>:=!-&~'\"1,2 ", max_size=12))
def test_a_pattern_is_compiled_or_refused_with_a_reason(source: str) -> None:
    try:
        regex.compile(source)
    except regex.error:
        with pytest.raises(ValueError, match="cannot be used"):
            compile_pattern(source)
    else:
        with contextlib.nullcontext() if "-[" not in source else contextlib.suppress(ValueError):
            compile_pattern(source).search("ab1 ")  # `-[` takes one class from another in .NET, and is refused
