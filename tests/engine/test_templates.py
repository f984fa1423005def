"""What templates come to."""

import re
import string
from datetime import UTC, datetime
from time import time
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.templates import UnboundError, compile_template, constant_of
from tests.engine.answers import variables


def text_of(template: str, **known: str) -> str:
    return compile_template(template)(variables(**known))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{{a}}", "1"),
        ("x{{a}}", "x1"),
        ("{{a}}x", "1x"),
        ("x{{a}}y", "x1y"),
        ("{{a}}{{b}}", "12"),
        ("{{a}}, {{b}}, {{a}}", "1, 2, 1"),
        ("{{'{{'}}a}} {a}", "{{a}} {a}"),
        ("{{$url_encode(c)}}", "%C3%BC%2F%26%20"),
        ("{{$html_decode(d)}}", "<&>"),
        ("{{$upper(c)}}{{$lower(u)}}{{$length(d)}}", "Ü/& u12"),
    ],
)
def test_variables_are_put_in(template: str, text: str) -> None:
    assert text_of(template, a="1", b="2", c="ü/& ", d="&lt;&amp;&gt", u="U") == text


@pytest.mark.parametrize("template", ["{{none}}", "x{{none}}", "x{{none}}y", "{{a}}{{none}}", "{{$upper(none)}}"])
def test_a_variable_without_a_value_is_an_error_that_names_it(template: str) -> None:
    with pytest.raises(UnboundError, match=r"^Context parameter 'none' not found in test context$") as caught:
        text_of(template, a="1")
    assert caught.value.name == "none"


def test_or_its_reference_stays_where_the_test_wants_it_so() -> None:
    assert compile_template("a {{none}} {{b}}", keep_unknown=True)(variables(b="2")) == "a {{none}} 2"


@given(st.lists(st.one_of(st.sampled_from(["a", "b", "c"]).map(lambda name: (name,)), st.text("xyz ", min_size=1))))
def test_a_template_is_its_parts_joined(parts: list[tuple[str] | str]) -> None:
    known = {"a": "1", "b": "", "c": "{{a}}"}
    template = "".join(part if isinstance(part, str) else f"{{{{{part[0]}}}}}" for part in parts)
    assert text_of(template, **known) == "".join(part if isinstance(part, str) else known[part[0]] for part in parts)


@given(st.text("{}'ab$ "))
def test_a_constant_is_what_the_template_always_comes_to(text: str) -> None:
    constant = constant_of(text)
    if constant is not None:
        assert text_of(text) == constant
    else:
        assert "{{" in text


@given(st.integers(-1000, 1000), st.integers(0, 1000))
def test_a_random_number_is_within_its_bounds(low: int, more: int) -> None:
    assert low <= int(text_of(f"{{{{$random({low}, {low + more})}}}}")) <= low + more


def test_random_texts_have_the_length_and_the_characters_asked_for() -> None:
    assert re.fullmatch("[ab]{50}", text_of("{{$random_text(50, ab)}}"))
    assert set(text_of("{{$random_text(500)}}")) <= set(string.ascii_letters + string.digits)
    assert text_of("{{$random_text(0)}}") == ""


def test_chance_is_that_of_the_user_and_can_be_repeated() -> None:
    template = "{{$random(1, 1000000)}} {{$random_text(20)}} {{$uuid}}"
    known = variables()
    first, second = compile_template(template)(known), compile_template(template)(known)
    assert first != second
    assert compile_template(template)(variables()) == first


def test_a_uuid_is_one() -> None:
    assert UUID(text_of("{{$uuid}}")).version == 4


def test_times_are_those_of_now_in_utc() -> None:
    before = time()
    seconds, millis, iso, formatted = text_of("{{$epoch}}|{{$epoch_ms}}|{{$now}}|{{$now(%Y-%m-%d %H)}}").split("|")
    after = time()
    assert int(before) <= int(seconds) <= after
    assert int(before * 1000) <= int(millis) <= after * 1000
    assert iso.endswith("Z")
    assert before - 0.001 <= datetime.fromisoformat(iso).timestamp() <= after
    assert datetime.strptime(formatted, "%Y-%m-%d %H").replace(tzinfo=UTC).timestamp() > before - 7200


def test_half_a_pair_of_surrogates_is_url_encoded_as_a_question_mark() -> None:
    """JSON, and character references of HTML, can bring one into a variable."""
    assert text_of("{{$url_encode(v)}}", v="a\ud800b") == "a%3Fb"


@given(st.text())
def test_url_encoding_can_be_undone(value: str) -> None:
    encodable = value.encode("utf-8", "ignore").decode()
    assert unquote(text_of("{{$url_encode(v)}}", v=encodable)) == encodable


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{$random(1, x)}}", "'x' is no whole number"),
        ("{{$random(6, 1)}}", "write the smaller one first"),
        ("{{$random_text(-1)}}", "give a length from 0 to 1000000"),
        ("{{$random_text(1000001)}}", "give a length from 0 to 1000000"),
        ("{{$random(1)}}", "arguments"),
    ],
)
def test_a_function_that_is_called_wrongly_is_refused(template: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compile_template(template)
