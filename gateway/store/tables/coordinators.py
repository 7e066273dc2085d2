"""What is kept of coordinators beside their row: what was done to them, their PINs, the links to their pages."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    SmallInteger,
    Table,
    Text,
    text,
)

from gateway.store.tables._base import at_column, id_column, metadata

coordinator_event = Table(
    "coordinator_event",
    metadata,
    id_column(),
    Column("coordinator_id", BigInteger, ForeignKey("coordinator.id"), nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("by_whom", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    at_column("at"),
)

# As of a worker's PIN, only a slow hash is kept: see gateway.workers.pins.
coordinator_pin = Table(
    "coordinator_pin",
    metadata,
    Column("coordinator_id", BigInteger, ForeignKey("coordinator.id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("wrong", SmallInteger, nullable=False, server_default=text("0")),
    at_column("set_at"),
    CheckConstraint("wrong between 0 and 3", name="tries"),
)

console_link = Table(
    "console_link",
    metadata,
    id_column(),
    Column("coordinator_id", BigInteger, ForeignKey("coordinator.id"), nullable=False, index=True),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_because", Text, nullable=False, server_default=text("''")),
    at_column(),
)
