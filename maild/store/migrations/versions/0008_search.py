"""The full-text index, and in it everything that is kept."""

from __future__ import annotations

from alembic import op

from maild.store.search import build_index, make_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was kept before can be found, too."""
    op.create_index("messages_tickets", "messages", ["id", "ticket_id"])
    make_index(op.get_bind())
    build_index(op.get_bind())
