"""Reads the results of runs: of those under way in this process from their recorders, of all others from the database."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, ScalarSelect, func, select

from headrace.plan.model import Plan
from headrace.plan.thresholds import Threshold
from headrace.plan.writers.masked import masked
from headrace.plan.writers.plan_yaml import write_plan
from headrace.results.counters import COUNTERS, TICKS_PER_US, CounterKind
from headrace.results.errors import Errors
from headrace.results.instances import CounterInstance, CounterSummary
from headrace.results.machine_counters import MACHINE_COUNTERS
from headrace.results.recorder import Recorder, Second
from headrace.results.rows import (
    is_recorded,
    read_errors,
    read_examples,
    read_intervals,
    read_summary,
    read_thresholds,
    read_ticks,
)
from headrace.results.summary import Summary
from headrace.results.verdict import Verdict
from headrace.store.database import reading, writing
from headrace.store.schema import counters, plans, samples
from headrace.ticks.tick import Example, Load, Tick, choose_examples

_LARGEST = 2**31 - 1  # counter ids and interval numbers are 32-bit
_FEW = 1000
_EVERY = {**COUNTERS, **MACHINE_COUNTERS}


@dataclass(frozen=True, slots=True)
class Sample:
    """A counter at the end of an interval: `raw` and `base` since the start, `value` over the interval.

    `timestamp` is when the interval ended, in ticks of `counters.FREQUENCY` since the start of the load.
    """

    interval: int
    kind: CounterKind
    raw: int
    base: int
    timestamp: int
    value: float


class Results:
    """The results of all runs. A run that has none has an empty summary, no errors, no counters and no samples."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._live: dict[str, Recorder] = {}

    def attach(self, recorder: Recorder) -> None:
        """Answers for this run from its recorder from now on."""
        self._live[recorder.run_id] = recorder

    def detach(self, run_id: str) -> None:
        """Answers for this run from the database again; its recorder should be closed by then."""
        self._live.pop(run_id, None)

    def summary(self, run_id: str) -> Summary:
        recorder = self._live.get(run_id)
        if recorder is not None:
            return recorder.summary()
        with reading(self._database) as connection:
            return read_summary(connection, run_id) or Summary()

    def verdict(self, run_id: str) -> Verdict | None:
        """Whether the numbers of the run can be trusted: so far, or in the end. None where nothing was measured."""
        return self.summary(run_id).verdict

    def examples(self, run_id: str) -> list[Example]:
        """The requests of the run that are kept as examples: the failed ones, then the slowest."""
        recorder = self._live.get(run_id)
        if recorder is not None:
            return recorder.examples()
        with reading(self._database) as connection:
            waiting = [example for tick in read_ticks(connection, run_id) for example in tick.examples]
            return choose_examples([*read_examples(connection, run_id), *waiting])

    def errors(self, run_id: str, kind: str | None = None, subkind: str | None = None) -> Errors:
        """The error tree, or the part of it under one type and sub-type (in any case)."""
        recorder = self._live.get(run_id)
        if recorder is not None:
            return recorder.errors().only(kind, subkind)
        with reading(self._database) as connection:
            return (read_errors(connection, run_id) or Errors()).only(kind, subkind)

    def history(self, run_id: str) -> list[Second]:
        """The last seconds of a run under way in this process; of others none."""
        recorder = self._live.get(run_id)
        return recorder.history() if recorder is not None else []

    def load(self, run_id: str) -> dict[str, Load]:
        """The users of each scenario of a run under way in this process, warm-up included; of others none."""
        recorder = self._live.get(run_id)
        return recorder.load() if recorder is not None else {}

    def counters(
        self, run_id: str, groups: Collection[str] | None = None, *, summarize: bool = False
    ) -> list[CounterInstance]:
        """The counter instances of a run, or those in any of these groups (in any case); the totals come first.

        With `summarize`, each has the average, least and most of its values, interval 0 left out: it is the start.
        """
        wanted = None if groups is None else {group.casefold() for group in groups}
        rows = select(counters).where(counters.c.run_id == run_id).order_by(counters.c.position)
        with reading(self._database) as connection:
            found = [
                CounterInstance(
                    row.id, row.category, row.name, row.instance, counter.unit, counter.kind, machine=row.machine
                )
                for row in connection.execute(rows)
                for counter in (_EVERY[row.category, row.name],)
            ]
            if wanted is not None:
                found = [counter for counter in found if any(group.casefold() in wanted for group in counter.groups)]
            if not summarize:
                return found
            summaries = _summaries(connection, run_id, [counter.id for counter in found])
        return [replace(counter, summary=summaries.get(counter.id, CounterSummary(0.0, 0.0, 0.0))) for counter in found]

    def samples(
        self, run_id: str, counter_id: int, first: int = 0, last: int = -1, limit: int | None = None
    ) -> list[Sample]:
        """The samples of a counter from interval `first` to interval `last`, both included; -1 is the last there is.

        At most `limit`, the earliest; the rest is had by asking again from the interval after. None where there is no such
        counter.
        """
        if not -_LARGEST - 1 <= counter_id <= _LARGEST or first > _LARGEST:
            return []
        columns = samples.c
        wanted = (
            select(columns.interval, columns.raw, columns.base, columns.elapsed_us, columns.value)
            .where(columns.run_id == run_id, columns.counter_id == counter_id)
            .order_by(columns.interval)
        )
        which = select(counters.c.category, counters.c.name).where(counters.c.run_id == run_id, counters.c.id == counter_id)
        with reading(self._database) as connection:
            counter = connection.execute(which).first()
            if counter is None:
                return []
            if first < 0:
                wanted = wanted.where(samples.c.interval == _last_interval(run_id, counter_id))
            else:
                wanted = wanted.where(samples.c.interval >= first)
            if last >= 0:
                wanted = wanted.where(samples.c.interval <= min(last, _LARGEST))
            kind = _EVERY[counter.category, counter.name].kind
            return [
                Sample(interval, kind, raw, base, elapsed_us * TICKS_PER_US, value)
                for interval, raw, base, elapsed_us, value in connection.execute(wanted.limit(limit))
            ]

    def total(self, run_id: str) -> Tick:
        """Everything that a run counted, added up from what is recorded; its histograms are exact."""
        total = Tick(0, 0.0)
        with reading(self._database) as connection:
            for _, interval, _ in read_intervals(connection, run_id):
                total.add_later(interval)
            total.examples = read_examples(connection, run_id)
            for tick in read_ticks(connection, run_id):
                total.add_later(tick)
        return total

    def keep_plan(self, run_id: str, plan: Plan) -> None:
        """Keeps what a run is to do, without its secrets, once before its load begins.

        A plan that cannot be written (with half a character in a text) is not kept.
        """
        try:
            text = write_plan(masked(plan))
        except ValueError:
            return
        with writing(self._database) as connection:
            connection.execute(plans.insert().values(run_id=run_id, text=text))

    def plan(self, run_id: str) -> str | None:
        """What a run was to do, as the text of a plan.yaml without its secrets; None where it is not known."""
        with reading(self._database) as connection:
            text: str | None = connection.scalar(select(plans.c.text).where(plans.c.run_id == run_id))
        return text

    def thresholds(self, run_id: str) -> tuple[Threshold, ...]:
        """The thresholds that a run is judged by."""
        with reading(self._database) as connection:
            return read_thresholds(connection, run_id)

    def recover(self, run_id: str, sampling_interval: int, began: datetime | None = None) -> None:
        """Ends the results of a run whose recorder was never closed, as closing it after its last second would have.

        `began` is when its load did.
        """
        with reading(self._database) as connection:
            recorded = is_recorded(connection, run_id)
        if recorded:
            recorder = Recorder(self._database, run_id, sampling_interval)
            if began is not None:
                recorder.begin(began)
            recorder.close()


def _summaries(connection: Connection, run_id: str, ids: list[int]) -> dict[int, CounterSummary]:
    value = samples.c.value
    rows = (
        select(samples.c.counter_id, func.avg(value), func.min(value), func.max(value))
        .where(samples.c.run_id == run_id, samples.c.interval > 0)
        .group_by(samples.c.counter_id)
    )
    if len(ids) <= _FEW:  # else nearly all are wanted, and a statement has only so many parameters
        rows = rows.where(samples.c.counter_id.in_(ids))
    return {row[0]: CounterSummary(row[1], row[2], row[3]) for row in connection.execute(rows)}


def _last_interval(run_id: str, counter_id: int) -> ScalarSelect[int]:
    last = select(func.max(samples.c.interval)).where(samples.c.run_id == run_id, samples.c.counter_id == counter_id)
    return last.scalar_subquery()
