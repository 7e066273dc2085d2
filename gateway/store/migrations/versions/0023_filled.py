"""What uploads have put into a batch is kept with it, and so is what its messages weigh: a quote only reads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("filled", JSONB()))
    op.add_column("batch", sa.Column("weights", JSONB()))
