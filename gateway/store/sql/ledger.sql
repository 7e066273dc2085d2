-- The rules of the ledger, enforced by the database: append-only, idempotent, bounded accounts
-- never below zero.

-- Move the stored balance of a new transfer's bounded side. No transfer has two bounded sides (see
-- gateway.payments.ledger.chart_of_accounts), so a transfer waits for at most one account and never deadlocks. The
-- function has the owner's rights, so that the role that runs the gateway need not be able to write
-- a balance.
create or replace function transfer_moves_balances() returns trigger language plpgsql security definer
set search_path from current as $$
begin
  -- This finds both accounts. It replaces two foreign keys, which would lock both rows: every answer
  -- to a batch shares one of them. Accounts are never deleted and never change their currency
  -- (below), so the result stays true.
  update account a set balance = a.balance + case a.id when new.credit then new.amount else -new.amount end
    from account other
    where a.id in (new.debit, new.credit) and a.bounded and a.currency = new.currency
      and other.id in (new.debit, new.credit) and other.id <> a.id and other.currency = new.currency;
  -- Two accounts without a bound are there as well, and nothing moves.
  if not found and (select count(*) from account where id in (new.debit, new.credit)
      and currency = new.currency) <> 2 then
    raise exception 'a transfer needs two accounts in %', new.currency using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
create or replace trigger transfer_moves_balances after insert on transfer
  for each row execute function transfer_moves_balances();

create or replace function transfer_is_forever() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % of a transfer is refused', tg_op using errcode = 'GW010';
end $$;
create or replace trigger transfer_is_forever before update or delete on transfer
  for each row execute function transfer_is_forever();
create or replace trigger transfer_is_never_emptied before truncate on transfer
  for each statement execute function transfer_is_forever();

-- Refuse every update of a balance except by the trigger above, since balances change only by
-- transfers.
create or replace function account_follows_transfers() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.balance <> 0 then
      raise exception 'an account must be opened without a balance' using errcode = 'GW010';
    end if;
  elsif tg_op = 'DELETE' then
    raise exception 'accounts are never deleted' using errcode = 'GW010';
  elsif pg_trigger_depth() < 2 or (new.id, new.kind, new.owner, new.currency, new.bounded)
      is distinct from (old.id, old.kind, old.owner, old.currency, old.bounded) then
    raise exception 'an account changes only through transfers' using errcode = 'GW010';
  end if;
  return new;
end $$;
create or replace trigger account_opens_empty before insert or delete on account
  for each row execute function account_follows_transfers();
-- The trigger has no WHEN clause, which PostgreSQL would parse anew for each transfer. It runs after
-- the change, because a trigger before it would lock the row in a step of its own.
create or replace trigger account_follows_transfers after update on account for each row
  execute function account_follows_transfers();

-- Post one transfer and return whether it was new. The id is derived from the cause, so a
-- repetition does nothing. The same id with other contents is a mistake of the gateway and raises
-- an error.
create or replace function post(
  p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text, p_code smallint, p_cause text
) returns boolean language plpgsql as $$
begin
  insert into transfer (id, debit, credit, amount, currency, code, cause)
    values (p_id, p_debit, p_credit, p_amount, p_currency, p_code, p_cause)
    on conflict (id) do nothing;
  if found then
    return true;
  end if;
  perform from transfer where id = p_id and (debit, credit, amount, currency, code)
    = (p_debit, p_credit, p_amount, p_currency, p_code);
  if not found then
    raise exception 'transfer % exists with other contents', p_id using errcode = 'GW010';
  end if;
  return false;
end $$;

-- Return the account of this kind and owner, and open it if it does not exist.
create or replace function open_account(p_kind text, p_owner text, p_currency text, p_bounded boolean)
returns bigint language plpgsql as $$
declare v_id bigint;
begin
  select id into v_id from account where kind = p_kind and owner = p_owner and currency = p_currency;
  if found then
    return v_id;
  end if;
  insert into account (kind, owner, currency, bounded) values (p_kind, p_owner, p_currency, p_bounded)
    on conflict (kind, owner, currency) do nothing returning id into v_id;
  if v_id is null then
    select id into v_id from account where kind = p_kind and owner = p_owner and currency = p_currency;
  end if;
  return v_id;
end $$;

-- Return whose sum by month a transfer belongs to: the account that earned (EARN, PARTNER_EARN,
-- PARTNER_REINVEST) or gave back (PARTNER_CORRECTED, REINVEST_CORRECTED), or the worker of a payout
-- (SETTLE, LATE_PAID). It is null for all other codes.
create or replace function holder_of(p_code smallint, p_debit bigint, p_credit bigint, p_cause text) returns bigint
language sql stable as $$
  select case when p_code in (3, 40, 41) then p_credit when p_code in (45, 46) then p_debit
    when p_code in (13, 16) then (select y.worker_id from payout y where y.id = split_part(p_cause, ':', 2)::uuid) end
$$;

-- Add the next p_most numbers of sealed history to the ledger's sums by day and by month, and return
-- how many numbers that were. A sealed range never gets another row, so no transfer is missed or
-- counted twice. One process at a time does this.
create or replace function sum_ledger(p_most int) returns bigint language plpgsql as $$
declare v_from bigint; v_upto bigint;
begin
  insert into ledger_summed (upto) values (0) on conflict (one) do nothing;
  select upto into v_from from ledger_summed for update;
  v_upto := least(v_from + p_most, coalesce((select max(to_seq) from seal), 0));
  if v_upto <= v_from then
    return 0;
  end if;
  insert into ledger_day as d (day, code, currency, transfers, amount)
    select (t.at at time zone 'UTC')::date, t.code, t.currency, count(*), sum(t.amount) from transfer t
      where t.seq > v_from and t.seq <= v_upto group by 1, 2, 3 order by 1, 2, 3
    on conflict (day, code, currency) do update
      set transfers = d.transfers + excluded.transfers, amount = d.amount + excluded.amount;
  insert into ledger_month as m (code, month, holder, currency, transfers, amount)
    select t.code, date_trunc('month', t.at at time zone 'UTC')::date, h.holder, t.currency, count(*), sum(t.amount)
      from transfer t cross join lateral (select holder_of(t.code, t.debit, t.credit, t.cause) as holder) h
      where t.seq > v_from and t.seq <= v_upto and h.holder is not null group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (code, month, holder, currency) do update
      set transfers = m.transfers + excluded.transfers, amount = m.amount + excluded.amount;
  update ledger_summed set upto = v_upto;
  return v_upto - v_from;
end $$;

-- Return the transfers of some codes with numbers from after p_after up to p_upto and with times from
-- p_since until before p_until, summed up by their holders.
create or replace function sums_of_rows(
  p_codes smallint[], p_after bigint, p_upto bigint, p_since timestamptz, p_until timestamptz
) returns table (code smallint, holder bigint, currency text, amount bigint) language sql stable as $$
  select t.code, holder_of(t.code, t.debit, t.credit, t.cause), t.currency, sum(t.amount)::bigint from transfer t
    where t.seq > p_after and t.seq <= p_upto and t.at >= p_since and t.at < p_until and t.code = any(p_codes)
    group by 1, 2, 3
$$;

-- Return the sums of some codes in a period by their holders. Whole months come from ledger_month,
-- the days before and after them from the ledger, and so do the transfers that are not summed up yet.
-- No transaction lasts an hour, so every transfer under a seal began before the seal, and one that
-- began before a time is under the first seal an hour later.
create or replace function sums_by_holder(p_codes smallint[], p_since timestamptz, p_until timestamptz)
returns table (code smallint, holder bigint, currency text, amount bigint) language plpgsql stable as $$
declare v_upto bigint := coalesce((select upto from ledger_summed), 0); v_all constant bigint := 9223372036854775807;
  v_from timestamp := date_trunc('month', (p_since at time zone 'UTC') + interval '1 month' - interval '1 microsecond');
  v_to timestamp := date_trunc('month', p_until at time zone 'UTC'); v_since timestamptz; v_end timestamptz;
begin
  -- Without a whole month, all of the period stands before the months.
  v_since := case when v_from < v_to then v_from at time zone 'UTC' else p_until end;
  v_end := case when v_from < v_to then v_to at time zone 'UTC' else p_until end;
  return query select s.code, s.holder, s.currency, sum(s.amount)::bigint from (
      select m.code, m.holder, m.currency, m.amount from ledger_month m
        where m.code = any(p_codes) and m.month >= v_from and m.month < v_to
      union all select * from sums_of_rows(p_codes, v_upto, v_all, v_since, v_end)
      union all select * from sums_of_rows(p_codes,
        coalesce((select max(l.to_seq) from seal l where l.at < p_since), 0),
        coalesce((select min(l.to_seq) from seal l where l.at >= v_since + interval '1 hour'), v_all), p_since, v_since)
      union all select * from sums_of_rows(p_codes,
        coalesce((select max(l.to_seq) from seal l where l.at < v_end), 0),
        coalesce((select min(l.to_seq) from seal l where l.at >= p_until + interval '1 hour'), v_all), v_end, p_until)
    ) s group by 1, 2, 3;
end $$;
