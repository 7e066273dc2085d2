"""What the outbox remembers of pace, cost and roads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATES = "'queued', 'sending', 'accepted', 'refused', 'unknown', 'cancelled', 'given_up', 'lost'"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("batch_id", sa.Text()))
    op.add_column("outbox", sa.Column("lane", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("outbox", sa.Column("roads", ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("outbox", sa.Column("country", sa.Text()))
    op.add_column("outbox", sa.Column("network", sa.Text()))
    op.add_column("outbox", sa.Column("cost_micro", sa.BigInteger()))
    op.execute(
        """update outbox set cost_micro = cost * case when cost_currency in ('UGX', 'RWF', 'XOF', 'XAF') then 1000000 else 10000 end
           where cost is not null"""
    )
    op.drop_column("outbox", "cost")
    op.drop_constraint(op.f("ck_outbox_state"), "outbox", type_="check")
    op.create_check_constraint(op.f("ck_outbox_state"), "outbox", f"state in ({_STATES})")
    op.drop_index("ix_outbox_due", "outbox")
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["channel", "priority", "lane", "due_at", "id"],
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.execute("update outbox set due_at = coalesce(sent_at, now()) where state = 'unknown'")
    op.drop_index("ix_outbox_unknown", "outbox")
    op.create_index("ix_outbox_unknown", "outbox", ["due_at"], postgresql_where=sa.text("state = 'unknown'"))
    op.create_table(
        "channel_state",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("breaker", sa.Text(), server_default=sa.text("'closed'"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("opened", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True)),
        sa.Column("holder", UUID()),
        sa.Column("held_until", sa.DateTime(timezone=True)),
        sa.Column("pace", JSONB()),
        sa.Column("paced_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("breaker in ('closed', 'open', 'probing')", name=op.f("ck_channel_state_breaker")),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_state")),
    )
    op.create_table(
        "message_bill",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.BigInteger(), nullable=False),
        sa.Column("micro", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "channel", "batch_id", "day", "country", "network", "currency", name=op.f("pk_message_bill")
        ),
    )
    op.create_index("ix_message_bill_batch_id", "message_bill", ["batch_id"])
