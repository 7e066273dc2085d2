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
