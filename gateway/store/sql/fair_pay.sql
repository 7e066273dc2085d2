-- Fair pay: refunds of SMS.

-- Refund one SMS to its worker, unless it was refunded before or p_most of her SMS of that day were.
-- The transfer's id derives from the inbound event. Return whether it was refunded now.
create or replace function refund_sms(
  p_worker bigint, p_day date, p_most int, p_transfer uuid, p_debit bigint, p_credit bigint, p_amount bigint,
  p_currency text, p_code smallint, p_cause text
) returns boolean language plpgsql as $$
begin
  insert into sms_refund (worker_id, day) values (p_worker, p_day) on conflict (worker_id, day) do nothing;
  -- The row is locked, so that two refunds of one day are counted one after the other.
  perform from sms_refund where worker_id = p_worker and day = p_day and messages < p_most for update;
  if not found or exists (select from transfer where id = p_transfer) then
    return false;
  end if;
  perform post(p_transfer, p_debit, p_credit, p_amount, p_currency, p_code, p_cause);
  update sms_refund set messages = messages + 1, amount = amount + p_amount
    where worker_id = p_worker and day = p_day;
  return true;
end $$;

-- Return the payout about whose arrival a worker is to be asked, or null. p_asked takes only one that
-- was asked by an SMS which has gone out, after every question that she could still answer.
create or replace function arrival_of(p_worker bigint, p_asked boolean) returns jsonb language sql stable as $$
  select jsonb_build_object('payout', p.id, 'ref', p.ref, 'amount', p.amount, 'currency', p.currency)
    from arrival c join payout p on p.id = c.payout_id
    where c.worker_id = p_worker and p.state in ('paid', 'late_paid') and case when p_asked
      then c.state = 'asked'
        and exists (select from message_of('arrival:' || c.payout_id) o where o.sent_at is not null)
        and not exists (select from assignment a where a.worker_id = p_worker and a.state in ('held', 'expired')
          and a.asked_at > c.asked_at)
      else c.state in ('due', 'asked') end
    order by c.created_at limit 1
$$;

-- Record the worker's answer whether a payout arrived. A "no" holds the rest of the run, unless an
-- earlier "no" of hers was found untrue. An answer that was given before stays.
create or replace function arrival_said(p_payout uuid, p_worker bigint, p_arrived boolean, p_via text)
returns boolean language plpgsql as $$
begin
  update arrival set state = case when p_arrived then 'yes' else 'no' end, answered_at = now(), via = p_via,
      holds = not p_arrived and not exists (select from arrival x where x.worker_id = p_worker and x.state = 'no'
        and x.found = 'arrived')
    where payout_id = p_payout and worker_id = p_worker and state in ('due', 'asked');
  return found;
end $$;

-- Mark a question about an arrival as asked by SMS, unless the worker was asked something else or has
-- answered meanwhile (GW001).
create or replace function arrival_asked(p_payout uuid) returns void language plpgsql as $$
begin
  update arrival set state = 'asked', asked_at = now() where payout_id = p_payout and state = 'due';
  if not found then
    raise exception 'payout % was asked about meanwhile', p_payout using errcode = 'GW001';
  end if;
end $$;

-- Return recent earnings as they count at p_now: half of them every three and a half days.
create or replace function faded(p_earned double precision, p_at timestamptz, p_now timestamptz)
returns double precision language sql immutable as $$
  select coalesce(p_earned * power(0.5::float8, greatest(0, extract(epoch from p_now - p_at))::float8 / 302400), 0)
$$;

-- Count the answers with ids from after p_after up to p_upto by hour, per group of workers and per
-- batch. Note the present hour for each group that has work, so that an hour without answers counts
-- too. Counts of former weeks are removed. The rows come in the order of the keys, and one process
-- at a time counts (the caller holds the lock on even_progress).
create or replace function count_pace(p_after bigint, p_upto bigint, p_now timestamptz) returns void language plpgsql as $$
begin
  insert into crowd_hour as c (currency, language, hour, answers)
    select w.currency, w.language, date_trunc('hour', a.created_at), count(*)
      from answer a join worker w on w.id = a.worker_id where a.id > p_after and a.id <= p_upto
      group by 1, 2, 3 order by 1, 2, 3
    on conflict (currency, language, hour) do update set answers = c.answers + excluded.answers;
  insert into batch_hour as h (batch_id, hour, answers)
    select t.batch_id, date_trunc('hour', a.created_at), count(*)
      from answer a join task t on t.id = a.task_id where a.id > p_after and a.id <= p_upto
      group by 1, 2 order by 1, 2
    on conflict (batch_id, hour) do update set answers = h.answers + excluded.answers;
  insert into batch_given as g (batch_id, answers)
    select t.batch_id, count(*) from answer a join task t on t.id = a.task_id
      where a.id > p_after and a.id <= p_upto and t.gold is null group by 1 order by 1
    on conflict (batch_id) do update set answers = g.answers + excluded.answers;
  insert into crowd_hour (currency, language, hour)
    select distinct b.currency, l.language, date_trunc('hour', p_now)
      from batch b, unnest(case when b.languages = '{}' then array[''] else b.languages end) as l(language)
      where b.state = 'running' and exists (select from task t where t.batch_id = b.id and t.state = 'open'
        and t.gold is null and not t.directed and t.position > b.low)
      order by 1, 2, 3
    on conflict do nothing;
  delete from crowd_hour where hour < p_now - interval '15 days';
  delete from batch_hour where hour < p_now - interval '35 days';
end $$;

-- Count the answers since the last count, at most p_most of them, into the recent earnings of their
-- workers and into the pace of the hours. The first count begins with the newest answer. Return how
-- many answers were counted.
create or replace function count_recent_pay(p_now timestamptz, p_most int, p_due timestamptz) returns bigint language plpgsql as $$
declare v_upto bigint; v_last bigint; v_number bigint;
begin
  insert into even_progress (upto, due_at) select coalesce((select max(id) from answer), 0), p_due
    on conflict (one) do nothing;
  select upto into v_upto from even_progress for update;
  select max(id), count(*) into v_last, v_number from (select id from answer where id > v_upto order by id limit p_most) a;
  insert into recent_pay as r (worker_id, earned, refreshed_at)
    select worker_id, sum(price), p_now from answer where id > v_upto and id <= v_last group by worker_id order by worker_id
    on conflict (worker_id) do update set earned = faded(r.earned, r.refreshed_at, p_now) + excluded.earned, refreshed_at = p_now;
  perform count_pace(v_upto, v_last, p_now);
  update even_progress set upto = coalesce(v_last, v_upto), due_at = case when v_number = p_most then p_now else p_due end;
  return v_number;
end $$;

-- Where a currency has fewer free questions than idle workers, let the workers who earned more than
-- those to whom the questions suffice yield until p_until, but not again within p_again. Only the
-- p_sample workers who answered last are looked at, and no worker waits for one who cannot be
-- reached now. p_rules are those of may_prompt. Return how many workers yield.
create or replace function yield_to_others(
  p_now timestamptz, p_until timestamptz, p_again interval, p_sample int, p_rules jsonb
) returns bigint language plpgsql as $$
declare v record; v_free bigint; v_least double precision; v_yield bigint; v_all bigint := 0;
begin
  for v in
    select l.currency, array_agg(l.id) as ids, array_agg(l.earned) as earned,
      array_agg(l.earned order by l.earned) filter (where l.idle) as idle
      from (select w.id, w.currency, faded(r.earned, r.refreshed_at, p_now) as earned,
          w.away_since is null and (w.unreached_until is null or w.unreached_until < p_now)
            and coalesce(is_asleep(w, p_rules), false) is false and r.refreshed_at > p_now - interval '2 days'
            and not exists (select from assignment a where a.worker_id = w.id and a.state = 'held') as idle
        from (select * from recent_pay order by refreshed_at desc limit p_sample) r join worker w on w.id = r.worker_id
        where w.state = 'active') l
      where exists (select from batch b where b.state = 'running' and b.currency = l.currency) group by l.currency
  loop
    continue when v.idle is null;
    select count(*) into v_free from (select from batch b join task t on t.batch_id = b.id
      where b.state = 'running' and b.currency = v.currency and t.state = 'open' and t.gold is null and not t.directed
        and t.position > b.low and not t.is_full limit cardinality(v.idle)) f;
    continue when v_free = 0 or v_free >= cardinality(v.idle);
    v_least := v.idle[v_free];
    update worker w set yields_until = p_until from unnest(v.ids, v.earned) as l(id, earned)
      where w.id = l.id and l.earned > v_least and (w.yields_until is null or w.yields_until < p_now - p_again);
    get diagnostics v_yield = row_count;
    v_all := v_all + v_yield;
  end loop;
  return v_all;
end $$;

-- Keep the code with which a worker brings others, unless she has one. A code that is taken raises
-- GW001, and another one is drawn.
create or replace function keep_referral_code(p_worker bigint, p_code text) returns void language plpgsql as $$
begin
  if exists (select from partner where code = p_code)
      or exists (select from referral_code where code = p_code and worker_id <> p_worker) then
    raise exception 'code % is taken', p_code using errcode = 'GW001';
  end if;
  insert into referral_code (worker_id, code) values (p_worker, p_code) on conflict (worker_id) do nothing;
end $$;

-- Note who brought the person that has just joined with a worker's code, once and only for a person
-- who never joined before. She belongs to the partner of the worker who brought her.
create or replace function referred(p_index bytea, p_code text) returns void language plpgsql as $$
declare v_worker bigint; v_referrer bigint; v_partner bigint;
begin
  select c.worker_id, w.partner_id into v_referrer, v_partner from referral_code c join worker w on w.id = c.worker_id
    where c.code = upper(p_code) and w.state = 'active';
  select w.id into v_worker from worker w where w.msisdn_index = p_index and w.created_at = now();
  if v_referrer is null or v_worker is null or v_worker = v_referrer then
    return;
  end if;
  update worker set partner_id = coalesce(partner_id, v_partner) where id = v_worker;
  insert into referral (worker_id, referrer_id) values (v_worker, v_referrer) on conflict (worker_id) do nothing;
end $$;
