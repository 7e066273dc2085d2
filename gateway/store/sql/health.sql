-- The health of payout providers: silent, stopped, or settling the payouts that a crash left open.

-- Record that a query or a payment got no usable answer. From now on, one payout is queried each
-- minute.
create or replace function provider_silent(p_provider text, p_now timestamptz) returns void language sql as $$
  insert into provider_health as h (provider, silent_since, ask_at) values (p_provider, p_now, p_now + interval '1 minute')
    on conflict (provider) do update set silent_since = coalesce(h.silent_since, p_now),
      ask_at = coalesce(h.ask_at, p_now + interval '1 minute')
$$;

-- Query all payouts that have been open with a provider since before a time. Twenty per second are
-- queried, so that a provider which has just recovered is not overloaded again.
create or replace function ask_all_open(p_provider text, p_before timestamptz, p_now timestamptz)
returns bigint language plpgsql as $$
declare v_asked bigint;
begin
  with open as (
    select p.id, row_number() over (order by p.sent_at) as n from payout p
      where p.provider = p_provider and p.settled_at is null and p.state in ('submitted', 'unknown')
        and p.sent_at <= p_before and p.due_at > p_now)
  update payout p set due_at = least(p.due_at, p_now + interval '50 milliseconds' * o.n) from open o where p.id = o.id;
  get diagnostics v_asked = row_count;
  return v_asked;
end $$;

-- Record that a provider has answered. If it was silent before, all its open payouts are queried at
-- once, and for five minutes again each minute. Return how many payouts that are.
create or replace function provider_heard(p_provider text, p_now timestamptz) returns bigint language plpgsql as $$
begin
  perform from provider_health where provider = p_provider and silent_since is not null for update skip locked;
  if not found then
    return 0;
  end if;
  update provider_health h set silent_since = null, ask_at = case when stopped_at is not null then ask_at end,
      heard_at = p_now, attend_at = p_now + interval '1 minute',
      heard_event = (select coalesce(max(id), 0) from payout_event)
    where provider = p_provider;
  return ask_all_open(p_provider, p_now, p_now);
end $$;

-- Return the number of payments sent since the provider was last heard again, at most ten minutes
-- ago, and the number of those with an unknown outcome.
create or replace function provider_share(p_provider text, out sent bigint, out unknown bigint) language sql stable as $$
  select count(*) filter (where e.event = 'claim'), count(*) filter (where e.event in ('ambiguous', 'lease_expired'))
    from payout_event e join payout p on p.id = e.payout_id
    where p.provider = p_provider and e.at > now() - interval '10 minutes'
      and e.id > (select max(id) - 5000 from payout_event)
      and e.id > coalesce((select h.heard_event from provider_health h where h.provider = p_provider), 0)
$$;

-- Open the breaker: no payout is sent until the provider answers again, for at least two minutes.
create or replace function provider_stops(p_provider text, p_now timestamptz, p_reason text) returns void language sql as $$
  insert into provider_health as h (provider, silent_since, ask_at, stopped_at, reason)
    values (p_provider, p_now, p_now + interval '1 minute', p_now, p_reason)
    on conflict (provider) do update set silent_since = coalesce(h.silent_since, p_now),
      ask_at = coalesce(h.ask_at, p_now + interval '1 minute'), stopped_at = p_now, reason = p_reason
$$;

-- Settle first what was in flight at a crash. A provider with open payouts sends nothing new until
-- each of them was queried once. A payout that a runner may still be sending is queried when its
-- lease is over.
create or replace function settle_first(p_now timestamptz) returns bigint language plpgsql as $$
declare v_open bigint;
begin
  insert into provider_health as h (provider, settling_at)
    select distinct p.provider, p_now from payout p
      where p.settled_at is null and p.state in ('submitting', 'submitted', 'unknown')
    on conflict (provider) do update set settling_at = excluded.settling_at;
  update payout p set due_at = p_now
    where p.settled_at is null and p.state in ('submitted', 'unknown') and p.due_at > p_now;
  get diagnostics v_open = row_count;
  return v_open;
end $$;

-- Maintain the providers' states each time a runner looks for due work. Each silent provider's last
-- sent payout is queried once a minute. A provider that has answered for two minutes is used again,
-- and so is one that has settled its payouts in flight.
create or replace function tend_providers(p_now timestamptz) returns void language plpgsql as $$
declare v record;
begin
  for v in select * from provider_health h where h.ask_at <= p_now for update skip locked loop
    update payout p set due_at = p_now where p.id = (
      select q.id from payout q where q.provider = v.provider and q.settled_at is null
        and q.state in ('submitted', 'unknown') order by q.sent_at desc limit 1);
    if found then
      update provider_health set ask_at = p_now + interval '1 minute' where provider = v.provider;
    else  -- There is nothing to query, so the next payment will tell.
      update provider_health set ask_at = null, silent_since = null, stopped_at = null where provider = v.provider;
    end if;
  end loop;
  for v in select * from provider_health h where h.attend_at <= p_now for update skip locked loop
    perform ask_all_open(v.provider, v.heard_at, p_now);
    update provider_health set attend_at = case when p_now < v.heard_at + interval '5 minutes'
      then p_now + interval '1 minute' end where provider = v.provider;
  end loop;
  update provider_health set stopped_at = null, ask_at = null
    where stopped_at <= p_now - interval '2 minutes' and silent_since is null;
  update provider_health h set settling_at = null
    where h.settling_at is not null and (h.settling_at <= p_now - interval '5 minutes' or not exists (
      select from payout p join payout_due d on d.payout_id = p.id
        where p.provider = h.provider and p.settled_at is null
          and (p.state in ('submitted', 'unknown') and d.due_at <= h.settling_at
            or p.state = 'submitting' and p.sent_at <= h.settling_at)));
end $$;
