"""Tickets that rest until a time, and messages that came to a ticket from another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No ticket rests and no message was moved before."""
    op.add_column("tickets", sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("messages", sa.Column("moved_from", sa.BigInteger(), nullable=True))
