"""The statements that make a synthetic history (see gateway.store.history.fill).

They run with triggers and foreign keys off. Ids are given, not drawn: worker n has account n, and
the accounts of the gateway and of clients follow behind those of the workers. Every number that
looks random is a hash of ids and the seed, so the same plan always makes the same rows.
"""

from gateway.payments.ledger.chart_of_accounts import Code

TABLES = (
    "account", "worker", "consent", "skill", "client", "batch", "task", "assignment", "answer", "transfer", "inbox_key",
    "outbox_key", "taught", "payout", "payout_event",
)  # fmt: skip

PARTS = "select part from parts()"

IS_USED = "select exists (select from worker) or exists (select from client) or exists (select from transfer)"

# History begins 370 days ago. Each of its months gets the partition that it would have had.
MONTHS = """
select make_month(p, month_start(n), month_start(n + 1)) from unnest(array['inbox', 'outbox', 'ussd_session']) p,
  generate_series(-13, -1) n where to_regclass(part_name(p, month_start(n))) is null"""

WORKERS = """
with given as (
  select $1::bigint + n as id, sealed, ix from unnest($2::bytea[], $3::bytea[]) with ordinality as g(sealed, ix, n)
), accounts as (
  insert into account (id, kind, owner, currency, bounded) overriding system value
    select id, 'worker_payable', id::text, $4, true from given
), words as (
  insert into consent (worker_id, act, via, channel, said, at)
    select id, 'joined', 'sms', 'phone', 'JOIN', now() - interval '370 days' from given
), skills as (
  insert into skill (worker_id, kind, "right", wrong, gold_right, gold_wrong, answers)
    select id, 'categorisation', 20, 2, 10, 1, 0 from given
)
insert into worker (id, name, language, state, msisdn_sealed, msisdn_index, region, currency, account_id, reach,
    sms_channel, ease, created_at) overriding system value
  select id, 'Worker ' || id, case when id % 3 = 0 then 'sw' else 'en' end, 'active', sealed, ix, $5, $4, id,
    case when id % 2 = 1 then 'sms' else 'ussd' end, 'phone', 5, now() - interval '370 days' from given"""

HOUSE = """
with kinds as (
  select * from (values (1, 'client_cash', '', false), (2, 'payout_in_transit', '', false), (3, 'provider_float', 'mpesa', false),
    (4, 'client_available', '', true)) as k(n, kind, owner, bounded)
), house as (
  insert into account (id, kind, owner, currency, bounded) overriding system value
    select $1::bigint + n, kind, owner, $3, bounded from kinds where n < 4
), clients as (
  insert into account (id, kind, owner, currency, bounded) overriding system value
    select $1 + 3 + c, 'client_available', 'c_filled' || c, $3, true from generate_series(1, $2::int) c
)
insert into client (id, name, currency, account_id)
  select 'c_filled' || c, 'Client ' || c, $3, $1 + 3 + c from generate_series(1, $2) c"""

# The client pays in and the batch reserves. A finished batch has spent all that it reserved.
BATCH = f"""
with owner as (
  select id, account_id from client order by account_id offset $2::int limit 1
), held as (
  insert into account (kind, owner, currency, bounded) select 'batch_hold', $1, $4, false
  returning id
), money as (
  select o.account_id as client, h.id as hold, $5::bigint * 500 * 5 as amount,
    (select id from account where kind = 'client_cash') as cash from owner o, held h
), paid_in as (
  insert into transfer (id, debit, credit, amount, currency, code, cause, at)
    select md5('top:' || $1)::uuid, cash, client, amount, $4, {Code.TOP_UP:d}, 'top_up:' || $1,
      now() - make_interval(secs => $6::float8 * 86400) from money
  union all
    select md5('reserve:' || $1)::uuid, client, hold, amount, $4, {Code.RESERVE:d}, 'reserve:' || $1,
      now() - make_interval(secs => $6 * 86400) from money
)
insert into batch (id, client_id, name, kind, instructions, options, languages, price, currency, policy, method, lease_s,
    state, account_id, reserved, breadth, learned, created_at, started_at, closed_at)
  select $1, o.id, $1, 'categorisation', 'Which is it?', '[{{"id": "yes", "labels": {{"en": "yes"}}}}, {{"id": "no", "labels": {{"en": "no"}}}}]',
    '{{}}', 500, $4, 'fixed:5', 'majority', 3600, $3, m.hold, m.amount, $7::boolean, 0,
    now() - make_interval(secs => $6 * 86400), now() - make_interval(secs => $6 * 86400),
    case when $3 = 'done' then now() - make_interval(secs => $6 * 86400 - 3600) end
  from owner o, money m"""

TASKS = """
insert into task (id, batch_id, name, position, text, state, maximum, wanted, answered, value, confidence, rule, decided_at)
  overriding system value
  select $2::bigint + n, $1, 't' || ($3::int + n), $3 + n, 'Is shop number ' || ($3 + n) || ' in the Gikomba market open on Sundays?',
    case when $6::boolean then 'decided' else 'open' end, 5, 5, $5::int, case when $6 then 'yes' end,
    case when $6 then 0.97 end, case when $6 then 'majority' end, case when $6 then now() end
  from generate_series(1, $4::int) n"""

# Each task has one answer by each of some distinct workers. A square law draws the first worker,
# and the others follow at a fixed distance.
_DRAWN = """
  select t.id as task, k as slot, 1 + (floor(power((hashint8(t.id # $6::bigint)::bigint & 2147483647) / 2147483648.0, 2) * $5::bigint)::bigint
      + (k - 1) * 7919) % $5 as worker,
    now() - make_interval(secs => greatest(60, $7::float8 * 86400 - (t.id % 3000) * 20 - k * 5)) as at
  from task t, generate_series(1, $4::int) k where t.id > $2::bigint and t.id <= $2 + $3::int and t.batch_id = $1"""

ANSWERS = f"""
with drawn as materialized ({_DRAWN}
),
asked as (
  insert into assignment (task_id, worker_id, state, via, lease_until, created_at, asked_at)
    select task, worker, 'answered', case when worker % 2 = 1 then 'sms' else 'ussd' end, at + interval '1 hour', at, at
    from drawn order by at
  returning id, task_id, worker_id, via, asked_at
), made as materialized (
  select a.*, d.slot, a.asked_at + interval '20 seconds' as at, md5('earn:' || a.id)::uuid as transfer,
    case when (hashint8(a.id) & 7) = 0 then 'no' else 'yes' end as value
  from asked a join drawn d on d.task = a.task_id and d.worker = a.worker_id
), money as (
  insert into transfer (id, debit, credit, amount, currency, code, cause, at)
    select m.transfer, b.account_id, m.worker_id, b.price, b.currency, {Code.EARN:d}, 'earn:' || m.id, m.at
    from made m, batch b where b.id = $1 order by m.at
), heard as (
  insert into inbox (channel, kind, event_id, worker_id, body_sealed, state, reply, created_at, due_at, done_at)
    select 'phone', m.via, md5('e' || m.id) || md5('f' || m.id), m.worker_id, sha256(m.id::text::bytea) || sha256(m.id::text::bytea)
        || sha256(m.id::text::bytea), 'done', 'Thanks. 1 yes 2 no. Is shop number ' || m.task_id || ' in the market open on Sundays?',
      m.at, m.at, m.at from made m order by m.at
  returning id, channel, kind, event_id, worker_id, created_at
), known as (
  insert into inbox_key (id, channel, kind, event_id, worker_id, created_at, done)
    select id, channel, kind, event_id, worker_id, created_at, true from heard where created_at > now() - known_for()
), told as (
  insert into outbox (channel, worker_id, to_sealed, to_index, text, segments, encoding, purpose, priority, state, tries, due_at,
      provider_id, delivery, delivery_rank, created_at, sent_at, cause)
    select 'phone', m.worker_id, w.msisdn_sealed, w.msisdn_index, 'Thanks. 1 yes 2 no. Is shop number ' || m.task_id || ' open?',
      1, 'gsm7', 'reply', 0, 'accepted', 1, m.at, 'p' || m.id, 'delivered', 2, m.at, m.at, 'reply:phone:' || md5('e' || m.id) || md5('f' || m.id)
    from made m join worker w on w.id = m.worker_id where m.via = 'sms' order by m.at
  returning id, cause, created_at
), caused as (
  insert into outbox_key (cause, id, created_at, lasting)
    select cause, id, created_at, false from told where created_at > now() - known_for()
), dialled as (
  insert into ussd_session (channel, session, msisdn_index, worker_id, transcript, view, memory, pages, ended, completed, created_at, last_at)
    select 'phone', md5('s' || m.id), w.msisdn_index, m.worker_id, '1*1', 'main', '{{}}', '{{}}', true, true, m.at, m.at
    from made m join worker w on w.id = m.worker_id where m.via = 'ussd' and m.id % 6 = 0
)
insert into answer (task_id, worker_id, slot, value, said, via, price, transfer_id, scored, created_at)
  select m.task_id, m.worker_id, m.slot, m.value, m.value, m.via, b.price, m.transfer, b.state = 'done', m.at
  from made m, batch b where b.id = $1 order by m.at"""

TAUGHT = """
insert into taught (batch_id, worker_id, "right", wrong)
  select $1, a.worker_id, count(*) filter (where a.value = t.value), count(*) filter (where a.value <> t.value)
  from answer a join task t on t.id = a.task_id where t.batch_id = $1 group by a.worker_id"""

# The first tasks of the batch are fully held, by workers with one question each.
HELD = """
with held as (
  insert into assignment (task_id, worker_id, state, via, lease_until)
    select t.id, w.id, 'held', case when w.id % 2 = 1 then 'sms' else 'ussd' end, now() + interval '1 day'
    from worker w join task t on t.batch_id = $1 and t.position = 1 + (w.id - 1) / 5 where w.id <= $2::bigint
  returning task_id
)
update task t set held = h.n from (select task_id, count(*) as n from held group by task_id) h where t.id = h.task_id"""

# Every worker with five answers or more has cashed out half of her earnings, once.
PAYOUTS = f"""
with earned as (
  select credit as worker, sum(amount)::bigint / 2 as amount from transfer
    where code = {Code.EARN:d} group by credit having count(*) >= 5
), payouts as (
  insert into payout (id, ref, worker_id, state, version, provider, currency, amount, key, to_sealed, to_tail, result_token,
      status_token, timeout_token, tries, sent_at, first_sent_at, receipt, settled_at, created_at)
    select md5('payout:' || e.worker)::uuid, 'F' || e.worker, e.worker, 'paid', 4, 'mpesa', $1, e.amount, 'k' || e.worker,
      w.msisdn_sealed, '000', md5('r' || e.worker), md5('q' || e.worker), md5('o' || e.worker), 1, now() - interval '30 days',
      now() - interval '30 days', 'R' || e.worker, now() - interval '30 days', now() - interval '30 days'
    from earned e join worker w on w.id = e.worker
  returning id, worker_id, amount
), told as (
  insert into payout_event (payout_id, event, was, becomes, at)
    select id, 'paid', 'sent', 'paid', now() - interval '30 days' from payouts
), money as (
  select p.*, h.id as transit, f.id as float from payouts p,
    (select id from account where kind = 'payout_in_transit') h, (select id from account where kind = 'provider_float') f
)
insert into transfer (id, debit, credit, amount, currency, code, cause, at)
  select md5('hold:' || id)::uuid, worker_id, transit, amount, $1, {Code.HOLD:d}, 'hold:' || id, now() - interval '30 days' from money
  union all
  select md5('float')::uuid, min(float), (select id from account where kind = 'client_cash'), sum(amount)::bigint, $1,
    {Code.FLOAT_TOP_UP:d}, 'float_top_up:filled', now() - interval '31 days' from money having count(*) > 0
  union all
  select md5('settle:' || id)::uuid, transit, float, amount, $1, {Code.SETTLE:d}, 'settle:' || id, now() - interval '30 days' from money"""

# Balances are the sums of their transfers.
BOOKS = (
    """update account a set balance = coalesce((select sum(amount) from transfer where credit = a.id), 0)
         - coalesce((select sum(amount) from transfer where debit = a.id), 0) where a.bounded""",
)

COUNTS = (
    "update skill s set answers = n.answers from (select worker_id, count(*) as answers from answer group by 1) n where n.worker_id = s.worker_id",
    "insert into tally (batch_id, counts, due_at) select id, '{}', now() - interval '1 minute' from batch where id = 'b_large'",
    "update batch b set learned = b.reserved / b.price where b.state = 'done'",
    """update forgotten f set upto = coalesce(case f.parent when 'inbox' then (select min(id) - 1 from inbox_key)
         else (select min(id) - 1 from outbox_key) end, f.upto)""",
)

# The ids were given, so the sequences must continue behind them.
NUMBERS = tuple(
    f"select setval(pg_get_serial_sequence('{table}', 'id'), greatest(1, (select max(id) from {table})))"
    for table in ("account", "worker", "task")
)
