"""Heavy work on a batch says how far it is; estimates wait in slices until they are published at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0039"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("background", JSONB()))
    op.add_column("batch", sa.Column("learning_until", sa.DateTime(timezone=True)))
    op.add_column("batch", sa.Column("look_again", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "estimate",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("confidence", sa.REAL(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_estimate_batch_id_batch")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_estimate_task_id_task")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_estimate")),
    )
    op.create_index(op.f("ix_estimate_batch_id"), "estimate", ["batch_id"])
