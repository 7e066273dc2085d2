-- Several questions in one SMS. Each is an assignment of its own, with its number in the message.

-- Hold a task like hold_task, under a number. A question that the worker holds already is held for
-- another while.
create or replace function hold_item(
  p_task bigint, p_worker bigint, p_via text, p_lease_until timestamptz, p_item smallint
) returns bigint language plpgsql as $$
declare v_id bigint;
begin
  update assignment set via = p_via, lease_until = p_lease_until, asked_at = now(), delivered_at = null,
      item = coalesce(p_item, item)
    where task_id = p_task and worker_id = p_worker and state = 'held' returning id into v_id;
  if v_id is null then
    v_id := hold_task(p_task, p_worker, p_via, p_lease_until);
    update assignment set item = p_item where id = v_id;
  end if;
  return v_id;
end $$;

-- Ask one of several questions by itself, and free the others for other workers.
create or replace function ask_alone(p_worker bigint, p_assignment bigint, p_lease_until timestamptz)
returns void language plpgsql as $$
begin
  perform release_task(a.id, 'expired') from (select id from assignment where worker_id = p_worker and state = 'held'
    and item is not null and id <> p_assignment order by task_id) a;
  update assignment set item = null, via = 'sms', lease_until = p_lease_until, asked_at = now(), delivered_at = null
    where id = p_assignment and state = 'held';
end $$;

-- Return the numbered questions of a batch that a worker may still name: those that she holds, and
-- those of her last messages. If a number came twice, the newer question counts. `last` says that
-- it is in the last message. Votes are as in situation().
create or replace function pack_of(p_worker bigint, p_batch text) returns jsonb language sql stable as $$
  select jsonb_agg(jsonb_build_object('batch', t.batch_id, 'number', i.item, 'assignment', i.id, 'state', i.state, 'task', t.id,
      'text', t.text, 'gold', t.gold, 'reason', case when t.gold is not null then t.gold_reason end, 'answered', t.answered, 'wanted', t.wanted, 'maximum', t.maximum,
      'last', i.asked_at = i.newest,
      'open', case t.state
          when 'open' then b.state in ('running', 'paused') and (i.state = 'held' or i.state = 'expired' and not t.is_full)
          when 'cancelled' then b.state in ('running', 'paused', 'cancelled') and i.state = 'held' else false end,
      'values', v.vals, 'rights', v.rights, 'wrongs', v.wrongs)
      -- Only a batch whose rule or price has changed needs these.
      || case when b.revision > 0 then jsonb_strip_nulls(jsonb_build_object('revision', b.revision, 'price', i.record->'price'))
        else '{}' end order by i.item)
    from (
      select distinct on (a.item) a.*, max(a.asked_at) over () as newest from assignment a
        where a.item is not null and a.id in (
          (select x.id from assignment x where x.worker_id = p_worker and x.item is not null order by x.id desc limit 18)
          union all
          select x.id from assignment x where x.worker_id = p_worker and x.state = 'held')
        order by a.item, a.state = 'held' desc, a.asked_at desc) i
      join task t on t.id = i.task_id and t.batch_id = p_batch
      join batch b on b.id = p_batch
      left join lateral (
        select array_agg(x.value order by x.id) as vals, array_agg(coalesce(s."right" * kept(s.learned_at), 0) order by x.id) as rights,
            array_agg(coalesce(s.wrong * kept(s.learned_at), 0) order by x.id) as wrongs
          from answer x left join skill s on s.worker_id = x.worker_id and s.kind = b.kind
          where x.task_id = t.id and not x.void and t.state = 'open' and t.answered > 0 and t.answered + 1 >= t.wanted) v on true
$$;

-- Return the tasks that the worker could be asked in the same message as p_first, in the order in
-- which she would come to them. There is none if her gold has paused the kind meanwhile. She may
-- still answer the questions that she holds already.
create or replace function more_tasks(
  p_worker bigint, p_partner bigint, p_language text, p_batch text, p_first bigint, p_held bigint, p_limit int
) returns jsonb language plpgsql stable as $$
declare v_more jsonb; v_kept_until timestamptz; v_breadth boolean; v_low int; v_skill real;
begin
  select b.kept_until, b.breadth, b.low, skill_mean(s."right", s.wrong, s.learned_at) into v_kept_until, v_breadth, v_low, v_skill
    from batch b left join skill s on s.worker_id = p_worker and s.kind = b.kind
    where b.id = p_batch and (s.paused_until <= now()) is not false;
  if not found or p_limit < 1 then
    return null;
  end if;
  if (select directed from task where id = p_first) then
    select jsonb_agg(jsonb_build_object('task', f.id, 'text', f.text) order by f.batch_position) into v_more from (
      select t.id, t.text, d.batch_position from directed d join task t on t.id = d.task_id
        where d.worker_id = p_worker and not d.asked and t.state = 'open' and t.batch_id = p_batch
          and d.position < t.wanted and not t.is_full
          and t.id <> p_first and t.id is distinct from p_held
        order by d.batch_position limit p_limit) f;
  else
    select jsonb_agg(jsonb_build_object('task', f.id, 'text', f.text)) into v_more from (
      select s.id, s.text from (
        select t.id, t.text, t.audience, case when v_breadth then t.answered + t.held end as load from task t
          where t.batch_id = p_batch and t.state = 'open' and t.gold is null and not t.directed
            and not t.is_full and t.id <> p_first and t.id is distinct from p_held and t.position > v_low
            and is_hers(t.skill_wanted, t.better_until, v_skill, t.kept_for, v_kept_until, p_partner)
            -- Each task is looked up by itself. A join as a set would read all that she was ever
            -- asked.
            and (select a.state from assignment a where a.task_id = t.id and a.worker_id = p_worker
              and a.state <> 'expired') is null
          order by t.position limit 72) s
        where s.audience is null or audience_fits(s.audience, p_partner, p_language)
        order by s.load, hashint8(s.id # p_worker) limit p_limit) f;
  end if;
  return v_more;
end $$;
