"""Which messages opened a breaker; and what makes two inbound SMS the same one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "channel_state",
        sa.Column(
            "suspects", ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column("inbox", sa.Column("twin", sa.LargeBinary()))
    op.create_index(
        "ix_inbox_twin",
        "inbox",
        ["channel", "twin"],
        unique=True,
        postgresql_where=sa.text("twin is not null"),
    )
    op.create_index(
        "ix_inbox_remarks",
        "inbox",
        ["created_at"],
        postgresql_where=sa.text("state = 'done' and error is not null"),
    )
