"""Add the tables of the safe exit, and of the watch over float and reserves. See decision 0073."""

from alembic import op

revision = "0077"
down_revision = "0067"
branch_labels = None
depends_on = None

_TABLES = """
-- A gateway that winds down has one row. It accepts no new work, and pays out all balances.
create table wind_down (
  id smallint not null default 1,
  -- the signature of the backup from which this database was restored
  backup text not null,
  -- The time of the backup. This database knows nothing of what happened later.
  backup_at timestamptz not null,
  begun_at timestamptz not null default now(),
  constraint pk_wind_down primary key (id),
  constraint ck_wind_down_one check (id = 1)
);

-- How it is known, per provider, what the lost gateway paid after the backup: by a statement that
-- was imported, or by the word of a person.
create table wind_down_source (
  provider text not null,
  statement_id bigint,
  because text,
  person_id bigint not null,
  at timestamptz not null default now(),
  constraint pk_wind_down_source primary key (provider),
  constraint ck_wind_down_source_one check ((statement_id is null) <> (because is null)),
  constraint fk_wind_down_source_statement_id foreign key (statement_id) references statement(id),
  constraint fk_wind_down_source_person_id foreign key (person_id) references person(id)
);

-- The payments on a statement that the lost gateway made after the backup, with the worker.
-- `person_id` is the person who named the worker, and null where the whole number named her.
create table wind_down_found (
  provider text not null,
  receipt text not null,
  amount bigint not null,
  number text not null default '',
  at timestamptz,
  worker_id bigint,
  person_id bigint,
  booked_at timestamptz,
  constraint pk_wind_down_found primary key (provider, receipt),
  constraint ck_wind_down_found_booked check (booked_at is null or worker_id is not null),
  constraint fk_wind_down_found_worker_id foreign key (worker_id) references worker(id),
  constraint fk_wind_down_found_person_id foreign key (person_id) references person(id)
);

-- The payouts that the gateway made of its own accord because it winds down.
create table wind_down_payout (
  payout_id uuid not null,
  worker_id bigint not null,
  constraint pk_wind_down_payout primary key (payout_id),
  constraint fk_wind_down_payout_payout_id foreign key (payout_id) references payout(id),
  constraint fk_wind_down_payout_worker_id foreign key (worker_id) references worker(id)
);
create index ix_wind_down_payout_worker_id on wind_down_payout (worker_id);

-- The last comparison of float and reserves with what is owed, per currency, in minor units.
-- `short_since` is the time since when they are too low, and null while they suffice.
create table reserve_check (
  currency text not null,
  owed bigint not null,
  cover bigint not null,
  checked_at timestamptz not null,
  short_since timestamptz,
  told_at timestamptz,
  constraint pk_reserve_check primary key (currency)
);

-- The balance of an account without a stored balance, from all its transfers up to `upto`. So no
-- comparison reads the history again.
create table account_sum (
  account_id bigint not null,
  upto bigint not null,
  balance bigint not null,
  constraint pk_account_sum primary key (account_id),
  constraint fk_account_sum_account_id foreign key (account_id) references account(id)
);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
