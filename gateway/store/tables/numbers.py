"""Changes of a worker's phone number, and what was done in each, by whom."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)

from gateway.store.tables._base import at_column, id_column, metadata, one_of

# One change of number. The worker's row stays; only its number becomes another one.
number_move = Table(
    "number_move",
    metadata,
    id_column(),
    Column("worker_id", BigInteger, ForeignKey("worker.id"), nullable=False, index=True),
    # pin: the worker asked with her PIN; persons: two persons decide; release: the number is a
    # stranger's now.
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("old_index", LargeBinary, nullable=False, index=True),
    Column("old_sealed", LargeBinary, nullable=False),
    # The number she moves to; after a release the index that no phone has.
    Column("new_index", LargeBinary, nullable=False, index=True),
    Column("new_sealed", LargeBinary, nullable=False),
    Column("channel", Text, nullable=False),  # by which both numbers are written to
    Column("coordinator_id", BigInteger, ForeignKey("coordinator.id")),  # who asked, where one did
    Column("worker_was", Text, nullable=False),  # her state when it began
    at_column(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("done_at", DateTime(timezone=True)),
    Column("hold_until", DateTime(timezone=True)),  # payouts wait, and the old number may object
    Column("objected_at", DateTime(timezone=True)),
    one_of("kind", "pin", "persons", "release"),
    # requested: waits for two persons; asked: the number must say NOTME once more; invited: waits
    # for the new number's YES; objected: the old number said no, two persons look; given_back: they
    # gave it back.
    one_of(
        "state",
        "requested",
        "asked",
        "invited",
        "objected",
        "done",
        "released",
        "refused",
        "replaced",
        "given_back",
    ),
    CheckConstraint(
        "state not in ('done', 'given_back') or done_at is not null and hold_until is not null",
        name="done",
    ),
)
# A worker has one change under way at most.
Index(
    "ix_number_move_open",
    number_move.c.worker_id,
    unique=True,
    postgresql_where=text("state in ('requested', 'asked', 'invited', 'objected')"),
)

number_move_event = Table(
    "number_move_event",
    metadata,
    id_column(),
    Column("move_id", BigInteger, ForeignKey("number_move.id"), nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("by_whom", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    at_column("at"),
)
