"""Add the quality staff of partners: workers who may review without proven skill of their own.

See docs/decisions/0072.
"""

from alembic import op

revision = "0076"
down_revision = "0080"
branch_labels = None
depends_on = None

_STAFF = """
-- The history of a partner's quality staff. A worker belongs to it until `removed_at`.
create table quality_staff (
  id bigint not null generated always as identity,
  worker_id bigint not null,
  partner_id bigint not null,
  added_by text not null,
  reason text not null,
  added_at timestamptz not null default now(),
  removed_by text,
  removed_because text,
  removed_at timestamptz,
  constraint pk_quality_staff primary key (id),
  constraint fk_quality_staff_partner_id foreign key (partner_id) references partner(id),
  constraint fk_quality_staff_worker_id foreign key (worker_id) references worker(id)
)"""


def upgrade() -> None:
    """Create the table."""
    op.execute(_STAFF)
    op.execute(
        "create unique index uq_quality_staff_worker_id on quality_staff (worker_id) where (removed_at is null)"
    )
    op.execute(
        "create index ix_quality_staff_partner_id on quality_staff (partner_id) where (removed_at is null)"
    )
