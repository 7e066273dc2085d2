"""Add pilots: the first tasks of a batch, after which it pauses.

See docs/decisions/0081.
"""

from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of pilots."""
    op.execute("""
create table pilot (
  batch_id text not null,
  -- the number of real tasks that are asked first
  tasks int not null,
  -- the position of the last of them; tasks behind it are kept back while the pilot runs
  last_position int not null,
  -- running, ended (the batch is paused) or resumed
  state text not null default 'running',
  began_at timestamptz not null,
  ended_at timestamptz,
  -- what was learnt, for the client
  learnt jsonb,
  constraint pk_pilot primary key (batch_id),
  constraint fk_pilot_batch_id foreign key (batch_id) references batch(id) on delete cascade,
  constraint ck_pilot_state check (state in ('running', 'ended', 'resumed'))
)""")
    op.execute("create index ix_pilot_running on pilot (batch_id) where (state = 'running')")
