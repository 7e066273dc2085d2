"""What two people decide about payouts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payout", sa.Column("replaces", sa.UUID(), nullable=True))
    op.add_column("payout", sa.Column("nth", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.create_foreign_key(op.f("fk_payout_replaces"), "payout", "payout", ["replaces"], ["id"])
    op.create_unique_constraint(op.f("uq_payout_replaces"), "payout", ["replaces"])
