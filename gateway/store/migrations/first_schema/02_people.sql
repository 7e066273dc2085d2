-- Partners, coordinators, workers, their consent and their skills.

create table partner (
  id bigint not null generated always as identity,
  -- what workers text: JOIN KIBERA
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
  -- cut_off: her commands and links open nothing; disabled: that, and her workers are another's.
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
  -- How she last worked: 'sms' workers are sent questions, 'ussd' workers dial in for them.
  reach text not null default 'sms',
  sms_channel text not null,
  created_at timestamptz not null default now(),
  -- Her own quiet hours, 0-23 where she lives; null = the house's.
  quiet_from smallint,
  quiet_until smallint,
  -- Her phone is off, says a report; null = not known to be.
  away_since timestamptz,
  -- A question did not get through: nothing is pushed to her until then. Her own messages are
  -- answered as ever.
  unreached_until timestamptz,
  -- Where she lives, as Africa/Lubumbashi; null = where her country is.
  zone text,
  -- How many replies to questions by SMS were understood in a row, up to
  -- `conversation.ease.EASE_MAX`.
  ease smallint not null default 0,
  -- Her number is another person's now and she has none: nothing is sent to her; see `number_move`.
  number_lost_at timestamptz,
  -- Her place in the circle in which idle workers are offered work (`store.idle`).
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

-- Where the last look at idle workers ended, by how they work.
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
  -- in which words; of a carrier, why
  said text,
  at timestamptz not null default now(),
  -- by which it was said
  channel text,
  -- who did it, where one did
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
  -- Evidence so far, as weights (see gateway.qa.skill): agreement counts less than gold.
  "right" real not null default 0,
  wrong real not null default 0,
  gold_right integer not null default 0,
  gold_wrong integer not null default 0,
  answers integer not null default 0,
  -- evidence is worth less the older it is
  learned_at timestamptz not null default now(),
  trial_from timestamptz not null default now(),
  -- see gateway.qa.drift
  drift real not null default 0,
  -- The gold of the present trial, which a pause ends: a new one begins with nothing held against
  -- her.
  trial_right integer not null default 0,
  trial_wrong integer not null default 0,
  paused_right integer not null default 0,
  paused_wrong integer not null default 0,
  -- A pause, and the gold it was decided on.
  paused_until timestamptz,
  pauses smallint not null default 0,
  constraint pk_skill primary key (worker_id, kind),
  constraint fk_skill_worker_id foreign key (worker_id) references worker(id)
);

-- What the answers of one batch have taught about a worker, so that a better estimate of the batch
-- can replace it.
create table taught (
  batch_id text not null,
  worker_id bigint not null,
  "right" real not null,
  wrong real not null,
  constraint pk_taught primary key (batch_id, worker_id),
  constraint fk_taught_worker_id_worker foreign key (worker_id) references worker(id)
);

-- Gold a phone has been shown, by a digest of its text: the same question in another batch counts
-- as the same gold.
create table gold_seen (
  worker_id bigint not null,
  digest bigint not null,
  constraint pk_gold_seen primary key (worker_id, digest),
  constraint fk_gold_seen_worker_id_worker foreign key (worker_id) references worker(id)
);
