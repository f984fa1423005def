"""Regular expressions of .NET: what is translated matches as Microsoft's documentation has it, the rest is refused."""

import re

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.rules.patterns import compile_pattern
from headrace.plan.readers.visual_studio.dotnet_classes import UnusableRegexError
from headrace.plan.readers.visual_studio.dotnet_regex import translate_regex


def found(pattern: str, text: str) -> str | None:
    """What the engine's search for the translated expression finds."""
    match = compile_pattern(translate_regex(pattern).pattern).search(text)
    return None if match is None else match[0]


@pytest.mark.parametrize(
    "pattern",
    [
        'name="token" value="([^"]*)"',
        r"^\s*id=(\d+)[a-z_]*?$",
        r"(?:a|b)(?=c)(?!d)(?<=a)(?<!b)(?>x+)y{2}z{1,}w{1,3}?",
        r"\bword\b|\BA\A\G",
        r"\p{Lu}\P{Ll}\w\W\s\S\D",
        r"\.\*\+\?\(\)\\\/",
        "über|naïve",
        "",
        "{{user}}",
        "[{{letters}}]+={{value}}*",
        "a{{{count}}}",
        "a{1,{{count}}}?",
    ],
)
def test_what_is_the_same_in_both_stays_as_it_is(pattern: str) -> None:
    assert re.sub(r"\\([/ ])", r"\1", pattern) == translate_regex(pattern).pattern


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        # Groups by name, in both spellings, and what refers to them.
        (r"(?<char>\w)\k<char>", "trellis", "ll"),
        (r"(?'char'\w)\k'char'", "trellis", "ll"),
        (r"(?<2>\w)\k<2>", "trellis", "ll"),
        (r"(?<2>\w)\2", "trellis", "ll"),
        (r"(\w)\1", "trellis", "ll"),
        # Groups without a name are numbered first.
        (r"(?<y>\d)(\w)\1\2", "1aa1", "1aa1"),
        (r"(?<y>\d)(?<z>\w)\1\2", "1a1a", "1a1a"),
        (r"(?<y>\d)(\w)\1\2", "1a1a", None),
        (r"(?n)(\d)(?<y>\w)\1", "1aa", "1aa"),
        # Options, from where they stand to the end of their group.
        (r"(?i)abc", "xABC", "ABC"),
        (r"a(?i)bc", "aBC", "aBC"),
        (r"a(?i)bc", "ABC", None),
        (r"a(?i)b|c", "xC", "C"),
        (r"((?i)a|b)c", "Bc", "Bc"),
        (r"((?i)a|b)c", "BC", None),
        (r"(?i:a)b", "Ab", "Ab"),
        (r"(?i:a)b", "AB", None),
        (r"(?i)a(?-i)b", "Ab", "Ab"),
        (r"(?i)a(?-i)b", "AB", None),
        (r"(?i-s).", "\n", None),
        (r"(?s).", "\n", "\n"),
        (r"(?m)^b$", "a\nb\nc", "b"),
        (r"^b$", "a\nb\nc", None),
        (r"(?x) a b # the letters", "ab", "ab"),
        ("(?x) a # one\n + [ #]", "aa#", "aa#"),
        (r"(?x)a\ b", "a b", "a b"),
        (r"(?x:a b)c d", "abc d", "abc d"),
        (r"(?I)a", "A", "A"),
        (r"a(?#a comment)b", "ab", "ab"),
        # Anchors.
        (r"a$", "a\n", "a"),
        (r"a\Z", "a\n", "a"),
        (r"a\Z", "a", "a"),
        (r"a\z", "a\n", None),
        (r"a\z", "ba", "a"),
        (r"\Aa", "ba", None),
        # Classes, and those that are taken from one another.
        (r"[a-z-[aeiou]]+", "aeixyz", "xyz"),
        (r"[\w-[\d]]+", "12ab", "ab"),
        (r"[^a-[b]]+", "abca", "c"),
        (r"[a-z-[d-w-[m]]]+", "defmabcxyz", "mabcxyz"),
        (r"[0-9-]+", "a1-2", "1-2"),
        (r"[-a]+", "b-a", "-a"),
        (r"[\d-x]+", "y1-x", "1-x"),
        (r"[a-c-e]+", "d-ae", "-ae"),
        (r"[]a]+", "x]a", "]a"),
        (r"[^]a]+", "]ax", "x"),
        (r"[[:alpha:]]", "a]", "a]"),
        (r"[a&&b]+", "&", "&"),
        (r"[\b]", "\b", "\b"),
        (r"[\x41-\u0043]+", "ABCD", "ABC"),
        (r"[.$^{}()|*+?]+", "a.$^{}()|*+?", ".$^{}()|*+?"),
        # Braces that are no quantifier.
        (r"a{,3}", "a{,3}", "a{,3}"),
        (r"a{e<=1}", "a{e<=1}", "a{e<=1}"),
        (r"{a}", "{a}", "{a}"),
        (r"{{a", "{{a", "{{a"),
        # Escapes.
        (r"\e\a\f\v\t", "\x1b\x07\x0c\x0b\t", "\x1b\x07\x0c\x0b\t"),
        (r"\cA\cz", "\x01\x1a", "\x01\x1a"),
        (r"\x41\u00e9", "Aé", "Aé"),
        (r"\101\0", "A\0", "A\0"),
        (r"\1019", "A9", "A9"),
        (r"\18", "\x018", "\x018"),
        (r"\#\ \-", "# -", "# -"),
        (r"\p{IsGreek}+", "aαβ", "αβ"),
        (r"\p{IsBasicLatin}+", "éab", "ab"),
        # Alternatives that depend on a group or on what follows.
        (r"(a)?(?(1)b|c)", "ab", "ab"),
        (r"(?<open>\()?x(?(open)\)|!)", "(x)", "(x)"),
        (r"(?<open>\()?x(?(open)\)|!)", "x!", "x!"),
        (r"(?(?=\d)\d\d|x)", "12", "12"),
    ],
)  # fmt: skip
def test_it_matches_as_in_dotnet(pattern: str, text: str, expected: str | None) -> None:
    assert found(pattern, text) == expected


@pytest.mark.parametrize(
    ("pattern", "group"),
    [
        ("a", None),
        ("(?:a)", None),
        ("(a)(b)", 1),
        ("(?<n>a)", 1),
        ("(?<n>a)(b)", 2),
        ("(?<n>a)(?<m>b)(c)", 3),
        ("(?n)(a)(?<n>b)", 1),
        ("(?<2>a)(?<1>b)", 2),
        ("(?<3>a)", None),
    ],
)
def test_the_first_group_is_the_one_that_dotnet_numbers_1(pattern: str, group: int | None) -> None:
    translated = translate_regex(pattern)
    assert translated.first_group == group
    assert group is None or compile_pattern(translated.pattern).groups >= group


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(?<open>\()(?<close-open>\))", r"balancing groups such as \(\?<close-open> are \.NET's alone"),
        (r"(?<-open>x)", r"balancing groups such as \(\?<-open> are"),
        ("a++", r"\+ follows another quantifier, which \.NET does not take"),
        ("a{2}{3}", r"\{3\} follows another quantifier"),
        ("(?P<name>a)", r"\(\?P<name>a begins no group that \.NET has"),
        ("(?|a|b)", "begins no group"),
        ("(?R)", "begins no group"),
        ("(?<1a>x)", "the name of a group, 1a, begins with a digit"),
        ("(?<1>a)(b)", "two groups have the number 1"),
        (r"\1", "it refers to a group 1, which it does not have"),
        (r"(a)\k<b>", "it refers to a group b"),
        (r"(?(b)c|d)", "it refers to a group b"),
        (r"(?(12)c|d)", "it refers to a group 12"),
        (r"\h", r"\\h is no escape of \.NET's there"),
        (r"\_", r"\\_ is no escape"),
        (r"[\z]", r"\\z is no escape"),
        ("a\\", "it ends with a backslash"),
        ("(a", r"it has a \( without its \)"),
        ("a)", r"it has a \) without its \("),
        ("[a", r"it has a \[ without its \]"),
        ("[]", r"it has a \[ without its \]"),
        ("[z-a]", "the range z-a ends before it begins"),
        (r"[a-\d]", r"a range of characters ends with \\d"),
        ("[a-[b]c]", "what is taken from a class must be the last in it"),
        ("*a", "nothing to repeat"),
        (r"\p{IsKlingon}", "unknown property"),
        ("[a-" * 30 + "]" * 30, "takes classes from one another more than 20 times"),
        ("a" * 10_001, "it has 10001 characters; at most 10000 are taken"),
        ("(?i)" + "a|" * 4000, "characters when it is translated; at most 10000 are taken"),
        ("(" * 3000 + ")" * 3000, "it is nested too deeply"),
        ("(a{9999}){9999}", "with its repeats written out it has 99990000 characters; at most 100000 are possible"),
        (f"(?<{'9' * 5000}>a)", "begins no group"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(pattern: str, reason: str) -> None:
    with pytest.raises(UnusableRegexError, match=reason):
        translate_regex(pattern)


def test_an_expression_with_bindings_is_not_tried_out_for_nobody_knows_what_it_will_be() -> None:
    assert translate_regex("*{{user}}").pattern == "*{{user}}"
    with pytest.raises(UnusableRegexError):
        translate_regex("*user")


PIECES = [
    *"ab{}()[]^-|?*+\\<>':=!# \n12,kxupné",
    "\0",
    "\ud800",
    "{{",
    "}}",
    "(?<",
    "(?",
    "(?i)",
    "(?(",
    r"\k<a>",
    r"\1",
    "-[",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_is_translated_into_what_compiles_or_refused(text: str) -> None:
    try:
        translated = translate_regex(text)
    except UnusableRegexError:
        return
    if "{{" not in translated.pattern:
        compile_pattern(translated.pattern).search("ab12 \n")


# What means the same to .NET and to `regex`.
_ATOMS = st.sampled_from(
    ["a", "b", ".", r"\d", r"\w", "[ab]", "[^a]", "[0-9]", r"\.", "(a)", "(?:b)", "(?=a)", "^", "$", r"\b"]
)
_QUANTIFIERS = st.sampled_from(["", "", "*", "+", "?", "*?", "{2}", "{1,2}?", "{1,}"])
_ALIKE = st.lists(st.tuples(_ATOMS, _QUANTIFIERS).map("".join) | st.just("|"), max_size=6).map("".join)


@given(_ALIKE, st.text("ab1. \n", max_size=10))
def test_what_both_take_finds_the_same_before_and_after(pattern: str, text: str) -> None:
    try:
        before = regex.compile(pattern, regex.V0)
    except regex.error:
        return
    after = regex.compile(translate_regex(pattern).pattern, regex.V0)
    assert [match.regs for match in before.finditer(text)] == [match.regs for match in after.finditer(text)]


@given(_ALIKE, st.text("abAB1. \n", max_size=10))
def test_an_option_in_front_holds_for_the_whole_expression(pattern: str, text: str) -> None:
    try:
        before = regex.compile(pattern, regex.V0 | regex.I | regex.S)
    except regex.error:
        return
    after = regex.compile(translate_regex(f"(?is){pattern}").pattern, regex.V0)
    assert [match.regs for match in before.finditer(text)] == [match.regs for match in after.finditer(text)]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_an_escaped_text_finds_itself(text: str) -> None:
    # As .NET's Regex.Escape does it.
    escaped = re.sub(r"[\\*+?|{\[()^$.# ]", r"\\\g<0>", text)
    escaped = escaped.replace("\t", r"\t").replace("\n", r"\n").replace("\f", r"\f").replace("\r", r"\r")
    assert found(escaped, f"x{text}y") == text


@given(st.sets(st.sampled_from("abc-]^[&|~0"), min_size=1), st.sets(st.sampled_from("abc-]^[&|~0"), min_size=1))
def test_a_class_less_another_has_what_is_in_the_one_only(one: set[str], other: set[str]) -> None:
    def written(chars: set[str]) -> str:
        return "".join(re.escape(char) if char.isascii() and not char.isalnum() else char for char in sorted(chars))

    pattern = f"[{written(one)}-[{written(other)}]]"
    pattern = pattern.replace(r"\&", "&").replace(r"\~", "~")
    assert {char for char in "abc-]^[&|~0x" if found(pattern, char)} == one - other
