-- Coordinators: a PIN with three tries, a bounded number of invitations, and a history that only
-- grows.

create or replace trigger coordinator_event_is_forever before update or delete on coordinator_event
  for each row execute function only_ever_grows();

-- Count a try of a coordinator's PIN like pin_tried does for workers. It is judged on the wrong
-- tries that were read, so that any number of SMS have three tries together.
create or replace function coordinator_pin_tried(p_coordinator bigint, p_wrong smallint, p_right boolean)
returns void language plpgsql as $$
begin
  update coordinator_pin set wrong = case when p_right then 0 else wrong + 1 end
    where coordinator_id = p_coordinator and wrong = p_wrong and wrong < 3;
  if not found then
    raise exception 'the PIN of coordinator % was tried meanwhile', p_coordinator using errcode = 'GW001';
  end if;
end $$;

-- Check the day's limit after the invitations of this commit are written, so that any number of SMS
-- stay below it together.
create or replace function coordinator_may_invite(p_coordinator bigint, p_most int) returns void language plpgsql as $$
begin
  perform from coordinator where id = p_coordinator for update;
  if (select count(*) from consent where coordinator_id = p_coordinator and act = 'invited'
      and at > now() - interval '24 hours') > p_most then
    raise exception 'coordinator % has invited enough today', p_coordinator using errcode = 'GW001';
  end if;
end $$;

-- Set a name that a coordinator or the worker gives, and record it in the history of consent with
-- its author.
create or replace function name_worker(p_worker bigint, p_name text, p_via text, p_coordinator bigint)
returns void language plpgsql as $$
begin
  update worker set name = p_name where id = p_worker;
  insert into consent (worker_id, act, via, channel, said, coordinator_id)
    values (p_worker, 'named', p_via, null, 'NAME', p_coordinator);
end $$;

-- Return the coordinators who look after a worker now: the one who enrolled her, else those of her
-- centre.
create or replace function worker_coordinators(p_worker bigint) returns setof bigint language sql stable as $$
  select c.id from worker w join coordinator c on c.state = 'active' and (c.id = w.coordinator_id
      or c.partner_id = w.partner_id and not exists (select from coordinator x
        where x.id = w.coordinator_id and x.state = 'active'))
    where w.id = p_worker order by c.id
$$;
