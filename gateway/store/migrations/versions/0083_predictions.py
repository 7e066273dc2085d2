"""Add the predictions of clients' models, and the trust that they have earned.

See docs/decisions/0078.
"""

from alembic import op

revision = "0083"
down_revision = "0090"
branch_labels = None
depends_on = None

_TABLES = """
-- A client's prediction of one task. It is no answer: no worker sees it and nothing is paid for it.
-- `used` says that it counted in the task's result.
create table prediction (
  task_id bigint not null,
  batch_id text not null,
  value text not null,
  score real,
  used boolean not null default false,
  constraint pk_prediction primary key (task_id),
  constraint fk_prediction_task_id_task foreign key (task_id) references task (id) on delete cascade,
  constraint fk_prediction_batch_id_batch foreign key (batch_id) references batch (id) on delete cascade
);
create index ix_prediction_batch_id on prediction (batch_id, task_id);

-- What a batch's predictions have shown so far: `confusion` is cautious and `counts` are the tasks
-- behind it, both by truth and prediction in the order of `options`.
create table model_trust (
  batch_id text not null,
  options text[] not null,
  confusion jsonb not null,
  counts jsonb not null,
  learned_at timestamptz not null,
  constraint pk_model_trust primary key (batch_id),
  constraint fk_model_trust_batch_id_batch foreign key (batch_id) references batch (id) on delete cascade
);
"""


def upgrade() -> None:
    """Create the tables."""
    connection = op.get_bind()
    # Several statements at once go through the driver, in the same transaction.
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute(_TABLES))
