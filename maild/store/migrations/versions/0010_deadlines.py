"""Deadlines that agents set by hand, and who set them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No ticket had one."""
    op.add_column("tickets", sa.Column("due_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("due_set_by", sa.Text(), nullable=True))
