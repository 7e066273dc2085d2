"""What came in and how it was understood."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """When a stored SMS is to be heard; how far each channel has been asked for missed messages."""
    op.add_column(
        "inbox", sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))
    )
    op.create_index(
        "ix_inbox_unheard", "inbox", ["due_at"], postgresql_where=sa.text("state = 'waiting' and kind <> 'receipt'")
    )
    op.create_table(
        "poll",
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("last_id", sa.Text(), nullable=False, server_default=sa.text("'0'")),
        sa.Column("every_s", sa.Float(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
