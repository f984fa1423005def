"""How load generators bore a run second by second: what the sum of its seconds cannot tell any more.

It adds up, so it is kept with every sampling interval, and a run can be judged after a restart as if there had been none.
"""

from dataclasses import dataclass

import msgspec

from headrace.ticks.tick import Tick

# The share of a core above which a process is busy: it has nothing left for what comes unevenly.
BUSY = 0.9
# An event loop that is this late (µs) stood still. Below are the loop's own resolution of 1 ms and what the machine's
# scheduler does to every process now and then.
LATE = 20_000
# A garbage collection that takes longer (µs) is one that users would feel.
LONG_GC = 50_000


@dataclass(slots=True)
class Strain:
    """Of the measured seconds that were recorded: how many there are, and the latest (-1: none).

    In `busy` of them the busiest process used over BUSY of its core. `late_us` adds up the longest delay of an event loop in
    each second where it was over LATE, `gc_us` the longest garbage collection in each second where it was over LONG_GC.
    """

    seconds: int = 0
    last: int = -1
    busy: int = 0
    late_us: int = 0
    gc_us: int = 0

    @property
    def missing(self) -> int:
        """Seconds before the latest of which nothing was reported."""
        return self.last + 1 - self.seconds

    def note(self, tick: Tick) -> None:
        """Takes in one second, all engines added up."""
        health = tick.health
        # The last second also has the time until the last answer; one that was cut short tells little and counts as whole.
        length = max(1.0, tick.elapsed - tick.second)
        self.seconds += 1
        self.last = max(self.last, tick.second)
        self.busy += health.busiest_cpu_us > BUSY * length * 1_000_000
        self.late_us += health.loop_lag_us if health.loop_lag_us > LATE else 0
        self.gc_us += health.gc_us if health.gc_us > LONG_GC else 0

    def add(self, other: "Strain") -> None:
        self.seconds += other.seconds
        self.last = max(self.last, other.last)
        self.busy += other.busy
        self.late_us += other.late_us
        self.gc_us += other.gc_us


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Strain)


def encode_strain(strain: Strain) -> bytes:
    return _encoder.encode(strain)


def decode_strain(data: bytes) -> Strain:
    """Raises msgspec.ValidationError (or DecodeError) where `data` is none."""
    return _decoder.decode(data)
