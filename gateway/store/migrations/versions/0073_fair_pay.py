"""Add the tables of fair pay: refunded SMS, measured pay of batches and workers, and bonuses.

See docs/decisions/0071.
"""

from alembic import op

revision = "0073"
down_revision = "0062"
branch_labels = None
depends_on = None

_REFUNDS = """
-- The SMS that were refunded to a worker on a day (UTC). The limit of a day is counted here, so that
-- no history is read.
create table sms_refund (
  worker_id bigint not null,
  day date not null,
  messages integer not null default 0,
  amount bigint not null default 0,
  constraint pk_sms_refund primary key (worker_id, day),
  constraint fk_sms_refund_worker_id foreign key (worker_id) references worker(id)
);

-- The inbound event up to which SMS were looked at for refunds, and the time of the next look.
create table refund_progress (
  one boolean not null default true,
  upto bigint not null,
  due_at timestamptz not null,
  constraint pk_refund_progress primary key (one),
  constraint ck_refund_progress_one check (one)
);
"""

_PAY = """
-- The pay of a batch: what was expected at its start, and what was measured after its end.
create table batch_pay (
  batch_id text not null,
  kind text not null,
  currency text not null,
  -- the living-wage floor per hour at the start, and its country; null for none
  floor bigint,
  floor_country text,
  -- the seconds per answer according to the model of text length, and as expected from past batches
  modelled_s real not null,
  expected_s real not null,
  -- the part of the batch's hold that is kept for top-ups
  reserve bigint not null default 0,
  -- The measurement: null until the batch is closed and measured.
  answers integer,
  workers integer,
  seconds bigint,
  median bigint,
  p10 bigint,
  -- the Gini coefficient of the earnings of the batch's workers
  gini real,
  topped_up bigint not null default 0,
  settled_at timestamptz,
  constraint pk_batch_pay primary key (batch_id),
  constraint fk_batch_pay_batch_id foreign key (batch_id) references batch(id)
);
create index ix_batch_pay_unsettled on batch_pay (batch_id) where (settled_at is null);
create index ix_batch_pay_measured on batch_pay (kind, settled_at) where (settled_at is not null);

-- The measured pay of one worker in one batch.
create table worker_pay (
  batch_id text not null,
  worker_id bigint not null,
  answers integer not null,
  milliseconds bigint not null,
  earned bigint not null,
  -- earned per hour
  hourly bigint not null,
  top_up bigint not null default 0,
  constraint pk_worker_pay primary key (batch_id, worker_id),
  constraint fk_worker_pay_batch_id foreign key (batch_id) references batch(id),
  constraint fk_worker_pay_worker_id foreign key (worker_id) references worker(id)
);
create index ix_worker_pay_worker_id on worker_pay (worker_id);

-- The permission of an operator to start a batch below the floor.
create table floor_allowance (
  batch_id text not null,
  person_id bigint not null,
  because text not null,
  at timestamptz not null default now(),
  constraint pk_floor_allowance primary key (batch_id),
  constraint fk_floor_allowance_batch_id foreign key (batch_id) references batch(id),
  constraint fk_floor_allowance_person_id foreign key (person_id) references person(id)
);

-- The bonuses that clients paid. `key` makes it the same bonus, if it is asked for twice.
create table client_bonus (
  id bigint not null generated always as identity,
  batch_id text not null,
  worker_id bigint not null,
  key text not null,
  amount bigint not null,
  reason text not null,
  created_at timestamptz not null default now(),
  constraint pk_client_bonus primary key (id),
  constraint uq_client_bonus_batch_id_key unique (batch_id, key),
  constraint ck_client_bonus_positive check (amount > 0),
  constraint fk_client_bonus_batch_id foreign key (batch_id) references batch(id),
  constraint fk_client_bonus_worker_id foreign key (worker_id) references worker(id)
);
create index ix_client_bonus_worker_id on client_bonus (worker_id);

-- Batches that run already are measured at their end, too. They have no floor.
insert into batch_pay (batch_id, kind, currency, modelled_s, expected_s)
  select id, kind, currency, 30, 30 from batch where state in ('running', 'paused');
"""


def upgrade() -> None:
    """Add them, one statement after the other."""
    for statement in f"{_REFUNDS}{_PAY}".split(";\n"):
        if statement.strip():
            op.execute(statement)
