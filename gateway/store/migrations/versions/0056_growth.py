"""What keeps every look short as history grows: a queue of answers to score, lots, tallies, indexes by worker and time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0056"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "score_due",
        sa.Column(
            "task_id",
            sa.BigInteger(),
            sa.ForeignKey("task.id", name=op.f("fk_score_due_task_id")),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_score_due")),
    )
    op.create_index("uq_score_due_seq", "score_due", ["seq"], unique=True)
    op.execute(
        """insert into score_due (task_id, batch_id) select t.id, t.batch_id from task t
           where (t.gold is not null or t.state in ('decided', 'review'))
             and exists (select from answer a where a.task_id = t.id and not a.scored) order by t.id"""
    )
    op.create_index("ix_answer_worker_id", "answer", ["worker_id", "created_at"])
    op.drop_index("ix_answer_dialled", "answer")
    op.add_column(
        "worker", sa.Column("lot", sa.REAL(), server_default=sa.text("random()"), nullable=False)
    )
    op.create_index(
        "ix_worker_lot", "worker", ["reach", "lot"], postgresql_where=sa.text("state = 'active'")
    )
    op.create_index("ix_worker_coordinator_id", "worker", ["coordinator_id"])
    op.create_index("ix_worker_partner_id", "worker", ["partner_id"])
    op.create_table(
        "circle",
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("lot", sa.REAL(), nullable=False),
        sa.PrimaryKeyConstraint("reach", name=op.f("pk_circle")),
    )
    op.create_table(
        "tally",
        sa.Column(
            "batch_id",
            sa.Text(),
            sa.ForeignKey("batch.id", name=op.f("fk_tally_batch_id")),
            nullable=False,
        ),
        sa.Column("counts", JSONB(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_tally")),
    )
    op.create_index("ix_tally_due_at", "tally", ["due_at"])
    op.add_column(
        "batch", sa.Column("low", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
