"""Mails that an agent has said to be his, by a reply to a letter that only he got."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody was asked before."""
    op.add_column("inbox", sa.Column("confirmed", sa.Text(), nullable=True))
