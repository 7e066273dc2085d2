-- Partners, coordinators and workers, with their consent and their skills.

create table partner (
  id bigint not null generated always as identity,
  -- the code that workers text: JOIN KIBERA
  code text not null,
  name text not null,
  created_at timestamptz not null default now(),
  constraint pk_partner primary key (id),
  constraint uq_partner_code unique (code)
);

create table coordinator (
  id bigint not null generated always as identity,
  name text not null,
  language text not null,
  partner_id bigint,
  msisdn_sealed bytea not null,
  msisdn_index bytea not null,
  created_at timestamptz not null default now(),
  -- The commands and links of a coordinator who is cut_off do not work. When she is disabled, her
  -- workers belong to another coordinator as well.
  state text not null default 'active',
  constraint pk_coordinator primary key (id),
  constraint uq_coordinator_msisdn_index unique (msisdn_index),
  constraint ck_coordinator_state check (state in ('active', 'cut_off', 'disabled')),
  constraint fk_coordinator_partner_id foreign key (partner_id) references partner(id)
);

create table worker (
  id bigint not null generated always as identity,
  name text not null,
  language text not null,
  state text not null,
  partner_id bigint,
  coordinator_id bigint,
  msisdn_sealed bytea not null,
  msisdn_index bytea not null,
  -- ISO 3166
  region text not null,
  currency text not null,
  account_id bigint not null,
  -- The way in which the worker last worked. Workers by 'sms' are sent questions, and workers by
  -- 'ussd' dial for them.
  reach text not null default 'sms',
  sms_channel text not null,
  created_at timestamptz not null default now(),
  -- The worker's own quiet hours, 0-23 in her time zone; null for the gateway's.
  quiet_from smallint,
  quiet_until smallint,
  -- A report says since when the phone is off; null if that is not known.
  away_since timestamptz,
  -- A question did not reach the phone, so no prompt is pushed to it until then. The worker's own
  -- messages are answered as before.
  unreached_until timestamptz,
  -- The worker's time zone, like Africa/Lubumbashi; null for that of her country.
  zone text,
  -- The number of replies by SMS that were understood in a row, up to `conversation.ease.EASE_MAX`.
  ease smallint not null default 0,
  -- The number belongs to another person now, and the worker has none. So no message is sent to
  -- her; see `number_move`.
  number_lost_at timestamptz,
  -- The worker's place in the circle in which idle workers are offered work (`store.turns.idle_workers`).
  lot real not null default random(),
  constraint pk_worker primary key (id),
  constraint uq_worker_msisdn_index unique (msisdn_index),
  constraint ck_worker_reach check (reach in ('sms', 'ussd')),
  constraint ck_worker_state check (state in ('invited', 'active', 'stopped', 'removed')),
  constraint fk_worker_account_id foreign key (account_id) references account(id),
  constraint fk_worker_coordinator_id foreign key (coordinator_id) references coordinator(id),
  constraint fk_worker_partner_id foreign key (partner_id) references partner(id)
);
create index ix_worker_coordinator_id on worker (coordinator_id);
create index ix_worker_lot on worker (reach, lot) where (state = 'active');
create index ix_worker_partner_id on worker (partner_id);

-- The place where the last search for idle workers ended, by reach.
create table circle (
  reach text not null,
  lot real not null,
  constraint pk_circle primary key (reach)
);

create table consent (
  id bigint not null generated always as identity,
  worker_id bigint not null,
  -- invited, joined, agreed, stopped, restarted, removed
  act text not null,
  -- sms, ussd, coordinator, carrier
  via text not null,
  -- the words in which it was said, or a carrier's reason
  said text,
  at timestamptz not null default now(),
  -- the channel on which it was said
  channel text,
  -- the coordinator who did it, if one did
  coordinator_id bigint,
  constraint pk_consent primary key (id),
  constraint fk_consent_coordinator_id foreign key (coordinator_id) references coordinator(id),
  constraint fk_consent_worker_id foreign key (worker_id) references worker(id)
);
create index ix_consent_coordinator on consent (coordinator_id, at) where (coordinator_id is not
  null);
create index ix_consent_worker_id on consent (worker_id);

create table skill (
  worker_id bigint not null,
  kind text not null,
  -- The evidence so far, as weights (see gateway.qa.skills.skill). Agreement counts less than gold.
  "right" real not null default 0,
  wrong real not null default 0,
  gold_right integer not null default 0,
  gold_wrong integer not null default 0,
  answers integer not null default 0,
  -- Evidence is worth less the older it is.
  learned_at timestamptz not null default now(),
  trial_from timestamptz not null default now(),
  -- see gateway.qa.skills.drift
  drift real not null default 0,
  -- The gold of the current trial. A pause ends it, and the next trial begins without earlier
  -- mistakes.
  trial_right integer not null default 0,
  trial_wrong integer not null default 0,
  paused_right integer not null default 0,
  paused_wrong integer not null default 0,
  -- The end of a pause, and the gold on which it was decided.
  paused_until timestamptz,
  pauses smallint not null default 0,
  constraint pk_skill primary key (worker_id, kind),
  constraint fk_skill_worker_id foreign key (worker_id) references worker(id)
);

-- The lessons of one batch's answers about a worker. A better estimate of the batch can replace
-- them.
create table taught (
  batch_id text not null,
  worker_id bigint not null,
  "right" real not null,
  wrong real not null,
  constraint pk_taught primary key (batch_id, worker_id),
  constraint fk_taught_worker_id_worker foreign key (worker_id) references worker(id)
);

-- The gold that a worker was shown, by a digest of its text: the same question in another batch is
-- the same gold.
create table gold_seen (
  worker_id bigint not null,
  digest bigint not null,
  constraint pk_gold_seen primary key (worker_id, digest),
  constraint fk_gold_seen_worker_id_worker foreign key (worker_id) references worker(id)
);
