"""rig/machine_meter.py, on this machine and on invented ones."""

from collections import namedtuple
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from headrace.rig.machine_meter import MOST_INTERFACES, MachineMeter
from headrace.ticks.machine import Interface, Machine, Memory, Processor

LinuxTimes = namedtuple("LinuxTimes", "user nice system idle iowait irq softirq steal guest guest_nice")
OtherTimes = namedtuple("OtherTimes", "user nice system idle")


def linux(idle: float = 0.0, **times: float) -> LinuxTimes:
    return LinuxTimes(**{**dict.fromkeys(LinuxTimes._fields, 0.0), "idle": idle, **times})


def between(monkeypatch: pytest.MonkeyPatch, earlier: list[Any], later: list[Any]) -> dict[str, Processor]:
    """What a meter says of processors that showed `earlier` times when it was made and `later` ones when it was read."""
    looks = iter([earlier, later])
    monkeypatch.setattr(psutil, "cpu_times", lambda percpu: next(looks))
    return MachineMeter().read().processors


def test_this_machine_has_time_memory_and_a_core_for_each_it_says() -> None:
    meter = MachineMeter()
    deadline = 0
    while (machine := meter.read()).processors["_Total"].total_us == 0:
        deadline += 1
        assert deadline < 1_000_000
    total = machine.processors["_Total"]
    assert len(machine.processors) == 1 + len(psutil.cpu_times(percpu=True))
    assert 0 <= total.idle_us + total.user_us + total.system_us <= total.total_us
    assert 0 < machine.memory.available == machine.memory.least_available < machine.memory.size
    assert "lo" not in machine.interfaces


def test_a_busy_core_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    found = between(monkeypatch, [linux(10), linux(20)], [linux(10, user=0.75, system=0.25), linux(21)])
    assert found == {
        "_Total": Processor(2_000_000, 1_000_000, 750_000, 250_000),
        "0": Processor(1_000_000, 0, 750_000, 250_000),
        "1": Processor(1_000_000, 1_000_000, 0, 0),
    }


def test_waiting_for_disks_is_idle_and_guests_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {
        "user": 3.0,
        "guest": 2.0,
        "nice": 1.0,
        "guest_nice": 1.0,
        "iowait": 1.0,
        "irq": 1.0,
        "softirq": 1.0,
        "steal": 1.0,
    }
    found = between(monkeypatch, [linux()], [linux(2.0, **times)])
    assert found["0"] == Processor(10_000_000, 3_000_000, 4_000_000, 2_000_000)


def test_a_time_that_went_back_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found = between(monkeypatch, [linux(10, iowait=1.0)], [linux(10, user=0.5)])
    assert found["0"] == Processor(500_000, 0, 500_000, 0)


def test_systems_with_fewer_kinds_of_time_are_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = between(monkeypatch, [OtherTimes(1, 0, 1, 1)], [OtherTimes(2, 0, 1, 2)])
    assert found["0"] == Processor(2_000_000, 1_000_000, 1_000_000, 0)


def test_memory_is_ram_and_swap_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=1000, available=600))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(total=500, used=100))
    assert MachineMeter().read().memory == Memory(size=1500, used=500, available=600, least_available=600)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Machine]:
    """What a meter says of interfaces (up, flags, Mbit/s) of which the traffic was `earlier` and is `later`."""

    def read(
        interfaces: dict[str, tuple[bool, str, int]], earlier: dict[str, tuple[int, int]], later: dict[str, tuple[int, int]]
    ) -> Machine:
        stats = {name: SimpleNamespace(isup=up, flags=flags, speed=speed) for name, (up, flags, speed) in interfaces.items()}
        looks = iter([earlier, later])

        def traffic(**_: bool) -> dict[str, SimpleNamespace]:
            return {name: SimpleNamespace(bytes_sent=sent, bytes_recv=got) for name, (sent, got) in next(looks).items()}

        monkeypatch.setattr(psutil, "net_if_stats", lambda: stats)
        monkeypatch.setattr(psutil, "net_io_counters", traffic)
        return MachineMeter().read()

    return read


def test_interfaces_that_are_up_show_their_traffic_but_the_loopback(network: Callable[..., Machine]) -> None:
    interfaces = {"lo": (True, "up,loopback", 0), "eth0": (True, "up,broadcast", 1000), "eth1": (False, "broadcast", 10)}
    before = {"lo": (1, 1), "eth0": (100, 200), "eth1": (0, 0)}
    now = {"lo": (9, 9), "eth0": (150, 260), "eth1": (0, 0)}
    assert network(interfaces, before, now).interfaces == {"eth0": Interface(50, 60, 1_000_000_000)}


def test_an_interface_that_goes_away_or_starts_again_does_no_harm(network: Callable[..., Machine]) -> None:
    interfaces = {"eth0": (True, "up", 0), "eth1": (True, "up", -1)}
    before = {"eth0": (100, 100), "eth1": (100, 100)}
    assert network(interfaces, before, {"eth1": (3, 170)}).interfaces == {"eth1": Interface(0, 70, 0)}


def test_interfaces_are_bounded(network: Callable[..., Machine]) -> None:
    names = [f"veth{number:03}" for number in range(100)]
    traffic = dict.fromkeys(names, (1, 1))
    found = network(dict.fromkeys(names, (True, "up", 0)), traffic, traffic).interfaces
    assert list(found) == names[:MOST_INTERFACES]


def test_a_container_that_hides_its_network_is_measured_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(**_: bool) -> None:
        raise FileNotFoundError("/proc/net/dev")

    monkeypatch.setattr(psutil, "net_if_stats", hidden)
    monkeypatch.setattr(psutil, "net_io_counters", hidden)
    machine = MachineMeter().read()
    assert machine.interfaces == {}
    assert machine.memory.size > 0
