"""The schema: every table with what its columns mean. Migrations are made from this; queries are hand-written SQL.

Amounts are whole minor units of `currency`. Times are UTC. Phone numbers stand only sealed (`*_sealed`, AES-GCM)
and as a blind index (`*_index`, HMAC); see `gateway.vault`. Triggers and functions live in `store/sql/`.
"""

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NOW = text("now()")


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _at(name: str = "created_at") -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=_NOW)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)


# --- money ---------------------------------------------------------------------------------------------------

account = Table(
    "account",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),  # a worker's, client's or batch's id, a provider's name
    Column("currency", Text, nullable=False),
    # Only bounded accounts store their balance: a hot unbounded account (a batch's hold, an operator's float) is
    # never written when money passes through it, so answers do not queue behind each other.
    Column("bounded", Boolean, nullable=False),
    Column(
        "balance", BigInteger, nullable=False, server_default=text("0")
    ),  # credits - debits, if bounded
    UniqueConstraint("kind", "owner", "currency"),
    UniqueConstraint("id", "currency"),
    CheckConstraint("not bounded or balance >= 0", name="never_negative"),
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
    Column("code", SmallInteger, nullable=False),  # gateway.payments.ledger.Code
    Column("cause", Text, nullable=False),  # what it is for, e.g. "answer:17", "payout:<id>"
    _at("at"),
    # The currency is part of both keys, so money cannot change its currency on the way.
    ForeignKeyConstraint(["debit", "currency"], ["account.id", "account.currency"]),
    ForeignKeyConstraint(["credit", "currency"], ["account.id", "account.currency"]),
    CheckConstraint("amount > 0", name="positive"),
    CheckConstraint("debit <> credit", name="two_sides"),
)
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
    # What the state machine remembers: see gateway.payments.payouts.Payout.
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("maybe_taken", Boolean, nullable=False, server_default=text("false")),
    Column("misses", SmallInteger, nullable=False, server_default=text("0")),
    Column("first_sent_at", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    Column(
        "due_at", DateTime(timezone=True)
    ),  # when a runner has to act next; null = nothing to do
    Column("hinted_ours", Boolean, nullable=False, server_default=text("false")),
    Column("receipt", Text),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("settled_at", DateTime(timezone=True)),
    _at(),
    UniqueConstraint("provider", "receipt"),
    CheckConstraint("amount > 0", name="positive"),
)
OPEN_PAYOUT = "state not in ('paid', 'failed', 'cancelled', 'reversed', 'late_paid')"
Index("uq_payout_one_open", payout.c.worker_id, unique=True, postgresql_where=text(OPEN_PAYOUT))
Index("ix_payout_due", payout.c.due_at, postgresql_where=text("due_at is not null"))
Index("ix_payout_worker_id", payout.c.worker_id)

payout_event = Table(
    "payout_event",
    metadata,
    _id(),
    Column("payout_id", UUID, ForeignKey("payout.id"), nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("was", Text, nullable=False),
    Column("becomes", Text, nullable=False),
    Column("note", Text),
    _at("at"),
)

# A provider that stopped (credentials, float): nothing is sent until the time has passed.
provider_pause = Table(
    "provider_pause",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
)

provider_token = Table(
    "provider_token",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token_sealed", LargeBinary, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

# --- people --------------------------------------------------------------------------------------------------

partner = Table(
    "partner",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),  # what workers text: JOIN KIBERA
    Column("name", Text, nullable=False),
    _at(),
)

coordinator = Table(
    "coordinator",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("partner_id", BigInteger, ForeignKey("partner.id")),
    Column("msisdn_sealed", LargeBinary, nullable=False),
    Column("msisdn_index", LargeBinary, nullable=False, unique=True),
    _at(),
)

worker = Table(
    "worker",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("partner_id", BigInteger, ForeignKey("partner.id")),
    Column("coordinator_id", BigInteger, ForeignKey("coordinator.id")),
    Column("msisdn_sealed", LargeBinary, nullable=False),
    Column("msisdn_index", LargeBinary, nullable=False, unique=True),
    Column("region", Text, nullable=False),  # ISO 3166
    Column("currency", Text, nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id"), nullable=False),
    # How she last worked: 'sms' workers are sent questions, 'ussd' workers dial in for them.
    Column("reach", Text, nullable=False, server_default=text("'sms'")),
    Column("sms_channel", Text, nullable=False),
    _at(),
    _one_of("state", "invited", "active", "stopped", "removed"),
    _one_of("reach", "sms", "ussd"),
)

consent = Table(
    "consent",
    metadata,
    _id(),
    Column("worker_id", BigInteger, ForeignKey("worker.id"), nullable=False, index=True),
    Column("act", Text, nullable=False),  # invited, joined, agreed, stopped, restarted, removed
    Column("via", Text, nullable=False),
    Column("said", Text),
    _at("at"),
)

skill = Table(
    "skill",
    metadata,
    Column("worker_id", BigInteger, ForeignKey("worker.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    # Evidence so far, as weights (see gateway.qa.skill): agreement counts less than gold.
    Column("right", REAL, nullable=False, server_default=text("0")),
    Column("wrong", REAL, nullable=False, server_default=text("0")),
    Column("gold_right", Integer, nullable=False, server_default=text("0")),
    Column("gold_wrong", Integer, nullable=False, server_default=text("0")),
    Column("answers", Integer, nullable=False, server_default=text("0")),
)

# --- work ----------------------------------------------------------------------------------------------------

client = Table(
    "client",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id"), nullable=False),
    _at(),
)

api_key = Table(
    "api_key",
    metadata,
    Column(
        "hash", LargeBinary, primary_key=True
    ),  # SHA-256; the key itself is shown once and never kept
    Column("client_id", Text, ForeignKey("client.id"), nullable=False, index=True),
    Column("shown", Text, nullable=False),  # the first characters, to tell keys apart
    Column("revoked_at", DateTime(timezone=True)),
    _at(),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", Text, ForeignKey("client.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("body", JSONB, nullable=False),
    _at(),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("client.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("instructions", Text, nullable=False),
    Column("options", JSONB, nullable=False),  # [{"id": "...", "labels": {"en": "..."}}]
    Column("languages", ARRAY(Text), nullable=False),  # workers of these languages; empty = all
    Column("price", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("policy", Text, nullable=False),  # fixed:N | all | dynamic, see gateway.qa.overlap
    Column("policy_options", JSONB, nullable=False, server_default=text("'{}'")),
    Column("method", Text, nullable=False),  # aggregation rule
    Column("gold_rate", REAL, nullable=False, server_default=text("0")),  # share of hidden gold
    Column("lease_s", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id"), nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default=text("0")),
    _at(),
    Column("started_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    _one_of("state", "draft", "running", "paused", "done", "cancelled"),
    CheckConstraint("price > 0", name="price"),
)

task = Table(
    "task",
    metadata,
    _id(),
    Column("batch_id", Text, ForeignKey("batch.id"), nullable=False),
    Column("name", Text, nullable=False),  # the client's own id for it
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("gold", Text),  # the truth, for hidden gold; null for real questions
    Column(
        "audience", JSONB
    ),  # who may be asked: {"workers": [...], "partners": [...], "languages": [...]}
    Column(
        "directed", Boolean, nullable=False, server_default=text("false")
    ),  # audience names workers
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("maximum", SmallInteger, nullable=False),  # paid answers at most: what was reserved
    Column("wanted", SmallInteger, nullable=False),  # answers wanted by now, <= maximum
    Column("held", SmallInteger, nullable=False, server_default=text("0")),  # open assignments
    Column("answered", SmallInteger, nullable=False, server_default=text("0")),
    Column("value", Text),
    Column("confidence", REAL),
    Column("rule", Text),  # which rule decided
    Column("decided_at", DateTime(timezone=True)),
    UniqueConstraint("batch_id", "name"),
    _one_of("state", "open", "decided", "review", "cancelled"),
    CheckConstraint("held >= 0 and answered >= 0", name="counts"),
    CheckConstraint("wanted <= maximum", name="reserved"),
    # Never more open assignments than answers still needed; the database has the last word.
    CheckConstraint("state <> 'open' or answered + held <= wanted", name="no_surplus"),
    CheckConstraint("answered <= maximum", name="paid_slots"),
    postgresql_with={"fillfactor": "70"},  # room for heap-only updates beside the row
)
Index("ix_task_batch_position", task.c.batch_id, task.c.position)
# The counts are kept out of every index, so that counting an answer rewrites no index entry (a heap-only update).
Index(
    "ix_task_free",
    task.c.batch_id,
    task.c.position,
    postgresql_where=text("state = 'open' and gold is null and not directed"),
)
Index("ix_task_gold", task.c.batch_id, postgresql_where=text("state = 'open' and gold is not null"))

directed = Table(
    "directed",
    metadata,
    Column("task_id", BigInteger, ForeignKey("task.id"), primary_key=True),
    Column("worker_id", BigInteger, ForeignKey("worker.id"), primary_key=True),
    Column("position", SmallInteger, nullable=False),  # the n-th to be asked
    Column("batch_position", Integer, nullable=False),
    Column("asked", Boolean, nullable=False, server_default=text("false")),
)
Index(
    "ix_directed_waiting",
    directed.c.worker_id,
    directed.c.batch_position,
    postgresql_where=text("not asked"),
)

assignment = Table(
    "assignment",
    metadata,
    _id(),
    Column("task_id", BigInteger, ForeignKey("task.id"), nullable=False),
    Column("worker_id", BigInteger, ForeignKey("worker.id"), nullable=False),
    Column("state", Text, nullable=False, server_default=text("'held'")),
    Column("via", Text, nullable=False),
    Column("lease_until", DateTime(timezone=True), nullable=False),
    _at(),
    UniqueConstraint("task_id", "worker_id"),
    _one_of("state", "held", "answered", "skipped", "expired", "withdrawn"),
)
Index(
    "ix_assignment_held",
    assignment.c.worker_id,
    postgresql_where=text("state in ('held', 'expired')"),
)
Index("ix_assignment_lease", assignment.c.lease_until, postgresql_where=text("state = 'held'"))

answer = Table(
    "answer",
    metadata,
    _id(),
    Column("task_id", BigInteger, nullable=False),
    Column("worker_id", BigInteger, nullable=False),
    Column("slot", SmallInteger, nullable=False),  # the n-th paid answer of its task
    Column("value", Text, nullable=False),
    Column("said", Text, nullable=False),  # the worker's own words
    Column("via", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("transfer_id", UUID, ForeignKey("transfer.id"), nullable=False),
    Column("right", Boolean),  # on gold only
    Column(
        "scored", Boolean, nullable=False, server_default=text("false")
    ),  # its worker's skill knows it
    _at(),
    UniqueConstraint("task_id", "worker_id"),
    # Nobody's answer counts who was not asked.
    ForeignKeyConstraint(["task_id", "worker_id"], ["assignment.task_id", "assignment.worker_id"]),
    UniqueConstraint("task_id", "slot"),
)
Index("ix_answer_unscored", answer.c.task_id, postgresql_where=text("not scored"))

# --- messages ------------------------------------------------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),  # sms, ussd, receipt, session-end, opt-out, payout
    Column(
        "event_id", Text, nullable=False
    ),  # what makes it the same event: see the port of its kind
    Column("worker_id", BigInteger),
    Column("body_sealed", LargeBinary),  # the raw event, as received
    Column("state", Text, nullable=False),
    Column("reply", Text),
    Column("error", Text),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    _at(),
    Column("done_at", DateTime(timezone=True)),
    UniqueConstraint("channel", "kind", "event_id"),
    _one_of("state", "waiting", "done", "failed"),
)
Index("ix_inbox_open", inbox.c.created_at, postgresql_where=text("state <> 'done'"))

ussd_session = Table(
    "ussd_session",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("session", Text, primary_key=True),
    Column("worker_id", BigInteger),
    Column("transcript", Text, nullable=False),
    Column("view", Text, nullable=False),
    Column("memory", JSONB, nullable=False),
    Column("pages", ARRAY(Text), nullable=False),  # the screen as shown, page by page
    Column("page", SmallInteger, nullable=False, server_default=text("0")),
    Column("ended", Boolean, nullable=False, server_default=text("false")),
    Column("completed", Boolean),  # the provider's notice: null = none yet
    _at(),
    _at("last_at"),
)

Index("ix_ussd_session_worker_id", ussd_session.c.worker_id)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("channel", Text, nullable=False),
    Column("worker_id", BigInteger),
    Column("to_sealed", LargeBinary, nullable=False),
    Column("to_index", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),
    Column("segments", SmallInteger, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("purpose", Text, nullable=False),  # reply, question, money, invitation, notice
    Column("priority", SmallInteger, nullable=False),  # 0 overtakes 1
    Column(
        "cause", Text, unique=True
    ),  # what makes it the same message, where it could be written twice
    Column("state", Text, nullable=False, server_default=text("'queued'")),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("lease_until", DateTime(timezone=True)),
    Column("provider_id", Text),
    Column("delivery", Text),
    Column("delivery_rank", SmallInteger, nullable=False, server_default=text("-1")),
    Column("reason", Text),
    Column("cost", BigInteger),  # minor units of cost_currency
    Column("cost_currency", Text),
    _at(),
    Column("sent_at", DateTime(timezone=True)),
    _one_of("state", "queued", "sending", "accepted", "refused", "unknown", "cancelled"),
)
Index(
    "ix_outbox_due",
    outbox.c.channel,
    outbox.c.priority,
    outbox.c.due_at,
    postgresql_where=text("state = 'queued'"),
)
Index("ix_outbox_lease", outbox.c.lease_until, postgresql_where=text("state = 'sending'"))
Index(
    "ix_outbox_provider_id",
    outbox.c.channel,
    outbox.c.provider_id,
    unique=True,
    postgresql_where=text("provider_id is not null"),
)
Index(
    "ix_outbox_notice",
    outbox.c.worker_id,
    outbox.c.created_at,
    postgresql_where=text("purpose = 'notice'"),
)
Index("ix_outbox_to_index", outbox.c.to_index, outbox.c.id)

opt_out = Table(
    "opt_out",
    metadata,
    Column("msisdn_index", LargeBinary, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False),
    _at(),
)

# The digest of the files in `store/sql/` that this database runs.
sql_version = Table("sql_version", metadata, Column("digest", Text, primary_key=True))
