-- The outbox: claimed in groups, settled in groups, billed once.

-- Return the reference of the payout that a message is about, from the message's cause.
create or replace function payout_told_of(p_cause text) returns text language sql stable as $$
  select case when p_cause ~ '^payout:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:'
    then (select ref from payout where id = split_part(p_cause, ':', 2)::uuid) end
$$;

-- Claim due messages: replies first, then broadcasts, with clients in turn and each client's
-- batches in turn, counted in segments. A channel has one claim at a time, so that two runners do
-- not look at the same rows. An open breaker gives no message before its time, and then one probe.
-- p_holder is for channels with a rate limit: only the holder of the channel gets messages, and
-- keeps its hold. The probe is a message that has not failed since the breaker opened, if there is
-- one. While only one message is suspected, any other is tried at once.
drop function if exists claim_messages(text, timestamptz, timestamptz, int, int, uuid, float8);
create function claim_messages(
  p_channel text, p_now timestamptz, p_lease_until timestamptz, p_limit int, p_segments int, p_holder uuid, p_hold_s float8
) returns table (
  id bigint, to_sealed bytea, text text, purpose text, priority smallint, segments smallint, tries smallint, roads text[],
  breaker text, failures int, opened int, until timestamptz, reason text, version bigint, suspects bigint[],
  failed_before boolean, cause text, payout text
) language plpgsql as $$
#variable_conflict use_column
declare s channel_state; v_limit int := p_limit; v_ids bigint[]; v_more bigint[]; v_early boolean := false;
  -- the oldest of them, since older months need not be searched again
  v_since timestamptz; v_more_since timestamptz;
begin
  select * into s from channel_state c where c.channel = p_channel for update;
  if not found then
    insert into channel_state (channel) values (p_channel) on conflict do nothing;
    select * into s from channel_state c where c.channel = p_channel for update;
  end if;
  if s.breaker <> 'closed' then
    if s.until > p_now then
      if s.breaker <> 'open' or cardinality(s.suspects) <> 1 then
        return;
      end if;
      v_early := true;
    end if;
    v_limit := 1;
  end if;
  if p_holder is not null then
    if s.holder is distinct from p_holder then
      return;
    end if;
    update channel_state c set held_until = clock_timestamp() + make_interval(secs => p_hold_s) where c.channel = p_channel;
  end if;

  if s.breaker <> 'closed' and s.suspects <> '{}' then
    select array[o.id], o.created_at into v_ids, v_since from outbox o where o.created_at < until_now() and o.channel = p_channel and o.state = 'queued' and o.due_at <= p_now
        and o.id <> all(s.suspects)
      order by o.priority, o.due_at, o.id limit 1 for update skip locked;
    if v_ids is not null then
      v_limit := 0;
    elsif v_early then
      return;
    end if;
  end if;
  if v_limit > 0 then
  select array_agg(o.id order by o.due_at, o.id), min(o.created_at) into v_ids, v_since from (
    select o.id, o.due_at, o.created_at from outbox o where o.created_at < until_now() and o.channel = p_channel and o.state = 'queued' and o.priority = 0
      and o.lane = '' and o.due_at <= p_now
    order by o.due_at, o.id limit v_limit for update skip locked) o;
  v_limit := v_limit - coalesce(cardinality(v_ids), 0);
  end if;
  if v_limit > 0 then
    with recursive lanes(lane) as (
      (select o.lane from outbox o where o.created_at < until_now() and o.channel = p_channel and o.state = 'queued' and o.priority = 1
        order by o.lane limit 1)
      union all
      select (select o.lane from outbox o where o.created_at < until_now() and o.channel = p_channel and o.state = 'queued' and o.priority = 1
        and o.lane > l.lane order by o.lane limit 1) from lanes l where l.lane is not null
    ), by_batch as (
      select split_part(l.lane, '/', 1) as client, x.id, x.segments, x.created_at,
        sum(x.segments) over (partition by l.lane order by x.due_at, x.id) as so_far
      from (select lane from lanes where lane is not null order by random() limit 64) l cross join lateral (
        select o.id, o.segments, o.due_at, o.created_at from outbox o where o.created_at < until_now() and o.channel = p_channel and o.state = 'queued'
          and o.priority = 1 and o.lane = l.lane and o.due_at <= p_now order by o.due_at, o.id limit v_limit) x
    ), by_client as (
      select b.id, b.created_at, sum(b.segments) over (partition by b.client order by b.so_far, b.id) as so_far from by_batch b
    )
    select array_agg(o.id order by o.so_far, o.id), min(o.created_at) into v_more, v_more_since from (
      select c.id, c.so_far, c.created_at from by_client c order by c.so_far, c.id limit v_limit) o;
  end if;

  v_since := least(v_since, v_more_since);
  return query
    with wanted as (
      select w.id, w.n, sum(o.segments) over (order by w.n) as so_far
        from unnest(v_ids || v_more) with ordinality as w(id, n) join outbox o on o.id = w.id and o.created_at >= v_since and o.created_at < until_now()
    ), mine as (
      select o.id, w.n from wanted w join outbox o on o.id = w.id and o.created_at >= v_since and o.created_at < until_now()
        where o.state = 'queued' and (p_segments is null or w.so_far <= p_segments or w.n = 1)
        order by o.id for update of o skip locked
    ), claimed as (
      update outbox o set state = 'sending', lease_until = p_lease_until, tries = o.tries + 1
        from mine m where o.id = m.id and o.created_at >= v_since and o.created_at < until_now()
        returning o.id, o.to_sealed, o.text, o.purpose, o.priority, o.segments, o.tries, o.roads, o.reason is not null as failed_before,
          o.cause, m.n
    )
    select c.id, c.to_sealed, c.text, c.purpose, c.priority, c.segments, c.tries, c.roads,
        s.breaker, s.failures, s.opened, s.until, s.reason, s.version, s.suspects, c.failed_before,
        c.cause, payout_told_of(c.cause)
      from claimed c order by c.n;
  if found and s.breaker <> 'closed' then
    update channel_state c set breaker = 'probing', until = p_lease_until where c.channel = p_channel;
  end if;
end $$;

-- Hold a channel with a rate limit for one runner, and return false when another runner holds it.
-- Also return the pace of the last holder and the seconds since then. They are null if it left no
-- record; it may then have been sending until its hold ran out.
create or replace function hold_channel(
  p_channel text, p_holder uuid, p_hold_s float8, out held boolean, out pace jsonb, out since_s float8, out was_held boolean
) language plpgsql as $$
declare v_held_until timestamptz;
begin
  insert into channel_state (channel) values (p_channel) on conflict do nothing;
  select c.held_until, c.pace, extract(epoch from clock_timestamp() - c.paced_at), c.held_until is not null
    into v_held_until, pace, since_s, was_held
    from channel_state c where c.channel = p_channel for update;
  held := v_held_until is null or v_held_until <= clock_timestamp();
  if held then
    update channel_state c set holder = p_holder, held_until = clock_timestamp() + make_interval(secs => p_hold_s),
      pace = null, paced_at = null where c.channel = p_channel;
  end if;
end $$;

create or replace function release_channel(p_channel text, p_holder uuid, p_pace jsonb) returns void language sql as $$
  update channel_state set holder = null, held_until = null, pace = p_pace, paced_at = clock_timestamp()
    where channel = p_channel and holder = p_holder
$$;

-- Add messages that a provider has just accepted to the sums.
create or replace function bill_messages(p_ids bigint[]) returns void language sql as $$
  insert into message_bill as b (channel, batch_id, day, country, network, currency, messages, segments, micro)
    select channel, coalesce(batch_id, ''), (now() at time zone 'utc')::date, coalesce(country, ''), coalesce(network, ''),
      coalesce(cost_currency, ''), count(*), sum(segments), coalesce(sum(cost_micro), 0)
    from outbox where id = any(p_ids) group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
    on conflict (channel, batch_id, day, country, network, currency) do update set
      messages = b.messages + excluded.messages, segments = b.segments + excluded.segments, micro = b.micro + excluded.micro
$$;

-- Store the provider's response to each message of a claim. `state` is the new state. A message
-- that moves to another channel is due there at once. `tries` is the new start of its tries.
drop type if exists sent_message;
create type sent_message as (
  id bigint, state text, channel text, tries smallint, due_at timestamptz, provider_id text, reason text,
  cost bigint, currency text, country text, network text
);
create or replace function settle_messages(p_channel text, p_sent sent_message[]) returns void language plpgsql as $$
-- the oldest of them, since older months need not be searched again
declare v_taken bigint[]; v_since timestamptz;
begin
  -- The rows are locked in the order of their ids, so that receipts and other runners never
  -- deadlock.
  select min(x.created_at) into v_since from (select o.created_at from outbox o where o.id = any(array(select s.id from unnest(p_sent) s))
    order by o.id for update) x;
  with changed as (
    update outbox o set state = r.state, due_at = coalesce(r.due_at, o.due_at), tries = r.tries,
        roads = case when r.channel <> o.channel then o.roads || o.channel else o.roads end, channel = r.channel,
        provider_id = r.provider_id, reason = r.reason, cost_micro = r.cost, cost_currency = r.currency,
        country = r.country, network = r.network,
        sent_at = case when r.state in ('accepted', 'unknown') then now() else o.sent_at end, lease_until = null
      from unnest(p_sent) r
      where o.id = r.id and o.state = 'sending' and o.created_at >= v_since and o.created_at < until_now()
      returning o.id, o.state
  )
  select array_agg(c.id) filter (where c.state = 'accepted') into v_taken from changed c;
  if v_taken is not null then
    perform bill_messages(v_taken);
    update channel_state set last_success_at = now()
      where channel = p_channel and (last_success_at is null or last_success_at < now() - interval '1 second');
  end if;
end $$;

-- Store a delivery report. Reports are ranked, so the state never goes backwards. All columns are
-- null when no message has this id (yet). p_own is the gateway's own id, if the provider returns
-- it. A report on a message with an unknown outcome settles it, even when it was about to be sent
-- again.
drop function if exists take_receipt(text, text, bigint, text, smallint, text);
create function take_receipt(
  p_channel text, p_provider_id text, p_own bigint, p_delivery text, p_rank smallint, p_reason text,
  out message bigint, out cause text, out payout text
) language plpgsql as $$
declare o outbox;
begin
  select * into o from outbox where channel = p_channel and provider_id = p_provider_id and created_at > now() - known_for()
    and created_at < until_now()
    order by id desc limit 1 for update;
  if not found and p_own is not null then
    select * into o from outbox where id = p_own and channel = p_channel and provider_id is null and tries > 0
      and state in ('unknown', 'queued', 'lost') for update;
  end if;
  if o.id is null then
    return;
  end if;
  message := o.id;
  cause := o.cause;
  payout := payout_told_of(o.cause);
  if p_delivery is not null and p_rank > o.delivery_rank then
    update outbox set delivery = p_delivery, delivery_rank = p_rank, reason = coalesce(p_reason, reason),
        provider_id = p_provider_id where id = o.id and created_at = o.created_at;
    if o.state in ('unknown', 'lost') or (o.state = 'queued' and o.sent_at is not null) then
      update outbox set state = 'accepted', sent_at = coalesce(sent_at, now()) where id = o.id and created_at = o.created_at;
      perform bill_messages(array[o.id]);
    end if;
  end if;
end $$;

-- Raise GW001 unless the number has had fewer than p_most similar replies in this hour. Similar
-- replies have the same words or, with p_prefix, a cause that begins so since the last reply whose
-- cause does not. Replies to one number are counted one after the other, so that a burst cannot see
-- the same count. After GW001 the turn is decided again on the new facts.
create or replace function limit_replies(p_index bytea, p_text text, p_prefix text, p_most int)
returns void language plpgsql as $$
declare
  v_count bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended(encode(p_index, 'hex'), 41));
  with o as (select id, text, cause, created_at from outbox where to_index = p_index and purpose = 'reply'
        and created_at > now() - interval '1 hour' order by id desc limit 200)
    select count(*) into v_count from o
      where case when p_prefix is null then o.text = p_text else starts_with(o.cause, p_prefix) and o.id > coalesce(
        (select max(u.id) from o u where not coalesce(starts_with(u.cause, p_prefix), false)), 0) end;
  if v_count >= p_most then
    raise exception 'this number has had % such replies in an hour', p_most using errcode = 'GW001';
  end if;
end $$;

-- Delay a message that may soon be replaced by news.
create or replace function hold_message(p_cause text, p_until timestamptz) returns void language plpgsql as $$
declare k outbox_key;
begin
  select * into k from outbox_key where cause = p_cause;
  update outbox set due_at = p_until where id = k.id and state = 'queued' and tries = 0;
end $$;

-- Cancel the replies that were held back because their SMS were not understood again and again. A
-- newer reply takes their place.
create or replace function drop_held_back(p_index bytea) returns void language sql as $$
  update outbox set state = 'cancelled', reason = 'a newer reply takes its place'
    where id in (select id from outbox where to_index = p_index and created_at > now() - interval '2 days'
        order by id desc limit 20)
      and created_at > now() - interval '2 days'
      and state = 'queued' and purpose = 'reply' and tries = 0 and due_at > now()
      and (starts_with(cause, 'unclear:') or starts_with(cause, 'again:'))
$$;

create or replace function let_go(p_cause text) returns void language plpgsql as $$
declare k outbox_key;
begin
  select * into k from outbox_key where cause = p_cause;
  update outbox set due_at = created_at where id = k.id and state = 'queued' and tries = 0;
end $$;

create or replace function take_back(p_cause text, p_reason text) returns void language plpgsql as $$
declare k outbox_key;
begin
  select * into k from outbox_key where cause = p_cause;
  update outbox set state = 'cancelled', reason = p_reason
    where id = k.id and state = 'queued' and tries = 0;
end $$;

-- Return the message of a cause. There is no row if none was written, or if its month is archived.
create or replace function message_of(p_cause text) returns setof outbox language plpgsql stable rows 1 as $$
declare k outbox_key;
begin
  select * into k from outbox_key where cause = p_cause;
  if found then
    return query select * from outbox where id = k.id;
  end if;
end $$;
