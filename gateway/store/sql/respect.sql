-- The rules for unasked messages: to whom and when they may be sent. A message that a worker asked
-- for (replies, her money) is never held back here.

-- Return whether `p_hour` is within the quiet hours. From 21 until 8 passes midnight. Equal hours
-- mean none.
create or replace function is_quiet(p_hour int, p_from int, p_until int) returns boolean language sql immutable as $$
  select case when p_from = p_until then false
    when p_from < p_until then p_hour >= p_from and p_hour < p_until
    else p_hour >= p_from or p_hour < p_until end
$$;

-- The gateway's rules (p_rules) have this form:
--   {"now": when, "hours": {region: the hour there now}, "from": 21, "until": 8, "per_hour": n,
--   "per_day": n}
create or replace function is_asleep(p_worker worker, p_rules jsonb) returns boolean language sql stable as $$
  select is_quiet(case when p_worker.zone is null then (p_rules->'hours'->>(p_worker.region))::int
      else extract(hour from (p_rules->>'now')::timestamptz at time zone p_worker.zone)::int end, coalesce(p_worker.quiet_from, (p_rules->>'from')::int),
    coalesce(p_worker.quiet_until, (p_rules->>'until')::int))
$$;

-- Return whether a worker may be prompted now: not while her phone is away, not in her quiet hours,
-- and not more often than the gateway's rules allow.
create or replace function may_prompt(p_worker worker, p_rules jsonb, p_now timestamptz) returns boolean
language plpgsql stable as $$
declare v_hour int; v_day int;
begin
  if p_worker.away_since is not null or coalesce(is_asleep(p_worker, p_rules), false) then
    return false;
  end if;
  select count(*) filter (where o.created_at > p_now - interval '1 hour'), count(*) into v_hour, v_day
    from outbox o where o.to_index = p_worker.msisdn_index and o.purpose in ('question', 'notice', 'invitation')
      and o.created_at > p_now - interval '1 day' and o.state <> 'cancelled';
  return v_hour < (p_rules->>'per_hour')::int and v_day < (p_rules->>'per_day')::int;
end $$;

-- Store where a worker lives. A zone that this database does not know is refused, since it would
-- break every look at her local time.
create or replace function set_zone(p_worker bigint, p_zone text) returns void language plpgsql as $$
begin
  if p_zone is not null and not exists (select from pg_timezone_names where name = p_zone) then
    raise exception 'this PostgreSQL does not know the time zone %', p_zone;
  end if;
  update worker set zone = p_zone where id = p_worker;
end $$;

create or replace function set_quiet(p_worker bigint, p_from int, p_until int) returns void language sql as $$
  update worker set quiet_from = p_from, quiet_until = p_until where id = p_worker
$$;

create or replace function is_back(p_worker bigint) returns void language sql as $$
  update worker set away_since = null, unreached_until = null where id = p_worker
$$;

create or replace function defer_prompts(p_index bytea, p_until timestamptz) returns void language sql as $$
  update outbox set due_at = greatest(due_at, p_until)
    where to_index = p_index and state = 'queued' and purpose in ('question', 'notice', 'invitation')
$$;

-- Withdraw prompts that were delayed (by a channel that was down, for example) until the worker
-- sleeps or her phone is off. A question is asked again when she is back. Other prompts are
-- outdated by then, and are written again as well.
create or replace function hush(p_rules jsonb, p_now timestamptz, p_limit int) returns void language plpgsql as $$
declare r record;
begin
  for r in select w.id, w.msisdn_index from worker w where w.id in (
      select o.worker_id from outbox o where o.state = 'queued' and o.purpose in ('question', 'notice', 'weekly')
        and o.due_at <= p_now order by o.due_at limit p_limit)
      and (w.away_since is not null or is_asleep(w, p_rules)) order by w.id
  loop
    perform withdraw_prompts(r.id, 'not now: she sleeps, or her phone is off');
  end loop;
end $$;

-- Withdraw the unasked messages that wait for a worker, with the questions that they ask.
create or replace function withdraw_prompts(p_worker bigint, p_reason text) returns void language plpgsql as $$
declare v_asked boolean;
begin
  with taken as (update outbox set state = 'cancelled', reason = p_reason
      where worker_id = p_worker and state = 'queued' and purpose in ('question', 'notice', 'weekly') returning purpose)
    select coalesce(bool_or(purpose = 'question'), false) into v_asked from taken;
  if v_asked then
    perform release_task(a.id, 'expired') from assignment a
      where a.worker_id = p_worker and a.state = 'held' and a.via = 'sms';
  end if;
end $$;

-- Apply a report about a phone. If it is away, no unasked message is sent to it any more, unless it
-- was active after that message was sent. If the message was delivered, the phone is back.
create or replace function phone_reported(p_channel text, p_provider_id text, p_away boolean) returns void
language plpgsql as $$
declare m record; v_worker bigint;
begin
  select id, to_index, created_at, coalesce(sent_at, created_at) as sent_at into m
    from outbox where channel = p_channel and provider_id = p_provider_id and created_at > now() - known_for() and created_at < until_now()
    order by id desc limit 1;
  if not found then
    return;
  end if;
  if not p_away then
    update worker set away_since = null where msisdn_index = m.to_index and away_since is not null;
    return;
  end if;
  update worker w set away_since = now() where w.msisdn_index = m.to_index and w.away_since is null
    and not exists (select from outbox o where o.to_index = m.to_index and o.id > m.id and o.created_at >= m.created_at
      and (o.purpose = 'reply' or o.delivery = 'delivered'))
    and not exists (select from ussd_session s where s.worker_id = w.id and s.last_at > m.sent_at
      and s.created_at > m.sent_at - interval '2 days')
    returning w.id into v_worker;
  if v_worker is not null then
    perform withdraw_prompts(v_worker, 'her phone is off');
  end if;
end $$;

-- The history of consent is written once and never changed, since it proves that the worker was
-- asked.
create or replace function consent_is_forever() returns trigger language plpgsql as $$
begin
  raise exception 'the history of consent is only ever added to';
end $$;
create or replace trigger consent_is_forever before update or delete on consent
  for each row execute function consent_is_forever();
create or replace trigger consent_is_never_emptied before truncate on consent
  for each statement execute function consent_is_forever();

-- Switch the weekly message of a worker off or on.
create or replace function set_weekly(p_worker bigint, p_off boolean) returns void language sql as $$
  insert into worker_week (worker_id, off) values (p_worker, p_off)
    on conflict (worker_id) do update set off = excluded.off
$$;
