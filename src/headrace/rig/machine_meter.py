"""Measures the machine of an agent, as the operating system tells it: of the whole machine, not of a container on it."""

from typing import Any

import psutil

from headrace.ticks.machine import ALL_PROCESSORS, Interface, Machine, Memory, Processor

MOST_INTERFACES = 16
_US = 1_000_000


class MachineMeter:
    """Tells what happened on this machine between two looks. The interfaces are those that are up when it is made."""

    def __init__(self) -> None:
        self._bandwidths = _interfaces()
        self._processors = _processors()
        self._traffic = _traffic()

    def read(self) -> Machine:
        """The time since the meter was made or last read. Takes under a millisecond."""
        before, self._processors = self._processors, _processors()
        traffic, self._traffic = self._traffic, _traffic()
        machine = Machine(memory=_memory())
        every = machine.processors[ALL_PROCESSORS] = Processor()
        for number, (now, earlier) in enumerate(zip(self._processors, before, strict=False)):
            passed = machine.processors[str(number)] = _passed(earlier, now)
            every.add(passed)
        for name, bandwidth in self._bandwidths.items():
            if name in traffic and name in self._traffic:
                sent, received = (max(0, now - then) for now, then in zip(self._traffic[name], traffic[name], strict=True))
                machine.interfaces[name] = Interface(sent, received, bandwidth)
        return machine


def _processors() -> list[Processor]:
    """The time of each core since the machine was started."""
    return [_processor(times) for times in psutil.cpu_times(percpu=True)]


def _processor(times: Any) -> Processor:
    """Which times there are depends on the system; those of guests are in `user` and `nice` already."""
    seconds = {name: value for name, value in times._asdict().items() if name not in ("guest", "guest_nice")}
    idle = seconds["idle"] + seconds.get("iowait", 0.0)
    user = seconds["user"] + seconds.get("nice", 0.0)
    system = seconds["system"] + seconds.get("irq", 0.0) + seconds.get("softirq", 0.0)
    return Processor(*(round(part * _US) for part in (sum(seconds.values()), idle, user, system)))


def _passed(before: Processor, now: Processor) -> Processor:
    """The kernel lets some of its times go back a little."""
    idle = max(0, now.idle_us - before.idle_us)
    user = max(0, now.user_us - before.user_us)
    system = max(0, now.system_us - before.system_us)
    return Processor(max(now.total_us - before.total_us, idle + user + system), idle, user, system)


def _memory() -> Memory:
    ram, swap = psutil.virtual_memory(), psutil.swap_memory()
    return Memory(ram.total + swap.total, ram.total - ram.available + swap.used, ram.available, ram.available)


def _interfaces() -> dict[str, int]:
    """The bandwidth of each interface that is up, but the loopback, in bits a second; none where a container hides them."""
    try:
        every = sorted(psutil.net_if_stats().items())
    except OSError:
        return {}
    up = [(name, stats) for name, stats in every if stats.isup and "loopback" not in stats.flags.split(",")]
    return {name: max(0, stats.speed) * 1_000_000 for name, stats in up[:MOST_INTERFACES]}


def _traffic() -> dict[str, tuple[int, int]]:
    """Bytes sent and received by each interface since the machine was started."""
    try:
        every = psutil.net_io_counters(pernic=True, nowrap=True)
    except OSError:
        return {}
    return {name: (at.bytes_sent, at.bytes_recv) for name, at in every.items()}
