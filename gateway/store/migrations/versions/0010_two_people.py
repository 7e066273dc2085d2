"""Two people for large payouts and for what operators take back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approval_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("approved_by <> made_by", name=op.f("ck_approval_list_two_people")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_approval_list_made_by")),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_approval_list_approved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_list")),
    )
    op.create_table(
        "approval_item",
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("payout_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["approval_list.id"], name=op.f("fk_approval_item_list_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_approval_item_payout_id")),
        sa.PrimaryKeyConstraint("list_id", "payout_id", name=op.f("pk_approval_item")),
    )
    op.create_index(op.f("ix_approval_item_payout_id"), "approval_item", ["payout_id"])
    op.create_table(
        "verdict",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("said_by", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("confirmed_by <> said_by", name=op.f("ck_verdict_two_people")),
        sa.ForeignKeyConstraint(["said_by"], ["person.id"], name=op.f("fk_verdict_said_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_verdict_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("subject", name=op.f("uq_verdict_subject")),
    )
