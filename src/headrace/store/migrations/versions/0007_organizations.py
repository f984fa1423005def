"""Tokens of organizations, the audit log, and indexes for lists of many runs

The tokens that there are become administrators of the service, as they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_IDS_IN_SQLITE = "UPDATE runs SET created_by_id = json_extract(created_by, '$.id')"
_IDS_IN_POSTGRESQL = "UPDATE runs SET created_by_id = created_by ->> 'id'"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("created_at", sa.BigInteger(), nullable=True))
    op.add_column("tokens", sa.Column("organization", sa.String(length=128), nullable=False, server_default=""))
    op.add_column("tokens", sa.Column("role", sa.String(length=16), nullable=False, server_default="admin"))
    op.add_column("tokens", sa.Column("scopes", sa.String(length=64), nullable=False, server_default="loadtest_write"))
    op.add_column("tokens", sa.Column("expires_at", sa.BigInteger(), nullable=True))
    op.drop_index("valid_tokens_by_name", "tokens")
    valid = sa.text("revoked_at IS NULL")
    names = ["organization", "name"]
    op.create_index("valid_tokens_by_name", "tokens", names, unique=True, sqlite_where=valid, postgresql_where=valid)
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("organization", sa.String(length=128), nullable=False),
        sa.Column("by", sa.JSON(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_by_organization", "audit", ["organization", "number"])
    op.create_index("audit_by_date", "audit", ["at"])

    op.add_column("drops", sa.Column("created_by_id", sa.String(length=256), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("created_by_id", sa.String(length=256), nullable=False, server_default=""))
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(_IDS_IN_SQLITE if sqlite else _IDS_IN_POSTGRESQL)
    for name in ("runs_by_change", "runs_by_name", "runs_by_source"):
        op.drop_index(name, "runs")
    filtered = ["id", "state", "kind", "retention", "created_by_name", "created_at"]
    for name, columns in (
        ("runs_by_source", ["source_identifier", "number"]),
        ("runs_by_kind", ["kind", "number"]),
        ("runs_by_retention", ["retention", "number"]),
        ("runs_by_creator_id", ["created_by_id", "number"]),
        ("runs_listed_by_number", ["number", *filtered, "modified_at", "folded_name"]),
        ("runs_listed_by_name", ["folded_name", "number", *filtered, "modified_at"]),
        ("runs_listed_by_change", ["modified_at", "number", *filtered, "folded_name"]),
    ):
        op.create_index(name, "runs", ["organization", *columns])
