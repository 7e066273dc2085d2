-- The decisions of persons about quality: corrected gold, and findings that wait for a person.

-- A rule that decides tasks, by version: see gateway.qa.judging.ruling.
create table ruling (
  version text not null,
  data jsonb not null,
  created_at timestamptz not null default now(),
  constraint pk_ruling primary key (version)
);

-- A trial of a rule on a batch's past answers: see gateway.qa.trials.dry_run.
create table rule_trial (
  id bigint not null generated always as identity,
  batch_id text not null,
  version text not null,
  by text not null,
  found jsonb not null,
  created_at timestamptz not null default now(),
  constraint pk_rule_trial primary key (id),
  constraint fk_rule_trial_batch_id foreign key (batch_id) references batch(id),
  constraint fk_rule_trial_version foreign key (version) references ruling(version)
);
create index ix_rule_trial_batch_id on rule_trial (batch_id);

-- The rules of a batch and their beginnings: the person who switched a rule on, the reason, and the
-- result of its dry run on past answers.
create table batch_ruling (
  id bigint not null generated always as identity,
  batch_id text not null,
  version text not null,
  by text not null,
  reason text not null,
  trial jsonb,
  created_at timestamptz not null default now(),
  constraint pk_batch_ruling primary key (id),
  constraint fk_batch_ruling_batch_id foreign key (batch_id) references batch(id),
  constraint fk_batch_ruling_version foreign key (version) references ruling(version)
);
create index ix_batch_ruling_batch_id on batch_ruling (batch_id);

-- Gold that was wrong, or an option that means the same as another (then without a task): the
-- person who corrected it, the reason, and all consequences.
create table correction (
  id bigint not null generated always as identity,
  task_id bigint,
  was text not null,
  becomes text not null,
  by text not null,
  reason text not null,
  diff jsonb not null,
  created_at timestamptz not null default now(),
  batch_id text,
  constraint pk_correction primary key (id),
  constraint ck_correction_about check ((batch_id is not null) or (task_id is not null)),
  constraint fk_correction_batch_id foreign key (batch_id) references batch(id),
  constraint fk_correction_task_id_task foreign key (task_id) references task(id)
);
create index ix_correction_batch_id on correction (batch_id);
create index ix_correction_task_id on correction (task_id);

-- A finding that a person should look at, with its evidence. No formula bans a worker.
create table finding (
  id bigint not null generated always as identity,
  kind text not null,
  -- the subject, which makes it the same finding
  subject text not null,
  worker_id bigint,
  batch_id text,
  evidence jsonb not null,
  state text not null default 'open',
  outcome text,
  closed_by text,
  created_at timestamptz not null default now(),
  closed_at timestamptz,
  constraint pk_finding primary key (id),
  constraint ck_finding_state check (state in ('open', 'closed')),
  constraint fk_finding_batch_id_batch foreign key (batch_id) references batch(id),
  constraint fk_finding_worker_id_worker foreign key (worker_id) references worker(id)
);
create unique index uq_finding_open on finding (kind, subject) where (state = 'open');
