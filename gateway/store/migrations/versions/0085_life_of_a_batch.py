"""Add what a batch needs to be changed while it runs: deadlines, open batches, and its history.

See docs/decisions/0079.
"""

from alembic import op

revision = "0085"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns of a batch, its changes, and the results that tasks had before."""
    op.execute("""
        alter table batch
          -- the language of the texts, if the client named it; any_language: workers of other
          -- languages are asked too
          add column language text,
          add column any_language boolean not null default false,
          -- Tasks may be added while it runs, and it does not close by itself.
          add column open boolean not null default false,
          add column deadline timestamptz,
          add column at_deadline text not null default 'close',
          -- the time since which no worker is asked a new question, because the deadline has passed
          add column ends_at timestamptz,
          -- how often it was opened again after its end
          add column rounds smallint not null default 0,
          -- the price of its first answers, where the price was raised since; else null
          add column first_price bigint,
          add constraint ck_batch_at_deadline check (at_deadline in ('close', 'pause'))""")
    op.execute("create index ix_batch_deadline on batch (deadline) where deadline is not null")
    op.execute("create index ix_batch_ends_at on batch (ends_at) where ends_at is not null")
    op.execute("create index ix_task_cancelled on task (batch_id) where state = 'cancelled'")
    op.execute("""
        create table batch_change (
          id bigint not null generated always as identity,
          batch_id text not null,
          at timestamptz not null default now(),
          -- the first characters of the client's key, or "gateway"
          actor text not null,
          what text not null,
          before jsonb not null,
          after jsonb not null,
          -- the money set aside by the change (negative: given back), in minor units
          cost bigint not null default 0,
          -- the Idempotency-Key of the request, so that a repetition after a crash changes nothing
          request_key text,
          constraint pk_batch_change primary key (id),
          constraint fk_batch_change_batch_id foreign key (batch_id) references batch(id),
          constraint uq_batch_change_batch_id_request_key unique (batch_id, request_key)
        )""")
    op.execute("create index ix_batch_change_batch_id on batch_change (batch_id, id)")
    op.execute("""
        create table earlier_result (
          -- A task that was opened again, and the change that did it.
          task_id bigint not null,
          change_id bigint not null,
          state text not null,
          value text,
          confidence real,
          rule text,
          decided_at timestamptz,
          decided_by text,
          constraint pk_earlier_result primary key (task_id, change_id),
          constraint fk_earlier_result_task_id foreign key (task_id) references task(id),
          constraint fk_earlier_result_change_id foreign key (change_id) references batch_change(id)
        )""")
    op.execute("create index ix_earlier_result_change_id on earlier_result (change_id)")
