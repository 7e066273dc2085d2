-- The monthly partitions of the inbox, the outbox and the sessions, and the time for which keys are
-- known (decision 58).

-- A provider may bring an event again for this time. `known_for` limits the keys, and
-- `sessions_since` the months in which the session of a step can be. A step's key is younger than
-- its session, so sessions are searched further back.
create or replace function known_for() returns interval language sql immutable as $$ select interval '30 days' $$;
create or replace function sessions_since() returns timestamptz language sql stable as $$
  select now() - interval '32 days'
$$;
-- Tell the planner that no future month is meant. A transaction that began a moment later may be
-- over already.
create or replace function until_now() returns timestamptz language sql stable as $$
  select now() + interval '1 minute'
$$;

create or replace function month_start(p_months int) returns timestamptz language sql stable as $$
  select (date_trunc('month', now() at time zone 'UTC') + make_interval(months => p_months)) at time zone 'UTC'
$$;

create or replace function part_name(p_table text, p_start timestamptz) returns text language sql stable as $$
  select p_table || to_char(p_start at time zone 'UTC', '_YYYY_MM')
$$;

-- Return the partitions of the three tables. `since` is null for the one with all rows from before
-- the months began. Both times are null for the default partition, which takes rows without a
-- month.
create or replace function parts() returns table (parent text, part text, since timestamptz, until timestamptz)
language sql stable set timezone = 'UTC' as $$
  select p.relname, c.relname, (regexp_match(b.said, $r$FROM \('([^']+)'\)$r$))[1]::timestamptz,
      (regexp_match(b.said, $r$TO \('([^']+)'\)$r$))[1]::timestamptz
    from pg_class p join pg_inherits i on i.inhparent = p.oid join pg_class c on c.oid = i.inhrelid,
      lateral (select pg_get_expr(c.relpartbound, c.oid) as said) b
    where p.relnamespace = current_schema()::regnamespace and p.relname in ('inbox', 'outbox', 'ussd_session')
    order by 1, 4 nulls last
$$;

-- Return the months that are needed and have no partition: the current and the next ones, up to
-- p_ahead.
create or replace function missing_months(p_ahead int) returns table (parent text, since timestamptz, until timestamptz)
language sql stable as $$
  select t.parent, month_start(n), month_start(n + 1)
    from unnest(array['inbox', 'outbox', 'ussd_session']) t(parent), generate_series(0, p_ahead) n
    where to_regclass(part_name(t.parent, month_start(n))) is null
      and (n > 0 or not exists (select from parts() p where p.parent = t.parent and p.until > month_start(n)
        and (p.since is null or p.since <= month_start(n))))
    order by 2, 1
$$;

-- Make the partition of a month. Rows that came before it existed are moved from the default
-- partition. The function has the owner's rights, since only an owner may do this. It waits at most
-- two seconds for a lock, because all turns wait behind it.
create or replace function make_month(p_parent text, p_since timestamptz, p_until timestamptz) returns void
language plpgsql security definer set search_path from current set timezone = 'UTC' set lock_timeout = '2s' as $$
declare v_part text := part_name(p_parent, p_since); v_caught boolean;
begin
  execute format('create table %I (like %I including all)', v_part, p_parent);
  execute format('select exists (select from %I where created_at >= %L and created_at < %L)', p_parent || '_rest',
    p_since, p_until) into v_caught;
  if v_caught then
    execute format('lock table %I in share row exclusive mode', p_parent || '_rest');
    execute format('with caught as (delete from %I where created_at >= %L and created_at < %L returning *)
      insert into %I select * from caught', p_parent || '_rest', p_since, p_until, v_part);
  end if;
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', p_parent, v_part, p_since, p_until);
end $$;

-- Delete the keys of the next p_limit expired rows of each table, and return how many rows that
-- were. The keys of events that are not done, and of messages about money, stay. The rows tell
-- which keys are old, so the keys need no index by time.
create or replace function forget_keys(p_limit int) returns bigint language plpgsql as $$
declare v_upto bigint; v_last bigint; v_rows bigint; v_all bigint := 0; v_old timestamptz := now() - known_for();
begin
  select f.upto into v_upto from forgotten f where f.parent = 'inbox' for update;
  with old as materialized (
    select i.id, i.channel, i.kind, i.event_id from inbox i where i.id > v_upto and i.created_at < v_old
      order by i.id limit p_limit
  ), gone as (
    delete from inbox_key k using old o
      where k.channel = o.channel and k.kind = o.kind and k.event_id = o.event_id and k.id = o.id and k.done
  )
  select max(id), count(*) into v_last, v_rows from old;
  update forgotten f set upto = v_last where f.parent = 'inbox' and v_last is not null;
  v_all := v_rows;

  select f.upto into v_upto from forgotten f where f.parent = 'outbox' for update;
  with old as materialized (
    select o.id, o.cause, o.state from outbox o where o.id > v_upto and o.created_at < v_old order by o.id limit p_limit
  ), gone as (
    delete from outbox_key k using old o where k.cause = o.cause and k.id = o.id and not k.lasting
      and o.state not in ('queued', 'sending', 'unknown')
  )
  select max(id), count(*) into v_last, v_rows from old;
  update forgotten f set upto = v_last where f.parent = 'outbox' and v_last is not null;
  return v_all + v_rows;
end $$;

-- Return the time from which the next key would be deleted, or null when a table has no further
-- row.
create or replace function next_forgotten() returns timestamptz language plpgsql stable as $$
declare v_next timestamptz; v_first timestamptz; v_upto bigint;
begin
  select f.upto into v_upto from forgotten f where f.parent = 'inbox';
  select created_at into v_first from inbox where id > v_upto order by id limit 1;
  select f.upto into v_upto from forgotten f where f.parent = 'outbox';
  select created_at into v_next from outbox where id > v_upto order by id limit 1;
  return least(v_first, v_next) + known_for();
end $$;

-- Return the condition for rows that are still open when their month leaves. They stay, in the
-- default partition.
create or replace function is_open(p_parent text) returns text language sql immutable as $$
  select case p_parent when 'inbox' then $q$state in ('waiting', 'failed')$q$
    when 'outbox' then $q$state in ('queued', 'sending', 'unknown')$q$ else 'false' end
$$;

-- Take a month out of its table, except for the rows that are still open. From then on no process
-- writes to it, and archived_month records that it is leaving. Only a month that is older than
-- every known key may leave. The function has the owner's rights.
create or replace function detach_month(p_part text) returns void
language plpgsql security definer set search_path from current set lock_timeout = '2s' as $$
declare p record;
begin
  select * into p from parts() x where x.part = p_part and x.until < now() - interval '34 days';
  if not found then
    raise exception 'there is no partition % that is old enough to leave', p_part;
  end if;
  execute format('alter table %I detach partition %I', p.parent, p.part);
  execute format('with open as (delete from %I where %s returning *) insert into %I select * from open', p.part,
    is_open(p.parent), p.parent);
  insert into archived_month (part, parent, since, until) values (p.part, p.parent, p.since, p.until);
end $$;

-- Drop the table of a month that is written to p_file (null for none), with the keys that only its
-- rows had.
create or replace function drop_month(p_part text, p_file text, p_rows bigint, p_bytes bigint, p_sha256 text)
returns void language plpgsql security definer set search_path from current set lock_timeout = '2s' as $$
declare v_parent text; v_until timestamptz;
begin
  update archived_month set file = p_file, rows = p_rows, bytes = p_bytes, sha256 = p_sha256, done_at = now()
    where part = p_part and done_at is null returning parent, until into v_parent, v_until;
  if not found then
    raise exception '% did not leave its table', p_part;
  end if;
  -- These keys were not deleted in time because their events were not done then.
  delete from inbox_key k where v_parent = 'inbox' and k.created_at < v_until and not exists (select from inbox i
    where i.id = k.id and i.created_at = k.created_at);
  delete from outbox_key k where v_parent = 'outbox' and k.created_at < v_until and not k.lasting and not exists (
    select from outbox o where o.id = k.id and o.created_at = k.created_at);
  execute format('drop table %I', p_part);
end $$;

-- Reset the planner's statistics of future months. If a partition was analysed while it was empty,
-- the planner believes that it stays empty. It then reads the whole partition until autovacuum
-- runs, which means a minute of slow turns at the beginning of a month.
create or replace function plan_months_anew() returns void language plpgsql security definer
set search_path from current set lock_timeout = '2s' as $$
declare v_part text;
begin
  for v_part in select p.part from parts() p join pg_class c on c.oid = to_regclass(p.part)
      where p.since > now() + interval '1 hour' and c.reltuples = 0
  loop
    execute format('lock table %I in access exclusive mode', v_part);
    -- A truncated table counts as new. There is no other way before version 18.
    execute format('do $do$ begin if not exists (select from %I) then truncate %I; end if; end $do$', v_part, v_part);
  end loop;
end $$;
