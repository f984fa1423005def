"""Messages between an agent and its engine processes: each is msgpack behind its length in 4 bytes, over a pipe.

The agent writes orders to an engine's standard input and reads reports from its standard output. The end of the input is an
order too: an engine whose agent is gone stops, so no load runs away.
"""

import struct
from asyncio import IncompleteReadError, StreamReader

import msgspec

from headrace.plan.model import Plan
from headrace.plan.segment import Segment
from headrace.ticks.tick import Tick

_LENGTH = struct.Struct("!I")
LARGEST = 256 * 1024 * 1024


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Order: make ready to execute a segment of a plan, and report Ready. `processes` engines share the machine."""

    plan: Plan
    segment: Segment
    processes: int = 1


class Start(msgspec.Struct, frozen=True, tag=True):
    """Order: begin the warm-up (or the load, where there is none) at this instant, in seconds since the epoch."""

    at: float


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Order: send nothing more, give up what is still unanswered after `grace` seconds, and report Done."""

    grace: float = 0.0


class Ready(msgspec.Struct, frozen=True, tag=True):
    """Report: the plan is compiled and the engine waits for Start."""


class Measured(msgspec.Struct, frozen=True, tag=True):
    """Report: a second is over."""

    tick: Tick


class EndTest(msgspec.Struct, frozen=True, tag=True):
    """Report: a step of a test ends the whole load, that of the other engines too."""


class Done(msgspec.Struct, frozen=True, tag=True):
    """Report: the segment has ended and every Tick was reported before."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Report: the engine could not do what it was ordered, and why."""

    reason: str


Order = Prepare | Start | Stop
Report = Ready | Measured | EndTest | Done | Failed

_encoder = msgspec.msgpack.Encoder()
_orders = msgspec.msgpack.Decoder(Order)
_reports = msgspec.msgpack.Decoder(Report)


def pack(message: Order | Report) -> bytes:
    """The message as a frame."""
    data = _encoder.encode(message)
    return _LENGTH.pack(len(data)) + data


async def read_order(reader: StreamReader) -> Order | None:
    """The next order; None at the end of the input. Raises msgspec.MsgspecError where it is none."""
    data = await _read_frame(reader)
    return None if data is None else _orders.decode(data)


async def read_report(reader: StreamReader) -> Report | None:
    """The next report; None at the end of the output. Raises msgspec.MsgspecError where it is none."""
    data = await _read_frame(reader)
    return None if data is None else _reports.decode(data)


async def _read_frame(reader: StreamReader) -> bytes | None:
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > LARGEST:
            raise msgspec.DecodeError(f"a frame of {length} bytes is over the bound of {LARGEST}")
        return await reader.readexactly(length)
    except IncompleteReadError:
        return None
