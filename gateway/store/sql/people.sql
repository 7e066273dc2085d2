-- Workers join, agree, stop and leave. Every step of consent is recorded: its author, time, channel
-- and words.

-- Assignments name their worker without a foreign key, so a worker is never deleted
-- (docs/decisions/0084).
create or replace function worker_is_kept() returns trigger language plpgsql as $$
begin
  raise exception 'a worker is never deleted' using errcode = 'GW010';
end $$;
create or replace trigger worker_is_kept before delete on worker for each row execute function worker_is_kept();
create or replace trigger workers_are_kept before truncate on worker
  for each statement execute function worker_is_kept();

-- Enrol a person who asks to join or is enrolled. A known person is taken back. An active worker
-- stays unchanged.
create or replace function enrol_worker(
  p_index bytea, p_sealed bytea, p_name text, p_language text, p_state text, p_partner text, p_coordinator bigint,
  p_region text, p_currency text, p_channel text, p_act text, p_via text, p_by_channel text, p_said text,
  p_zone text default null
) returns bigint language plpgsql as $$
declare v_id bigint; v_partner bigint; v_account bigint;
begin
  select id into v_partner from partner where code = upper(p_partner);
  select id into v_id from worker where msisdn_index = p_index;
  if v_id is null then
    v_id := nextval('worker_id_seq');
    insert into account (kind, owner, currency, bounded) values ('worker_payable', v_id::text, p_currency, true)
      returning id into v_account;
    insert into worker (id, name, language, state, partner_id, coordinator_id, msisdn_sealed, msisdn_index, region,
        currency, account_id, sms_channel, zone)
      overriding system value
      values (v_id, p_name, p_language, p_state, v_partner, p_coordinator, p_sealed, p_index, p_region, p_currency,
        v_account, p_channel, (select z.name from pg_timezone_names z where p_zone is not null and z.name = p_zone))
      on conflict (msisdn_index) do nothing;
    if not found then
      raise exception 'this number is being enrolled right now' using errcode = 'GW001';
    end if;
  else
    update worker set state = case when state = 'active' then state else p_state end, language = p_language,
        name = case when p_name <> '' then p_name else name end,
        partner_id = coalesce(v_partner, partner_id), coordinator_id = coalesce(p_coordinator, coordinator_id)
      where id = v_id;
  end if;
  insert into consent (worker_id, act, via, channel, said, coordinator_id)
    values (v_id, p_act, p_via, p_by_channel, p_said, p_coordinator);
  if p_act = 'invited' then
    -- The invitation that follows replaces one that has not been sent yet.
    update outbox set state = 'cancelled', reason = 'invited again'
      where to_index = p_index and state = 'queued' and purpose = 'invitation';
  end if;
  if p_state = 'active' then
    delete from opt_out where msisdn_index = p_index;
  end if;
  return v_id;
end $$;

-- Change a worker's state by her own word (or her coordinator's). Leaving frees the tasks that she
-- holds.
create or replace function change_worker(
  p_worker bigint, p_state text, p_act text, p_via text, p_channel text, p_said text, p_coordinator bigint default null
) returns void language plpgsql as $$
begin
  update worker set state = p_state where id = p_worker;
  insert into consent (worker_id, act, via, channel, said, coordinator_id)
    values (p_worker, p_act, p_via, p_channel, p_said, p_coordinator);
  if p_state = 'active' then
    -- Her own word ends an opt-out that the carrier reported before.
    delete from opt_out x using worker w where w.id = p_worker and x.msisdn_index = w.msisdn_index;
  end if;
  if p_state in ('stopped', 'removed') then
    perform release_task(a.id, 'expired') from assignment a where a.worker_id = p_worker and a.state = 'held';
    update outbox set state = 'cancelled', reason = p_act
      where worker_id = p_worker and state = 'queued' and purpose in ('question', 'notice', 'weekly');
    update outbox o set state = 'cancelled', reason = p_act from worker w
      where w.id = p_worker and o.to_index = w.msisdn_index and o.state = 'queued' and o.purpose = 'invitation';
  end if;
end $$;

create or replace function set_name(p_worker bigint, p_name text) returns void language sql as $$
  update worker set name = p_name where id = p_worker
$$;

create or replace function set_ease(p_worker bigint, p_ease smallint) returns void language sql as $$
  update worker set ease = p_ease where id = p_worker
$$;

create or replace function set_language(p_worker bigint, p_language text) returns void language sql as $$
  update worker set language = p_language where id = p_worker
$$;

-- Keep a worker's optional statement about herself, in place of the one before. The consent row says
-- that she made it, and repeats nothing of it, so that a withdrawal leaves nothing.
create or replace function tell_about(
  p_worker bigint, p_gender text, p_birth_year smallint, p_refugee boolean, p_dependents smallint, p_via text,
  p_channel text
) returns void language plpgsql as $$
begin
  insert into about (worker_id, gender, birth_year, refugee, dependents)
    values (p_worker, p_gender, p_birth_year, p_refugee, p_dependents)
    on conflict (worker_id) do update set gender = excluded.gender, birth_year = excluded.birth_year,
      refugee = excluded.refugee, dependents = excluded.dependents, at = now();
  insert into consent (worker_id, act, via, channel) values (p_worker, 'about', p_via, p_channel);
end $$;

create or replace function withdraw_about(p_worker bigint, p_via text, p_channel text) returns void language plpgsql as $$
begin
  delete from about where worker_id = p_worker;
  insert into consent (worker_id, act, via, channel) values (p_worker, 'about_withdrawn', p_via, p_channel);
end $$;
