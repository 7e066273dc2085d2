-- The findings of providers' statements, and the decisions of persons about money.

create table statement (
  id bigint not null generated always as identity,
  provider text not null,
  -- the digest of the file; the same file counts once
  digest bytea not null,
  lines integer not null,
  matched integer not null default 0,
  done_at timestamptz,
  created_at timestamptz not null default now(),
  constraint pk_statement primary key (id),
  constraint uq_statement_digest unique (digest)
);

-- The lines of a statement as they came, each with its payout.
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

-- A difference between a provider's statement and the ledger: see
-- gateway.payments.reconciliation.reconcile.DifferenceKind.
create table discrepancy (
  id bigint not null generated always as identity,
  statement_id bigint not null,
  provider text not null,
  kind text not null,
  -- the provider's receipt, or the payout's id if there is none
  receipt text not null,
  payout_id uuid,
  amount bigint not null,
  expected bigint,
  -- The circuit breaker: while this is true and the difference is not explained, no payout is sent
  -- to the provider.
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

-- A person who may decide about money. The key is shown once, and only its hash is stored.
create table person (
  id bigint not null generated always as identity,
  name text not null,
  key_hash bytea not null,
  -- the time when the person was disabled
  gone_at timestamptz,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default (now() + '180 days'::interval),
  expiry_told_at timestamptz,
  constraint pk_person primary key (id),
  constraint uq_person_name unique (name)
);

-- The history of a person's right to decide: what was done, by which other person and why. Rows are
-- only ever added.
create table person_event (
  id bigint not null generated always as identity,
  person_id bigint not null,
  event text not null,
  -- null if there was no person who could vouch, or if the time ran out
  by_id bigint,
  reason text not null default '',
  at timestamptz not null default now(),
  constraint pk_person_event primary key (id),
  constraint ck_person_event_event check (event in ('added', 'disabled', 'rekeyed', 'expired')),
  constraint fk_person_event_by_id foreign key (by_id) references person(id),
  constraint fk_person_event_person_id foreign key (person_id) references person(id)
);
create index ix_person_event_person_id on person_event (person_id);

-- Payouts that one person has listed and another one approves. The digest covers the recipients and
-- the amounts.
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

-- Other decisions by two persons. `subject` names the matter, and `evidence` is a digest of the
-- facts that were known then.
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

-- One person's decision about a payout that only persons can decide. Another person confirms it.
create table resolution (
  id bigint not null generated always as identity,
  payout_id uuid not null,
  paid boolean not null,
  receipt text,
  -- A digest of the facts about the payout. Newer evidence voids the first person's word.
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
