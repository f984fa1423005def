from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.wire.dates import read_date, write_date


def test_a_date_is_written_in_utc_with_seven_digits() -> None:
    assert write_date(datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)) == "2026-03-01T12:00:00.0000000Z"
    here = timezone(timedelta(hours=2))
    assert write_date(datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=here)) == "2026-03-01T10:00:00.0000010Z"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-01-02T03:04:05.1234567Z", datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2018-01-01", datetime(2018, 1, 1, tzinfo=UTC)),
        ("20140623T061334Z", datetime(2014, 6, 23, 6, 13, 34, tzinfo=UTC)),
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
        (" 2018-01-01 ", datetime(2018, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_every_spelling_of_the_clients(text: str, at: datetime) -> None:
    assert read_date(text) == at


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_another_text_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="is no date; write it like 2024-01-01"):
        read_date(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_again(at: datetime) -> None:
    assert read_date(write_date(at)) == at
