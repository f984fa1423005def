"""A server that notes when each request arrives, and its number. Started by arrival_rate.py as a process of its own.

    python benchmarks/recorder.py FILE

Prints its port, answers every `GET /NUMBER` at once, and on SIGTERM writes FILE: for each request the time of its arrival in
seconds and the number, all as doubles.
"""

import asyncio
import gc
import signal
import sys
from array import array
from pathlib import Path
from time import perf_counter
from typing import cast

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"


class Recorder(asyncio.Protocol):
    """A connection; a request without a body is small enough to arrive in one piece."""

    def __init__(self, arrivals: "array[float]") -> None:
        self._note = arrivals.append

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.Transport, transport).write

    def data_received(self, data: bytes) -> None:
        self._note(perf_counter())
        self._note(int(data[5 : data.index(b" ", 5)]))
        self._write(ANSWER)


async def record() -> "array[float]":
    """The arrivals until SIGTERM."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    arrivals = array("d")
    server = await loop.create_server(lambda: Recorder(arrivals), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    gc.disable()  # its pauses would look like the generator's
    await stop.wait()
    return arrivals


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(uvloop.run(record()).tobytes())
