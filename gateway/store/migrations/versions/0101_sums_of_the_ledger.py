"""Add the ledger's sums by day and by month, from which long periods are read.

See docs/decisions/0092.
"""

from alembic import op

revision = "0101"
down_revision = "0083"
branch_labels = None
depends_on = None

TABLES = """
-- the sums of all transfers of a day (UTC), by code and currency, up to the number in ledger_summed
create table ledger_day (
  day date not null,
  code smallint not null,
  currency text not null,
  transfers bigint not null,
  amount bigint not null,
  constraint pk_ledger_day primary key (day, code, currency)
);

-- The sums of a month (UTC) by code and holder, up to the same number: what workers and partners
-- earned, and what was paid out. The holder is an account, and for payouts it is the worker.
create table ledger_month (
  code smallint not null,
  month date not null,
  holder bigint not null,
  currency text not null,
  transfers bigint not null,
  amount bigint not null,
  constraint pk_ledger_month primary key (code, month, holder, currency)
);

-- the number of the last transfer in the sums; one row
create table ledger_summed (
  one boolean not null default true,
  upto bigint not null,
  constraint pk_ledger_summed primary key (one),
  constraint ck_ledger_summed_one check (one)
);
"""


def upgrade() -> None:
    """Create the tables. The job `seal` fills them, a slice at a time."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
