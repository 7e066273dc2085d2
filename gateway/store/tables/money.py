"""Accounts, transfers, payouts: the money. See gateway.payments.chart for what the kinds and codes mean."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from gateway.store.tables._base import at_column, id_column, metadata

account = Table(
    "account",
    metadata,
    id_column(),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),  # a worker's, client's or batch's id, a provider's name
    Column("currency", Text, nullable=False),
    # Only bounded accounts store their balance: a hot unbounded account (a batch's hold, an
    # operator's float) is never written when money passes through it, so answers do not queue
    # behind each other.
    Column("bounded", Boolean, nullable=False),
    Column(
        "balance", BigInteger, nullable=False, server_default=text("0")
    ),  # credits - debits, if bounded
    UniqueConstraint("kind", "owner", "currency"),
    UniqueConstraint("id", "currency"),
    CheckConstraint("not bounded or balance >= 0", name="never_negative"),
    postgresql_with={
        "fillfactor": "50"
    },  # a balance moves often: room for heap-only updates beside the row
)

transfer = Table(
    "transfer",
    metadata,
    Column(
        "id", UUID, primary_key=True
    ),  # derived from its cause: writing it twice is writing it once
    Column("seq", BigInteger, Identity(always=True), nullable=False),
    Column("debit", BigInteger, nullable=False),
    Column("credit", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("code", SmallInteger, nullable=False),  # gateway.payments.chart.Code
    Column("cause", Text, nullable=False),  # what it is for, e.g. "answer:17", "payout:<id>"
    at_column("at"),
    # A trigger checks that both accounts are there in this currency, so money cannot change its
    # currency on the way.
    CheckConstraint("amount > 0", name="positive"),
    CheckConstraint("debit <> credit", name="two_sides"),
)
# The order of history: seals cover ranges of it.
Index("uq_transfer_seq", transfer.c.seq, unique=True)
Index("ix_transfer_debit", transfer.c.debit)
Index("ix_transfer_credit", transfer.c.credit)

payout = Table(
    "payout",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),  # what the worker reads
    Column("worker_id", BigInteger, ForeignKey("worker.id"), nullable=False),
    Column("state", Text, nullable=False),  # gateway.payments.states
    Column("version", Integer, nullable=False, server_default=text("0")),
    Column("provider", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column(
        "key", Text, nullable=False, unique=True
    ),  # our idempotency key, stored before the first byte is sent
    Column("to_sealed", LargeBinary, nullable=False),
    Column(
        "to_tail", Text, nullable=False
    ),  # last three digits: enough to match a receipt, not to call anybody
    Column("result_token", Text, nullable=False, unique=True),  # path of hints
    Column(
        "status_token", Text, nullable=False, unique=True
    ),  # path of answers to our own status queries
    Column("timeout_token", Text, nullable=False, unique=True),
    # What the state machine remembers: see gateway.payments.payout.Payout.
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("maybe_taken", Boolean, nullable=False, server_default=text("false")),
    Column("misses", SmallInteger, nullable=False, server_default=text("0")),
    Column("first_sent_at", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    Column(
        "due_at", DateTime(timezone=True)
    ),  # when a runner has to act next; null = nothing to do
    Column("reference", Text, nullable=False, server_default=text("''")),
    Column("hinted_ours", Boolean, nullable=False, server_default=text("false")),
    Column("receipt", Text),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("settled_at", DateTime(timezone=True)),
    # The payout this one stands in for, where the operator refused that one for our fault; how many
    # came before it.
    Column("replaces", UUID, ForeignKey("payout.id"), unique=True),
    Column("nth", SmallInteger, nullable=False, server_default=text("0")),
    # What left her balance beside the amount: taxes of `country`, each with what it is reckoned on,
    # and the operator's fee.
    Column("country", Text, nullable=False, server_default=text("''")),
    Column("tax_names", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("tax_bases", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    Column("tax_amounts", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    Column("fee", BigInteger, nullable=False, server_default=text("0")),
    at_column(),
    UniqueConstraint("provider", "receipt"),
    CheckConstraint("amount > 0", name="positive"),
    CheckConstraint("fee >= 0 and 0 < all (tax_amounts)", name="withheld"),
    # A payout moves some eight times and few of its columns are indexed: room for heap-only
    # updates.
    postgresql_with={"fillfactor": "60"},
)
# By settled_at and not by state: an index's every column is one that may not change in a heap-only
# update.
Index(
    "uq_payout_one_open",
    payout.c.worker_id,
    unique=True,
    postgresql_where=text("settled_at is null"),
)
Index("ix_payout_worker_id", payout.c.worker_id)
Index(
    "ix_payout_reference",
    payout.c.provider,
    payout.c.reference,
    postgresql_where=text("reference <> ''"),
)

# When a runner looks at a payout next: its `due_at`, put off while a runner has it in hand. A table
# of its own, because it changes at every step, and in `payout` each change would be written to a
# dozen indexes.
payout_due = Table(
    "payout_due",
    metadata,
    Column("payout_id", UUID, ForeignKey("payout.id"), primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False, index=True),
)

payout_event = Table(
    "payout_event",
    metadata,
    id_column(),
    Column("payout_id", UUID, ForeignKey("payout.id"), nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("was", Text, nullable=False),
    Column("becomes", Text, nullable=False),
    Column("note", Text),
    at_column("at"),
)

# A provider that stopped (credentials, float): nothing is sent until the time has passed.
provider_pause = Table(
    "provider_pause",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
)

# How an operator is doing: see gateway.steps.pulse. `stopped_at`: nothing is sent until it answers;
# `settling_at`: until what was in flight at that time was asked about. `heard_at`, `heard_event`:
# when it was last heard again, and the newest event then; `attend_at`: what has been open since
# before is asked about again then.
provider_health = Table(
    "provider_health",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("silent_since", DateTime(timezone=True)),
    Column("ask_at", DateTime(timezone=True)),
    Column("stopped_at", DateTime(timezone=True)),
    Column("attend_at", DateTime(timezone=True)),
    Column("heard_at", DateTime(timezone=True)),
    Column("settling_at", DateTime(timezone=True)),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("heard_event", BigInteger, nullable=False, server_default=text("0")),
    # What it says it holds for us.
    Column("float", BigInteger),
    Column("float_at", DateTime(timezone=True)),
    # When it was last asked for that.
    Column("float_asked_at", DateTime(timezone=True)),
    # When that was compared with our books last, and by how much it was more than they can explain.
    Column("compared_at", DateTime(timezone=True)),
    Column("gap", BigInteger, nullable=False, server_default=text("0")),
)

# The last question to an operator that tells later what it holds for us (see
# gateway.steps.float_questions). Our books said from `least` to `most` meanwhile; `told` is what
# the operator said, null until it does.
float_question = Table(
    "float_question",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("result_token", Text, nullable=False, unique=True),  # path of the answer
    Column("timeout_token", Text, nullable=False, unique=True),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("least", BigInteger, nullable=False),
    Column("most", BigInteger, nullable=False),
    Column("told", BigInteger),
)

provider_token = Table(
    "provider_token",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token_sealed", LargeBinary, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
