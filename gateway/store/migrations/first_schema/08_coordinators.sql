-- The data about coordinators besides their row: the history, the PINs, and the links to their
-- pages.

create table coordinator_event (
  id bigint not null generated always as identity,
  coordinator_id bigint not null,
  event text not null,
  by_whom text not null,
  reason text not null default '',
  at timestamptz not null default now(),
  constraint pk_coordinator_event primary key (id),
  constraint fk_coordinator_event_coordinator_id foreign key (coordinator_id) references
    coordinator(id)
);
create index ix_coordinator_event_coordinator_id on coordinator_event (coordinator_id);

-- As for a worker's PIN, only a slow hash is stored: see gateway.workers.pins.
create table coordinator_pin (
  coordinator_id bigint not null,
  hash text not null,
  wrong smallint not null default 0,
  set_at timestamptz not null default now(),
  constraint pk_coordinator_pin primary key (coordinator_id),
  constraint ck_coordinator_pin_tries check ((wrong >= 0) and (wrong <= 3)),
  constraint fk_coordinator_pin_coordinator_id foreign key (coordinator_id) references
    coordinator(id)
);

create table console_link (
  id bigint not null generated always as identity,
  coordinator_id bigint not null,
  until timestamptz not null,
  revoked_at timestamptz,
  revoked_because text not null default '',
  created_at timestamptz not null default now(),
  constraint pk_console_link primary key (id),
  constraint fk_console_link_coordinator_id foreign key (coordinator_id) references coordinator(id)
);
create index ix_console_link_coordinator_id on console_link (coordinator_id);
