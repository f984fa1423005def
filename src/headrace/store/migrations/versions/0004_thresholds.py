"""Thresholds of a run, and counters of agents' machines"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("counters", sa.Column("machine", sa.String(length=64), nullable=False, server_default="ELSCONTROLLER"))
    op.create_table(
        "thresholds",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id"),
    )
