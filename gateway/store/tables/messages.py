"""Inbound events, USSD sessions, outgoing messages, opt-outs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from gateway.store.tables._base import NOW, at_column, metadata, one_of


def _drawn_from(sequence: str) -> Column[int]:
    """Return the column of a number that is drawn from a sequence which belongs to no month."""
    drawn = text(f"nextval('{sequence}')")
    return Column("id", BigInteger, nullable=False, server_default=drawn)


# The inbox, the outbox and the sessions lie in months by `created_at` (decision 58). A key that is
# unique over all months stands in a table of its own, `inbox_key` or `outbox_key`; the months' own
# keys only find rows.
inbox = Table(
    "inbox",
    metadata,
    _drawn_from("inbox_id_seq"),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),  # sms, ussd, receipt, session-end, opt-out, payout
    Column(
        "event_id", Text, nullable=False
    ),  # what makes it the same event: see the port of its kind
    Column("worker_id", BigInteger),
    Column("body_sealed", LargeBinary),  # the raw event, as received
    # failed: an operator must look. unclear: any phone can send it, and nobody need act on it.
    Column("state", Text, nullable=False),
    Column("reply", Text),
    Column("error", Text),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    at_column(),
    at_column("due_at"),  # waiting: when a runner takes it (again)
    Column("done_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("id", "created_at"),
    one_of("state", "waiting", "done", "failed", "unclear"),
    postgresql_partition_by="range (created_at)",
)
# What makes an event the same one, for as long as a provider may bring it again:
# `store/sql/months.sql` forgets it then. What is not done is not forgotten. With `id` and
# `created_at` its row is found in one month.
inbox_key = Table(
    "inbox_key",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("id", BigInteger, nullable=False, server_default=text("nextval('inbox_id_seq')")),
    at_column(),
    Column("worker_id", BigInteger),
    Column("done", Boolean, nullable=False),
    # The same SMS under another id: sender, text and the provider's time, keyed. Of one without id
    # and time: set once it is known to be no copy.
    Column("twin", LargeBinary),
)
Index(
    "ix_inbox_key_twin",
    inbox_key.c.channel,
    inbox_key.c.twin,
    unique=True,
    postgresql_where=text("twin is not null"),
)
Index(
    "ix_inbox_remarks",
    inbox.c.created_at,
    postgresql_where=text("state = 'done' and error is not null"),
)
Index("ix_inbox_open", inbox.c.created_at, postgresql_where=text("state <> 'done'"))
Index(
    "ix_inbox_unheard",
    inbox.c.due_at,
    postgresql_where=text("state = 'waiting' and kind <> 'receipt'"),
)

# How far each channel has been asked for the messages its provider received.
poll = Table(
    "poll",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("last_id", Text, nullable=False, server_default=text("'0'")),
    Column("every_s", Float, nullable=False),
    at_column("due_at"),
    at_column(),  # what was received before is not ours to answer
)

ussd_session = Table(
    "ussd_session",
    metadata,
    Column("channel", Text, nullable=False),
    Column("session", Text, nullable=False),
    # Providers give an id to several phones, and to the same phone again. One phone has one session
    # of an id: see save_session.
    Column("msisdn_index", LargeBinary, nullable=False),
    Column("nth", SmallInteger, nullable=False, server_default=text("0")),
    Column("worker_id", BigInteger),
    Column("transcript", Text, nullable=False),
    Column("view", Text, nullable=False),
    Column("memory", JSONB, nullable=False),
    Column("pages", ARRAY(Text), nullable=False),  # the screen as shown, page by page
    Column("page", SmallInteger, nullable=False, server_default=text("0")),
    Column("ended", Boolean, nullable=False, server_default=text("false")),
    Column("completed", Boolean),  # the provider's notice: null = none yet
    at_column(),
    at_column("last_at"),
    PrimaryKeyConstraint("channel", "session", "msisdn_index", "created_at"),
    postgresql_partition_by="range (created_at)",
)

Index("ix_ussd_session_worker_id", ussd_session.c.worker_id)

outbox = Table(
    "outbox",
    metadata,
    _drawn_from("outbox_id_seq"),
    Column("channel", Text, nullable=False),
    Column("worker_id", BigInteger),
    Column("to_sealed", LargeBinary, nullable=False),
    Column("to_index", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),
    Column("segments", SmallInteger, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("purpose", Text, nullable=False),  # reply, question, money, invitation, notice
    Column("priority", SmallInteger, nullable=False),  # 0 overtakes 1
    Column("cause", Text),  # what makes it the same message, where it could be written twice
    Column("state", Text, nullable=False, server_default=text("'queued'")),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("lease_until", DateTime(timezone=True)),
    Column("provider_id", Text),
    Column("delivery", Text),
    Column("delivery_rank", SmallInteger, nullable=False, server_default=text("-1")),
    Column("reason", Text),
    Column("batch_id", Text),  # the batch it asks for, or whose answer it replies to
    # Whose turn it counts against in a broadcast: client/batch; '' for what overtakes.
    Column("lane", Text, nullable=False, server_default=text("''")),
    # Channels it went to before this one.
    Column("roads", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("country", Text),
    Column("network", Text),
    # Millionths of a major unit of cost_currency: the provider's word, else the price list's.
    Column("cost_micro", BigInteger),
    Column("cost_currency", Text),
    at_column(),
    Column("sent_at", DateTime(timezone=True)),
    # given_up: certainly not sent, and not tried again; lost: nobody will ever know whether it
    # went.
    one_of(
        "state",
        "queued",
        "sending",
        "accepted",
        "refused",
        "unknown",
        "cancelled",
        "given_up",
        "lost",
    ),
    PrimaryKeyConstraint("id", "created_at"),
    postgresql_partition_by="range (created_at)",
)
# The causes of messages: what was written once is not written again. Those about money stay for
# good (`lasting`); the others are forgotten like the keys of events.
outbox_key = Table(
    "outbox_key",
    metadata,
    Column("cause", Text, primary_key=True),
    Column("id", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("lasting", Boolean, nullable=False),
)

# Up to which row the keys of a table are forgotten: its rows lie in the order of time, so that keys
# need no index of it.
forgotten = Table(
    "forgotten",
    metadata,
    Column("parent", Text, primary_key=True),
    Column("upto", BigInteger, nullable=False),
)
Index(
    "ix_outbox_due",
    outbox.c.channel,
    outbox.c.priority,
    outbox.c.lane,
    outbox.c.due_at,
    outbox.c.id,
    postgresql_where=text("state = 'queued'"),
)
# Of an unknown one, due_at is when to ask or decide.
Index("ix_outbox_unknown", outbox.c.due_at, postgresql_where=text("state = 'unknown'"))
Index("ix_outbox_lease", outbox.c.lease_until, postgresql_where=text("state = 'sending'"))
Index(
    "ix_outbox_provider_id",
    outbox.c.channel,
    outbox.c.provider_id,
    postgresql_where=text("provider_id is not null"),
)
Index(
    "ix_outbox_notice",
    outbox.c.worker_id,
    outbox.c.created_at,
    postgresql_where=text("purpose = 'notice'"),
)
Index(
    "ix_outbox_prompts",
    outbox.c.to_index,
    outbox.c.created_at,
    postgresql_where=text("purpose in ('question', 'notice', 'invitation')"),
)
Index(
    "ix_outbox_money",
    outbox.c.worker_id,
    outbox.c.id,
    postgresql_where=text("purpose = 'money'"),
)
Index("ix_outbox_to_index", outbox.c.to_index, outbox.c.id)

# Months that left the database. Not done: taken out of its table, and not written to its file yet.
archived_month = Table(
    "archived_month",
    metadata,
    Column("part", Text, primary_key=True),
    Column("parent", Text, nullable=False),
    Column("since", DateTime(timezone=True)),  # null: all that was there before the months began
    Column("until", DateTime(timezone=True), nullable=False),
    at_column("left_at"),
    Column("file", Text),  # null: dropped without a file
    Column("rows", BigInteger),
    Column("bytes", BigInteger),
    Column("sha256", Text),
    Column("done_at", DateTime(timezone=True)),
)

# How a channel is doing: its breaker, and who sends on it at what pace (where it has a limit).
channel_state = Table(
    "channel_state",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("breaker", Text, nullable=False, server_default=text("'closed'")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("opened", Integer, nullable=False, server_default=text("0")),
    Column("until", DateTime(timezone=True)),
    Column("reason", Text),
    Column("version", BigInteger, nullable=False, server_default=text("0")),  # of the breaker
    # Messages that failed since the channel last worked: never the next probe.
    Column("suspects", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    Column("last_success_at", DateTime(timezone=True)),
    Column("holder", UUID),
    Column("held_until", DateTime(timezone=True)),
    Column("pace", JSONB),  # what left the window when the last holder stopped; null = not known
    Column("paced_at", DateTime(timezone=True)),
    one_of("breaker", "closed", "open", "probing"),
)

# What was taken by providers, summed up: every message once.
message_bill = Table(
    "message_bill",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("batch_id", Text, primary_key=True),  # '' for none
    Column("day", Date, primary_key=True),
    Column("country", Text, primary_key=True),  # '' where it is not known; so the others
    Column("network", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("messages", BigInteger, nullable=False),
    Column("segments", BigInteger, nullable=False),
    Column("micro", BigInteger, nullable=False),
)
Index("ix_message_bill_batch_id", message_bill.c.batch_id)

opt_out = Table(
    "opt_out",
    metadata,
    Column("msisdn_index", LargeBinary, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False),
    at_column(),
)

# The digest of the files in `store/sql/` that this database runs.
sql_version = Table("sql_version", metadata, Column("digest", Text, primary_key=True))
