"""The bytes of each stream, however they are cut."""

from itertools import pairwise

from hyperframe.frame import DataFrame, PingFrame
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.frame_counter import FrameCounter


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 3]), st.integers(0, 300)), min_size=1, max_size=20),
    st.sets(st.integers(0, 4000), max_size=10),
)
def test_bytes_are_counted_alike_wherever_they_are_split(frames: list[tuple[int, int]], points: set[int]) -> None:
    class Counted:
        received = 0
        first_at = 0

    streams = {1: Counted(), 3: Counted()}
    data = b"".join(
        DataFrame(number, data=bytes(size)).serialize() if number else PingFrame(0, opaque_data=bytes(8)).serialize()
        for number, size in frames
    )
    edges = [0, *sorted(point for point in points if point < len(data)), len(data)]
    counter = FrameCounter()
    for start, end in pairwise(edges):
        assert counter.count(data[start:end], streams, 1) is None
    for number, stream in streams.items():
        assert stream.received == sum(size + 9 for other, size in frames if other == number)
        assert stream.first_at == (1 if stream.received else 0)
