"""Statements' lines are kept, and what operators say they hold for us."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider_health", sa.Column("float", sa.BigInteger(), nullable=True))
    op.add_column("provider_health", sa.Column("float_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "statement_line",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_statement_line_statement_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_statement_line_payout_id")),
        sa.PrimaryKeyConstraint("statement_id", "n", name=op.f("pk_statement_line")),
    )
    op.create_index(op.f("ix_statement_line_payout_id"), "statement_line", ["payout_id"])
