"""Latency histograms that merge exactly: log-linear buckets as in HdrHistogram, 3 significant digits, microseconds.

Values below 2048 µs have a bucket each; above, every power of two is cut into 1024 buckets, so a bucket is never wider
than 1/1024 of its values. Buckets are sparse (a dict), so an empty histogram costs nothing, adding two is adding counts,
and any order of merging gives the same histogram. Measured against the `hdrhistogram` package in `benchmarks/histogram.py`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_LINEAR_BITS = 11


def bucket_of(us: int) -> int:
    """The bucket of a value in microseconds (>= 0)."""
    shift = us.bit_length() - _LINEAR_BITS
    return us if shift <= 0 else (shift << (_LINEAR_BITS - 1)) + (us >> shift)


def bucket_top(bucket: int) -> int:
    """The highest value, in microseconds, that falls into this bucket."""
    if bucket < 1 << _LINEAR_BITS:
        return bucket
    shift = (bucket >> (_LINEAR_BITS - 1)) - 1
    return ((bucket - (shift << (_LINEAR_BITS - 1)) + 1) << shift) - 1


# The buckets of all values up to 65 ms, so that most values need no Python to find theirs.
_TABLE = list(range(1 << _LINEAR_BITS))
while len(_TABLE) < 1 << 16:
    _TABLE += [
        bucket for bucket in range(bucket_of(len(_TABLE)), bucket_of(2 * len(_TABLE))) for _ in range(len(_TABLE) >> 10)
    ]


@dataclass(slots=True)
class Histogram:
    """Counts by bucket; `count`, `total`, `low` and `high` are exact. `low` and `high` are 0 while it is empty."""

    counts: dict[int, int] = field(default_factory=dict)
    count: int = 0
    total: int = 0
    low: int = 0
    high: int = 0

    def record(self, us: int, times: int = 1) -> None:
        """Counts a value of `us` microseconds, `times` times."""
        bucket = bucket_of(us)
        self.counts[bucket] = self.counts.get(bucket, 0) + times
        if us < self.low or not self.count:
            self.low = us
        if us > self.high:
            self.high = us
        self.count += times
        self.total += us * times

    def record_all(self, values: Sequence[int]) -> None:
        """Counts values in microseconds, each once: a few times faster than one by one, since C does most of it."""
        if not values:
            return
        low, high = min(values), max(values)
        if high < len(_TABLE):
            counted = Counter(map(_TABLE.__getitem__, values))
        else:
            counted = Counter([_TABLE[us] if us < len(_TABLE) else bucket_of(us) for us in values])
        counts = self.counts
        if counts:
            for bucket, times in counted.items():
                counts[bucket] = counts.get(bucket, 0) + times
        else:
            counts.update(counted)
        self.low = min(self.low, low) if self.count else low
        self.high = max(self.high, high)
        self.count += len(values)
        self.total += sum(values)

    def add(self, other: "Histogram") -> None:
        """Merges another histogram into this one, exactly."""
        if not other.count:
            return
        counts = self.counts
        for bucket, times in other.counts.items():
            counts[bucket] = counts.get(bucket, 0) + times
        self.low = min(self.low, other.low) if self.count else other.low
        self.high = max(self.high, other.high)
        self.count += other.count
        self.total += other.total

    @property
    def mean(self) -> float:
        """Microseconds, exact; 0 when empty."""
        return self.total / self.count if self.count else 0.0

    def percentile(self, percent: float) -> int:
        """The value, in µs, that `percent` (0..100) of the values do not exceed, to 3 significant digits; 0 when empty.

        The top of the bucket, as HdrHistogram answers, so it never flatters; but never above the highest value seen.
        """
        return self.percentiles((percent,))[0]

    def percentiles(self, percents: Iterable[float]) -> list[int]:
        """Several percentiles, in the order asked for, in one pass over the buckets."""
        wanted = list(percents)
        found = [0] * len(wanted)
        if not self.count:
            return found
        ranks = sorted((max(1, _rank(percent, self.count)), index) for index, percent in enumerate(wanted))
        seen = 0
        position = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            while position < len(ranks) and ranks[position][0] <= seen:
                found[ranks[position][1]] = min(bucket_top(bucket), self.high)
                position += 1
        return found


def _rank(percent: float, count: int) -> int:
    """How many values lie at or below the percentile: the nearest rank, rounded up, without float error at whole ranks."""
    exact = percent * count / 100
    return round(exact) if abs(exact - round(exact)) < 1e-6 else int(exact) + 1
