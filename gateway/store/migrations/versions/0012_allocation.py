"""Who is asked next, by which rule results are decided, and corrected options."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    no, now = sa.text("false"), sa.text("now()")
    for column in (
        sa.Column("better", sa.REAL()),
        sa.Column("better_by_sms", sa.REAL()),
        sa.Column("breadth", sa.Boolean(), nullable=False, server_default=no),
        sa.Column("worker_max", sa.Integer()),
        sa.Column("worker_day_max", sa.Integer()),
        sa.Column("kept_until", sa.DateTime(timezone=True)),
        sa.Column("revision", sa.SmallInteger(), nullable=False, server_default=sa.text("0")),
    ):
        op.add_column("batch", column)
    for column in (
        sa.Column("ruling", sa.Text()),
        sa.Column("skill_wanted", sa.REAL()),
        sa.Column("better_until", sa.DateTime(timezone=True)),
        sa.Column("kept_for", sa.BigInteger()),
    ):
        op.add_column("task", column)
    op.create_foreign_key(op.f("fk_task_kept_for"), "task", "partner", ["kept_for"], ["id"])
    op.add_column("answer", sa.Column("capped", sa.Boolean(), nullable=False, server_default=no))
    op.create_index(
        "ix_answer_capped", "answer", ["worker_id", "id"], postgresql_where=sa.text("capped")
    )
    op.create_table(
        "ruling",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_ruling")),
    )
    op.create_table(
        "batch_ruling",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trial", postgresql.JSONB()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_ruling_batch_id")),
        sa.ForeignKeyConstraint(["version"], ["ruling.version"], name=op.f("fk_batch_ruling_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_ruling")),
    )
    op.create_index(op.f("ix_batch_ruling_batch_id"), "batch_ruling", ["batch_id"])
    op.alter_column("correction", "task_id", nullable=True)
    op.add_column("correction", sa.Column("batch_id", sa.Text()))
    op.create_foreign_key(op.f("fk_correction_batch_id"), "correction", "batch", ["batch_id"], ["id"])
    op.create_index(op.f("ix_correction_batch_id"), "correction", ["batch_id"])
    op.create_check_constraint(op.f("ck_correction_about"), "correction", "batch_id is not null or task_id is not null")
