"""Every judgement keeps what it went by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answer", sa.Column("judged", postgresql.JSONB(), nullable=True))
