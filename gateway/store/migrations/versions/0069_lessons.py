"""Add lessons: the workers' runs and replies, assigned lessons, credentials, reasons of gold.

See docs/decisions/0069.
"""

from alembic import op

revision = "0069"
down_revision = "0079"
branch_labels = None
depends_on = None

_TABLES = """
-- A lesson that a worker has begun (see gateway.tasks.lessons).
create table lesson_run (
  id bigint not null generated always as identity,
  worker_id bigint not null,
  kind text not null,
  language text not null,
  -- the digest of the lesson's file
  version text not null,
  -- the mistake for which it was assigned, and null for a lesson of her own choice
  mistake jsonb,
  step smallint not null,
  -- the right answers of the assessment so far
  score smallint not null default 0,
  state text not null default 'open',
  -- sms: her next SMS answers it; ussd: it goes on in a session; none: she left it for now
  via text not null,
  at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  constraint pk_lesson_run primary key (id),
  constraint ck_lesson_run_state check (state in ('open', 'passed', 'failed', 'left')),
  constraint ck_lesson_run_via check (via in ('sms', 'ussd', 'none')),
  constraint fk_lesson_run_worker_id foreign key (worker_id) references worker(id)
);
create unique index uq_lesson_run_open on lesson_run (worker_id) where (state = 'open');
create index ix_lesson_run_worker_id on lesson_run (worker_id, kind, id);

-- An answer to a question of a lesson: practice, and evidence of what was said.
create table lesson_answer (
  id bigint not null generated always as identity,
  run_id bigint not null,
  step smallint not null,
  said text not null,
  value text not null,
  "right" boolean not null,
  via text not null,
  created_at timestamptz not null default now(),
  constraint pk_lesson_answer primary key (id),
  constraint fk_lesson_answer_run_id foreign key (run_id) references lesson_run(id)
);
create index ix_lesson_answer_run_id on lesson_answer (run_id);

-- A lesson that was assigned because of mistakes in hidden gold.
create table relearning (
  id bigint not null generated always as identity,
  worker_id bigint not null,
  kind text not null,
  status text not null default 'assigned',
  -- the mistake: right, said, wrong, seen
  because jsonb not null,
  -- the failed attempts at its assessment
  failures smallint not null default 0,
  -- when her coordinator was asked to call her
  call_asked_at timestamptz,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  constraint pk_relearning primary key (id),
  constraint ck_relearning_status check (status in ('assigned', 'completed', 'lapsed')),
  constraint fk_relearning_worker_id foreign key (worker_id) references worker(id)
);
create unique index uq_relearning_assigned on relearning (worker_id, kind) where (status = 'assigned');
create index ix_relearning_worker_id on relearning (worker_id, kind, id);

-- What a worker has shown: a passed lesson, and numbers of accepted answers.
create table credential (
  worker_id bigint not null,
  kind text not null,
  what text not null,
  -- here, or the name of the gateway whose skill card said so
  source text not null default 'here',
  created_at timestamptz not null default now(),
  constraint pk_credential primary key (worker_id, kind, what),
  constraint fk_credential_worker_id foreign key (worker_id) references worker(id)
);

-- lesson_passed_at repeats the credential, for the choice of a question.
alter table skill add column lesson_passed_at timestamptz;
-- The answers that agreed with the result of their task.
alter table skill add column accepted integer not null default 0;
-- True where a skill card of another gateway takes the place of entry gold.
alter table skill add column carded boolean not null default false;
alter table batch add column needs_lesson boolean not null default false;
-- The reason why a gold task's truth is right, which a new worker is told.
alter table task add column gold_reason text;
"""


def upgrade() -> None:
    """Add the tables and columns."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
