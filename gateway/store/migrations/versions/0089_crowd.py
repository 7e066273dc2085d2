"""Add the simulated workers of a test gateway and of a try-out.

See docs/decisions/0081. In the database of real workers these tables stay empty.
"""

from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the simulated workers and the switch of the crowd."""
    op.execute("""
create table crowd_worker (
  worker_id bigint not null,
  -- the place in the crowd, from which the phone number and all draws follow
  place int not null,
  -- careful, careless, slow, stopping or unreachable
  kind text not null,
  constraint pk_crowd_worker primary key (worker_id),
  constraint uq_crowd_worker_place unique (place),
  constraint fk_crowd_worker_worker_id foreign key (worker_id) references worker(id)
)""")
    op.execute("""
create table crowd_switch (
  -- there is one row
  only_one boolean not null default true,
  is_on boolean not null,
  -- the number of simulated workers of each kind
  kinds jsonb not null,
  constraint pk_crowd_switch primary key (only_one),
  constraint ck_crowd_switch_only_one check (only_one)
)""")
