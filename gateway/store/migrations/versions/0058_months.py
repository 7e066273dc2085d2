"""Messages, events and sessions lie in months, so that old ones leave as a whole; keys of their own tell repetitions.

What an installation holds already stays where it is: its tables become the first part, up to the end of this month.
"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

_INBOX = """
drop index ix_inbox_twin;
alter table inbox drop constraint uq_inbox_channel_kind_event_id;
alter table inbox drop column twin;
"""
_OUTBOX = """
drop index ix_outbox_provider_id;
alter table outbox drop constraint uq_outbox_cause;
"""
_KEYS = """
create table inbox_key (
  channel text not null, kind text not null, event_id text not null, id bigint not null default nextval('inbox_id_seq'),
  created_at timestamptz not null default now(), worker_id bigint, done boolean not null, twin bytea
);
insert into inbox_key (channel, kind, event_id, id, created_at, worker_id, done, twin)
  select channel, kind, event_id, id, created_at, worker_id, state = 'done', twin from inbox
  where created_at > now() - interval '31 days' or state <> 'done' order by id;
alter table inbox_key add constraint pk_inbox_key primary key (channel, kind, event_id);
create unique index ix_inbox_key_twin on inbox_key (channel, twin) where twin is not null;
create table outbox_key (
  cause text not null, id bigint not null, created_at timestamptz not null, lasting boolean not null
);
insert into outbox_key (cause, id, created_at, lasting)
  select cause, id, created_at, purpose = 'money' from outbox
  where cause is not null and (purpose = 'money' or created_at > now() - interval '31 days'
    or state in ('queued', 'sending', 'unknown')) order by id;
alter table outbox_key add constraint pk_outbox_key primary key (cause);
create table forgotten (parent text not null, upto bigint not null, constraint pk_forgotten primary key (parent));
insert into forgotten select 'inbox', coalesce(min(id) - 1, 0) from inbox_key where done;
insert into forgotten select 'outbox', coalesce(min(id) - 1, 0) from outbox_key where not lasting;
create table archived_month (
  part text not null, parent text not null, since timestamptz, until timestamptz not null,
  left_at timestamptz not null default now(), file text, rows bigint, bytes bigint, sha256 text, done_at timestamptz,
  constraint pk_archived_month primary key (part)
);
"""
_KEPT = {
    "inbox": (
        ("ix_inbox_remarks", "(created_at) where state = 'done' and error is not null"),
        ("ix_inbox_open", "(created_at) where state <> 'done'"),
        ("ix_inbox_unheard", "(due_at) where state = 'waiting' and kind <> 'receipt'"),
    ),
    "outbox": (
        ("ix_outbox_due", "(channel, priority, lane, due_at, id) where state = 'queued'"),
        ("ix_outbox_unknown", "(due_at) where state = 'unknown'"),
        ("ix_outbox_lease", "(lease_until) where state = 'sending'"),
        ("ix_outbox_notice", "(worker_id, created_at) where purpose = 'notice'"),
        (
            "ix_outbox_prompts",
            "(to_index, created_at) where purpose in ('question', 'notice', 'invitation')",
        ),
        ("ix_outbox_money", "(worker_id, id) where purpose = 'money'"),
        ("ix_outbox_to_index", "(to_index, id)"),
    ),
    "ussd_session": (("ix_ussd_session_worker_id", "(worker_id)"),),
}
"""The indexes that a table keeps: the parts that exist have them already."""
_NEW = {
    "outbox": (("ix_outbox_provider_id", "(channel, provider_id) where provider_id is not null"),)
}
_KEY = {
    "inbox": "id, created_at",
    "outbox": "id, created_at",
    "ussd_session": "channel, session, msisdn_index, created_at",
}


def upgrade() -> None:
    for table in ("inbox", "outbox"):
        # Numbers are drawn from a sequence that belongs to no part.
        last = op.get_bind().scalar(
            sa.text(f"select pg_sequence_last_value(pg_get_serial_sequence('{table}', 'id'))")
        )
        op.execute(f"alter table {table} alter id drop identity if exists")
        op.execute(f"create sequence {table}_id_seq start {(last or 0) + 1}")
        op.execute(f"alter table {table} alter id set default nextval('{table}_id_seq')")
    for statements in (_KEYS, _INBOX, _OUTBOX):
        for statement in statements.strip().split(";\n"):
            op.execute(statement.rstrip(";"))
    for table in _KEY:
        _divide(table)


def _divide(table: str) -> None:
    """Make a table of months out of one; its rows are not copied."""
    used = op.get_bind().scalar(sa.text(f"select exists (select from {table})"))  # noqa: S608
    month, following, last = (
        op.get_bind().scalar(
            sa.text(
                "select (date_trunc('month', now() at time zone 'UTC')"
                f" + interval '{n} months')::text || '+00'"
            )
        )
        for n in range(3)
    )
    op.execute(f"alter table {table} rename to {table}_before")
    op.execute(f"alter table {table}_before drop constraint pk_{table}")
    for name, _ in _KEPT[table]:
        op.execute(f"alter index {name} rename to {name}_before")
    op.execute(
        f"create table {table} (like {table}_before including defaults including constraints)"
        " partition by range (created_at)"
    )
    op.execute(f"alter table {table} add constraint pk_{table} primary key ({_KEY[table]})")
    for name, on in (*_KEPT[table], *_NEW.get(table, ())):
        op.execute(f"create index {name} on {table} {on}")
    if used:
        _attach(table, f"{table}_before", f"from (minvalue) to ('{following}')")
    else:
        op.execute(f"drop table {table}_before")
        _part(table, month, following)
    _part(table, following, last)
    op.execute(f"create table {table}_rest partition of {table} default")


def _part(table: str, since: str, until: str) -> None:
    name = f"{table}_{since[:4]}_{since[5:7]}"
    op.execute(
        f"create table {name} partition of {table} for values from ('{since}') to ('{until}')"
    )


def _attach(table: str, part: str, values: str) -> None:
    op.execute(f"alter table {table} attach partition {part} for values {values}")
