"""Drops that carry a plan.yaml"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("drops", sa.Column("plan", sa.Text(), nullable=True))
