"""Quiet hours, caps and phones that are away; the ledger of consent tells the channel, and is only added to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("worker", sa.Column("quiet_from", sa.SmallInteger()))
    op.add_column("worker", sa.Column("quiet_until", sa.SmallInteger()))
    op.add_column("worker", sa.Column("away_since", sa.DateTime(timezone=True)))
    op.add_column("consent", sa.Column("channel", sa.Text()))
    op.create_index(
        "ix_outbox_prompts",
        "outbox",
        ["to_index", "created_at"],
        postgresql_where=sa.text("purpose in ('question', 'notice', 'invitation')"),
    )
