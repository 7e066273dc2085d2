"""Add the weekly message: the choice of each worker, the pass over the workers, and its cost.

See docs/decisions/0070.
"""

from alembic import op

revision = "0072"
down_revision = "0074"
branch_labels = None
depends_on = None

_TABLES = (
    # A worker without a row wants the message and was never sent one.
    """create table worker_week (
         worker_id bigint not null,
         off boolean not null default false,
         -- the first day of the last week of which the worker was told
         told_week date,
         constraint pk_worker_week primary key (worker_id),
         constraint fk_worker_week_worker_id foreign key (worker_id) references worker(id)
       )""",
    # The one pass over all workers: it goes on behind the worker `after`, at `due_at`. Without a row
    # it begins at once.
    """create table weekly_pass (
         id smallint not null default 1,
         after bigint not null default 0,
         due_at timestamptz not null default now(),
         constraint pk_weekly_pass primary key (id),
         constraint ck_weekly_pass_one check (id = 1)
       )""",
    # What the messages of a week cost: their number and their segments.
    """create table weekly_tally (
         week date not null,
         messages bigint not null,
         segments bigint not null,
         constraint pk_weekly_tally primary key (week)
       )""",
)


def upgrade() -> None:
    """Create the tables. The first pass is due at once."""
    for statement in _TABLES:
        op.execute(statement)
