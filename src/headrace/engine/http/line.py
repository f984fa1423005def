"""The line that a user sits behind: what is sent and received takes the time that it would take there.

Each way is modelled as a serial line: a byte is on the line when those before it have left, for as long as the bandwidth
says, and arrives one latency later. All connections of a user share the line. What is emulated is what HTTP sees: bytes
arrive late and in order. Lost packets, slow starts and headers of packets are not emulated.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from math import ceil
from time import perf_counter
from typing import cast

from headrace.plan.model import Network

# What waits for a line in one direction, in bytes, before more is read from the socket: as much as an ordinary modem's or
# router's queue.
_MOST_WAITING = 64 * 1024
# What is read at once, by all connections of the process: it is emptied in the call that fills it.
_BUFFER = memoryview(bytearray(16 * 1024))
# What arrives at once: a packet, or on a fast line what it carries in 4 ms, since timers are no finer than 1 ms.
_PACKET = 1460
_PIECE = 0.004


class Way:
    """One direction of a line. `bandwidth` is in kilobits a second (None: unlimited), `latency` in seconds."""

    __slots__ = ("_drained", "_free_at", "_latency", "_loop", "_piece", "_queue", "_seconds", "_timer", "waiting")

    def __init__(self, bandwidth: float | None, latency: float, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._latency = latency
        self._seconds = 8 / (bandwidth * 1000) if bandwidth is not None else 0.0  # a byte
        self._piece = max(_PACKET, int(_PIECE / self._seconds)) if self._seconds else 0
        self._free_at = 0.0
        self._queue: deque[tuple[float, int, Callable[[], object]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._drained: list[Callable[[], object]] = []
        self.waiting = 0

    def cut(self, data: bytes) -> Iterator[bytes]:
        """Pieces that may arrive one after the other."""
        size = self._piece or len(data)
        return (data[start : start + size] for start in range(0, len(data), size))

    def carry(self, size: int, arrive: Callable[[], object]) -> None:
        """Calls `arrive` when so many bytes have come through."""
        now = perf_counter()
        self._free_at = max(now, self._free_at) + size * self._seconds
        self._queue.append((self._free_at + self._latency, size, arrive))
        self.waiting += size
        if self._timer is None:
            self._wait(now)

    async def cross(self) -> None:
        """Returns when something without a size has come through."""
        crossed = asyncio.Event()
        self.carry(0, crossed.set)
        await crossed.wait()

    def call_when_drained(self, call: Callable[[], object]) -> None:
        self._drained.append(call)

    def _wait(self, now: float) -> None:
        # Whole milliseconds, which is what uvloop's timers count in: never early, and a late one delays no later bytes.
        delay = ceil((self._queue[0][0] - now) * 1000) / 1000
        self._timer = self._loop.call_later(max(delay, 0.0), self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        now = perf_counter()
        while self._queue and self._queue[0][0] <= now:
            _, size, arrive = self._queue.popleft()
            self.waiting -= size
            arrive()
        if self._queue and self._timer is None:
            self._wait(now)
        if self._drained and self.waiting <= _MOST_WAITING // 2:
            drained, self._drained = self._drained, []
            for call in drained:
                call()


class Line:
    """The line of one user. Raises ValueError for a network that is none."""

    __slots__ = ("down", "up")

    def __init__(self, network: Network, loop: asyncio.AbstractEventLoop) -> None:
        for field, bandwidth in (("down", network.down), ("up", network.up)):
            if bandwidth is not None and not 0 < bandwidth < float("inf"):
                raise ValueError(
                    f"network '{network.name}': {field} is {bandwidth} kbit/s; give more than 0, or none for no limit"
                )
        for field, latency in (("latency_down", network.latency_down), ("latency_up", network.latency_up)):
            if not 0 <= latency <= 60:
                raise ValueError(f"network '{network.name}': {field} is {latency} seconds; give 0 to 60")
        self.down = Way(network.down, network.latency_down, loop)
        self.up = Way(network.up, network.latency_up, loop)

    async def connect(self, protocol: asyncio.Protocol, address: str, port: int) -> None:
        """Connects a protocol that is behind this line. Raises OSError."""
        await self.up.cross()
        await self.down.cross()
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: cast(asyncio.Protocol, _Delayed(self, protocol)), address, port)


class _Delayed(asyncio.Transport, asyncio.BufferedProtocol):
    """Between the socket and a protocol: to the one it is the protocol, to the other the transport."""

    def __init__(self, line: Line, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self._line = line
        self._protocol = cast(asyncio.Protocol, protocol)
        self._closing = False
        self._aborted = False
        self._full = False
        self._paused = False
        self._socket: asyncio.Transport

    # From the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast(asyncio.Transport, transport)
        self._protocol.connection_made(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _BUFFER

    def buffer_updated(self, size: int) -> None:
        down = self._line.down
        for piece in down.cut(bytes(_BUFFER[:size])):
            down.carry(len(piece), partial(self._arrive, piece))
        if down.waiting > _MOST_WAITING:
            self._socket.pause_reading()
            down.call_when_drained(self._read_on)

    def eof_received(self) -> None:
        self._line.down.carry(0, self._end)

    def connection_lost(self, error: Exception | None) -> None:
        if self._aborted:
            self._protocol.connection_lost(error)
        else:
            self._line.down.carry(0, partial(self._lose, error))

    # What has come through the line

    def _arrive(self, data: bytes) -> None:
        if not self._aborted:
            self._protocol.data_received(data)

    def _end(self) -> None:
        if not self._aborted:
            self._protocol.eof_received()

    def _lose(self, error: Exception | None) -> None:
        self._closing = True
        self._protocol.connection_lost(error)

    def _read_on(self) -> None:
        if not self._paused and not self._socket.is_closing():
            self._socket.resume_reading()

    def _send(self, data: bytes) -> None:
        if not self._socket.is_closing():
            self._socket.write(data)

    def _write_on(self) -> None:
        self._full = False
        self._protocol.resume_writing()

    # From the protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing:
            return
        up = self._line.up
        for piece in up.cut(bytes(data)):
            up.carry(len(piece), partial(self._send, piece))
        if up.waiting > _MOST_WAITING and not self._full:
            self._full = True
            self._protocol.pause_writing()
            up.call_when_drained(self._write_on)

    def pause_reading(self) -> None:
        self._paused = True
        self._socket.pause_reading()

    def resume_reading(self) -> None:
        self._paused = False
        if self._line.down.waiting <= _MOST_WAITING:
            self._read_on()

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._line.up.carry(0, self._socket.close)

    def abort(self) -> None:
        self._closing = self._aborted = True
        self._socket.abort()

    def is_closing(self) -> bool:
        return self._closing

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast(asyncio.Protocol, protocol)
