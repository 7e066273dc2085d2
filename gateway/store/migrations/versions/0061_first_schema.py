"""Create the first schema: the tables, indexes and constraints in `first_schema/*.sql`.

No version was released before this one, so the steps that led here are not kept. The revision keeps
the number of the last of those steps, and a database that had reached it needs no change.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = None
branch_labels = None
depends_on = None

_FILES = Path(__file__).parents[1] / "first_schema"
_MONTHLY = ("inbox", "outbox", "ussd_session")


def upgrade() -> None:
    """Create every table, and the parts of the monthly tables for this month and the next."""
    connection = op.get_bind()
    for file in sorted(_FILES.glob("*.sql")):
        source = file.read_text()
        # A whole file holds many statements: it goes through the driver, in the same transaction.
        connection.connection.dbapi_connection.run_async(
            lambda driver, source=source: driver.execute(source)
        )
    first = "date_trunc('month', now() at time zone 'UTC')"
    months = [
        connection.scalar(sa.text(f"select ({first} + interval '{n} months')::text || '+00'"))
        for n in range(3)
    ]
    for table in _MONTHLY:
        for since, until in zip(months, months[1:], strict=False):
            op.execute(
                f"create table {table}_{since[:4]}_{since[5:7]} partition of {table}"
                f" for values from ('{since}') to ('{until}')"
            )
        op.execute(f"create table {table}_rest partition of {table} default")
    op.execute("insert into forgotten (parent, upto) values ('inbox', 0), ('outbox', 0)")
