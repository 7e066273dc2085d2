"""Add the quality steps of a batch: its plan, paid reviews, audits and the client's acceptance.

See docs/decisions/0072.
"""

from alembic import op

revision = "0075"
down_revision = "0069"
branch_labels = None
depends_on = None

_TABLES = (
    """
-- The quality steps that a client ordered, and the step that the batch is at. Batches without any
-- have no row.
create table quality_plan (
  batch_id text not null,
  -- gateway.qa.checks.plan.QualityPlan
  plan jsonb not null,
  -- work: workers answer; review, audit: the batch waits; delivered
  stage text not null default 'work',
  -- the number of the current audit, from 1
  round smallint not null default 1,
  -- the batch of paid questions that this one waits for
  waits_for text,
  wait_until timestamptz,
  constraint pk_quality_plan primary key (batch_id),
  constraint ck_quality_plan_stage check (stage in ('work', 'review', 'audit', 'delivered')),
  constraint fk_quality_plan_batch_id foreign key (batch_id) references batch(id),
  constraint fk_quality_plan_waits_for foreign key (waits_for) references batch(id)
    deferrable initially deferred
)""",
    """
-- The batches of paid questions for reviewers and auditors. Clients do not see them.
create table check_batch (
  batch_id text not null,
  parent_id text not null,
  purpose text not null,
  round smallint not null,
  constraint pk_check_batch primary key (batch_id),
  constraint uq_check_batch_parent_id_purpose_round unique (parent_id, purpose, round),
  constraint ck_check_batch_purpose check (purpose in ('review', 'audit')),
  constraint fk_check_batch_batch_id foreign key (batch_id) references batch(id),
  constraint fk_check_batch_parent_id foreign key (parent_id) references batch(id)
)""",
    """
-- The tasks that were given to paid reviewers, with their results before and after.
create table review_item (
  task_id bigint not null,
  round smallint not null,
  batch_id text not null,
  was text,
  was_confidence real,
  was_state text not null,
  -- null until the review ended, and where no reviewer answered
  value text,
  confidence real,
  decided boolean,
  reviewed_at timestamptz,
  constraint pk_review_item primary key (task_id, round),
  constraint fk_review_item_batch_id foreign key (batch_id) references batch(id),
  constraint fk_review_item_task_id foreign key (task_id) references task(id)
)""",
    "create index ix_review_item_batch_id on review_item (batch_id)",
    """
-- The audits of a batch. The seed and the population repeat the draw.
create table audit (
  batch_id text not null,
  round smallint not null,
  seed text not null,
  -- the decided tasks from which the sample was drawn
  population integer not null,
  size integer not null,
  begun_at timestamptz not null default now(),
  -- the result, once the audit ended
  ended_at timestamptz,
  judged integer,
  errors integer,
  keeps_promise boolean,
  -- the tasks that were asked again because of it
  asked_again integer,
  constraint pk_audit primary key (batch_id, round),
  constraint fk_audit_batch_id foreign key (batch_id) references batch(id)
)""",
    """
create table audit_item (
  batch_id text not null,
  round smallint not null,
  -- the place in the draw, in which the sample is judged
  place integer not null,
  task_id bigint not null,
  -- the result of the workers' answers, and the result to be delivered
  answered text,
  value text not null,
  -- the auditor's value; null until judged, and where it cannot be told
  truth text,
  is_right boolean,
  answered_right boolean,
  judged_by text,
  judged_at timestamptz,
  constraint pk_audit_item primary key (batch_id, round, place),
  constraint uq_audit_item_task_id_round unique (task_id, round),
  constraint fk_audit_item_audit foreign key (batch_id, round) references audit(batch_id, round),
  constraint fk_audit_item_task_id foreign key (task_id) references task(id)
)""",
    """
-- The client's word on a delivered batch. The last row counts.
create table acceptance (
  id bigint not null generated always as identity,
  batch_id text not null,
  state text not null,
  by text not null,
  reason text not null default '',
  -- the client's ids of refused tasks
  tasks text[] not null default '{}',
  at timestamptz not null,
  constraint pk_acceptance primary key (id),
  constraint ck_acceptance_state check (state in ('accepted', 'refused')),
  constraint fk_acceptance_batch_id foreign key (batch_id) references batch(id)
)""",
    "create index ix_acceptance_batch_id on acceptance (batch_id, id)",
)


def upgrade() -> None:
    """Create the tables."""
    for table in _TABLES:
        op.execute(table)
