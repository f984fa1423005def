"""plan/segment.py: the share of a plan that one engine executes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.segment import Segment


@given(total=st.integers(0, 5000), count=st.integers(1, 200))
def test_the_segments_partition_the_users_exactly(total: int, count: int) -> None:
    shares = [Segment(index, count).users(total) for index in range(count)]
    assert sorted(user for share in shares for user in share) == list(range(total))


@given(total=st.integers(0, 5000), count=st.integers(1, 200))
def test_shares_differ_by_one_user_at_most(total: int, count: int) -> None:
    sizes = {len(Segment(index, count).users(total)) for index in range(count)}
    assert max(sizes) - min(sizes) <= 1


@given(total=st.integers(0, 2000), count=st.integers(1, 30), parts=st.integers(1, 30), data=st.data())
def test_a_segment_cut_again_has_the_same_users(total: int, count: int, parts: int, data: st.DataObject) -> None:
    segment = Segment(data.draw(st.integers(0, count - 1)), count)
    cut = segment.split(parts)
    assert len(cut) == parts
    assert sorted(user for part in cut for user in part.users(total)) == list(segment.users(total))


@pytest.mark.parametrize(("index", "count"), [(-1, 4), (4, 4), (0, 0), (0, -1)])
def test_a_segment_that_does_not_exist_is_refused(index: int, count: int) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        Segment(index, count)


@given(users=st.integers(0, 40), count=st.integers(1, 30), total=st.integers(0, 500))
def test_what_a_few_users_do_is_shared_out_to_the_segments_that_have_one(users: int, count: int, total: int) -> None:
    assert sum(Segment(index, count).share(total, users) for index in range(count)) == total
    shares = [Segment(index, count).among(users) for index in range(count)]
    assert sorted(item for share in shares if share is not None for item in share.users(total)) == list(range(total))
    for index, share in enumerate(shares):
        assert (share is not None) == bool(len(Segment(index, count).users(max(1, users))))
