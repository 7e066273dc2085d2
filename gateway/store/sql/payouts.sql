-- Request a payout of a worker. The payout and the hold on her balance are one part of her turn. A
-- replacement of a payout that failed for a fault of the gateway is made in the commit of that
-- failure.
create or replace function request_payout(
  p_id uuid, p_ref text, p_worker bigint, p_provider text, p_currency text, p_amount bigint, p_key text,
  p_to bytea, p_tail text, p_result_token text, p_status_token text, p_timeout_token text,
  p_state text, p_due_at timestamptz, p_replaces uuid, p_nth smallint,
  p_country text, p_tax_names text[], p_tax_bases bigint[], p_tax_amounts bigint[], p_fee bigint, p_worker_account bigint,
  p_transfers uuid[], p_credits bigint[], p_amounts bigint[], p_codes smallint[], p_causes text[]
) returns void language plpgsql as $$
begin
  -- A second open payout violates the unique index, and a balance below zero violates the account's
  -- check. Both raise GW001, and the turn is decided again on the new facts.
  insert into payout (id, ref, worker_id, state, provider, currency, amount, key, to_sealed, to_tail,
      result_token, status_token, timeout_token, due_at, replaces, nth, country, tax_names, tax_bases, tax_amounts, fee, reason)
    values (p_id, p_ref, p_worker, p_state, p_provider, p_currency, p_amount, p_key, p_to, p_tail,
      p_result_token, p_status_token, p_timeout_token, p_due_at, p_replaces, p_nth,
      p_country, p_tax_names, p_tax_bases, p_tax_amounts, p_fee,
      -- The replacement of a payout that an empty float refused waits for the top-up, and the
      -- worker may be told so.
      case when p_replaces is not null and exists (select from provider_health h
        where h.provider = p_provider and h.float < p_amount) then 'waits: float' else '' end);
  insert into payout_event (payout_id, event, was, becomes) values (p_id, 'request', 'requested', p_state);
  -- These are the hold and the sums that are withheld with it.
  for i in 1 .. cardinality(p_transfers) loop
    perform post(p_transfers[i], p_worker_account, p_credits[i], p_amounts[i], p_currency, p_codes[i], p_causes[i]);
  end loop;
exception when unique_violation or check_violation then
  raise exception 'the payout cannot be posted: %', sqlerrm using errcode = 'GW001';
end $$;

-- Return the facts about a payout as one value. It changes with every event except the provider's
-- silence.
create or replace function payout_evidence(p_payout uuid) returns bytea language sql stable as $$
  select sha256(coalesce(string_agg(id::text, ',' order by id), '')::bytea) from payout_event
    where payout_id = p_payout and event <> 'still_open'
$$;

-- Record one person's decision about a payout's outcome. Another person confirms it with the same
-- decision on the same evidence. Return whether it is confirmed now.
create or replace function resolve_payout(p_payout uuid, p_paid boolean, p_receipt text, p_person bigint)
returns boolean language plpgsql as $$
declare v resolution; v_evidence bytea;
begin
  perform from payout where id = p_payout and state = 'needs_human' for update;
  if not found then
    raise exception 'the payout does not wait for a decision' using errcode = 'GW001';
  end if;
  if not person_counts(p_person) then
    raise exception 'person % may not decide', p_person using errcode = 'GW001';
  end if;
  v_evidence := payout_evidence(p_payout);
  select * into v from resolution where payout_id = p_payout;
  if found and v.confirmed_by is not null and v.evidence = v_evidence then
    return true;
  end if;
  if found and v.said_by <> p_person and person_counts(v.said_by) and v.evidence = v_evidence
      and (v.paid, v.receipt) is not distinct from (p_paid, p_receipt) then
    update resolution set confirmed_by = p_person, confirmed_at = now() where id = v.id;
    return true;
  end if;
  -- This is the first word, or one that differs from it and so becomes the first.
  insert into resolution as r (payout_id, paid, receipt, evidence, said_by)
    values (p_payout, p_paid, p_receipt, v_evidence, p_person)
    on conflict (payout_id) do update set paid = excluded.paid, receipt = excluded.receipt,
      evidence = excluded.evidence, said_by = excluded.said_by, confirmed_by = null, confirmed_at = null,
      created_at = now();
  return false;
end $$;

-- Return the facts to which an approval is bound: recipient, amount and provider of every payout on
-- the list. Any change gives another digest.
create or replace function approval_digest(p_list bigint) returns bytea language sql stable as $$
  select sha256(coalesce(string_agg(concat_ws(',', p.id, p.worker_id, encode(p.to_sealed, 'hex'), p.amount, p.currency,
      p.provider), E'\n' order by p.id), '')::bytea)
    from approval_item i join payout p on p.id = i.payout_id where i.list_id = p_list
$$;

-- Freeze the list of payouts that wait for approval (these refs, or all) for one person, and return
-- its id.
create or replace function make_approval_list(p_refs text[], p_person bigint) returns bigint language plpgsql as $$
declare v_list bigint;
begin
  insert into approval_list (digest, made_by) values ('', p_person) returning id into v_list;
  insert into approval_item (list_id, payout_id)
    select v_list, p.id from payout p
      where p.state = 'awaiting_approval' and (cardinality(p_refs) = 0 or p.ref = any(p_refs));
  update approval_list set digest = approval_digest(v_list) where id = v_list;
  return v_list;
end $$;

-- Let another person approve exactly that list. If it may not be approved, return the reason and
-- approve nothing.
create or replace function approve_list(p_list bigint, p_code text, p_person bigint) returns text language plpgsql as $$
declare v approval_list;
begin
  perform from payout p join approval_item i on i.payout_id = p.id where i.list_id = p_list order by p.id for update of p;
  select * into v from approval_list where id = p_list for update;
  if not found then
    return 'unknown';
  elsif v.approved_by is not null then
    return 'already';
  elsif v.made_by = p_person then
    return 'same';
  elsif not person_counts(v.made_by) or not person_counts(p_person) then
    return 'gone';
  elsif p_code <> left(encode(v.digest, 'hex'), 12) or v.digest <> approval_digest(p_list)
      or exists (select from approval_item i join payout p on p.id = i.payout_id
        where i.list_id = p_list and p.state <> 'awaiting_approval') then
    return 'changed';
  end if;
  update approval_list set approved_by = p_person, approved_at = now() where id = p_list;
  return 'approved';
end $$;

-- Record a decision about any other subject that needs two persons. The second person must say the
-- same on the same evidence. Return whether two persons have said so now.
create or replace function say_twice(p_subject text, p_says text, p_evidence bytea, p_person bigint)
returns boolean language plpgsql as $$
declare v verdict;
begin
  perform pg_advisory_xact_lock(hashtext(p_subject));
  select * into v from verdict where subject = p_subject;
  if found and v.confirmed_by is not null then
    return v.says = p_says;
  end if;
  if not person_counts(p_person) then
    raise exception 'person % may not decide', p_person using errcode = 'GW001';
  end if;
  if v.id is not null and v.said_by <> p_person and person_counts(v.said_by) and v.says = p_says
      and v.evidence = p_evidence then
    update verdict set confirmed_by = p_person, confirmed_at = now() where id = v.id;
    return true;
  end if;
  insert into verdict as x (subject, says, evidence, said_by) values (p_subject, p_says, p_evidence, p_person)
    on conflict (subject) do update set says = excluded.says, evidence = excluded.evidence, said_by = excluded.said_by,
      created_at = now();
  return false;
end $$;

-- Settle money that the provider took back: once, and only as two persons have decided.
create or replace function settle_reversal(
  p_payout uuid, p_says text, p_transfer uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text,
  p_code smallint, p_cause text
) returns void language plpgsql as $$
begin
  if not exists (select from verdict v where v.subject = 'reversal:' || p_payout and v.says = p_says
      and v.confirmed_by <> v.said_by) then
    raise exception 'the reversal of payout % is not decided by two persons', p_payout using errcode = 'GW010';
  end if;
  if post(p_transfer, p_debit, p_credit, p_amount, p_currency, p_code, p_cause) then
    insert into payout_event (payout_id, event, was, becomes, note)
      values (p_payout, 'reversal_decided', 'reversed', 'reversed', p_says);
  end if;
end $$;

-- Write the state machine's decision: the payout, its event and its transfers, if the payout still
-- is as it was read (else GW001). A receipt that another payout has raises GW003: the provider
-- means another payment.
create or replace function move_payout(
  p_id uuid, p_version int, p_was text,
  p_state text, p_tries smallint, p_maybe_taken boolean, p_misses smallint, p_first_sent_at timestamptz,
  p_sent_at timestamptz, p_due_at timestamptz, p_receipt text, p_reason text, p_reference text, p_hinted_ours boolean,
  p_open boolean, p_event text, p_note text,
  p_transfers uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_currency text,
  p_codes smallint[], p_causes text[]
) returns void language plpgsql as $$
declare v_rule text;
begin
  if p_event in ('resolved_paid', 'resolved_failed') and not exists (
    select from resolution r where r.payout_id = p_id and r.paid = (p_event = 'resolved_paid')
      and r.confirmed_by <> r.said_by and r.evidence = payout_evidence(p_id)) then
    raise exception 'payout % is not resolved by two persons', p_id using errcode = 'GW010';
  end if;
  if p_event = 'approve' and p_was = 'awaiting_approval' and not exists (
    select from approval_item i join approval_list l on l.id = i.list_id
      where i.payout_id = p_id and l.approved_by <> l.made_by) then
    raise exception 'payout % is not approved by two persons', p_id using errcode = 'GW010';
  end if;
  update payout set version = version + 1, state = p_state, tries = p_tries, maybe_taken = p_maybe_taken,
      misses = p_misses, first_sent_at = p_first_sent_at, sent_at = p_sent_at, due_at = p_due_at,
      receipt = p_receipt, reason = p_reason, reference = p_reference, hinted_ours = p_hinted_ours,
      settled_at = case when not p_open then coalesce(settled_at, now()) end
    where id = p_id and version = p_version and state = p_was;
  if not found then
    raise exception 'payout % has changed since it was read', p_id using errcode = 'GW001';
  end if;
  for i in 1 .. cardinality(p_transfers) loop
    perform post(p_transfers[i], p_debits[i], p_credits[i], p_amounts[i], p_currency, p_codes[i], p_causes[i]);
  end loop;
  if p_event <> '' then
    insert into payout_event (payout_id, event, was, becomes, note) values (p_id, p_event, p_was, p_state, p_note);
  end if;
exception
  when unique_violation then
    get stacked diagnostics v_rule = constraint_name;
    if v_rule = 'uq_payout_provider_receipt' then
      raise exception 'receipt % belongs to another payout', p_receipt using errcode = 'GW003';
    end if;
    raise exception 'payout %: %', p_id, sqlerrm using errcode = 'GW001';
  when check_violation then
    -- A balance that was read has changed, so the turn is decided again on the current one.
    raise exception 'payout %: %', p_id, sqlerrm using errcode = 'GW001';
end $$;
