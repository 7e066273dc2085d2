-- The changes of number. The worker's row stays, with her money, skill and history, and only its
-- number is exchanged. The worker is always locked before the change. A turn of hers takes the
-- weaker lock of `still_hers` on that row. So a turn and an exchange never miss each other: one of
-- them sees what the other has written.

create or replace trigger number_move_event_is_forever before update or delete on number_move_event
  for each row execute function only_ever_grows();

-- Raise GW001 unless the number of this turn still belongs to the worker. The turn is then read
-- again.
create or replace function still_hers(p_worker bigint, p_index bytea) returns void language plpgsql as $$
begin
  perform from worker where id = p_worker and msisdn_index = p_index for key share;
  if not found then
    raise exception 'worker % has changed her number', p_worker using errcode = 'GW001';
  end if;
end $$;

-- Return whether a worker has answers, money or a refusal of her own. No other worker may get her
-- number with that history.
create or replace function has_history(p_worker bigint) returns boolean language sql stable as $$
  select exists (select from worker w where w.id = p_worker and w.state in ('stopped', 'removed'))
    or exists (select from assignment where worker_id = p_worker and state = 'answered')
    or exists (select from worker w join account a on a.id = w.account_id where w.id = p_worker and a.balance <> 0)
    or exists (select from payout where worker_id = p_worker)
    or exists (select from number_move m where m.worker_id = p_worker)
$$;

-- Return whether a worker may move to this number. It must have no history and no opt-out, and must
-- not be a coordinator's, be promised to another worker, or have been given up lately by a worker
-- who may still object.
create or replace function number_is_free(p_index bytea, p_worker bigint, p_now timestamptz) returns boolean
language sql stable as $$
  select not exists (select from coordinator where msisdn_index = p_index)
    and not exists (select from opt_out where msisdn_index = p_index)
    and not exists (select from worker w where w.msisdn_index = p_index and has_history(w.id))
    and not exists (select from number_move m where m.new_index = p_index and m.worker_id <> p_worker
      and m.state in ('requested', 'invited', 'objected') and m.expires_at > p_now)
    and not exists (select from number_move m where m.old_index = p_index and m.worker_id <> p_worker
      and (m.state = 'objected' or m.state = 'done' and m.hold_until > p_now))
$$;

-- Return whether a worker gave this number up and may still get it back. Meanwhile no one can join
-- with it.
create or replace function number_in_hold(p_index bytea, p_now timestamptz) returns boolean language sql stable as $$
  select exists (select from number_move m where m.old_index = p_index and m.done_at is not null
    and (m.state = 'objected' or m.state = 'done' and m.hold_until > p_now))
$$;

create or replace function note_move(p_move bigint, p_event text, p_who text, p_reason text) returns void language sql as $$
  insert into number_move_event (move_id, event, by_whom, reason) values (p_move, p_event, p_who, p_reason)
$$;

-- Begin a change. It replaces one that was not done yet, but not one that is objected to or in its
-- hold.
create or replace function begin_move(
  p_worker bigint, p_kind text, p_state text, p_new_index bytea, p_new_sealed bytea, p_channel text,
  p_coordinator bigint, p_who text, p_reason text, p_expires_at timestamptz, p_now timestamptz
) returns bigint language plpgsql as $$
declare w worker; v_move bigint; v_before bigint;
begin
  select * into strict w from worker where id = p_worker for update;
  if exists (select from number_move m where m.worker_id = p_worker
      and (m.state = 'objected' or m.state = 'done' and m.hold_until > p_now)) then
    raise exception 'the number of worker % has just changed', p_worker using errcode = 'GW001';
  end if;
  update number_move set state = 'replaced' where worker_id = p_worker
    and state in ('requested', 'asked', 'invited') returning id into v_before;
  if v_before is not null then
    perform note_move(v_before, 'replaced', p_who, '');
  end if;
  if not number_is_free(p_new_index, p_worker, p_now) then
    raise exception 'the new number is not free' using errcode = 'GW001';
  end if;
  insert into number_move (worker_id, kind, state, old_index, old_sealed, new_index, new_sealed, channel,
      coordinator_id, worker_was, created_at, expires_at)
    values (p_worker, p_kind, p_state, w.msisdn_index, w.msisdn_sealed, p_new_index, p_new_sealed, p_channel,
      p_coordinator, w.state, p_now, p_expires_at)
    returning id into v_move;
  perform note_move(v_move, p_state, p_who, p_reason);
  return v_move;
end $$;

-- Lock a change after its worker, and return its current row.
create or replace function locked_move(p_move bigint) returns number_move language plpgsql as $$
declare m number_move;
begin
  perform from worker w where w.id = (select worker_id from number_move where id = p_move) for update;
  select * into m from number_move where id = p_move for update;
  if m.id is null then
    raise exception 'there is no change of number %', p_move using errcode = 'GW001';
  end if;
  return m;
end $$;

-- Free the number of a row without any history, so that the row holds no number. p_none is a sealed
-- value that is no number. Its index is one that no phone can have.
create or replace function retire_row(p_worker bigint, p_none bytea) returns void language plpgsql as $$
begin
  perform release_task(a.id, 'expired') from assignment a where a.worker_id = p_worker and a.state = 'held';
  update outbox set state = 'cancelled', reason = 'the number is another worker''s'
    where worker_id = p_worker and state = 'queued';
  update ussd_session set ended = true, view = 'end', pages = array['-'], page = 0 where worker_id = p_worker and not ended;
  update worker set state = 'removed', msisdn_index = sha256(convert_to(gen_random_uuid()::text, 'UTF8')),
      msisdn_sealed = p_none, number_lost_at = now()
    where id = p_worker;
end $$;

-- Give a worker another number, also in the messages that wait for her. Her open sessions end with
-- p_screen.
create or replace function give_number(p_worker bigint, p_index bytea, p_sealed bytea, p_screen text)
returns void language plpgsql as $$
begin
  update worker set msisdn_index = p_index, msisdn_sealed = p_sealed, number_lost_at = null, away_since = null,
      unreached_until = null
    where id = p_worker;
  update outbox set to_index = p_index, to_sealed = p_sealed
    where worker_id = p_worker and state = 'queued';
  update ussd_session set ended = true, view = 'end', pages = array[p_screen], page = 0
    where worker_id = p_worker and not ended;
end $$;

-- Send a message that is tried again to the current number of its worker, or not at all if she has
-- none.
create or replace function requeued_to_her_number() returns trigger language plpgsql as $$
declare w record;
begin
  select msisdn_sealed, msisdn_index, number_lost_at into w from worker where id = new.worker_id for key share;
  if found and w.number_lost_at is not null then
    new.state := 'cancelled';
    new.reason := 'the worker has no number';
  elsif found then
    new.to_sealed := w.msisdn_sealed;
    new.to_index := w.msisdn_index;
  end if;
  return new;
end $$;
create or replace trigger requeued_to_her_number before update of state on outbox for each row
  when (new.state = 'queued' and old.state <> 'queued' and new.worker_id is not null)
  execute function requeued_to_her_number();

-- Restore the state of a worker who had lost her number. A worker who stopped or was removed stays
-- so.
create or replace function found_again(p_worker bigint) returns void language sql as $$
  update worker w set state = coalesce((select case when r.worker_was in ('stopped', 'removed') then r.worker_was
        else 'active' end from number_move r where r.worker_id = w.id and r.state = 'released' order by r.id desc limit 1),
      w.state)
    where w.id = p_worker and w.number_lost_at is not null
$$;

-- Complete a change after the YES of the new number. Under the worker's lock, check again that no
-- payout is open and that the number is still free. A worker who lost her number, and with it her
-- consent to work, gives that consent again with this YES. A worker who stopped stays so.
create or replace function swap_number(
  p_move bigint, p_via text, p_channel text, p_said text, p_none bytea, p_screen text, p_hold_until timestamptz,
  p_now timestamptz
) returns void language plpgsql as $$
declare m number_move := locked_move(p_move); w worker; v_bare bigint;
begin
  select * into strict w from worker where id = m.worker_id;
  if m.state <> 'invited' or m.expires_at <= p_now or w.msisdn_index <> m.old_index
      or not number_is_free(m.new_index, w.id, p_now)
      or exists (select from payout where worker_id = w.id and settled_at is null) then
    raise exception 'change of number % cannot be done now', p_move using errcode = 'GW001';
  end if;
  select id into v_bare from worker where msisdn_index = m.new_index for update;
  if v_bare is not null then
    perform retire_row(v_bare, p_none);
  end if;
  perform found_again(w.id);
  perform give_number(w.id, m.new_index, m.new_sealed, p_screen);
  insert into consent (worker_id, act, via, channel, said) values (w.id, 'moved', p_via, p_channel, p_said);
  update number_move set state = 'done', done_at = p_now, hold_until = p_hold_until where id = p_move;
  perform note_move(p_move, 'done', 'the new number', '');
end $$;

-- Record the no of the new number. With STOP it is never written to again, until its own word.
create or replace function decline_move(p_move bigint, p_stop boolean, p_channel text) returns void language plpgsql as $$
declare m number_move := locked_move(p_move);
begin
  if m.state <> 'invited' then
    raise exception 'change of number % has changed since it was read', p_move using errcode = 'GW001';
  end if;
  update number_move set state = 'refused' where id = p_move;
  perform note_move(p_move, 'declined', 'the new number', case when p_stop then 'STOP' else '' end);
  if p_stop then
    insert into opt_out (msisdn_index, channel, source) values (m.new_index, p_channel, 'STOP') on conflict do nothing;
  end if;
end $$;

-- Record the no of the old number, which counts once. It ends a change that was only asked for with
-- a PIN. Every other change waits for two persons.
create or replace function object_to_move(p_move bigint, p_now timestamptz) returns void language plpgsql as $$
declare m number_move := locked_move(p_move);
begin
  if m.objected_at is not null or (m.state in ('requested', 'invited') or m.state = 'done' and m.hold_until > p_now) is not true then
    raise exception 'change of number % cannot be objected to now', p_move using errcode = 'GW001';
  end if;
  update number_move set objected_at = p_now,
      state = case when m.state = 'invited' and m.kind = 'pin' then 'refused' else 'objected' end
    where id = p_move;
  perform note_move(p_move, 'objected', 'the old number', '');
end $$;

-- Record STOP from a number that was a worker's, so that nothing more is sent to it. Her new number
-- is not affected.
create or replace function stop_number(p_index bytea, p_channel text) returns void language plpgsql as $$
begin
  insert into opt_out (msisdn_index, channel, source) values (p_index, p_channel, 'STOP') on conflict do nothing;
  update outbox set state = 'cancelled', reason = 'STOP' where to_index = p_index and state = 'queued';
end $$;

-- Return the change of number in which a phone is one of the two ends, or null for almost every
-- phone.
create or replace function moving_of(p_index bytea) returns jsonb language sql stable as $$
  select jsonb_build_object('id', m.id, 'is_new', m.new_index = p_index, 'kind', m.kind, 'state', m.state,
      'worker', m.worker_id, 'created_at', m.created_at, 'expires_at', m.expires_at, 'hold_until', m.hold_until,
      'objected', m.objected_at is not null, 'language', w.language, 'name', w.name)
    from number_move m join worker w on w.id = m.worker_id
    where m.new_index = p_index and m.state = 'invited'
      or m.old_index = p_index and m.state in ('requested', 'asked', 'invited', 'objected', 'done')
    -- Of the changes that ask this number for its YES, the one that ends last counts. The others
    -- are over.
    order by m.new_index = p_index desc, case when m.new_index = p_index then m.expires_at end desc, m.id desc limit 1
$$;

-- Return what a YES of the new number would meet now: ok, payout (one is open), or taken.
create or replace function move_can(p_move bigint, p_now timestamptz) returns text language sql stable as $$
  select case when exists (select from payout p where p.worker_id = m.worker_id and p.settled_at is null) then 'payout'
      when number_is_free(m.new_index, m.worker_id, p_now) then 'ok' else 'taken' end
    from number_move m where m.id = p_move
$$;

-- Return the facts to which a decision of persons is bound: both numbers and the state.
create or replace function move_evidence(m number_move) returns bytea language sql immutable as $$
  select sha256(m.old_index || m.new_index || convert_to(m.state || coalesce(m.objected_at::text, ''), 'UTF8'))
$$;

-- Record one person's decision about a change; two different persons decide it. The result is one
-- of noted (the first word), invited (the new number is asked), kept (an objection is over, the
-- change stands), refused, given_back, none (it does not wait for a decision), or old (no decision
-- came in time). One person is enough to refuse a change that was never done, since nothing has
-- happened by then.
create or replace function decide_move(
  p_move bigint, p_says text, p_person bigint, p_who text, p_reason text, p_expires_at timestamptz, p_screen text,
  p_now timestamptz
) returns text language plpgsql as $$
declare
  m number_move := locked_move(p_move);
  w worker;
  v_objected boolean := m.state = 'objected';
  v_outcome text;
begin
  if not (m.state in ('requested', 'objected') or m.state = 'invited' and p_says = 'refuse') then
    return 'none';
  end if;
  if m.state = 'requested' and m.expires_at <= p_now then
    return 'old';
  end if;
  if not person_counts(p_person) then
    raise exception 'person % may not decide', p_person using errcode = 'GW001';
  end if;
  if (p_says = 'approve' or v_objected)
      and not say_twice('move:' || p_move || ':' || encode(move_evidence(m), 'hex'), p_says, move_evidence(m), p_person) then
    perform note_move(p_move, p_says || ' said', p_who, p_reason);
    return 'noted';
  end if;
  if p_says = 'approve' and m.done_at is not null then
    v_outcome := 'kept';
    update number_move set state = 'done' where id = p_move;
  elsif p_says = 'approve' then
    v_outcome := 'invited';
    select * into strict w from worker where id = m.worker_id;
    if w.msisdn_index <> m.old_index or not number_is_free(m.new_index, w.id, p_now) then
      raise exception 'the new number of change % is not free any more', p_move using errcode = 'GW001';
    end if;
    update number_move set state = 'invited', expires_at = p_expires_at where id = p_move;
  elsif m.done_at is not null then
    v_outcome := 'given_back';
    if exists (select from worker where msisdn_index = m.old_index)
        or exists (select from payout where worker_id = m.worker_id and settled_at is null) then
      raise exception 'the number of change % cannot be given back now', p_move using errcode = 'GW001';
    end if;
    perform found_again(m.worker_id);
    perform give_number(m.worker_id, m.old_index, m.old_sealed, p_screen);
    update number_move set state = 'given_back' where id = p_move;
  else
    v_outcome := 'refused';
    update number_move set state = 'refused' where id = p_move;
  end if;
  perform note_move(p_move, v_outcome, p_who, p_reason);
  if v_outcome in ('kept', 'given_back') then
    update payout set due_at = p_now where worker_id = m.worker_id and state = 'queued' and reason = 'waits: objected';
  end if;
  return v_outcome;
end $$;

-- Record the first NOTME from a worker's number. She is asked to confirm it, since a slip of her
-- own would cost her the number.
create or replace function doubt_number(
  p_worker bigint, p_index bytea, p_none bytea, p_channel text, p_expires_at timestamptz, p_now timestamptz
) returns void language plpgsql as $$
declare w worker; v_move bigint;
begin
  select * into strict w from worker where id = p_worker for update;
  update number_move set state = 'replaced' where worker_id = p_worker
    and (state = 'asked' or state in ('requested', 'invited') and expires_at <= p_now);
  if w.msisdn_index <> p_index
      or exists (select from number_move where worker_id = p_worker and state in ('requested', 'invited', 'objected')) then
    raise exception 'the number of worker % is being changed', p_worker using errcode = 'GW001';
  end if;
  insert into number_move (worker_id, kind, state, old_index, old_sealed, new_index, new_sealed, channel, worker_was,
      created_at, expires_at)
    values (p_worker, 'release', 'asked', w.msisdn_index, w.msisdn_sealed, sha256(convert_to(gen_random_uuid()::text, 'UTF8')),
      p_none, p_channel, w.state, p_now, p_expires_at)
    returning id into v_move;
  perform note_move(v_move, 'asked', 'the number', '');
end $$;

-- Free the number after the second NOTME. It receives nothing more. The worker keeps everything
-- else, and comes back with a number that two persons approve. This runs after the parts that
-- cancel a payout which has not left.
create or replace function release_number(
  p_worker bigint, p_index bytea, p_none bytea, p_channel text, p_via text, p_screen text, p_now timestamptz
) returns void language plpgsql as $$
declare w worker; m number_move;
begin
  select * into strict w from worker where id = p_worker for update;
  select * into m from number_move where worker_id = p_worker and state = 'asked' and expires_at > p_now;
  if m.id is null or w.msisdn_index <> p_index or exists (select from payout
      where worker_id = p_worker and state in ('queued', 'awaiting_approval')) then
    raise exception 'the number of worker % cannot be released now', p_worker using errcode = 'GW001';
  end if;
  perform release_task(a.id, 'expired') from assignment a where a.worker_id = p_worker and a.state = 'held';
  update outbox set state = 'cancelled', reason = 'the number is another person''s'
    where worker_id = p_worker and state = 'queued';
  update ussd_session set ended = true, view = 'end', pages = array[p_screen], page = 0
    where worker_id = p_worker and not ended;
  update worker set state = 'removed', msisdn_index = m.new_index, msisdn_sealed = p_none, number_lost_at = p_now
    where id = p_worker;
  insert into consent (worker_id, act, via, channel, said) values (p_worker, 'released', p_via, p_channel, 'NOTME');
  insert into opt_out (msisdn_index, channel, source) values (p_index, p_channel, 'NOTME') on conflict do nothing;
  update number_move set state = 'released', done_at = p_now where id = m.id;
  perform note_move(m.id, 'released', 'the number', '');
end $$;
