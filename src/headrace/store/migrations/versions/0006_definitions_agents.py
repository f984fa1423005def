"""Test definitions, groups of agents, agents that were seen, and plans of runs"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "test_definitions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.JSON(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_by", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("test_definitions_by_creation", "test_definitions", ["organization", "created_at"])
    op.add_column("drops", sa.Column("test_definition", sa.JSON(), nullable=True))
    op.create_table(
        "agent_groups",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("folded_name", sa.String(length=1024), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("agent_groups_by_name", "agent_groups", ["organization", "folded_name"])
    op.create_table(
        "agents",
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("last_heart_beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "plans",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id"),
    )
