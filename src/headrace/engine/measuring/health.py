"""How the generator itself fares: what could make its own numbers wrong."""

import contextlib
import gc
import os
import resource
from pathlib import Path
from time import perf_counter_ns, process_time_ns

from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import Health

_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Watch:
    """Watches this process from `start` to `stop`. `lags` are the send lags in µs that others note.

    `processes` engines share the machine.
    """

    def __init__(self, lags: list[int], processes: int = 1) -> None:
        self._lags = lags
        self._send_lag = Histogram()
        self._loop_lag_us = 0
        self._gc_us = 0
        self._gc_began = 0
        self._cpu_ns = 0
        self._file_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._port_limit = _ephemeral_ports() // processes

    def start(self) -> None:
        self._cpu_ns = process_time_ns()  # what the preparation took is not the load's
        gc.callbacks.append(self._collect)

    def stop(self) -> None:
        with contextlib.suppress(ValueError):
            gc.callbacks.remove(self._collect)

    def late(self, ns: int) -> None:
        """The event loop was so late with something that was to happen at a certain time."""
        self._loop_lag_us = max(self._loop_lag_us, ns // 1000)

    def fold(self) -> None:
        """Moves the send lags into their histogram."""
        if self._lags:
            self._send_lag.record_all(self._lags)
            self._lags.clear()

    def take(self, connections: int, most_to_one_origin: int) -> Health:
        """The second that is over; starts the next. Connections are open now, and most of them to one origin."""
        self.fold()
        cpu = process_time_ns()
        used = (cpu - self._cpu_ns) // 1000
        health = Health(
            loop_lag_us=self._loop_lag_us,
            cpu_us=used,
            processes=1,
            busiest_cpu_us=used,
            gc_us=self._gc_us,
            send_lag=self._send_lag,
            open_files=connections + _OTHER_FILES,
            file_limit=self._file_limit,
            ports=most_to_one_origin,
            port_limit=self._port_limit,
        )
        self._loop_lag_us = self._gc_us = 0
        self._send_lag = Histogram()
        self._cpu_ns = cpu
        return health

    def _collect(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began = perf_counter_ns()
        else:
            self._gc_us = max(self._gc_us, (perf_counter_ns() - self._gc_began) // 1000)


# Standard streams, the event loop's own, libraries. Counting them exactly would mean to list a folder every second.
_OTHER_FILES = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 16


def _ephemeral_ports() -> int:
    """How many connections to one address and port there can be; 0 where the system does not tell."""
    try:
        low, high = _PORTS.read_text().split()
    except (OSError, ValueError):
        return 0
    return int(high) - int(low) + 1
