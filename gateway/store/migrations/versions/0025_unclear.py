"""What any phone can send is kept apart from what failed: the first must ring no alarm."""

from alembic import op

revision = "0025"
down_revision = "0032"
branch_labels = None
depends_on = None

_NAME = op.f("ck_inbox_state")


def upgrade() -> None:
    op.drop_constraint(_NAME, "inbox", type_="check")
    op.create_check_constraint(_NAME, "inbox", "state in ('waiting', 'done', 'failed', 'unclear')")
    op.execute(
        """update inbox set state = 'unclear' where state = 'failed' and kind = 'sms'
           and (error like 'not understood more than%' or error like 'asked for the same more than%')"""
    )
