"""The counters of agents' machines: those of Windows that a Visual Studio load test watches, as far as Linux has their like.

They have no total over their instances: what `_Total` is of processors, the agent has measured (reference:
visual-studio-formats, section 7.2).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from headrace.results.counters import Counter, CounterKind
from headrace.ticks.machine import Interface, Machine, Memory, Processor

_MBYTE = 1024 * 1024

_PROCESSOR, _MEMORY, _INTERFACE = "Processor", "Memory", "Network Interface"
_FRACTION, _RATE, _ITEMS = CounterKind.SAMPLE_FRACTION, CounterKind.RATE, CounterKind.NUMBER_OF_ITEMS


def _processor_time(processor: Processor) -> int:
    return processor.total_us


PROCESSOR_COUNTERS: tuple[Counter[Processor], ...] = (
    Counter(_PROCESSOR, "% Processor Time", "%", _FRACTION, lambda at: at.total_us - at.idle_us, _processor_time),
    Counter(_PROCESSOR, "% User Time", "%", _FRACTION, lambda at: at.user_us, _processor_time),
    Counter(_PROCESSOR, "% Privileged Time", "%", _FRACTION, lambda at: at.system_us, _processor_time),
)

MEMORY_COUNTERS: tuple[Counter[Memory], ...] = (
    Counter(_MEMORY, "Available MBytes", "MBytes", _ITEMS, lambda memory: memory.available // _MBYTE),
    # Of RAM and swap together; Linux promises programs more than both, so what is committed there says little.
    Counter(
        _MEMORY,
        "% Committed Bytes In Use",
        "%",
        CounterKind.RAW_FRACTION,
        lambda memory: memory.used,
        lambda memory: memory.size,
    ),
)

INTERFACE_COUNTERS: tuple[Counter[Interface], ...] = (
    Counter(_INTERFACE, "Bytes Total/sec", "bytes/sec", _RATE, lambda at: at.sent_bytes + at.received_bytes),
    Counter(_INTERFACE, "Bytes Sent/sec", "bytes/sec", _RATE, lambda at: at.sent_bytes),
    Counter(_INTERFACE, "Bytes Received/sec", "bytes/sec", _RATE, lambda at: at.received_bytes),
)

# Of interfaces that say how fast they are.
BANDWIDTH_COUNTERS: tuple[Counter[Interface], ...] = (
    Counter(_INTERFACE, "Current Bandwidth", "bits/sec", _ITEMS, lambda at: at.bandwidth),
)

MACHINE_COUNTERS: Mapping[tuple[str, str], Counter[Any]] = {
    (counter.category, counter.name): counter
    for table in (PROCESSOR_COUNTERS, MEMORY_COUNTERS, INTERFACE_COUNTERS, BANDWIDTH_COUNTERS)
    for counter in table
}
"""Every counter of a machine by category and name."""


class Part(NamedTuple):
    """A part of a machine, under the name of its instance, with the counters that read it."""

    counters: tuple[Counter[Any], ...]
    instance: str
    stats: Any


def parts_of(machine: Machine) -> Iterator[Part]:
    """All that is known of a machine; memory has no name."""
    for name, processor in machine.processors.items():
        yield Part(PROCESSOR_COUNTERS, name, processor)
    if machine.memory.size:
        yield Part(MEMORY_COUNTERS, "", machine.memory)
    for name, interface in machine.interfaces.items():
        yield Part(INTERFACE_COUNTERS, name, interface)
        if interface.bandwidth:
            yield Part(BANDWIDTH_COUNTERS, name, interface)
