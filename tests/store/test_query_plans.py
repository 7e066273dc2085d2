"""The hot queries find their rows by an index, however many rows there are by now."""

import re
from datetime import UTC, datetime

import asyncpg
import pytest

from gateway.store import due as due_room
from gateway.store.db import plain_dsn
from gateway.store.messages import outbox

MANY = 3000
# A town grown large, in one go. (The laws are switched off: rows without their stories.)
GROW = f"""
set local session_replication_role = replica;
insert into account (kind, owner, currency, bounded) select 'worker_payable', 'w' || n, 'KES', true from generate_series(1, {MANY}) n;
insert into worker (name, language, state, msisdn_sealed, msisdn_index, region, currency, account_id, sms_channel)
  select 'w', 'en', 'active', '', decode(md5(n::text), 'hex'), 'KE', 'KES', (select max(id) from account), 'phone' from generate_series(1, {MANY}) n;
insert into batch (id, client_id, name, kind, instructions, options, languages, price, currency, policy, policy_options, method, gold_rate, lease_s, state, account_id)
  values ('b', 'c', 'n', 'verification', 'i', '[]', '{{}}', 300, 'KES', 'fixed:3', '{{}}', 'auto', 0, 3600, 'running', 1);
insert into task (batch_id, name, position, text, maximum, wanted)
  select 'b', 'x' || n, n, 'Is it?', 3, 3 from generate_series(1000, {MANY} + 1000) n;
insert into assignment (task_id, worker_id, state, via, lease_until)
  select t.id, w.id, 'answered', 'sms', now() from (select id, row_number() over () r from task) t join (select id, row_number() over () r from worker) w using (r)
  on conflict do nothing;
insert into inbox (channel, kind, event_id, state) select 'phone', 'sms', 'e' || n, 'done' from generate_series(1, {MANY}) n;
insert into inbox_key (channel, kind, event_id, done) select 'phone', 'sms', 'e' || n, true from generate_series(1, {MANY}) n;
insert into outbox (channel, to_sealed, to_index, text, segments, encoding, purpose, priority, state)
  select 'phone', '', decode(md5(n::text), 'hex'), 't', 1, 'gsm7', 'reply', 0, 'accepted' from generate_series(1, {MANY}) n;
insert into ussd_session (channel, session, msisdn_index, transcript, view, memory, pages, page, ended)
  select 'phone', 's' || n, decode(md5(n::text), 'hex'), '', 'home', '{{}}', '{{x}}', 0, false from generate_series(1, {MANY}) n;
insert into transfer (id, debit, credit, amount, currency, code, cause)
  select gen_random_uuid(), a.id, 0, 1, 'KES', 3, 'x' from account a;
insert into payout (id, ref, worker_id, state, provider, currency, amount, key, to_sealed, to_tail, result_token, status_token, timeout_token, settled_at)
  select gen_random_uuid(), 'r' || id, id, 'paid', 'mpesa', 'KES', 7, 'k' || id, '', '', 'a' || id, 'b' || id, 'c' || id, now() from worker
"""  # noqa: S608
BIG = (
    "worker",
    "task",
    "assignment",
    "inbox",
    "inbox_key",
    "outbox",
    "ussd_session",
    "transfer",
    "payout",
    "account",
)


@pytest.fixture(scope="module")
async def grown(new_database):
    """A connection to a large town."""
    connection = await asyncpg.connect(plain_dsn(await new_database("grown")))
    async with connection.transaction():
        await connection.execute(GROW)
    await connection.execute("vacuum analyze")
    yield connection
    await connection.close()


async def whole_table_reads(connection, query, *arguments):
    """Return the large tables that the plan reads from end to end."""
    plan = "\n".join(row[0] for row in await connection.fetch(f"explain {query}", *arguments))
    return [name for name in BIG if re.search(rf"Seq Scan on {name}\b", plan)], plan


HOT = {
    "was this event here": "select done from inbox_key where channel = 'phone' and kind = 'sms' and event_id = 'e7'",
    "who is it": "select w.id, a.balance from worker w join account a on a.id = w.account_id where w.msisdn_index = decode(md5('7'), 'hex')",
    "where is her session": "select * from ussd_session where channel = 'phone' and session = 's7' and msisdn_index = decode(md5('7'), 'hex')",
    "what does she hold": """select a.id from assignment a join task t on t.id = a.task_id where a.worker_id = 7 and a.state in ('held', 'expired')
      order by a.state = 'held' desc, case when a.state = 'held' then a.id else -a.id end limit 1""",
    "is a payout open": "select ref from payout where worker_id = 7 and settled_at is null",
    "a payout's callback": "select id from payout where result_token = 'a7' or status_token = 'a7' or timeout_token = 'a7'",
    "whose receipt is it": "select id from outbox where channel = 'phone' and provider_id = 'x'",
    "what a batch used": "select sum(amount) from transfer where credit = 7 or debit = 7",
    "whose lease ran out": "select id from assignment where state = 'held' and lease_until < now() order by lease_until limit 1000",
    "messages on a phone": "select id from outbox where to_index = decode(md5('7'), 'hex') and id > 0 and state in ('accepted', 'unknown') order by id desc limit 50",
}  # fmt: skip


@pytest.mark.parametrize("question", HOT)
async def test_a_hot_question_reads_no_table_from_end_to_end(grown, question):
    read, plan = await whole_table_reads(grown, HOT[question])
    assert read == [], plan


async def test_the_outbox_is_drained_by_its_index(grown):
    captured = []

    class Listening:
        async def rows(self, query, *arguments):
            captured.append((query, arguments))
            return []

    now = datetime.now(UTC)
    await outbox.claim_messages(Listening(), "phone", now, now, 100)
    (query, arguments) = captured[0]
    read, plan = await whole_table_reads(grown, query, *arguments)
    assert read == [], plan


async def test_the_ticker_reads_only_what_waits(grown):
    read, plan = await whole_table_reads(grown, due_room._DUE, datetime.now(UTC))
    assert set(read) <= {"task"}, plan  # of running batches only


async def test_finding_a_question_in_a_large_town_is_quick(grown):
    """The whole reading function is timed where it runs.

    It takes milliseconds, and does not read every task.
    """
    index = await grown.fetchval(
        "select msisdn_index from worker where msisdn_index is not null limit 1"
    )
    for _ in range(2):  # the first one compiles
        plan = await grown.fetch(
            "explain (analyze, buffers) select * from situation('phone', 'sms', 'new', $1, null, null, null)",
            index,
        )
    text = "\n".join(row[0] for row in plan)
    took_ms = float(re.search(r"Execution Time: ([\d.]+)", text)[1])
    assert took_ms < 50, text
