"""Gold, standing and rules as data."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_ZERO = sa.text("0")


def upgrade() -> None:
    """Leases know when a question was asked, and when it arrived."""
    op.add_column(
        "assignment", sa.Column("asked_at", _AT, server_default=sa.text("now()"), nullable=False)
    )
    op.add_column("assignment", sa.Column("delivered_at", _AT))
    op.add_column("worker", sa.Column("unreached_until", _AT))
    _skills()
    _people_decide()


def _skills() -> None:
    """Skills grow old, drift, and may be on trial; what a batch taught can be taught better."""
    for name in ("learned_at", "trial_from"):
        op.add_column(
            "skill", sa.Column(name, _AT, server_default=sa.text("now()"), nullable=False)
        )
    op.add_column("skill", sa.Column("drift", sa.REAL, server_default=_ZERO, nullable=False))
    for name in ("trial_right", "trial_wrong", "paused_right", "paused_wrong"):
        op.add_column("skill", sa.Column(name, sa.Integer, server_default=_ZERO, nullable=False))
    op.add_column("skill", sa.Column("paused_until", _AT))
    op.add_column(
        "skill", sa.Column("pauses", sa.SmallInteger, server_default=_ZERO, nullable=False)
    )
    op.execute("update skill set trial_right = gold_right, trial_wrong = gold_wrong")
    for name in ("learned", "unlearned"):
        op.add_column("batch", sa.Column(name, sa.Integer, server_default=_ZERO, nullable=False))
    op.add_column("task", sa.Column("decided_by", sa.Text))
    op.add_column("task", sa.Column("promoted_from", sa.BigInteger))
    op.create_index(
        "ix_task_promoted_from",
        "task",
        ["promoted_from"],
        postgresql_where=sa.text("promoted_from is not null"),
    )
    op.create_table(
        "taught",
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("right", sa.REAL, nullable=False),
        sa.Column("wrong", sa.REAL, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "worker_id", name=op.f("pk_taught")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_taught_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_taught_worker_id_worker")
        ),
    )
    op.create_table(
        "gold_seen",
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("worker_id", "digest", name=op.f("pk_gold_seen")),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_gold_seen_worker_id_worker")
        ),
    )


def _people_decide() -> None:
    """Corrections of gold, and findings with their evidence."""
    op.create_table(
        "correction",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("task_id", sa.BigInteger, nullable=False),
        sa.Column("was", sa.Text, nullable=False),
        sa.Column("becomes", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("diff", postgresql.JSONB, nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_correction_task_id_task")),
    )
    op.create_index(op.f("ix_correction_task_id"), "correction", ["task_id"])
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("worker_id", sa.BigInteger),
        sa.Column("batch_id", sa.Text),
        sa.Column("evidence", postgresql.JSONB, nullable=False),
        sa.Column("state", sa.Text, server_default=sa.text("'open'"), nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("closed_by", sa.Text),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", _AT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_finding_worker_id_worker")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_finding_batch_id_batch")),
        sa.CheckConstraint("state in ('open', 'closed')", name=op.f("ck_finding_state")),
    )
    op.create_index(
        "uq_finding_open",
        "finding",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
