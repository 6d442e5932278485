"""What agents did and may take back, and an index by which a letter of ours is found by its Message-ID."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nothing that was done before can be taken back."""
    op.create_table(
        "undos",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("undos_by_ticket", "undos", ["ticket_id", "actor"])
    op.create_index("undos_by_other", "undos", ["other_id"])
    op.create_index("undos_by_time", "undos", ["at"])
    op.create_index("outbox_by_message_id", "outbox", ["message_id"])
