"""Where test runs and their messages are kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from headrace.runs.audit import Act, Entry, record
from headrace.runs.errors import NotFound
from headrace.runs.ids import new_id, read_id
from headrace.runs.model import Identity, Life, Message, Run, RunDetails, RunKind, Severity, Source, State
from headrace.runs.pages import Page
from headrace.runs.rows import message_values, read_message, read_run, run_values
from headrace.runs.search import RunFilter
from headrace.store.database import reading, writing
from headrace.store.schema import drops, messages, organizations, runs


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be created; its id, number and dates are the store's to give."""

    organization: str
    name: str
    drop_id: str
    description: str | None = None
    kind: RunKind = RunKind.VISUAL_STUDIO
    source_identifier: str | None = None
    details: RunDetails = field(default_factory=RunDetails)


def _now() -> datetime:
    return datetime.now(UTC)


class Runs:
    """All runs of all organizations. Safe to use from several threads and processes."""

    def __init__(self, database: Engine, clock: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._clock = clock

    def create(self, new: NewRun, by: Identity, at: datetime) -> Run:
        """Creates a run under the next number of its organization. The numbers have no gaps."""
        with writing(self._database) as connection:
            run = Run(
                id=new_id(),
                organization=new.organization,
                number=_next_number(connection, new.organization),
                name=new.name,
                drop_id=new.drop_id,
                created_by=by,
                life=Life(created_at=at),
                modified_at=at,
                description=new.description,
                kind=new.kind,
                source_identifier=new.source_identifier,
                details=new.details,
            )
            connection.execute(runs.insert().values(run_values(run)))
            record(connection, Entry(at, run.organization, by, Act.CREATE_RUN, run.id, run.name))
        return run

    def get(self, organization: str, run_id: str) -> Run | None:
        """The run of this id; None where the organization has none."""
        run = self._read(run_id)
        return run if run is not None and run.organization == organization else None

    def change(self, run_id: str, step: Callable[[Run], Run]) -> Run:
        """Replaces a run by what `step` makes of it. Raises NotFound, and whatever `step` raises.

        `step` must have no effects of its own: it is called again where somebody else changed the run meanwhile. One that
        changes nothing leaves `modified_at` as it is.
        """
        while True:  # somebody else got further whenever this one did not, so it ends
            run = self._read(run_id)
            if run is None:
                raise _unknown(run_id)
            changed = step(run)
            if changed == run:
                return run
            changed = replace(changed, modified_at=max(self._clock(), run.modified_at), version=run.version + 1)
            same = (runs.c.id == run.id, runs.c.version == run.version)
            with writing(self._database) as connection:
                written = connection.execute(runs.update().where(*same).values(run_values(changed)))
                if written.rowcount == 1:
                    for entry in _acts(run, changed):
                        record(connection, entry)
            if written.rowcount == 1:
                return changed

    def delete(self, run: Run, by: Identity, at: datetime) -> bool:
        """Deletes a run with its messages and results; False where somebody changed or deleted it meanwhile."""
        with writing(self._database) as connection:
            gone = connection.execute(runs.delete().where(runs.c.id == run.id, runs.c.version == run.version))
            if gone.rowcount != 1:
                return False
            used = (drops.c.id == run.drop_id, drops.c.run_id == run.id)
            connection.execute(drops.update().where(*used).values(run_id=None))
            record(connection, Entry(at, run.organization, by, Act.DELETE_RUN, run.id, run.name))
        return True

    def find(self, organization: str, wanted: RunFilter) -> list[Run]:
        """The newest runs that match, `wanted.top` at most, by ascending number."""
        with reading(self._database) as connection:
            rows = connection.execute(wanted.select(organization)).mappings().all()
        return [read_run(row) for row in reversed(rows)]

    def page(self, organization: str, wanted: RunFilter, page: Page) -> tuple[list[Run], str | None]:
        """A page of the runs that match, and the cursor of the next one; None where there is none. Raises Invalid."""
        with reading(self._database) as connection:
            rows = connection.execute(page.select(organization, wanted)).mappings().all()
        found = [read_run(row) for row in rows]
        return found[: page.size], page.cursor(found[page.size - 1]) if len(found) > page.size else None

    def in_states(self, *states: State) -> list[Run]:
        """The runs of all organizations in one of these states, from the one that was queued, or else created, first."""
        query = (
            runs.select()
            .where(runs.c.state.in_([state.value for state in states]))
            .order_by(func.coalesce(runs.c.queued_at, runs.c.created_at), runs.c.organization, runs.c.number)
        )
        with reading(self._database) as connection:
            return [read_run(row) for row in connection.execute(query).mappings()]

    def log(
        self,
        run_id: str,
        severity: Severity,
        source: Source,
        text: str,
        *,
        at: datetime,
        agent: str = "",
        code: str | None = None,
    ) -> Message:
        """Adds a message to a run. Raises NotFound."""
        message = Message(new_id(), run_id, at, severity, source, text, agent, code)
        self._add(run_id, [message])
        return message

    def log_lines(
        self, run_id: str, severity: Severity, source: Source, lines: Sequence[str], *, at: datetime, agent: str = ""
    ) -> None:
        """Adds a message for each line, a microsecond apart: clients sort messages by their dates. Raises NotFound."""
        dates = (at + timedelta(microseconds=number) for number in range(len(lines)))
        self._add(
            run_id,
            [
                Message(new_id(), run_id, date, severity, source, line, agent)
                for date, line in zip(dates, lines, strict=True)
            ],
        )

    def messages(self, run_id: str) -> list[Message]:
        """The messages of a run in the order in which they were logged."""
        query = messages.select().where(messages.c.run_id == run_id).order_by(messages.c.position)
        with reading(self._database) as connection:
            return [read_message(row) for row in connection.execute(query).mappings()]

    def messages_after(self, run_id: str, position: int, top: int) -> list[tuple[int, Message]]:
        """The next messages of a run after the one at `position` (-1: from the first), each with its own."""
        query = messages.select().where(messages.c.run_id == run_id, messages.c.position > position)
        with reading(self._database) as connection:
            rows = connection.execute(query.order_by(messages.c.position).limit(top)).mappings()
            return [(row["position"], read_message(row)) for row in rows]

    def _add(self, run_id: str, added: list[Message]) -> None:
        if not added:
            return
        with writing(self._database) as connection:
            # The lock on the run has two that log at once take their positions one after the other.
            if connection.execute(select(runs.c.id).where(runs.c.id == run_id).with_for_update()).first() is None:
                raise _unknown(run_id)
            next_position = select(func.coalesce(func.max(messages.c.position) + 1, 0)).where(messages.c.run_id == run_id)
            first = connection.execute(next_position).scalar_one()
            rows = [message_values(message, position) for position, message in enumerate(added, first)]
            connection.execute(messages.insert(), rows)

    def _read(self, run_id: str) -> Run | None:
        known = read_id(run_id)
        if known is None:
            return None
        with reading(self._database) as connection:
            row = connection.execute(runs.select().where(runs.c.id == known)).mappings().first()
        return None if row is None else read_run(row)


def _acts(before: Run, after: Run) -> Iterator[Entry]:
    """What a user did by this change; what the service does to a run is in its messages."""
    for by, act in (
        (after.life.started_by if before.life.started_by is None else None, Act.START_RUN),
        (after.life.stopped_by if before.life.stopped_by is None else None, Act.STOP_RUN),
    ):
        if by is not None:
            yield Entry(after.modified_at, after.organization, by, act, after.id, after.name)


def _next_number(connection: Connection, organization: str) -> int:
    """Counts the organization up. Others who create a run in it wait until this transaction is over."""
    insert: sqlite.Insert | postgresql.Insert  # the clause is the same, but SQLAlchemy has it for each of them apart
    insert = sqlite.insert(organizations) if connection.dialect.name == "sqlite" else postgresql.insert(organizations)
    counted = insert.values(name=organization, last_run_number=1).on_conflict_do_update(
        index_elements=[organizations.c.name], set_={"last_run_number": organizations.c.last_run_number + 1}
    )
    number: int = connection.execute(counted.returning(organizations.c.last_run_number)).scalar_one()
    return number


def _unknown(run_id: str) -> NotFound:
    return NotFound(f"There is no test run {run_id[:100]!r}.")
