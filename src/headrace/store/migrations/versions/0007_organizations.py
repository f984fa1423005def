"""Tokens of organizations, the audit log, and indexes for lists of many runs

The tokens that there are become administrators of the service, as they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"


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
