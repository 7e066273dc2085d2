"""What operators' statements showed, and what people decided about money."""

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
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from gateway.store.tables._base import at_column, id_column, metadata, one_of

statement = Table(
    "statement",
    metadata,
    id_column(),
    Column("provider", Text, nullable=False),
    Column(
        "digest", LargeBinary, nullable=False, unique=True
    ),  # of the file: the same one counts once
    Column("lines", Integer, nullable=False),
    Column("matched", Integer, nullable=False, server_default=text("0")),
    Column("done_at", DateTime(timezone=True)),
    at_column(),
)

# A statement's lines as they came, each with the payout it is of.
statement_line = Table(
    "statement_line",
    metadata,
    Column("statement_id", BigInteger, ForeignKey("statement.id"), primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True)),
    Column("balance", BigInteger),
    Column("payout_id", UUID, ForeignKey("payout.id"), index=True),
)

# A difference between an operator's statement and our books: see gateway.payments.reconcile.Kind.
discrepancy = Table(
    "discrepancy",
    metadata,
    id_column(),
    Column("statement_id", BigInteger, ForeignKey("statement.id"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column(
        "receipt", Text, nullable=False
    ),  # the operator's, or our payout's id where there is none
    Column("payout_id", UUID, ForeignKey("payout.id")),
    Column("amount", BigInteger, nullable=False),
    Column("expected", BigInteger),
    # The circuit breaker: while this is true and nobody has explained it, the provider is sent
    # nothing.
    Column("stops", Boolean, nullable=False),
    Column("explained_at", DateTime(timezone=True)),
    Column("explained_by", Text),
    Column("explanation", Text),
    at_column(),
    UniqueConstraint("provider", "kind", "receipt"),
)
Index(
    "ix_discrepancy_stops",
    discrepancy.c.provider,
    postgresql_where=text("stops and explained_at is null"),
)


def two_people(
    does: str, agrees: str
) -> tuple[Column[int], Column[int], Column[object], CheckConstraint]:
    """The columns of what one person does and another one agrees to, later: never the same."""
    return (
        Column(f"{does}_by", BigInteger, ForeignKey("person.id"), nullable=False),
        Column(f"{agrees}_by", BigInteger, ForeignKey("person.id")),
        Column(f"{agrees}_at", DateTime(timezone=True)),
        CheckConstraint(f"{agrees}_by <> {does}_by", name="two_people"),
    )


# Somebody who may decide about money. The key is shown once; only its hash is kept.
person = Table(
    "person",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    Column("key_hash", LargeBinary, nullable=False),
    Column("gone_at", DateTime(timezone=True)),  # disabled
    Column(
        "expires_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now() + interval '180 days'"),
    ),
    Column("expiry_told_at", DateTime(timezone=True)),
    at_column(),
)

# What was done to a person's say, by which other person and why. Only ever grows.
person_event = Table(
    "person_event",
    metadata,
    id_column(),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column(
        "by_id", BigInteger, ForeignKey("person.id")
    ),  # null: nobody could vouch, or time did it
    Column("reason", Text, nullable=False, server_default=text("''")),
    at_column("at"),
    one_of("event", "added", "disabled", "rekeyed", "expired"),
)

# Payouts that one person put together and another one approves; the digest is of who gets how much.
approval_list = Table(
    "approval_list",
    metadata,
    id_column(),
    Column("digest", LargeBinary, nullable=False),
    *two_people("made", "approved"),
    at_column(),
)

approval_item = Table(
    "approval_item",
    metadata,
    Column("list_id", BigInteger, ForeignKey("approval_list.id"), primary_key=True),
    Column("payout_id", UUID, ForeignKey("payout.id"), primary_key=True, index=True),
)

# Anything else that two people decide; `subject` names it, `evidence` is of what was known of it
# then.
verdict = Table(
    "verdict",
    metadata,
    id_column(),
    Column("subject", Text, nullable=False, unique=True),
    Column("says", Text, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    *two_people("said", "confirmed"),
    at_column(),
)

# What one person says of a payout nobody else can decide, and another one confirms.
resolution = Table(
    "resolution",
    metadata,
    id_column(),
    Column("payout_id", UUID, ForeignKey("payout.id"), nullable=False, unique=True),
    Column("paid", Boolean, nullable=False),
    Column("receipt", Text),
    # Of what was known of the payout then: newer evidence makes the first word void.
    Column("evidence", LargeBinary, nullable=False),
    *two_people("said", "confirmed"),
    at_column(),
)
