"""Coordinators can be disabled and cut off, have a PIN and listed links; consent knows which coordinator acted."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0039"
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.add_column("coordinator", sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False))
    op.create_check_constraint(
        op.f("ck_coordinator_state"), "coordinator", "state in ('active', 'cut_off', 'disabled')"
    )
    op.add_column("consent", sa.Column("coordinator_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_consent_coordinator_id"), "consent", "coordinator", ["coordinator_id"], ["id"]
    )
    op.create_index(
        "ix_consent_coordinator",
        "consent",
        ["coordinator_id", "at"],
        postgresql_where=sa.text("coordinator_id is not null"),
    )
    op.create_table(
        "coordinator_event",
        _id(),
        sa.Column("coordinator_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        _at("at"),
        sa.ForeignKeyConstraint(["coordinator_id"], ["coordinator.id"], name=op.f("fk_coordinator_event_coordinator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coordinator_event")),
    )
    op.create_index(op.f("ix_coordinator_event_coordinator_id"), "coordinator_event", ["coordinator_id"])
    op.create_table(
        "coordinator_pin",
        sa.Column("coordinator_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("wrong", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        _at("set_at"),
        sa.CheckConstraint("wrong between 0 and 3", name=op.f("ck_coordinator_pin_tries")),
        sa.ForeignKeyConstraint(["coordinator_id"], ["coordinator.id"], name=op.f("fk_coordinator_pin_coordinator_id")),
        sa.PrimaryKeyConstraint("coordinator_id", name=op.f("pk_coordinator_pin")),
    )
    op.create_table(
        "console_link",
        _id(),
        sa.Column("coordinator_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.Text(), server_default=sa.text("''"), nullable=False),
        _at("created_at"),
        sa.ForeignKeyConstraint(["coordinator_id"], ["coordinator.id"], name=op.f("fk_console_link_coordinator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_link")),
    )
    op.create_index(op.f("ix_console_link_coordinator_id"), "console_link", ["coordinator_id"])
