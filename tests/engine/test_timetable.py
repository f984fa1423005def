"""Entries are called at their time, never before it, in their order."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from random import Random
from time import perf_counter_ns

import pytest

from headrace.engine import timetable as module
from headrace.engine.timetable import Timetable

pytestmark = pytest.mark.anyio

MS = 1_000_000


@pytest.fixture(params=["timerfd", "event loop"])
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's timer, or as on a system that has none."""
    if request.param == "event loop":
        monkeypatch.setattr(module._Timerfd, "make", classmethod(lambda kind: None))
    elif sys.platform != "linux":
        pytest.skip("timerfd is Linux's")


@pytest.fixture
async def timetable(clock: None) -> AsyncIterator[Timetable]:
    timetable = Timetable()
    yield timetable
    timetable.close()


class Calls:
    """What was called: (due, when)."""

    def __init__(self, wanted: int) -> None:
        self.all: list[tuple[int, int]] = []
        self._wanted = wanted
        self._enough = asyncio.Event()

    def __call__(self, due: int) -> None:
        self.all.append((due, perf_counter_ns()))
        if len(self.all) == self._wanted:
            self._enough.set()

    async def wait(self) -> None:
        async with asyncio.timeout(10):
            await self._enough.wait()

    @property
    def dues(self) -> list[int]:
        return [due for due, _ in self.all]


async def test_entries_are_called_in_the_order_of_their_times_and_never_before(timetable: Timetable) -> None:
    now = perf_counter_ns()
    random = Random(2)
    dues = [now + random.randrange(200 * MS) for _ in range(300)]
    calls = Calls(len(dues))
    for due in dues:
        timetable.at(due, calls)
    await calls.wait()
    assert calls.dues == sorted(dues)
    assert all(when >= due for due, when in calls.all)
    late = sorted(when - due for due, when in calls.all)
    assert late[150] < 20 * MS


async def test_what_is_due_already_is_called_soon_but_not_at_once(timetable: Timetable) -> None:
    calls = Calls(3)
    now = perf_counter_ns()
    for due in (now, now - 1000 * MS, 0):
        timetable.at(due, calls)
    assert calls.all == []
    await calls.wait()
    assert calls.dues == [0, now - 1000 * MS, now]


async def test_entries_of_the_same_time_are_called_as_they_were_made(timetable: Timetable) -> None:
    due = perf_counter_ns() + 20 * MS
    order: list[int] = []
    calls = Calls(1)
    for number in range(10):
        timetable.at(due, lambda due, number=number: order.append(number))  # type: ignore[misc]
    timetable.at(due, calls)
    await calls.wait()
    assert order == list(range(10))


async def test_an_entry_that_is_cancelled_is_not_called_and_delays_no_other(timetable: Timetable) -> None:
    calls, never = Calls(2), Calls(1)
    now = perf_counter_ns()
    first = timetable.at(now + 10 * MS, never)
    timetable.at(now + 20 * MS, calls)
    other = timetable.at(now + 30 * MS, never)
    timetable.at(now + 40 * MS, calls)
    first.cancel()
    other.cancel()
    first.cancel()
    await calls.wait()
    assert never.all == []


async def test_an_earlier_entry_does_not_wait_for_a_later_one(timetable: Timetable) -> None:
    calls, late = Calls(1), Calls(1)
    now = perf_counter_ns()
    timetable.at(now + 3600_000 * MS, late)
    timetable.at(now + 10 * MS, calls)
    await calls.wait()
    assert late.all == []


async def test_a_call_can_make_and_cancel_entries(timetable: Timetable) -> None:
    calls = Calls(50)
    never = Calls(1)

    def again(due: int) -> None:
        calls(due)
        mine.cancel()
        timetable.at(due + MS, again)

    start = perf_counter_ns() + 5 * MS
    mine = timetable.at(start + 3 * MS, never)
    timetable.at(start, again)
    await calls.wait()
    assert calls.dues[:50] == [start + number * MS for number in range(50)]
    assert never.all == []


async def test_pauses_end_together_up_to_a_millisecond_later(timetable: Timetable) -> None:
    calls = Calls(100)
    now = perf_counter_ns() + 5 * MS
    wanted = [now + number * 13_337 for number in range(100)]
    for due in wanted:
        timetable.soon_after(due, calls)
    await calls.wait()
    assert all(due % MS == 0 for due in calls.dues)
    assert all(0 <= due - wish < MS for due, wish in zip(calls.dues, wanted, strict=True))
    assert len(set(calls.dues)) <= 3  # 1.3 ms of them


async def test_an_error_in_a_call_is_told_and_the_rest_are_called(timetable: Timetable) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context.get("exception")))
    calls = Calls(2)

    def fail(due: int) -> None:
        raise IndexError("a fault")

    now = perf_counter_ns()
    timetable.at(now + 5 * MS, fail)
    timetable.at(now + 5 * MS, calls)
    timetable.at(now + 15 * MS, calls)
    await calls.wait()
    assert [type(error) for error in told] == [IndexError]


async def test_after_the_close_nothing_is_called_and_nothing_is_left_open(clock: None) -> None:
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    never = Calls(1)
    for _ in range(3):
        timetable = Timetable()
        timetable.at(perf_counter_ns() + 5 * MS, never)
        timetable.close()
        timetable.close()
    await asyncio.sleep(0.05)
    assert never.all == []
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) <= before
