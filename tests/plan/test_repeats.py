"""The size of expressions with their repeats: bounded before a library writes them out."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.repeats import MOST_WRITTEN_OUT, refuse_large, written_out


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("a{5}", 5),
        ("a{5,}b{2,9}c{,3}", 12),
        ("a{0}", 1),
        ("(ab){3}", 9),
        ("((a{10}){10}){10}", 1110),
        (r"[0-9a-f]{8}-[0-9a-f]{4}", 8 + 7 + 1 + 8 + 3),
        (r"\({9}", 10),
        (r"[{}()]{3}", 8),
        (r"a\{9999}", 8),
        ("a+{", 2),
    ],
)
def test_what_must_repeat_counts_as_often(text: str, size: int) -> None:
    assert written_out(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "(a{9999}){9999}",
        "(?:a{9999}|b){9999,}",
        "(?:(?:(?:a{100}){100}){100}){100}",
        "(?x)(a{9999}) {9999}",
        "(?ix)(a{9999}) # so often\n{9999}",
        "(?x)(a{9999}){ 9999 # so often\n }",
        "(a{9999})(?#so often){9999}",
        r"\(?x#(a{9999}){9999}",
        "a{99999999999999999999}",
    ],
)
def test_what_no_library_could_write_out_is_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match=f"with its repeats written out it has [0-9]+ characters; at most {MOST_WRITTEN_OUT}"
    ):
        refuse_large(text)


@pytest.mark.parametrize("text", ["(a{300}){300}", "(?:a{0,60000}){0,60000}", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"])
def test_what_can_be_used_is_not_refused(text: str) -> None:
    refuse_large(text)
    regex.compile(text)


@given(st.text("ab(){}[]\\?*+#x,0123 \n|^", max_size=60))
def test_any_text_has_a_size(text: str) -> None:
    assert written_out(text) >= 0
