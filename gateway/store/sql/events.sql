-- Events, sessions and messages: further parts of a turn.

-- Store an event that is not known, its key first, since only the key is unique over all months.
-- Return false when the event is known.
create or replace function keep_event(
  p_channel text, p_kind text, p_event_id text, p_body bytea, p_state text, p_error text, p_due timestamptz, p_twin bytea
) returns boolean language plpgsql as $$
begin
  with k as (
    insert into inbox_key (channel, kind, event_id, done, twin)
      values (p_channel, p_kind, p_event_id, p_state = 'done', p_twin)
      on conflict (channel, kind, event_id) do nothing returning id, created_at)
  insert into inbox (id, channel, kind, event_id, body_sealed, state, error, due_at, created_at, tries, done_at)
    select k.id, p_channel, p_kind, p_event_id, p_body, p_state, p_error, coalesce(p_due, now()), k.created_at,
      case when p_state in ('failed', 'unclear') then 1 else 0 end, case when p_state = 'done' then now() end from k;
  return found;
end $$;

-- Record an inbound event with its reply. For a known event raise GW002, and do nothing else. An
-- event that waited or failed before becomes done. p_twin is set for an SMS and unique on its
-- channel (steps/turns/arrival/sms_identity.py). p_same_id is the beginning of the ids of all texts that this sender
-- sent under the provider's id. A second such text is reported to an operator.
create or replace function book_event(
  p_channel text, p_kind text, p_event_id text, p_worker bigint, p_body bytea, p_reply text, p_twin bytea, p_same_id text
) returns void language plpgsql as $$
declare v_remark text; v_id bigint;
begin
  if p_same_id is not null and exists (select from inbox_key i where i.channel = p_channel and i.kind = p_kind
      and i.event_id >= p_same_id and i.event_id < p_same_id || 'g' and starts_with(i.event_id, p_same_id)
      and i.event_id <> p_event_id
      -- Of two texts that were stored before they were processed, the later one is the other text.
      and not exists (select from inbox_key o where o.channel = p_channel and o.kind = p_kind
        and o.event_id = p_event_id and o.id < i.id)) then
    v_remark := 'another text of this phone came under the same id: each was heard as a message of its own';
  end if;
  with k as (
    insert into inbox_key (channel, kind, event_id, worker_id, done, twin)
      values (p_channel, p_kind, p_event_id, p_worker, true, p_twin)
      on conflict (channel, kind, event_id) do nothing returning id)
  insert into inbox (id, channel, kind, event_id, worker_id, body_sealed, state, reply, done_at, error)
    select k.id, p_channel, p_kind, p_event_id, p_worker, p_body, 'done', p_reply, now(), v_remark from k;
  if found then
    return;
  end if;
  update inbox_key set done = true, worker_id = p_worker, twin = coalesce(p_twin, twin)
    where channel = p_channel and kind = p_kind and event_id = p_event_id and not done
    returning id into v_id;
  if not found then
    raise exception 'event % was here before', p_event_id using errcode = 'GW002';
  end if;
  update inbox set state = 'done', body_sealed = p_body, reply = p_reply, worker_id = p_worker, error = v_remark,
      done_at = now()
    where id = v_id;
end $$;

-- Store, as it came, an event that could not be processed or that waits until p_due. A done event
-- stays done.
create or replace function leave_event(
  p_channel text, p_kind text, p_event_id text, p_body bytea, p_state text, p_error text, p_due timestamptz
) returns void language plpgsql as $$
declare v_id bigint;
begin
  if keep_event(p_channel, p_kind, p_event_id, p_body, p_state, p_error, p_due, null) then
    return;
  end if;
  select k.id into v_id from inbox_key k where k.channel = p_channel and k.kind = p_kind and k.event_id = p_event_id
    and not k.done for update;
  if p_state = 'waiting' then
    update inbox set due_at = p_due where id = v_id and state = 'waiting';
  else
    update inbox set state = p_state, error = p_error, tries = tries + 1 where id = v_id;
  end if;
end $$;

-- Mark an event as done. A done event keeps no remark.
create or replace function event_done(p_channel text, p_kind text, p_event_id text) returns void language plpgsql as $$
declare v_id bigint;
begin
  update inbox_key set done = true where channel = p_channel and kind = p_kind and event_id = p_event_id
    returning id into v_id;
  update inbox set state = 'done', done_at = now(), error = null where id = v_id;
end $$;

-- Return the time when an SMS without id and time came, which is the end of its event's id.
create or replace function arrived_at(p_event_id text) returns timestamptz language sql immutable as $$
  select to_timestamp(right(p_event_id, 14)::bigint / 1000.0)
$$;

-- Store an event that has had its effect already, or is a copy, as done. p_remark is for an
-- operator.
create or replace function book_copy(p_channel text, p_event_id text, p_body bytea, p_remark text)
returns void language plpgsql as $$
declare v_id bigint;
begin
  if keep_event(p_channel, 'sms', p_event_id, p_body, 'done', p_remark, null, null) then
    return;
  end if;
  update inbox_key set done = true where channel = p_channel and kind = 'sms' and event_id = p_event_id and not done
    returning id into v_id;
  update inbox set state = 'done', body_sealed = p_body, error = p_remark, done_at = now()
    where id = v_id;
end $$;

-- Store an SMS that came without id and time, and mark it by a twin of its own as no copy. Return
-- false for a copy. It is one if an equal text of the same phone was marked that came within
-- p_within of this one, and no reply to it had been sent when this one came. The times of arrival
-- decide, in whatever order the two are stored or processed.
create or replace function keep_undated(
  p_channel text, p_undated text, p_event_id text, p_index bytea, p_body bytea, p_within interval, p_due timestamptz
) returns boolean language plpgsql as $$
declare v_at timestamptz := arrived_at(p_event_id); v_original bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_channel || p_undated, 0));
  select i.id into v_original from inbox_key i
    where i.channel = p_channel and i.kind = 'sms' and i.event_id >= p_undated and i.event_id < p_undated || 'a'
      and starts_with(i.event_id, p_undated) and i.event_id <> p_event_id and i.twin is not null
      and arrived_at(i.event_id) between v_at - p_within and v_at + p_within
      and not exists (select from outbox o where o.to_index = p_index and o.purpose = 'reply'
        and o.created_at >= i.created_at and o.sent_at <= v_at)
    limit 1;
  if v_original is not null then
    perform book_copy(p_channel, p_event_id, p_body, 'a copy of a message a moment before or after it');
    return false;
  end if;
  if not keep_event(p_channel, 'sms', p_event_id, p_body, 'waiting', null, p_due, sha256(convert_to(p_event_id, 'UTF8'))) then
    update inbox_key set twin = sha256(convert_to(p_event_id, 'UTF8'))
      where channel = p_channel and kind = 'sms' and event_id = p_event_id and not done;
  end if;
  return true;
end $$;

-- Save the state of a USSD session after this key. p_before is the transcript that was read, of the
-- session that began at p_began. It is null for a new session, whose row is absent or was emptied by
-- renew_session. New sessions are counted one after the other, so that a phone never has two
-- sessions of one id in two months.
create or replace function save_session(
  p_channel text, p_session text, p_index bytea, p_worker bigint, p_before text, p_transcript text,
  p_view text, p_memory jsonb, p_pages text[], p_page smallint, p_ended boolean, p_began timestamptz
) returns void language plpgsql as $$
declare v_view text;
begin
  if p_before is null then
    perform pg_advisory_xact_lock(hashtextextended(p_channel || p_session || encode(p_index, 'hex'), 58));
    select s.view into v_view from ussd_session s where s.channel = p_channel and s.session = p_session
      and s.msisdn_index = p_index and s.created_at > sessions_since() and s.created_at < until_now();
    if not found then
      insert into ussd_session (channel, session, msisdn_index, worker_id, transcript, view, memory, pages, page, ended)
        values (p_channel, p_session, p_index, p_worker, p_transcript, p_view, p_memory, p_pages, p_page, p_ended);
    elsif v_view = '' then
      update ussd_session set worker_id = p_worker, transcript = p_transcript, view = p_view, memory = p_memory,
          pages = p_pages, page = p_page, ended = p_ended
        where channel = p_channel and session = p_session and msisdn_index = p_index and created_at > sessions_since()
          and created_at < until_now() and view = '';
    else
      raise exception 'session % has begun', p_session using errcode = 'GW001';
    end if;
  else
    -- The moment at which it began is its key, so that only one month's part is opened.
    update ussd_session set worker_id = p_worker, transcript = p_transcript, view = p_view, memory = p_memory,
        pages = p_pages, page = p_page, ended = p_ended, last_at = now()
      where channel = p_channel and session = p_session and msisdn_index = p_index and created_at = p_began
        and transcript = p_before;
  end if;
  if not found then
    raise exception 'session % has changed since it was read', p_session using errcode = 'GW001';
  end if;
end $$;

-- Empty a session that is long over, since a provider may give its id to the same phone again. From
-- now on the steps of that id are other events (their ids end with nth), and nothing of the earlier
-- session is shown.
create or replace function renew_session(p_channel text, p_session text, p_index bytea, p_nth smallint)
returns void language sql as $$
  update ussd_session set nth = nth + 1, transcript = '', view = '', memory = '{}', pages = '{}', page = 0, ended = false,
      completed = null, created_at = now(), last_at = now()
    where channel = p_channel and session = p_session and msisdn_index = p_index and created_at > sessions_since()
      and created_at < until_now() and nth = p_nth and view <> ''
$$;

-- Put one message into the outbox. p_cause makes it the same message if it is written twice (null
-- for a new message in any case). A worker's message goes to the number that is hers at this
-- moment, whichever number was read before. A worker without a number is sent nothing.
create or replace function put_message(
  p_channel text, p_worker bigint, p_to bytea, p_to_index bytea, p_text text, p_segments smallint, p_encoding text,
  p_purpose text, p_priority smallint, p_cause text, p_batch text, p_lane text
) returns bigint language plpgsql as $$
declare w record; v_id bigint;
begin
  if p_worker is not null then
    select msisdn_sealed, msisdn_index, number_lost_at into w from worker where id = p_worker for key share;
    if found and w.number_lost_at is not null then
      return null;
    end if;
    if found and w.msisdn_index <> p_to_index then
      p_to := w.msisdn_sealed;
      p_to_index := w.msisdn_index;
    end if;
  end if;
  v_id := nextval('outbox_id_seq');
  if p_cause is not null then
    insert into outbox_key (cause, id, created_at, lasting) values (p_cause, v_id, now(), p_purpose = 'money')
      on conflict (cause) do nothing;
    if not found then
      return null;
    end if;
  end if;
  insert into outbox (id, channel, worker_id, to_sealed, to_index, text, segments, encoding, purpose, priority, cause,
      batch_id, lane)
    values (v_id, p_channel, p_worker, p_to, p_to_index, p_text, p_segments, p_encoding, p_purpose, p_priority, p_cause,
      p_batch, p_lane);
  return v_id;
end $$;

create or replace function set_reach(p_worker bigint, p_reach text) returns void language sql as $$
  update worker set reach = p_reach where id = p_worker and reach <> p_reach
$$;
