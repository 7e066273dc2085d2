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
