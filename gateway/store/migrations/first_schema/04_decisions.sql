-- What operators' statements showed, and what people decided about money.

create table statement (
  id bigint not null generated always as identity,
  provider text not null,
  -- of the file: the same one counts once
  digest bytea not null,
  lines integer not null,
  matched integer not null default 0,
  done_at timestamptz,
  created_at timestamptz not null default now(),
  constraint pk_statement primary key (id),
  constraint uq_statement_digest unique (digest)
);

-- A statement's lines as they came, each with the payout it is of.
create table statement_line (
  statement_id bigint not null,
  n bigint not null,
  kind text not null,
  receipt text not null,
  amount bigint not null,
  at timestamptz,
  balance bigint,
  payout_id uuid,
  constraint pk_statement_line primary key (statement_id, n),
  constraint fk_statement_line_payout_id foreign key (payout_id) references payout(id),
  constraint fk_statement_line_statement_id foreign key (statement_id) references statement(id)
);
create index ix_statement_line_payout_id on statement_line (payout_id);

-- A difference between an operator's statement and our books: see gateway.payments.reconcile.DifferenceKind.
create table discrepancy (
  id bigint not null generated always as identity,
  statement_id bigint not null,
  provider text not null,
  kind text not null,
  -- the operator's, or our payout's id where there is none
  receipt text not null,
  payout_id uuid,
  amount bigint not null,
  expected bigint,
  -- The circuit breaker: while this is true and nobody has explained it, the provider is sent
  -- nothing.
  stops boolean not null,
  explained_at timestamptz,
  explained_by text,
  explanation text,
  created_at timestamptz not null default now(),
  constraint pk_discrepancy primary key (id),
  constraint uq_discrepancy_provider_kind_receipt unique (provider, kind, receipt),
  constraint fk_discrepancy_payout_id foreign key (payout_id) references payout(id),
  constraint fk_discrepancy_statement_id foreign key (statement_id) references statement(id)
);
create index ix_discrepancy_stops on discrepancy (provider) where (stops and (explained_at is
  null));

-- Somebody who may decide about money. The key is shown once; only its hash is kept.
create table person (
  id bigint not null generated always as identity,
  name text not null,
  key_hash bytea not null,
  -- disabled
  gone_at timestamptz,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default (now() + '180 days'::interval),
  expiry_told_at timestamptz,
  constraint pk_person primary key (id),
  constraint uq_person_name unique (name)
);

-- What was done to a person's say, by which other person and why. Only ever grows.
create table person_event (
  id bigint not null generated always as identity,
  person_id bigint not null,
  event text not null,
  -- null: nobody could vouch, or time did it
  by_id bigint,
  reason text not null default '',
  at timestamptz not null default now(),
  constraint pk_person_event primary key (id),
  constraint ck_person_event_event check (event in ('added', 'disabled', 'rekeyed', 'expired')),
  constraint fk_person_event_by_id foreign key (by_id) references person(id),
  constraint fk_person_event_person_id foreign key (person_id) references person(id)
);
create index ix_person_event_person_id on person_event (person_id);

-- Payouts that one person put together and another one approves; the digest is of who gets how
-- much.
create table approval_list (
  id bigint not null generated always as identity,
  digest bytea not null,
  made_by bigint not null,
  approved_by bigint,
  approved_at timestamptz,
  created_at timestamptz not null default now(),
  constraint pk_approval_list primary key (id),
  constraint ck_approval_list_two_people check (approved_by <> made_by),
  constraint fk_approval_list_approved_by foreign key (approved_by) references person(id),
  constraint fk_approval_list_made_by foreign key (made_by) references person(id)
);

create table approval_item (
  list_id bigint not null,
  payout_id uuid not null,
  constraint pk_approval_item primary key (list_id, payout_id),
  constraint fk_approval_item_list_id foreign key (list_id) references approval_list(id),
  constraint fk_approval_item_payout_id foreign key (payout_id) references payout(id)
);
create index ix_approval_item_payout_id on approval_item (payout_id);

-- Anything else that two people decide; `subject` names it, `evidence` is of what was known of it
-- then.
create table verdict (
  id bigint not null generated always as identity,
  subject text not null,
  says text not null,
  evidence bytea not null,
  said_by bigint not null,
  confirmed_by bigint,
  confirmed_at timestamptz,
  created_at timestamptz not null default now(),
  constraint pk_verdict primary key (id),
  constraint uq_verdict_subject unique (subject),
  constraint ck_verdict_two_people check (confirmed_by <> said_by),
  constraint fk_verdict_confirmed_by foreign key (confirmed_by) references person(id),
  constraint fk_verdict_said_by foreign key (said_by) references person(id)
);

-- What one person says of a payout nobody else can decide, and another one confirms.
create table resolution (
  id bigint not null generated always as identity,
  payout_id uuid not null,
  paid boolean not null,
  receipt text,
  -- Of what was known of the payout then: newer evidence makes the first word void.
  evidence bytea not null,
  said_by bigint not null,
  confirmed_by bigint,
  confirmed_at timestamptz,
  created_at timestamptz not null default now(),
  constraint pk_resolution primary key (id),
  constraint uq_resolution_payout_id unique (payout_id),
  constraint ck_resolution_two_people check (confirmed_by <> said_by),
  constraint fk_resolution_confirmed_by foreign key (confirmed_by) references person(id),
  constraint fk_resolution_payout_id foreign key (payout_id) references payout(id),
  constraint fk_resolution_said_by foreign key (said_by) references person(id)
);
