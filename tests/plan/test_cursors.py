"""plan/cursors.py: which row of a data source an iteration takes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.cursors import Cursor
from headrace.plan.data import Access, DataSource
from headrace.plan.segment import Segment
from tests.plan.loads import split


def _source(rows: int, access: Access, name: str = "users") -> DataSource:
    return DataSource(name, ("n",), tuple((str(number),) for number in range(rows)), access)


def _take(cursor: Cursor, times: int) -> list[int | None]:
    rows = (cursor.take() for _ in range(times))
    return [None if row is None else int(row[0]) for row in rows]


@given(rows=st.integers(1, 50), count=st.integers(1, 9), takes=st.integers(1, 30))
def test_in_sequence_the_segments_take_rows_round_robin(rows: int, count: int, takes: int) -> None:
    cursors = [Cursor(_source(rows, Access.SEQUENTIAL), segment, 1) for segment in split(count)]
    taken = [_take(cursor, 1)[0] for _ in range(takes) for cursor in cursors]
    assert taken == [number % rows for number in range(takes * count)]


@given(rows=st.integers(1, 50), count=st.integers(1, 9))
def test_unique_rows_are_all_used_and_none_twice(rows: int, count: int) -> None:
    taken = [_take(Cursor(_source(rows, Access.UNIQUE), segment, 1), rows + 2) for segment in split(count)]
    used = Counter(row for segment in taken for row in segment if row is not None)
    assert used == Counter(range(rows))
    assert all(segment[len(Segment(index, count).users(rows)) :].count(None) >= 2 for index, segment in enumerate(taken))


def test_used_up_unique_rows_stay_used_up() -> None:
    assert _take(Cursor(_source(2, Access.UNIQUE), Segment(0, 1), 1), 5) == [0, 1, None, None, None]


def test_a_fixed_row_is_the_first() -> None:
    assert _take(Cursor(_source(5, Access.FIXED), Segment(3, 4), 1), 3) == [0, 0, 0]
    assert _take(Cursor.for_user(_source(5, Access.FIXED), 7, 1), 3) == [0, 0, 0]


def test_random_rows_can_be_repeated_and_are_others_for_another_seed_source_or_segment() -> None:
    source = _source(1000, Access.RANDOM)
    taken = _take(Cursor(source, Segment(0, 2), 1), 20)
    assert taken == _take(Cursor(source, Segment(0, 2), 1), 20)
    others = [
        Cursor(source, Segment(0, 2), 2),
        Cursor(source, Segment(1, 2), 1),
        Cursor(_source(1000, Access.RANDOM, "goods"), Segment(0, 2), 1),
        Cursor.for_user(source, 0, 1),
        Cursor.for_user(source, 1, 1),
    ]
    sequences = [taken, *(_take(cursor, 20) for cursor in others)]
    assert len({tuple(sequence) for sequence in sequences}) == len(sequences)


def test_random_rows_are_equally_likely() -> None:
    counts = Counter(_take(Cursor(_source(10, Access.RANDOM), Segment(0, 1), 1), 10_000))
    # each is expected a thousand times, with a standard deviation of 30: six of them
    assert set(counts) == set(range(10))
    assert all(abs(times - 1000) < 180 for times in counts.values())


@pytest.mark.parametrize(("access", "taken"), [(Access.SEQUENTIAL, [0, 1, 2, 0, 1]), (Access.UNIQUE, [0, 1, 2, None, None])])
@pytest.mark.parametrize("user", [0, 1, 17])
def test_a_user_with_its_own_cursor_goes_through_all_rows_for_itself(
    access: Access, taken: list[int | None], user: int
) -> None:
    assert _take(Cursor.for_user(_source(3, access), user, 1), 5) == taken


@pytest.mark.parametrize("access", Access)
def test_a_source_without_rows_is_refused(access: Access) -> None:
    with pytest.raises(ValueError, match="the data source 'users' has no rows: give at least one"):
        Cursor(_source(0, access), Segment(0, 1), 1)
    with pytest.raises(ValueError, match="has no rows"):
        Cursor.for_user(_source(0, access), 0, 1)
