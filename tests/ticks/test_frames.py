"""Messages between an agent and its engines."""

import asyncio
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.browsers import DEFAULT
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Plan, Scenario, Test, TestShare, Tls
from headrace.plan.requests import Page, Request
from headrace.plan.segment import Segment
from headrace.plan.steps import Think, Transaction
from headrace.plan.targets import TargetRule
from headrace.ticks.frames import (
    LARGEST,
    Done,
    Failed,
    Measured,
    Order,
    Prepare,
    Ready,
    Report,
    Start,
    Stop,
    pack,
    read_order,
    read_report,
)
from tests.ticks.strategies import ticks

HOME = Page(Request("http://site/", name="home"), (Request("http://site/a.css", name="css"),))
PLAN = Plan(
    "plan",
    (Test("test", (Transaction("buy", (HOME, Think(0.5))),)),),
    (Scenario("Scenario1", (TestShare("test"),), Constant(7), (BrowserShare(DEFAULT, 60.5),), think_time=0.25),),
    duration=30.0,
    warm_up=5.0,
    sampling_interval=5,
    request_timeout=12.5,
    max_redirects=3,
    tls=Tls(verify=False),
    targets=TargetRule(allow=("*.site",), deny=("10.0.0.0/8",)),
)
_times = st.floats(allow_nan=False, allow_infinity=False)
orders = st.one_of(st.just(Prepare(PLAN, Segment(1, 3))), st.builds(Start, _times), st.builds(Stop, _times))
reports = st.one_of(st.just(Ready()), st.just(Done()), st.builds(Failed, st.text()), st.builds(Measured, ticks(second=3)))


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def all_orders(data: bytes) -> list[Order]:
    reader, found = reader_of(data), []
    while (order := await read_order(reader)) is not None:
        found.append(order)
    return found


async def all_reports(data: bytes) -> list[Report]:
    reader, found = reader_of(data), []
    while (report := await read_report(reader)) is not None:
        found.append(report)
    return found


@given(st.lists(orders, max_size=4))
def test_orders_arrive_as_they_were_sent(sent: list[Order]) -> None:
    assert asyncio.run(all_orders(b"".join(map(pack, sent)))) == sent


@given(st.lists(reports, max_size=4))
def test_reports_arrive_as_they_were_sent(sent: list[Report]) -> None:
    assert asyncio.run(all_reports(b"".join(map(pack, sent)))) == sent


@given(st.data())
def test_a_frame_that_was_cut_off_is_the_end(data: st.DataObject) -> None:
    whole = pack(Failed("some reason"))
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert asyncio.run(all_reports(pack(Ready()) + whole[:cut])) == [Ready()]


@given(st.binary(max_size=100))
def test_bytes_that_are_no_message_are_refused_and_raise_nothing_else(data: bytes) -> None:
    for read in (all_orders, all_reports):
        for sent in (data, struct.pack("!I", len(data)) + data):
            try:
                asyncio.run(read(sent))
            except msgspec.MsgspecError:
                continue


def test_an_order_is_no_report_and_the_other_way_round() -> None:
    with pytest.raises(msgspec.ValidationError):
        asyncio.run(all_reports(pack(Stop())))
    with pytest.raises(msgspec.ValidationError):
        asyncio.run(all_orders(pack(Done())))


def test_values_that_may_not_be_are_refused_when_they_arrive() -> None:
    frame = pack(Prepare(PLAN, Segment(0, 1)))
    segment = msgspec.msgpack.encode(Segment(0, 1))
    assert frame.count(segment) == 1
    impossible = frame.replace(segment, segment.replace(b"\xa5index\x00", b"\xa5index\x01"))
    with pytest.raises(msgspec.ValidationError, match="segment 1 of 1"):
        asyncio.run(all_orders(impossible))


def test_a_frame_over_the_bound_is_refused_before_it_is_read() -> None:
    with pytest.raises(msgspec.DecodeError, match="over the bound"):
        asyncio.run(all_reports(struct.pack("!I", LARGEST + 1)))
