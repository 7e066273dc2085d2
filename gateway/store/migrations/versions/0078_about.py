"""Add the workers' optional statements about themselves, for the impact report."""

from alembic import op

revision = "0078"
down_revision = "0072"
branch_labels = None
depends_on = None

_TABLE = """
-- A worker's optional statement about herself. A column is null where she stated nothing. The consent
-- to it, and its withdrawal, are rows of `consent` (about, about_withdrawn).
create table about (
  worker_id bigint not null,
  gender text,
  birth_year smallint,
  refugee boolean,
  -- the number of persons who depend on her income
  dependents smallint,
  at timestamptz not null default now(),
  constraint pk_about primary key (worker_id),
  constraint ck_about_gender check (gender in ('woman', 'man', 'other')),
  constraint ck_about_dependents check (dependents between 0 and 30),
  constraint fk_about_worker_id foreign key (worker_id) references worker(id)
)
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(_TABLE)
