import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5), ("90", 90), ("1.5s", 1.5), (" 2M ", 120), ("0s", 0)],
)
def test_durations_are_read_as_people_type_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "1d", "1 s", "1s 2s", "1e9s", "inf", "٣s٣"])
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="30s, 5m, 1h30m or 500ms"):
        parse_duration(text)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_duration(text) >= 0
