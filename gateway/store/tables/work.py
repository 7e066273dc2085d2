"""Clients, batches, tasks, assignments, answers."""

from sqlalchemy import (
    REAL,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from gateway.store.tables._base import at_column, id_column, metadata, one_of

client = Table(
    "client",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id"), nullable=False),
    at_column(),
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
    at_column(),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", Text, ForeignKey("client.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("body", JSONB, nullable=False),
    at_column(),
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
    # Questions in one SMS at most; 1 = each by itself.
    Column("pack_max", SmallInteger, nullable=False, server_default=text("1")),
    Column("state", Text, nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id"), nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default=text("0")),
    # Answers that skills know, and those of them that came after the batch was last estimated as a
    # whole.
    Column("learned", Integer, nullable=False, server_default=text("0")),
    Column("unlearned", Integer, nullable=False, server_default=text("0")),
    # A better worker than most: how likely she is right, and how many of such are asked by SMS;
    # null = there is none.
    Column("better", REAL),
    Column("better_by_sms", REAL),
    # What uploads have put into it, and what its messages weigh by language (steps.prepare,
    # steps.message_cost); null = not worked out yet.
    Column("filled", JSONB),
    Column("weights", JSONB),
    # An upload on its way in (gateway.store.uploads): the position up to which tasks count (null:
    # all do), whose turn it is to store more, and until when.
    Column("filled_to", Integer),
    Column("upload_token", UUID),
    Column("upload_until", DateTime(timezone=True)),
    # Heavy work that goes on (gateway.store.background): what, and how far; until when its answers
    # are not scored.
    Column("background", JSONB),
    Column("learning_until", DateTime(timezone=True)),
    # Tasks up to this position were not free when somebody last looked: where a search for work
    # begins. Only a hint.
    Column("low", Integer, nullable=False, server_default=text("0")),
    Column("look_again", Boolean, nullable=False, server_default=text("false")),
    Column("breadth", Boolean, nullable=False, server_default=text("false")),
    Column("worker_max", Integer),  # answers of one worker at most
    Column("worker_day_max", Integer),  # in 24 hours
    Column("kept_until", DateTime(timezone=True)),  # until when tasks are kept for partners
    Column("revision", SmallInteger, nullable=False, server_default=text("0")),  # of its rule
    at_column(),
    Column("started_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    one_of("state", "draft", "running", "paused", "done", "cancelled"),
    CheckConstraint("price > 0", name="price"),
)
Index(
    "ix_batch_upload",
    batch.c.upload_until,
    postgresql_where=text("upload_until is not null"),
)

task = Table(
    "task",
    metadata,
    id_column(),
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
    Column("ruling", Text),  # the version of what it was decided by: see gateway.qa.ruling
    # Asked next of who is right as often as that, until then: see Decision.ASK_BETTER.
    Column("skill_wanted", REAL),
    Column("better_until", DateTime(timezone=True)),
    Column("kept_for", BigInteger, ForeignKey("partner.id")),  # a partner's share of the work
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", Text),  # the person who did, where it was one
    Column("promoted_from", BigInteger),  # the task whose result became this gold
    UniqueConstraint("batch_id", "name"),
    one_of("state", "open", "decided", "review", "cancelled"),
    CheckConstraint("held >= 0 and answered >= 0", name="counts"),
    CheckConstraint("wanted <= maximum", name="reserved"),
    # Never more open assignments than answers still needed; the database has the last word.
    CheckConstraint("state <> 'open' or answered + held <= wanted", name="no_surplus"),
    CheckConstraint("answered <= maximum", name="paid_slots"),
    postgresql_with={"fillfactor": "70"},  # room for heap-only updates beside the row
)
Index("ix_task_batch_position", task.c.batch_id, task.c.position)
# The counts are kept out of every index, so that counting an answer rewrites no index entry (a
# heap-only update).
Index(
    "ix_task_free",
    task.c.batch_id,
    task.c.position,
    postgresql_where=text("state = 'open' and gold is null and not directed"),
)
Index("ix_task_gold", task.c.batch_id, postgresql_where=text("state = 'open' and gold is not null"))

Index(
    "ix_task_promoted_from",
    task.c.promoted_from,
    postgresql_where=text("promoted_from is not null"),
)

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

# The results of a batch that is being closed, in slices, until they are published all at once.
estimate = Table(
    "estimate",
    metadata,
    Column("task_id", BigInteger, ForeignKey("task.id"), primary_key=True, autoincrement=False),
    Column("batch_id", Text, ForeignKey("batch.id"), nullable=False, index=True),
    Column("basis", Text, nullable=False),  # what it rests on (gateway.store.background)
    Column("value", Text, nullable=False),
    Column("confidence", REAL, nullable=False),
)

assignment = Table(
    "assignment",
    metadata,
    id_column(),
    Column("task_id", BigInteger, nullable=False),  # `hold_task` has locked it
    Column("worker_id", BigInteger, ForeignKey("worker.id"), nullable=False),
    Column("state", Text, nullable=False, server_default=text("'held'")),
    Column("via", Text, nullable=False),
    Column("lease_until", DateTime(timezone=True), nullable=False),
    at_column(),
    # When it was put to her last: the very moment its message was written, which is how a receipt
    # finds it.
    at_column("asked_at"),
    Column("item", SmallInteger),  # its number, where it came with others in one SMS
    Column("delivered_at", DateTime(timezone=True)),  # the first receipt that says so (SMS only)
    UniqueConstraint("task_id", "worker_id"),
    one_of("state", "held", "answered", "skipped", "expired", "withdrawn"),
)
Index(
    "ix_assignment_held",
    assignment.c.worker_id,
    postgresql_where=text("state in ('held', 'expired')"),
)
Index(
    "ix_assignment_item",
    assignment.c.worker_id,
    assignment.c.id,
    postgresql_where=text("item is not null"),
)
Index("ix_assignment_lease", assignment.c.lease_until, postgresql_where=text("state = 'held'"))

answer = Table(
    "answer",
    metadata,
    id_column(),
    Column("task_id", BigInteger, nullable=False),
    Column("worker_id", BigInteger, nullable=False),
    Column("slot", SmallInteger, nullable=False),  # the n-th paid answer of its task
    Column("value", Text, nullable=False),
    Column("said", Text, nullable=False),  # the worker's own words
    Column("via", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("transfer_id", UUID, nullable=False),  # written by the same function
    Column("right", Boolean),  # on gold only
    Column(
        "scored", Boolean, nullable=False, server_default=text("false")
    ),  # its worker's skill knows it
    Column(
        "capped", Boolean, nullable=False, server_default=text("false")
    ),  # its batch has limits for each worker
    # Its option had a label that said something else: it was paid and stays on record, but decides
    # nothing any more.
    Column("void", Boolean, nullable=False, server_default=text("false")),
    # What the judge went by and said when this answer came, and whenever the task was judged again
    # behind it: see gateway.steps.judged. Null where the task wanted more answers anyway.
    Column("judged", JSONB),
    at_column(),
    UniqueConstraint("task_id", "worker_id"),
    # Nobody's answer counts who was not asked: `record_answer` changes the assignment first.
    UniqueConstraint("task_id", "slot"),
)
Index("ix_answer_worker_id", answer.c.worker_id, answer.c.created_at)
Index("ix_answer_capped", answer.c.worker_id, answer.c.id, postgresql_where=text("capped"))
Index("ix_answer_unscored", answer.c.task_id, postgresql_where=text("not scored"))

# Tasks with answers that no skill knows yet: triggers put them here (see `sql/work.sql`), `score`
# takes them away. `version` counts what was put: an answer that comes while its task is being
# scored is not lost with the row.
score_due = Table(
    "score_due",
    metadata,
    Column("task_id", BigInteger, ForeignKey("task.id"), primary_key=True, autoincrement=False),
    Column("batch_id", Text, nullable=False),
    Column("seq", BigInteger, Identity(always=True), nullable=False),
    Column("version", Integer, nullable=False, server_default=text("0")),
)
Index("uq_score_due_seq", score_due.c.seq, unique=True)

# The counts of a batch that is too large to be counted at each look, and when they are counted
# next; null = never again.
tally = Table(
    "tally",
    metadata,
    Column("batch_id", Text, ForeignKey("batch.id"), primary_key=True),
    Column("counts", JSONB, nullable=False),
    Column("due_at", DateTime(timezone=True), index=True),
    at_column("at"),
)
