"""Answers given under a wrong label are paid and decide nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answer", sa.Column("void", sa.Boolean(), server_default=sa.text("false"), nullable=False))
