"""`{{name}}`: looked up as the reference says, and never anything that only Headrace knows."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.readers.visual_studio.bindings import Bindings, fill, is_spelt, spell
from headrace.plan.templates import FUNCTIONS, Call, Variable, parse_template

NAMES = ("WebServer1", "Users.Users#csv.Name")


def bound(text: str, *names: str) -> list[str | Variable | Call]:
    return parse_template(Bindings(names or NAMES).bind(text))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{{WebServer1}}/a", [Variable("WebServer1"), "/a"]),
        ("x{{Users.Users#csv.Name}}{{WebServer1}}y", ["x", Variable("Users.Users#csv.Name"), Variable("WebServer1"), "y"]),
        ("{{webserver1}} {{ WEBSERVER1 }}", [Variable("WebServer1"), " ", Variable("WebServer1")]),  # in any case
        ("{{nobody}}", [Variable("nobody")]),  # fails when it runs, by its name
        ("{{{WebServer1}}}", ["{", Variable("WebServer1"), "}"]),
        ("{ {a} } {{}} {{a", ["{ {a} } {{}} {{a"]),
        ('{"a":{"b":{{WebServer1}}}}', ['{"a":{"b":', Variable("WebServer1"), "}}"]),
        ("", []),
    ],
)
def test_names_in_double_braces_are_variables_and_all_else_is_as_it_is(
    text: str, parts: list[str | Variable | Call]
) -> None:
    assert bound(text) == parts


def test_the_spelling_itself_goes_before_another_case() -> None:
    assert bound("{{name}} {{Name}} {{NAME}}", "Name", "name") == [
        Variable("name"),
        " ",
        Variable("Name"),
        " ",
        Variable("Name"),
    ]


def test_what_is_extracted_goes_before_what_is_given() -> None:
    bindings = Bindings(["NAME"], extracted=["Name"])
    assert bindings.bind("{{name}} {{NAME}}") == "{{Name}} {{NAME}}"


def test_hidden_fields_are_known_by_their_beginning() -> None:
    bindings = Bindings(extracted=["$HIDDEN1."])
    assert bindings.bind("{{$hidden1.__VIEWSTATE}}") == "{{$HIDDEN1.__VIEWSTATE}}"
    assert bindings.bind("{{$HIDDEN2.x}}") == "{{$HIDDEN2.x}}"


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("{{$WebTestUserId}}", "{{$user}}"),
        ("{{$webtestiteration}}", "{{$iteration}}"),
        ("{{$AgentId}} of {{$AgentCount}}", "0 of 1"),
        ("{{$IEAcceptLanguage}}", "en-US"),
    ],
)
def test_what_visual_studio_sets_itself_is_there(text: str, template: str) -> None:
    assert Bindings().bind(text) == template


def test_a_test_may_define_a_name_of_visual_studios() -> None:
    assert Bindings(["$AgentId"]).bind("{{$agentid}}") == "{{$AgentId}}"


@pytest.mark.parametrize("inside", ["$uuid", "$random(1, 6)", "$random(1)", " $now ", "'text'", "it's", "$user", "$test"])
def test_what_only_headrace_knows_is_a_variable_that_nothing_sets(inside: str) -> None:
    for names in ((), (inside,)):
        (part,) = parse_template(Bindings(names).bind(f"{{{{{inside}}}}}"))
        assert part == Variable(spell(inside))
        assert spell(inside) not in (inside, "$user", "$test")
    assert not is_spelt(inside)


@pytest.mark.parametrize("text", ["{{'a", "{{'{{'}}", "{{'a{b'}}", "{{{{'x'"])
def test_a_quote_of_headraces_stays_a_text(text: str) -> None:
    assert [part for part in bound(text) if not isinstance(part, Variable)] == re.split(r"\{\{[^{}]+\}\}", text)[:1]


_PIECES = st.sampled_from(["{", "{{", "}}", "}", "'", "name", "$uuid", "$random", "(1)", "x", " ", "☃", "{{a}}", "{{'"])


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_whatever_the_text_its_constants_stay_and_its_bindings_become_variables(text: str) -> None:
    parts = parse_template(Bindings(["Name"]).bind(text))
    pieces = re.split(r"\{\{([^{}]+)\}\}", text)
    wanted: list[str | Variable] = []
    for index, piece in enumerate(pieces):
        if index % 2:
            wanted.append(Variable("Name" if piece.strip() == "name" else spell(piece)))
        elif piece and wanted and isinstance(wanted[-1], str):
            wanted[-1] += piece
        elif piece:
            wanted.append(piece)
    assert parts == wanted


@given(st.text(min_size=1, max_size=400).filter(lambda text: "{" not in text and "}" not in text))
def test_every_name_can_be_spelt_and_stays_spelt(name: str) -> None:
    spelt = spell(name)
    assert parse_template(f"{{{{{spelt}}}}}") == [Variable(spelt)]
    assert spell(spelt) == spelt


def test_no_function_is_left_out() -> None:
    assert all(not is_spelt(name) or parse_template(f"{{{{{name}}}}}") == [Variable(name)] for name in FUNCTIONS)


@pytest.mark.parametrize(
    ("url", "template"),
    [
        (" http://shop.test/a b\\c?d=e f\\g ", "http://shop.test/a%20b/c?d=e%20f%5Cg"),
        ("{{WebServer1}}/{{my name}}/x y", "{{WebServer1}}/{{my name}}/x%20y"),
    ],
)
def test_a_url_is_written_as_dotnet_sends_it(url: str, template: str) -> None:
    assert Bindings(NAMES).bind_url(url) == template


def test_what_must_be_known_before_the_test_runs_is_filled_in() -> None:
    assert fill("{{Folder}}/x{{N}}", {"folder": "data", "n": "1"}) == "data/x1"
    assert fill("{{Folder}}", {}) is None
    assert fill("plain", {}) == "plain"


def test_a_text_that_begins_with_what_was_extracted_is_known() -> None:
    bindings = Bindings(["WebServer1"], extracted=["Link", "$HIDDEN1."])
    begins = ["{{link}}", "{{Link}}/a", "{{$HIDDEN1.ReturnUrl}}"]
    assert [
        text for text in [*begins, "{{WebServer1}}", "http://a/{{Link}}", ""] if bindings.begins_with_extracted(text)
    ] == begins
