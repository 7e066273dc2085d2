"""When a payout is due stands apart from it, so that its moves touch few indexes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payout_due",
        sa.Column("payout_id", UUID(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payout.id"], name=op.f("fk_payout_due_payout_id")
        ),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_payout_due")),
    )
    op.create_index(op.f("ix_payout_due_due_at"), "payout_due", ["due_at"])
    op.execute("insert into payout_due select id, due_at from payout where due_at is not null")
    op.drop_index("ix_payout_due", table_name="payout")
    op.drop_index("uq_payout_one_open", table_name="payout")
    op.create_index(
        "uq_payout_one_open",
        "payout",
        ["worker_id"],
        unique=True,
        postgresql_where=sa.text("settled_at is null"),
    )
    op.execute("alter table payout set (fillfactor = 60)")
