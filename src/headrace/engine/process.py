"""The engine process: one order after the other from standard input, reports to standard output.

It is started as `python -m headrace.engine` by an agent, and by nobody else.
"""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
from typing import BinaryIO, cast

import msgspec
import uvloop

from headrace.engine.load import SegmentLoad
from headrace.ticks.frames import (
    Done,
    EndTest,
    Failed,
    Measured,
    Order,
    Prepare,
    Ready,
    Report,
    Start,
    Stop,
    pack,
    read_order,
)
from headrace.ticks.tick import Tick

# An agent that has not taken this many bytes of reports does not listen any more, and a load nobody measures is stopped.
_MOST_UNREAD = 64 * 1024 * 1024
# Where it may, an engine goes before the service, whose work once a second would delay requests by some milliseconds.
_PRIORITY = -10


class ReportPipe(asyncio.BaseProtocol):
    """Where the reports go."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport
        self._closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._closed.set()

    def send(self, report: Report) -> None:
        if not self._transport.is_closing():
            self._transport.write(pack(report))

    @property
    def unread(self) -> bool:
        """Nobody takes the reports any more."""
        return self._transport.is_closing() or self._transport.get_write_buffer_size() > _MOST_UNREAD

    async def close(self) -> None:
        """Returns when all is written, or nobody is left to read it."""
        self._transport.close()
        await self._closed.wait()


async def serve(reader: asyncio.StreamReader, reports: ReportPipe) -> None:
    """Prepares, waits for the start, runs the load; a Stop or the end of the orders ends it at any point."""
    prepare = await read_order(reader)
    if not isinstance(prepare, Prepare):
        if prepare is not None:
            reports.send(Failed("the first order must be to prepare"))
        return

    def report(tick: Tick) -> None:
        reports.send(Measured(tick))
        if reports.unread:
            load.stop(grace=0)

    try:
        load = SegmentLoad(prepare.plan, prepare.segment, report, prepare.processes)
    except ValueError as error:
        reports.send(Failed(f"the plan cannot be executed: {error}"))
        return
    load.on_end_test = lambda: reports.send(EndTest())
    gc.collect()
    gc.freeze()  # what was built so far stays to the end: the collector need not look at it again
    gc.set_threshold(20_000, 20, 10)  # requests leave no cycles behind, so there is little to find, and looking is a pause
    reports.send(Ready())
    start = await read_order(reader)
    if isinstance(start, Start):
        listening = asyncio.create_task(_listen(reader, load))
        await load.run(start.at)
        listening.cancel()
    reports.send(Done())


async def _listen(reader: asyncio.StreamReader, load: SegmentLoad) -> None:
    while True:
        try:
            order: Order | None = await read_order(reader)
        except (OSError, msgspec.MsgspecError):
            order = None  # whatever it is, it is no agent that talks
        if order is None:
            load.stop(grace=0)
            return
        if isinstance(order, Stop):
            load.stop(order.grace)


async def _main(orders: BinaryIO, reports: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), orders)
    _, pipe = await loop.connect_write_pipe(ReportPipe, reports)
    try:
        await serve(reader, pipe)
    finally:
        await pipe.close()
    # All is said. Leaving in good order would wait for look-ups that hang in the operating system and cannot be cancelled.
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    """Runs the process. A Ctrl-C is the agent's to handle: the terminal sends it to all processes of the group."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    reports = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not get between the reports
    uvloop.run(_main(sys.stdin.buffer, reports))
