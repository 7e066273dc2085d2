"""What keeps money honest beside the ledger itself: seals over its history."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from gateway.store.tables._base import at_column, id_column, metadata, one_of

# A link of the hash chain over the ledger: see gateway.payments.seals.
seal = Table(
    "seal",
    metadata,
    id_column(),
    Column("from_seq", BigInteger, nullable=False, unique=True),
    Column("to_seq", BigInteger, nullable=False, unique=True),
    Column("transfers", Integer, nullable=False),  # rows in the range: identities leave gaps
    Column("prev", LargeBinary, nullable=False, unique=True),  # a chain never forks
    Column("digest", LargeBinary, nullable=False, unique=True),
    at_column("at"),
    CheckConstraint("from_seq <= to_seq", name="range"),
)

# What is kept of a worker's PIN: see gateway.workers.pins. Who has none has no row.
worker_pin = Table(
    "worker_pin",
    metadata,
    Column("worker_id", BigInteger, ForeignKey("worker.id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("wrong", SmallInteger, nullable=False, server_default=text("0")),
    at_column("set_at"),
    CheckConstraint("wrong between 0 and 3", name="tries"),
)

# Payouts that were let go, and when: what today's limits are counted from.
payout_pass = Table(
    "payout_pass",
    metadata,
    Column("payout_id", UUID, ForeignKey("payout.id"), primary_key=True),
    at_column("at"),
)
Index("ix_payout_pass_at", payout_pass.c.at)

# Why a payout waits: one row a control. `ends`: at `until` it goes by itself; else it is looked at
# again.
payout_hold = Table(
    "payout_hold",
    metadata,
    id_column(),
    Column("payout_id", UUID, ForeignKey("payout.id"), nullable=False),
    Column("control", Text, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("ends", Boolean, nullable=False),
    Column("released_by", Text),
    Column("released_at", DateTime(timezone=True)),
    at_column(),
    UniqueConstraint("payout_id", "control"),
)

# An answer that was paid and turned out wrong later. What was paid stays paid; a bounded part of
# what she earns from now on may pay it back: see gateway.payments.adjusting.
adjustment = Table(
    "adjustment",
    metadata,
    id_column(),
    Column("ref", Text, nullable=False, unique=True),  # what the worker reads
    Column("answer_id", BigInteger, ForeignKey("answer.id"), nullable=False, unique=True),
    Column("worker_id", BigInteger, ForeignKey("worker.id"), nullable=False, index=True),
    Column("amount", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("decide_by", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    at_column(),
    # open: she may dispute; disputed: her coordinator looks; standing: taken bit by bit; dropped,
    # done: over.
    one_of("state", "open", "disputed", "standing", "dropped", "done"),
    CheckConstraint("amount > 0 and taken >= 0 and taken <= amount", name="bounds"),
)
Index(
    "ix_adjustment_waiting",
    adjustment.c.decide_by,
    postgresql_where=text("state in ('open', 'disputed', 'standing')"),
)

adjustment_event = Table(
    "adjustment_event",
    metadata,
    id_column(),
    Column("adjustment_id", BigInteger, ForeignKey("adjustment.id"), nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("amount", BigInteger, nullable=False, server_default=text("0")),
    Column("who", Text, nullable=False, server_default=text("''")),
    at_column("at"),
)
