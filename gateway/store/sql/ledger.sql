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
