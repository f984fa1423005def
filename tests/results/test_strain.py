import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.results.strain import Strain, decode_strain, encode_strain
from headrace.ticks.tick import Health, Tick


def noted(*seconds: Tick) -> Strain:
    strain = Strain()
    for second in seconds:
        strain.note(second)
    return strain


def a_second(number: int = 0, length: float = 1.0, loop_lag_us: int = 0, busiest_cpu_us: int = 0, gc_us: int = 0) -> Tick:
    health = Health(loop_lag_us=loop_lag_us, busiest_cpu_us=busiest_cpu_us, gc_us=gc_us)
    return Tick(number, number + length, health=health)


@pytest.mark.parametrize(
    ("length", "cpu_us", "busy"),
    [(1.0, 900_000, 0), (1.0, 900_001, 1), (3.0, 2_000_000, 0), (3.0, 2_800_000, 1), (0.1, 100_000, 0)],
)
def test_a_second_is_busy_when_a_process_had_under_a_tenth_of_its_core_left(length: float, cpu_us: int, busy: int) -> None:
    assert noted(a_second(length=length, busiest_cpu_us=cpu_us)).busy == busy


def test_only_long_delays_and_long_collections_count() -> None:
    strain = noted(
        a_second(0, loop_lag_us=20_000, gc_us=50_000),
        a_second(1, loop_lag_us=20_001, gc_us=1000),
        a_second(2, loop_lag_us=3_000_000, gc_us=60_000),
    )
    assert (strain.late_us, strain.gc_us) == (3_020_001, 60_000)


def test_seconds_that_did_not_come_are_missing() -> None:
    assert noted(a_second(0), a_second(1), a_second(4)).missing == 2
    assert noted(a_second(1)).missing == 1
    assert Strain().missing == 0


health = st.fixed_dictionaries(
    {name: st.integers(0, 2_000_000) for name in ("loop_lag_us", "busiest_cpu_us", "gc_us")},
)


@given(st.lists(health, max_size=8), st.integers(0, 8))
def test_the_strain_of_parts_adds_up_to_that_of_the_whole(healths: list[dict[str, int]], cut: int) -> None:
    seconds = [a_second(number, **its) for number, its in enumerate(healths)]
    strain = noted(*seconds[:cut])
    strain.add(noted(*seconds[cut:]))
    assert strain == noted(*seconds)
    assert decode_strain(encode_strain(strain)) == strain
