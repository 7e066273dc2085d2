"""Operators that tell later what they hold for us are asked, too."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider_health", sa.Column("float_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "float_question",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("result_token", sa.Text(), nullable=False),
        sa.Column("timeout_token", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_float_question")),
        sa.UniqueConstraint("result_token", name=op.f("uq_float_question_result_token")),
        sa.UniqueConstraint("timeout_token", name=op.f("uq_float_question_timeout_token")),
    )
