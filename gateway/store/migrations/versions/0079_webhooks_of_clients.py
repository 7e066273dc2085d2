"""Add the webhooks of clients, their events and the deliveries.

See docs/decisions/0074.
"""

from alembic import op

revision = "0079"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    connection = op.get_bind()
    # Several statements at once go through the driver, in the same transaction.
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute(_TABLES))


_TABLES = """
create table webhook (
  id text not null,
  client_id text not null,
  url text not null,
  -- the types of event that are sent; empty for all
  events text[] not null,
  -- the only batch of which events are sent; null for all
  batch_id text,
  description text not null default '',
  -- active, off (by the client) or disabled (by the gateway)
  state text not null default 'active',
  disabled_because text not null default '',
  secret_sealed bytea not null,
  -- the secret before the last change, which signs as well until then
  former_sealed bytea,
  former_until timestamptz,
  -- the time of the first failed call since the last successful one
  failing_since timestamptz,
  created_at timestamptz not null default now(),
  constraint pk_webhook primary key (id),
  constraint ck_webhook_state check (state in ('active', 'off', 'disabled')),
  constraint fk_webhook_client_id foreign key (client_id) references client(id),
  constraint fk_webhook_batch_id foreign key (batch_id) references batch(id)
);
create index ix_webhook_client_id on webhook (client_id);

-- Facts that a client will be told. A row is written in the transaction of its fact, and is deleted
-- in the transaction that makes a message of it.
create table client_event (
  id bigint not null generated always as identity,
  client_id text not null,
  batch_id text,
  type text not null,
  data jsonb not null,
  at timestamptz not null default now(),
  constraint pk_client_event primary key (id)
);

-- What is sent, byte for byte. Every try and every replay sends the same bytes under the same id.
create table webhook_message (
  id text not null,
  client_id text not null,
  type text not null,
  body text not null,
  at timestamptz not null default now(),
  constraint pk_webhook_message primary key (id)
);
create index ix_webhook_message_at on webhook_message (at);

create table webhook_delivery (
  id bigint not null generated always as identity,
  webhook_id text not null,
  message_id text not null,
  -- waiting, delivered or failed
  state text not null default 'waiting',
  -- the number of calls, with the one that is on its way
  attempts smallint not null default 0,
  -- The time of the next call. While a call is on its way, the time at which it counts as lost.
  due_at timestamptz not null default now(),
  tried_at timestamptz,
  -- the HTTP status of the last call; null where there was no answer
  status smallint,
  -- the beginning of the last answer, or the reason why there was none
  answer text not null default '',
  constraint pk_webhook_delivery primary key (id),
  constraint ck_webhook_delivery_state check (state in ('waiting', 'delivered', 'failed')),
  constraint fk_webhook_delivery_webhook_id foreign key (webhook_id) references webhook(id)
    on delete cascade,
  constraint fk_webhook_delivery_message_id foreign key (message_id) references webhook_message(id)
    on delete cascade
);
create index ix_webhook_delivery_due on webhook_delivery (webhook_id, due_at) where (state = 'waiting');
create index ix_webhook_delivery_webhook_id on webhook_delivery (webhook_id, id);
create index ix_webhook_delivery_message_id on webhook_delivery (message_id);

-- The progress that the client of a running batch was told, in per cent.
create table batch_progress (
  batch_id text not null,
  percent smallint not null default 0,
  look_at timestamptz not null default now(),
  constraint pk_batch_progress primary key (batch_id),
  constraint fk_batch_progress_batch_id foreign key (batch_id) references batch(id)
);
create index ix_batch_progress_look_at on batch_progress (look_at);
"""
