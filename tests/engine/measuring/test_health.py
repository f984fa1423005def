"""What an engine tells about itself."""

import gc
import os
import resource
from collections.abc import Iterator
from time import perf_counter

import pytest

from headrace.engine.measuring.health import Watch
from headrace.ticks.tick import Health


def burn(seconds: float) -> None:
    end = perf_counter() + seconds
    while perf_counter() < end:
        sum(range(1000))


@pytest.fixture
def lags() -> list[int]:
    return []


@pytest.fixture
def watch(lags: list[int]) -> Iterator[Watch]:
    watch = Watch(lags)
    watch.start()
    yield watch
    watch.stop()


def test_cpu_is_that_of_the_second_that_is_over(watch: Watch) -> None:
    burn(0.2)
    busy = watch.take(0, 0)
    idle = watch.take(0, 0)
    assert busy.cpu_us == busy.busiest_cpu_us > 50_000  # this process has to share its processor
    assert idle.cpu_us < busy.cpu_us / 2
    assert busy.processes == 1


def test_cpu_before_the_start_is_not_the_loads(lags: list[int]) -> None:
    watch = Watch(lags)
    burn(0.2)
    watch.start()
    try:
        assert watch.take(0, 0).cpu_us < 100_000
    finally:
        watch.stop()


def test_the_longest_delay_of_the_event_loop_is_kept_for_its_second(watch: Watch) -> None:
    for ns in (2_000_000, 7_000_000, 3_000_000, -100_000):
        watch.late(ns)
    assert watch.take(0, 0).loop_lag_us == 7000
    assert watch.take(0, 0).loop_lag_us == 0


def test_send_lags_are_a_histogram_of_their_second(watch: Watch, lags: list[int]) -> None:
    lags += [10, 20]
    watch.fold()
    assert lags == []
    lags += [30]
    first = watch.take(0, 0).send_lag
    assert (first.count, first.total, first.low, first.high) == (3, 60, 10, 30)
    assert watch.take(0, 0).send_lag.count == 0
    assert first.count == 3  # what was told stays


def test_pauses_of_the_collector_are_measured_while_it_is_watched(watch: Watch) -> None:
    ring: list[object] = [[number] for number in range(200_000)]
    gc.collect()
    assert watch.take(0, 0).gc_us > 0
    assert watch.take(0, 0).gc_us == 0
    watch.stop()
    gc.collect()
    assert watch.take(0, 0).gc_us == 0
    assert len(ring) == 200_000


def test_a_watch_that_is_stopped_leaves_no_callback_behind(lags: list[int]) -> None:
    before = list(gc.callbacks)
    watch = Watch(lags)
    watch.start()
    watch.stop()
    watch.stop()
    assert gc.callbacks == before


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="where the system tells")
def test_files_and_ports_are_told_with_their_limits(watch: Watch) -> None:
    health = watch.take(500, 300)
    assert health.open_files >= 500
    assert health.open_files - watch.take(0, 0).open_files == 500
    assert health.file_limit == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert health.ports == 300
    assert 1000 < health.port_limit <= 65536


def test_the_healths_of_several_engines_add_up(watch: Watch, lags: list[int]) -> None:
    lags += [5]
    one = watch.take(10, 10)
    total = Health()
    total.add(one)
    total.add(one)
    assert total.cpu_us == 2 * one.cpu_us
    assert total.processes == 2
    assert total.send_lag.count == 2
    assert total.busiest_cpu_us == one.busiest_cpu_us
