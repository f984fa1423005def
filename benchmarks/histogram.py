"""Our Histogram against the `hdrhistogram` package, both with 3 significant digits up to an hour, in one run.

    .venv/bin/pip install -e .[bench]
    .venv/bin/python benchmarks/histogram.py

A ratio is hdrhistogram's time (or size) divided by ours: above 1, ours is better. The values are log-normal around 20 ms.
"""

import random
import zlib
from collections import Counter
from collections.abc import Callable
from time import perf_counter

import msgspec
from hdrh.histogram import HdrHistogram

from headrace.ticks.histogram import Histogram

VALUES = 1_000_000
A_SECOND = 20_000
MERGED = 1_000
RECORDED_EACH = 2_000
PERCENTILES = (50, 75, 90, 95, 99)
ROUNDS = 5


def main() -> None:
    choose = random.Random(7)
    values = [min(3_600_000_000, 1 + int(choose.lognormvariate(9.9, 0.6))) for _ in range(VALUES)]
    second = values[:A_SECOND]
    parts = [values[start : start + RECORDED_EACH] for start in range(0, MERGED * 500, 500)]

    print(f"{'':58}{'ours':>12}{'hdrhistogram':>15}{'ratio':>8}")
    _times(f"record {VALUES:,} values one by one", lambda: _ours(values), lambda: _theirs(values))
    _times(f"record a second of {A_SECOND:,} (ours: Counter, record_all)", lambda: _counted(second), lambda: _theirs(second))

    ours_parts, their_parts = [_counted(part) for part in parts], [_theirs(part) for part in parts]
    _times(
        f"merge {MERGED:,} histograms of {RECORDED_EACH:,}", lambda: _merge(ours_parts), lambda: _merge_theirs(their_parts)
    )

    ours, theirs = _ours(values), _theirs(values)
    _times(
        f"percentiles {', '.join(map(str, PERCENTILES))}",
        lambda: ours.percentiles(PERCENTILES),
        lambda: theirs.get_percentile_to_value_dict(list(PERCENTILES)),
    )

    # hdrhistogram's own form is compressed and in base64; ours is msgpack, with and without zlib
    for what, mine, other in (
        ("second", _counted(second), _theirs(second)),
        ("million", ours, theirs),
    ):
        encode, compress = msgspec.msgpack.Encoder().encode, zlib.compress
        _times(f"encode a {what}, msgpack", lambda: encode(mine), other.encode)  # noqa: B023
        _times(f"encode a {what}, msgpack and zlib 1", lambda: compress(encode(mine), 1), other.encode)  # noqa: B023
        _sizes(f"size of a {what}, msgpack", len(encode(mine)), len(other.encode()))
        _sizes(f"size of a {what}, msgpack and zlib 1", len(compress(encode(mine), 1)), len(other.encode()))

    exact = sorted(values)
    print("\nerror of the percentiles against the sorted values:")
    found = theirs.get_percentile_to_value_dict(list(PERCENTILES))
    for percent, us in zip(PERCENTILES, ours.percentiles(PERCENTILES), strict=True):
        true = exact[max(1, -(-percent * VALUES // 100)) - 1]
        print(f"  p{percent}: {true:,} µs   ours {us / true - 1:+.4%}   hdrhistogram {found[percent] / true - 1:+.4%}")


def _ours(values: list[int]) -> Histogram:
    histogram = Histogram()
    record = histogram.record
    for us in values:
        record(us)
    return histogram


def _counted(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(Counter(values).items())
    return histogram


def _theirs(values: list[int]) -> HdrHistogram:
    histogram = HdrHistogram(1, 3_600_000_000, 3)
    record = histogram.record_value
    for us in values:
        record(us)
    return histogram


def _merge(parts: list[Histogram]) -> Histogram:
    whole = Histogram()
    for part in parts:
        whole.add(part)
    return whole


def _merge_theirs(parts: list[HdrHistogram]) -> HdrHistogram:
    whole = HdrHistogram(1, 3_600_000_000, 3)
    for part in parts:
        whole.add(part)
    return whole


def _times(what: str, ours: Callable[[], object], theirs: Callable[[], object]) -> None:
    """Prints the best of a few rounds, the two in turns, so that a busy machine is busy for both."""
    mine, other = float("inf"), float("inf")
    for _ in range(ROUNDS):
        mine, other = min(mine, _timed(ours)), min(other, _timed(theirs))
    print(f"{what:58}{mine * 1e3:>9.3f} ms{other * 1e3:>12.3f} ms{other / mine:>8.2f}")


def _sizes(what: str, ours: int, theirs: int) -> None:
    print(f"{what:58}{ours:>10,} B{theirs:>13,} B{theirs / ours:>8.2f}")


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


if __name__ == "__main__":
    main()
