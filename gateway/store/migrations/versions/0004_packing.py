"""Several tasks in one message."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A batch says how many questions go into one SMS; an assignment, under which number it stood there."""
    op.add_column(
        "batch", sa.Column("pack_max", sa.SmallInteger(), server_default=sa.text("1"), nullable=False)
    )
    op.add_column("assignment", sa.Column("item", sa.SmallInteger()))
    op.create_index(
        "ix_assignment_item",
        "assignment",
        ["worker_id", "id"],
        postgresql_where=sa.text("item is not null"),
    )
    # What she answered by dialling, for an SMS that comes after all.
    op.create_index(
        "ix_answer_dialled",
        "answer",
        ["worker_id", "id"],
        postgresql_where=sa.text("via = 'ussd'"),
    )
