-- A worker asks for her money: the payout and the hold on her balance are one part of her turn.
create or replace function request_payout(
  p_id uuid, p_ref text, p_worker bigint, p_provider text, p_currency text, p_amount bigint, p_key text,
  p_to bytea, p_tail text, p_result_token text, p_status_token text, p_timeout_token text,
  p_transfer uuid, p_worker_account bigint, p_transit_account bigint, p_code smallint, p_cause text
) returns void language plpgsql as $$
begin
  -- A second payout while one is open breaks the unique index, a balance below zero the account's check:
  -- both come back as GW001, and the turn is decided again on what is so by then.
  insert into payout (id, ref, worker_id, state, provider, currency, amount, key, to_sealed, to_tail,
      result_token, status_token, timeout_token, due_at)
    values (p_id, p_ref, p_worker, 'queued', p_provider, p_currency, p_amount, p_key, p_to, p_tail,
      p_result_token, p_status_token, p_timeout_token, now());
  insert into payout_event (payout_id, event, was, becomes) values (p_id, 'request', 'requested', 'queued');
  perform post(p_transfer, p_worker_account, p_transit_account, p_amount, p_currency, p_code, p_cause);
exception when unique_violation or check_violation then
  raise exception 'the payout cannot be booked: %', sqlerrm using errcode = 'GW001';
end $$;
