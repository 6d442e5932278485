"""Who is away and until when, whose turn it was last, and an index by which an agent's open tickets are counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody is away, and nobody had a turn."""
    op.create_table(
        "absences",
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deputy", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("agent", "source"),
    )
    op.create_table(
        "turns",
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "agent"),
    )
    op.create_index("tickets_by_assignee", "tickets", ["assignee", "status"])
