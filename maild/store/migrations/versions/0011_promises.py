"""Tickets move between promises: who said so, what fitted their first mail, and what their clocks have missed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of older tickets nothing is known but the promise that they have."""
    op.add_column("tickets", sa.Column("promise_set", sa.Boolean(), nullable=True))
    op.add_column("tickets", sa.Column("promises_fitted", sa.JSON(), nullable=True))
    op.add_column("clocks", sa.Column("missed", sa.JSON(), nullable=True))
    op.add_column("clocks", sa.Column("moved_from", sa.Text(), nullable=True))
