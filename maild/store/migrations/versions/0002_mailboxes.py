"""Mailboxes: when each was first read, what was left there on purpose, when it was last compared with the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whatever was read before counts as seen to: it is not compared afterwards."""
    op.add_column("inbox", sa.Column("backlog", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("mailboxes", sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mailboxes", sa.Column("left_uid", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("mailboxes", sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE mailboxes SET left_uid = last_uid")
    op.create_table("left_mails", sa.Column("source", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("source"))
