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
