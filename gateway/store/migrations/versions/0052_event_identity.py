"""A USSD session is of one phone: another phone that is given the same id has a session of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An empty index, which no number has, is of the sessions of strangers: whose they were is not known.
    op.add_column(
        "ussd_session",
        sa.Column("msisdn_index", sa.LargeBinary(), server_default=sa.text("''"), nullable=False),
    )
    op.execute(
        "update ussd_session s set msisdn_index = w.msisdn_index from worker w where w.id = s.worker_id"
    )
    op.alter_column("ussd_session", "msisdn_index", server_default=None)
    # How often the same phone had a session of this id before.
    op.add_column(
        "ussd_session",
        sa.Column("nth", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.drop_constraint("pk_ussd_session", "ussd_session", type_="primary")
    op.create_primary_key("pk_ussd_session", "ussd_session", ["channel", "session", "msisdn_index"])
