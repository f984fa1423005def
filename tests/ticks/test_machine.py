"""ticks/machine.py: seconds of a machine add up."""

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from headrace.ticks.machine import Interface, Machine, Memory, Processor
from headrace.ticks.tick import Tick, decode_tick, encode_tick

_few = st.integers(0, 9)
processors = st.builds(Processor, _few, _few, _few, _few)
# As a meter makes them: what is known has a size, and the least of a second is that second's.
memories = st.builds(lambda used, free: Memory(used + free + 1, used, free, free), _few, _few) | st.just(Memory())
machines = st.builds(
    Machine,
    st.dictionaries(st.sampled_from(["_Total", "0", "1"]), processors),
    memories,
    st.dictionaries(st.sampled_from(["eth0", "eth1"]), st.builds(Interface, _few, _few, _few)),
)


def added(*seconds: Machine) -> Machine:
    whole = Machine()
    for second in seconds:
        whole.add_later(second)
    return whole


@given(machines, machines, machines)
def test_seconds_add_up_in_any_grouping(one: Machine, two: Machine, three: Machine) -> None:
    assert added(added(one, two), three) == added(one, added(two, three))


@given(machines, machines)
def test_adding_leaves_the_added_second_as_it_was(one: Machine, two: Machine) -> None:
    before = deepcopy(two)
    added(one, two, one)
    assert two == before


def test_time_and_traffic_are_added_up_and_memory_is_that_of_the_last() -> None:
    one = Machine({"0": Processor(100, 40, 50, 10)}, Memory(1000, 800, 200, 200), {"eth0": Interface(5, 7, 1000)})
    two = Machine({"0": Processor(100, 90, 5, 5)}, Memory(1000, 700, 300, 300), {"eth0": Interface(1, 2, 1000)})
    assert added(one, two) == Machine(
        {"0": Processor(200, 130, 55, 15)}, Memory(1000, 700, 300, 200), {"eth0": Interface(6, 9, 1000)}
    )


def test_a_tick_brings_its_machines_and_adds_them_up_by_their_names() -> None:
    def tick(second: int, machine: str) -> Tick:
        return Tick(second, second + 1.0, machines={machine: Machine({"0": Processor(10, 1, 2, 3)})})

    whole = tick(0, "Agent0")
    whole.add_engine(tick(0, "Agent1"))
    whole.add_later(tick(1, "Agent1"))
    assert {name: machine.processors["0"].total_us for name, machine in whole.machines.items()} == {
        "Agent0": 10,
        "Agent1": 20,
    }
    assert decode_tick(encode_tick(whole)) == whole
