"""Uploads in slices: up to where a draft is filled, and whose turn it is to fill it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("filled_to", sa.Integer()))
    op.add_column("batch", sa.Column("upload_token", UUID()))
    op.add_column("batch", sa.Column("upload_until", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_batch_upload",
        "batch",
        ["upload_until"],
        postgresql_where=sa.text("upload_until is not null"),
    )
