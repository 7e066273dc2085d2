"""What people decide about quality: corrected gold, and findings that wait for somebody to look."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store.tables._base import at_column, id_column, metadata, one_of

# A rule that decides tasks, by its version: see gateway.qa.ruling.
ruling = Table(
    "ruling",
    metadata,
    Column("version", Text, primary_key=True),
    Column("data", JSONB, nullable=False),
    at_column(),
)

# A rule tried on a batch's past answers: see gateway.qa.dry_run.
rule_trial = Table(
    "rule_trial",
    metadata,
    id_column(),
    Column("batch_id", Text, ForeignKey("batch.id"), nullable=False, index=True),
    Column("version", Text, ForeignKey("ruling.version"), nullable=False),
    Column("by", Text, nullable=False),
    Column("found", JSONB, nullable=False),
    at_column(),
)

# Which rule a batch is decided by, from when; who switched it on, why, and what its dry run on past
# answers said.
batch_ruling = Table(
    "batch_ruling",
    metadata,
    id_column(),
    Column("batch_id", Text, ForeignKey("batch.id"), nullable=False, index=True),
    Column("version", Text, ForeignKey("ruling.version"), nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("trial", JSONB),
    at_column(),
)

# Gold that was wrong, or an option that means the same as another (then without a task): who
# corrected it, why, and all that followed from it.
correction = Table(
    "correction",
    metadata,
    id_column(),
    Column("batch_id", Text, ForeignKey("batch.id"), index=True),
    Column("task_id", BigInteger, ForeignKey("task.id"), index=True),
    Column("was", Text, nullable=False),
    Column("becomes", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("diff", JSONB, nullable=False),
    at_column(),
    CheckConstraint("batch_id is not null or task_id is not null", name="about"),
)

# Something a person should look at, with its evidence. Nobody is banned by a formula.
finding = Table(
    "finding",
    metadata,
    id_column(),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what it is about, and what makes it the same finding
    Column("worker_id", BigInteger, ForeignKey("worker.id")),
    Column("batch_id", Text, ForeignKey("batch.id")),
    Column("evidence", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("outcome", Text),
    Column("closed_by", Text),
    at_column(),
    Column("closed_at", DateTime(timezone=True)),
    one_of("state", "open", "closed"),
)
# One open finding of a kind about a subject; once closed, it may be found again.
Index(
    "uq_finding_open",
    finding.c.kind,
    finding.c.subject,
    unique=True,
    postgresql_where=text("state = 'open'"),
)
