-- The changes of a worker's phone number, with the history of each.

-- A change of number. The worker's row stays, and only its number changes. The open states are:
-- requested (it waits for two persons), asked (the number must say NOTME once more), invited (it
-- waits for the new number's YES) and objected (the old number said no, so two persons decide). A
-- change that is given_back was undone by two persons.
create table number_move (
  id bigint not null generated always as identity,
  worker_id bigint not null,
  -- pin: the worker asked with her PIN. persons: two persons decide. release: the number belongs to
  -- a stranger now.
  kind text not null,
  state text not null,
  old_index bytea not null,
  old_sealed bytea not null,
  -- The new number. After a release it is the index that no phone has.
  new_index bytea not null,
  new_sealed bytea not null,
  -- the channel for messages to both numbers
  channel text not null,
  -- the coordinator who asked, if one did
  coordinator_id bigint,
  -- the worker's state when the change began
  worker_was text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  done_at timestamptz,
  -- Until then payouts wait, and the old number may object.
  hold_until timestamptz,
  objected_at timestamptz,
  constraint pk_number_move primary key (id),
  constraint ck_number_move_done check ((state not in ('done', 'given_back')) or ((done_at is not
    null) and (hold_until is not null))),
  constraint ck_number_move_kind check (kind in ('pin', 'persons', 'release')),
  constraint ck_number_move_state check (state in ('requested', 'asked', 'invited', 'objected',
    'done', 'released', 'refused', 'replaced', 'given_back')),
  constraint fk_number_move_coordinator_id foreign key (coordinator_id) references coordinator(id),
  constraint fk_number_move_worker_id foreign key (worker_id) references worker(id)
);
create index ix_number_move_new_index on number_move (new_index);
create index ix_number_move_old_index on number_move (old_index);
create unique index ix_number_move_open on number_move (worker_id) where (state in ('requested',
  'asked', 'invited', 'objected'));
create index ix_number_move_worker_id on number_move (worker_id);

create table number_move_event (
  id bigint not null generated always as identity,
  move_id bigint not null,
  event text not null,
  by_whom text not null,
  reason text not null default '',
  at timestamptz not null default now(),
  constraint pk_number_move_event primary key (id),
  constraint fk_number_move_event_move_id foreign key (move_id) references number_move(id)
);
create index ix_number_move_event_move_id on number_move_event (move_id);

-- Foreign keys between tables of different files.
alter table payout add constraint fk_payout_worker_id foreign key (worker_id) references worker(id);
alter table taught add constraint fk_taught_batch_id_batch foreign key (batch_id) references
  batch(id);
