-- Clients, batches, tasks, assignments and answers.

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
  -- SHA-256; the key itself is shown once and never stored
  hash bytea not null,
  client_id text not null,
  -- the first characters, which identify a key
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
  -- the languages of its workers; empty for all
  languages text[] not null,
  price bigint not null,
  currency text not null,
  -- fixed:N | all | dynamic, see gateway.qa.judging.overlap
  policy text not null,
  policy_options jsonb not null default '{}'::jsonb,
  -- the rule that turns answers into results
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
  -- the most questions in one SMS; 1 sends each by itself
  pack_max smallint not null default 1,
  -- The answers that skills know, and those of them that came after the last estimate of the whole
  -- batch.
  learned integer not null default 0,
  unlearned integer not null default 0,
  -- The skill of a worker who is better than most, and the share of such workers who are asked by
  -- SMS; null if there is none.
  better real,
  better_by_sms real,
  breadth boolean not null default false,
  -- the most answers of one worker
  worker_max integer,
  -- the most answers of one worker in 24 hours
  worker_day_max integer,
  -- the time until which tasks are kept for partners
  kept_until timestamptz,
  -- the number of changes of the batch's rule
  revision smallint not null default 0,
  -- The sum of all uploads, and the weights of the batch's messages by language (steps.prepare,
  -- steps.message_cost); null if not computed yet.
  filled jsonb,
  weights jsonb,
  -- The heavy work in progress (gateway.store.batches.background): its kind and progress, and the time
  -- until which the batch's answers are not scored.
  background jsonb,
  learning_until timestamptz,
  look_again boolean not null default false,
  -- Tasks up to this position were not free at the last look, so a search for work begins here. It
  -- is only a hint.
  low integer not null default 0,
  -- An upload in progress (gateway.store.batches.uploads): the position up to which tasks count (null for
  -- all), the upload that may store more, and the time until which it may.
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
-- pages keep space for heap-only updates. The database ensures that there are never more open
-- assignments than answers still needed.
create table task (
  id bigint not null generated always as identity,
  batch_id text not null,
  -- the client's own id for the task
  name text not null,
  position integer not null,
  text text not null,
  -- the truth of hidden gold; null for real questions
  gold text,
  -- the workers who may be asked: {"workers": [...], "partners": [...], "languages": [...]}
  audience jsonb,
  -- The audience names workers.
  directed boolean not null default false,
  state text not null default 'open',
  -- the most paid answers, for which money was reserved
  maximum smallint not null,
  -- the number of answers wanted now, <= maximum
  wanted smallint not null,
  -- the number of open assignments
  held smallint not null default 0,
  answered smallint not null default 0,
  value text,
  confidence real,
  -- the rule that decided
  rule text,
  decided_at timestamptz,
  -- the person who decided, if one did
  decided_by text,
  -- the task whose result became this gold
  promoted_from bigint,
  -- the version of the rule that decided: see gateway.qa.judging.ruling
  ruling text,
  -- The next question goes to a worker who is right at least that often, until then: see
  -- Decision.ASK_BETTER.
  skill_wanted real,
  better_until timestamptz,
  -- the partner for whom the task is kept as a share of the work
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
  -- The worker is the n-th to be asked.
  position smallint not null,
  batch_position integer not null,
  asked boolean not null default false,
  constraint pk_directed primary key (task_id, worker_id),
  constraint fk_directed_task_id foreign key (task_id) references task(id),
  constraint fk_directed_worker_id foreign key (worker_id) references worker(id)
);
create index ix_directed_waiting on directed (worker_id, batch_position) where (not asked);

-- The results of a batch that is being closed, in slices, until all are published together.
create table estimate (
  task_id bigint not null,
  batch_id text not null,
  -- the basis of the result (gateway.store.batches.background)
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
  -- There is no foreign key, since `hold_task` has locked the task.
  task_id bigint not null,
  worker_id bigint not null,
  state text not null default 'held',
  via text not null,
  lease_until timestamptz not null,
  created_at timestamptz not null default now(),
  -- its number, if it came with others in one SMS
  item smallint,
  -- The time when it was last put to the worker. Its message was written at the same time, and so a
  -- receipt finds it.
  asked_at timestamptz not null default now(),
  -- the first receipt of a delivery (SMS only)
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

-- Only an answer of a worker who was asked counts: `record_answer` changes the assignment first.
create table answer (
  id bigint not null generated always as identity,
  task_id bigint not null,
  worker_id bigint not null,
  -- The answer is the n-th paid one of its task.
  slot smallint not null,
  value text not null,
  -- the worker's own words
  said text not null,
  via text not null,
  price bigint not null,
  -- The same function writes the transfer.
  transfer_id uuid not null,
  -- set on gold only
  "right" boolean,
  -- The worker's skill knows the answer.
  scored boolean not null default false,
  created_at timestamptz not null default now(),
  -- The batch has limits per worker.
  capped boolean not null default false,
  -- The basis and the verdict of the judge when this answer came, and whenever the task was judged
  -- again after it: see gateway.steps.quality.judgement_record. Null if the task wanted more answers anyway.
  judged jsonb,
  -- The label of the option said something else. The answer was paid and stays on record, but it no
  -- longer decides anything.
  void boolean not null default false,
  constraint pk_answer primary key (id),
  constraint uq_answer_task_id_slot unique (task_id, slot),
  constraint uq_answer_task_id_worker_id unique (task_id, worker_id)
);
create index ix_answer_capped on answer (worker_id, id) where capped;
create index ix_answer_unscored on answer (task_id) where (not scored);
create index ix_answer_worker_id on answer (worker_id, created_at);

-- The tasks with answers that no skill knows yet. Triggers insert them (see `store/sql/work.sql`), and
-- `score` removes them. `version` counts the inserts, so that an answer which comes while its task
-- is being scored is not lost with the row.
create table score_due (
  task_id bigint not null,
  batch_id text not null,
  seq bigint not null generated always as identity,
  version integer not null default 0,
  constraint pk_score_due primary key (task_id),
  constraint fk_score_due_task_id foreign key (task_id) references task(id)
);
create unique index uq_score_due_seq on score_due (seq);

-- The counts of a batch that is too large to be counted at each look, and the time of the next
-- count (null for never again).
create table tally (
  batch_id text not null,
  counts jsonb not null,
  due_at timestamptz,
  at timestamptz not null default now(),
  constraint pk_tally primary key (batch_id),
  constraint fk_tally_batch_id foreign key (batch_id) references batch(id)
);
create index ix_tally_due_at on tally (due_at);
