"""The tables. Runs, drops, test definitions, agents, tokens, messages and the audit log are the service's own; ticks,
intervals, counters and samples are results.

Instants are kept as microseconds since the epoch, so that both databases keep them alike and compare them fast.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData()

organizations = Table(
    "organizations",
    metadata,
    Column("name", String(128), primary_key=True),  # lower case; "default" where an address names none
    Column("last_run_number", Integer, nullable=False),
    Column("created_at", Instant),  # missing where the first run made it
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(256), nullable=False),  # what the API shows as the display name of its holder
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256; the token itself is nowhere
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    Column("organization", String(128), nullable=False, server_default=""),  # empty: all of them, and the service
    Column("role", String(16), nullable=False, server_default="admin"),
    Column("scopes", String(64), nullable=False, server_default="loadtest_write"),  # with blanks between them
    Column("expires_at", Instant),
)
_valid = tokens.c.revoked_at.is_(None)
Index(
    "valid_tokens_by_name",
    tokens.c.organization,
    tokens.c.name,
    unique=True,
    sqlite_where=_valid,
    postgresql_where=_valid,
)

# Who did what. The numbers are never given again, so that a reader can go on from one.
audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("organization", String(128), nullable=False),
    Column("by", JSON, nullable=False),
    Column("act", String(32), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("name", String(512), nullable=False),
    Index("audit_by_organization", "organization", "number"),
    Index("audit_by_date", "at"),
    sqlite_autoincrement=True,
)

# One row a key; today the key that signs result links.
secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

drops = Table(
    "drops",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization", String(128), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("definition", JSON),
    Column("plan", Text),  # a plan.yaml, where the drop has one
    Column("run_id", String(36)),
    Column("test_definition", JSON),  # as it was when the drop was made of it
    Column("created_by_id", String(256), nullable=False, server_default=""),
)

test_definitions = Table(
    "test_definitions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization", String(128), nullable=False),
    Column("name", String(512), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("content", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", JSON, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("modified_by", JSON, nullable=False),
    Index("test_definitions_by_creation", "organization", "created_at"),
)

agent_groups = Table(
    "agent_groups",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization", String(128), nullable=False),
    Column("name", String(512), nullable=False),
    Column("folded_name", String(1024), nullable=False),  # casefolded, for the filter
    Column("created_at", Instant, nullable=False),
    Column("created_by", JSON, nullable=False),
    Index("agent_groups_by_name", "organization", "folded_name"),
)

# The machines on which the service itself has generated load; they are of all organizations.
agents = Table(
    "agents",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("last_heart_beat", Instant, nullable=False),
)

# The files of drops. `key` is the same for all names that some system takes for the same (`blobs/names.py`).
blobs = Table(
    "blobs",
    metadata,
    Column("drop_id", String(36), ForeignKey("drops.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes
    Column("file", String(32), nullable=False),  # where its content is, in the folder of the drop
    Column("etag", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("properties", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("blocks", JSON, nullable=False),  # ids and sizes, in order; none where it came in one piece
)

# Blocks of files that are still being uploaded.
staged_blocks = Table(
    "staged_blocks",
    metadata,
    Column("drop_id", String(36), ForeignKey("drops.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("block_id", String(96), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("file", String(32), nullable=False),
    Column("staged_at", Instant, nullable=False),
)

_FILTERED = ("id", "state", "kind", "retention", "created_by_name", "created_at", "modified_at", "folded_name")

runs = Table(
    "runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization", String(128), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", String(512), nullable=False),
    Column("folded_name", String(1024), nullable=False),  # casefolded, for the filter
    Column("description", Text),
    Column("kind", String(32), nullable=False),
    Column("drop_id", String(36), nullable=False),
    Column("source_identifier", String(1024)),
    Column("retention", String(32), nullable=False),
    Column("details", JSON, nullable=False),  # the settings of the run that nothing filters by
    Column("state", String(16), nullable=False),
    Column("substate", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("queued_at", Instant),
    Column("started_at", Instant),
    Column("warm_up_started_at", Instant),
    Column("execution_started_at", Instant),
    Column("execution_finished_at", Instant),
    Column("finished_at", Instant),
    Column("created_by", JSON, nullable=False),
    Column("created_by_name", String(512), nullable=False),  # casefolded, for the filter
    Column("created_by_id", String(256), nullable=False, server_default=""),
    Column("started_by", JSON),
    Column("stopped_by", JSON),
    Column("abort", JSON),
    Column("version", Integer, nullable=False),  # counts the changes, so that two writers cannot undo each other
    Index("runs_by_number", "organization", "number", unique=True),
    Index("runs_by_state", "state", "organization", "number"),
    Index("runs_by_source", "organization", "source_identifier", "number"),
    Index("runs_by_kind", "organization", "kind", "number"),
    Index("runs_by_retention", "organization", "retention", "number"),
    Index("runs_by_creator", "organization", "created_by_name", "number"),
    Index("runs_by_creator_id", "organization", "created_by_id", "number"),
    # Lists in each order. All that can be filtered by is in them, so that the worst question walks one of them and no rows.
    Index("runs_listed_by_number", "organization", "number", *_FILTERED),
    Index("runs_listed_by_name", "organization", "folded_name", "number", *_FILTERED[:-1]),
    Index("runs_listed_by_change", "organization", "modified_at", "number", *_FILTERED[:-2], "folded_name"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),  # the order within the run, where two are logged in one microsecond
    Column("logged_at", Instant, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("source", String(32), nullable=False),
    Column("agent", String(256), nullable=False),
    Column("text", Text, nullable=False),
    Column("code", String(32)),
    Index("messages_by_run", "run_id", "position", unique=True),
)

# The seconds of the sampling interval that is not over yet. When it is, they are added up into one row of `intervals`.
ticks = Table(
    "ticks",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("second", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

intervals = Table(
    "intervals",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1, as the samples
    Column("data", LargeBinary, nullable=False),
    Column("strain", LargeBinary),  # how load generators bore its seconds, for the verdict; missing in old ones
)

# Requests with their responses that a run keeps to show; one row a run, written again where an interval brought others.
examples = Table(
    "examples",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# The load generators that a run has lost.
losses = Table(
    "losses",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("share", Float, nullable=False),  # of the planned load, 0 to 1
)

counters = Table(
    "counters",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Column("category", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("instance", Text, nullable=False),
    Column("machine", String(64), nullable=False, server_default="ELSCONTROLLER"),  # or the agent's
)

# What counters of a run should stay below or above, as its plan has it; no row where it has none.
thresholds = Table(
    "thresholds",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("data", JSON, nullable=False),
)

# What a run was to do, as a plan.yaml without its secrets.
plans = Table(
    "plans",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
)

samples = Table(
    "samples",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("counter_id", Integer, primary_key=True, autoincrement=False),
    Column("interval", Integer, primary_key=True, autoincrement=False),  # 0 is the start: all zero
    Column("raw", BigInteger, nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("elapsed_us", BigInteger, nullable=False),
    Column("value", Float, nullable=False),
    sqlite_with_rowid=False,
)

results = Table(
    "results",
    metadata,
    Column("run_id", String(36), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("summary", JSON, nullable=False),
    Column("errors", JSON, nullable=False),
)
