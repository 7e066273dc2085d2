-- The seals, which only ever grow, and other controls besides the ledger.

create or replace function only_ever_grows() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'GW010';
end $$;
create or replace trigger seal_is_forever before update or delete on seal
  for each row execute function only_ever_grows();
create or replace trigger seal_is_never_emptied before truncate on seal
  for each statement execute function only_ever_grows();

create or replace trigger record_seal_is_forever before update or delete on record_seal
  for each row execute function only_ever_grows();
create or replace trigger record_seal_is_never_emptied before truncate on record_seal
  for each statement execute function only_ever_grows();

create or replace trigger adjustment_event_is_forever before update or delete on adjustment_event
  for each row execute function only_ever_grows();

-- Return the control that keeps an open payout from leaving, or null when none does.
create or replace function payout_waits(p_state text, p_reason text) returns text language sql immutable as $$
  select case when p_state = 'awaiting_approval' then 'approval'
    when p_state = 'queued' and p_reason like 'waits: %' then substr(p_reason, 8) end
$$;

-- Post many transfers at once, given as arrays of one length, and return how many were new. All
-- bounded accounts are locked first, in the order of their ids, so that two batches over the same
-- workers never deadlock. Unbounded accounts store no balance. They are only locked against
-- deletion, which any number of transactions may do at once.
create or replace function post_all(
  p_ids uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_currencies text[], p_codes smallint[], p_causes text[]
) returns bigint language plpgsql security definer set search_path from current as $$
declare v_new bigint; v_bad uuid;
begin
  perform from account where bounded and id = any(p_debits || p_credits) order by id for no key update;
  insert into transfer (id, debit, credit, amount, currency, code, cause)
    select * from unnest(p_ids, p_debits, p_credits, p_amounts, p_currencies, p_codes, p_causes)
    on conflict (id) do nothing;
  get diagnostics v_new = row_count;
  if v_new < cardinality(p_ids) then
    select p.id into v_bad from unnest(p_ids, p_debits, p_credits, p_amounts, p_currencies, p_codes)
        as p(id, debit, credit, amount, currency, code)
      join transfer t on t.id = p.id
      where (t.debit, t.credit, t.amount, t.currency, t.code)
        is distinct from (p.debit, p.credit, p.amount, p.currency, p.code) limit 1;
    if found then
      raise exception 'transfer % exists with other contents', v_bad using errcode = 'GW010';
    end if;
  end if;
  return v_new;
end $$;

-- Return the newest message about a worker's money that surely never arrived, unless it was sent
-- again before, or null. It is asked for when she dials, since she then has her phone in her hand.
create or replace function missed_message(p_worker bigint) returns bigint language sql stable as $$
  select o.id from outbox o
    where o.worker_id = p_worker and o.purpose = 'money' and o.cause is not null and o.cause not like '%:again'
      and o.created_at > now() - interval '30 days'
      and (o.state in ('refused', 'unknown') or o.delivery in ('failed', 'away'))
      and not exists (select from outbox_key x where x.cause = o.cause || ':again')
    order by o.id desc limit 1
$$;

-- Send the same words once more, but never a third time.
create or replace function send_again(p_message bigint) returns void language sql as $$
  with m as (
    select o.*, nextval('outbox_id_seq') as next, coalesce(w.msisdn_sealed, o.to_sealed) as sealed,
        coalesce(w.msisdn_index, o.to_index) as index
      from outbox o left join worker w on w.id = o.worker_id where o.id = p_message and w.number_lost_at is null
  ), k as (
    insert into outbox_key (cause, id, created_at, lasting) select cause || ':again', next, now(), purpose = 'money' from m
      on conflict (cause) do nothing returning id
  )
  insert into outbox (id, channel, worker_id, to_sealed, to_index, text, segments, encoding, purpose, priority, cause)
    select m.next, m.channel, m.worker_id, m.sealed, m.index, m.text, m.segments, m.encoding, m.purpose, m.priority,
        m.cause || ':again'
      from m join k on k.id = m.next
$$;

-- Count a try of a PIN, judged on the number of wrong tries that was read (p_wrong). If another try
-- came in between, raise GW001, and this one is judged again. So any number of phones have three
-- tries together.
create or replace function pin_tried(p_worker bigint, p_wrong smallint, p_right boolean) returns void language plpgsql as $$
begin
  update worker_pin set wrong = case when p_right then 0 else wrong + 1 end
    where worker_id = p_worker and wrong = p_wrong and wrong < 3;
  if not found then
    raise exception 'the PIN of worker % was tried meanwhile', p_worker using errcode = 'GW001';
  end if;
end $$;

create or replace function set_pin(p_worker bigint, p_before text, p_hash text) returns void language plpgsql as $$
begin
  insert into worker_pin as k (worker_id, hash) values (p_worker, p_hash)
    on conflict (worker_id) do update set hash = excluded.hash, wrong = 0, set_at = now()
      where k.hash = p_before and k.wrong < 3;
  if not found then
    raise exception 'the PIN of worker % has changed', p_worker using errcode = 'GW001';
  end if;
end $$;

create or replace function forget_pin(p_worker bigint) returns void language sql as $$
  delete from worker_pin where worker_id = p_worker
$$;

-- The safe exit of a gateway, and the watch over float and reserves. See decision 0073.

-- A gateway that winds down takes no new work: no batch is created, and none begins to run.
create or replace function no_new_work() returns trigger language plpgsql as $$
begin
  if exists (select from wind_down) then
    raise exception 'this gateway winds down and takes no new work' using errcode = 'GW010';
  end if;
  return new;
end $$;
create or replace trigger no_new_batch before insert on batch for each row
  execute function no_new_work();
create or replace trigger no_batch_begins before update of state on batch for each row
  when (new.state = 'running' and old.state <> 'running') execute function no_new_work();

-- Mark the gateway as winding down. Running batches pause, and messages that only ask for work are
-- cancelled. The second call changes nothing. Return whether it was the first.
create or replace function begin_wind_down(p_backup text, p_backup_at timestamptz) returns boolean
language plpgsql as $$
begin
  insert into wind_down (backup, backup_at) values (p_backup, p_backup_at) on conflict do nothing;
  if not found then
    return false;
  end if;
  update batch set state = 'paused' where state = 'running';
  update outbox set state = 'cancelled', reason = 'the gateway winds down'
    where state = 'queued' and purpose in ('question', 'invitation', 'notice', 'standing');
  return true;
end $$;

-- Book a payment that the lost gateway made to a worker, once per receipt. `p_transfers` are the
-- transfer from her balance and the one that the gateway bears. Raise GW001 when the balance is not
-- the one on which they were decided.
create or replace function book_paid_before(
  p_provider text, p_receipt text, p_worker bigint, p_person bigint, p_balance bigint,
  p_transfers uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_currency text,
  p_codes smallint[], p_causes text[]
) returns boolean language plpgsql as $$
begin
  perform from account a join worker w on w.account_id = a.id
    where w.id = p_worker and a.balance = p_balance for no key update of a;
  if not found then
    raise exception 'the balance of worker % has changed', p_worker using errcode = 'GW001';
  end if;
  update wind_down_found set worker_id = p_worker, person_id = p_person, booked_at = now()
    where provider = p_provider and receipt = p_receipt and booked_at is null;
  if not found then
    return false;
  end if;
  for i in 1 .. cardinality(p_transfers) loop
    perform post(p_transfers[i], p_debits[i], p_credits[i], p_amounts[i], p_currency, p_codes[i], p_causes[i]);
  end loop;
  update discrepancy set explained_at = now(), explained_by = 'the gateway',
      explanation = 'paid by the lost gateway to worker ' || p_worker
    where provider = p_provider and receipt = p_receipt and explained_at is null
      and kind in ('missing_here', 'unsure');
  return true;
end $$;

create or replace function note_wind_down_payout(p_payout uuid, p_worker bigint) returns void language sql as $$
  insert into wind_down_payout (payout_id, worker_id) values (p_payout, p_worker)
$$;

-- Add to the stored sum of an account all transfers up to `p_upto`, which is under a seal, so that
-- no further transfer can appear below it. Return the balance with the transfers behind it.
create or replace function running_balance(p_account bigint, p_upto bigint) returns bigint language plpgsql as $$
declare v account_sum;
begin
  select * into v from account_sum where account_id = p_account for update;
  if not found then
    insert into account_sum (account_id, upto, balance)
      select p_account, p_upto, coalesce((select sum(amount) from transfer where credit = p_account and seq <= p_upto), 0)
        - coalesce((select sum(amount) from transfer where debit = p_account and seq <= p_upto), 0)
      on conflict (account_id) do nothing;
    select * into v from account_sum where account_id = p_account;
  elsif v.upto < p_upto then
    update account_sum s set upto = p_upto, balance = s.balance
        + coalesce((select sum(case when t.credit = p_account then t.amount else -t.amount end) from transfer t
          where t.seq > v.upto and t.seq <= p_upto and p_account in (t.debit, t.credit)), 0)
      where s.account_id = p_account returning * into v;
  end if;
  return v.balance + coalesce((select sum(case when t.credit = p_account then t.amount else -t.amount end)
    from transfer t where t.seq > v.upto and p_account in (t.debit, t.credit)), 0);
end $$;
