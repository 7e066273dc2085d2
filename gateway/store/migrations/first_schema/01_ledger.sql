-- The money: accounts, transfers and payouts. See gateway.payments.ledger.chart_of_accounts for the meaning of the
-- kinds and codes.

-- A balance changes often, so the pages keep space for heap-only updates.
create table account (
  id bigint not null generated always as identity,
  kind text not null,
  -- the id of a worker, client or batch, or the name of a provider
  owner text not null,
  currency text not null,
  -- Only bounded accounts store their balance. A hot unbounded account (a batch's hold, a
  -- provider's float) is never written when money passes through it, so answers do not queue behind
  -- each other.
  bounded boolean not null,
  -- credits minus debits, if bounded
  balance bigint not null default 0,
  constraint pk_account primary key (id),
  constraint uq_account_id_currency unique (id, currency),
  constraint uq_account_kind_owner_currency unique (kind, owner, currency),
  constraint ck_account_never_negative check ((not bounded) or (balance >= 0))
) with (fillfactor=50);

-- The column `seq` is the order of history: seals cover ranges of it. A trigger checks that both
-- accounts exist in this currency, so money cannot change its currency on the way.
create table transfer (
  -- The id is derived from the cause, so a second write is the same row.
  id uuid not null,
  seq bigint not null generated always as identity,
  debit bigint not null,
  credit bigint not null,
  amount bigint not null,
  currency text not null,
  -- gateway.payments.ledger.chart_of_accounts.Code
  code smallint not null,
  -- the cause, e.g. "answer:17", "payout:<id>"
  cause text not null,
  at timestamptz not null default now(),
  constraint pk_transfer primary key (id),
  constraint ck_transfer_positive check (amount > 0),
  constraint ck_transfer_two_sides check (debit <> credit)
);
create index ix_transfer_credit on transfer (credit);
create index ix_transfer_debit on transfer (debit);
create unique index uq_transfer_seq on transfer (seq);

-- A payout changes about eight times, and few of its columns are indexed. So the pages keep space
-- for heap-only updates.
create table payout (
  id uuid not null,
  -- the reference that the worker reads
  ref text not null,
  worker_id bigint not null,
  -- gateway.payments.states
  state text not null,
  version integer not null default 0,
  provider text not null,
  currency text not null,
  amount bigint not null,
  -- the gateway's idempotency key, stored before the first byte is sent
  key text not null,
  to_sealed bytea not null,
  -- the last three digits, which match a receipt but do not suffice for a call
  to_tail text not null,
  -- the secret path of hints
  result_token text not null,
  -- the secret path of answers to the gateway's own status queries
  status_token text not null,
  timeout_token text not null,
  -- These columns are the memory of the state machine: see gateway.payments.payout.Payout.
  tries smallint not null default 0,
  maybe_taken boolean not null default false,
  misses smallint not null default 0,
  first_sent_at timestamptz,
  sent_at timestamptz,
  -- the time when a runner has to act next; null for never
  due_at timestamptz,
  hinted_ours boolean not null default false,
  receipt text,
  reason text not null default '',
  settled_at timestamptz,
  created_at timestamptz not null default now(),
  -- The payout that this one replaces, if the provider refused it for a fault of the gateway. `nth`
  -- is the number of payouts before it.
  replaces uuid,
  nth smallint not null default 0,
  reference text not null default '',
  -- The deductions from the balance besides the amount: taxes of `country`, each with the sum on
  -- which it was computed, and the provider's fee.
  country text not null default '',
  tax_names text[] not null default '{}'::text[],
  tax_bases bigint[] not null default '{}'::bigint[],
  tax_amounts bigint[] not null default '{}'::bigint[],
  fee bigint not null default 0,
  constraint pk_payout primary key (id),
  constraint uq_payout_key unique (key),
  constraint uq_payout_provider_receipt unique (provider, receipt),
  constraint uq_payout_ref unique (ref),
  constraint uq_payout_replaces unique (replaces),
  constraint uq_payout_result_token unique (result_token),
  constraint uq_payout_status_token unique (status_token),
  constraint uq_payout_timeout_token unique (timeout_token),
  constraint ck_payout_positive check (amount > 0),
  constraint ck_payout_withheld check ((fee >= 0) and (0 < ALL (tax_amounts))),
  constraint fk_payout_replaces foreign key (replaces) references payout(id)
) with (fillfactor=60);
create index ix_payout_reference on payout (provider, reference) where (reference <> '');
create index ix_payout_worker_id on payout (worker_id);
create unique index uq_payout_one_open on payout (worker_id) where (settled_at is null);

-- The time when a runner looks at a payout next: its `due_at`, delayed while a runner works on it.
-- The table is separate because it changes at every step. In `payout`, each change would be written
-- to a dozen indexes.
create table payout_due (
  payout_id uuid not null,
  due_at timestamptz not null,
  constraint pk_payout_due primary key (payout_id),
  constraint fk_payout_due_payout_id foreign key (payout_id) references payout(id)
);
create index ix_payout_due_due_at on payout_due (due_at);

create table payout_event (
  id bigint not null generated always as identity,
  payout_id uuid not null,
  event text not null,
  was text not null,
  becomes text not null,
  note text,
  at timestamptz not null default now(),
  constraint pk_payout_event primary key (id),
  constraint fk_payout_event_payout_id foreign key (payout_id) references payout(id)
);
create index ix_payout_event_payout_id on payout_event (payout_id);

-- A provider that stopped (credentials, float). No payout is sent until the time has passed.
create table provider_pause (
  provider text not null,
  until timestamptz not null,
  reason text not null,
  constraint pk_provider_pause primary key (provider)
);

-- The health of a provider: see `store/sql/health.sql`. After `stopped_at`, no payout is sent until it
-- answers. After `settling_at`, no payout is sent until the payouts in flight at that time were
-- queried. `heard_at` is the time when it last answered again, and `heard_event` the newest event
-- then. At `attend_at`, the payouts that have been open since before are queried again.
create table provider_health (
  provider text not null,
  silent_since timestamptz,
  ask_at timestamptz,
  stopped_at timestamptz,
  attend_at timestamptz,
  heard_at timestamptz,
  settling_at timestamptz,
  reason text not null default '',
  heard_event bigint not null default 0,
  -- the float that the provider reports
  float bigint,
  float_at timestamptz,
  -- The time when the float was last compared with the ledger, and the surplus that the ledger
  -- cannot explain.
  compared_at timestamptz,
  gap bigint not null default 0,
  -- the time when the provider was last asked for the float
  float_asked_at timestamptz,
  constraint pk_provider_health primary key (provider)
);

-- The last balance query to a provider that answers later. The ledger's balance was between `least`
-- and `most` meanwhile. `told` is the provider's answer, or null while there is none.
create table float_question (
  provider text not null,
  -- the secret path of the answer
  result_token text not null,
  timeout_token text not null,
  asked_at timestamptz not null,
  least bigint not null,
  most bigint not null,
  told bigint,
  constraint pk_float_question primary key (provider),
  constraint uq_float_question_result_token unique (result_token),
  constraint uq_float_question_timeout_token unique (timeout_token)
);

create table provider_token (
  name text not null,
  token_sealed bytea not null,
  expires_at timestamptz not null,
  constraint pk_provider_token primary key (name)
);
