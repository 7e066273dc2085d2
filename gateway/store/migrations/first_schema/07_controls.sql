-- The tables that protect the money besides the ledger itself: seals, PINs, holds and adjustments.

-- A link of the hash chain over the ledger: see gateway.payments.ledger.seals.
create table seal (
  id bigint not null generated always as identity,
  from_seq bigint not null,
  to_seq bigint not null,
  -- the number of rows in the range, since identities leave gaps
  transfers integer not null,
  -- It is unique, so a chain never forks.
  prev bytea not null,
  digest bytea not null,
  at timestamptz not null default now(),
  constraint pk_seal primary key (id),
  constraint uq_seal_digest unique (digest),
  constraint uq_seal_from_seq unique (from_seq),
  constraint uq_seal_prev unique (prev),
  constraint uq_seal_to_seq unique (to_seq),
  constraint ck_seal_range check (from_seq <= to_seq)
);

-- The PIN of a worker as stored: see gateway.workers.pins. A worker without a PIN has no row.
create table worker_pin (
  worker_id bigint not null,
  hash text not null,
  wrong smallint not null default 0,
  set_at timestamptz not null default now(),
  constraint pk_worker_pin primary key (worker_id),
  constraint ck_worker_pin_tries check ((wrong >= 0) and (wrong <= 3)),
  constraint fk_worker_pin_worker_id foreign key (worker_id) references worker(id)
);

-- The payouts that were released, and when. The limits of a day are counted from these.
create table payout_pass (
  payout_id uuid not null,
  at timestamptz not null default now(),
  constraint pk_payout_pass primary key (payout_id),
  constraint fk_payout_pass_payout_id foreign key (payout_id) references payout(id)
);
create index ix_payout_pass_at on payout_pass (at);

-- The reasons why a payout waits: one row per control. If `ends`, the hold ends by itself at
-- `until`. Else the control examines the payout again then.
create table payout_hold (
  id bigint not null generated always as identity,
  payout_id uuid not null,
  control text not null,
  until timestamptz not null,
  ends boolean not null,
  released_by text,
  released_at timestamptz,
  created_at timestamptz not null default now(),
  constraint pk_payout_hold primary key (id),
  constraint uq_payout_hold_payout_id_control unique (payout_id, control),
  constraint fk_payout_hold_payout_id foreign key (payout_id) references payout(id)
);

-- An answer that was paid and turned out wrong later. The payment stands. A bounded part of her
-- later earnings may pay it back: see gateway.payments.ledger.adjusting. The states are: open (she may
-- dispute it), disputed (her coordinator looks), standing (it is collected in parts), and dropped
-- or done (it is over).
create table adjustment (
  id bigint not null generated always as identity,
  -- the reference that the worker reads
  ref text not null,
  answer_id bigint not null,
  worker_id bigint not null,
  amount bigint not null,
  taken bigint not null default 0,
  state text not null default 'open',
  decide_by timestamptz not null,
  ends_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint pk_adjustment primary key (id),
  constraint uq_adjustment_answer_id unique (answer_id),
  constraint uq_adjustment_ref unique (ref),
  constraint ck_adjustment_bounds check ((amount > 0) and (taken >= 0) and (taken <= amount)),
  constraint ck_adjustment_state check (state in ('open', 'disputed', 'standing', 'dropped',
    'done')),
  constraint fk_adjustment_answer_id foreign key (answer_id) references answer(id),
  constraint fk_adjustment_worker_id foreign key (worker_id) references worker(id)
);
create index ix_adjustment_waiting on adjustment (decide_by) where (state in ('open', 'disputed',
  'standing'));
create index ix_adjustment_worker_id on adjustment (worker_id);

create table adjustment_event (
  id bigint not null generated always as identity,
  adjustment_id bigint not null,
  event text not null,
  amount bigint not null default 0,
  who text not null default '',
  at timestamptz not null default now(),
  constraint pk_adjustment_event primary key (id),
  constraint fk_adjustment_event_adjustment_id foreign key (adjustment_id) references adjustment(id)
);
create index ix_adjustment_event_adjustment_id on adjustment_event (adjustment_id);
