"""Pages that are compared with the one before: what is found is what going through the page finds."""

from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.rules.forms import hidden_fields
from headrace.engine.rules.page_memory import PageMemory
from tests.engine.rules.test_markup import PAGES

PAGE = '<html><title>In</title><form><input type="hidden" name="token" value="{}"><input name=user>{}</form></html>'


def test_only_what_differs_in_a_hidden_value_is_taken_from_memory() -> None:
    memory = PageMemory()
    assert list(memory.hidden_fields(PAGE.format("T-1", ""))) == [("token", "T-1")]
    assert list(memory.hidden_fields(PAGE.format("T-2 <b> & more", ""))) == [("token", "T-2 <b> & more")]
    assert list(memory.hidden_fields(PAGE.format("", ""))) == [("token", "")]


def test_a_page_that_differs_elsewhere_is_read_anew() -> None:
    memory = PageMemory()
    list(memory.hidden_fields(PAGE.format("T-1", "")))
    more = '<input type="hidden" name="cart" value="7">'
    assert list(memory.hidden_fields(PAGE.format("T-2", more))) == [("token", "T-2"), ("cart", "7")]
    assert list(memory.hidden_fields(PAGE.format('T-3"><input type="hidden" name="x" value="', ""))) == [
        ("token", "T-3"),
        ("x", ""),
    ]


def test_a_value_that_only_looks_like_one_is_no_place_for_a_value() -> None:
    memory = PageMemory()
    page = '<input type="hidden" name="a" title=" value=" value=" value=" data=" {}">'
    for text in ("1", "2"):
        assert list(memory.hidden_fields(page.format(text))) == [("a", " value=")]


def test_a_field_without_a_quoted_value_is_not_remembered() -> None:
    memory = PageMemory()
    for _ in range(3):
        assert list(memory.hidden_fields('<input type="hidden" name="a">')) == [("a", "")]


def test_pages_that_never_come_again_are_remembered_less_and_less_often() -> None:
    memory = PageMemory()
    for number in range(100):
        assert list(memory.hidden_fields(PAGE.format("T", f"<p>{number}</p>"))) == [("token", "T")]
    remembered = PAGE.format("new", "<p>63</p>")  # the 64th page: the last of which the number is a power of two
    assert list(memory.hidden_fields(remembered)) == [("token", "new")]


@given(st.lists(PAGES, min_size=1, max_size=4), st.lists(st.text('<>"&ab -', max_size=8), min_size=4, max_size=4))
def test_it_finds_what_the_scan_finds_in_any_order_of_pages(pages: list[str], values: list[str]) -> None:
    memory = PageMemory()
    for page in pages:
        for value in values:
            text = f'{page}<input type="hidden" name="token" value="{value}"><p>{page}'
            assert list(memory.hidden_fields(text)) == list(hidden_fields(text))


@given(st.lists(st.text('<>"= hidenvalu\n', max_size=120), min_size=1, max_size=6))
def test_any_text_can_be_remembered(texts: list[str]) -> None:
    memory = PageMemory()
    for text in texts:
        page = f'<input type="hidden" name="n" value="{text}">'
        assert list(memory.hidden_fields(page)) == list(hidden_fields(page))
