-- Clients, batches, tasks, assignments, answers.

create table client (
  id text not null,
  name text not null,
  currency text not null,
  account_id bigint not null,
  created_at timestamptz not null default now(),
  constraint pk_client primary key (id),
  constraint fk_client_account_id foreign key (account_id) references account(id)
);

create table api_key (
  -- SHA-256; the key itself is shown once and never kept
  hash bytea not null,
  client_id text not null,
  -- the first characters, to tell keys apart
  shown text not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  constraint pk_api_key primary key (hash),
  constraint fk_api_key_client_id foreign key (client_id) references client(id)
);
create index ix_api_key_client_id on api_key (client_id);

create table idempotency (
  client_id text not null,
  key text not null,
  request_hash bytea not null,
  status smallint not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  constraint pk_idempotency primary key (client_id, key),
  constraint fk_idempotency_client_id foreign key (client_id) references client(id)
);

create table batch (
  id text not null,
  client_id text not null,
  name text not null,
  kind text not null,
  instructions text not null,
  -- [{"id": "...", "labels": {"en": "..."}}]
  options jsonb not null,
  -- workers of these languages; empty = all
  languages text[] not null,
  price bigint not null,
  currency text not null,
  -- fixed:N | all | dynamic, see gateway.qa.overlap
  policy text not null,
  policy_options jsonb not null default '{}'::jsonb,
  -- aggregation rule
  method text not null,
  -- share of hidden gold
  gold_rate real not null default 0,
  lease_s integer not null,
  state text not null,
  account_id bigint not null,
  reserved bigint not null default 0,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  closed_at timestamptz,
  -- Questions in one SMS at most; 1 = each by itself.
  pack_max smallint not null default 1,
  -- Answers that skills know, and those of them that came after the batch was last estimated as a
  -- whole.
  learned integer not null default 0,
  unlearned integer not null default 0,
  -- A better worker than most: how likely she is right, and how many of such are asked by SMS; null
  -- = there is none.
  better real,
  better_by_sms real,
  breadth boolean not null default false,
  -- answers of one worker at most
  worker_max integer,
  -- in 24 hours
  worker_day_max integer,
  -- until when tasks are kept for partners
  kept_until timestamptz,
  -- of its rule
  revision smallint not null default 0,
  -- What uploads have put into it, and what its messages weigh by language (steps.prepare,
  -- steps.message_cost); null = not worked out yet.
  filled jsonb,
  weights jsonb,
  -- Heavy work that goes on (gateway.store.background): what, and how far; until when its answers
  -- are not scored.
  background jsonb,
  learning_until timestamptz,
  look_again boolean not null default false,
  -- Tasks up to this position were not free when somebody last looked: where a search for work
  -- begins. Only a hint.
  low integer not null default 0,
  -- An upload on its way in (gateway.store.uploads): the position up to which tasks count (null:
  -- all do), whose turn it is to store more, and until when.
  filled_to integer,
  upload_token uuid,
  upload_until timestamptz,
  constraint pk_batch primary key (id),
  constraint ck_batch_price check (price > 0),
  constraint ck_batch_state check (state in ('draft', 'running', 'paused', 'done', 'cancelled')),
  constraint fk_batch_account_id foreign key (account_id) references account(id),
  constraint fk_batch_client_id foreign key (client_id) references client(id)
);
create index ix_batch_client_id on batch (client_id);
create index ix_batch_upload on batch (upload_until) where (upload_until is not null);

-- The counts are kept out of every index, so that counting an answer rewrites no index entry. The
-- pages keep room for heap-only updates. Never more open assignments than answers still needed; the
-- database has the last word.
create table task (
  id bigint not null generated always as identity,
  batch_id text not null,
  -- the client's own id for it
  name text not null,
  position integer not null,
  text text not null,
  -- the truth, for hidden gold; null for real questions
  gold text,
  -- who may be asked: {"workers": [...], "partners": [...], "languages": [...]}
  audience jsonb,
  -- audience names workers
  directed boolean not null default false,
  state text not null default 'open',
  -- paid answers at most: what was reserved
  maximum smallint not null,
  -- answers wanted by now, <= maximum
  wanted smallint not null,
  -- open assignments
  held smallint not null default 0,
  answered smallint not null default 0,
  value text,
  confidence real,
  -- which rule decided
  rule text,
  decided_at timestamptz,
  -- the person who did, where it was one
  decided_by text,
  -- the task whose result became this gold
  promoted_from bigint,
  -- the version of what it was decided by: see gateway.qa.ruling
  ruling text,
  -- Asked next of who is right as often as that, until then: see Decision.ASK_BETTER.
  skill_wanted real,
  better_until timestamptz,
  -- a partner's share of the work
  kept_for bigint,
  constraint pk_task primary key (id),
  constraint uq_task_batch_id_name unique (batch_id, name),
  constraint ck_task_counts check ((held >= 0) and (answered >= 0)),
  constraint ck_task_no_surplus check ((state <> 'open') or ((answered + held) <= wanted)),
  constraint ck_task_paid_slots check (answered <= maximum),
  constraint ck_task_reserved check (wanted <= maximum),
  constraint ck_task_state check (state in ('open', 'decided', 'review', 'cancelled')),
  constraint fk_task_batch_id foreign key (batch_id) references batch(id),
  constraint fk_task_kept_for foreign key (kept_for) references partner(id)
) with (fillfactor=70);
create index ix_task_batch_position on task (batch_id, "position");
create index ix_task_free on task (batch_id, "position") where ((state = 'open') and (gold is null)
  and (not directed));
create index ix_task_gold on task (batch_id) where ((state = 'open') and (gold is not null));
create index ix_task_promoted_from on task (promoted_from) where (promoted_from is not null);

create table directed (
  task_id bigint not null,
  worker_id bigint not null,
  -- the n-th to be asked
  position smallint not null,
  batch_position integer not null,
  asked boolean not null default false,
  constraint pk_directed primary key (task_id, worker_id),
  constraint fk_directed_task_id foreign key (task_id) references task(id),
  constraint fk_directed_worker_id foreign key (worker_id) references worker(id)
);
create index ix_directed_waiting on directed (worker_id, batch_position) where (not asked);

-- The results of a batch that is being closed, in slices, until they are published all at once.
create table estimate (
  task_id bigint not null,
  batch_id text not null,
  -- what it rests on (gateway.store.background)
  basis text not null,
  value text not null,
  confidence real not null,
  constraint pk_estimate primary key (task_id),
  constraint fk_estimate_batch_id_batch foreign key (batch_id) references batch(id),
  constraint fk_estimate_task_id_task foreign key (task_id) references task(id)
);
create index ix_estimate_batch_id on estimate (batch_id);

create table assignment (
  id bigint not null generated always as identity,
  -- `hold_task` has locked it
  task_id bigint not null,
  worker_id bigint not null,
  state text not null default 'held',
  via text not null,
  lease_until timestamptz not null,
  created_at timestamptz not null default now(),
  -- its number, where it came with others in one SMS
  item smallint,
  -- When it was put to her last: the very moment its message was written, which is how a receipt
  -- finds it.
  asked_at timestamptz not null default now(),
  -- the first receipt that says so (SMS only)
  delivered_at timestamptz,
  constraint pk_assignment primary key (id),
  constraint uq_assignment_task_id_worker_id unique (task_id, worker_id),
  constraint ck_assignment_state check (state in ('held', 'answered', 'skipped', 'expired',
    'withdrawn')),
  constraint fk_assignment_worker_id foreign key (worker_id) references worker(id)
);
create index ix_assignment_held on assignment (worker_id) where (state in ('held', 'expired'));
create index ix_assignment_item on assignment (worker_id, id) where (item is not null);
create index ix_assignment_lease on assignment (lease_until) where (state = 'held');

-- Nobody's answer counts who was not asked: `record_answer` changes the assignment first.
create table answer (
  id bigint not null generated always as identity,
  task_id bigint not null,
  worker_id bigint not null,
  -- the n-th paid answer of its task
  slot smallint not null,
  value text not null,
  -- the worker's own words
  said text not null,
  via text not null,
  price bigint not null,
  -- written by the same function
  transfer_id uuid not null,
  -- on gold only
  "right" boolean,
  -- its worker's skill knows it
  scored boolean not null default false,
  created_at timestamptz not null default now(),
  -- its batch has limits for each worker
  capped boolean not null default false,
  -- What the judge went by and said when this answer came, and whenever the task was judged again
  -- behind it: see gateway.steps.judged. Null where the task wanted more answers anyway.
  judged jsonb,
  -- Its option had a label that said something else: it was paid and stays on record, but decides
  -- nothing any more.
  void boolean not null default false,
  constraint pk_answer primary key (id),
  constraint uq_answer_task_id_slot unique (task_id, slot),
  constraint uq_answer_task_id_worker_id unique (task_id, worker_id)
);
create index ix_answer_capped on answer (worker_id, id) where capped;
create index ix_answer_unscored on answer (task_id) where (not scored);
create index ix_answer_worker_id on answer (worker_id, created_at);

-- Tasks with answers that no skill knows yet: triggers put them here (see `sql/work.sql`), `score`
-- takes them away. `version` counts what was put: an answer that comes while its task is being
-- scored is not lost with the row.
create table score_due (
  task_id bigint not null,
  batch_id text not null,
  seq bigint not null generated always as identity,
  version integer not null default 0,
  constraint pk_score_due primary key (task_id),
  constraint fk_score_due_task_id foreign key (task_id) references task(id)
);
create unique index uq_score_due_seq on score_due (seq);

-- The counts of a batch that is too large to be counted at each look, and when they are counted
-- next; null = never again.
create table tally (
  batch_id text not null,
  counts jsonb not null,
  due_at timestamptz,
  at timestamptz not null default now(),
  constraint pk_tally primary key (batch_id),
  constraint fk_tally_batch_id foreign key (batch_id) references batch(id)
);
create index ix_tally_due_at on tally (due_at);
