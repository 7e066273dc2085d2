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
    # From now on an SMS is identified by its sender too: what came before is known under that id.
    op.execute(
        """update inbox i set event_id = i.event_id || '@' || left(encode(w.msisdn_index, 'hex'), 16)
             from worker w where i.kind = 'sms' and i.state = 'done' and w.id = i.worker_id"""
    )
