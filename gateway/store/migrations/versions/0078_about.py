"""Add the workers' statements about themselves, and the seals over answers and consents."""

from alembic import op

revision = "0078"
down_revision = "0072"
branch_labels = None
depends_on = None

_TABLES = """
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
);

-- A link of the keyed chain over the rows of a table: see gateway.payments.ledger.record_seals.
create table record_seal (
  -- transfer, answer or consent
  kind text not null,
  from_id bigint not null,
  to_id bigint not null,
  rows integer not null,
  prev bytea not null,
  digest bytea not null,
  -- eight bytes per row, which name a row that was altered
  marks bytea not null,
  at timestamptz not null default now(),
  constraint pk_record_seal primary key (kind, from_id),
  constraint ck_record_seal_range check (from_id <= to_id)
);

-- The earlier value of an answer whose option was renamed for the whole batch. Its seal still holds
-- for the value that the worker gave.
create table answer_renamed (
  answer_id bigint not null,
  was text not null,
  becomes text not null,
  at timestamptz not null default now(),
  constraint pk_answer_renamed primary key (answer_id, at),
  constraint fk_answer_renamed_answer_id foreign key (answer_id) references answer(id)
)
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";\n"):
        op.execute(statement)
