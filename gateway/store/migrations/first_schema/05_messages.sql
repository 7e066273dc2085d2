-- Inbound events, USSD sessions, outgoing messages, opt-outs.

create sequence inbox_id_seq;
-- The inbox, the outbox and the sessions are partitioned into months by `created_at` (decision 58).
-- A key that is unique over all months is in a table of its own, `inbox_key` or `outbox_key`. The
-- keys of the months only find rows.
create table inbox (
  id bigint not null default nextval('inbox_id_seq'::regclass),
  channel text not null,
  -- sms, ussd, receipt, session-end, opt-out, payout
  kind text not null,
  -- the id that makes it the same event: see the port of its kind
  event_id text not null,
  worker_id bigint,
  -- the raw event, as received
  body_sealed bytea,
  -- An operator must look at a `failed` event. Any phone can send an `unclear` one, and no action
  -- is needed.
  state text not null,
  reply text,
  error text,
  tries smallint not null default 0,
  created_at timestamptz not null default now(),
  done_at timestamptz,
  -- the time when a runner takes a waiting event (again)
  due_at timestamptz not null default now(),
  constraint pk_inbox primary key (id, created_at),
  constraint ck_inbox_state check (state in ('waiting', 'done', 'failed', 'unclear'))
) partition by range (created_at);
create index ix_inbox_open on inbox (created_at) where (state <> 'done');
create index ix_inbox_remarks on inbox (created_at) where ((state = 'done') and (error is not
  null));
create index ix_inbox_unheard on inbox (due_at) where ((state = 'waiting') and (kind <> 'receipt'));

-- The identity of an event, as long as a provider may bring it again. Then `store/sql/months.sql`
-- deletes it, unless the event is not done. `id` and `created_at` find its row in one month.
create table inbox_key (
  channel text not null,
  kind text not null,
  event_id text not null,
  id bigint not null default nextval('inbox_id_seq'::regclass),
  created_at timestamptz not null default now(),
  worker_id bigint,
  done boolean not null,
  -- The same SMS under another id: a keyed digest of sender, text and the provider's time. For an
  -- SMS without id and time, it is set once it is known to be no copy.
  twin bytea,
  constraint pk_inbox_key primary key (channel, kind, event_id)
);
create unique index ix_inbox_key_twin on inbox_key (channel, twin) where (twin is not null);

-- The progress of polling each channel for the messages that its provider received.
create table poll (
  channel text not null,
  last_id text not null default '0',
  every_s double precision not null,
  due_at timestamptz not null default now(),
  -- Messages received before this time are not the gateway's to answer.
  created_at timestamptz not null default now(),
  constraint pk_poll primary key (channel)
);

create table ussd_session (
  channel text not null,
  session text not null,
  worker_id bigint,
  transcript text not null,
  view text not null,
  memory jsonb not null,
  -- the screen page by page, as shown
  pages text[] not null,
  page smallint not null default 0,
  ended boolean not null default false,
  -- the provider's notice of the end; null if there is none yet
  completed boolean,
  created_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  -- Providers give one id to several phones, and to the same phone again. A phone has one session
  -- per id: see save_session.
  msisdn_index bytea not null,
  nth smallint not null default 0,
  constraint pk_ussd_session primary key (channel, session, msisdn_index, created_at)
) partition by range (created_at);
create index ix_ussd_session_worker_id on ussd_session (worker_id);

create sequence outbox_id_seq;
-- A message that is given_up was certainly not sent and is not tried again. For a lost one, it will
-- never be known whether it was sent.
create table outbox (
  id bigint not null default nextval('outbox_id_seq'::regclass),
  channel text not null,
  worker_id bigint,
  to_sealed bytea not null,
  to_index bytea not null,
  text text not null,
  segments smallint not null,
  encoding text not null,
  -- reply, question, money, invitation, notice
  purpose text not null,
  -- 0 overtakes 1
  priority smallint not null,
  -- the cause that makes it the same message, if it could be written twice
  cause text,
  state text not null default 'queued',
  tries smallint not null default 0,
  due_at timestamptz not null default now(),
  lease_until timestamptz,
  provider_id text,
  delivery text,
  delivery_rank smallint not null default '-1'::integer,
  reason text,
  cost_currency text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  -- the batch for which it asks, or to whose answer it replies
  batch_id text,
  -- The client and batch (client/batch) that share the channel fairly in a broadcast; '' for a
  -- message that overtakes.
  lane text not null default '',
  -- the channels on which it was before this one
  roads text[] not null default '{}'::text[],
  country text,
  network text,
  -- The cost in millionths of a major unit of cost_currency: the provider's figure, else the price
  -- list's.
  cost_micro bigint,
  constraint pk_outbox primary key (id, created_at),
  constraint ck_outbox_state check (state in ('queued', 'sending', 'accepted', 'refused', 'unknown',
    'cancelled', 'given_up', 'lost'))
) partition by range (created_at);
create index ix_outbox_due on outbox (channel, priority, lane, due_at, id) where (state = 'queued');
create index ix_outbox_lease on outbox (lease_until) where (state = 'sending');
create index ix_outbox_money on outbox (worker_id, id) where (purpose = 'money');
create index ix_outbox_notice on outbox (worker_id, created_at) where (purpose = 'notice');
create index ix_outbox_prompts on outbox (to_index, created_at) where (purpose in ('question',
  'notice', 'invitation'));
create index ix_outbox_provider_id on outbox (channel, provider_id) where (provider_id is not null);
create index ix_outbox_to_index on outbox (to_index, id);
create index ix_outbox_unknown on outbox (due_at) where (state = 'unknown');

-- The causes of messages, so that no message is written twice. Those about money stay for good
-- (`lasting`). The others are deleted like the keys of events.
create table outbox_key (
  cause text not null,
  id bigint not null,
  created_at timestamptz not null,
  lasting boolean not null,
  constraint pk_outbox_key primary key (cause)
);

-- The row up to which the keys of a table are deleted. Rows lie in the order of time, so keys need
-- no index by time.
create table forgotten (
  parent text not null,
  upto bigint not null,
  constraint pk_forgotten primary key (parent)
);

-- The months that left the database. Until done_at is set, the month is taken out of its table but
-- not written to its file yet.
create table archived_month (
  part text not null,
  parent text not null,
  -- null for all rows from before the months began
  since timestamptz,
  until timestamptz not null,
  left_at timestamptz not null default now(),
  -- null for a month that was dropped without a file
  file text,
  rows bigint,
  bytes bigint,
  sha256 text,
  done_at timestamptz,
  constraint pk_archived_month primary key (part)
);

-- The state of a channel: its breaker, and the holder and the pace of a channel with a rate limit.
create table channel_state (
  channel text not null,
  breaker text not null default 'closed',
  failures integer not null default 0,
  opened integer not null default 0,
  until timestamptz,
  reason text,
  -- the version of the breaker
  version bigint not null default 0,
  last_success_at timestamptz,
  holder uuid,
  held_until timestamptz,
  -- the segments in the window when the last holder stopped; null if not known
  pace jsonb,
  paced_at timestamptz,
  -- the messages that failed since the channel last worked, which are never the next probe
  suspects bigint[] not null default '{}'::bigint[],
  constraint pk_channel_state primary key (channel),
  constraint ck_channel_state_breaker check (breaker in ('closed', 'open', 'probing'))
);

-- The sums that providers charged. Every message counts once.
create table message_bill (
  channel text not null,
  -- '' for none
  batch_id text not null,
  day date not null,
  -- '' if not known, also in the other columns
  country text not null,
  network text not null,
  currency text not null,
  messages bigint not null,
  segments bigint not null,
  micro bigint not null,
  constraint pk_message_bill primary key (channel, batch_id, day, country, network, currency)
);
create index ix_message_bill_batch_id on message_bill (batch_id);

create table opt_out (
  msisdn_index bytea not null,
  channel text not null,
  source text not null,
  created_at timestamptz not null default now(),
  constraint pk_opt_out primary key (msisdn_index)
);

-- The digest of the files in `store/sql/` that this database runs.
create table sql_version (
  digest text not null,
  constraint pk_sql_version primary key (digest)
);
