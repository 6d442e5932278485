"""Which rules the open tickets were last looked through by, and how far a walk through them has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No row: the next tick walks through all open tickets once."""
    op.create_table(
        "rules_in_force",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("revision", sa.String(64), nullable=False),
        sa.Column("promises", sa.JSON(), nullable=False),
        sa.Column("next_revision", sa.String(64)),
        sa.Column("next_promises", sa.Text()),
        sa.Column("position", sa.BigInteger(), nullable=False),
    )
