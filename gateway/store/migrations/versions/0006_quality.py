"""Gold, standing and rules as data."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Leases know when a question was asked, and when it arrived."""
    op.add_column(
        "assignment", sa.Column("asked_at", _AT, server_default=sa.text("now()"), nullable=False)
    )
    op.add_column("assignment", sa.Column("delivered_at", _AT))
    op.add_column("worker", sa.Column("unreached_until", _AT))
