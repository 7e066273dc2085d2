-- The leases of questions. By USSD a lease runs from the screen. By SMS it runs from the delivery
-- receipt, or without one from the sending plus a grace. A message is found by its worker and by
-- the time when it was written. That is also the time when its questions were put to her, since
-- both are one commit.

-- Apply a report about a message that may have carried questions.
create or replace function prompt_reported(
  p_channel text, p_provider_id text, p_delivered boolean, p_at timestamptz, p_quiet interval
) returns void language plpgsql as $$
declare v_worker bigint; v_asked timestamptz;
begin
  select o.worker_id, o.created_at into v_worker, v_asked from outbox o
    where o.channel = p_channel and o.provider_id = p_provider_id and o.purpose in ('question', 'reply')
      and o.created_at > now() - known_for() and o.created_at < until_now()
    order by o.id desc limit 1;
  if v_worker is null then
    return;
  elsif not p_delivered then
    perform prompt_failed(v_worker, v_asked, p_at, p_quiet);
    return;
  end if;
  -- A worker whose row another turn locks right now is answering, so she needs no lease any more.
  update assignment a set delivered_at = p_at, lease_until = p_at + make_interval(secs => b.lease_s)
    from task t join batch b on b.id = t.batch_id
    where t.id = a.task_id and a.id in (
      select x.id from assignment x where x.worker_id = v_worker and x.state = 'held' and x.via = 'sms'
        and x.asked_at = v_asked and x.delivered_at is null for update skip locked);
  update worker set unreached_until = null where id = v_worker and unreached_until is not null;
end $$;

-- Free the questions of a message that did not get through at once, and push nothing more to this
-- phone for a while, since each try costs money. (If it got through after all, a late answer counts
-- as usual.)
create or replace function prompt_failed(
  p_worker bigint, p_asked timestamptz, p_at timestamptz, p_quiet interval
) returns void language plpgsql as $$
begin
  perform release_task(x.id, 'expired') from (
    select id from assignment where worker_id = p_worker and state = 'held' and via = 'sms'
      and asked_at = p_asked and delivered_at is null order by task_id) x;
  if found then
    update worker set unreached_until = p_at + p_quiet where id = p_worker;
  end if;
end $$;

-- Free the questions whose leases ran out, unless their message is still on its way. They are taken
-- in the order of the tasks' ids, as every turn takes its locks.
create or replace function lapse_leases(p_now timestamptz, p_grace interval, p_limit int)
returns void language plpgsql as $$
declare v record; v_until timestamptz;
begin
  for v in
    select a.id, a.worker_id, a.asked_at, a.via = 'sms' and a.delivered_at is null as unsure,
        make_interval(secs => b.lease_s) as lease
      from (select * from assignment where state = 'held' and lease_until < p_now order by lease_until limit p_limit) a
        join task t on t.id = a.task_id join batch b on b.id = t.batch_id order by a.task_id, a.id
  loop
    v_until := null;
    if v.unsure then
      select case when o.state in ('queued', 'sending') then p_now + interval '1 minute'
          when o.state in ('accepted', 'unknown') and o.delivery is distinct from 'failed'
            then o.sent_at + p_grace + v.lease end
        into v_until from worker w join outbox o on o.to_index = w.msisdn_index
        where w.id = v.worker_id and o.created_at = v.asked_at order by o.id desc limit 1;
    end if;
    if v_until > p_now then
      update assignment set lease_until = v_until where id = v.id and state = 'held';
    else
      perform release_task(v.id, 'expired');
    end if;
  end loop;
end $$;
