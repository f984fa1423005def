"""The real engine process: `python -m headrace.engine`, as an agent talks to it."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, time

import msgspec
import pytest

from headrace.plan.model import Plan
from headrace.plan.segment import Segment
from headrace.plan.steps import Choose
from headrace.ticks.frames import Done, Failed, Measured, Order, Prepare, Ready, Report, Start, Stop, pack, read_report
from tests.engine.running import ONCE, Outcome, plan, until
from tests.engine.target import Target, send

pytestmark = pytest.mark.anyio

SOON = 2.0


class Engine:
    """An engine process and both ends of its pipes."""

    def __init__(self, process: Process) -> None:
        self.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdin, self.stdout, self.stderr = process.stdin, process.stdout, process.stderr

    def order(self, order: Order) -> None:
        self.stdin.write(pack(order))

    async def report(self) -> Report | None:
        return await asyncio.wait_for(read_report(self.stdout), 10.0)

    async def ready(self, plan: Plan, segment: Segment | None = None) -> None:
        self.order(Prepare(plan, segment or Segment(0, 1)))
        assert await self.report() == Ready()

    async def started(self, plan: Plan, target: Target) -> None:
        await self.ready(plan)
        self.order(Start(time()))
        await until(lambda: target.seen)

    async def rest(self) -> list[Report]:
        """All reports to the end of the output."""
        reports = []
        while (report := await self.report()) is not None:
            reports.append(report)
        return reports

    async def ended(self) -> int:
        """The exit code, which must come soon."""
        return await asyncio.wait_for(self.process.wait(), SOON)


@asynccontextmanager
async def an_engine(*before: str) -> AsyncIterator[Engine]:
    command = (*before, sys.executable, "-m", "headrace.engine")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        yield Engine(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def ticks(reports: list[Report]) -> Outcome:
    return Outcome([report.tick for report in reports if isinstance(report, Measured)])


async def test_an_engine_is_ready_measures_each_second_and_is_done() -> None:
    async with Target() as target, an_engine() as engine:
        await engine.ready(plan(target.url(), users=20, warm_up=0.5, duration=1.2))
        begun = time() + 0.1
        engine.order(Start(begun))
        reports = await engine.rest()
        assert time() - begun < 8.0
        assert reports[-1] == Done()
        outcome = ticks(reports)
        assert len(reports) == 4
        assert [tick.second for tick in outcome.ticks] == [-1, 0, 1]
        assert outcome.ticks[0].requests == {}  # though its end is noticed a moment late
        assert 0 < outcome.requests.passed < len(target.seen)
        assert await engine.ended() == 0
        assert await engine.stderr.read() == b""


async def test_an_engine_runs_its_segment_only() -> None:
    async with Target() as target, an_engine() as engine:
        await engine.ready(plan(target.url(), users=10, duration=0.3, think_time=ONCE), Segment(1, 3))
        engine.order(Start(time()))
        assert ticks(await engine.rest()).requests.passed == len(target.seen) == 3


async def test_a_stop_ends_the_load_soon_whatever_the_target_does() -> None:
    async with Target({"/": send(then="silence")}) as target, an_engine() as engine:
        await engine.started(plan(target.url(), users=5, duration=600.0), target)
        engine.order(Stop(0.3))
        reports = await asyncio.wait_for(engine.rest(), SOON)
        assert reports[-1] == Done()
        assert ticks(reports).requests.failed == len(target.seen) == 5
        assert await engine.ended() == 0


async def test_an_engine_ends_soon_when_its_agent_is_gone() -> None:
    """Its agent's end of the pipes is closed by the operating system then."""
    async with Target() as target, an_engine() as engine:
        await engine.started(plan(target.url(), users=5, duration=600.0), target)
        engine.stdin.close()
        reports = await asyncio.wait_for(engine.rest(), SOON)
        assert await engine.ended() == 0
        # even then what was measured is told, to whoever still reads
        assert ticks(reports).requests.total + ticks(reports).whole.abandoned == len(target.seen)
        await until(lambda: target.open == 0)


async def test_an_engine_ends_soon_when_its_agent_is_gone_while_last_answers_are_waited_for() -> None:
    async with Target({"/": send(then="silence")}) as target, an_engine() as engine:
        await engine.started(plan(target.url(), duration=0.2), target)
        await asyncio.sleep(0.5)
        engine.stdin.close()
        assert await engine.ended() == 0


async def test_an_engine_ends_soon_when_nobody_reads_its_reports() -> None:
    reading, writing = os.pipe()
    async with Target() as target:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "headrace.engine", stdin=PIPE, stdout=writing, stderr=PIPE
        )
        os.close(writing)
        try:
            assert process.stdin is not None
            process.stdin.write(pack(Prepare(plan(target.url(), duration=600.0), Segment(0, 1))) + pack(Start(time())))
            await until(lambda: target.seen, 10.0)
            os.close(reading)
            assert await asyncio.wait_for(process.wait(), 1.0 + SOON) == 0  # it notices with the next second's report
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def test_an_engine_that_is_never_started_ends_when_told_or_left() -> None:
    async with an_engine() as first, an_engine() as second, an_engine() as third:
        a_plan = plan("http://127.0.0.1:1/")
        await asyncio.gather(first.ready(a_plan), second.ready(a_plan))
        first.order(Stop())
        second.stdin.close()
        third.stdin.close()
        assert await first.rest() == await second.rest() == [Done()]
        assert await third.rest() == []
        assert [await engine.ended() for engine in (first, second, third)] == [0, 0, 0]


@pytest.mark.parametrize(
    "orders",
    [b"\x00\x00\x00\x03abc", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", pack(Start(0.0)), pack(Stop()), pack(Done())],
    ids=["nonsense", "too long", "a request", "start first", "stop first", "a report"],
)
async def test_orders_that_are_none_end_an_engine_before_it_begins(orders: bytes) -> None:
    async with an_engine() as engine:
        engine.stdin.write(orders)
        reports = await engine.rest()
        code = await engine.ended()
        told = (await engine.stderr.read()).decode()
        assert reports == [Failed("the first order must be to prepare")] if code == 0 else reports == []
        assert code == 0 or "DecodeError" in told or "ValidationError" in told


async def test_nonsense_while_it_runs_ends_the_load() -> None:
    async with Target() as target, an_engine() as engine:
        await engine.started(plan(target.url(), duration=600.0), target)
        engine.stdin.write(b"\x00\x00\x00\x01\xc1")
        reports = await asyncio.wait_for(engine.rest(), SOON)
        assert reports[-1] == Done()
        assert await engine.ended() == 0


async def test_a_plan_that_cannot_be_executed_is_refused_with_the_reason() -> None:
    async with an_engine() as engine:
        engine.order(Prepare(plan("ftp://shop.test/"), Segment(0, 1)))
        (report,) = await engine.rest()
        assert isinstance(report, Failed)
        assert "neither an http://" in report.reason


async def test_an_error_of_the_engine_itself_is_told_and_no_end_is_pretended() -> None:
    async with an_engine() as engine:
        await engine.ready(plan(Choose(()), duration=600.0))  # a choice of nothing, which no check lets pass
        engine.order(Start(time()))
        reports = await engine.rest()
        assert Done() not in reports
        assert await engine.ended() == 1
        assert (await engine.stderr.read()).decode().strip().splitlines()[-1].startswith("IndexError")


async def test_an_interrupt_is_the_agents_to_handle() -> None:
    async with Target() as target, an_engine() as engine:
        await engine.started(plan(target.url(), duration=0.8), target)
        for _ in range(3):
            engine.process.send_signal(signal.SIGINT)
        begun = monotonic()
        reports = await engine.rest()
        assert monotonic() - begun > 0.3
        assert reports[-1] == Done()
        assert ticks(reports).requests.total == len(target.seen)


async def test_what_is_printed_does_not_get_between_the_reports() -> None:
    async with an_engine() as engine:
        await engine.ready(plan("http://127.0.0.1:1/", duration=0.2))
        engine.order(Start(time()))
        reports = await engine.rest()
        assert [type(report) for report in reports] == [Measured, Done]
        assert msgspec.msgpack.encode(reports[-1])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a process another name server")
async def test_a_name_server_that_does_not_answer_does_not_delay_the_end(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.99\n")
    command = f'mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && exec "$@"'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.99", 53))
        silent.setblocking(False)
        async with an_engine("unshare", "--mount", "sh", "-c", command, "sh") as engine:
            await engine.ready(plan("http://shop.example.com/", duration=600.0))
            engine.order(Start(time()))
            await asyncio.wait_for(asyncio.get_running_loop().sock_recv(silent, 1000), 5.0)  # it is asked
            engine.order(Stop(0.2))
            reports = await engine.rest()
            assert reports[-1] == Done()
            assert ticks(reports).whole.abandoned == 1  # wanted, and never sent
            assert await engine.ended() == 0
