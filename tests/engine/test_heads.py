"""The memory of heads: short, and only for what means the same each time."""

import pytest

from headrace.engine.heads import Head
from headrace.engine.memory import HeadMemory

PLAIN = Head(200, 5, True)


def test_a_head_is_found_by_its_bytes() -> None:
    heads = HeadMemory()
    heads.keep(b"head", PLAIN)
    assert heads.known == {b"head": PLAIN}


@pytest.mark.parametrize(
    "head", [Head(200, None, True), Head(200, 5, False), Head(200, 5, True, cookies=("a=b",)), Head(302, None, True, "/x")]
)
def test_what_does_not_mean_the_same_each_time_is_not_kept(head: Head) -> None:
    heads = HeadMemory()
    heads.keep(b"head", head)
    assert heads.known == {}


def test_the_memory_is_bounded() -> None:
    heads = HeadMemory()
    most = 0
    for number in range(5000):
        heads.keep(b"head %d" % number, PLAIN)
        most = max(most, len(heads.known))
    heads.keep(b"x" * 2049, PLAIN)
    assert most == 512
    assert b"x" * 2049 not in heads.known
    assert heads.known[b"head 4999"] == PLAIN


def test_the_known_heads_stay_the_same_object() -> None:
    """Connections hold on to it."""
    heads = HeadMemory()
    known = heads.known
    for number in range(600):
        heads.keep(b"%d" % number, PLAIN)
    assert heads.known is known
