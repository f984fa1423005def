"""How the machine of an agent fared: what its processors, its memory and its network did, in a form that adds up.

An agent measures its machine each second, whatever else runs on it; its engines know nothing of that.
"""

from dataclasses import dataclass, field

ALL_PROCESSORS = "_Total"
"""The name under which a machine's processors are together."""


@dataclass(slots=True)
class Processor:
    """The time of one core, or of all added up, in µs: `idle_us` of it for nothing or for disks, `user_us` for programs,
    `system_us` for the system on their behalf. What is missing another machine had, on the same hardware."""

    total_us: int = 0
    idle_us: int = 0
    user_us: int = 0
    system_us: int = 0

    def add(self, other: "Processor") -> None:
        self.total_us += other.total_us
        self.idle_us += other.idle_us
        self.user_us += other.user_us
        self.system_us += other.system_us


@dataclass(slots=True)
class Memory:
    """Bytes at the end of the second. RAM and swap have `size` together (0: not known), of which `used` are in use.

    `available` can be had without swapping; `least_available` is the least that there was.
    """

    size: int = 0
    used: int = 0
    available: int = 0
    least_available: int = 0

    def add_later(self, later: "Memory") -> None:
        if not later.size:
            return
        least = later.least_available
        self.least_available = min(self.least_available, least) if self.size else least
        self.size, self.used, self.available = later.size, later.used, later.available


@dataclass(slots=True)
class Interface:
    """What went through a network interface. `bandwidth` is bits a second (0: not known)."""

    sent_bytes: int = 0
    received_bytes: int = 0
    bandwidth: int = 0

    def add_later(self, later: "Interface") -> None:
        self.sent_bytes += later.sent_bytes
        self.received_bytes += later.received_bytes
        self.bandwidth = later.bandwidth


@dataclass(slots=True)
class Machine:
    """One second of a machine, or several added up: processors by `0`, `1`, ... and ALL_PROCESSORS, interfaces by name."""

    processors: dict[str, Processor] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    interfaces: dict[str, Interface] = field(default_factory=dict)

    def add_later(self, later: "Machine") -> None:
        """Adds a later second."""
        for name, processor in later.processors.items():
            self.processors.setdefault(name, Processor()).add(processor)
        self.memory.add_later(later.memory)
        for name, interface in later.interfaces.items():
            self.interfaces.setdefault(name, Interface()).add_later(interface)
