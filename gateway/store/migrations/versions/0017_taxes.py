"""Taxes withheld with a payout, and the operator's fee where the worker bears it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payout", sa.Column("country", sa.Text(), server_default=sa.text("''"), nullable=False))
    for name, kind in (("tax_names", sa.Text()), ("tax_bases", sa.BigInteger()), ("tax_amounts", sa.BigInteger())):
        column = sa.Column(name, postgresql.ARRAY(kind), server_default=sa.text("'{}'"), nullable=False)
        op.add_column("payout", column)
    op.add_column("payout", sa.Column("fee", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        op.f("ck_payout_withheld"), "payout", "fee >= 0 and 0 < all (tax_amounts)"
    )
