"""Count answers by hour, per group of workers and per batch, for honest forecasts.

See docs/decisions/0080.
"""

from alembic import op

revision = "0087"
down_revision = "0093"
branch_labels = None
depends_on = None

_TABLES = """
-- The answers of the workers of a currency and a language, by hour. An hour with a row had work for
-- them. The language is empty where there was work for all languages.
create table crowd_hour (
  currency text not null,
  language text not null,
  hour timestamptz not null,
  answers integer not null default 0,
  constraint pk_crowd_hour primary key (currency, language, hour)
);
create index ix_crowd_hour_hour on crowd_hour (hour);

-- The answers of a batch, by hour, gold included.
create table batch_hour (
  batch_id text not null,
  hour timestamptz not null,
  answers integer not null,
  constraint pk_batch_hour primary key (batch_id, hour),
  constraint fk_batch_hour_batch_id foreign key (batch_id) references batch(id)
);
create index ix_batch_hour_hour on batch_hour (hour);

-- All answers of a batch to real questions, which tells how many are still to come.
create table batch_given (
  batch_id text not null,
  answers bigint not null,
  constraint pk_batch_given primary key (batch_id),
  constraint fk_batch_given_batch_id foreign key (batch_id) references batch(id)
);
"""
_GIVEN_BEFORE = """
insert into batch_given (batch_id, answers)
select t.batch_id, sum(t.answered) from task t join batch b on b.id = t.batch_id
  where b.state in ('running', 'paused') and t.gold is null group by t.batch_id
"""


def upgrade() -> None:
    """Add the counts, and count what the batches that go on have been given."""
    connection = op.get_bind()
    # Several statements at once go through the driver, in the same transaction.
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute(_TABLES))
    op.execute(_GIVEN_BEFORE)
