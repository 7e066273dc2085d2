"""How well a worker copes with questions by SMS decides how many come in one message."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("worker", sa.Column("ease", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
