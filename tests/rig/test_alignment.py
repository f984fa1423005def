"""Adding up the same second of several sources."""

from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.rig.alignment import Alignment
from headrace.ticks.tick import Tick
from tests.ticks.strategies import ticks

# What each source does, in its own order: it reports a second (some are missing), and at last it ends. None: it is lost.
_seconds = st.sets(st.integers(-2, 6), max_size=7).map(sorted)


@st.composite
def reports(draw: st.DrawFn) -> tuple[int, list[tuple[int, Tick | None]]]:
    """The number of sources, and what comes from whom in which order; None is its end."""
    count = draw(st.integers(1, 4))
    left: dict[int, list[Tick | None]] = {
        source: [*(draw(ticks(second=second)) for second in draw(_seconds)), None] for source in range(count)
    }
    found = []
    while left:
        source = draw(st.sampled_from(sorted(left)))
        found.append((source, left[source].pop(0)))
        if not left[source]:
            del left[source]
    return count, found


def engines_added(all_ticks: list[Tick]) -> Tick:
    whole = Tick(0, 0.0)
    for tick in all_ticks:
        whole.add_engine(tick)
    return whole


@settings(max_examples=25)
@given(reports())
def test_whatever_the_order_all_comes_out_once_and_in_order(
    given_reports: tuple[int, list[tuple[int, Tick | None]]],
) -> None:
    count, found = given_reports
    alignment = Alignment(range(count))
    given_ticks: list[Tick] = []
    out: list[Tick] = []
    reached: dict[int, float] = dict.fromkeys(range(count), float("-inf"))
    for source, tick in found:
        assert not alignment.ended
        if tick is None:
            reached[source] = float("inf")
            out += alignment.end(source)
        else:
            reached[source] = tick.second
            given_ticks.append(deepcopy(tick))
            out += alignment.add(source, tick)
        # never before every source has got past it, and then at once
        assert all(tick.second <= min(reached.values()) for tick in out)
        assert {tick.second for tick in given_ticks if tick.second <= min(reached.values())} == {tick.second for tick in out}
    assert alignment.ended
    seconds = [tick.second for tick in out]
    assert seconds == sorted(set(seconds))
    assert engines_added(out) == engines_added(given_ticks)
    for tick in out:
        same = [given_tick for given_tick in given_ticks if given_tick.second == tick.second]
        assert sum(load.users for load in tick.load.values()) == sum(
            load.users for given_tick in same for load in given_tick.load.values()
        )


def test_a_source_that_has_not_reported_holds_all_back_until_it_ends() -> None:
    alignment = Alignment(["a", "b"])
    assert alignment.add("a", Tick(0, 1.0)) == []
    assert alignment.add("a", Tick(1, 2.0)) == []
    assert [tick.second for tick in alignment.end("b")] == [0, 1]
    assert not alignment.ended
    assert alignment.end("a") == []
    assert alignment.ended


def test_an_end_that_is_told_twice_is_no_matter() -> None:
    alignment = Alignment(["a"])
    assert alignment.end("a") == alignment.end("a") == []


def test_no_sources_have_ended() -> None:
    assert Alignment([]).ended
