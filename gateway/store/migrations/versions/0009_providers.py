"""More ways to pay: some operators are asked, and call back, by an id of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "payout", sa.Column("reference", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    op.create_index(
        "ix_payout_reference",
        "payout",
        ["provider", "reference"],
        postgresql_where=sa.text("reference <> ''"),
    )
