-- The months in which the inbox, the outbox and the sessions lie, and for how long keys are known (decision 58).

-- A provider may bring an event again for so long: `known_for` of what is forgotten, `sessions_since` of where a session
-- that a step may belong to can lie. A step's key is younger than its session, so sessions are looked for further back.
create or replace function known_for() returns interval language sql immutable as $$ select interval '30 days' $$;
create or replace function sessions_since() returns timestamptz language sql stable as $$
  select now() - interval '32 days'
$$;

create or replace function month_start(p_months int) returns timestamptz language sql stable as $$
  select (date_trunc('month', now() at time zone 'UTC') + make_interval(months => p_months)) at time zone 'UTC'
$$;

create or replace function part_name(p_table text, p_start timestamptz) returns text language sql stable as $$
  select p_table || to_char(p_start at time zone 'UTC', '_YYYY_MM')
$$;

-- The parts of the three tables. `since` is null for the part of all before the months began; both are null for the one
-- that catches what has no month.
create or replace function parts() returns table (parent text, part text, since timestamptz, until timestamptz)
language sql stable set timezone = 'UTC' as $$
  select p.relname, c.relname, (regexp_match(b.said, $r$FROM \('([^']+)'\)$r$))[1]::timestamptz,
      (regexp_match(b.said, $r$TO \('([^']+)'\)$r$))[1]::timestamptz
    from pg_class p join pg_inherits i on i.inhparent = p.oid join pg_class c on c.oid = i.inhrelid,
      lateral (select pg_get_expr(c.relpartbound, c.oid) as said) b
    where p.relnamespace = current_schema()::regnamespace and p.relname in ('inbox', 'outbox', 'ussd_session')
    order by 1, 4 nulls last
$$;

-- Months that are wanted and have no part: this one and the next ones, up to p_ahead.
create or replace function missing_months(p_ahead int) returns table (parent text, since timestamptz, until timestamptz)
language sql stable as $$
  select t.parent, month_start(n), month_start(n + 1)
    from unnest(array['inbox', 'outbox', 'ussd_session']) t(parent), generate_series(0, p_ahead) n
    where to_regclass(part_name(t.parent, month_start(n))) is null
      and (n > 0 or not exists (select from parts() p where p.parent = t.parent and p.until > month_start(n)
        and (p.since is null or p.since <= month_start(n))))
    order by 2, 1
$$;

-- Makes the part of a month. Rows that came before there was one are taken from the part that catches them. With the
-- owner's rights: only an owner may. Waits for a lock for two seconds at most, since all turns wait behind it.
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

-- Forgets keys whose time is over, p_limit of each table at most; how many. What is not done, or not over, stays known.
create or replace function forget_keys(p_limit int) returns bigint language plpgsql as $$
declare v_events bigint; v_causes bigint;
begin
  delete from inbox_key where (channel, kind, event_id) in (select channel, kind, event_id from inbox_key
    where done and created_at < now() - known_for() order by created_at limit p_limit);
  get diagnostics v_events = row_count;
  delete from outbox_key where cause in (select k.cause from outbox_key k
    where not k.lasting and k.created_at < now() - known_for() and not exists (select from outbox o
      where o.id = k.id and o.created_at = k.created_at and o.state in ('queued', 'sending', 'unknown'))
    order by k.created_at limit p_limit);
  get diagnostics v_causes = row_count;
  return v_events + v_causes;
end $$;
