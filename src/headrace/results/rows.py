"""How results are kept in the tables `ticks`, `intervals`, `counters`, `samples`, `examples`, `losses`, `thresholds` and
`results`."""

import zlib
from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import BigInteger, Connection, Float, delete, func, insert, literal, select

from headrace.plan.thresholds import Threshold
from headrace.results.errors import Errors
from headrace.results.instances import USER_LOAD
from headrace.results.strain import Strain, decode_strain, encode_strain
from headrace.results.summary import Summary
from headrace.results.timeline import Interval
from headrace.store.schema import counters, examples, intervals, losses, results, samples, thresholds, ticks
from headrace.ticks.tick import Example, Tick, decode_tick, encode_tick

_READ_AT_ONCE = 16

_example_encoder = msgspec.msgpack.Encoder()
_example_decoder = msgspec.msgpack.Decoder(list[Example])


def write_tick(connection: Connection, run_id: str, tick: Tick) -> None:
    """Keeps a second of the interval under way."""
    connection.execute(insert(ticks).values(run_id=run_id, second=tick.second, data=encode_tick(tick)))


def write_interval(connection: Connection, run_id: str, interval: Interval) -> None:
    """Keeps an interval that is over, in place of its seconds; a fixed number of statements however much was counted."""
    if interval.tick is not None:
        data = zlib.compress(encode_tick(interval.tick), 1)
        strain = None if interval.strain is None else encode_strain(interval.strain)
        connection.execute(insert(intervals).values(run_id=run_id, number=interval.number, data=data, strain=strain))
        connection.execute(delete(ticks).where(ticks.c.run_id == run_id, ticks.c.second <= interval.last_second))
    if interval.examples is not None:
        kept = zlib.compress(_example_encoder.encode(interval.examples), 1)
        connection.execute(delete(examples).where(examples.c.run_id == run_id))
        connection.execute(insert(examples).values(run_id=run_id, data=kept))
    if interval.new_counters:
        _write_counters(connection, run_id, interval)
    rows = [
        {
            "run_id": run_id,
            "counter_id": at.counter_id,
            "interval": interval.number,
            "raw": at.raw,
            "base": at.base,
            "elapsed_us": interval.elapsed_us,
            "value": at.value,
        }
        for at in interval.measurements
    ]
    connection.execute(insert(samples), rows)


def _write_counters(connection: Connection, run_id: str, interval: Interval) -> None:
    """Keeps new counters, which were zero in the intervals before."""
    last = connection.scalar(select(func.max(counters.c.position)).where(counters.c.run_id == run_id))
    first = 0 if last is None else last + 1
    rows = [
        {
            "run_id": run_id,
            "id": counter.id,
            "position": position,
            "category": counter.category,
            "name": counter.name,
            "instance": counter.instance,
            "machine": counter.machine,
        }
        for position, counter in enumerate(interval.new_counters, first)
    ]
    connection.execute(insert(counters), rows)
    before = (
        select(
            counters.c.run_id,
            counters.c.id,
            samples.c.interval,
            literal(0, BigInteger),
            literal(0, BigInteger),
            samples.c.elapsed_us,
            literal(0.0, Float),
        )
        .join_from(counters, samples, counters.c.run_id == samples.c.run_id)
        .where(counters.c.run_id == run_id, counters.c.position >= first)
        .where(samples.c.counter_id == USER_LOAD, samples.c.interval < interval.number)
    )
    connection.execute(insert(samples).from_select([column.name for column in samples.c], before))


def write_thresholds(connection: Connection, run_id: str, several: Sequence[Threshold]) -> None:
    """Keeps the thresholds that a run is judged by, so that it can be after a restart."""
    if several:
        connection.execute(insert(thresholds), [{"run_id": run_id, "data": msgspec.to_builtins(several)}])


def write_loss(connection: Connection, run_id: str, number: int, share: float) -> None:
    """Keeps that a load generator was lost, the run's `number`th (from 0), with this share of the planned load."""
    connection.execute(insert(losses).values(run_id=run_id, number=number, share=share))


def write_results(connection: Connection, run_id: str, summary: Summary, errors: Errors) -> None:
    """Keeps what a run came to; in place of what was kept before, where it is recovered again."""
    connection.execute(delete(results).where(results.c.run_id == run_id))
    row = {"run_id": run_id, "summary": msgspec.to_builtins(summary), "errors": msgspec.to_builtins(errors)}
    connection.execute(insert(results), [row])


def is_recorded(connection: Connection, run_id: str) -> bool:
    """Whether a recorder was ever opened for the run."""
    return connection.scalar(select(counters.c.id).where(counters.c.run_id == run_id).limit(1)) is not None


def read_intervals(connection: Connection, run_id: str) -> Iterator[tuple[int, Tick, Strain]]:
    """The intervals that are over, in order, few at a time in memory. Their ticks are without examples."""
    columns = (intervals.c.number, intervals.c.data, intervals.c.strain)
    wanted = select(*columns).where(intervals.c.run_id == run_id).order_by(intervals.c.number)
    for number, data, strain in connection.execute(wanted, execution_options={"yield_per": _READ_AT_ONCE}):
        yield number, decode_tick(zlib.decompress(data)), Strain() if strain is None else decode_strain(strain)


def read_examples(connection: Connection, run_id: str) -> list[Example]:
    """The examples of the intervals that are over."""
    kept = connection.scalar(select(examples.c.data).where(examples.c.run_id == run_id))
    return [] if kept is None else _example_decoder.decode(zlib.decompress(kept))


def read_losses(connection: Connection, run_id: str) -> list[float]:
    """The shares of the planned load that went with lost load generators, in the order of the losses."""
    return list(connection.scalars(select(losses.c.share).where(losses.c.run_id == run_id).order_by(losses.c.number)))


def read_thresholds(connection: Connection, run_id: str) -> tuple[Threshold, ...]:
    kept = connection.scalar(select(thresholds.c.data).where(thresholds.c.run_id == run_id))
    return () if kept is None else msgspec.convert(kept, tuple[Threshold, ...])


def read_ticks(connection: Connection, run_id: str) -> Iterator[Tick]:
    """The seconds that are in no interval yet, in order."""
    wanted = select(ticks.c.data).where(ticks.c.run_id == run_id).order_by(ticks.c.second)
    for data in connection.scalars(wanted, execution_options={"yield_per": _READ_AT_ONCE}):
        yield decode_tick(data)


def read_end_of_last_interval(connection: Connection, run_id: str) -> int:
    """When the last interval ended, in µs since the start of the load."""
    ends = select(func.max(samples.c.elapsed_us)).where(samples.c.run_id == run_id, samples.c.counter_id == USER_LOAD)
    return connection.scalar(ends) or 0


def read_summary(connection: Connection, run_id: str) -> Summary | None:
    kept = connection.scalar(select(results.c.summary).where(results.c.run_id == run_id))
    return None if kept is None else msgspec.convert(kept, Summary)


def read_errors(connection: Connection, run_id: str) -> Errors | None:
    kept = connection.scalar(select(results.c.errors).where(results.c.run_id == run_id))
    return None if kept is None else msgspec.convert(kept, Errors)
