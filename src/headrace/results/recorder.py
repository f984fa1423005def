"""Records a run: takes its seconds and keeps them, its sampling intervals, its counters and, at the end, what it came to.

A second is in the database before `add` returns, so a service that is killed loses only the second under way. Seconds and
intervals are written in the order in which they came, each addition in one transaction.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, Engine

from headrace.plan.thresholds import Threshold
from headrace.results.errors import Errors
from headrace.results.rows import (
    is_recorded,
    read_end_of_last_interval,
    read_examples,
    read_intervals,
    read_losses,
    read_thresholds,
    read_ticks,
    write_interval,
    write_loss,
    write_results,
    write_thresholds,
    write_tick,
)
from headrace.results.summary import Summary
from headrace.results.timeline import Interval, Timeline
from headrace.results.verdict import Verdict
from headrace.store.database import reading, writing
from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import Example, Load, Tick

HISTORY = 600


@dataclass(frozen=True, slots=True)
class Second:
    """A second of a run under way. `p95_us` is the 95th percentile of its response times, in µs."""

    second: int
    users: int
    requests: int
    failed: int
    p95_us: int
    errors: int


@dataclass(frozen=True, slots=True)
class _Loss:
    """The run's `number`th loss of a load generator (from 0), and the share of the planned load that went with it."""

    number: int
    share: float


class Recorder:
    """The recorder of one run. Where the run was recorded before, it goes on from there, with the thresholds it had then.

    Safe to use from several threads. Raises ValueError where the sampling interval (in seconds) is under 1.
    """

    def __init__(self, database: Engine, run_id: str, sampling_interval: int, thresholds: Sequence[Threshold] = ()) -> None:
        self.run_id = run_id
        self._database = database
        with reading(database) as connection:
            self._goes_on = is_recorded(connection, run_id)
            self._thresholds = read_thresholds(connection, run_id) if self._goes_on else tuple(thresholds)
        self._timeline = Timeline(sampling_interval, thresholds=self._thresholds)
        self._history: deque[Second] = deque(maxlen=HISTORY)
        self._load: dict[str, Load] = {}
        self._closed = False
        self._losses = 0
        self._unwritten: list[Tick | Interval | _Loss] = []
        self._writing = Lock()  # held while a second is added and written: one at a time, in order
        self._lock = Lock()  # held for what is in memory only, so that readers never wait for the database
        self._open()

    def begin(self, at: datetime) -> None:
        """Tells when the load proper begins, from which seconds count; violated thresholds are dated by it."""
        with self._lock:
            self._timeline.begins = at.timestamp()

    def add(self, tick: Tick) -> None:
        """Adds one whole second, all engines added up; seconds come in order and may be missing.

        A second of the warm-up (negative) is not recorded; only its load shows. Raises ValueError where the second is not
        later than the last or the recorder is closed, sqlalchemy.exc.SQLAlchemyError where the database cannot be written:
        the second is then kept in memory and written with the next; do not add it again.
        """
        with self._writing:
            with self._lock:
                if self._closed:
                    raise ValueError(f"the recorder of run {self.run_id} is closed; second {tick.second} came too late")
                if tick.second >= 0:
                    self._take(tick)
                self._load = {scenario: Load(load.users, load.running) for scenario, load in tick.load.items()}
            self._flush()

    def note_loss(self, share: float) -> None:
        """Notes that a load generator was lost, with this share of the planned load (0 to 1).

        Raises sqlalchemy.exc.SQLAlchemyError where the database cannot be written: it is then written with the next second.
        """
        with self._writing:
            with self._lock:
                self._timeline.lose(share)
                self._unwritten.append(_Loss(self._losses, share))
                self._losses += 1
            self._flush()

    def close(self) -> None:
        """Ends the interval under way and keeps summary and errors. Closing twice is closing once.

        Raises sqlalchemy.exc.SQLAlchemyError where the database cannot be written; it may be closed again then.
        """
        with self._writing:
            with self._lock:
                self._closed = True
                self._unwritten += self._timeline.finish()
                summary, errors = self._timeline.summary(), self._timeline.errors()
            with writing(self._database) as connection:
                self._write(connection)
                write_results(connection, self.run_id, summary, errors)
            self._unwritten.clear()

    def summary(self) -> Summary:
        """The summary so far."""
        with self._lock:
            return self._timeline.summary()

    def errors(self) -> Errors:
        """The errors so far."""
        with self._lock:
            return self._timeline.errors()

    def unjudged(self) -> list[str]:
        """The counters of thresholds that had no value to judge so far, since the recorder was opened."""
        with self._lock:
            return self._timeline.watch.unjudged

    def verdict(self) -> Verdict | None:
        """The verdict on the run so far; None where no second was recorded."""
        return self.summary().verdict

    def examples(self) -> list[Example]:
        """The requests that are kept as examples so far."""
        with self._lock:
            return list(self._timeline.total.examples)

    def history(self) -> list[Second]:
        """The last seconds, at most HISTORY, in order."""
        with self._lock:
            return list(self._history)

    def load(self) -> dict[str, Load]:
        """The users of each scenario at the end of the latest second, warm-up included."""
        with self._lock:
            return dict(self._load)

    def _open(self) -> None:
        start = self._timeline.start()
        if not self._goes_on:
            with writing(self._database) as connection:
                write_interval(connection, self.run_id, start)
                write_thresholds(connection, self.run_id, self._thresholds)
            return
        with reading(self._database) as connection:
            for number, interval, strain in read_intervals(connection, self.run_id):
                self._timeline.restore(number, interval, strain)
            examples = read_examples(connection, self.run_id)
            self._timeline.restored(read_end_of_last_interval(connection, self.run_id), examples)
            for share in read_losses(connection, self.run_id):
                self._timeline.lose(share)
                self._losses += 1
            for tick in read_ticks(connection, self.run_id):
                _, ended = self._timeline.add(tick)
                self._unwritten += ended
                self._history.append(_second(tick))
                self._load = tick.load

    def _take(self, tick: Tick) -> None:
        counted, ended = self._timeline.add(tick)
        self._unwritten += ended
        if self._timeline.interval_open:
            self._unwritten.append(counted)
        self._history.append(_second(tick))

    def _flush(self) -> None:
        if self._unwritten:
            with writing(self._database) as connection:
                self._write(connection)
            self._unwritten.clear()

    def _write(self, connection: Connection) -> None:
        for written in self._unwritten:
            if isinstance(written, Tick):
                write_tick(connection, self.run_id, written)
            elif isinstance(written, Interval):
                write_interval(connection, self.run_id, written)
            else:
                write_loss(connection, self.run_id, written.number, written.share)


def _second(tick: Tick) -> Second:
    response = Histogram()
    for stats in tick.requests.values():
        response.add(stats.response)
    return Second(
        second=tick.second,
        users=sum(load.users for load in tick.load.values()),
        requests=sum(stats.total for stats in tick.requests.values()),
        failed=sum(stats.failed for stats in tick.requests.values()),
        p95_us=response.percentile(95),
        errors=sum(stats.count for stats in tick.errors.values()),
    )
