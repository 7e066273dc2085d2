"""Limits, PINs, seals and statements."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table account set (fillfactor = 50)")
    op.create_index("uq_transfer_seq", "transfer", ["seq"], unique=True)
    op.create_index(
        "ix_outbox_money", "outbox", ["worker_id", "id"], postgresql_where=sa.text("purpose = 'money'")
    )
    op.create_table(
        "seal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("from_seq <= to_seq", name=op.f("ck_seal_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal")),
        sa.UniqueConstraint("from_seq", name=op.f("uq_seal_from_seq")),
        sa.UniqueConstraint("to_seq", name=op.f("uq_seal_to_seq")),
        sa.UniqueConstraint("prev", name=op.f("uq_seal_prev")),
        sa.UniqueConstraint("digest", name=op.f("uq_seal_digest")),
    )
    op.create_table(
        "adjustment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("worker_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('open', 'disputed', 'standing', 'dropped', 'done')", name=op.f("ck_adjustment_state")),
        sa.CheckConstraint("amount > 0 and taken >= 0 and taken <= amount", name=op.f("ck_adjustment_bounds")),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_adjustment_answer_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_adjustment_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
        sa.UniqueConstraint("ref", name=op.f("uq_adjustment_ref")),
        sa.UniqueConstraint("answer_id", name=op.f("uq_adjustment_answer_id")),
    )
    op.create_index(op.f("ix_adjustment_worker_id"), "adjustment", ["worker_id"])
    op.create_index(
        "ix_adjustment_waiting",
        "adjustment",
        ["decide_by"],
        postgresql_where=sa.text("state in ('open', 'disputed', 'standing')"),
    )
    op.create_table(
        "adjustment_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("adjustment_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("who", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["adjustment_id"], ["adjustment.id"], name=op.f("fk_adjustment_event_adjustment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment_event")),
    )
    op.create_index(op.f("ix_adjustment_event_adjustment_id"), "adjustment_event", ["adjustment_id"])
    op.create_table(
        "worker_pin",
        sa.Column("worker_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("wrong", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("wrong between 0 and 3", name=op.f("ck_worker_pin_tries")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_worker_pin_worker_id")),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_worker_pin")),
    )
    op.create_table(
        "payout_pass",
        sa.Column("payout_id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_payout_pass_payout_id")),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_payout_pass")),
    )
    op.create_index("ix_payout_pass_at", "payout_pass", ["at"])
    op.create_table(
        "payout_hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payout_id", sa.UUID(), nullable=False),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_payout_hold_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_hold")),
        sa.UniqueConstraint("payout_id", "control", name=op.f("uq_payout_hold_payout_id_control")),
    )
