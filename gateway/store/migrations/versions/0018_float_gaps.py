"""What an operator says it holds is compared with our books once a day."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider_health", sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("provider_health", sa.Column("gap", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
