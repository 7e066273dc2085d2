"""Partners, coordinators, workers, their consent and their skills."""

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from gateway.store.tables._base import at_column, id_column, metadata, one_of

partner = Table(
    "partner",
    metadata,
    id_column(),
    Column("code", Text, nullable=False, unique=True),  # what workers text: JOIN KIBERA
    Column("name", Text, nullable=False),
    at_column(),
)

coordinator = Table(
    "coordinator",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("partner_id", BigInteger, ForeignKey("partner.id")),
    Column("msisdn_sealed", LargeBinary, nullable=False),
    Column("msisdn_index", LargeBinary, nullable=False, unique=True),
    # cut_off: her commands and links open nothing; disabled: that, and her workers are another's.
    Column("state", Text, nullable=False, server_default=text("'active'")),
    at_column(),
    one_of("state", "active", "cut_off", "disabled"),
)

worker = Table(
    "worker",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("partner_id", BigInteger, ForeignKey("partner.id"), index=True),
    Column("coordinator_id", BigInteger, ForeignKey("coordinator.id"), index=True),
    Column("msisdn_sealed", LargeBinary, nullable=False),
    Column("msisdn_index", LargeBinary, nullable=False, unique=True),
    Column("region", Text, nullable=False),  # ISO 3166
    Column("currency", Text, nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id"), nullable=False),
    # How she last worked: 'sms' workers are sent questions, 'ussd' workers dial in for them.
    Column("reach", Text, nullable=False, server_default=text("'sms'")),
    Column("sms_channel", Text, nullable=False),
    # A question did not get through: nothing is pushed to her until then. Her own messages are
    # answered as ever.
    Column("unreached_until", DateTime(timezone=True)),
    # Her own quiet hours, 0-23 where she lives; null = the house's.
    Column("quiet_from", SmallInteger),
    Column("quiet_until", SmallInteger),
    # Where she lives, as Africa/Lubumbashi; null = where her country is.
    Column("zone", Text),
    # Her phone is off, says a report; null = not known to be.
    Column("away_since", DateTime(timezone=True)),
    # How many replies to questions by SMS were understood in a row, up to
    # `conversation.ease.EASE_MAX`.
    Column("ease", SmallInteger, nullable=False, server_default=text("0")),
    # Her number is another person's now and she has none: nothing is sent to her; see
    # `number_move`.
    Column("number_lost_at", DateTime(timezone=True)),
    # Her place in the circle in which idle workers are offered work (`store.idle`).
    Column("lot", REAL, nullable=False, server_default=text("random()")),
    at_column(),
    one_of("state", "invited", "active", "stopped", "removed"),
    one_of("reach", "sms", "ussd"),
)

Index("ix_worker_lot", worker.c.reach, worker.c.lot, postgresql_where=text("state = 'active'"))

# Where the last look at idle workers ended, by how they work.
circle = Table(
    "circle",
    metadata,
    Column("reach", Text, primary_key=True),
    Column("lot", REAL, nullable=False),
)

consent = Table(
    "consent",
    metadata,
    id_column(),
    Column("worker_id", BigInteger, ForeignKey("worker.id"), nullable=False, index=True),
    Column("act", Text, nullable=False),  # invited, joined, agreed, stopped, restarted, removed
    Column("via", Text, nullable=False),  # sms, ussd, coordinator, carrier
    Column("channel", Text),  # by which it was said
    Column("said", Text),  # in which words; of a carrier, why
    Column("coordinator_id", BigInteger, ForeignKey("coordinator.id")),  # who did it, where one did
    at_column("at"),
    Index(
        "ix_consent_coordinator",
        "coordinator_id",
        "at",
        postgresql_where=text("coordinator_id is not null"),
    ),
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
    at_column("learned_at"),  # evidence is worth less the older it is
    Column("drift", REAL, nullable=False, server_default=text("0")),  # see gateway.qa.drift
    # The gold of the present trial, which a pause ends: a new one begins with nothing held against
    # her.
    Column("trial_right", Integer, nullable=False, server_default=text("0")),
    Column("trial_wrong", Integer, nullable=False, server_default=text("0")),
    at_column("trial_from"),
    # A pause, and the gold it was decided on.
    Column("paused_until", DateTime(timezone=True)),
    Column("paused_right", Integer, nullable=False, server_default=text("0")),
    Column("paused_wrong", Integer, nullable=False, server_default=text("0")),
    Column("pauses", SmallInteger, nullable=False, server_default=text("0")),
)

# What the answers of one batch have taught about a worker, so that a better estimate of the batch
# can replace it.
taught = Table(
    "taught",
    metadata,
    Column("batch_id", Text, ForeignKey("batch.id"), primary_key=True),
    Column("worker_id", BigInteger, ForeignKey("worker.id"), primary_key=True),
    Column("right", REAL, nullable=False),
    Column("wrong", REAL, nullable=False),
)

# Gold a phone has been shown, by a digest of its text: the same question in another batch counts as
# the same gold.
gold_seen = Table(
    "gold_seen",
    metadata,
    Column("worker_id", BigInteger, ForeignKey("worker.id"), primary_key=True),
    Column("digest", BigInteger, primary_key=True),
)
