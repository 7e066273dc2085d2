"""Add the imports and exports that clients order.

See docs/decisions/0076.
"""

from alembic import op

revision = "0081"
down_revision = "0085"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    connection = op.get_bind()
    # Several statements at once go through the driver, in the same transaction.
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute(_TABLE))


_TABLE = """
-- An import of tasks into a batch, or an export from one, which a runner does.
create table file_job (
  id text not null,
  batch_id text not null,
  client_id text not null,
  kind text not null,
  state text not null default 'queued',
  -- of an import: its content type and how it is read; of an export: its content and format
  asked jsonb not null,
  -- the name of the file in the folder of files; null when it was removed
  file text,
  -- the number of rows that were read and checked; of an import only
  rows_read bigint not null default 0,
  -- the number of rows that were stored or written
  rows_done bigint not null default 0,
  -- null while it is not known
  rows_total bigint,
  bytes bigint,
  sha256 text,
  -- why it failed
  reason text not null default '',
  -- the first bad rows of an import: row, field and message
  problems jsonb not null default '[]',
  problems_total bigint not null default 0,
  -- of an import that is ready: the client's own columns, and the dear texts
  outcome jsonb,
  -- how many runners have begun it
  attempts smallint not null default 0,
  -- the runner that does it, and the time at which that runner counts as dead; null when it has ended
  token uuid,
  due_at timestamptz default now(),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  -- the time at which its file is removed; later its row is, too
  expires_at timestamptz,
  constraint pk_file_job primary key (id),
  constraint ck_file_job_kind check (kind in ('import', 'export')),
  constraint ck_file_job_state check (state in ('queued', 'running', 'ready', 'failed')),
  constraint ck_file_job_due_at check ((due_at is null) = (state in ('ready', 'failed'))),
  constraint fk_file_job_batch_id foreign key (batch_id) references batch(id) on delete cascade,
  constraint fk_file_job_client_id foreign key (client_id) references client(id)
);
create index ix_file_job_due_at on file_job (due_at) where (due_at is not null);
create index ix_file_job_expires_at on file_job (expires_at) where (expires_at is not null);
create index ix_file_job_batch_id on file_job (batch_id, kind, created_at, id);
create index ix_file_job_client_id on file_job (client_id) where (due_at is not null);
"""
