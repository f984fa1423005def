"""HTML and XML of strangers: tags, forms, trees."""

from html import escape

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from headrace.engine.rules.forms import Option, form_values, hidden_fields, selected_options
from headrace.engine.rules.markup import compile_css, compile_xpath, holds, html_of, inner_text, texts_of, xml_of
from headrace.engine.rules.rule_errors import UnreadableError
from headrace.engine.rules.tags import attributes_of, find_tags, unescape_attribute
from tests.engine.answers import answer

NAMES = st.text("abcdefgXYZ_-", min_size=1, max_size=6)
VALUES = st.text("ab <>&\"'=/-\t\né;", max_size=12)


@st.composite
def attributes(draw: st.DrawFn) -> str:
    name, value = draw(NAMES), draw(VALUES)
    written = draw(
        st.sampled_from(
            [
                f'{name}="{value.replace(chr(34), "")}"',
                f"{name}='{value.replace(chr(39), '')}'",
                f'{name} = "{escape(value)}"',
                name,
                f"{name}={''.join(letter for letter in value if letter.isalnum()) or 'x'}",
                f'{name}=""',
                f"{name}=",
            ]
        )
    )
    return " " + written + " "


@st.composite
def inputs(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(['type="hidden"', "type=hidden", "TYPE='Hidden'", 'type="text"', ""]))
    more = "".join(draw(st.lists(attributes(), max_size=3)))
    name, end = draw(st.sampled_from(["input", "INPUT", "Input"])), draw(st.sampled_from([">", "/>"]))
    return f"<{name} {kind} name='{draw(NAMES)}' {more}{end}"


PIECES = st.one_of(
    inputs(),
    inputs(),
    st.builds(
        lambda tag, attributes: f"<{tag}{attributes}>", st.sampled_from(["div", "p", "br", "span", "a", "img"]), attributes()
    ),
    st.sampled_from(
        [
            "</div>",
            "</p>",
            "text",
            " < b",
            "a > b",
            '"quoted"',
            "'",
            "x = '",
            "&lt;input type=hidden name=no>",
            "<!>",
            "</ x>",
        ]
    ),
    inputs().map(lambda tag: f"<!-- {tag} -->"),
    inputs().map(lambda tag: f"<!--{tag}--!>"),
    inputs().map(lambda tag: f"<!-->{tag}"),
    inputs().map(lambda tag: f"<script>if (a<b) {tag}</script>"),
    inputs().map(lambda tag: f"<style x='>'>{tag}</style >"),
    inputs().map(lambda tag: f"<textarea>{tag}</textarea>"),
    inputs().map(lambda tag: f'<div title="{tag.replace(chr(34), "")}">'),
    inputs().map(lambda tag: f"<div title = '{tag.replace(chr(39), '')}'>"),
    inputs().map(lambda tag: f'<div title="> {tag.replace(chr(34), "")}">'),
)
PAGES = st.lists(PIECES, max_size=12).map("".join)


def by_lxml(page: str) -> list[dict[str, str]]:
    tree = etree.HTML(f"<body>{page}</body>".encode(), etree.HTMLParser(encoding="utf-8"))
    return [{str(name): str(value) for name, value in tag.attrib.items()} for tag in tree.iter("input")]


@given(PAGES)
def test_the_scan_finds_the_tags_that_a_parser_finds(page: str) -> None:
    found = [
        {name: unescape_attribute(value) for name, value in attributes_of(tag).items()}
        for tag in find_tags(f"<body>{page}</body>", "input")
    ]
    assert found == by_lxml(page)


@given(PAGES)
def test_the_scan_finds_the_hidden_fields_that_a_parser_finds(page: str) -> None:
    expected = [
        (tag["name"], tag.get("value", ""))
        for tag in by_lxml(page)
        if tag.get("type", "").lower() == "hidden" and tag["name"]
    ]
    assert [(name, unescape_attribute(value)) for name, value in hidden_fields(f"<body>{page}</body>")] == expected


@given(st.text("<>!-/= \"'inputscr&\n", max_size=200))
def test_any_text_can_be_scanned(text: str) -> None:
    for tag in find_tags(text, "input", "script", "/script"):
        assert text[tag.start] == "<"
        assert text[tag.end - 1] == ">"
        attributes_of(tag)


@pytest.mark.parametrize(
    "page",
    [
        "<input " * 50_000,
        '<a b="c"    ' + "<input = 'x'   " * 20_000,
        "<!-- <input>" * 20_000,
        "<a b='<input" * 20_000,
        "<script><input></script" * 20_000,
    ],
)
def test_a_scan_takes_no_more_than_in_proportion(page: str) -> None:
    assert len(list(find_tags(page, "input"))) <= 1


@given(
    st.lists(st.sampled_from(["&", "amp", "copy", "lt", "not", "in", ";", "=", "#65", "#x41", "x", " "]), max_size=8).map(
        "".join
    )
)
def test_attributes_are_unescaped_as_by_a_parser(value: str) -> None:
    tree = etree.HTML(f'<a title="{value}">'.encode(), etree.HTMLParser(encoding="utf-8"))
    expected = next(tree.iter("a")).get("title") or ""
    assume(expected.isprintable())  # Python leaves control characters out, as no page has them in an attribute
    assert unescape_attribute(value) == expected


def test_a_tag_without_a_name_is_not_looked_for() -> None:
    with pytest.raises(ValueError, match="has no name"):
        list(find_tags("<p>", ""))


FORM = """
<form>
<input name=text value="a &amp; b"><input name=empty>
<input type=checkbox name=box value=1><input type=checkbox name=box value=2 checked><input type=checkbox name=on checked>
<input type=radio name=r value=1><input type=radio name=r value=2 checked>
<input type=submit name=go value=Go>
<textarea name=area>
a &lt;b&gt; <input name=text value=no></textarea>
<select name=s><option value=1>one<option value=2 selected>two</option></select>
<select name=first><optgroup label=x><option> the  first <b>one</b></option></optgroup><option value=2>two</select>
<select name=many multiple><option selected>1</option><option>2</option><option selected>3</option></select>
<select name=none></select>
<input name=s value=after>
</form>"""


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", ["a & b"]),
        ("empty", [""]),
        ("box", ["2"]),
        ("on", ["on"]),
        ("r", ["2"]),
        ("go", []),
        ("area", ["a <b> <input name=text value=no>"]),
        ("s", ["2", "after"]),
        ("first", ["the first one"]),
        ("many", ["1", "3"]),
        ("none", []),
    ],
)
def test_form_fields_have_the_values_that_a_browser_would_send(field: str, values: list[str]) -> None:
    assert list(form_values(FORM, field, decode=True)) == values


def test_values_can_be_had_as_they_are_written() -> None:
    assert list(form_values(FORM, "text", decode=False)) == ["a &amp; b"]


def test_options_have_a_value_and_a_text() -> None:
    assert list(selected_options(FORM, "s")) == [[Option("2", "two")]]
    assert list(selected_options(FORM, "none")) == [[]]
    assert list(selected_options(FORM, "nowhere")) == []


XML = """<?xml version="1.0" encoding="iso-8859-1"?>
<s:Envelope xmlns:s="urn:soap"><s:Body><item id="1">one</item><item id="2">zwö<b>lf</b></item></s:Body></s:Envelope>"""


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("//item", ["one", "zwölf"]),
        ("//item/@id", ["1", "2"]),
        ("//s:Body/item[1]/text()", ["one"]),
        ("count(//item)", ["2"]),
        ("1 div 4", ["0.25"]),
        ("count(//item) = 2", ["true"]),
        ("string(//item[2]/@id)", ["2"]),
        ("//none", []),
    ],
)
def test_xpath_leads_to_texts(path: str, texts: list[str]) -> None:
    assert list(texts_of(compile_xpath(path)(xml_of(answer(XML, "text/xml; charset=utf-8"))))) == texts


@pytest.mark.parametrize(
    ("path", "true"), [("//item", True), ("//none", False), ("1 = 2", False), ("0 div 0", False), ("''", False)]
)
def test_an_xpath_holds_as_xpath_says(path: str, true: bool) -> None:
    assert holds(compile_xpath(path)(xml_of(answer(XML)))) is true


@pytest.mark.parametrize("path", ["//[", "//item[re:test(., 'x')]", "unknown()", "//none:a", "x" * 10_001])
def test_what_is_no_xpath_is_said(path: str) -> None:
    with pytest.raises(ValueError, match="XPath"):
        compile_xpath(path)(xml_of(answer(XML)))


def test_css_selects_elements() -> None:
    tree = html_of(answer('<p class="a b">one</p><p class="b">two</p>'))
    assert [inner_text(element, True, True) for element in compile_css("p.b:not(.a)")(tree)] == ["two"]


@pytest.mark.parametrize("selector", ["p[", "p:unknown", "x" * 10_001])
def test_what_is_no_selector_is_said(selector: str) -> None:
    with pytest.raises(ValueError, match="CSS selector"):
        compile_css(selector)


def test_inner_text_is_with_or_without_tags_and_blanks() -> None:
    paragraph = next(html_of(answer("<p> one\n <b>two</b><!-- no --> three </p>")).iter("p"))
    assert inner_text(paragraph, True, True) == "one two three"
    assert inner_text(paragraph, False, False) == " one\n <b>two</b><!-- no --> three "


def test_a_response_is_parsed_once() -> None:
    response = answer("<p>one")
    assert html_of(response) is html_of(response)
    response = answer("<p/>")
    assert xml_of(response) is xml_of(response)


def test_the_charset_of_the_head_goes_before_that_of_the_document() -> None:
    assert list(texts_of(compile_xpath("//p")(html_of(answer("<meta charset=koi8-r><p>zwölf"))))) == ["zwölf"]


@pytest.mark.parametrize("body", ["", "<a>", "no xml", "<a>&unknown;</a>", "\0"])
def test_what_is_no_xml_is_said(body: str) -> None:
    with pytest.raises(UnreadableError, match="not XML"):
        xml_of(answer(body))


def test_what_is_no_html_is_said() -> None:
    with pytest.raises(UnreadableError, match="not HTML"):
        html_of(answer(""))


def test_external_entities_are_not_read() -> None:
    document = '<!DOCTYPE a [<!ENTITY file SYSTEM "file:///etc/hostname">]><a>&file;</a>'
    assert list(texts_of(compile_xpath("//a")(xml_of(answer(document))))) == [""]


def test_a_billion_laughs_are_not_laughed() -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(UnreadableError, match="entity amplification"):
        xml_of(answer(f'<!DOCTYPE a [<!ENTITY a0 "ha">{laughs}]><a>&a9;</a>'))


def test_what_is_nested_too_deeply_is_not_parsed() -> None:
    with pytest.raises(UnreadableError, match="not XML"):
        xml_of(answer("<a>" * 10_000 + "</a>" * 10_000))


@pytest.mark.parametrize("between", [" a", ' a="1"', "/a"])
def test_a_tag_with_more_attributes_than_anybody_writes_is_no_html(between: str) -> None:
    with pytest.raises(UnreadableError, match="more than 10000"):
        html_of(answer(f"<p>ok</p><a{between * 40_000}>x</a>"))


def test_long_texts_and_scripts_between_tags_are_no_endless_tags() -> None:
    page = answer(f"<p>{'many words ' * 20_000}</p><script>{'if (a > b) c(); ' * 20_000}</script>")
    assert html_of(page) is not None
