"""How templates are read."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.templates import FUNCTIONS, Call, Variable, parse_template


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("plain", ["plain"]),
        ("Hello {{name}}!", ["Hello ", Variable("name"), "!"]),
        ("{{a}}{{b}}", [Variable("a"), Variable("b")]),
        ("{{Users.Table#csv.Name}}", [Variable("Users.Table#csv.Name")]),
        ("{{$HIDDEN1.__VIEWSTATE}}", [Variable("$HIDDEN1.__VIEWSTATE")]),
        ("{{ spaced }}", [Variable(" spaced ")]),
        ("{{$random(1, 6)}}", [Call("$random", ("1", "6"))]),
        ("{{ $uuid }}", [Call("$uuid", ())]),
        ("{{$uuid()}}", [Call("$uuid", ())]),
        ("{{$unknown(1)}}", [Variable("$unknown(1)")]),
        ("{{'{{'}}name}}", ["{{name}}"]),
        ("a{{'b'}}c{{''}}", ["abc"]),
        ("{name} {{}} {{a", ["{name} {{}} {{a"]),
        ("{{{a}}}", ["{", Variable("a"), "}"]),
        ("{{a{b}}", ["{{a{b}}"]),
        ("{{" + "x" * 301 + "}}", ["{{" + "x" * 301 + "}}"]),
    ],
)
def test_a_template_has_texts_variables_and_calls(text: str, parts: list[object]) -> None:
    assert parse_template(text) == parts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{$random(1)}}", "has 1 arguments; $random takes 2"),
        ("{{$uuid(1)}}", "has 1 arguments; $uuid takes 0"),
        ("{{$random_text()}}", "has 0 arguments; $random_text takes 1 to 2"),
        ("{{$upper}}", "has 0 arguments; $upper takes 1"),
    ],
)
def test_a_function_with_the_wrong_arguments_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("$", r"\$")):
        parse_template(text)


NAMES = st.text(st.characters(exclude_characters="{}'$", codec="utf-8"), min_size=1, max_size=300)
LITERALS = st.text(st.characters(exclude_characters="{}", codec="utf-8"), min_size=1)


@given(st.lists(st.one_of(NAMES.map(Variable), LITERALS)))
def test_what_is_written_is_read(parts: list[Variable | str]) -> None:
    text = "".join(part if isinstance(part, str) else f"{{{{{part.name}}}}}" for part in parts)
    joined: list[object] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    assert parse_template(text) == joined


@given(st.text("{}'$ab,(1) "))
def test_any_text_is_a_template_of_non_empty_parts(text: str) -> None:
    parts = parse_template(text)
    assert "" not in parts
    assert not any(isinstance(one, str) and isinstance(other, str) for one, other in pairwise(parts))


@given(st.text(st.characters(exclude_characters="'")))
def test_any_text_can_be_written_literally(text: str) -> None:
    assert parse_template("{{'" + text + "'}}") == ([text] if text else [])


@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(st.text("ab1", min_size=1), max_size=4))
def test_functions_take_as_many_arguments_as_they_say(name: str, arguments: list[str]) -> None:
    least, most = FUNCTIONS[name]
    text = f"{{{{{name}({', '.join(arguments)})}}}}"
    if least <= len(arguments) <= most:
        assert parse_template(text) == [Call(name, tuple(arguments))]
    else:
        with pytest.raises(ValueError, match="arguments"):
            parse_template(text)
