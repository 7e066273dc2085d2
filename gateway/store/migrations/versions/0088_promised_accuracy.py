"""Add the promised accuracy of batches, and the counts of gold answers that agree in their errors.

See docs/decisions/0080.
"""

from alembic import op

revision = "0088"
down_revision = "0081"
branch_labels = None
depends_on = None

_TABLES = """
-- The accuracy that a client asked for instead of a policy.
create table batch_promise (
  batch_id text not null,
  target double precision not null,
  -- The plan that was chosen at the start: see gateway.qa.checks.promise_plan. Null before.
  plan jsonb,
  -- The rounds in which doubtful tasks were asked again, and the answers that were asked for.
  rounds smallint not null default 0,
  asked_more integer not null default 0,
  -- The certificate at the close: see gateway.qa.checks.promise_outcome. Null before.
  outcome jsonb,
  constraint pk_batch_promise primary key (batch_id),
  constraint fk_batch_promise_batch_id foreign key (batch_id) references batch(id)
);

-- The pairs of answers to the same gold question in closed batches, by kind and number of options.
-- They tell how far the errors of workers agree.
create table gold_pairs (
  kind text not null,
  options smallint not null,
  pairs double precision not null,
  both_wrong double precision not null,
  -- The share of wrong answers, times the pairs.
  wrong double precision not null,
  constraint pk_gold_pairs primary key (kind, options)
);
"""


def upgrade() -> None:
    """Create the tables."""
    connection = op.get_bind()
    # Several statements at once go through the driver, in the same transaction.
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute(_TABLES))
