"""A worker can change her number: who asked, who agreed, who objected, and until when payouts wait."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0052"
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def upgrade() -> None:
    op.add_column("worker", _at("number_lost_at", nullable=True))
    op.create_table(
        "number_move",
        _id(),
        sa.Column("worker_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("old_index", sa.LargeBinary(), nullable=False),
        sa.Column("old_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("new_index", sa.LargeBinary(), nullable=False),
        sa.Column("new_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("coordinator_id", sa.BigInteger(), nullable=True),
        sa.Column("worker_was", sa.Text(), nullable=False),
        _at("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _at("done_at", nullable=True),
        _at("hold_until", nullable=True),
        _at("objected_at", nullable=True),
        sa.CheckConstraint("kind in ('pin', 'persons', 'release')", name=op.f("ck_number_move_kind")),
        sa.CheckConstraint(
            "state in ('requested', 'asked', 'invited', 'objected', 'done', 'released', 'refused', 'replaced', "
            "'given_back')",
            name=op.f("ck_number_move_state"),
        ),
        sa.CheckConstraint(
            "state not in ('done', 'given_back') or done_at is not null and hold_until is not null",
            name=op.f("ck_number_move_done"),
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_number_move_worker_id")),
        sa.ForeignKeyConstraint(
            ["coordinator_id"], ["coordinator.id"], name=op.f("fk_number_move_coordinator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_move")),
    )
    for column in ("worker_id", "old_index", "new_index"):
        op.create_index(op.f(f"ix_number_move_{column}"), "number_move", [column])
    op.create_index(
        "ix_number_move_open",
        "number_move",
        ["worker_id"],
        unique=True,
        postgresql_where=sa.text("state in ('requested', 'asked', 'invited', 'objected')"),
    )
    op.create_table(
        "number_move_event",
        _id(),
        sa.Column("move_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        _at("at"),
        sa.ForeignKeyConstraint(["move_id"], ["number_move.id"], name=op.f("fk_number_move_event_move_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_move_event")),
    )
    op.create_index(op.f("ix_number_move_event_move_id"), "number_move_event", ["move_id"])
