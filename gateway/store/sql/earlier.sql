-- Return the question of the worker's last SMS, if its time ran out before she was asked the
-- question that she holds now. She was asked that one by dialling (so she has only read it on a
-- screen), or by a push of a moment ago. So an SMS that comes now may well answer the earlier
-- question. `sure` says that it cannot answer the other one: a worker does not text while a session
-- is open, and cannot read, think and type in ten seconds. There is no row if her last SMS asked
-- for nothing any more.
create or replace function earlier_by_sms(
  p_worker bigint, p_index bytea, p_held_via text, p_held_at timestamptz
) returns table (assignment bigint, sure boolean) language sql stable as $$
  select a.id, case p_held_via
      when 'ussd' then exists (select from ussd_session s where s.worker_id = p_worker and not s.ended
        and s.completed is null and s.last_at > now() - interval '3 minutes' and s.created_at > now() - interval '2 days')
      else true end
    from assignment a join task t on t.id = a.task_id
    where a.worker_id = p_worker and a.state = 'expired' and a.via = 'sms' and a.item is null and a.asked_at < p_held_at
      and a.asked_at > now() - interval '1 day'
      -- She was asked nothing by SMS since. A question that she answered or skipped is past.
      and not exists (select from assignment n where n.worker_id = p_worker and n.via = 'sms' and n.asked_at > a.asked_at
        and n.asked_at < p_held_at)
      and (p_held_via = 'ussd' or exists (select from outbox o where o.to_index = p_index and o.purpose = 'question'
        and o.created_at > now() - interval '10 seconds'))
    order by a.asked_at desc limit 1
$$;
