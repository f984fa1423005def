"""Our Histogram against the `hdrhistogram` package, both with 3 significant digits up to an hour, in one run.

    .venv/bin/pip install -e .[bench]
    .venv/bin/python benchmarks/histogram.py [--quick]

A ratio is hdrhistogram's time (or size) divided by ours: above 1, ours is better. The values are log-normal around 20 ms.
"""

import random
import zlib
from collections.abc import Callable
from time import perf_counter

import msgspec

from headrace.ticks.histogram import Histogram
from measuring import Effort, UnavailableError, effort_of, parser, show
from rows import Row

try:
    from hdrh.histogram import HdrHistogram
except ImportError:  # told when it is needed
    HdrHistogram = None

A_SECOND = 20_000
MERGED = 1_000
RECORDED_EACH = 2_000
PERCENTILES = (50, 75, 90, 95, 99)
ROUNDS = 5


def rows(effort: Effort) -> list[Row]:
    """Raises UnavailableError."""
    if HdrHistogram is None:
        raise UnavailableError("the package hdrhistogram is not installed; pip install -e .[bench] gets it")
    choose = random.Random(7)
    values = [min(3_600_000_000, 1 + int(choose.lognormvariate(9.9, 0.6))) for _ in range(effort.histogram_values)]
    second = values[:A_SECOND]
    parts = [values[start : start + RECORDED_EACH] for start in range(0, MERGED * 50, 50)]
    ours_parts, their_parts = [_counted(part) for part in parts], [_theirs(part) for part in parts]
    ours, theirs = _ours(values), _theirs(values)
    mine, other = _counted(second), _theirs(second)
    encode = msgspec.msgpack.Encoder().encode
    _print_errors(values, ours, theirs)
    # hdrhistogram's own form is compressed and in base64; ours is msgpack
    return [
        _times(f"record {len(values):,} values one by one", lambda: _ours(values), lambda: _theirs(values)),
        _times(f"record a second of {A_SECOND:,}, as the engine does", lambda: _counted(second), lambda: _theirs(second)),
        _times(
            f"merge {MERGED:,} histograms of {RECORDED_EACH:,}",
            lambda: _merge(ours_parts),
            lambda: _merge_theirs(their_parts),
        ),
        _times(
            "five percentiles",
            lambda: ours.percentiles(PERCENTILES),
            lambda: theirs.get_percentile_to_value_dict(list(PERCENTILES)),
        ),
        _times("encode a second", lambda: encode(mine), other.encode),
        _row("size of a second, encoded", [len(other.encode()) / len(encode(mine))]),
        _row("size of a second, compressed", [len(other.encode()) / len(zlib.compress(encode(mine), 1))]),
    ]


def _print_errors(values: list[int], ours: Histogram, theirs: HdrHistogram) -> None:
    exact = sorted(values)
    found = theirs.get_percentile_to_value_dict(list(PERCENTILES))
    for percent, us in zip(PERCENTILES, ours.percentiles(PERCENTILES), strict=True):
        true = exact[max(1, -(-percent * len(exact) // 100)) - 1]
        print(f"  p{percent}: {true:,} µs   ours {us / true - 1:+.4%}   hdrhistogram {found[percent] / true - 1:+.4%}")


def _ours(values: list[int]) -> Histogram:
    histogram = Histogram()
    record = histogram.record
    for us in values:
        record(us)
    return histogram


def _counted(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values)
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


def _times(what: str, ours: Callable[[], object], theirs: Callable[[], object]) -> Row:
    """The two in turns, so that a busy machine is busy for both."""
    return _row(what, [_timed(theirs) / _timed(ours) for _ in range(ROUNDS)])


def _row(what: str, ratios: list[float]) -> Row:
    return Row(f"hdrhistogram by ours: {what}", ratios, "x", "histogram.py")


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def main() -> None:
    show(lambda: rows(effort_of(parser(__doc__).parse_args())))


if __name__ == "__main__":
    main()
